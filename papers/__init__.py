"""The papers whose tables are run again, one folder each, and what runs them: `python -m papers`."""
