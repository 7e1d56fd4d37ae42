"""Costs that OpenCost tells beside allocations: assets, the cloud's bill, custom costs. Each its own book."""
