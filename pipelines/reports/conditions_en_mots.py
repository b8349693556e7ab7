"""The condition of a rule as a sentence: « collège, en commune rurale, IPS sous 100 ».

Written from the very expression DuckDB runs: a screen can't say one thing and the computation do
another.
"""

from pipelines.base.textes import au_plus_juste
from pipelines.reports.libelles import TYPES
from pipelines.scoring.conditions import COMPARAISONS, arbre

POSSESSIONS = {
    "est_rural": ("en commune rurale", "hors commune rurale"),
    "segpa": ("avec SEGPA", "sans SEGPA"),
    "ulis": ("avec ULIS", "sans ULIS"),
    "upe2a": ("avec UPE2A", "sans UPE2A"),
    "relais": ("avec dispositif relais", "sans dispositif relais"),
    "internat": ("avec internat", "sans internat"),
    "a_section_professionnelle": ("avec section professionnelle", "sans section professionnelle"),
}
"""Yes-or-no column → what is said of a site that has it, then of one that has not."""
VIDES = {
    "ep": ("sans label d'éducation prioritaire", "avec un label d'éducation prioritaire"),
    "uai_tete_reseau": ("sans collège tête de réseau", "avec un collège tête de réseau"),
}
"""Column whose emptiness is an answer → said of a site where it is empty, then of the others."""
MESURES = {
    "ips": "IPS",
    "effectif": "effectif",
    "densite": "densité de la commune (1 : dense, 7 : très peu dense)",
    "eleves_segpa": "nombre d'élèves de SEGPA",
    "eleves_ulis": "nombre d'élèves d'ULIS",
    "eloignement_km": "plus proche autre site, en km,",
}
NATURES = {"etablissement": "établissement", "ecoles_rep_plus": "écoles REP+ d'un réseau"}
COMPARES = {
    "COMPARE_LESSTHAN": "sous {}",
    "COMPARE_GREATERTHANOREQUALTO": "d'au moins {}",
    "COMPARE_GREATERTHAN": "au-dessus de {}",
    "COMPARE_LESSTHANOREQUALTO": "d'au plus {}",
}
CONTRAIRES = {
    "COMPARE_LESSTHAN": "COMPARE_GREATERTHANOREQUALTO",
    "COMPARE_GREATERTHAN": "COMPARE_LESSTHANOREQUALTO",
    "COMPARE_EQUAL": "COMPARE_NOTEQUAL",
    "CONJUNCTION_AND": "CONJUNCTION_OR",
    "OPERATOR_IS_NULL": "OPERATOR_IS_NOT_NULL",
    "COMPARE_IN": "COMPARE_NOT_IN",
}
CONTRAIRES |= {b: a for a, b in CONTRAIRES.items()}
# « 100 > ips » is « ips < 100 »
MIROIRS = {
    "COMPARE_LESSTHAN": "COMPARE_GREATERTHAN",
    "COMPARE_LESSTHANOREQUALTO": "COMPARE_GREATERTHANOREQUALTO",
}
MIROIRS |= {b: a for a, b in MIROIRS.items()}


def en_mots(condition: str) -> str:
    """`condition`, its thresholds already numbers, as people say it; ConditionError as `arbre`."""
    mots = _dire(arbre(condition), est_niee=False)
    return mots[0].upper() + mots[1:]


def _dire(noeud: dict, *, est_niee: bool) -> str:
    type_ = noeud["type"]
    if type_ == "OPERATOR_NOT":
        return _dire(noeud["children"][0], est_niee=not est_niee)
    if est_niee:
        type_ = CONTRAIRES.get(type_, type_)
    if type_ in ("CONJUNCTION_AND", "CONJUNCTION_OR"):
        return _joindre(type_, _sans_redite(noeud), est_niee)
    if type_ == "COLUMN_REF":
        nom = _colonne(noeud)
        oui, non = POSSESSIONS.get(nom, (f"avec « {nom} »", f"sans « {nom} »"))
        return non if est_niee else oui
    if type_ in ("OPERATOR_IS_NULL", "OPERATOR_IS_NOT_NULL"):
        nom = _colonne(noeud["children"][0])
        vide, rempli = VIDES.get(nom, (f"« {nom} » vide", f"« {nom} » non vide"))
        return vide if type_ == "OPERATOR_IS_NULL" else rempli
    if type_ in COMPARAISONS:
        return _comparer(type_, noeud["left"], noeud["right"])
    valeurs = [_valeur(v) for v in noeud["children"][1:]]
    return _etre(noeud["children"][0], valeurs, est_niee=type_ == "COMPARE_NOT_IN")


def _joindre(type_: str, enfants: list[dict], est_niee: bool) -> str:
    """All of them, by commas; or any of them, by « ou »; one within the other in parentheses."""
    dits = [_dire(e, est_niee=est_niee) for e in enfants]
    if type_ == "CONJUNCTION_AND":
        if len(enfants) == 1:
            return dits[0]
        return ", ".join(
            f"({mots})" if _conjonction(e, est_niee) == "CONJUNCTION_OR" else mots
            for e, mots in zip(enfants, dits, strict=True)
        )
    return " ou ".join(f"({mots})" if ", " in mots else mots for mots in dits)


def _conjonction(noeud: dict, est_niee: bool) -> str:
    """What joins the parts of a condition, once its negations are carried to them."""
    if noeud["type"] == "OPERATOR_NOT":
        return _conjonction(noeud["children"][0], not est_niee)
    return CONTRAIRES.get(noeud["type"], "") if est_niee else noeud["type"]


def _sans_redite(noeud: dict) -> list[dict]:
    """What is joined; « ep is not null and ep = 'REP' » says twice that there is a label."""
    enfants = noeud["children"]
    if noeud["type"] == "CONJUNCTION_OR":
        return enfants
    egales = {_colonne(e["left"]) for e in enfants if e["type"] == "COMPARE_EQUAL"}
    return [
        e
        for e in enfants
        if e["type"] != "OPERATOR_IS_NOT_NULL" or _colonne(e["children"][0]) not in egales
    ]


def _comparer(type_: str, gauche: dict, droite: dict) -> str:
    if gauche["type"] != "COLUMN_REF":
        gauche, droite, type_ = droite, gauche, MIROIRS.get(type_, type_)
    if type_ in ("COMPARE_EQUAL", "COMPARE_NOTEQUAL"):
        return _etre(gauche, [_valeur(droite)], est_niee=type_ == "COMPARE_NOTEQUAL")
    nom = _colonne(gauche)
    return f"{MESURES.get(nom, f'« {nom} »')} {COMPARES[type_].format(_valeur(droite))}"


def _etre(colonne: dict, valeurs: list[str], *, est_niee: bool) -> str:
    """What a site is, or is not: its kind, its label, or the value of another column."""
    nom = _colonne(colonne)
    connus = {"type": TYPES, "nature": NATURES}.get(nom)
    if connus:
        liste = " ou ".join(_en_minuscule(connus.get(v, v)) for v in valeurs)
        return f"autre que {liste}" if est_niee else liste
    liste = " ou ".join(valeurs)
    if nom == "ep":
        return f"{'sans label' if est_niee else 'label'} {liste}"
    mesure = MESURES.get(nom, f"« {nom} »").removesuffix(",")
    return f"{mesure} {'autre que' if est_niee else ':'} {liste}"


def _colonne(noeud: dict) -> str:
    return ".".join(noeud["column_names"]) if noeud["type"] == "COLUMN_REF" else ""


def _valeur(noeud: dict) -> str:
    """A constant as it is read: 95,5; another column by its name."""
    if noeud["type"] == "COLUMN_REF":
        nom = _colonne(noeud)
        return MESURES.get(nom, f"« {nom} »")
    texte = noeud["literal"]["text"]
    return texte if noeud["literal"]["kind"] == "STRING" else au_plus_juste(float(texte))


def _en_minuscule(mots: str) -> str:
    """« collège », but « EREA »."""
    return mots if mots[:2].isupper() else mots[0].lower() + mots[1:]
