"""Synthetic départements for the tests: towns, sites, postes, present assignments, all seeded."""

import math
import random

from pipelines.planning.probleme import Poste, Presence, Probleme, Reglages, Site

NIVEAUX = (0, 1, 2, *range(4, 41, 2))


def reglages(**autres):
    """Settings like those of the reference file, changed by name."""
    valeurs = {
        "niveaux": NIVEAUX,
        "duree_trajet_max_min": 45,
        "tolerance_manque": 0.005,
        "tolerance_changements": 0.0,
        "echelle_manque": 100,
    }
    return Reglages(**{**valeurs, **autres})


def departement(nb_sites, nb_postes, graine=1, part_capacite=0.7, part_rep_plus=0.06):
    """A département of about 90 × 70 km: a few towns, 36-half-day postes, a plausible present."""
    tirage = random.Random(graine)
    villes = [(tirage.uniform(0, 90), tirage.uniform(0, 70)) for _ in range(6)]
    lieux, sites = [], []

    def lieu():
        if tirage.random() < 0.6:
            ville = tirage.choice(villes)
            return ville[0] + tirage.gauss(0, 4), ville[1] + tirage.gauss(0, 4)
        return tirage.uniform(0, 90), tirage.uniform(0, 70)

    nb_ecoles = round(part_rep_plus * nb_sites)
    for i in range(nb_sites - nb_ecoles):
        lieux.append(lieu())
        besoin = tirage.choice((6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30, 32, 36))
        poids = tirage.choice((1, 1, 1, 2, 3, 4))
        sites.append(_site(f"S{i:03}", besoin, poids, 2 if besoin >= 30 else 1, lieux[-1]))
    for i in range(nb_ecoles):
        lieux.append(lieux[i])
        sites.append(
            _site(f"RESEAU-S{i:03}", tirage.choice((8, 12, 16)), 4, 1, lieux[i], f"S{i:03}")
        )
    total = part_capacite * sum(site.besoin for site in sites)
    quotites = [tirage.choice((1.0, 1.0, 1.0, 0.8, 0.5)) for _ in range(nb_postes)]
    par_etp = total / sum(quotites)
    postes, minutes, km = [], [], []
    for p, quotite in enumerate(quotites):
        chez = tirage.randrange(len(sites) - nb_ecoles)
        x, y = lieux[chez]
        statut = tirage.choice(("occupe",) * 7 + ("vacant",))
        poste = Poste(
            f"P{p:03}",
            quotite,
            statut,
            int(par_etp * quotite),
            3,
            sites[chez].site_id,
            *_degres((x, y)),
            None,
        )
        postes.append(poste)
        ligne = [1.3 * math.dist((x, y), lieu) for lieu in lieux]
        km.append(tuple(round(d, 1) for d in ligne))
        minutes.append(tuple(round(5 * (d > 0) + d) for d in ligne))
    return Probleme(
        departement="999",
        graine=graine,
        empreinte_donnees=f"synthetique-{graine}",
        est_simule=True,
        reglages=reglages(),
        sites=tuple(sites),
        postes=tuple(postes),
        minutes=tuple(minutes),
        km=tuple(km),
        presences_actuelles=_present(tirage, sites, postes, minutes),
        hypotheses={"part_capacite": part_capacite},
    )


def _degres(lieu):
    # Around 44° north: 80 km to a degree of longitude, 111 to one of latitude.
    return 43.5 + lieu[1] / 111, 3.0 + lieu[0] / 80


def _site(site_id, besoin, poids, postes_max, lieu, tete=None):
    nature = "ecoles_rep_plus" if tete else "etablissement"
    return Site(
        site_id, site_id, nature, besoin, poids, postes_max, (), None, *_degres(lieu), None, tete
    )


def _present(tirage, sites, postes, minutes):
    """Each occupied poste shares its capacity between free sites drawn among the nearest ones."""
    libres, presences = set(range(len(sites))), []
    for p, poste in enumerate(postes):
        if poste.statut == "vacant":
            continue
        proches = sorted(libres, key=lambda s: (minutes[p][s], s))[:6]
        choisis = tirage.sample(proches, min(tirage.choice((2, 3, 3)), len(proches)))
        for s in choisis:
            libres.discard(s)
            x = max(1, min(sites[s].besoin, poste.capacite // len(choisis)))
            presences.append(Presence(poste.poste_id, sites[s].site_id, x))
    return tuple(presences)
