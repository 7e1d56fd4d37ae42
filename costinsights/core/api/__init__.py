"""What every REST endpoint shares: problem details, throttling, paging, money fields, schema helpers."""
