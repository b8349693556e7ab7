"""The tables that adapt rules, the form that saves them, and what the académie has saved."""

from collections.abc import Callable
from datetime import date
from functools import partial

import pandas as pd
import streamlit as st

from pages.composants import cadre, fenetre, largeurs, zone_de_depot
from pipelines.base.erreurs import AtlasError
from pipelines.reports.adaptation import AUTEUR, RegleLocale, VueDepart, VueLocales
from pipelines.scenarios import adaptations
from pipelines.scenarios.adaptations import Adaptation

ESSAI, FAIT = "adapter-essai", "adapter-fait"
# in pixels; a reference has what the other columns leave, and rows show it whole
HAUTEUR_MAX, EN_TETE, ICONE = 480, 40, 24
LIGNES_MAX = 8


def essai() -> int:
    """Changes when the edits are given up: the tables start anew."""
    return st.session_state.setdefault(ESSAI, 0)


def dire() -> None:
    """What was just done, once."""
    if fait := st.session_state.pop(FAIT, None):
        st.success(cadre.inerte(fait))


def revenir_au_depart() -> None:
    """The button that undoes every edit."""
    if st.button("Revenir au départ"):
        _recommencer("Tous les changements sont effacés ; rien n'a été enregistré.")


def nombres(table: pd.DataFrame, cle: str) -> pd.DataFrame:
    """Numbers to edit, with who chose each; the table as edited."""
    if table.empty:
        st.write("Les conditions de ce texte ne lisent aucun seuil.")
        return table
    prises = {table.columns[0]: 150, "Valeur": 56 + ICONE, "Unité": 105, AUTEUR: 105 + ICONE}
    return _editer(
        table,
        cle,
        prises,
        {
            "Valeur": partial(st.column_config.NumberColumn, format="localized", required=True),
            "Référence": partial(st.column_config.TextColumn, "Référence au départ"),
        },
        modifiables=("Valeur", AUTEUR),
    )


def libelles(table: pd.DataFrame, cle: str) -> pd.DataFrame:
    """The names of categories to edit; the table as edited."""
    return _editer(
        table,
        cle,
        {"Libellé": 156 + ICONE, "Ce que dit la règle": 230},
        {"Libellé": partial(st.column_config.TextColumn, required=True)},
        modifiables=("Libellé",),
    )


def enregistrer(changements: Adaptation, depart: VueDepart, a_justifier: list[str]) -> None:
    """The form that saves, and asks before it replaces."""
    st.markdown("### Enregistrer pour l'académie")
    if a_justifier:
        st.info(
            f"Il reste à dire qui a choisi : {', '.join(a_justifier)}. Remplir « Qui a choisi ces "
            "nombres », en haut, ou la case de chaque ligne."
        )
    gauche, milieu, droite = st.columns([3, 6, 3], gap="medium")
    code = gauche.text_input("Code", placeholder="mon_academie_2027", key=f"code-{essai()}").strip()
    titre = milieu.text_input(
        "Titre", placeholder=f"{depart.libelle}, choix du recteur", key=f"titre-{essai()}"
    )
    jour = droite.date_input("En vigueur le", date.today(), format="DD/MM/YYYY")
    resume = st.text_area(
        "Ce que ce barème choisit, en une phrase",
        depart.resume,
        height=90,
        key=f"resume-{changements.bareme}-{essai()}",
    )
    deja = adaptations.existants(code)
    remplacer = bool(deja) and st.checkbox(f"Remplacer le {' et le '.join(deja)}")
    if st.button("Enregistrer", type="primary", disabled=bool(deja) and not remplacer):
        _tenter(
            lambda: adaptations.enregistrer(
                changements, code, titre, resume, jour, remplacer=remplacer
            ),
            "Enregistré : {}. Il est proposé dès maintenant sur les pages Besoins et Proposer, et "
            "son texte sur la page Priorités.",
        )


def locales(vue: VueLocales) -> None:
    """What the académie has saved: to download, to bring from elsewhere, to remove."""
    if vue.fichiers:
        cadre.table_a_lire(vue.table, "regles-de-l-academie")
        _un_fichier(vue.fichiers)
    else:
        st.write(
            "L'académie n'a pas encore de règles à elle. Enregistrer une adaptation ci-dessus, "
            "ou déposer ci-dessous les fichiers d'un autre ordinateur."
        )
    with st.expander("Déposer des fichiers de règles (TOML)"):
        zone_de_depot.en_francais("TOML")
        deposes = st.file_uploader(
            "Textes, barèmes et doctrines",
            type="toml",
            accept_multiple_files=True,
            key=f"regles-deposees-{essai()}",
        )
        remplacer = st.checkbox("Remplacer ceux qui portent le même code")
        if st.button("Ajouter ces fichiers", disabled=not deposes):
            fichiers = [(f.name, f.getvalue()) for f in deposes]
            _tenter(lambda: adaptations.importer(fichiers, remplacer=remplacer), "Ajouté : {}.")


def _un_fichier(fichiers: list[RegleLocale]) -> None:
    gauche, milieu, droite = st.columns([5, 3, 4], gap="medium", vertical_alignment="bottom")
    choisi = gauche.selectbox("Règles", fichiers, format_func=lambda f: f.intitule)
    milieu.download_button(
        "Télécharger (TOML)",
        choisi.contenu,
        file_name=f"{choisi.dossier}-{choisi.fichier}",
        mime="application/toml",
        on_click="ignore",
    )
    with droite.popover("Supprimer"):
        st.write(f"Le {choisi.intitule} sera effacé. Le télécharger d'abord permet d'y revenir.")
        if st.button("Supprimer pour de bon"):

            def supprimer() -> list[str]:
                adaptations.supprimer(choisi.dossier, choisi.code)
                return [choisi.intitule]

            _tenter(supprimer, "Supprimé : {}.")


def _editer(
    table: pd.DataFrame,
    cle: str,
    prises: dict[str, int],
    colonnes: dict[str, partial],
    *,
    modifiables: tuple[str, ...],
) -> pd.DataFrame:
    """`prises`: the widths of all columns but the last, the reference, which has the rest."""
    reste = largeurs.place(fenetre.palier()) - sum(prises.values())
    mises = {**prises, "Référence": reste}
    hauteur = largeurs.hauteur(table[[*mises]], mises, LIGNES_MAX)
    return st.data_editor(
        table,
        key=cle,
        hide_index=True,
        num_rows="fixed",
        disabled=[c for c in table.columns if c not in modifiables],
        column_config={
            c: colonnes.get(c, st.column_config.TextColumn)(width=w) for c, w in mises.items()
        },
        row_height=hauteur,
        height=min(EN_TETE + hauteur * len(table), HAUTEUR_MAX),
    )


def _tenter(action: Callable[[], list[str]], message: str) -> None:
    """Do it and say so; a refusal is told here, and the edits stay on screen."""
    try:
        faits = action()
    except AtlasError as refus:
        st.error(cadre.inerte(refus.message().replace("\n", "  \n")))
    else:
        _recommencer(message.format(" et ".join(faits)))


def _recommencer(message: str) -> None:
    st.session_state[FAIT] = message
    st.session_state[ESSAI] = essai() + 1
    st.rerun()
