"""The essentials, in one page: the criteria first, the means, then what changes in five numbers."""

from pipelines.base.textes import nombre, pourcentage
from pipelines.reports import ecarts
from pipelines.reports.dossier.blocs import Chiffre, Chiffres, Liste, Partie, Role, Texte
from pipelines.reports.dossier.matiere import Matiere
from pipelines.reports.dossier.parties import gains_et_pertes
from pipelines.reports.dossier.temps_voile import Silence
from pipelines.scenarios.resume import ENSEMBLE
from pipelines.scoring.couverture import Rythme, rythme
from pipelines.scoring.doctrine import libelle_de

CHIFFRES = "essentiel"
ENSEMBLE_DES_SITES = "tous les sites"


def partie(m: Matiere, tu: Silence) -> Partie:
    """The page read first, and by many alone; `tu`: what is hidden from its reader."""
    return Partie(
        code="essentiel",
        titre="L'essentiel",
        blocs=(
            Texte(m.proposition.phrase, Role.PHRASE),
            _criteres(m),
            Texte(moyens_en_mots(m)),
            _chiffres(m),
            Texte(gains_et_pertes.en_mots(m.changement, tu)),
            *(Texte(note, Role.ALERTE) for note in m.proposition.mises_en_garde),
            Texte(
                "Une présence se compte en demi-journées par cycle de 4 semaines. Atlas propose et "
                "explique ; le choix revient à l'académie, après avis des instances.",
                Role.NOTE,
            ),
        ),
    )


def _criteres(m: Matiere) -> Liste:
    lu = m.lu
    bareme, doctrine = lu.bareme, lu.doctrine
    textes = {
        "Texte :": bareme.priorites.intitule() if bareme else "son fichier n'est plus là.",
        "Doctrine :": (
            f"{doctrine.libelle}. {doctrine.resume}"
            if doctrine
            else libelle_de(lu.resume["hypotheses"]["doctrine"])
        ),
        "Barème :": lu.repartition.bareme
        + (f". {bareme.nature}." if bareme else ", dont le fichier n'est plus là."),
    }
    return Liste("Les critères d'abord", tuple(textes.values()), tuple(textes))


def moyens_en_mots(m: Matiere) -> str:
    """What the postes can give beside what the barème asks.

    An instance is not told what they can give: beside what they give, it would tell the time that
    each of them has left.
    """
    moyens = m.lu.resume["moyens"]
    besoin, capacite = (
        moyens["besoin_demi_journees_cycle"],
        moyens["capacite_demi_journees_cycle"],
    )
    if not m.voile.est_nominatif:
        return f"{m.moyens.phrase} Le barème demande {nombre(besoin)} demi-journées par cycle."
    return (
        f"Les moyens : {nombre(moyens['nb_postes'])} postes avec secteur "
        f"({nombre(moyens['quotite_etp'], 1)} ETP) peuvent donner {nombre(capacite)} demi-journées "
        f"par cycle ; le barème en demande {nombre(besoin)}, soit "
        f"{pourcentage(capacite / besoin if besoin else None)} du besoin au plus."
    )


def _chiffres(m: Matiere) -> Chiffres:
    [ensemble] = [c for c in m.lu.resume["couverture"] if c["categorie"] == ENSEMBLE]
    avant, apres = ensemble["avant"], ensemble["apres"]
    liens = len(m.aujourd_hui.couples)
    prioritaires = [
        s.site_id
        for s in m.repartition.probleme.sites
        if m.reunion.prioritaires & set(s.categories)
    ]
    part = [
        pourcentage(ecarts.part_du_besoin(r, prioritaires, m.reunion))
        for r in (m.aujourd_hui, m.repartition)
    ]
    hebdomadaires = [
        nombre(sum(rythme(r.par_site.get(s, 0)) == Rythme.HEBDOMADAIRE for s in prioritaires))
        for r in (m.aujourd_hui, m.repartition)
    ]
    return Chiffres(
        CHIFFRES,
        "Ce qui change, en cinq nombres",
        ("Aujourd'hui", "Proposé"),
        (
            Chiffre(
                f"Besoin couvert, {ENSEMBLE_DES_SITES} ({nombre(ensemble['nb_sites'])})",
                pourcentage(avant["part_besoin"]),
                pourcentage(apres["part_besoin"]),
                "Part des demi-journées demandées par le barème que les présences couvrent ; rien "
                "ne compte au-delà du besoin d'un site.",
            ),
            Chiffre(
                f"Besoin couvert, sites prioritaires ({nombre(len(prioritaires))})",
                *part,
                "La même part, pour les sites d'une catégorie prioritaire du texte.",
            ),
            Chiffre(
                "Sites prioritaires vus chaque semaine",
                *hebdomadaires,
                "Sites prioritaires qui ont au moins une demi-journée de présence par semaine.",
            ),
            Chiffre(
                "Sites sans présence régulière",
                nombre(avant[Rythme.PONCTUELLE]),
                nombre(apres[Rythme.PONCTUELLE]),
                "Sites vus sur demande seulement ; chacun a un poste référent.",
            ),
            Chiffre(
                f"Liens entre un poste et un site qui changent (sur {nombre(liens)} aujourd'hui)",
                "—",
                nombre(m.repartition.changements),
                "Couples d'un poste et d'un site servis aujourd'hui et plus ensuite, ou l'inverse.",
            ),
        ),
    )
