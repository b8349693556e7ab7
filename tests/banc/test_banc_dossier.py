"""What all the documents of a dossier take, as `atlas banc dossier` measures it."""

from pathlib import Path

from pipelines.banc import commandes, dossier


def test_each_reader_is_timed_and_the_size_of_each_document_told(tmp_path, monkeypatch):
    """No clock is judged here: what is measured, and of what, is."""
    lances = []

    def lancer(mots, environnement):
        lances.append(mots)
        sortie = mots[mots.index("--sortie") + 1]
        Path(sortie).mkdir()
        (Path(sortie) / "un.pdf").write_bytes(b"x" * 10)
        assert environnement["ATLAS_BASE_URL"].startswith("sqlite:///")
        return ""

    monkeypatch.setattr(commandes, "scenario", lambda *arguments: "005-essai")
    monkeypatch.setattr(commandes, "lancer", lancer)
    resultat = dossier.mesurer(tmp_path / "atlas.duckdb", "005", ("nominatif", "instance"))
    assert [m[:5] for m in lances] == [
        ("dossier", "--scenario", "005-essai", "--destinataire", d)
        for d in ("nominatif", "instance")
    ]
    for mesure in resultat["dossiers"]:
        assert mesure["octets"] == {"un.pdf": 10}
        assert mesure["secondes"] >= 0
