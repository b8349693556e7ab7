"""Stage 7. Everything a page or a document shows: sentences, tables, figures; read only."""
