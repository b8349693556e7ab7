"""Stage 1. Files as people have them → raw_* tables: recognised by content, fingerprinted."""
