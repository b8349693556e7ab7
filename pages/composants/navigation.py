"""The side bar: the département, a search box, the pages by what one does there, warnings."""

import streamlit as st

from pages.composants import acces, cadre, fenetre

ACCUEIL = "situation"
RUBRIQUES = {"analyser": "Regarder", "proposer": "Décider", "comprendre": "Comprendre"}
"""The folder of a page → the heading it stands under."""
GARDES = ("departement", "scenario")
"""What the address keeps from one page to another."""
TROUVE = "etablissement_trouve"


def navigation() -> st.Page:
    """Declare the pages and draw the side bar; the page asked for."""
    # Streamlit serves the default page at « / » only: « /situation » leads there
    accueil = st.Page(
        cadre.page(ACCUEIL), title=cadre.PAGES[ACCUEIL][1], url_path="accueil", default=True
    )
    pages = [
        st.Page(fichier, title=titre, url_path=adresse)
        for adresse, (fichier, titre) in cadre.PAGES.items()
    ]
    courante = st.navigation([accueil, *pages], position="hidden")
    if courante.url_path == ACCUEIL:
        st.switch_page(cadre.page(ACCUEIL), query_params=st.query_params.to_dict())
    with st.sidebar:
        st.markdown("# Atlas SSFE")
        departement = _choisir_departement()
        if acces.peut_lire(departement):
            _chercher(departement)
        for phrase in acces.avertissements(acces.version()):
            st.warning(phrase)
        if phrase := acces.lire_file().phrase:
            st.caption(phrase)
        _liens(departement)
        fenetre.mesurer()
    return courante


def _liens(departement: str) -> None:
    gardes = {nom: st.query_params[nom] for nom in GARDES if nom in st.query_params}
    for dossier, rubrique in RUBRIQUES.items():
        st.caption(rubrique)
        for adresse, (fichier, titre) in cadre.PAGES.items():
            if fichier.parent.name == dossier:
                st.page_link(
                    cadre.page(adresse),
                    label=titre,
                    query_params={**gardes, "departement": departement},
                )


def _chercher(departement: str) -> None:
    """The box that leads to the fiche of an establishment; empty again once it has."""
    if TROUVE in st.session_state:
        uai = st.session_state.pop(TROUVE)
        site = acces.chercher(acces.version(), departement).sites.get(uai)
        if site is not None:
            st.switch_page(
                cadre.page("etablissement"),
                query_params={"departement": departement, "site": site},
            )
    connus = acces.chercher(acces.version(), departement)
    st.selectbox(
        "Trouver un établissement",
        list(connus.libelles),
        index=None,
        format_func=connus.libelles.get,
        placeholder="Nom, commune ou UAI",
        key="recherche",
        on_change=_aller,
    )


def _aller() -> None:
    # a page can't be changed from here: the next run does
    st.session_state[TROUVE] = st.session_state["recherche"]
    st.session_state["recherche"] = None


def _choisir_departement() -> str:
    connus = acces.departements(acces.version())
    demande = st.query_params.get("departement")
    if demande is not None and demande not in connus:
        st.error(
            f"Le département « {demande} » n'est pas dans ces données. "
            f"Départements présents : {', '.join(connus)}."
        )
    actuel = cadre.departement()
    codes = list(connus)
    choisi = st.selectbox(
        "Département",
        codes,
        index=codes.index(actuel),
        format_func=lambda code: f"{connus[code]} ({code})",
    )
    if choisi != actuel:
        st.query_params.from_dict({"departement": choisi})
        st.rerun()
    return choisi
