"""The OpenCost client: what a cluster's OpenCost says, as exact money, or a named error.

`client` asks, `schema` decodes, `filters` is the filter language, `connect` tests a new connection.
Knows no tenant, no model and no settings.
"""
