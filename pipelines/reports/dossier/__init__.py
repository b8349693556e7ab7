"""The dossier of a scenario: one content, gathered once, and the files it is written as."""
