"""What the pages under « Comprendre » read, and what is kept of it."""

import pandas as pd
import streamlit as st

from pages.composants import acces
from pipelines.reports import adaptation, besoins, methode, priorites, sensibilite, trajets
from pipelines.scenarios.adaptations import Adaptation, Ajout


@st.cache_resource(**acces.CACHE)
def lire_trajets(version: str) -> trajets.VueTrajets:
    """Where travel times come from."""
    return trajets.vue(acces.base())


@st.cache_resource(**acces.CACHE)
def lire_methode(regles: str) -> methode.Methode:
    """The method, from the reference files and the académie's own."""
    return methode.methode()


@st.cache_resource(**acces.CACHE)
def sources(version: str) -> tuple:
    """Files read, anomalies by reason, and every source Atlas knows."""
    return (
        methode.sources(acces.base()),
        methode.anomalies(acces.base()),
        methode.cartes_des_sources(),
    )


@st.cache_resource(**acces.CACHE)
def lire_textes(regles: str) -> dict[str, str]:
    """Code → title of the rule sets."""
    return priorites.textes()


@st.cache_resource(**acces.CACHE)
def lire_priorites(
    version: str, regles: str, departement: str, texte: str
) -> priorites.VuePriorites:
    """A text over a département."""
    return priorites.vue(acces.base(), departement, texte)


@st.cache_resource(**acces.CACHE)
def comparer_textes(
    version: str, regles: str, departement: str, avant: str, apres: str
) -> priorites.VueComparaison:
    """What changes from a text to another."""
    return priorites.comparaison(acces.base(), departement, avant, apres)


@st.cache_resource(**acces.CACHE)
def lire_baremes(regles: str) -> dict[str, str]:
    """Code → label of the barèmes."""
    return besoins.baremes()


@st.cache_resource(**acces.CACHE)
def lire_besoins(
    version: str, regles: str, departement: str, bareme: str, perte_max: int | None
) -> besoins.VueBesoins:
    """The besoins of a département under a barème."""
    return besoins.vue(acces.base(), departement, bareme, perte_max)


@st.cache_resource(**acces.CACHE)
def lire_sensibilite(
    version: str, regles: str, departement: str, bareme: str
) -> sensibilite.VueSensibilite:
    """What besoins owe to each weight."""
    return sensibilite.vue(acces.base(), departement, bareme)


@st.cache_resource(**acces.CACHE)
def lire_desaccord(
    version: str, regles: str, departement: str, premier: str, second: str
) -> besoins.VueDesaccord:
    """How two barèmes differ."""
    return besoins.desaccord(acces.base(), departement, premier, second)


@st.cache_resource(**acces.CACHE)
def choix_categories(regles: str) -> dict[str, str]:
    """Code → label of the categories of the barèmes."""
    return besoins.choix_categories()


@st.cache_resource(**acces.CACHE)
def choix_pertes() -> dict[int | None, str]:
    """The settings of the transition rule → words; None, off, comes first."""
    return besoins.choix_pertes()


@st.cache_resource(**acces.CACHE)
def departs(regles: str) -> tuple[dict[str, str], dict[str, str]]:
    """The barèmes and the texts an adaptation can start from."""
    return adaptation.departs()


@st.cache_resource(**acces.CACHE)
def lire_depart(regles: str, bareme: str, texte: str) -> adaptation.VueDepart:
    """What may be changed in a barème over a text."""
    return adaptation.depart(bareme, texte)


@st.cache_resource(**acces.CACHE)
def choix_de_criteres() -> adaptation.ChoixDeCriteres:
    """What a new category may be told by."""
    return adaptation.choix_de_criteres()


@st.cache_resource(**acces.CACHE)
def unite_des_categories(regles: str, bareme: str) -> tuple[str, float] | None:
    """The unit in which a barème weighs a category, and what weighs nothing there."""
    return adaptation.unite_des_categories(bareme)


@st.cache_resource(**acces.CACHE)
def lire_ajouts(regles: str, bareme: str, texte: str, ajouts: tuple[Ajout, ...]) -> pd.DataFrame:
    """The categories added to a text, as it will hold them."""
    return adaptation.ajouts_en_table(bareme, texte, ajouts)


@st.cache_resource(**acces.CACHE)
def lire_effet(
    version: str, regles: str, departement: str, changements: Adaptation
) -> adaptation.VueEffet:
    """What an adaptation changes in a département."""
    return adaptation.effet(acces.base(), departement, changements)


@st.cache_resource(**acces.CACHE)
def lire_locales(regles: str) -> adaptation.VueLocales:
    """The académie's own rules."""
    return adaptation.locales()
