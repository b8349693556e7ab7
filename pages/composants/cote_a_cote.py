"""A comparison of répartitions on screen: chosen in the address, then sentence, maps and tables."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.composants import acces, cadre, fenetre
from pages.composants.acces import decider
from pipelines.reports.comparer import COULEURS, Passage, VueComparaison
from pipelines.scenarios import comparables

AUCUNE = ""
TROIS_DE_FRONT = 1280  # pixels of the window
LIGNES_MONTREES = 20  # of the sites that change, before one asks for all
GRAPHIQUE = {"displaylogo": False, "displayModeBar": False}
# of a site that changes: the download has them, the screen shows why first
AU_TELECHARGEMENT = ("Rythme", "Besoin", "Catégorie", "Bassin", "UAI")
AU_TELECHARGEMENT_DES_POSTES = ("Résidence", "Temps (½ j.)")


def choisir(departement: str) -> tuple[str, ...]:
    """The two or three ids of the address, the choices being drawn; none when there is nothing."""
    choix = _choix(departement)
    autres = [c for c in choix if c != comparables.AUJOURD_HUI]
    if not autres:
        st.info(
            "Rien à comparer encore à aujourd'hui : calculer une proposition, puis revenir ici. "
            "Elle se garde, et se retrouve dans la liste."
        )
        st.page_link(
            cadre.page("proposer"),
            label="Proposer une répartition",
            query_params={"departement": departement},
        )
        return ()
    # the last proposal of today is not that of tomorrow: the link names what it compares
    for parametre, defaut in (("a", comparables.AUJOURD_HUI), ("b", autres[0])):
        if parametre not in st.query_params:
            st.query_params[parametre] = defaut
    # two a line on a narrow window: a third of it cuts the name of a proposal
    a, b, c = st.columns(3) if fenetre.palier() >= TROIS_DE_FRONT else (*st.columns(2), st)
    with a:
        premier = cadre.choisir("De", choix, "a", comparables.AUJOURD_HUI)
    with b:
        second = cadre.choisir("À", choix, "b", autres[0])
    with c.container():
        troisieme = cadre.choisir("Et à", {AUCUNE: "aucune autre", **choix}, "c", AUCUNE)
    return tuple(i for i in (premier, second, troisieme) if i != AUCUNE)


def _choix(departement: str) -> dict[str, str]:
    """What is kept here for the département, and what the address asks for besides."""
    choix = decider.choix_comparables(departement)
    for parametre in ("a", "b", "c"):
        demande = st.query_params.get(parametre, AUCUNE)
        if demande == AUCUNE or demande in choix:
            continue
        with cadre.sur_place():
            trouve = decider.comparable(demande)
            if trouve.departement == departement:
                choix[demande] = trouve.libelle
            else:
                nom = cadre.inerte(trouve.libelle)
                st.warning(f"« {nom} » est d'un autre département : laissé de côté.")
    return choix


def montrer(departement: str, choix: tuple[str, ...], bande: DeltaGenerator) -> None:
    """The comparison: what differs and the sentence in `bande`, the maps, then the tables."""
    marques = tuple(decider.comparable(i).marque for i in choix)
    vue = decider.lire_comparaison(acces.version(), choix, marques, decider.seuil_courant())
    with bande:
        if vue.divergences:
            st.warning(
                "**Ces répartitions ne répondent pas au même problème.**\n\n"
                + "\n".join(f"- {cadre.inerte(phrase)}" for phrase in vue.divergences)
            )
        if avertissement := decider.donnees_d_avant(acces.version(), choix, marques):
            st.warning(avertissement)
        st.markdown(f"#### {cadre.inerte(vue.phrase)}")
    uai = _cartes(departement, choix, marques)
    titre, telecharger = st.columns([9, 3], vertical_alignment="center")
    with titre:
        passage = _passage(vue)
    telecharger.download_button(
        "Télécharger (Excel)",
        vue.classeur,
        file_name=f"comparer-{departement}.xlsx",
        width="stretch",
    )
    _tables(vue, passage, departement, uai)
    with st.expander("Méthode et sources"):
        st.write(vue.note_equite)


def _cartes(departement: str, choix: tuple[str, ...], marques: tuple[str, ...]) -> str | None:
    """The maps; the UAI of the site picked on one of them, None when none is."""
    couleur = cadre.choisir_couleur(COULEURS)
    carte, legende = decider.cartes_de_la_comparaison(acces.version(), choix, marques, couleur)
    prise = st.plotly_chart(
        carte,
        key=f"carte-comparer-{departement}-{len(choix)}",
        on_select="rerun",
        selection_mode="points",
        config={"scrollZoom": True, **GRAPHIQUE},
        alt="Une carte de la couverture par répartition, la même vue pour toutes ; le tableau "
        "« Tous les sites » dit la même chose.",
    )
    st.caption(f"Déplacer ou agrandir une carte déplace les autres. {legende}")
    return cadre.uai_pris(prise, "une carte")


def _passage(vue: VueComparaison) -> Passage:
    """The change shown: the only one, or the one of the address."""
    if len(vue.passages) == 1:
        st.markdown(f"##### {cadre.inerte(vue.passages[0].titre)}")
        return vue.passages[0]
    titres = {cle: p.titre for cle, p in zip(("b", "c"), vue.passages, strict=True)}
    choisi = cadre.choisir("Changements montrés", titres, "vers", "b")
    return vue.passages[list(titres).index(choisi)]


def _tables(vue: VueComparaison, passage: Passage, departement: str, uai: str | None) -> None:
    sites, postes, groupes, bouts, equite, indices, tous = st.tabs(
        [
            "Sites qui changent",
            "Postes",
            "Qui gagne, qui perd",
            "Postes modifiés",
            "Équité",
            "Indices",
            "Tous les sites",
        ]
    )
    with sites:
        st.caption(
            "Présences en demi-journées par cycle de 4 semaines, le plus grand écart d'abord."
        )
        changes = cadre.du_site(passage.sites, uai)
        if changes.empty:
            st.write("Aucun site ne change." if uai is None else "Ce site ne change pas.")
        else:
            cadre.table_a_lire(
                changes,
                f"comparer-sites-{departement}",
                nombres=["Écart"],
                au_telechargement=AU_TELECHARGEMENT,
                premieres=LIGNES_MONTREES,
            )
    with postes:
        if passage.postes.empty:
            st.write("Aucun poste ne change.")
        else:
            cadre.table(
                passage.postes,
                f"comparer-postes-{departement}",
                au_telechargement=AU_TELECHARGEMENT_DES_POSTES,
            )
    with groupes:
        st.caption(
            "Demi-journées par cycle. Un site compte dans chacune de ses catégories, et dans un "
            "seul bassin. Gains moins pertes : l'écart."
        )
        cadre.table(
            passage.categories,
            f"comparer-categories-{departement}",
            hauteur="content",
            en_large=True,
        )
        cadre.table(
            passage.bassins, f"comparer-bassins-{departement}", hauteur="content", en_large=True
        )
    with bouts:
        st.write(cadre.inerte(passage.phrase_des_demi_postes))
        if not passage.demi_postes.empty:
            cadre.table(passage.demi_postes, f"comparer-bouts-{departement}")
    with equite:
        _equite(vue, departement)
    with indices:
        cadre.table_a_lire(vue.indices, f"comparer-indices-{departement}", nombres=vue.noms)
    with tous:
        cadre.table(cadre.du_site(vue.sites, uai), f"comparer-tous-{departement}", en_large=True)


def _equite(vue: VueComparaison, departement: str) -> None:
    st.write(cadre.inerte(vue.phrase_equite))
    gauche, droite = st.columns([7, 5], gap="medium")
    with gauche:
        st.plotly_chart(
            vue.courbe,
            key=f"lorenz-{departement}-{len(vue.noms)}",
            config=GRAPHIQUE,
            alt=vue.alternative_courbe,
        )
    with droite:
        cadre.table_a_lire(vue.table_courbe, f"comparer-lorenz-{departement}", nombres=vue.noms)
    cadre.table_a_lire(vue.equite, f"comparer-equite-{departement}", nombres=vue.noms)
    st.markdown("##### Le site le moins servi de chaque catégorie")
    cadre.table_a_lire(vue.minimums, f"comparer-minimums-{departement}", nombres=vue.noms)
