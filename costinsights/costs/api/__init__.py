"""The REST API of clusters and costs."""
