"""Pages of reporting: each topic lists its own."""
