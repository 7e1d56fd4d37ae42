"""Stored history: windows of costs read from OpenCost, kept exactly, and answered from at once."""
