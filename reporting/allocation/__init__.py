"""Who pays for what: mapping, shared pools, rates and rounding. Arithmetic only: no database, no clock."""
