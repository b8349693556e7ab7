"""The yearly report of a département: its means, its coverage, its activity, what they lack.

It concludes nothing: the priorities of the year are a table to fill, which begins with facts.
"""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from pipelines.base.erreurs import AtlasError
from pipelines.base.textes import enumeration, nombre, pourcentage
from pipelines.marts import entrepot
from pipelines.reports import activite, besoins, comptes_publies, donnees, methode, moyens, trame
from pipelines.reports import situation as situation_du_departement
from pipelines.reports.activite import VueActivite
from pipelines.reports.besoins import VueBesoins
from pipelines.reports.cartes_imprimees.cartes import carte_des_couvertures
from pipelines.reports.cartes_imprimees.decor import decor
from pipelines.reports.cartes_imprimees.feuille import A4
from pipelines.reports.comptes_publies import ANNEES, INDICATEURS, SITES, ComptesPublies
from pipelines.reports.donnees import EtatDesDonnees
from pipelines.reports.dossier import petits_nombres
from pipelines.reports.dossier.blocs import (
    Bloc,
    Dossier,
    Image,
    Liste,
    Partie,
    Role,
    Section,
    Tableau,
    Texte,
)
from pipelines.reports.dossier.matiere import membre_d_instance
from pipelines.reports.dossier.parties.moyens import de_la_vue
from pipelines.reports.dossier.voile import Destinataire, tels_quels
from pipelines.reports.libelles import RYTHMES_EN_MOTS
from pipelines.reports.moyens import VueMoyens
from pipelines.reports.sites import (
    BAREME_PAR_DEFAUT,
    nom_de_categorie,
    part_couverte,
    table_lisible,
)
from pipelines.reports.situation import Situation
from pipelines.scenarios.lecteurs import Acte, Lecteur, exiger
from pipelines.scoring.bareme import bareme

TITRE = "Rapport annuel d'activité du service social en faveur des élèves"
CARTE = "presence_aujourd_hui"
SITES_PRIORITAIRES = (
    "Site",
    "Commune",
    "Catégories prioritaires",
    "Besoin (½ j. par cycle)",
    "Présence (½ j. par cycle)",
    "Couverture (% du besoin)",
)


@dataclass(frozen=True)
class _Lus:
    """The views of a département, as the reader of the report may know them."""

    departement: str
    destinataire: Destinataire
    moyens: VueMoyens
    situation: Situation
    besoins: VueBesoins
    activite: VueActivite
    comptes: ComptesPublies
    donnees: EtatDesDonnees
    anomalies: pd.DataFrame

    @property
    def est_nominatif(self) -> bool:
        """Whether postes and small counts may be shown."""
        return self.destinataire == Destinataire.NOMINATIF

    @property
    def dit_les_moyens(self) -> bool:
        """Whether what the postes can give may be told: beside what they give, it tells of one."""
        return self.est_nominatif


def composer(
    lecteur: Lecteur,
    base: Path,
    departement: str,
    destinataire: str,
    annee: str | None = None,
) -> Dossier:
    """The report of `departement` for a reader, on a school year, the last one when not given.

    AtlasError when `lecteur` may not read the département, when `destinataire` is unknown or when
    nothing was recorded that year; `attaquant.Retrouvable` when what is hidden from an instance
    could be found.
    """
    exiger(lecteur, Acte.LIRE, departement)
    lus = _lire(lecteur, base, departement, exiger_destinataire(destinataire), annee)
    with entrepot.ouvrir(base) as connexion:
        sol = decor(connexion, departement)
    carte = carte_des_couvertures({"Aujourd'hui": lus.situation.sites}, sol, A4)
    image = Image(CARTE, "La présence aujourd'hui", carte.texte_alternatif, carte.png())
    retenue, nom = lus.activite.annee, lus.situation.nom
    return trame.assembler(
        base,
        titre=TITRE,
        lieu=nom,
        annee=retenue,
        prefixe=("rapport", departement, *([retenue] if retenue else []), lus.destinataire),
        destinataires=lus.destinataire.libelle,
        ou={"Département": f"{nom} ({departement})"},
        etat=lus.donnees,
        # the counts of activity come already protected: they share no total with those of postes
        parties=petits_nombres.proteges(
            (
                _essentiel(lus),
                de_la_vue(lus.moyens),
                _couverture(lus, image),
                _activite(lus),
                trame.priorites(_faits(lus)),
                trame.limites_des_donnees(
                    lus.donnees, lus.anomalies, [nom], "Ce que ce rapport ne dit pas"
                ),
            ),
            tels_quels if lus.est_nominatif else petits_nombres.proteger,
        ),
    )


def exiger_destinataire(code: str) -> Destinataire:
    """The reader of that code; AtlasError when there is none."""
    if code not in set(Destinataire):
        raise AtlasError(
            f"Destinataire « {code} » inconnu.",
            admis=enumeration([str(d) for d in Destinataire]),
            remede="choisir l'un d'eux",
        )
    return Destinataire(code)


def _lire(
    lecteur: Lecteur, base: Path, departement: str, pour: Destinataire, annee: str | None
) -> _Lus:
    qui = lecteur if pour == Destinataire.NOMINATIF else membre_d_instance(lecteur)
    lire_comptes = (
        comptes_publies.entiers if pour == Destinataire.NOMINATIF else comptes_publies.publier
    )
    return _Lus(
        departement=departement,
        destinataire=pour,
        moyens=moyens.vue(qui, base, departement),
        situation=situation_du_departement.situation(base, departement),
        besoins=besoins.vue(base, departement, BAREME_PAR_DEFAUT),
        activite=activite.vue(qui, base, departement, annee),
        comptes=lire_comptes(qui, base, departement, jusqu_a=annee),
        donnees=donnees.etat(base),
        anomalies=methode.anomalies(base),
    )


def _essentiel(lus: _Lus) -> Partie:
    """What is read first, and by many alone: a sentence a part."""
    vue = lus.activite
    dits = {
        "Moyens :": lus.moyens.phrase,
        "Couverture :": _couverture_en_mots(lus.situation),
        "Activité :": vue.phrase,
        "Complétude :": vue.completude or "aucun relevé d'activité.",
    }
    return Partie(
        code="essentiel",
        titre="L'essentiel",
        blocs=(
            Liste("", tuple(dits.values()), tuple(dits)),
            *(Texte(phrase, Role.ALERTE) for phrase in vue.ruptures),
            Texte(
                "Une présence se compte en demi-journées (½ j.) par cycle de 4 semaines. Les "
                "moyens et la couverture sont ceux du jour des données ; l'activité est celle de "
                "l'année scolaire du rapport. Ce rapport ne conclut pas : ses priorités sont à "
                "écrire.",
                Role.NOTE,
            ),
        ),
    )


def _couverture_en_mots(vue: Situation) -> str:
    """The share of the besoin that is met, and the priority sites far from it."""
    return (
        f"{pourcentage(part_couverte(vue.sites))} du besoin des {nombre(len(vue.sites))} sites est "
        f"couvert ; {vue.titre_prioritaires[0].lower()}{vue.titre_prioritaires[1:]}."
    )


def _couverture(lus: _Lus, carte: Image) -> Partie:
    vue = lus.situation
    return Partie(
        code="couverture",
        titre="La couverture",
        blocs=(
            Texte(_couverture_en_mots(vue), Role.PHRASE),
            *((Texte(lus.besoins.phrase),) if lus.dit_les_moyens else ()),
            _par_categorie(vue.sites, est_nominatif=lus.est_nominatif),
            _par_rythme(vue.sites),
            carte,
            *((_prioritaires(vue),) if lus.est_nominatif else ()),
            *((Liste("À savoir", tuple(vue.remarques)),) if lus.est_nominatif else ()),
        ),
    )


def _prioritaires(vue: Situation) -> Tableau:
    """The priority sites far from their besoin, for the nominative alone.

    Any not named would have half of it at least, a bound on what its sectors give: an instance has
    their count, in the sentence of the part.
    """
    return Tableau.de(
        "prioritaires",
        vue.titre_prioritaires,
        table_lisible(vue.prioritaires),
        colonnes=SITES_PRIORITAIRES,
        vide=f"{vue.titre_prioritaires}.",
    )


def _par_categorie(sites: pd.DataFrame, *, est_nominatif: bool) -> Tableau:
    """The coverage of each category, a site counting in each of its own; by rhythms alone for an
    instance, that some of these totals would tell the time of a poste, beside a dossier.
    """
    echelle = bareme(BAREME_PAR_DEFAUT)
    groupes = [
        (nom_de_categorie(r), sites[[r.code in codes for codes in sites["categories"]]])
        for r in echelle.priorites.regles
    ]
    groupes.append(("Aucune catégorie connue", sites[[not codes for codes in sites["categories"]]]))
    groupes.append(("Ensemble", sites))
    mesurer = _en_demi_journees if est_nominatif else _en_rythmes
    return Tableau.de(
        "couverture_par_categorie",
        "La couverture par catégorie prioritaire",
        pd.DataFrame(
            [
                {
                    "Catégorie": nom,
                    "Sites": len(siens),
                    "Besoin (½ j.)": int(siens["besoin"].sum()),
                    **mesurer(siens),
                }
                for nom, siens in groupes
                if len(siens)
            ]
        ),
        note=f"Besoin : {echelle.libelle}. Un site compte dans chacune de ses catégories ; rien ne "
        "compte au-delà du besoin d'un site.",
    )


def _en_demi_journees(sites: pd.DataFrame) -> dict[str, int]:
    return {
        "Présence (½ j.)": int(sites["presence"].sum()),
        "Couverture (% du besoin)": round(part_couverte(sites) * 100),
        "Sites sans présence": int((sites["presence"] == 0).sum()),
    }


def _en_rythmes(sites: pd.DataFrame) -> dict[str, int]:
    return {mot: int((sites["rythme"] == r).sum()) for r, mot in RYTHMES_EN_MOTS.items()}


def _par_rythme(sites: pd.DataFrame) -> Tableau:
    lignes = [
        (
            mot,
            int((sites["rythme"] == rythme).sum()),
            int((sites["est_prioritaire"] & (sites["rythme"] == rythme)).sum()),
        )
        for rythme, mot in RYTHMES_EN_MOTS.items()
    ]
    return Tableau.de(
        "rythmes",
        "À quel rythme les sites sont-ils vus ?",
        pd.DataFrame(lignes, columns=["Rythme", "Sites", "Dont prioritaires"]),
    )


def _activite(lus: _Lus) -> Partie:
    """The counts of the year beside those before it, then by motif, by kind of site, by site."""
    vue = lus.activite
    return Partie(
        code="activite",
        titre="L'activité",
        blocs=(
            Texte(vue.phrase, Role.PHRASE),
            *((Texte(f"Complétude : {vue.completude}", Role.ALERTE),) if vue.completude else ()),
            *(Texte(f"Rupture de série : {r}", Role.ALERTE) for r in vue.ruptures),
            Tableau.de(
                "indicateurs",
                "Les indicateurs, année après année",
                vue.indicateurs,
                nombres=_annees(vue.indicateurs),
                vide="Aucun indicateur n'est connu.",
                note=vue.note,
            ),
            *(
                Tableau.de(
                    f"detail_{rang}", titre, cadre, nombres=_annees(cadre), vide="Aucun relevé."
                )
                for rang, (titre, cadre) in enumerate(vue.details.items())
            ),
            Tableau.de(
                "periodes",
                f"Par trimestre, en {vue.annee}" if vue.annee else "Par trimestre",
                vue.periodes,
                vide="Aucun relevé trimestriel à montrer pour cette année.",
            ),
        ),
        sections=tuple(_croisements(lus)),
    )


def _annees(cadre: pd.DataFrame) -> list[str]:
    """The columns of counts, that are words once some are hidden."""
    return [c for c in cadre.columns if c[:1].isdigit()]


def _croisements(lus: _Lus) -> list[Section]:
    """By kind of site, then site by site: the tables an instance has, hidden or not."""
    comptes = lus.comptes
    tables = {titre: t for titre, t in comptes.tables.items() if titre != ANNEES}
    if not tables:
        return []
    par_classe: list[Bloc] = [
        _croise(f"classe_{rang}", titre, cadre)
        for rang, (titre, cadre) in enumerate(tables.items())
        if titre != SITES
    ]
    sections = [
        Section(
            "Par motif, par auteur et par classe de site",
            (*par_classe, Texte(comptes.note, Role.NOTE)),
        )
    ]
    if SITES in tables:
        sections.append(
            Section(
                "Site par site",
                (
                    _croise("activite_par_site", SITES, tables[SITES]),
                    Texte(comptes.note, Role.NOTE),
                ),
            )
        )
    return sections


def _croise(code: str, titre: str, cadre: pd.DataFrame) -> Tableau:
    premiere, *autres = cadre.columns
    ligne = "Site" if titre == SITES else "Indicateur" if titre == INDICATEURS else "Modalité"
    return Tableau.de(code, titre, cadre, nombres=autres, noms={premiere: ligne})


def _faits(lus: _Lus) -> list[tuple[str, str]]:
    """(part, fact): what the views say, in their own words."""
    vue = lus.activite
    faits = [("Moyens", lus.moyens.phrase)]
    faits += [("Moyens", phrase) for phrase in lus.moyens.desaccords]
    faits.append(("Couverture", _couverture_en_mots(lus.situation)))
    sans = int(
        (lus.situation.sites["est_prioritaire"] & (lus.situation.sites["presence"] == 0)).sum()
    )
    faits.append(("Couverture", f"Sites prioritaires sans aucune présence : {nombre(sans)}."))
    faits.append(("Activité", vue.phrase))
    if vue.completude:
        faits.append(("Complétude", vue.completude))
    return faits + [("Série rompue", phrase) for phrase in vue.ruptures]
