"""A workspace as its people run it: settings, plan and usage, first steps, support access. No models."""
