"""The plan of a scenario on screen, and the gestures on it: shown before they are kept."""

import math
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.composants import cadre, fenetre, largeurs
from pages.composants.acces import decider
from pages.composants.conflit import agir
from pipelines.base import reference
from pipelines.reports import ajuster
from pipelines.reports.ajuster import VueAjuster, VueRegles
from pipelines.scenarios import ajustements
from pipelines.scenarios.ajustements import Geste, Nature, Portee
from pipelines.scenarios.scenario import Scenario

PRESENCE, CONFIER, VERROU = "Présence", "Confier à un autre", "Verrou"
VERROUS = {
    Nature.FIXER: "Fixer la présence (poste et durée)",
    Nature.IMPOSER: "Imposer le lien (durée libre)",
    Nature.INTERDIRE: "Interdire le lien",
    Nature.DEVERROUILLER: "Lever le verrou",
}
TOUS = {
    Nature.TOUT_FIXER: "Fixer les présences",
    Nature.TOUT_IMPOSER: "Imposer les liens",
    Nature.TOUT_DEVERROUILLER: "Lever les verrous",
}
PORTEES = {
    Portee.TOUT: "Tout le plan",
    Portee.BASSIN: "Un bassin",
    Portee.CATEGORIE: "Une catégorie",
}
HAUTEUR, HAUTEUR_DE_LIGNE = 520, 62
# in pixels; a site has the rest, over two lines where a long name does not hold on one
LARGEURS = {"Poste": 95, "½ j. par cycle": 74, "Besoin": 60, "Verrou": 78}
RYTHME, NOM_ENTIER = 165, 260
# a window from here on has the establishment beside the plan; a narrower one, above it
COTE_A_COTE = 1280
COLONNES = (7, 5)


def montrer(scenario: Scenario, vue: VueAjuster) -> None:
    """The plan, and beside or above it the establishment picked there; its verdict below both."""
    if fenetre.palier() >= COTE_A_COTE:
        a_gauche, a_droite = st.columns(COLONNES, gap="medium")
    else:
        a_droite, a_gauche = st.container(), st.container()
    dessous = st.container()
    with a_gauche:
        _plan(scenario, vue)
    if vue.est_ouvert:
        with a_droite:
            _etablissement(scenario, vue, dessous)


def _plan(scenario: Scenario, vue: VueAjuster) -> None:
    """The map of the sectors and the plan line by line: a click on either picks the site."""
    carte, liste = f"carte-ajuster-{scenario.scenario_id}", f"liste-ajuster-{scenario.scenario_id}"
    sur_la_carte, en_liste = st.tabs(["Carte", "Liste"])
    with sur_la_carte:
        st.plotly_chart(
            vue.carte,
            key=carte,
            on_select=lambda: _choisir_point(carte),
            selection_mode="points",
            config={"scrollZoom": True, "displaylogo": False, "displayModeBar": False},
            alt="Carte des secteurs du scénario ; l'onglet « Liste » dit la même chose.",
        )
        st.caption(
            "Un trait relie la résidence d'un poste à chaque site de son secteur ; la couleur du "
            "site dit son rythme, sa taille le besoin. Un clic sur un site le choisit."
        )
    with en_liste:
        _liste(vue, liste)
        cadre.telecharger(
            vue.plan.drop(columns=["site_id", "poste_id"]), f"plan-{scenario.scenario_id}"
        )


def _liste(vue: VueAjuster, cle: str) -> None:
    """The presences; in words too, where the window has room beside the names."""
    place = largeurs.place(fenetre.palier())
    if fenetre.palier() >= COTE_A_COTE:
        place = math.floor(place * COLONNES[0] / sum(COLONNES))
    site = place - largeurs.CASES - sum(LARGEURS.values())
    voulues = {"Site": site, **LARGEURS}
    if site - RYTHME >= NOM_ENTIER:
        voulues |= {"Site": site - RYTHME, "Rythme": RYTHME}
    titres = {"½ j. par cycle": "Présence"}
    st.dataframe(
        vue.plan,
        hide_index=True,
        height=HAUTEUR,
        key=cle,
        on_select=lambda: _choisir_ligne(cle, vue),
        selection_mode="single-row",
        row_height=None if site >= NOM_ENTIER else HAUTEUR_DE_LIGNE,
        column_order=list(voulues),
        column_config={
            n: st.column_config.Column(titres.get(n), width=w) for n, w in voulues.items()
        },
    )
    st.caption(
        "Cocher une ligne choisit son établissement. Présence et besoin en demi-journées par "
        f"cycle de 4 semaines. {vue.origine_des_verrous}"
    )


def _choisir_point(cle: str) -> None:
    for point in st.session_state[cle]["selection"]["points"]:
        if donnee := point.get("customdata"):
            st.query_params["site"] = donnee[0] if isinstance(donnee, list) else donnee
            return


def _choisir_ligne(cle: str, vue: VueAjuster) -> None:
    rangs = st.session_state[cle]["selection"]["rows"]
    if rangs:
        st.query_params["site"] = vue.plan.iloc[rangs[0]]["site_id"]


def _etablissement(scenario: Scenario, vue: VueAjuster, dessous: DeltaGenerator) -> None:
    """One establishment, one gesture, its verdict before it is kept; its tables go to `dessous`."""
    codes = list(vue.sites)
    demande = st.query_params.get("site")
    site_id = st.selectbox(
        "Établissement : présence sur besoin",
        codes,
        index=codes.index(demande) if demande in vue.sites else None,
        format_func=vue.sites.get,
        placeholder="Chercher un nom ou un UAI",
    )
    if site_id is None:
        st.caption("Choisir un établissement pour changer sa présence, son poste ou ses verrous.")
        return
    if site_id != demande:
        st.query_params["site"] = site_id
    site = ajuster.site(scenario, site_id)
    st.write(cadre.phrase(site.phrase))
    quoi = st.radio("Changer", [PRESENCE, CONFIER, VERROU], horizontal=True)
    with cadre.sur_place():
        if quoi == CONFIER:
            geste = _confier(scenario, site_id, site, dessous)
        else:
            geste = {PRESENCE: _presence, VERROU: _verrou}[quoi](scenario, site_id, site)
        if geste is not None:
            _essai(scenario, geste, dessous)


def _poste(scenario: Scenario, site_id: str, site: ajuster.VueSite, titre: str) -> str:
    postes = {**site.postes, **site.autres}
    return st.selectbox(
        titre, list(postes), format_func=postes.get, key=f"poste-{site_id}-{scenario.version}"
    )


def _presence(scenario: Scenario, site_id: str, site: ajuster.VueSite) -> Geste | None:
    poste_id = _poste(scenario, site_id, site, "Poste")
    niveaux = list(site.niveaux)
    actuel = ajuster.presence_de(scenario, poste_id, site_id)
    voulu = st.selectbox(
        "Présence, en demi-journées par cycle",
        niveaux,
        index=niveaux.index(actuel) if actuel in niveaux else None,
        format_func=site.niveaux.get,
        key=f"presence-{site_id}-{poste_id}-{scenario.version}",
        placeholder="Choisir une présence",
    )
    if voulu in (None, actuel):
        st.caption("Choisir une autre présence pour voir ce qu'elle changerait.")
        return None
    return Geste(Nature.PRESENCE, poste_id, site_id, demi_journees_cycle=voulu)


def _confier(
    scenario: Scenario, site_id: str, site: ajuster.VueSite, dessous: DeltaGenerator
) -> Geste | None:
    servants = [p for p in site.postes if ajuster.presence_de(scenario, p, site_id)]
    de = None
    if servants:
        de = st.selectbox(
            "À la place de",
            servants,
            format_func=site.postes.get,
            key=f"de-{site_id}-{scenario.version}",
        )
    vue = decider.repreneurs(scenario.scenario_id, scenario.version, site_id, de, scenario)
    st.write(cadre.phrase(vue.phrase))
    vers = st.selectbox(
        "Poste qui prend, le meilleur choix d'abord",
        list(vue.postes),
        index=None,
        format_func=vue.postes.get,
        placeholder="Choisir un poste",
        key=f"vers-{site_id}-{de}-{scenario.version}",
    )
    with dessous, st.expander("Qui peut prendre cet établissement ?", expanded=vers is None):
        cadre.table(vue.tableau, f"reprise-{site_id}-{de}", repliee=True)
        st.caption(vue.note)
    return None if vers is None else ajuster.geste_de_reprise(site_id, de, vers)


def _verrou(scenario: Scenario, site_id: str, site: ajuster.VueSite) -> Geste | None:
    poste_id = _poste(scenario, site_id, site, "Poste")
    verrou = ajuster.verrou_de(scenario, poste_id, site_id)
    admis = [n for n in VERROUS if n != Nature.DEVERROUILLER or verrou is not None]
    nature = st.selectbox(
        "Verrou",
        admis,
        index=None,
        format_func=VERROUS.get,
        placeholder="Choisir",
        key=f"verrou-{site_id}-{poste_id}-{scenario.version}",
    )
    return None if nature is None else Geste(nature, poste_id, site_id)


def _essai(scenario: Scenario, geste: Geste, dessous: DeltaGenerator) -> None:
    """What the gesture would do, the buttons that keep it, and its tables in `dessous`."""
    vue = decider.essayer_geste(scenario.scenario_id, scenario.version, geste, scenario)
    if not vue.change:
        st.caption("Ce geste ne change rien.")
        return
    st.markdown(f"##### {cadre.phrase(vue.quoi)}")
    st.write(cadre.phrase(vue.phrase))
    with st.container(horizontal=True):
        st.button(
            "Garder ce changement",
            type="primary",
            on_click=agir,
            args=(ajustements.garder, scenario, geste),
        )
        if vue.regles.reparation:
            st.button(
                "Garder avec la réparation",
                on_click=agir,
                args=(partial(ajustements.garder, reparer=True), scenario, geste),
            )
    _dire_la_reparation(vue.regles)
    with dessous:
        _tables_de_l_essai(scenario, vue)


def _tables_de_l_essai(scenario: Scenario, vue: ajuster.VueBilan) -> None:
    st.markdown("##### Ce que change ce geste, avant → après")
    _dire_les_manquements(vue.regles, f"essai-{scenario.scenario_id}")
    gauche, droite = st.columns(2, gap="medium")
    with gauche:
        cadre.table_a_lire(vue.chiffres, "bilan", nombres=["Avant", "Après", "Écart"])
        if not vue.charges.empty:
            cadre.table_a_lire(vue.charges, "charges")
    with droite:
        cadre.table_a_lire(
            vue.couvertures, "couvertures", nombres=["Avant", "Après", "½ j. par cycle"]
        )


def regles(scenario: Scenario, vue: VueAjuster) -> None:
    """The breaches of the plan as it is kept, and the button that mends them."""
    if not vue.nb_manquements:
        return
    st.markdown("### Règles")
    # many breaches, such as today's, take seconds to mend together: asked for, not at each gesture
    de_suite = reference.valeur("atelier", "manquements_repares_de_suite")
    if vue.nb_manquements > de_suite and not st.toggle(
        f"Montrer les {vue.nb_manquements} manquements et chercher la réparation la moins chère"
    ):
        return
    dites = decider.regles_du_scenario(scenario.scenario_id, scenario.version, scenario)
    _dire_la_reparation(dites)
    _dire_les_manquements(dites, f"plan-{scenario.scenario_id}")
    if dites.reparation:
        st.button(
            "Appliquer la réparation",
            on_click=agir,
            args=(ajustements.garder, scenario, Geste(Nature.REPARER)),
        )


def _dire_la_reparation(vue: VueRegles) -> None:
    st.write(cadre.phrase(vue.phrase))
    if vue.reparation:
        st.markdown("\n".join(f"- {cadre.phrase(moyen)}" for moyen in vue.reparation))
        st.caption(vue.note)


def _dire_les_manquements(vue: VueRegles, nom: str) -> None:
    if not vue.manquements.empty:
        cadre.table_a_lire(vue.manquements, f"manquements-{nom}")


def verrous(scenario: Scenario, vue: VueAjuster) -> None:
    """Lock or unlock all, a bassin or a category."""
    st.markdown("##### Verrouiller plusieurs présences")
    portee = st.selectbox("Où", list(PORTEES), format_func=PORTEES.get, key="portee")
    cibles = {Portee.BASSIN: vue.bassins, Portee.CATEGORIE: vue.categories}.get(portee)
    cible = None
    if cibles is not None:
        if not cibles:
            st.caption("Ce département n'en a aucun de connu.")
            return
        cible = st.selectbox(
            PORTEES[portee], list(cibles), format_func=cibles.get, key=f"cible-{portee}"
        )
    nature = st.selectbox("Quoi", list(TOUS), format_func=TOUS.get, key="tous")
    st.button(
        "Garder ces verrous",
        on_click=agir,
        args=(ajustements.garder, scenario, Geste(nature, portee=portee, cible=cible)),
    )
