"""One scenario on screen: chosen, its state, its acts, its notes, its decisions, its journal."""

from datetime import date
from functools import partial

import streamlit as st

from pages.composants import acces, cadre, conflit
from pages.composants.acces import decider
from pages.composants.conflit import Saisie, agir
from pipelines.reports.scenarios import Fiche
from pipelines.scenarios import annotations, atelier, rejeu
from pipelines.scenarios.annotations import Instance, Sorte
from pipelines.scenarios.comparables import AUJOURD_HUI
from pipelines.scenarios.lecteurs import Lecteur
from pipelines.scenarios.scenario import Scenario

SUITES = {
    "ajuster": "Ajuster à la main",
    "comparer": "Comparer à aujourd'hui",
    "marges": "Voir ses marges",
    "vigilance": "Préparer les réponses",
    "dossier": "Faire le dossier",
}
INCONNU = (
    "Le scénario de cette adresse n'est pas parmi ceux de ce département. En choisir un dans la "
    "liste, ou vérifier l'adresse."
)


def choisir(noms: dict[str, str], titre: str = "Scénario") -> str:
    """The id of the scenario of the address, among `noms`, its choice being drawn.

    The last changed one when the address names none; the page ends when it names one not there.
    """
    return cadre.choisir(titre, noms, "scenario", next(iter(noms)), inconnu=INCONNU)


def avertir_de(scenario: Scenario) -> None:
    """What the last act met, then what to know before changing this scenario."""
    conflit.dire()
    avertir(decider.lire_scenario(scenario.scenario_id))


def montrer(fiche: Fiche) -> None:
    """All of a scenario, under its name."""
    scenario = fiche.scenario
    st.subheader(cadre.inerte(scenario.nom))
    st.markdown(f"**{scenario.statut.libelle.capitalize()}** · {fiche.phrase}")
    st.write(cadre.inerte(fiche.etat))
    avertir(fiche)
    _gestes(fiche)
    _suites(scenario)
    journal, notes, decisions = st.tabs(["Journal", "Notes", "Décisions"])
    with journal:
        cadre.table_a_lire(fiche.journal, f"journal-{scenario.scenario_id}")
    with notes:
        _notes(fiche)
    with decisions:
        _decisions(fiche)


def avertir(fiche: Fiche) -> None:
    """What to know before changing a scenario: presented, arrêté, or made on older data."""
    scenario = fiche.scenario
    if fiche.mise_en_garde:
        st.info(fiche.mise_en_garde)
    if not fiche.ecart:
        return
    st.warning(cadre.inerte(fiche.ecart))
    st.button(
        "Rejouer sur les données actuelles",
        on_click=agir,
        args=(_rejouer, scenario.scenario_id, scenario.version),
        disabled=not scenario.est_ouvert,
        help="Mêmes hypothèses, mêmes verrous. Un seul acte, qui s'annule.",
    )


def _rejouer(lecteur: Lecteur, scenario_id: str, version: int) -> Scenario:
    return rejeu.rejouer(lecteur, acces.base(), scenario_id, version).scenario


def _gestes(fiche: Fiche) -> None:
    """Undo, redo, status, name, derive: each with the version on screen."""
    scenario = fiche.scenario
    ici = (scenario.scenario_id, scenario.version)
    annuler, refaire, statut, renommer, deriver = st.columns(5)
    annuler.button(
        "Annuler",
        on_click=agir,
        args=(atelier.annuler, *ici),
        disabled=not (scenario.est_ouvert and scenario.peut_annuler),
        width="stretch",
    )
    refaire.button(
        "Rétablir",
        on_click=agir,
        args=(atelier.refaire, *ici),
        disabled=not (scenario.est_ouvert and scenario.peut_refaire),
        width="stretch",
    )
    with statut.popover("Statut", disabled=not fiche.suivants, width="stretch"):
        voulu = st.radio("Devient", list(fiche.suivants), format_func=fiche.suivants.get)
        st.button(
            "Changer le statut",
            on_click=agir,
            args=(atelier.changer_statut, *ici, voulu),
            type="primary",
        )
    with renommer.popover("Renommer", disabled=not scenario.est_ouvert, width="stretch"):
        nom = Saisie("Nouveau nom", scenario.nom, f"nom-{ici}")
        st.button("Renommer", on_click=agir, args=(atelier.renommer, *ici, nom), key="renommer")
    with deriver.popover("Dériver", width="stretch"):
        nom = Saisie("Nom du nouveau scénario", f"{scenario.nom} (suite)", f"suite-{ici}")
        st.button(
            "Dériver un scénario",
            on_click=partial(agir, dit="Nouveau scénario, au même plan."),
            args=(partial(atelier.deriver, version=scenario.version), scenario.scenario_id, nom),
            type="primary",
        )


def _suites(scenario: Scenario) -> None:
    """The ways on from a scenario: each opens a page on it."""
    ici = {"departement": scenario.departement, "scenario": scenario.scenario_id}
    with st.container(horizontal=True):
        for page, mots in SUITES.items():
            # a comparison names both of its sides
            autre = {"comparer": {"a": AUJOURD_HUI, "b": scenario.scenario_id}}.get(page, {})
            st.page_link(cadre.page(page), label=mots, query_params={**ici, **autre})


def _notes(fiche: Fiche) -> None:
    scenario = fiche.scenario
    cadre.table_ou(fiche.notes, f"notes-{scenario.scenario_id}", "Aucune note.")
    with st.form("note", clear_on_submit=True):
        site, poste = st.columns(2)
        site_id = site.selectbox("Site", list(fiche.sites), format_func=fiche.sites.get)
        poste_id = poste.selectbox("Poste", list(fiche.postes), format_func=fiche.postes.get)
        texte = st.text_area("Note")
        if st.form_submit_button("Ajouter la note", disabled=not scenario.est_ouvert):
            agir(
                partial(annotations.noter, site_id=site_id or None, poste_id=poste_id or None),
                scenario.scenario_id,
                texte,
            )
            st.rerun()
    _retraits(fiche, Sorte.NOTE, "une note")


def _decisions(fiche: Fiche) -> None:
    scenario = fiche.scenario
    cadre.table_ou(
        fiche.decisions, f"decisions-{scenario.scenario_id}", "Aucune décision n'est notée."
    )
    with st.form("decision", clear_on_submit=True):
        instance, tenue_le = st.columns(2)
        qui = instance.selectbox("Instance", list(Instance))
        quand = tenue_le.date_input("Réunie le", value=date.today(), format="DD/MM/YYYY")
        texte = st.text_area("Décision ou avis")
        if st.form_submit_button("Noter la décision", disabled=not scenario.est_ouvert):
            agir(annotations.decider, scenario.scenario_id, qui, quand, texte)
            st.rerun()
    _retraits(fiche, Sorte.DECISION, "une décision")


def _retraits(fiche: Fiche, sorte: Sorte, quoi: str) -> None:
    """Take a note or a decision out of sight, or put it back; nothing when there is none."""
    scenario = fiche.scenario
    for verbe, pieces, acte in (
        ("Retirer", fiche.retirables[sorte], annotations.retirer),
        ("Rétablir", fiche.retablissables[sorte], annotations.retablir),
    ):
        if not pieces or not scenario.est_ouvert:
            continue
        with st.popover(f"{verbe} {quoi}"):
            rang = st.selectbox(
                f"À {verbe.lower()}", list(pieces), format_func=pieces.get, key=f"{verbe}-{sorte}"
            )
            st.caption("Le journal en garde la trace, et l'on peut revenir dessus.")
            st.button(
                f"{verbe} {quoi.replace('une', 'cette')}",
                on_click=agir,
                args=(acte, scenario.scenario_id, sorte, rang),
            )
