"""Self-service sign-up on the platform's own host: asked for, confirmed by mail, provisioned."""
