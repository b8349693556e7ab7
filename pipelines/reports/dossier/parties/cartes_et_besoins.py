"""The maps and their table twins: besoins, then coverage today and proposed at the same scale."""

import pandas as pd

from pipelines.base.textes import nombre
from pipelines.reports.dossier.blocs import Graphique, Partie, Role, Serie, Tableau, Texte
from pipelines.reports.dossier.cartes import Cartes, Vue, du_papier
from pipelines.reports.dossier.matiere import Matiere
from pipelines.reports.dossier.temps_voile import CATEGORIE, Silence
from pipelines.reports.libelles import RYTHMES_EN_MOTS
from pipelines.scenarios.resume import ENSEMBLE
from pipelines.scoring.couverture import Rythme

PARTS = "couverture_par_categorie"


def partie_besoins(m: Matiere, cartes: Cartes) -> Partie:
    """Where presence should go under the barème, by category."""
    moyens = m.lu.resume["moyens"]
    cadre = pd.DataFrame(
        [
            (
                c["libelle"],
                c["nb_sites"],
                c["besoin_demi_journees_cycle"],
                round(c["besoin_demi_journees_cycle"] / c["nb_sites"], 1),
            )
            for c in m.lu.resume["couverture"]
        ],
        columns=[
            "Catégorie",
            "Sites",
            "Besoin (½ j. par cycle)",
            "Besoin moyen (½ j. par cycle)",
        ],
    )
    return Partie(
        code="besoins",
        titre="La carte des besoins",
        blocs=(
            Texte(
                f"Le barème « {m.repartition.bareme} » demande "
                f"{nombre(moyens['besoin_demi_journees_cycle'])} demi-journées par cycle de 4 "
                "semaines. Un site compte dans chacune de ses catégories.",
                Role.PHRASE,
            ),
            *du_papier(cartes, Vue.BESOINS),
            Tableau.de("besoins_par_categorie", "Le besoin par catégorie", cadre),
        ),
    )


def partie_couverture(m: Matiere, cartes: Cartes, tu: Silence) -> Partie:
    """Presence today and proposed: two maps of one scale, then the sites by rhythm."""
    resume = m.lu.resume
    rythmes = pd.DataFrame(
        [
            (
                RYTHMES_EN_MOTS[classe],
                c["avant"][classe],
                c["apres"][classe],
            )
            for c in resume["couverture"]
            if c["categorie"] == ENSEMBLE
            for classe in Rythme
        ],
        columns=["Rythme", "Sites aujourd'hui", "Sites proposés"],
    )
    return Partie(
        code="couverture",
        titre="La couverture, aujourd'hui et proposée",
        blocs=(
            Texte(m.proposition.phrase, Role.PHRASE),
            *du_papier(cartes, Vue.AUJOURD_HUI),
            *du_papier(cartes, Vue.PROPOSEE),
            Tableau.de("sites_par_rythme", "Les sites selon leur rythme de présence", rythmes),
            _parts(resume, tu),
        ),
    )


def _parts(resume: dict, tu: Silence) -> Graphique:
    """The share of the besoin met, by category; those hidden, or of no besoin, are left out."""
    lignes = [
        c
        for c in resume["couverture"]
        if c["avant"]["part_besoin"] is not None and not tu.tait(CATEGORIE, c["libelle"])
    ]
    return Graphique(
        code=PARTS,
        titre="La part du besoin couverte, par catégorie",
        phrase="",
        alt=(
            "Barres par catégorie : part du besoin couverte aujourd'hui, puis proposée ; le "
            "tableau « Gains et pertes par catégorie » donne les mêmes nombres."
        ),
        categories=tuple(c["libelle"] for c in lignes),
        series=tuple(
            Serie(nom, tuple(round(100 * c[moment]["part_besoin"]) for c in lignes))
            for nom, moment in (("Aujourd'hui", "avant"), ("Proposé", "apres"))
        ),
        unite="%",
    )
