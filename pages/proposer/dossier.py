"""The documents of a scenario, for those who know each poste or for an instance."""

import streamlit as st

from pages.composants import acces, cadre, documents, scenario
from pages.composants.acces import decider

LARGEURS = (3, 6, 3)  # who it is for is a long name

departement = cadre.departement()
vue = acces.lire_situation(acces.version(), departement)
st.title(f"{vue.nom} : que poser sur la table ?")
liste = decider.lire_scenarios(departement)
if not liste.noms:
    st.info(
        "Un dossier se fait d'un scénario, et aucun n'est encore gardé pour ce département. En "
        "garder un : page « Proposer », bouton « Garder comme scénario » ; ou page « Scénarios », "
        "à partir des présences d'aujourd'hui."
    )
    st.stop()

a_gauche, au_milieu, a_droite = st.columns(LARGEURS)
with a_gauche:
    choisi = scenario.choisir(liste.noms)
with au_milieu:
    destinataires = acces.choix_destinataires()
    destinataire = cadre.choisir(
        "Pour qui", destinataires, "destinataire", defaut=next(iter(destinataires))
    )
with a_droite:
    autres = {"": "aucun"} | {i: nom for i, nom in liste.noms.items() if i != choisi}
    autre = cadre.choisir("Comparé à", autres, "autre", defaut="")

demande = (choisi, destinataire, autre or None, decider.marques_des_scenarios(choisi, autre))
if not documents.demandes("Préparer le dossier", demande, "dossier_demande"):
    st.write(
        "Le PDF se lit et s'imprime tel quel ; le PowerPoint se modifie. La version d'instance "
        "montre des codes de secteur, tirés au sort à chaque dossier, au lieu des postes."
    )
    st.stop()

documents.montrer(
    lambda: decider.ecrire_dossier(acces.version(), acces.version_des_regles(), *demande)
)
