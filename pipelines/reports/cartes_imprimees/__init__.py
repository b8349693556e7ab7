"""Maps for paper and for the projector: fixed in size, the same bytes for the same data."""
