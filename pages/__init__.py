"""Stage 8. Thin pages: widgets, one call, display; one subfolder a section."""
