"""Stage 6. What a user makes and keeps: proposals, launched, followed, stopped, written."""
