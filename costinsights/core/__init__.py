"""What every app builds on: money, periods, errors, tenancy, outbound HTTP. Knows no app and no model."""
