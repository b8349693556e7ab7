"""The points of vigilance on screen: each with its figure, its sites and its answer to edit."""

import streamlit as st

from pages.composants import cadre
from pages.composants.conflit import CONFLIT, Saisie, agir
from pipelines.reports.vigilance import MISE_EN_GARDE, Point, VueVigilance
from pipelines.scenarios import vigilance
from pipelines.scenarios.scenario import Scenario

BROUILLON = "brouillon-de-reponse"
EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class Paragraphe(Saisie):
    """An answer of several lines, drawn now, read when the button below it is hit."""

    def __init__(self, depart: str, cle: str, *, ferme: bool) -> None:
        self.cle = cle
        st.text_area("Réponse", value=depart, key=cle, height="content", disabled=ferme)


def montrer(scenario: Scenario, vue: VueVigilance) -> None:
    """Every point, then the file; what is a point, and what is not, is said first."""
    if not vue.points:
        st.write("Rien de ce qu'Atlas sait regarder n'est levé. Cela ne dit pas que tout est dit.")
    else:
        st.caption(MISE_EN_GARDE)
        for point in vue.points:
            _un_point(scenario, point)
        st.download_button(
            "Télécharger les points (Excel)",
            vue.classeur,
            file_name=f"vigilance-{scenario.scenario_id}.xlsx",
            mime=EXCEL,
            help="Avec les identifiants des postes : pour qui a le droit de les lire.",
        )
    if vue.note:
        st.caption(vue.note)


def _un_point(scenario: Scenario, point: Point) -> None:
    drapeau = point.drapeau
    with st.expander(f"**{drapeau.titre}** · {drapeau.chiffre}"):
        if drapeau.est_syndical:
            st.badge("Repère cité par des syndicats", color="gray")
        st.write(cadre.inerte(drapeau.constat))
        if drapeau.precisions:
            st.write("\n".join(f"- {cadre.inerte(p)}" for p in drapeau.precisions))
        cle = f"{drapeau.code}-{scenario.scenario_id}"
        if len(point.sites):
            cadre.table(point.sites, f"sites-{cle}", au_telechargement=("UAI",))
        if len(point.postes):
            cadre.table(point.postes, f"postes-{cle}")
        _reponse(scenario, point, cle)
        st.caption(f"Référence : {cadre.inerte(drapeau.reference)}.")


def _reponse(scenario: Scenario, point: Point, cle: str) -> None:
    """The answer, kept at a click; the one before it comes back at another.

    In a form: a text being written is not sent, and so not lost to what another keeps meanwhile.
    """
    ferme = not scenario.est_ouvert
    brouillon = st.session_state.get(f"{BROUILLON}-{cle}")
    if brouillon is not None:
        gardee = cadre.inerte(point.drapeau.reponse)
        st.info(
            f"Votre texte n'est pas gardé. La réponse actuelle, {_minuscule(point.origine)} :"
            f"\n\n{gardee}"
        )
    ici = (scenario.scenario_id, point.drapeau.code, point.numero, point.drapeau.titre)
    with st.form(f"point-{cle}", border=False):
        # an answer kept since gives a new area, with the new text, or the one not kept
        texte = Paragraphe(
            brouillon or point.drapeau.reponse, f"reponse-{cle}-{point.numero}", ferme=ferme
        )
        garder, annuler, qui = st.columns([3, 2, 6], vertical_alignment="center")
        garder.form_submit_button(
            "Garder cette réponse",
            key=f"garder-{cle}",
            on_click=_garder,
            args=(cle, ici, texte),
            disabled=ferme,
            width="stretch",
        )
        annuler.form_submit_button(
            "Annuler",
            key=f"annuler-{cle}",
            on_click=_annuler,
            args=(cle, ici),
            disabled=ferme or not point.est_annulable,
            help="Revient à la réponse d'avant, jusqu'à celle que propose Atlas.",
            width="stretch",
        )
        qui.caption(f"{cadre.inerte(point.origine)}.")


def _garder(cle: str, ici: tuple, texte: Paragraphe) -> None:
    """Keep an answer; its text stays at hand when another one was kept before it."""
    st.session_state.pop(f"{BROUILLON}-{cle}", None)
    if not agir(vigilance.repondre, *ici, texte) and CONFLIT in st.session_state:
        st.session_state[f"{BROUILLON}-{cle}"] = texte.lire()


def _annuler(cle: str, ici: tuple) -> None:
    st.session_state.pop(f"{BROUILLON}-{cle}", None)
    agir(vigilance.annuler, *ici)


def _minuscule(texte: str) -> str:
    return texte[:1].lower() + texte[1:]
