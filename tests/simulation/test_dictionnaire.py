"""The activity dictionary and the simulator's assumptions: every entry says where it comes from."""

import tomllib

from pipelines.base import chemins, reference
from pipelines.base.reference import parametres


def test_chaque_indicateur_et_chaque_modalite_citent_leur_texte():
    dictionnaire = reference.dictionnaire_activite()
    for entree in dictionnaire["indicateurs"] + dictionnaire["modalites"]:
        assert entree["code"].isidentifier()
        assert entree["libelle"]
        assert entree["source"]
        assert {"texte", "section", "paragraphe"} <= set(entree["reference"])
        if "circulaire" in entree["reference"]["texte"]:
            assert str(entree["reference"]["date"]) == "2017-03-22"


def test_les_codes_ne_servent_qu_une_fois():
    dictionnaire = reference.dictionnaire_activite()
    indicateurs = [i["code"] for i in dictionnaire["indicateurs"]]
    modalites = [(m["nomenclature"], m["code"]) for m in dictionnaire["modalites"]]
    assert len(set(indicateurs)) == len(indicateurs)
    assert len(set(modalites)) == len(modalites)


def test_les_sept_priorites_individuelles_de_la_circulaire_ont_leur_motif():
    """The eighth, training social workers, is not a motive of intervention."""
    motifs = [
        m for m in reference.dictionnaire_activite()["modalites"] if m["nomenclature"] == "motif"
    ]
    priorites = {
        m["reference"]["paragraphe"].split(",")[0]
        for m in motifs
        if m["reference"]["section"] == "1.2"
    }
    assert priorites == {f"priorité {n}" for n in range(1, 8)}


def test_les_parts_de_chaque_tirage_font_un():
    hypotheses = parametres("simulation")
    for nom in ("parts_motif", "parts_demandeur"):
        assert abs(sum(hypotheses[nom].valeur.values()) - 1) < 1e-9
    for nom in ("parts_trimestre", "parts_rythme_ordinaire"):
        assert abs(sum(hypotheses[nom].valeur) - 1) < 1e-9
    assert abs(sum(part for _, part in hypotheses["quotites"].valeur) - 1) < 1e-9


def test_les_motifs_et_demandeurs_tires_sont_ceux_du_dictionnaire():
    hypotheses = parametres("simulation")
    for nom, nomenclature in (("parts_motif", "motif"), ("parts_demandeur", "demandeur")):
        attendus = [
            m["code"]
            for m in reference.dictionnaire_activite()["modalites"]
            if m["nomenclature"] == nomenclature
        ]
        assert list(hypotheses[nom].valeur) == attendus


def test_toute_hypothese_du_fichier_sert_dans_le_simulateur():
    contenu = tomllib.loads((chemins.REFERENCE / "simulation.toml").read_text(encoding="utf-8"))
    code = "".join(
        f.read_text(encoding="utf-8")
        for f in (chemins.RACINE / "pipelines" / "simulation").glob("*.py")
    )
    inutiles = [nom for nom in contenu if f'"{nom}"' not in code]
    assert inutiles == []
