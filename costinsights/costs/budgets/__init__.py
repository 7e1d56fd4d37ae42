"""Budgets: what a part of the costs may come to in a month or quarter, and what became of it."""
