"""What the pages under « Décider » read, and what is kept of it."""

from datetime import date
from pathlib import Path

import plotly.graph_objects as go
import streamlit as st

from pages.composants import acces
from pages.composants.acces import regarder
from pipelines.reports import (
    ajuster,
    comparer,
    deplacements,
    doctrines,
    explication,
    libelles,
    marges,
    partage,
    proposition,
    scenarios,
    territoires,
    vigilance,
)
from pipelines.reports.dossier import fichiers
from pipelines.scenarios import atelier, calculs, comparables, comparaisons
from pipelines.scenarios import versions_etudiees as etudes_par_version
from pipelines.scenarios.ajustements import Geste
from pipelines.scenarios.etudes import Nature
from pipelines.scenarios.scenario import Scenario
from pipelines.scenarios.versions_etudiees import VersionEtudiee


def lire_scenarios(departement: str) -> scenarios.Liste:
    """The scenarios of a département; read anew each time, someone else may have saved."""
    return scenarios.liste(acces.lecteur(), acces.base(), departement)


def lire_scenario(scenario_id: str) -> scenarios.Fiche:
    """One scenario; read anew each time, someone else may have saved."""
    return scenarios.fiche(acces.lecteur(), acces.base(), scenario_id)


@st.cache_resource(**acces.CACHE)
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
    lus = regarder.lire_territoires(version, regles, niveau, departement)
    return partage.repartir(lus, variation_etp, plancher, perte_max, dict(particuliers))


def question_du_partage(
    version: str, regles: str, niveau: territoires.Niveau, departement: str | None
) -> partage.Question:
    """What is asked of the territories of a level, and whether there is anything to share."""
    return partage.question(regarder.lire_territoires(version, regles, niveau, departement))


def plans_gardes(departement: str) -> dict[str, str]:
    """Id → label of the scenarios of a département, then of its proposals; read anew each time."""
    tous = comparables.choix(acces.lecteur(), departement)
    return {code: mots for code, mots in tous.items() if code != comparables.AUJOURD_HUI}


def dossier_du_plan(plan_id: str) -> Path:
    """The folder of a scenario as it is now, or of a proposal."""
    return comparables.trouver(acces.lecteur(), plan_id).dossier


def versions_etudiees(plan_id: str, nature: Nature) -> tuple[VersionEtudiee, ...]:
    """The versions of a scenario that have this study; none for a proposal, which never changes."""
    if not comparables.est_un_scenario(acces.lecteur(), plan_id):
        return ()
    return etudes_par_version.versions_etudiees(acces.lecteur(), plan_id, nature)


@st.cache_resource(**acces.CACHE)
def lire_proposition(version: str, regles: str, calcul_id: str) -> proposition.VueProposition:
    """A finished proposal."""
    return proposition.vue(acces.base(), calculs.etat(acces.lecteur(), calcul_id).dossier)


@st.cache_resource(**acces.CACHE)
def sites_a_expliquer(version: str, calcul_id: str) -> dict[str, str]:
    """site_id → label of the sites of a proposal, those served least first."""
    return explication.choix_sites(calculs.etat(acces.lecteur(), calcul_id).dossier)


@st.cache_resource(**acces.CACHE)
def postes_a_expliquer(version: str, calcul_id: str, site_id: str) -> list[str]:
    """The postes that serve a site in a proposal."""
    return explication.choix_postes(calculs.etat(acces.lecteur(), calcul_id).dossier, site_id)


@st.cache_resource(**acces.RECHERCHE)
def lire_presence(
    version: str, calcul_id: str, site_id: str, poste_id: str
) -> explication.VueExplication:
    """Why a proposal gives this presence."""
    return explication.presence(calculs.etat(acces.lecteur(), calcul_id).dossier, site_id, poste_id)


@st.cache_resource(**acces.RECHERCHE)
def lire_absence(version: str, calcul_id: str, site_id: str) -> explication.VueExplication:
    """Why a proposal gives a site no more."""
    return explication.absence(calculs.etat(acces.lecteur(), calcul_id).dossier, site_id)


@st.cache_resource(**acces.RECHERCHE)
def lire_reprise(
    version: str, calcul_id: str, site_id: str, poste_id: str | None
) -> explication.VueExplication:
    """Who could take a site."""
    return explication.reprise(calculs.etat(acces.lecteur(), calcul_id).dossier, site_id, poste_id)


@st.cache_resource(**acces.CACHE)
def lire_deplacements(
    version: str, calcul_id: str, puissance_cv: int, enveloppe_euros: float | None
) -> deplacements.VueDeplacements:
    """The travel of a finished proposal, and what an envelope no longer pays."""
    dossier = calculs.etat(acces.lecteur(), calcul_id).dossier
    return deplacements.vue(acces.base(), dossier, puissance_cv, enveloppe_euros)


@st.cache_resource(**acces.CACHE)
def choix_puissances() -> tuple[str, dict[str, str]]:
    """The fiscal power supposed by default, then those one may choose (CV) → words."""
    choix = {str(cv): mots for cv, mots in deplacements.puissances().items()}
    return str(deplacements.puissance_par_defaut()), choix


@st.cache_resource(**acces.CACHE)
def lire_etude(version: str, dossier: str, nature: Nature, marque: int) -> marges.Vue | None:
    """The study of a folder, `marque` being the identity of its kept file; None when not done."""
    return marges.vue(Path(dossier), nature)


@st.cache_resource(**acces.CACHE)
def lire_doctrines(
    version: str, regles: str, comparaison_id: str, codes: tuple[str, ...], seuil: int
) -> doctrines.VueDoctrines:
    """A finished comparison of the doctrines `codes`, `seuil` being the useful presence."""
    dossier = comparaisons.etat(acces.lecteur(), comparaison_id).dossier
    return doctrines.vue(acces.base(), dossier, codes, seuil)


@st.cache_resource(**acces.CACHE)
def cartes_des_doctrines(
    version: str, comparaison_id: str, codes: tuple[str, ...], couleur: str
) -> tuple[go.Figure, str]:
    """The maps of that comparison, and what stands under them."""
    dossier = comparaisons.etat(acces.lecteur(), comparaison_id).dossier
    return doctrines.cartes_des_doctrines(acces.base(), dossier, codes, couleur)


@st.cache_resource(**acces.CACHE)
def lire_comparaison(
    version: str, choix: tuple[str, ...], marques: tuple[str, ...], seuil: int
) -> comparer.VueComparaison:
    """Two or three répartitions side by side, `marques` being the identity of what they hold."""
    return comparer.vue(comparer.ouvrir(acces.lecteur(), choix), seuil)


@st.cache_resource(**acces.CACHE)
def donnees_d_avant(version: str, choix: tuple[str, ...], marques: tuple[str, ...]) -> str | None:
    """What to say when a comparison's « today » is of older data; None when it is not."""
    return comparer.donnees_d_avant(acces.base(), comparer.ouvrir(acces.lecteur(), choix))


@st.cache_resource(**acces.CACHE)
def cartes_de_la_comparaison(
    version: str, choix: tuple[str, ...], marques: tuple[str, ...], couleur: str
) -> tuple[go.Figure, str]:
    """The maps of that comparison, and what stands under them."""
    return comparer.cartes_cote_a_cote(
        acces.base(), comparer.ouvrir(acces.lecteur(), choix), couleur
    )


def choix_comparables(departement: str) -> dict[str, str]:
    """Id → label of what may be compared; read anew each time, they come and go."""
    return comparables.choix(acces.lecteur(), departement)


def comparable(comparable_id: str) -> comparables.Comparable:
    """What is behind an id, and the mark that changes with it; AtlasError when there is nothing."""
    return comparables.trouver(acces.lecteur(), comparable_id)


def marques_des_scenarios(*scenario_ids: str) -> tuple[str, ...]:
    """What changes with each of those scenarios, and with the answers kept; an empty id is none."""
    return tuple(
        f"{comparable(i).marque}:{vigilance.marque(acces.lecteur(), i)}" for i in scenario_ids if i
    )


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
    ouvrage = fichiers.preparer(acces.lecteur(), acces.base(), scenario_id, destinataire, autre_id)
    return fichiers.produire(ouvrage, fichiers.FORMATS)


@st.cache_resource(**acces.CACHE)
def portraits(regles: str) -> list[doctrines.Portrait]:
    """What each doctrine favours and costs."""
    return doctrines.portraits()


@st.cache_resource(**acces.CACHE)
def choix_doctrines(regles: str) -> dict[str, str]:
    """Code → name of the doctrines, the académie's own too."""
    return libelles.choix_doctrines()


@st.cache_resource(**acces.CACHE)
def seuils_de_dilution() -> dict[int, str]:
    """The useful presences one may choose, half-days per cycle → words."""
    return doctrines.seuils()


def seuil_courant() -> int:
    """The useful presence of the reference file, half-days per cycle."""
    return doctrines.seuil_par_defaut()


def choix_scenarios(departement: str) -> dict[str, str]:
    """scenario_id → words; read anew each time, others save too."""
    return ajuster.choix(acces.lecteur(), departement)


def ouvrir_scenario(scenario_id: str) -> Scenario:
    """A scenario as it is now; read anew each time, others save too."""
    return atelier.ouvrir(acces.lecteur(), scenario_id)


@st.cache_resource(**acces.CACHE)
def lire_ajuster(
    version: str, regles: str, scenario_id: str, etat: int, _scenario: Scenario
) -> ajuster.VueAjuster:
    """A scenario to adjust, `etat` being its version."""
    return ajuster.vue(_terrain(version, regles, _scenario.departement), _scenario)


def lire_vigilance(scenario: Scenario) -> vigilance.VueVigilance:
    """What a contradictor would raise; the answers are read anew each time, others answer too."""
    leves = _leves(
        acces.version(), scenario.scenario_id, scenario.version, date.today(), _scenario=scenario
    )
    return vigilance.repondue(acces.lecteur(), scenario, leves)


@st.cache_resource(**acces.CACHE)
def _leves(
    version: str, scenario_id: str, etat: int, jour: date, _scenario: Scenario
) -> list[vigilance.Drapeau]:
    """What is raised of a scenario, `etat` being its version; some points look at the date."""
    return vigilance.leves_de(acces.lecteur(), acces.base(), _scenario, jour)


@st.cache_resource(show_spinner="Lecture des données…", max_entries=8)
def _terrain(version: str, regles: str, departement: str) -> ajuster.Terrain:
    """The ground of the maps of a département: only read afterwards."""
    return ajuster.terrain(acces.base(), departement)


@st.cache_resource(**acces.RECHERCHE)
def regles_du_scenario(scenario_id: str, etat: int, _scenario: Scenario) -> ajuster.VueRegles:
    """What a scenario breaks as it is, and the repair."""
    return ajuster.regles(_scenario)


@st.cache_resource(**acces.RECHERCHE)
def repreneurs(
    scenario_id: str, etat: int, site_id: str, poste_id: str | None, _scenario: Scenario
) -> ajuster.VueReprise:
    """Who could take a site of a scenario."""
    return ajuster.reprise(_scenario, site_id, poste_id)


@st.cache_resource(**{**acces.RECHERCHE, "show_spinner": False})
def essayer_geste(
    scenario_id: str, etat: int, geste: Geste, _scenario: Scenario
) -> ajuster.VueBilan:
    """What a gesture would do to a scenario."""
    return ajuster.bilan(_scenario, geste)
