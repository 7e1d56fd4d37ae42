"""What a workspace decides about itself: name, currency, time zone, fiscal year, logo."""
