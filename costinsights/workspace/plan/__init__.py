"""The plan of a workspace, what it uses of it, and its trial."""
