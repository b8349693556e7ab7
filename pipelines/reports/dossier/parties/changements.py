"""The changes imposed on postes and sites, the decisions taken outside the computation, travel."""

import pandas as pd

from pipelines.base.textes import nombre, pluriel
from pipelines.reports.dossier.blocs import Partie, Role, Section, Tableau, Texte
from pipelines.reports.dossier.matiere import Matiere
from pipelines.reports.scenarios import NATURES

POSTES = (
    "Poste",
    "Donné (½ j.)",
    "Sites gagnés",
    "Sites quittés",
    "Sites gardés",
    "Trajets (min par cycle)",
)
DEPLACEMENTS = (
    "Poste",
    "Commune de la résidence",
    "Sites",
    "Km par semaine",
    "Minutes par semaine",
    "Budget bas (€ par an)",
    "Budget haut (€ par an)",
)
AUCUN = "Aucun lien entre un poste et un site ne change."


def partie(m: Matiere) -> Partie:
    """Links made and undone, sector by sector; what each poste keeps for the nominative alone."""
    r = m.repartition
    return Partie(
        code="changements",
        titre="Les changements imposés",
        blocs=(
            Texte(_phrase(m), Role.PHRASE),
            Texte(
                "Un changement imposé est un lien entre un poste et un site qui cesse ou qui naît. "
                "Un même lien dont la durée change n'en est pas un."
            ),
            _liens(m),
            *_verrous(m),
        ),
        sections=(
            *(_par_poste(m) if m.voile.est_nominatif else ()),
            _deplacements(m),
        )
        if r.couples
        else (),
    )


def _phrase(m: Matiere) -> str:
    avant, apres = m.aujourd_hui.couples.keys(), m.repartition.couples.keys()
    touches = {p for p, _ in avant ^ apres}
    if not touches:
        return AUCUN
    qui = f"{_concernes(m, len(touches))}."
    return (
        f"{pluriel(m.repartition.changements, 'lien change', 'liens changent')} : "
        f"{nombre(len(avant - apres))} cessent, {nombre(len(apres - avant))} naissent, "
        f"{nombre(len(avant & apres))} demeurent ; {qui}"
    )


def _concernes(m: Matiere, touches: int) -> str:
    """How many postes change; among how many, an instance is told by the means or not at all."""
    if not m.voile.est_nominatif:
        return pluriel(touches, "secteur est concerné", "secteurs sont concernés")
    total = m.lu.resume["moyens"]["nb_postes"]
    return f"{pluriel(touches, 'poste est concerné', 'postes sont concernés')} sur {nombre(total)}"


def _liens(m: Matiere) -> Tableau:
    avant, apres = m.aujourd_hui.couples, m.repartition.couples
    lignes = [
        {
            "Secteur": p,
            "Site": m.reunion.nom(s),
            "Commune": m.commune(s),
            "Lien": "cesse" if (p, s) in avant else "naît",
            **m.voile.lien(avant.get((p, s), 0), apres.get((p, s), 0)),
        }
        for p, s in sorted(avant.keys() ^ apres.keys())
    ]
    return Tableau.de("liens_changes", "Les liens qui changent", pd.DataFrame(lignes), vide=AUCUN)


def _verrous(m: Matiere) -> tuple[Texte | Tableau, ...]:
    verrous = m.repartition.probleme.verrous
    if not verrous:
        return (Texte("Aucun verrou n'a été posé : rien n'a été décidé hors du calcul."),)
    cadre = pd.DataFrame(
        [
            (v.poste_id, m.reunion.nom(v.site_id), NATURES[v.nature], v.demi_journees_cycle)
            for v in verrous
        ],
        columns=["Secteur", "Site", "Verrou", "Présence fixée (½ j. par cycle)"],
    )
    if not m.voile.est_nominatif:
        cadre = cadre.drop(columns=cadre.columns[-1])
    return (Tableau.de("verrous", "Ce qui a été décidé hors du calcul", cadre),)


def _par_poste(m: Matiere) -> tuple[Section, ...]:
    [passage] = m.changement.passages
    return (
        Section(
            "Poste par poste",
            (
                Tableau.de(
                    "postes_qui_changent",
                    "Ce que chaque poste gagne, quitte et garde",
                    passage.postes,
                    colonnes=POSTES,
                    vide=AUCUN,
                ),
            ),
        ),
    )


def _deplacements(m: Matiere) -> Section:
    vue = m.deplacements
    detail = (
        Tableau.de(
            "deplacements_par_poste",
            "Les déplacements de chaque poste",
            vue.postes,
            colonnes=DEPLACEMENTS,
            noms={"Commune de la résidence": "Résidence"},
        ),
    )
    return Section(
        "Les déplacements",
        (
            Texte(vue.phrase),
            *(Texte(regle, Role.NOTE) for regle in (*vue.regles, *vue.reserves)),
            Tableau.de("budget_par_puissance", "Le budget selon les véhicules", vue.puissances),
            *(detail if m.voile.est_nominatif else ()),
        ),
    )
