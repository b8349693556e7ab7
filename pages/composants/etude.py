"""The studies of a proposal on screen: chosen, launched, followed, stopped, read."""

from functools import partial

import streamlit as st

from pages.composants import acces, cadre, suivi, version_etudiee
from pages.composants.acces import decider
from pipelines.reports.marges import Vue
from pipelines.scenarios import etudes
from pipelines.scenarios.etudes import Nature
from pipelines.scenarios.processus import Phase

SECTIONS = {
    Nature.MARGES: "±0,5 ETP",
    Nature.FRONTIERE: "Changements et équité",
    Nature.NEGOCIATION: "Négociation",
    Nature.ABSENCES: "Absences",
}
QUESTIONS = {
    Nature.MARGES: "Que vaut un demi-poste de plus ou de moins, et où ?",
    Nature.FRONTIERE: "Jusqu'où peut-on limiter les changements, et que coûte l'équité ?",
    Nature.NEGOCIATION: "Quelles affectations pourraient changer sans perte ?",
    Nature.ABSENCES: "Que découvre une absence, et qui relaie ?",
}
IMAGES = {
    Nature.MARGES: "Courbe du manque de présence selon les moyens",
    Nature.FRONTIERE: "Courbe du manque de présence selon le budget de changements",
    Nature.NEGOCIATION: "Demi-journées de chaque poste selon leur marge de négociation",
    Nature.ABSENCES: "Demi-journées que découvre l'absence de chaque poste",
}
LIGNES_MONTREES = 20  # of a table of sentences, before one asks for all
# what such a table leaves to its download, so that its sentences have room
AU_TELECHARGEMENT = ("Postes à portée", "Leur temps libre (½ j. par cycle)")
# columns of sentences: their table is read whole, and not in a grid
PHRASES = {"Gagnent", "Relais", "Demi-poste", "Ce que ferait le plan sans elle"}


def suivre(departement: str) -> None:
    """The studies of the scenario or proposal of the address, or of the last one."""
    choix = decider.plans_gardes(departement)
    if not choix:
        st.info(
            "Aucune proposition encore pour ce département. En calculer une, puis revenir ici : "
            "les études partent d'une proposition ou d'un scénario."
        )
        st.page_link(
            cadre.page("proposer"),
            label="Proposer une répartition",
            query_params={"departement": departement},
        )
        return
    gauche, droite = st.columns([7, 5], vertical_alignment="bottom")
    with gauche:
        scenario_id = st.query_params.get("scenario")
        defaut = scenario_id if scenario_id in choix else next(iter(choix))
        calcul_id = cadre.choisir("Scénario ou proposition", choix, "calcul", defaut)
    with droite:
        codes = {n.value: SECTIONS[n] for n in Nature}
        nature = Nature(cadre.choisir("Étude", codes, "etude", Nature.MARGES.value))
    st.markdown(f"#### {QUESTIONS[nature]}")
    version_etudiee.annoncer(calcul_id, nature)
    dossier = version_etudiee.dossier(calcul_id, nature)
    etat = etudes.etat(dossier, nature)
    if etat.phase in (Phase.EN_ATTENTE, Phase.EN_COURS):
        _progression(departement, calcul_id, nature)
        _en_cours(calcul_id, nature)
        return
    if etat.phase == Phase.ECHEC:
        st.error((etat.erreur or "").replace("\n", "  \n"))
    elif etat.phase == Phase.INTERROMPU:
        st.error("Le calcul a été interrompu (machine arrêtée ?). Le relancer.")
    vue = decider.lire_etude(acces.version(), str(dossier), nature, etudes.marque(dossier, nature))
    if vue is None:
        st.write(
            "Cette étude n'a pas été faite pour ce plan. Elle prend de quelques secondes "
            "à quelques minutes, se poursuit si l'onglet est fermé, et se garde avec lui."
        )
    else:
        _montrer(vue, f"{nature}-{calcul_id}", IMAGES[nature])
    if vue is None or vue.est_incomplete:
        mot = "Lancer cette étude" if vue is None else "Reprendre depuis le début"
        if st.button(mot, type="primary" if vue is None else "secondary"):
            etudes.lancer(acces.lecteur(), dossier, nature, departement=departement)
            st.rerun()


@st.fragment(run_every="1s")
def _progression(departement: str, calcul_id: str, nature: Nature) -> None:
    dossier = version_etudiee.dossier(calcul_id, nature)
    etat = etudes.etat(dossier, nature)
    if etat.phase == Phase.EN_ATTENTE:
        retirer = partial(etudes.arreter, acces.lecteur(), dossier, nature, departement)
        suivi.attendre(etat.rang, retirer)
        return
    if etat.phase != Phase.EN_COURS:
        st.rerun()
    st.progress(etat.fraction, text=etat.message or "Préparation")
    if st.button("Arrêter et garder ce qui est fait"):
        etudes.arreter(acces.lecteur(), dossier, nature, departement)
        st.toast("Arrêt demandé : ce qui est fait sera gardé.")


@st.fragment(run_every="10s")
def _en_cours(calcul_id: str, nature: Nature) -> None:
    """What the study at work has so far."""
    dossier = version_etudiee.dossier(calcul_id, nature)
    marque = etudes.marque(dossier, nature)
    vue = decider.lire_etude(acces.version(), str(dossier), nature, marque)
    if vue is not None and vue.est_incomplete:
        _montrer(vue, f"{nature}-{calcul_id}", IMAGES[nature])


def _montrer(vue: Vue, nom: str, image: str) -> None:
    st.markdown(f"##### {cadre.inerte(vue.phrase)}")
    for phrase in vue.details:
        st.write(cadre.inerte(phrase))
    if vue.figure is not None:
        st.plotly_chart(
            vue.figure,
            key=f"figure-{nom}",
            config={"displaylogo": False, "displayModeBar": False},
            alt=f"{image} ; le premier tableau dit la même chose.",
        )
    if vue.tables:
        st.download_button(
            "Télécharger l'étude (Excel)", vue.classeur, file_name=f"{nom}.xlsx", key=f"excel-{nom}"
        )
    onglets = st.tabs(list(vue.tables)) if vue.tables else []
    for rang, (onglet, table) in enumerate(zip(onglets, vue.tables.values(), strict=True)):
        with onglet:
            if PHRASES & set(table):
                cadre.table_a_lire(
                    table,
                    f"{rang}-{nom}",
                    au_telechargement=tuple(c for c in AU_TELECHARGEMENT if c in table),
                    premieres=LIGNES_MONTREES,
                )
            else:
                cadre.table(table, f"{rang}-{nom}")
    if vue.note:
        with st.expander("Méthode"):
            st.write(vue.note)
