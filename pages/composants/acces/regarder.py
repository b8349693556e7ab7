"""What the pages under « Regarder » read, and what is kept of it."""

from pathlib import Path

import pandas as pd
import streamlit as st

from pages.composants import acces
from pipelines.reports import (
    academie,
    activite,
    avancement,
    cartes_du_departement,
    donnees,
    etablissement,
    fiche_imprimable,
    historique,
    modeles,
    moyens,
    prochains_demi_postes,
    rapport_annuel,
    rapports,
    signaux,
    synthese_academie,
    territoires,
)
from pipelines.reports.dossier import fichiers
from pipelines.reports.sites import table_lisible
from pipelines.scenarios import depot, etudes
from pipelines.scenarios.etudes import Nature
from pipelines.scenarios.lecteurs import Lecteur


@st.cache_resource(**acces.CACHE)
def niveaux(version: str, departement: str) -> dict[str, str]:
    """What the page of the académie may compare, code → words."""
    return territoires.niveaux(acces.lecteur(), acces.base(), departement)


@st.cache_resource(**acces.CACHE)
def lire_territoires(
    version: str, regles: str, niveau: territoires.Niveau, departement: str | None
) -> territoires.Territoires:
    """The territories of a level: read once, only read afterwards."""
    return territoires.territoires(acces.lecteur(), acces.base(), niveau, departement)


@st.cache_resource(**acces.CACHE)
def lire_academie(
    version: str, regles: str, niveau: territoires.Niveau, departement: str | None
) -> academie.VueAcademie:
    """The départements side by side, or the bassins or réseaux of one."""
    return academie.vue(lire_territoires(version, regles, niveau, departement))


@st.cache_resource(**acces.CACHE)
def sites_du_territoire(
    version: str, regles: str, niveau: territoires.Niveau, departement: str | None, code: str
) -> pd.DataFrame:
    """The sites of one of the territories, to read."""
    lus = lire_territoires(version, regles, niveau, departement)
    return table_lisible(lus.sites[lus.sites["territoire"] == code])


def lire_suivi() -> avancement.VueSuivi:
    """Scenarios by département; read anew each time, they come and go."""
    return avancement.suivi(acces.lecteur(), acces.base())


def lire_prochains(departement: str | None) -> prochains_demi_postes.VueProchains:
    """The next half-posts of each département, or of the bassins of one; sought anew each time."""
    if departement is None:
        return prochains_demi_postes.des_departements(
            acces.lecteur(), acces.base(), _demi_postes_du_plan
        )
    return prochains_demi_postes.des_bassins(
        acces.lecteur(), acces.base(), departement, _demi_postes_du_plan
    )


def _demi_postes_du_plan(dossier: Path) -> prochains_demi_postes.DeLEtude | None:
    marque = etudes.marque(dossier, Nature.MARGES)
    return _demi_postes(str(dossier), marque) if marque else None


@st.cache_resource(**acces.CACHE)
def _demi_postes(dossier: str, marque: int) -> prochains_demi_postes.DeLEtude | None:
    """The margins kept in a folder, `marque` being the identity of their file."""
    return prochains_demi_postes.de_l_etude(Path(dossier))


@st.cache_resource(**acces.CACHE)
def noms_des_territoires(
    version: str, regles: str, niveau: territoires.Niveau, departement: str | None
) -> dict[str, str]:
    """Code → name of the territories of a level."""
    return lire_territoires(version, regles, niveau, departement).noms


@st.cache_resource(**acces.CACHE)
def lire_moyens(version: str, lecteur: Lecteur, departement: str) -> moyens.VueMoyens:
    """The postes of a département and what they can give."""
    return moyens.vue(lecteur, acces.base(), departement)


@st.cache_resource(**acces.CACHE)
def lire_activite(version: str, lecteur: Lecteur, departement: str) -> activite.VueActivite:
    """What was counted in a département."""
    return activite.vue(lecteur, acces.base(), departement)


@st.cache_resource(**acces.CACHE)
def lire_couche(
    version: str, departement: str, couche: str, bassin: str, categorie: str
) -> cartes_du_departement.VueCarte:
    """The map of a département, a layer and its filters."""
    return cartes_du_departement.vue(
        acces.lecteur(), acces.base(), departement, couche, bassin, categorie
    )


@st.cache_resource(**acces.CACHE)
def couches_de_carte(version: str, departement: str) -> dict[str, str]:
    """The layers of the map the reader may see, code → words."""
    return cartes_du_departement.couches(acces.lecteur(), departement)


@st.cache_resource(**acces.CACHE)
def choix_de_carte(version: str, departement: str) -> tuple[dict[str, str], dict[str, str]]:
    """The bassins and the categories a map may be filtered by, code → words."""
    return cartes_du_departement.filtres(acces.lecteur(), acces.base(), departement)


@st.cache_resource(**acces.CACHE)
def choix_sites(version: str, departement: str) -> dict[str, str]:
    """site_id → label of every site of a département."""
    return etablissement.choix(acces.base(), departement)


@st.cache_resource(**acces.CACHE)
def lire_fiche(
    version: str, regles: str, departement: str, site_id: str, bareme: str
) -> etablissement.Fiche:
    """The fiche of a site under a barème."""
    return etablissement.fiche(
        acces.base(), departement, site_id, _fond(version, regles, departement, bareme)
    )


@st.cache_resource(**acces.CACHE)
def _fond(version: str, regles: str, departement: str, bareme: str) -> etablissement.Fond:
    """What the fiches of a département have in common: only read afterwards."""
    return etablissement.fond(acces.base(), departement, bareme)


def lire_historique(departement: str, site_id: str) -> historique.Historique:
    """What the proposals kept here did with a site; read anew each time, they come and go."""
    return historique.historique(acces.base(), departement, site_id)


def imprimer(fiche: etablissement.Fiche, passe: historique.Historique) -> str:
    """The fiche as one A4 page, with what must be said of the data."""
    return fiche_imprimable.document(fiche, passe, acces.avertissements(acces.version()))


@st.cache_resource(show_spinner="Estimation des besoins attendus…", max_entries=2)
def _examen(version: str) -> signaux.Examen:
    """The estimate over the whole warehouse: some seconds, then kept; only read afterwards."""
    return signaux.examiner(acces.base())


@st.cache_resource(**acces.CACHE)
def lire_signaux(version: str, departement: str) -> signaux.Signaux:
    """The sites without a label of a département that are to examine."""
    return signaux.signaux(_examen(version), departement, acces.departements(version)[departement])


@st.cache_resource(**acces.CACHE)
def comparer_site(version: str, site_id: str) -> signaux.Comparaison:
    """A site to examine beside the labelled sites that look like it."""
    return signaux.comparaison(_examen(version), site_id)


@st.cache_resource(show_spinner="Mise en page du rapport…", max_entries=4)
def ecrire_rapport(
    version: str, regles: str, departement: str, destinataire: str
) -> list[fichiers.Fichier]:
    """The files of the yearly report of a département."""
    return rapports.produire(
        rapport_annuel.composer(acces.lecteur(), acces.base(), departement, destinataire)
    )


def ecrire_synthese() -> list[fichiers.Fichier]:
    """The files of the académie's synthesis; made anew each time, scenarios come and go."""
    return rapports.produire(synthese_academie.composer(acces.lecteur(), acces.base()))


@st.cache_resource(**acces.CACHE)
def lire_donnees(version: str) -> donnees.EtatDesDonnees:
    """The files of the warehouse, what is known, what is to check."""
    return donnees.etat(acces.base())


@st.cache_resource(show_spinner=False, max_entries=8)
def examiner_depot(
    version: str, cle: str, repartir_de_zero: bool, _fichiers: list[tuple[str, bytes]]
) -> donnees.VueRapport:
    """The report on dropped files, known by their key `cle`: only what it says is kept."""
    examen = depot.proposer_depot(acces.base(), _fichiers, repartir_de_zero=repartir_de_zero)
    return donnees.presenter(examen)


@st.cache_resource(**acces.CACHE)
def modeles_excel() -> bytes:
    """The templates of the local files, zipped."""
    return modeles.archive()
