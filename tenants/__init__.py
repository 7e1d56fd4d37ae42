"""The platform's own tables and the wall between tenants. Everything here lives in the public schema."""
