"""Everything on one machine: embedded Postgres and Valkey, a demo OpenCost, one supervisor."""
