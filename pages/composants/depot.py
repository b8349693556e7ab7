"""The deposit on screen: drop files, read what they would change, accept or refuse, go back."""

import hashlib
from collections.abc import Callable

import streamlit as st

from pages.composants import acces, cadre
from pipelines.base.erreurs import AtlasError
from pipelines.reports import donnees, modeles
from pipelines.reports.donnees import VueRapport
from pipelines.scenarios import depot

ESSAI = "depot-essai"
DEPOT, RETOUR = "depot-fait", "retour-fait"
"""Where what was done is told: beside the drop zone, or beside the versions."""
LARGEURS = {"Ce qui a été vu": 220, "Valeur": 150, "Que faire": 200, "Fichier": 150, "Colonne": 145}
# every count of the report is seen on a screen of 1024 pixels
LARGEURS_FICHIERS = {
    "Fichier": 130,
    "Reconnu comme": 160,
    "Millésime": 85,
    "Lignes lues": 80,
    "Gardées": 65,
    "Fusionnées": 78,
    "Écartées": 68,
}
# Streamlit's own words of the drop zone are English: hidden, and ours put in their place.
MOTS = """<style>
[data-testid='stFileUploaderDropzone'] button [data-testid='stMarkdownContainer'] {display: none}
[data-testid='stFileUploaderDropzone'] button > div::after {content: 'Choisir des fichiers'}
[data-testid='stFileUploaderDropzoneInstructions'] * {display: none}
[data-testid='stFileUploaderDropzoneInstructions']::after
  {content: 'ou les déposer ici : CSV, Excel ou GeoJSON, 200 Mo au plus chacun'}
[data-testid='stFileChipName'] + div {display: none}
</style>"""
# What is drawn by a style has no name for a screen reader, and the zone is drawn anew at each drop.
NOMS = """<script>
(() => {
  const nommer = () => {
    const zone = "[data-testid='stFileUploader']";
    for (const bouton of document.querySelectorAll(`${zone} button, ${zone} input`)) {
      const retire = bouton.closest("[data-testid='stFileChip']");
      const fichier = retire?.querySelector("[data-testid*='Name']")?.textContent ?? "";
      const nom = retire ? `Retirer ${fichier}`.trim() : "Choisir des fichiers";
      if (bouton.getAttribute("aria-label") !== nom) bouton.setAttribute("aria-label", nom);
    }
  };
  nommer();
  window.atlasNoms ??= new MutationObserver(nommer);
  window.atlasNoms.observe(document.body, {childList: true, subtree: true});
})();
</script>"""


def deposer() -> None:
    """The drop zone, then the report on what was dropped."""
    _dire(DEPOT)
    st.html(MOTS + NOMS, unsafe_allow_javascript=True)
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
            acces.modeles_excel,
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
            vue = acces.examiner_depot(acces.version(), cle, de_zero, fichiers)
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
    for titre, table, nom, largeurs in (
        (
            "Ce que les fichiers déposés contiennent",
            vue.fichiers,
            "depot-fichiers",
            LARGEURS_FICHIERS,
        ),
        ("Ce qui changerait", vue.differences, "depot-changements", None),
        (
            "Anomalies de ces fichiers, et celles qu'ils causent",
            vue.anomalies,
            "depot-anomalies",
            LARGEURS,
        ),
    ):
        if not table.empty:
            st.markdown(f"###### {titre}")
            cadre.table(table, nom, largeurs=largeurs)


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
