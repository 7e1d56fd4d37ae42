"""A new workspace's way to its first numbers: the checklist and the sample data."""
