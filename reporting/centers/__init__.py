"""Who is charged and by which rules: kept by people, checked here before it is stored."""
