"""The parts of a dossier, one module each: what the reports already say, put in order."""
