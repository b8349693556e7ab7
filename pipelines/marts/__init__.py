"""Stage 3. stg_* → mart_*: the tables other tools rely on, and the build that makes them."""
