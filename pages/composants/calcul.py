"""A computation on screen: launch, progress with a stop, result; found again by its address."""

import streamlit as st

from pages.composants import acces, cadre, deplacements
from pages.composants.hypotheses import Demande
from pipelines.base.textes import pourcentage
from pipelines.reports.libelles import libelle_doctrine
from pipelines.reports.proposition import VueProposition
from pipelines.scenarios import calculs
from pipelines.scenarios.calculs import Etat, Phase

# what the page promises is seen beside the map without scrolling; widths in pixels
ETROITES = {"Sites": 48, "Gagnent": 68, "Perdent": 64, "Avant": 54, "Après": 54}
PREMIERES = ["Catégorie", *ETROITES]


def lancer(departement: str, demande: Demande) -> None:
    """Start the computation and put its id in the address."""
    calcul_id = calculs.lancer(
        acces.base(),
        departement,
        graine=demande.graine,
        duree_max_s=demande.duree_max_s,
        hypotheses=demande.hypotheses,
    )
    st.query_params["calcul"] = calcul_id
    st.rerun()


def suivre(departement: str) -> None:
    """What the computation of the address has so far; the last ones when there is none."""
    calcul_id = st.query_params.get("calcul")
    if calcul_id is None:
        _derniers(departement)
        return
    etat = calculs.etat(calcul_id)
    if etat.demande["departement"] != departement:
        st.warning("Cette proposition est celle d'un autre département.")
    elif etat.phase == Phase.EN_COURS:
        _progression(calcul_id)
    elif etat.phase == Phase.TERMINE:
        _resultat(acces.lire_proposition(acces.version(), calcul_id), calcul_id)
    elif etat.phase == Phase.ECHEC:
        st.error((etat.erreur or "").replace("\n", "  \n"))
    else:
        st.error("Le calcul a été interrompu (machine arrêtée ?). Le relancer ci-dessus.")


@st.fragment(run_every="1s")
def _progression(calcul_id: str) -> None:
    etat = calculs.etat(calcul_id)
    if etat.phase != Phase.EN_COURS:
        st.rerun()
    avance = etat.avancement or {"fraction": 0.0, "message": "Préparation du problème"}
    st.progress(min(max(avance["fraction"], 0.0), 1.0), text=_texte(avance))
    if st.button("Arrêter et garder le meilleur plan"):
        calculs.arreter(calcul_id)
        st.toast("Arrêt demandé : le meilleur plan trouvé sera gardé.")


def _texte(avance: dict) -> str:
    valeur, borne = avance.get("valeur"), avance.get("borne")
    if not valeur or not borne:
        return avance["message"]
    ecart = pourcentage((valeur - borne) / valeur, 1)
    return f"{avance['message']} ; à {ecart} au plus du meilleur plan possible"


def _derniers(departement: str) -> None:
    finis = calculs.derniers(departement)
    if not finis:
        st.write(
            "Choisir les hypothèses, puis lancer le calcul. Il se poursuit si l'onglet est fermé, "
            "et se retrouve à la même adresse."
        )
        return
    st.markdown("##### Dernières propositions")
    for etat in finis:
        st.page_link(
            cadre.page("proposer"),
            label=_nom(etat),
            query_params={"departement": departement, "calcul": etat.calcul_id},
        )


def _nom(etat: Etat) -> str:
    h = etat.demande["hypotheses"]
    return (
        f"{etat.lancee_le:%d/%m/%Y à %H h %M} : {libelle_doctrine(h['doctrine'])}, "
        f"{h['sites_par_poste_max']} sites par poste, "
        f"{h['duree_trajet_max_min']} minutes"
    )


def _resultat(vue: VueProposition, calcul_id: str) -> None:
    st.markdown(f"#### {vue.phrase}")
    st.write(f"{vue.doctrine} {vue.preuve}")
    for note in vue.mises_en_garde:
        st.warning(note)
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
    *onglets, dernier = st.tabs(
        ["Secteurs", "Postes", "Sites", "Sans présence régulière", "Preuve", "Déplacements"]
    )
    with dernier:
        deplacements.montrer(calcul_id)
    for onglet, table, nom in zip(
        onglets,
        (vue.secteurs, vue.postes, vue.sites, vue.sans_presence, vue.etages),
        ("secteurs", "postes", "sites", "sans-presence", "preuve"),
        strict=True,
    ):
        with onglet:
            if table.empty:
                st.write(
                    "Tous les sites ont une présence régulière."
                    if nom == "sans-presence"
                    else "Ce plan ne donne de présence à aucun site."
                )
            else:
                cadre.table(table, f"{nom}-{calcul_id}")
