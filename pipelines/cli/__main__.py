"""`python -m pipelines.cli`: the command without its entry point."""

from pipelines.cli import main

main()
