"""Where things are. The only module that knows the layout of the disk."""

import os
from pathlib import Path

RACINE = Path(__file__).resolve().parents[2]
DONNEES = RACINE / "data"
DOCUMENTS = RACINE / "docs"
# elsewhere when a sealed file is recomputed: with the parameters it holds, not those of today
REFERENCE = Path(os.environ.get("ATLAS_REFERENCE", DONNEES / "reference"))
EXEMPLE = DONNEES / "exemple"
CARTES_SOURCES = DONNEES / "sources.toml"
ENTREPOT_PAR_DEFAUT = DONNEES / "entrepot" / "atlas.duckdb"
DEPOT = Path(os.environ.get("ATLAS_DEPOT", DONNEES / "depot"))
CALCULS = Path(os.environ.get("ATLAS_CALCULS", DONNEES / "calculs"))
# what people decide: scenarios, locks, notes, and the queue of computations
ATELIER = Path(os.environ.get("ATLAS_ATELIER", DONNEES / "atelier.sqlite"))
# rule sets, barèmes and doctrines an académie writes for itself, beside those of REFERENCE
REGLES = Path(os.environ.get("ATLAS_REGLES", DONNEES / "regles"))
APPLICATION = RACINE / "pages" / "composants" / "application.py"
SERVEUR = "pages.composants.serveur"  # the module that serves it
