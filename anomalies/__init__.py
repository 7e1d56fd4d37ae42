"""Detection, incidents and alert delivery (Enterprise)."""
