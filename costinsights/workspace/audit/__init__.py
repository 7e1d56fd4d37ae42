"""Checking the audit logs of tenants and of the platform, each against the other."""
