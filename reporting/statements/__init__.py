"""Statements: what they hold, how they are built, closed, verified and signed off."""
