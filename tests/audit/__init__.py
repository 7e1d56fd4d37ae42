"""The audit log: written by the database, chained, read by admins."""
