"""Indices of several répartitions side by side: one row an index, one text a répartition."""

from collections.abc import Sequence

from pipelines.base.textes import nombre, pluriel, pourcentage, rythme
from pipelines.scoring.dilution import Dilution

SANS_OBJET = "—"
Ligne = tuple[str, list[str]]


def lignes_de_dilution(mesures: Sequence[Dilution], *, etp: bool = True) -> list[Ligne]:
    """How thinly each répartition spreads its means; the first one is what the others are after.

    Without `etp`, none of what is divided by the ETP of the postes.
    """
    utile = rythme(mesures[0].seuil)
    suivantes = mesures[1:]
    return [
        (
            f"Sites sous {utile}",
            [f"{x.nb_sous_seuil} ({pourcentage(x.part_sous_seuil)})" for x in mesures],
        ),
        ("Sites avec une présence régulière", [nombre(x.nb_servis) for x in mesures]),
        *(_par_etp(mesures) if etp else []),
        (
            "Sites par poste : moyenne ; le plus",
            [f"{nombre(x.sites_par_poste_moyen, 1)} ; {x.sites_par_poste_max}" for x in mesures],
        ),
        (
            f"Sites prioritaires qui gagnent {utile}",
            [SANS_OBJET, *(nombre(len(x.prioritaires_gagnes)) for x in suivantes)],
        ),
        (
            "Sites prioritaires qui la perdent",
            [SANS_OBJET, *(nombre(len(x.prioritaires_perdus)) for x in suivantes)],
        ),
    ]


def _par_etp(mesures: Sequence[Dilution]) -> list[Ligne]:
    return [
        ("Sites par ETP", [nombre(x.sites_par_etp, 1) for x in mesures]),
        (_eleves_par_etp(mesures), [nombre(x.eleves_par_etp) for x in mesures]),
    ]


def _eleves_par_etp(mesures: Sequence[Dilution]) -> str:
    """The label of the row, which says the pupils nobody knows instead of counting none."""
    inconnus = max(m.nb_effectifs_inconnus for m in mesures)
    if not inconnus:
        return "Élèves de ces sites par ETP"
    return f"Élèves de ces sites par ETP (sans {pluriel(inconnus, 'site')} d'effectif inconnu)"
