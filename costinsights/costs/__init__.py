"""Clusters and what they cost."""
