"""Pipelines behind HTTP: one process answers requests, others find entities, and a page shows them."""
