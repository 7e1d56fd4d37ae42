"""Cost centres, share rules and statements: what finance closes a month on (Enterprise)."""
