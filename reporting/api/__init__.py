"""Endpoints of reporting, relative to /api/v1/: each topic lists its own."""
