"""Ask for a répartition, follow the computation, read the result."""

import streamlit as st

from pages.composants import acces, cadre, calcul
from pipelines.scenarios.calculs import Hypotheses

departement = cadre.departement()
vue = acces.lire_situation(acces.version(), departement)
st.title(f"{vue.nom} : proposer une répartition")
if not vue.a_des_postes:
    st.info(
        "Aucun poste n'est connu pour ce département. Ajouter les fichiers de postes et de "
        "présences au dossier des sources, puis reconstruire l'entrepôt."
    )
    st.stop()

defaut = Hypotheses()
hypotheses = st.expander("Hypothèses", expanded="calcul" not in st.query_params)
with hypotheses, st.form("hypotheses", border=False):
    a, b, c, d = st.columns(4, vertical_alignment="bottom")
    sites_max = a.number_input("Sites par poste, au plus", 1, 8, defaut.sites_par_poste_max)
    trajet_max = b.number_input(
        "Trajet aller, au plus (minutes)", 10, 120, defaut.duree_trajet_max_min, step=5
    )
    duree = c.number_input("Durée du calcul (secondes)", 5, 600, calcul.DUREE_PAR_DEFAUT, step=5)
    graine = d.number_input("Graine (même graine, même plan)", 0, 9999, 1)
    a, b, c = st.columns(3)
    meme_bassin = a.checkbox("Aucun site hors du bassin du poste", defaut.meme_bassin)
    vacants = b.checkbox("Compter les postes vacants", defaut.compter_postes_vacants)
    residence = c.checkbox("Garder chaque poste à sa résidence", defaut.garder_residence)
    if st.form_submit_button("Proposer une répartition", type="primary"):
        choisies = Hypotheses(
            sites_par_poste_max=int(sites_max),
            duree_trajet_max_min=int(trajet_max),
            meme_bassin=meme_bassin,
            compter_postes_vacants=vacants,
            garder_residence=residence,
        )
        calcul.lancer(departement, choisies, graine=int(graine), duree_max_s=float(duree))

calcul.suivre(departement)
