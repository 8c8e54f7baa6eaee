"""The tables and figures of a paper, run again: descriptions in `configs/tables/`, records in `results/`."""
