"""The deposit on screen: drop files, read what they would change, accept or refuse, go back."""

import hashlib
from collections.abc import Callable

import streamlit as st

from pages.composants import acces, cadre, zone_de_depot
from pages.composants.acces import regarder
from pipelines.base.erreurs import AtlasError
from pipelines.reports import donnees, modeles
from pipelines.reports.donnees import VueRapport
from pipelines.scenarios import depot

ESSAI = "depot-essai"
DEPOT, RETOUR = "depot-fait", "retour-fait"
"""Where what was done is told: beside the drop zone, or beside the versions."""
AU_TELECHARGEMENT = ("Source", "Conséquence")


def deposer() -> None:
    """The drop zone, then the report on what was dropped."""
    _dire(DEPOT)
    zone_de_depot.en_francais("CSV, Excel ou GeoJSON")
    essai = st.session_state.setdefault(ESSAI, 0)
    gauche, droite = st.columns([8, 4], gap="medium", vertical_alignment="bottom")
    deposes = gauche.file_uploader(
        "Nouveaux fichiers : rien ne change avant votre accord",
        accept_multiple_files=True,
        key=f"depot-{essai}",
    )
    with droite:
        st.download_button(
            "Modèles Excel à remplir",
            regarder.modeles_excel,
            file_name=modeles.ARCHIVE,
            mime="application/zip",
            on_click="ignore",
        )
        de_zero = st.checkbox("Repartir de ces seuls fichiers")
    if not deposes:
        return
    fichiers = [(f.name, f.getvalue()) for f in deposes]
    cle = hashlib.sha256(b"".join(_cle(*f) for f in fichiers)).hexdigest()
    try:
        with st.spinner("Lecture des fichiers : rien n'est encore changé…"):
            vue = regarder.examiner_depot(acces.version(), cle, de_zero, fichiers)
    except AtlasError as erreur:
        st.error(cadre.inerte(erreur.message().replace("\n", "  \n")))
        return
    st.markdown(f"##### {vue.phrase}")
    if vue.erreurs:
        st.error(cadre.inerte("  \n".join(vue.erreurs)))
    if vue.notes:
        st.write(cadre.inerte(" ".join(vue.notes)))
    choix = st.container(horizontal=True)
    if choix.button("Accepter et reconstruire", type="primary", disabled=not vue.est_acceptable):
        _accepter(vue, fichiers, de_zero)
    if choix.button("Refuser"):
        _fin(DEPOT, "Rien n'a été changé, et rien n'a été gardé de ces fichiers.")
    _tables(vue)


def revenir() -> None:
    """The accepted states, and the way back to one of them."""
    _dire(RETOUR)
    versions = depot.versions(acces.base())
    if not versions:
        st.write(
            "Aucun fichier n'a encore été déposé ici. Au premier dépôt accepté, les données "
            "actuelles seront gardées comme première version."
        )
        return
    cadre.table_a_lire(donnees.table_versions(versions), "versions")
    autres = [v.numero for v in versions if not v.est_en_service]
    if not autres:
        return
    choix, bouton, _ = st.columns([3, 4, 5], vertical_alignment="bottom")
    numero = choix.selectbox(
        "Version à remettre en service", autres, format_func="Version {}".format
    )
    if bouton.button("Revenir à cette version"):
        with st.spinner(f"Reconstruction de la version {numero}…"):
            _tenter(RETOUR, lambda: depot.revenir(acces.base(), numero))


def _cle(nom: str, contenu: bytes) -> bytes:
    return nom.encode() + hashlib.sha256(contenu).digest()


def _tables(vue: VueRapport) -> None:
    for titre, table, nom, au_telechargement in (
        ("Ce que les fichiers déposés contiennent", vue.fichiers, "depot-fichiers", ()),
        ("Ce qui changerait", vue.differences, "depot-changements", ()),
        (
            "Anomalies de ces fichiers, et celles qu'ils causent",
            vue.anomalies,
            "depot-anomalies",
            AU_TELECHARGEMENT,
        ),
    ):
        if not table.empty:
            st.markdown(f"###### {titre}")
            cadre.table(table, nom, au_telechargement=au_telechargement)


def _accepter(vue: VueRapport, fichiers: list[tuple[str, bytes]], de_zero: bool) -> None:
    with st.spinner("Reconstruction : les autres pages montrent les données actuelles…"):
        _tenter(
            DEPOT,
            lambda: depot.accepter(
                acces.base(), fichiers, actuel=vue.actuel, repartir_de_zero=de_zero
            ),
        )


def _tenter(place: str, action: Callable[[], depot.Version]) -> None:
    """Do it and say so; a refusal is told here, and what was dropped stays on screen."""
    try:
        version = action()
    except AtlasError as erreur:
        st.error(cadre.inerte(erreur.message().replace("\n", "  \n")))
    else:
        _fin(place, f"La version {version.numero} est en service. {version.motif}.")


def _fin(place: str, message: str) -> None:
    st.session_state[place] = message
    st.session_state[ESSAI] = st.session_state.get(ESSAI, 0) + 1
    st.rerun()


def _dire(place: str) -> None:
    if fait := st.session_state.pop(place, None):
        st.success(cadre.inerte(fait))
