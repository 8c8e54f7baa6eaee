"""Pipelines over any number of documents: one core on Arrow tables, and what runs it on files, Ray and Spark."""
