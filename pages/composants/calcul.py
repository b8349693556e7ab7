"""A computation on screen: launch, progress with a stop, result; found again by its address."""

from functools import partial

import streamlit as st

from pages.composants import acces, cadre, conflit, deplacements, explication, suivi
from pages.composants.acces import decider
from pages.composants.hypotheses import Demande
from pipelines.reports.libelles import FINS_EN_MOTS
from pipelines.scenarios import atelier, calculs
from pipelines.scenarios.calculs import Etat

A_LIRE = {"categories", "transition"}  # tables read whole, every word of them
# of the others: the columns a narrow window leaves to the download, its rows no higher than a line
SI_PLACE = {"secteurs": ("Rythme", "Commune"), "sites": ("Commune",)}


def lancer(departement: str, demande: Demande) -> None:
    """Start the computation and put its id in the address."""
    suivi.lancer(
        SUITE, departement, demande, partial(calculs.lancer, acces.lecteur(), acces.base())
    )


def suivre(departement: str) -> None:
    """What the computation of the address has so far; the last ones when there is none."""
    suivi.suivre(SUITE, departement, _derniers, _resultat)


def _avance(etat: Etat) -> tuple[float, str]:
    return suivi.avance_du_solveur(etat.avancement)


SUITE = suivi.Suite(
    parametre="calcul",
    page="proposer",
    etat=lambda calcul_id: calculs.etat(acces.lecteur(), calcul_id),
    arreter=lambda calcul_id: calculs.arreter(acces.lecteur(), calcul_id),
    avance=_avance,
    d_un_autre="Cette proposition est celle d'un autre département.",
    bouton_d_arret="Arrêter et garder le meilleur plan",
    arret_demande="Arrêt demandé : le meilleur plan trouvé sera gardé.",
)


def _derniers(departement: str) -> None:
    finis = calculs.derniers(acces.lecteur(), departement)
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
    doctrine = decider.choix_doctrines(acces.version_des_regles()).get(h["doctrine"], h["doctrine"])
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
            if conflit.agir(atelier.creer, nom, etat.dossier):
                departement = etat.demande["departement"]
                adresse = {"departement": departement, "scenario": st.query_params["scenario"]}
                st.switch_page(cadre.page("scenarios"), query_params=adresse)
            st.rerun()


def _resultat(etat: Etat) -> None:
    calcul_id = etat.calcul_id
    vue = decider.lire_proposition(acces.version(), acces.version_des_regles(), calcul_id)
    st.markdown(f"#### {vue.phrase}")
    st.write(f"{vue.doctrine} {vue.preuve}")
    for note in vue.mises_en_garde:
        st.warning(note)
    _garder(etat)
    gauche, droite = st.columns([7, 5], gap="medium")
    with gauche:
        carte = st.plotly_chart(
            vue.carte,
            key=f"carte-secteurs-{calcul_id}",
            on_select="rerun",
            selection_mode="points",
            config={"scrollZoom": True, "displaylogo": False, "displayModeBar": False},
            alt="Carte des secteurs proposés ; le tableau des secteurs dit la même chose.",
        )
        st.caption(
            "Un trait relie la résidence d'un poste à chaque site de son secteur ; la couleur du "
            "site dit son rythme proposé, sa taille le besoin."
        )
        uai = cadre.uai_pris(carte, "la carte")
    with droite:
        st.markdown("##### Gains et pertes par catégorie")
        cadre.table_a_lire(vue.bilan, f"bilan-{calcul_id}", nombres=list(vue.bilan)[1:])
        st.caption("Un site compte dans chacune de ses catégories.")
    st.download_button(
        "Télécharger la proposition (Excel)",
        vue.classeur,
        file_name=f"proposition-{calcul_id}.xlsx",
    )
    tables = {
        "Secteurs": (vue.secteurs, "secteurs", ("Statut", "Quotité (ETP)", "UAI")),
        "Postes": (vue.postes, "postes", ()),
        "Sites": (vue.sites, "sites", ("Catégories prioritaires", "UAI")),
        "Catégories": (vue.categories, "categories", ()),
        "Sans présence régulière": (vue.sans_presence, "sans-presence", ()),
        **({} if vue.transition.empty else {"Transition": (vue.transition, "transition", ())}),
        "Preuve": (vue.etages, "preuve", ()),
    }
    *onglets, dernier = st.tabs([*tables, "Déplacements"])
    with dernier, cadre.sur_place():
        deplacements.montrer(calcul_id)
    for onglet, (table, nom, au_telechargement) in zip(onglets, tables.values(), strict=True):
        montree = cadre.du_site(table, uai)
        with onglet:
            if table.empty:
                st.write(
                    "Tous les sites ont une présence régulière."
                    if nom == "sans-presence"
                    else "Ce plan ne donne de présence à aucun site."
                )
            elif montree.empty:
                st.write("Rien ici sur le site choisi.")
            elif nom in A_LIRE:
                cadre.table_a_lire(montree, f"{nom}-{calcul_id}")
            else:
                cadre.table(
                    montree,
                    f"{nom}-{calcul_id}",
                    au_telechargement=au_telechargement,
                    si_place=SI_PLACE.get(nom, ()),
                )
            if nom == "preuve":
                st.caption(FINS_EN_MOTS)
    with cadre.sur_place():
        explication.section(calcul_id)
