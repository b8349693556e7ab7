"""The comparison of the doctrines on screen: launched, followed, found again, laid side by side."""

from functools import partial

import streamlit as st

from pages.composants import acces, cadre, suivi
from pages.composants.acces import decider
from pages.composants.hypotheses import Demande
from pipelines.base.textes import pourcentage
from pipelines.reports.doctrines import COULEURS, Portrait, VueDoctrines
from pipelines.scenarios import comparaisons
from pipelines.scenarios.comparaisons import Etat, Part

RYTHME = "l'une après l'autre" if comparaisons.en_meme_temps() == 1 else "plusieurs à la fois"
NOTE_DUREE = f"La durée choisie vaut pour chaque doctrine ; elles sont calculées {RYTHME}."


def lancer(departement: str, demande: Demande) -> None:
    """Start the comparison and put its id in the address."""
    suivi.lancer(
        SUITE, departement, demande, partial(comparaisons.lancer, acces.lecteur(), acces.base())
    )


def suivre(departement: str) -> None:
    """What the comparison of the address has so far; the last ones when there is none."""
    suivi.suivre(SUITE, departement, _dernieres, _resultat)


def _avancement(etat: Etat) -> tuple[float, str]:
    return etat.fraction, "  \n".join(_avance(p) for p in etat.parts)


def _avance(part: Part) -> str:
    if part.est_finie:
        return f"{part.libelle} : terminé"
    if part.avancement is None:
        return f"{part.libelle} : à venir"
    return f"{part.libelle} : {pourcentage(part.avancement['fraction'])}"


SUITE = suivi.Suite(
    parametre="comparaison",
    page="doctrines",
    etat=lambda comparaison_id: comparaisons.etat(acces.lecteur(), comparaison_id),
    arreter=lambda comparaison_id: comparaisons.arreter(acces.lecteur(), comparaison_id),
    avance=_avancement,
    d_un_autre="Cette comparaison est celle d'un autre département.",
    bouton_d_arret="Arrêter et garder les meilleurs plans",
    arret_demande="Arrêt demandé : les meilleurs plans trouvés seront gardés.",
)


def _dernieres(departement: str) -> None:
    finies = comparaisons.dernieres(acces.lecteur(), departement)
    if finies:
        st.markdown("##### Dernières comparaisons")
        suivi.liens(SUITE, departement, finies, _nom)
    else:
        st.write(
            "Aucune comparaison encore pour ce département. Choisir les hypothèses, puis lancer : "
            "le calcul se poursuit si l'onglet est fermé, et se retrouve à la même adresse."
        )
    _portraits(decider.portraits(acces.version_des_regles()))


def _nom(etat: Etat) -> str:
    h = etat.demande["hypotheses"]
    return (
        f"{etat.lancee_le:%d/%m/%Y à %H h %M} : {h['sites_par_poste_max']} sites par poste, "
        f"{h['duree_trajet_max_min']} minutes"
    )


def _resultat(etat: Etat) -> None:
    if not etat.calculees:
        st.warning("Le calcul a été arrêté avant le premier plan. Le relancer ci-dessus.")
        return
    seuils = decider.seuils_de_dilution()
    seuil = _seuil(seuils)
    vue = decider.lire_doctrines(
        acces.version(), acces.version_des_regles(), etat.calcul_id, etat.calculees, seuil
    )
    st.markdown(f"#### {vue.phrase}")
    st.caption(vue.precision)
    for note in vue.mises_en_garde:
        st.warning(note)
    couleur = cadre.choisir_couleur(COULEURS)
    carte, legende = decider.cartes_des_doctrines(
        acces.version(), etat.calcul_id, etat.calculees, couleur
    )
    prise = st.plotly_chart(
        carte,
        key=f"carte-{etat.calcul_id}",
        on_select="rerun",
        selection_mode="points",
        config={"scrollZoom": True, "displaylogo": False, "displayModeBar": False},
        alt="Une carte de la couverture par doctrine, la même vue pour toutes ; le tableau "
        "« Tous les sites » dit la même chose.",
    )
    st.caption(f"Déplacer ou agrandir une carte déplace les autres. {legende}")
    uai = cadre.uai_pris(prise, "une carte")
    titre, choix, telecharger = st.columns([5, 4, 3], vertical_alignment="bottom")
    titre.markdown("##### Les indices, côte à côte")
    choisi = choix.selectbox(
        "Présence utile, à partir de", list(seuils), list(seuils).index(seuil), seuils.get
    )
    if choisi != seuil:
        st.query_params["seuil"] = str(choisi)
        st.rerun()
    telecharger.download_button(
        "Télécharger (Excel)",
        vue.classeur,
        file_name=f"doctrines-{etat.calcul_id.removesuffix('-doctrines')}.xlsx",
    )
    cadre.table_a_lire(
        vue.indices, f"indices-{etat.calcul_id}", nombres=list(vue.indices.columns[1:])
    )
    _portraits(vue.portraits, etat)
    _tables(vue, etat.calcul_id, uai)


def _seuil(seuils: dict[int, str]) -> int:
    """The useful presence of the address, when it is one of those offered."""
    demande = st.query_params.get("seuil", "")
    return int(demande) if demande.isdigit() and int(demande) in seuils else decider.seuil_courant()


def _portraits(portraits: list[Portrait], etat: Etat | None = None) -> None:
    """What each doctrine favours and costs, side by side, with the way to its proposal."""
    for colonne, portrait in zip(st.columns(len(portraits), gap="medium"), portraits, strict=True):
        with colonne:
            st.markdown(f"##### {portrait.libelle}")
            st.write(portrait.resume)
            st.markdown(f"**Favorise.** {portrait.favorise}")
            st.markdown(f"**Coûte.** {portrait.coute}")
            st.markdown(f"**Pour qui.** {portrait.pour_qui}")
            if etat:
                st.page_link(
                    cadre.page("proposer"),
                    label=f"Voir « {portrait.libelle} »",
                    query_params={
                        "departement": etat.demande["departement"],
                        "calcul": f"{etat.calcul_id}.{portrait.code}",
                    },
                )


def _tables(vue: VueDoctrines, comparaison_id: str, uai: str | None) -> None:
    franchis, differents, tous = st.tabs(
        ["Prioritaires gagnés et perdus", "Sites qui diffèrent", "Tous les sites"]
    )
    with franchis:
        franchissent = cadre.du_site(vue.franchis, uai)
        if vue.franchis.empty:
            st.write("Aucun site prioritaire ne gagne ni ne perd la présence utile.")
        elif franchissent.empty:
            st.write("Le site choisi n'est pas de ceux qui gagnent ou perdent la présence utile.")
        else:
            st.caption(
                "Demi-journées par cycle de 4 semaines. ▲ : atteint la présence utile choisie plus "
                "haut ; ▼ : passe dessous ; = : reste du même côté qu'aujourd'hui."
            )
            cadre.table(
                franchissent,
                f"franchis-{comparaison_id}",
                au_telechargement=("Catégories prioritaires", "UAI"),
            )
    with differents:
        differences = cadre.du_site(vue.differences, uai)
        if vue.differences.empty:
            st.write("Aucun site n'a une présence différente d'une doctrine à l'autre.")
        elif differences.empty:
            st.write("Le site choisi a la même présence dans toutes les doctrines.")
        else:
            st.caption("Présences en demi-journées par cycle de 4 semaines, l'écart d'abord.")
            cadre.table(
                differences,
                f"differences-{comparaison_id}",
                au_telechargement=("Catégories prioritaires", "Commune", "UAI"),
            )
    with tous:
        rythmes = [c for c in vue.sites if c.startswith("Rythme")]
        cadre.table(
            cadre.du_site(vue.sites, uai),
            f"sites-{comparaison_id}",
            au_telechargement=("Catégories prioritaires", *rythmes, "UAI"),
        )
