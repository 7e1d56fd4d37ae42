"""The audit log as admins read it: page, API and CSV. Nothing here writes it."""
