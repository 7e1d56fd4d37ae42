"""Pages about who one is: signing in and out, passwords, profile, API tokens."""
