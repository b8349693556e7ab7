"""The form that adds a category to a text, and the list of those added so far."""

from dataclasses import replace

import streamlit as st

from pages.composants import cadre
from pages.composants.acces import comprendre
from pipelines.base.erreurs import AtlasError
from pipelines.scenarios.adaptations import Ajout, Criteres

PAR_LIGNE = 2
NOMBRE = {"min_value": 0.0, "step": 1.0, "format": "%g"}


def ajouts(regles: str, bareme: str, texte: str, cle: str) -> tuple[Ajout, ...]:
    """The categories added to `texte`, kept under `cle` until they are saved or given up."""
    nom = f"ajouts-{cle}"
    faits: tuple[Ajout, ...] = st.session_state.setdefault(nom, ())
    if faits:
        cadre.table_a_lire(comprendre.lire_ajouts(regles, bareme, texte, faits), nom)
        _retirer(nom, faits)
    st.write(
        "Une catégorie de l'académie s'ajoute à celles du texte. Tous les critères choisis doivent "
        "être remplis ; une donnée inconnue laisse le site « à savoir », jamais à non. Une "
        "condition plus longue s'écrit dans le fichier. Quand les moyens manquent, les doctrines "
        "livrées la pèsent comme une « catégorie ajoutée par un texte académique » (page Méthode)."
    )
    nouveau = _formulaire(regles, bareme, cle, len(faits))
    if nouveau is not None:
        try:
            comprendre.lire_ajouts(regles, bareme, texte, (*faits, nouveau))
        except AtlasError as refus:
            st.error(cadre.inerte(refus.message().replace("\n", "  \n")))
        else:
            st.session_state[nom] = (*faits, nouveau)
            st.rerun()
    return faits


def _retirer(nom: str, faits: tuple[Ajout, ...]) -> None:
    """The button that takes one of the added categories away."""
    gauche, droite = st.columns([9, 3], vertical_alignment="bottom")
    rang = gauche.selectbox(
        "Catégorie ajoutée", range(len(faits)), format_func=lambda i: faits[i].libelle
    )
    if droite.button("Retirer cette catégorie"):
        st.session_state[nom] = tuple(a for i, a in enumerate(faits) if i != rang)
        st.rerun()


def _formulaire(regles: str, bareme: str, cle: str, rang: int) -> Ajout | None:
    """The form; the category once it is sent. Each one added starts an empty form."""
    choix, unite = comprendre.choix_de_criteres(), comprendre.unite_des_categories(regles, bareme)
    with st.form(f"ajout-{cle}-{rang}", enter_to_submit=False):
        libelle = st.text_input("Nom de la catégorie", placeholder="Collège rural, IPS sous 95")
        types = st.multiselect(
            "Types de site (tous si rien n'est choisi)",
            list(choix.types),
            format_func=choix.types.get,
            placeholder="Choisir",
        )
        gauche, droite = st.columns(2, gap="medium")
        avec = gauche.multiselect(
            "Qui ont",
            list(choix.possessions),
            format_func=choix.possessions.get,
            placeholder="Choisir",
        )
        un_suffit = gauche.checkbox("Un seul de ceux-là suffit")
        sans = droite.multiselect(
            "Qui n'ont pas",
            list(choix.possessions),
            format_func=choix.possessions.get,
            placeholder="Choisir",
        )
        colonnes = st.columns(PAR_LIGNE, gap="medium")
        bornes = tuple(
            replace(borne, valeur=valeur)
            for i, borne in enumerate(choix.bornes)
            for valeur in [
                colonnes[i % PAR_LIGNE].number_input(
                    f"{borne.libelle} ({borne.unite})",
                    value=None,
                    placeholder="sans limite",
                    **NOMBRE,
                )
            ]
            if valeur is not None
        )
        reference = st.text_input(
            "Où elle est décidée",
            placeholder="Lettre du recteur du 15/01/2027, § 2",
        )
        resume = st.text_input("En nos mots", placeholder="Facultatif : le nom, à défaut")
        poids = (
            st.number_input(f"Poids dans ce barème ({unite[0]})", value=unite[1], **NOMBRE)
            if unite
            else None
        )
        prioritaire = st.checkbox("C'est une priorité", value=True)
        if not st.form_submit_button("Ajouter la catégorie"):
            return None
    criteres = Criteres(tuple(types), tuple(avec), tuple(sans), un_suffit, bornes)
    return Ajout(libelle, criteres, reference, poids, resume, prioritaire)
