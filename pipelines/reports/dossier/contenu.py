"""The content of a dossier, gathered once whatever the files it becomes."""

from pipelines.reports.dossier.blocs import Dossier
from pipelines.reports.dossier.cartes import Cartes, de_l_ecran
from pipelines.reports.dossier.matiere import Lu, Matiere
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
        prefixe=_prefixe(m),
        destinataire=m.voile.destinataire.libelle,
        le=m.le,
        empreinte=apercu.empreinte_donnees,
        couverture=couverture.couverture(m),
        mentions=m.avertissements,
        parties=proteges([p for p in parties if p is not None], m.voile.proteger),
        ecrans=tuple(de_l_ecran(cartes)),
    )


def _prefixe(m: Matiere) -> str:
    """How the files begin: of which state of which scenarios, and for whom; no name given by hand.

    Two dossiers of a département are kept side by side in one folder.
    """
    lus = "-et-".join(_etat(lu) for lu in (m.lu, m.autre) if lu is not None)
    return f"dossier-{m.lu.apercu.departement}-{lus}-{m.voile.destinataire}"


def _etat(lu: Lu) -> str:
    """The day a scenario last changed, the end of its id, and which of its states it is."""
    fin_de_l_id = lu.apercu.scenario_id.rpartition("-")[2]
    return f"{lu.apercu.modifie_le:%Y%m%d}-{fin_de_l_id}-{lu.apercu.numero}"
