"""A computation on screen: launch, progress with a stop, result; found again by its address."""

from functools import partial

import streamlit as st

from pages.composants import acces, cadre, conflit, deplacements, explication, suivi
from pages.composants.hypotheses import Demande
from pipelines.base.textes import pourcentage
from pipelines.reports.libelles import FINS_EN_MOTS
from pipelines.scenarios import atelier, calculs
from pipelines.scenarios.calculs import Etat

# what the page promises is seen beside the map without scrolling; widths in pixels
ETROITES = {"Sites": 48, "Gagnent": 68, "Perdent": 64, "Avant": 54, "Après": 54}
PREMIERES = ["Catégorie", *ETROITES]


def lancer(departement: str, demande: Demande) -> None:
    """Start the computation and put its id in the address."""
    suivi.lancer(SUITE, departement, demande, partial(calculs.lancer, acces.base()))


def suivre(departement: str) -> None:
    """What the computation of the address has so far; the last ones when there is none."""
    suivi.suivre(SUITE, departement, _derniers, _resultat)


def _avance(etat: Etat) -> tuple[float, str]:
    avance = etat.avancement or {"fraction": 0.0, "message": "Préparation du problème"}
    return avance["fraction"], _texte(avance)


def _texte(avance: dict) -> str:
    valeur, borne = avance.get("valeur"), avance.get("borne")
    if not valeur or not borne:
        return avance["message"]
    ecart = pourcentage((valeur - borne) / valeur, 1)
    return f"{avance['message']} ; à {ecart} au plus du meilleur plan possible"


SUITE = suivi.Suite(
    parametre="calcul",
    page="proposer",
    etat=calculs.etat,
    arreter=calculs.arreter,
    avance=_avance,
    d_un_autre="Cette proposition est celle d'un autre département.",
    bouton_d_arret="Arrêter et garder le meilleur plan",
    arret_demande="Arrêt demandé : le meilleur plan trouvé sera gardé.",
)


def _derniers(departement: str) -> None:
    finis = calculs.derniers(departement)
    if not finis:
        st.write(
            "Choisir les hypothèses, puis lancer le calcul. Il se poursuit si l'onglet est fermé, "
            "et se retrouve à la même adresse."
        )
        return
    st.markdown("##### Dernières propositions")
    suivi.liens(SUITE, departement, finis, _nom)


def _nom(etat: Etat) -> str:
    h = etat.demande["hypotheses"]
    doctrine = acces.choix_doctrines(acces.version_des_regles()).get(h["doctrine"], h["doctrine"])
    return (
        f"{etat.lancee_le:%d/%m/%Y à %H h %M} : {doctrine}, "
        f"{h['sites_par_poste_max']} sites par poste, "
        f"{h['duree_trajet_max_min']} minutes"
    )


def _garder(etat: Etat) -> None:
    """Keep the proposal as a scenario, and open it."""
    conflit.dire()
    with st.popover("Garder comme scénario"):
        nom = st.text_input("Nom du scénario", value=f"Proposition du {etat.lancee_le:%d/%m/%Y}")
        if st.button("Garder", type="primary"):
            conflit.agir(atelier.creer, nom, etat.dossier)
            if scenario_id := st.query_params.get("scenario"):
                departement = etat.demande["departement"]
                adresse = {"departement": departement, "scenario": scenario_id}
                st.switch_page(cadre.page("scenarios"), query_params=adresse)
            st.rerun()


def _resultat(etat: Etat) -> None:
    calcul_id = etat.calcul_id
    vue = acces.lire_proposition(acces.version(), acces.version_des_regles(), calcul_id)
    st.markdown(f"#### {vue.phrase}")
    st.write(f"{vue.doctrine} {vue.preuve}")
    for note in vue.mises_en_garde:
        st.warning(note)
    _garder(etat)
    gauche, droite = st.columns([7, 5], gap="medium")
    with gauche:
        st.plotly_chart(
            vue.carte,
            key="carte-secteurs",
            config={"scrollZoom": True, "displaylogo": False, "displayModeBar": False},
            alt="Carte des secteurs proposés ; le tableau des secteurs dit la même chose.",
        )
        st.caption(
            "Un trait relie la résidence d'un poste à chaque site de son secteur ; la couleur du "
            "site dit son rythme proposé, sa taille le besoin."
        )
    with droite:
        st.markdown("##### Gains et pertes par catégorie")
        st.dataframe(
            vue.categories,
            hide_index=True,
            height="content",
            column_order=[*PREMIERES, *(c for c in vue.categories if c not in PREMIERES)],
            column_config={
                "Catégorie": st.column_config.Column(width=165),
                **{c: st.column_config.Column(width=largeur) for c, largeur in ETROITES.items()},
            },
        )
        st.caption(
            "Avant, après : part du besoin couverte. Gagnent, perdent : sites. Un site compte dans "
            "chacune de ses catégories."
        )
    st.download_button(
        "Télécharger la proposition (Excel)",
        vue.classeur,
        file_name=f"proposition-{calcul_id}.xlsx",
    )
    tables = {
        "Secteurs": (vue.secteurs, "secteurs"),
        "Postes": (vue.postes, "postes"),
        "Sites": (vue.sites, "sites"),
        "Sans présence régulière": (vue.sans_presence, "sans-presence"),
        **({} if vue.transition.empty else {"Transition": (vue.transition, "transition")}),
        "Preuve": (vue.etages, "preuve"),
    }
    *onglets, dernier = st.tabs([*tables, "Déplacements"])
    with dernier, cadre.sur_place():
        deplacements.montrer(calcul_id)
    for onglet, (table, nom) in zip(onglets, tables.values(), strict=True):
        with onglet:
            if table.empty:
                st.write(
                    "Tous les sites ont une présence régulière."
                    if nom == "sans-presence"
                    else "Ce plan ne donne de présence à aucun site."
                )
            elif nom == "transition":
                cadre.table_a_lire(table, f"{nom}-{calcul_id}")
            else:
                cadre.table(table, f"{nom}-{calcul_id}")
            if nom == "preuve":
                st.caption(FINS_EN_MOTS)
    with cadre.sur_place():
        explication.section(calcul_id)
