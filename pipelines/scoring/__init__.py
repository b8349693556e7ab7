"""Stage 4. Sites and rules → categories, besoin, coverage, capacity."""
