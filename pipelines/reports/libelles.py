"""The words and colours shared by every screen and document."""

import tomllib

from pipelines.base import chemins
from pipelines.scenarios.resume import SANS_PREUVE
from pipelines.scoring.couverture import Rythme
from pipelines.scoring.doctrine import doctrines

TYPES = {
    "COLLEGE": "Collège",
    "LEGT": "Lycée général et technologique",
    "LPO": "Lycée polyvalent",
    "LP": "Lycée professionnel",
    "EREA": "EREA",
    "ECOLE": "Écoles REP+",
}
FORMES = {
    "COLLEGE": "circle",
    "LEGT": "triangle-up",
    "LPO": "triangle-up",
    "LP": "square",
    "EREA": "pentagon",
    "ECOLE": "diamond",
}
FORMES_EN_MOTS = {
    "circle": "Collège",
    "triangle-up": "Lycée général ou polyvalent",
    "square": "Lycée professionnel",
    "pentagon": "EREA",
    "diamond": "Écoles REP+ d'un réseau",
}
# An ordered scale that survives greyscale and colour blindness: fill, then outline.
COULEURS_RYTHME = {
    Rythme.HEBDOMADAIRE: ("#08519C", "#08519C"),
    Rythme.QUINZAINE: ("#4292C6", "#4292C6"),
    Rythme.MENSUELLE: ("#9ECAE1", "#4292C6"),
    Rythme.PONCTUELLE: ("#FFFFFF", "#B22222"),
}
# Another ordered scale, of another hue: the share of the besoin met, least first.
COULEURS_PART = (
    ("#FFFFFF", "#B22222"),
    ("#CBC9E2", "#756BB1"),
    ("#9E9AC8", "#6A51A3"),
    ("#54278F", "#54278F"),
)
RYTHMES_EN_MOTS = {
    Rythme.HEBDOMADAIRE: "Chaque semaine",
    Rythme.QUINZAINE: "Chaque quinzaine",
    Rythme.MENSUELLE: "Chaque mois",
    Rythme.PONCTUELLE: "Sur demande",
}
RYTHMES_COURTS = {
    Rythme.HEBDOMADAIRE: "semaine",
    Rythme.QUINZAINE: "quinzaine",
    Rythme.MENSUELLE: "mois",
    Rythme.PONCTUELLE: "demande",
}
"""In the column of a table: a word that no line cuts."""
# Ten well-separated hues, reused so that neighbouring sectors differ.
COULEURS_SECTEURS = (
    "#1B6CA8",
    "#D95F02",
    "#2E8B57",
    "#A6408F",
    "#B8860B",
    "#5B4FBF",
    "#C0392B",
    "#138D90",
    "#7F6A3F",
    "#E377A2",
)
GRIS = "#8A8A8A"
HORS_CATEGORIE = {
    "sans_categorie": "Hors catégorie prioritaire",
    "categorie_inconnue": "Catégorie inconnue (une donnée manque)",
}
AUTRE_CATEGORIE = "Catégorie ajoutée par un texte académique"
DONNEES = {
    "ep": "le label d'éducation prioritaire",
    "est_rural": "la densité de la commune",
    "densite": "la densité de la commune",
    "ips": "l'IPS",
    "effectif": "le nombre d'élèves",
    "segpa": "la présence d'une SEGPA",
    "ulis": "la présence d'une ULIS",
    "upe2a": "la présence d'une UPE2A",
    "relais": "la présence d'un dispositif relais",
    "internat": "la présence d'un internat",
    "a_section_professionnelle": "l'enseignement professionnel du lycée",
    "eleves_segpa": "le nombre d'élèves de SEGPA",
    "eleves_ulis": "le nombre d'élèves d'ULIS",
    "eloignement_km": "la position du site",
}
"""Column of `mart_site` a rule may read → what is missing when it is unknown."""
STATUTS = {
    "occupe": "occupé",
    "vacant": "vacant",
    "supplee": "suppléé",
    "absent": "absent",
}
FINS = {
    "preuve": "prouvé le meilleur",
    "ecart": "écart visé atteint",
    "travail": "travail prévu achevé",
    "temps": "coupé par l'horloge",
    "utilisateur": "arrêt demandé",
    SANS_PREUVE: "aucun calcul",
    None: "non noté",
}
"""What ended a stage of a computation; None in a proposal made before it was kept."""
FINS_EN_MOTS = (
    "Fin : « prouvé le meilleur », aucun plan ne fait mieux sans perdre sur les objectifs "
    "d'avant ; « écart visé atteint », prouvé assez près du meilleur, comme demandé ; "
    "« travail prévu achevé », tout ce que permet la durée demandée est fait ; "
    "« coupé par l'horloge », la machine a été trop lente ou trop occupée ; "
    "« arrêt demandé », quelqu'un l'a arrêté ; « aucun calcul », le plan est celui "
    "d'aujourd'hui ou a été changé à la main."
)
RAISON_TUE = "tue"
"""Why no poste serves a site, where it would tell the time that postes have left."""
COUPURES = {
    "temps": "L'horloge a coupé le calcul, la machine étant trop lente ou trop occupée : le "
    "meilleur plan trouvé est gardé, le relancer peut en donner un autre.",
    "utilisateur": "Le calcul a été arrêté à la demande : le meilleur plan trouvé est gardé, le "
    "laisser finir peut en donner un autre.",
}
"""What is said of a plan whose computation was cut."""
MOTIFS_HORS_PERIMETRE: dict[str, str] = tomllib.loads(
    (chemins.REFERENCE / "motifs_hors_perimetre.toml").read_text(encoding="utf-8")
)["motifs"]
"""Why an establishment is out of scope, in the words the anomalies use too."""


def choix_doctrines() -> dict[str, str]:
    """Code → name of the doctrines, in their order."""
    return {d.code: d.libelle for d in doctrines()}
