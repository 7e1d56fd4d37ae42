"""django-tenants' Postgres backend with a database role per tenant."""
