"""The content of a dossier, gathered once whatever the files it becomes."""

from pathlib import Path

from pipelines.reports.dossier.blocs import Dossier
from pipelines.reports.dossier.cartes import Cartes, de_l_ecran
from pipelines.reports.dossier.matiere import Matiere, lire_matiere
from pipelines.reports.dossier.parties import (
    cartes_et_besoins,
    changements,
    comparaison,
    couverture,
    droit,
    equite,
    essentiel,
    gains_et_pertes,
    limites,
    moyens,
    parametres,
    sans_presence,
    secteurs,
    sensibilite,
    sites,
    transparence,
)
from pipelines.reports.dossier.petits_nombres import proteges
from pipelines.reports.dossier.temps_voile import silence
from pipelines.reports.dossier.voile import Voile
from pipelines.scenarios.lecteurs import Lecteur


def rassembler(
    lecteur: Lecteur,
    base: Path,
    scenario_id: str,
    *,
    voile: Voile,
    cartes: Cartes,
    autre_id: str | None = None,
) -> Dossier:
    """The dossier of a scenario, compared with another one when `autre_id` is given.

    AtlasError when `lecteur` may not read a scenario, when a poste has no code under the veil of
    an instance, or when the data of `base` no longer have a site of the plan.
    """
    return composer(lire_matiere(lecteur, base, scenario_id, voile, autre_id), cartes)


def composer(m: Matiere, cartes: Cartes) -> Dossier:
    """The dossier made from `m`: its parts in order, their counts protected.

    For an instance, `attaquant.Retrouvable` or `attaquant_des_secteurs.TempsRetrouvable` when a
    reader of all its tables would find what they hide.
    """
    apercu = m.lu.apercu
    tu = silence(m)
    parties = (
        essentiel.partie(m, tu),
        droit.partie(m),
        moyens.partie(m),
        cartes_et_besoins.partie_besoins(m, cartes),
        cartes_et_besoins.partie_couverture(m, cartes, tu),
        comparaison.partie(m),
        secteurs.partie(m, cartes),
        sans_presence.partie(m),
        gains_et_pertes.partie(m, tu),
        changements.partie(m),
        equite.partie(m),
        sensibilite.partie(m),
        limites.partie(m),
        transparence.partie(m),
        sites.partie(m),
        parametres.partie(m),
    )
    return Dossier(
        titre=couverture.TITRE,
        sous_titre=f"{m.departement}, {apercu.nom}",
        prefixe=f"dossier-{apercu.departement}-{m.voile.destinataire}",
        destinataire=m.voile.destinataire.libelle,
        le=m.le,
        empreinte=apercu.empreinte_donnees,
        couverture=couverture.couverture(m),
        mentions=m.avertissements,
        parties=proteges([p for p in parties if p is not None], m.voile.proteger),
        ecrans=tuple(de_l_ecran(cartes)),
    )
