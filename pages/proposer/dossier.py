"""The documents of a scenario, for those who know each poste or for an instance."""

import streamlit as st

from pages.composants import acces, cadre, scenario
from pipelines.base.textes import pluriel

departement = cadre.departement()
vue = acces.lire_situation(acces.version(), departement)
st.title(f"{vue.nom} : que poser sur la table ?")
liste = acces.lire_scenarios(departement)
if not liste.noms:
    st.info(
        "Un dossier se fait d'un scénario, et aucun n'est encore gardé pour ce département. En "
        "garder un : page « Proposer », bouton « Garder comme scénario » ; ou page « Scénarios », "
        "à partir des présences d'aujourd'hui."
    )
    st.stop()

a_gauche, au_milieu, a_droite = st.columns(3)
with a_gauche:
    choisi = cadre.choisir(
        "Scénario",
        liste.noms,
        "scenario",
        defaut=next(iter(liste.noms)),
        inconnu=scenario.INCONNU,
    )
with au_milieu:
    destinataires = acces.choix_destinataires()
    destinataire = cadre.choisir(
        "Pour qui", destinataires, "destinataire", defaut=next(iter(destinataires))
    )
with a_droite:
    autres = {"": "aucun"} | {i: nom for i, nom in liste.noms.items() if i != choisi}
    autre = cadre.choisir("Comparé à", autres, "autre", defaut="")

demande = (choisi, destinataire, autre or None, acces.marques_des_scenarios(choisi, autre))
if st.button("Préparer le dossier", type="primary"):
    st.session_state["dossier_demande"] = demande
if st.session_state.get("dossier_demande") != demande:
    st.write(
        "Le PDF se lit et s'imprime tel quel ; le PowerPoint se modifie. La version d'instance "
        "montre des codes de secteur, tirés au sort à chaque dossier, au lieu des postes."
    )
    st.stop()

with cadre.sur_place():
    fichiers = acces.ecrire_dossier(acces.version(), acces.version_des_regles(), *demande)
    st.markdown(f"#### {pluriel(len(fichiers), 'document est prêt', 'documents sont prêts')}")
    for fichier in fichiers:
        st.download_button(
            fichier.libelle,
            fichier.octets,
            file_name=fichier.nom,
            mime=fichier.media,
            on_click="ignore",
        )
        st.caption(f"{fichier.nom}, {cadre.taille(len(fichier.octets))}")
