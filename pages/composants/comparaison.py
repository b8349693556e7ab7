"""The comparison of the doctrines on screen: launched, followed, found again, laid side by side."""

import streamlit as st

from pages.composants import acces, cadre
from pages.composants.hypotheses import Demande
from pipelines.base.textes import pourcentage
from pipelines.reports.doctrines import COULEURS, Portrait, VueDoctrines
from pipelines.scenarios import comparaisons
from pipelines.scenarios.calculs import Phase
from pipelines.scenarios.comparaisons import Etat, Part

RYTHME = "l'une après l'autre" if comparaisons.en_meme_temps() == 1 else "plusieurs à la fois"
NOTE_DUREE = f"La durée choisie vaut pour chaque doctrine ; elles sont calculées {RYTHME}."


def lancer(departement: str, demande: Demande) -> None:
    """Start the comparison and put its id in the address."""
    st.query_params["comparaison"] = comparaisons.lancer(
        acces.base(),
        departement,
        graine=demande.graine,
        duree_max_s=demande.duree_max_s,
        hypotheses=demande.hypotheses,
    )
    st.rerun()


def suivre(departement: str) -> None:
    """What the comparison of the address has so far; the last ones when there is none."""
    comparaison_id = st.query_params.get("comparaison")
    if comparaison_id is None:
        _dernieres(departement)
        return
    etat = comparaisons.etat(comparaison_id)
    if etat.demande["departement"] != departement:
        st.warning("Cette comparaison est celle d'un autre département.")
    elif etat.phase == Phase.EN_COURS:
        _progression(comparaison_id)
    elif etat.phase == Phase.ECHEC:
        st.error((etat.erreur or "").replace("\n", "  \n"))
    elif etat.phase == Phase.INTERROMPU:
        st.error("Le calcul a été interrompu (machine arrêtée ?). Le relancer ci-dessus.")
    elif not etat.calculees:
        st.warning("Le calcul a été arrêté avant le premier plan. Le relancer ci-dessus.")
    else:
        _resultat(etat)


@st.fragment(run_every="1s")
def _progression(comparaison_id: str) -> None:
    etat = comparaisons.etat(comparaison_id)
    if etat.phase != Phase.EN_COURS:
        st.rerun()
    st.progress(etat.fraction, text="  \n".join(_avance(p) for p in etat.parts))
    if st.button("Arrêter et garder les meilleurs plans"):
        comparaisons.arreter(comparaison_id)
        st.toast("Arrêt demandé : les meilleurs plans trouvés seront gardés.")


def _avance(part: Part) -> str:
    if part.est_finie:
        return f"{part.libelle} : terminé"
    if part.avancement is None:
        return f"{part.libelle} : à venir"
    return f"{part.libelle} : {pourcentage(part.avancement['fraction'])}"


def _dernieres(departement: str) -> None:
    finies = comparaisons.dernieres(departement)
    if finies:
        st.markdown("##### Dernières comparaisons")
        for etat in finies:
            st.page_link(
                cadre.page("doctrines"),
                label=_nom(etat),
                query_params={"departement": departement, "comparaison": etat.comparaison_id},
            )
    else:
        st.write(
            "Aucune comparaison encore pour ce département. Choisir les hypothèses, puis lancer : "
            "le calcul se poursuit si l'onglet est fermé, et se retrouve à la même adresse."
        )
    _portraits(acces.portraits(acces.version_des_regles()))


def _nom(etat: Etat) -> str:
    h = etat.demande["hypotheses"]
    return (
        f"{etat.lancee_le:%d/%m/%Y à %H h %M} : {h['sites_par_poste_max']} sites par poste, "
        f"{h['duree_trajet_max_min']} minutes"
    )


def _resultat(etat: Etat) -> None:
    seuils = acces.seuils_de_dilution()
    seuil = _seuil(seuils)
    vue = acces.lire_doctrines(acces.version(), etat.comparaison_id, etat.calculees, seuil)
    st.markdown(f"#### {vue.phrase}")
    st.caption(vue.precision)
    for note in vue.mises_en_garde:
        st.warning(note)
    couleur = st.radio("La couleur dit", COULEURS, horizontal=True)
    carte, legende = acces.cartes_des_doctrines(
        acces.version(), etat.comparaison_id, etat.calculees, couleur
    )
    st.plotly_chart(
        carte,
        key=f"carte-{etat.comparaison_id}",
        config={"scrollZoom": True, "displaylogo": False, "displayModeBar": False},
        alt="Une carte de la couverture par doctrine, la même vue pour toutes ; le tableau "
        "« Tous les sites » dit la même chose.",
    )
    st.caption(f"Déplacer ou agrandir une carte déplace les autres. {legende}")
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
        file_name=f"doctrines-{etat.comparaison_id.removesuffix('-doctrines')}.xlsx",
    )
    cadre.table_a_lire(vue.indices, f"indices-{etat.comparaison_id}")
    _portraits(vue.portraits, etat)
    _tables(vue, etat.comparaison_id)


def _seuil(seuils: dict[int, str]) -> int:
    """The useful presence of the address, when it is one of those offered."""
    demande = st.query_params.get("seuil", "")
    return int(demande) if demande.isdigit() and int(demande) in seuils else acces.seuil_courant()


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
                        "calcul": f"{etat.comparaison_id}.{portrait.code}",
                    },
                )


def _tables(vue: VueDoctrines, comparaison_id: str) -> None:
    differents, tous = st.tabs(["Sites qui diffèrent", "Tous les sites"])
    with differents:
        if vue.differences.empty:
            st.write("Aucun site n'a une présence différente d'une doctrine à l'autre.")
        else:
            st.caption("Présences en demi-journées par cycle de 4 semaines, l'écart d'abord.")
            cadre.table(vue.differences, f"differences-{comparaison_id}")
    with tous:
        cadre.table(vue.sites, f"sites-{comparaison_id}")
