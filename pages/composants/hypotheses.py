"""The form of the hypotheses, the same wherever a computation is asked for."""

from dataclasses import dataclass

import streamlit as st

from pages.composants import acces
from pages.composants.acces import comprendre, decider
from pipelines.scenarios.calculs import DUREE_PAR_DEFAUT_S, Hypotheses


@dataclass(frozen=True)
class Demande:
    """What the user asked for: hypotheses, seed, seconds of work, gap to stop at (0 to 1)."""

    hypotheses: Hypotheses
    graine: int
    duree_max_s: float
    ecart_vise: float | None


def formulaire(bouton: str, *, ouvert: bool, avec_doctrine: bool, note: str = "") -> Demande | None:
    """Draw the form; what it asks for once its button is pressed."""
    defaut = Hypotheses()
    doctrine = defaut.doctrine
    with st.expander("Hypothèses", expanded=ouvert), st.form("hypotheses", border=False):
        if avec_doctrine:
            noms = decider.choix_doctrines(acces.version_des_regles())
            doctrine = st.radio(
                "Doctrine : qui est servi d'abord",
                list(noms),
                index=list(noms).index(defaut.doctrine),
                format_func=noms.get,
                horizontal=True,
                help="Un choix de l'académie. La page « Doctrines » les compare.",
            )
        a, b = st.columns(2, vertical_alignment="bottom")
        baremes = comprendre.lire_baremes(acces.version_des_regles())
        bareme = a.selectbox(
            "Barème : le besoin de chaque site",
            list(baremes),
            index=list(baremes).index(defaut.bareme),
            format_func=baremes.get,
            help="La page « Besoins » compare les barèmes.",
        )
        pertes = comprendre.choix_pertes()
        perte = b.selectbox(
            "Transition : ce qu'un site peut perdre d'une année à l'autre",
            list(pertes),
            format_func=pertes.get,
            help="La plus grande perte d'un site sur sa présence d'aujourd'hui. La proposition s'y "
            "tient quand les moyens le permettent, et nomme les sites où elle ne l'a pas pu.",
        )
        a, b = st.columns(2)
        sites_max = a.number_input("Sites par poste, au plus", 1, 8, defaut.sites_par_poste_max)
        trajet_max = b.number_input(
            "Trajet aller, au plus (minutes)", 10, 120, defaut.duree_trajet_max_min, step=5
        )
        categories = comprendre.choix_categories(acces.version_des_regles())
        a, b = st.columns(2, vertical_alignment="bottom")
        a_part = a.multiselect(
            "Limite à part pour les postes en résidence dans un site de catégorie",
            list(categories),
            format_func=categories.get,
            placeholder="aucune catégorie",
            help="Par exemple Collège REP+ et 1 site : un poste en REP+ ne sert que son collège. "
            "La catégorie doit être l'une de celles du barème choisi.",
        )
        limite = b.number_input("Sites au plus pour ces postes", 1, 8, 1)
        a, b, c = st.columns([3, 6, 3], vertical_alignment="bottom")
        duree = a.number_input("Durée du calcul (secondes)", 5, 600, DUREE_PAR_DEFAUT_S, step=5)
        ecart = b.number_input(
            "S'arrêter dès que le plan est prouvé à moins de …\u202f% du meilleur",
            1,
            50,
            None,
            placeholder="aller au bout de la durée",
            help="Les objectifs sont cherchés l'un après l'autre. Avec 5, le calcul passe au "
            "suivant dès qu'aucun plan ne peut faire plus de 5\u202f% mieux sur celui-ci. Vide, il "
            "va au bout de la durée, ou jusqu'à prouver que le plan est le meilleur.",
        )
        graine = c.number_input("Graine (même graine, même plan)", 0, 9999, 1)
        a, b = st.columns(2)
        meme_bassin = a.checkbox("Aucun site hors du bassin du poste", defaut.meme_bassin)
        vacants = b.checkbox("Compter les postes vacants", defaut.compter_postes_vacants)
        residence = a.checkbox("Garder chaque poste à sa résidence", defaut.garder_residence)
        entiere = b.checkbox(
            "Présence entière",
            defaut.presence_entiere,
            help="Un site reçoit tout son besoin d'un seul poste, ou rien.",
        )
        if note:
            st.caption(note)
        if not st.form_submit_button(bouton, type="primary"):
            return None
    return Demande(
        Hypotheses(
            bareme=bareme,
            doctrine=doctrine,
            perte_max=perte,
            sites_par_poste_max=int(sites_max),
            duree_trajet_max_min=int(trajet_max),
            meme_bassin=meme_bassin,
            compter_postes_vacants=vacants,
            garder_residence=residence,
            sites_max_par_categorie={categorie: int(limite) for categorie in a_part},
            presence_entiere=entiere,
        ),
        graine=int(graine),
        duree_max_s=float(duree),
        ecart_vise=None if ecart is None else ecart / 100,
    )
