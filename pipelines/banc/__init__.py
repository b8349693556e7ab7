"""Benchmarks: measured on demand (`atlas banc …`), never in timed tests."""
