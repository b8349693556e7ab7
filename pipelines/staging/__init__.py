"""Stage 2. raw_* → stg_*: rename, cast, de-duplicate; every row accounted for, no business rule.

`stg_<source>_lignes` keeps one row a row read, with its fate (`sort`: gardee, fusionnee, rejetee)
and what is amiss in it; `stg_<source>` keeps the rows kept.
"""
