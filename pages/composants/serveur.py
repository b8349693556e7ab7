"""The process that serves: the application is imported before its first visitor comes.

Started by `atlas servir` in place of `streamlit run`, which imports it at the first visit and makes
that visitor wait for it.
"""

import gc
import importlib
import sys

from streamlit.web import cli

from pipelines.base import chemins


def servir(port: int) -> None:
    """Serve until stopped, on a local `port`."""
    importlib.import_module("pages.composants.navigation")
    gc.freeze()  # what is imported lives as long as the process: no collection reads it again
    cli.main(["run", str(chemins.APPLICATION), "--server.port", str(port)], prog_name="streamlit")


if __name__ == "__main__":
    servir(int(sys.argv[1]))
