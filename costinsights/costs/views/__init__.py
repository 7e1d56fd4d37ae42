"""Pages: the overview of current costs, and the clusters."""
