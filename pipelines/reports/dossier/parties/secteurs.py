"""The sectors one by one: sites, rhythm, pupils, categories, travel."""

from collections.abc import Sequence

import pandas as pd

from pipelines.base import reference
from pipelines.base.textes import au_plus_juste, nombre, pluriel, rythme
from pipelines.reports.dossier.blocs import Partie, Role, Section, Tableau, Texte
from pipelines.reports.dossier.cartes import Cartes, Vue, du_papier
from pipelines.reports.dossier.matiere import Matiere
from pipelines.reports.dossier.voile import RYTHMES_DITS
from pipelines.reports.libelles import STATUTS

DEJA, NOUVEAU = "déjà là", "nouveau"


def partie(m: Matiere, cartes: Cartes) -> Partie:
    """One section a sector, in the order of what the reader sees of them."""
    r = m.repartition
    servis: dict[str, list[str]] = {}
    for poste_id, site_id in r.couples:
        servis.setdefault(poste_id, []).append(site_id)
    sans = [
        p.poste_id for p in r.probleme.postes if not p.sans_secteur and p.poste_id not in servis
    ]
    vides = (
        (Texte(f"Sans aucun site dans ce plan : {', '.join(sans)}."),)
        if sans and m.voile.est_nominatif
        else ()
    )
    return Partie(
        code="secteurs",
        titre="Les secteurs, un à un",
        blocs=(
            Texte(
                f"{pluriel(len(servis), 'secteur')} pour "
                f"{pluriel(len(r.par_site), 'site servi', 'sites servis')}.",
                Role.PHRASE,
            ),
            *du_papier(cartes, Vue.SECTEURS),
            *vides,
            Texte(_lire(m), Role.NOTE),
        ),
        sections=tuple(_secteur(m, p, servis[p]) for p in sorted(servis)),
    )


def _lire(m: Matiere) -> str:
    trajets = (
        "Trajet : temps aller depuis la résidence administrative."
        if m.voile.est_nominatif
        else "Ni la quotité, ni le statut, ni la résidence d'un poste ne sont montrés : la "
        "présence est dite par son rythme, et non en demi-journées, et le trajet par tranches. Les "
        "codes de secteur sont tirés au sort pour ce dossier."
    )
    return f"{colonnes_en_mots(m)} {trajets}"


def colonnes_en_mots(m: Matiere) -> str:
    """What the columns of `tableau` count, for its reader."""
    avant = (
        "Avant : ce que ce poste y donne aujourd'hui." if m.voile.est_nominatif else RYTHMES_DITS
    )
    return f"Élèves : tous ceux du site, et non ceux que le poste suit. {avant}"


def tableau(m: Matiere, poste_id: str, sites: list[str]) -> Tableau:
    """The sites of a sector, most served first with their trips; by name for an instance."""
    r, actuels = m.repartition, m.aujourd_hui.couples
    lignes = [
        {
            "Site": m.reunion.nom(s),
            "Commune": m.commune(s),
            "Catégories": m.reunion.categories_en_mots(s),
            "Élèves": r.sites[s].effectif,
            "Rythme": rythme(r.couples[poste_id, s]),
            **m.voile.lien(actuels.get((poste_id, s), 0), r.couples[poste_id, s]),
            "Trajet (min)": r.minutes(poste_id, s),
        }
        for s in sorted(sites, key=lambda s: _ordre(m, poste_id, s))
    ]
    cadre = pd.DataFrame(lignes)
    if not m.voile.est_nominatif:
        cadre = cadre.drop(columns=["Rythme", "Trajet (min)"])
    return Tableau.de(f"secteur_{poste_id}", "", cadre, famille="secteurs")


def _ordre(m: Matiere, poste_id: str, site_id: str) -> tuple[int, str]:
    donne = m.repartition.couples[poste_id, site_id] if m.voile.est_nominatif else 0
    return -donne, m.reunion.nom(site_id)


def _secteur(m: Matiere, poste_id: str, sites: list[str]) -> Section:
    return Section(
        titre=m.voile.secteur(poste_id),
        blocs=(Texte(identite(m, poste_id, sites)), tableau(m, poste_id, sites)),
        est_d_un_tenant=True,
    )


def identite(m: Matiere, poste_id: str, sites: list[str]) -> str:
    """What a poste is and gives; for an instance, its sites and how far they are at most.

    Of a single site, the trip is not told an instance: it would place the résidence.
    """
    r = m.repartition
    trajets = [t for s in sites if (t := r.minutes(poste_id, s)) is not None]
    debut = pluriel(len(sites), "site")
    if not m.voile.est_nominatif:
        return f"{debut}{_au_plus(trajets)}."
    loin = f"trajet le plus long : {max(trajets)} min" if trajets else "trajets inconnus"
    poste = r.postes[poste_id]
    return (
        f"Résidence : {r.site_de_residence(poste)} ; {au_plus_juste(poste.quotite)} ETP, "
        f"{STATUTS[poste.statut]} ; {debut}, {nombre(r.par_poste[poste_id])} demi-journées sur "
        f"{nombre(poste.capacite)} ; {loin}."
    )


def _au_plus(trajets: Sequence[int]) -> str:
    """The longest of several trips, rounded up to the steps an instance is told."""
    if len(trajets) < 2:
        return ""
    pas = reference.valeur("petits_nombres", "pas_de_trajet_min")
    return f" ; aucun trajet de plus de {max(1, -(-max(trajets) // pas)) * pas} min"
