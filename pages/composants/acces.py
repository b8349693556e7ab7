"""The only cache of the pages, and their only road to the stages below.

Every cached call takes `version`, the identity of the warehouse file: a rebuilt warehouse is read
anew at the next click, by every session.
"""

import os
from pathlib import Path

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from pipelines.base import chemins
from pipelines.reports import (
    academie,
    activite,
    adaptation,
    ajuster,
    attente,
    avancement,
    besoins,
    cartes_du_departement,
    comparer,
    deplacements,
    doctrines,
    documents,
    donnees,
    etablissement,
    explication,
    fiche_imprimable,
    historique,
    libelles,
    marges,
    methode,
    modeles,
    moyens,
    partage,
    priorites,
    prochains_demi_postes,
    proposition,
    rapport_annuel,
    rapports,
    recherche,
    scenarios,
    sensibilite,
    signaux,
    situation,
    synthese_academie,
    territoires,
    trajets,
    vigilance,
)
from pipelines.reports.dossier import fichiers
from pipelines.reports.sites import table_lisible
from pipelines.scenarios import (
    atelier,
    calculs,
    comparables,
    comparaisons,
    depot,
    etudes,
    lecteurs,
)
from pipelines.scenarios import versions_etudiees as etudes_par_version
from pipelines.scenarios.adaptations import Adaptation, Ajout
from pipelines.scenarios.ajustements import Geste
from pipelines.scenarios.etudes import Nature
from pipelines.scenarios.lecteurs import Lecteur
from pipelines.scenarios.scenario import Scenario
from pipelines.scenarios.versions_etudiees import VersionEtudiee

CACHE = {"show_spinner": "Lecture des données…", "max_entries": 64}
RECHERCHE = {"show_spinner": "Recherche des autres choix…", "max_entries": 256}


def base() -> Path:
    """The warehouse served: ATLAS_ENTREPOT, else the default one."""
    return Path(os.environ.get("ATLAS_ENTREPOT", chemins.ENTREPOT_PAR_DEFAUT))


def version() -> str:
    """Changes when the warehouse is rebuilt; « absent » when there is none."""
    try:
        etat = base().stat()
    except FileNotFoundError:
        return "absent"
    qui = lecteur()
    # what one may see is not kept for another
    ressort = ",".join(sorted(qui.departements)) if qui.departements is not None else "tout"
    return f"{base()}:{etat.st_mtime_ns}:{etat.st_size}:{qui.role}:{ressort}"


def lecteur() -> Lecteur:
    """Who looks at the pages."""
    return lecteurs.courant()


def peut_lire(departement: str) -> bool:
    """Whether who looks may read the plans and the sites of a département."""
    return lecteur().peut_lire(departement)


def peut_modifier(departement: str) -> bool:
    """Whether who looks may launch a computation there, or change a scenario."""
    return lecteur().peut_modifier(departement)


def lire_scenarios(departement: str) -> scenarios.Liste:
    """The scenarios of a département; read anew each time, someone else may have saved."""
    return scenarios.liste(lecteur(), base(), departement)


def lire_scenario(scenario_id: str) -> scenarios.Fiche:
    """One scenario; read anew each time, someone else may have saved."""
    return scenarios.fiche(lecteur(), base(), scenario_id)


@st.cache_resource(**CACHE)
def departements(version: str) -> dict[str, str]:
    """Code → name of the départements of the warehouse."""
    return situation.departements(base())


@st.cache_resource(**CACHE)
def avertissements(version: str) -> list[str]:
    """What every screen must say of the data."""
    return situation.avertissements(base())


@st.cache_resource(**CACHE)
def lire_situation(version: str, departement: str) -> situation.Situation:
    """The first screen of a département."""
    return situation.situation(base(), departement)


@st.cache_resource(**CACHE)
def niveaux(version: str, departement: str) -> dict[str, str]:
    """What the page of the académie may compare, code → words."""
    return territoires.niveaux(lecteur(), base(), departement)


@st.cache_resource(**CACHE)
def _territoires(
    version: str, regles: str, niveau: territoires.Niveau, departement: str | None
) -> territoires.Territoires:
    """The territories of a level: read once, only read afterwards."""
    return territoires.territoires(lecteur(), base(), niveau, departement)


@st.cache_resource(**CACHE)
def lire_academie(
    version: str, regles: str, niveau: territoires.Niveau, departement: str | None
) -> academie.VueAcademie:
    """The départements side by side, or the bassins or réseaux of one."""
    return academie.vue(_territoires(version, regles, niveau, departement))


@st.cache_resource(**CACHE)
def sites_du_territoire(
    version: str, regles: str, niveau: territoires.Niveau, departement: str | None, code: str
) -> pd.DataFrame:
    """The sites of one of the territories, to read."""
    lus = _territoires(version, regles, niveau, departement)
    return table_lisible(lus.sites[lus.sites["territoire"] == code])


def lire_suivi() -> avancement.VueSuivi:
    """Scenarios by département; read anew each time, they come and go."""
    return avancement.suivi(lecteur(), base())


def lire_prochains(departement: str | None) -> prochains_demi_postes.VueProchains:
    """The next half-posts of each département, or of the bassins of one; sought anew each time."""
    if departement is None:
        return prochains_demi_postes.des_departements(lecteur(), base(), _demi_postes_du_plan)
    return prochains_demi_postes.des_bassins(lecteur(), base(), departement, _demi_postes_du_plan)


def _demi_postes_du_plan(dossier: Path) -> prochains_demi_postes.DeLEtude | None:
    marque = etudes.marque(dossier, Nature.MARGES)
    return _demi_postes(str(dossier), marque) if marque else None


@st.cache_resource(**CACHE)
def _demi_postes(dossier: str, marque: int) -> prochains_demi_postes.DeLEtude | None:
    """The margins kept in a folder, `marque` being the identity of their file."""
    return prochains_demi_postes.de_l_etude(Path(dossier))


@st.cache_resource(**CACHE)
def repartir(
    version: str,
    regles: str,
    niveau: territoires.Niveau,
    departement: str | None,
    variation_etp: float,
    plancher: float,
    perte_max: float | None,
    particuliers: tuple[tuple[str, float], ...],
) -> partage.VueRepartition:
    """ETP shared between territories by each method; `particuliers`: code, floor (ETP)."""
    lus = _territoires(version, regles, niveau, departement)
    return partage.repartir(lus, variation_etp, plancher, perte_max, dict(particuliers))


@st.cache_resource(**CACHE)
def noms_des_territoires(
    version: str, regles: str, niveau: territoires.Niveau, departement: str | None
) -> dict[str, str]:
    """Code → name of the territories of a level."""
    return _territoires(version, regles, niveau, departement).noms


def question_du_partage(
    version: str, regles: str, niveau: territoires.Niveau, departement: str | None
) -> partage.Question:
    """What is asked of the territories of a level, and whether there is anything to share."""
    return partage.question(_territoires(version, regles, niveau, departement))


@st.cache_resource(**CACHE)
def lire_moyens(version: str, lecteur: Lecteur, departement: str) -> moyens.VueMoyens:
    """The postes of a département and what they can give."""
    return moyens.vue(lecteur, base(), departement)


@st.cache_resource(**CACHE)
def lire_activite(version: str, lecteur: Lecteur, departement: str) -> activite.VueActivite:
    """What was counted in a département."""
    return activite.vue(lecteur, base(), departement)


@st.cache_resource(**CACHE)
def lire_couche(
    version: str, departement: str, couche: str, bassin: str, categorie: str
) -> cartes_du_departement.VueCarte:
    """The map of a département, a layer and its filters."""
    return cartes_du_departement.vue(lecteur(), base(), departement, couche, bassin, categorie)


@st.cache_resource(**CACHE)
def couches_de_carte(version: str, departement: str) -> dict[str, str]:
    """The layers of the map the reader may see, code → words."""
    return cartes_du_departement.couches(lecteur(), departement)


@st.cache_resource(**CACHE)
def choix_de_carte(version: str, departement: str) -> tuple[dict[str, str], dict[str, str]]:
    """The bassins and the categories a map may be filtered by, code → words."""
    return cartes_du_departement.filtres(lecteur(), base(), departement)


@st.cache_resource(**CACHE)
def choix_sites(version: str, departement: str) -> dict[str, str]:
    """site_id → label of every site of a département."""
    return etablissement.choix(base(), departement)


@st.cache_resource(**CACHE)
def lire_fiche(
    version: str, regles: str, departement: str, site_id: str, bareme: str
) -> etablissement.Fiche:
    """The fiche of a site under a barème."""
    return etablissement.fiche(base(), departement, site_id, bareme)


def plans_gardes(departement: str) -> dict[str, str]:
    """Id → label of the scenarios of a département, then of its proposals; read anew each time."""
    tous = comparables.choix(lecteur(), departement)
    return {code: mots for code, mots in tous.items() if code != comparables.AUJOURD_HUI}


def dossier_du_plan(plan_id: str) -> Path:
    """The folder of a scenario as it is now, or of a proposal."""
    return comparables.trouver(lecteur(), plan_id).dossier


def versions_etudiees(plan_id: str, nature: Nature) -> tuple[VersionEtudiee, ...]:
    """The versions of a scenario that have this study; none for a proposal, which never changes."""
    if not comparables.est_un_scenario(lecteur(), plan_id):
        return ()
    return etudes_par_version.versions_etudiees(lecteur(), plan_id, nature)


def lire_file() -> attente.VueFile:
    """The queue of the computations of this machine; read anew each time, it moves."""
    return attente.vue()


@st.cache_resource(**CACHE)
def chercher(version: str, departement: str) -> recherche.Etablissements:
    """The establishments of a département, to be found by name, commune or UAI."""
    return recherche.etablissements(base(), departement)


@st.cache_resource(**CACHE)
def lire_document(nom: str) -> documents.Document:
    """A page of the guide."""
    return documents.document(nom)


def lire_historique(departement: str, site_id: str) -> historique.Historique:
    """What the proposals kept here did with a site; read anew each time, they come and go."""
    return historique.historique(base(), departement, site_id)


def imprimer(fiche: etablissement.Fiche, passe: historique.Historique) -> str:
    """The fiche as one A4 page, with what must be said of the data."""
    return fiche_imprimable.document(fiche, passe, avertissements(version()))


@st.cache_resource(show_spinner="Estimation des besoins attendus…", max_entries=2)
def _examen(version: str) -> signaux.Examen:
    """The estimate over the whole warehouse: some seconds, then kept; only read afterwards."""
    return signaux.examiner(base())


@st.cache_resource(**CACHE)
def lire_signaux(version: str, departement: str) -> signaux.Signaux:
    """The sites without a label of a département that are to examine."""
    return signaux.signaux(_examen(version), departement, departements(version)[departement])


@st.cache_resource(**CACHE)
def comparer_site(version: str, site_id: str) -> signaux.Comparaison:
    """A site to examine beside the labelled sites that look like it."""
    return signaux.comparaison(_examen(version), site_id)


@st.cache_resource(**CACHE)
def lire_proposition(version: str, regles: str, calcul_id: str) -> proposition.VueProposition:
    """A finished proposal."""
    return proposition.vue(base(), calculs.etat(lecteur(), calcul_id).dossier)


@st.cache_resource(**CACHE)
def sites_a_expliquer(version: str, calcul_id: str) -> dict[str, str]:
    """site_id → label of the sites of a proposal, those served least first."""
    return explication.choix_sites(calculs.etat(lecteur(), calcul_id).dossier)


@st.cache_resource(**CACHE)
def postes_a_expliquer(version: str, calcul_id: str, site_id: str) -> list[str]:
    """The postes that serve a site in a proposal."""
    return explication.choix_postes(calculs.etat(lecteur(), calcul_id).dossier, site_id)


@st.cache_resource(**RECHERCHE)
def lire_presence(
    version: str, calcul_id: str, site_id: str, poste_id: str
) -> explication.VueExplication:
    """Why a proposal gives this presence."""
    return explication.presence(calculs.etat(lecteur(), calcul_id).dossier, site_id, poste_id)


@st.cache_resource(**RECHERCHE)
def lire_absence(version: str, calcul_id: str, site_id: str) -> explication.VueExplication:
    """Why a proposal gives a site no more."""
    return explication.absence(calculs.etat(lecteur(), calcul_id).dossier, site_id)


@st.cache_resource(**RECHERCHE)
def lire_reprise(
    version: str, calcul_id: str, site_id: str, poste_id: str | None
) -> explication.VueExplication:
    """Who could take a site."""
    return explication.reprise(calculs.etat(lecteur(), calcul_id).dossier, site_id, poste_id)


@st.cache_resource(**CACHE)
def lire_deplacements(
    version: str, calcul_id: str, puissance_cv: int, enveloppe_euros: float | None
) -> deplacements.VueDeplacements:
    """The travel of a finished proposal, and what an envelope no longer pays."""
    dossier = calculs.etat(lecteur(), calcul_id).dossier
    return deplacements.vue(base(), dossier, puissance_cv, enveloppe_euros)


@st.cache_resource(**CACHE)
def choix_puissances() -> tuple[str, dict[str, str]]:
    """The fiscal power supposed by default, then those one may choose (CV) → words."""
    choix = {str(cv): mots for cv, mots in deplacements.puissances().items()}
    return str(deplacements.puissance_par_defaut()), choix


@st.cache_resource(**CACHE)
def lire_trajets(version: str) -> trajets.VueTrajets:
    """Where travel times come from."""
    return trajets.vue(base())


@st.cache_resource(**CACHE)
def lire_etude(version: str, dossier: str, nature: Nature, marque: int) -> marges.Vue | None:
    """The study of a folder, `marque` being the identity of its kept file; None when not done."""
    return marges.vue(Path(dossier), nature)


@st.cache_resource(**CACHE)
def lire_doctrines(
    version: str, regles: str, comparaison_id: str, codes: tuple[str, ...], seuil: int
) -> doctrines.VueDoctrines:
    """A finished comparison of the doctrines `codes`, `seuil` being the useful presence."""
    dossier = comparaisons.etat(lecteur(), comparaison_id).dossier
    return doctrines.vue(base(), dossier, codes, seuil)


@st.cache_resource(**CACHE)
def cartes_des_doctrines(
    version: str, comparaison_id: str, codes: tuple[str, ...], couleur: str
) -> tuple[go.Figure, str]:
    """The maps of that comparison, and what stands under them."""
    dossier = comparaisons.etat(lecteur(), comparaison_id).dossier
    return doctrines.cartes_des_doctrines(base(), dossier, codes, couleur)


@st.cache_resource(**CACHE)
def lire_comparaison(
    version: str, choix: tuple[str, ...], marques: tuple[str, ...], seuil: int
) -> comparer.VueComparaison:
    """Two or three répartitions side by side, `marques` being the identity of what they hold."""
    return comparer.vue(comparer.ouvrir(lecteur(), choix), seuil)


@st.cache_resource(**CACHE)
def donnees_d_avant(version: str, choix: tuple[str, ...], marques: tuple[str, ...]) -> str | None:
    """What to say when a comparison's « today » is of older data; None when it is not."""
    return comparer.donnees_d_avant(base(), comparer.ouvrir(lecteur(), choix))


@st.cache_resource(**CACHE)
def cartes_de_la_comparaison(
    version: str, choix: tuple[str, ...], marques: tuple[str, ...], couleur: str
) -> tuple[go.Figure, str]:
    """The maps of that comparison, and what stands under them."""
    return comparer.cartes_cote_a_cote(base(), comparer.ouvrir(lecteur(), choix), couleur)


def choix_comparables(departement: str) -> dict[str, str]:
    """Id → label of what may be compared; read anew each time, they come and go."""
    return comparables.choix(lecteur(), departement)


def comparable(comparable_id: str) -> comparables.Comparable:
    """What is behind an id, and the mark that changes with it; AtlasError when there is nothing."""
    return comparables.trouver(lecteur(), comparable_id)


def marques_des_scenarios(*scenario_ids: str) -> tuple[str, ...]:
    """What changes with each of those scenarios; an empty id is none."""
    return tuple(comparable(i).marque for i in scenario_ids if i)


def choix_destinataires() -> dict[str, str]:
    """The readers a dossier may be made for, code → words."""
    return fichiers.destinataires()


@st.cache_resource(show_spinner="Mise en page des documents…", max_entries=4)
def ecrire_dossier(
    version: str,
    regles: str,
    scenario_id: str,
    destinataire: str,
    autre_id: str | None,
    marques: tuple[str, ...],
) -> fichiers.Livraison:
    """Every file of the dossier of a scenario; `marques` change with the scenarios."""
    ouvrage = fichiers.preparer(lecteur(), base(), scenario_id, destinataire, autre_id)
    return fichiers.produire(ouvrage, fichiers.FORMATS)


@st.cache_resource(show_spinner="Mise en page du rapport…", max_entries=4)
def ecrire_rapport(
    version: str, regles: str, departement: str, destinataire: str
) -> fichiers.Livraison:
    """The files of the yearly report of a département."""
    return rapports.produire(rapport_annuel.composer(lecteur(), base(), departement, destinataire))


def ecrire_synthese() -> fichiers.Livraison:
    """The files of the académie's synthesis; made anew each time, scenarios come and go."""
    return rapports.produire(synthese_academie.composer(lecteur(), base()))


@st.cache_resource(**CACHE)
def portraits(regles: str) -> list[doctrines.Portrait]:
    """What each doctrine favours and costs."""
    return doctrines.portraits()


@st.cache_resource(**CACHE)
def choix_doctrines(regles: str) -> dict[str, str]:
    """Code → name of the doctrines, the académie's own too."""
    return libelles.choix_doctrines()


@st.cache_resource(**CACHE)
def seuils_de_dilution() -> dict[int, str]:
    """The useful presences one may choose, half-days per cycle → words."""
    return doctrines.seuils()


def seuil_courant() -> int:
    """The useful presence of the reference file, half-days per cycle."""
    return doctrines.seuil_par_defaut()


@st.cache_resource(**CACHE)
def lire_methode(regles: str) -> methode.Methode:
    """The method, from the reference files and the académie's own."""
    return methode.methode()


@st.cache_resource(**CACHE)
def sources(version: str) -> tuple:
    """Files read, anomalies by reason, and every source Atlas knows."""
    return methode.sources(base()), methode.anomalies(base()), methode.cartes_des_sources()


@st.cache_resource(**CACHE)
def lire_donnees(version: str) -> donnees.EtatDesDonnees:
    """The files of the warehouse, what is known, what is to check."""
    return donnees.etat(base())


@st.cache_resource(show_spinner=False, max_entries=8)
def examiner_depot(
    version: str, cle: str, repartir_de_zero: bool, _fichiers: list[tuple[str, bytes]]
) -> donnees.VueRapport:
    """The report on dropped files, known by their key `cle`: only what it says is kept."""
    examen = depot.proposer_depot(base(), _fichiers, repartir_de_zero=repartir_de_zero)
    return donnees.presenter(examen)


@st.cache_resource(**CACHE)
def modeles_excel() -> bytes:
    """The templates of the local files, zipped."""
    return modeles.archive()


def version_des_regles() -> str:
    """Changes when a file of rules the académie wrote changes."""
    fichiers = sorted(chemins.REGLES.rglob("*.toml")) if chemins.REGLES.is_dir() else []
    return ":".join(f"{f.name}-{f.stat().st_mtime_ns}" for f in fichiers)


@st.cache_resource(**CACHE)
def lire_textes(regles: str) -> dict[str, str]:
    """Code → title of the rule sets."""
    return priorites.textes()


@st.cache_resource(**CACHE)
def lire_priorites(
    version: str, regles: str, departement: str, texte: str
) -> priorites.VuePriorites:
    """A text over a département."""
    return priorites.vue(base(), departement, texte)


@st.cache_resource(**CACHE)
def comparer_textes(
    version: str, regles: str, departement: str, avant: str, apres: str
) -> priorites.VueComparaison:
    """What changes from a text to another."""
    return priorites.comparaison(base(), departement, avant, apres)


@st.cache_resource(**CACHE)
def lire_baremes(regles: str) -> dict[str, str]:
    """Code → label of the barèmes."""
    return besoins.baremes()


@st.cache_resource(**CACHE)
def lire_besoins(
    version: str, regles: str, departement: str, bareme: str, perte_max: int | None
) -> besoins.VueBesoins:
    """The besoins of a département under a barème."""
    return besoins.vue(base(), departement, bareme, perte_max)


@st.cache_resource(**CACHE)
def lire_sensibilite(
    version: str, regles: str, departement: str, bareme: str
) -> sensibilite.VueSensibilite:
    """What besoins owe to each weight."""
    return sensibilite.vue(base(), departement, bareme)


@st.cache_resource(**CACHE)
def lire_desaccord(
    version: str, regles: str, departement: str, premier: str, second: str
) -> besoins.VueDesaccord:
    """How two barèmes differ."""
    return besoins.desaccord(base(), departement, premier, second)


@st.cache_resource(**CACHE)
def choix_categories(regles: str) -> dict[str, str]:
    """Code → label of the categories of the barèmes."""
    return besoins.choix_categories()


@st.cache_resource(**CACHE)
def choix_pertes() -> dict[int | None, str]:
    """The settings of the transition rule → words; None, off, comes first."""
    return besoins.choix_pertes()


@st.cache_resource(**CACHE)
def departs(regles: str) -> tuple[dict[str, str], dict[str, str]]:
    """The barèmes and the texts an adaptation can start from."""
    return adaptation.departs()


@st.cache_resource(**CACHE)
def lire_depart(regles: str, bareme: str, texte: str) -> adaptation.VueDepart:
    """What may be changed in a barème over a text."""
    return adaptation.depart(bareme, texte)


@st.cache_resource(**CACHE)
def choix_de_criteres() -> adaptation.ChoixDeCriteres:
    """What a new category may be told by."""
    return adaptation.choix_de_criteres()


@st.cache_resource(**CACHE)
def unite_des_categories(regles: str, bareme: str) -> tuple[str, float] | None:
    """The unit in which a barème weighs a category, and what weighs nothing there."""
    return adaptation.unite_des_categories(bareme)


@st.cache_resource(**CACHE)
def lire_ajouts(regles: str, bareme: str, texte: str, ajouts: tuple[Ajout, ...]) -> pd.DataFrame:
    """The categories added to a text, as it will hold them."""
    return adaptation.ajouts_en_table(bareme, texte, ajouts)


@st.cache_resource(**CACHE)
def lire_effet(
    version: str, regles: str, departement: str, changements: Adaptation
) -> adaptation.VueEffet:
    """What an adaptation changes in a département."""
    return adaptation.effet(base(), departement, changements)


@st.cache_resource(**CACHE)
def lire_locales(regles: str) -> adaptation.VueLocales:
    """The académie's own rules."""
    return adaptation.locales()


@st.cache_resource(**CACHE)
def regles_illisibles(regles: str) -> list[str]:
    """The académie's files of rules that can't be read."""
    return adaptation.illisibles()


def choix_scenarios(departement: str) -> dict[str, str]:
    """scenario_id → words; read anew each time, others save too."""
    return ajuster.choix(lecteur(), departement)


def ouvrir_scenario(scenario_id: str) -> Scenario:
    """A scenario as it is now; read anew each time, others save too."""
    return atelier.ouvrir(lecteur(), scenario_id)


@st.cache_resource(**CACHE)
def lire_ajuster(
    version: str, regles: str, scenario_id: str, etat: int, _scenario: Scenario
) -> ajuster.VueAjuster:
    """A scenario to adjust, `etat` being its version."""
    return ajuster.vue(_terrain(version, regles, _scenario.departement), _scenario)


def lire_vigilance(scenario: Scenario) -> vigilance.VueVigilance:
    """What a contradictor would raise; read anew each time, others answer too."""
    return vigilance.vue(lecteur(), base(), scenario)


@st.cache_resource(show_spinner="Lecture des données…", max_entries=8)
def _terrain(version: str, regles: str, departement: str) -> ajuster.Terrain:
    """The ground of the maps of a département: only read afterwards."""
    return ajuster.terrain(base(), departement)


@st.cache_resource(**RECHERCHE)
def regles_du_scenario(scenario_id: str, etat: int, _scenario: Scenario) -> ajuster.VueRegles:
    """What a scenario breaks as it is, and the repair."""
    return ajuster.regles(_scenario)


@st.cache_resource(**RECHERCHE)
def repreneurs(
    scenario_id: str, etat: int, site_id: str, poste_id: str | None, _scenario: Scenario
) -> ajuster.VueReprise:
    """Who could take a site of a scenario."""
    return ajuster.reprise(_scenario, site_id, poste_id)


@st.cache_resource(**{**RECHERCHE, "show_spinner": False})
def essayer_geste(
    scenario_id: str, etat: int, geste: Geste, _scenario: Scenario
) -> ajuster.VueBilan:
    """What a gesture would do to a scenario."""
    return ajuster.bilan(_scenario, geste)
