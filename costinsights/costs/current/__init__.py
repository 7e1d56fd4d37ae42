"""What Kubernetes costs now: a query in, rows that add up to the total out.

query (what was asked) → fetch and cache (rows of each cluster and day) → grouping (pure arithmetic) →
answer (sources, rows, totals, reconciliation).
"""
