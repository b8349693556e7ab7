"""Atlas SSFE: one folder a stage, data go one way.

sources → staging → marts → scoring → planning → scenarios → reports → pages.
`base` is shared by all; `tests/test_architecture.py` holds the direction.
"""
