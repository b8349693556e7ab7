"""The postes of a département and what they can give, computed line by line from its texts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd

from pipelines.base import reference
from pipelines.base.textes import au_plus_juste, enumeration, jour, nombre, pluriel
from pipelines.marts import entrepot
from pipelines.reports import classeur
from pipelines.reports.libelles import STATUTS
from pipelines.scenarios.lecteurs import Acte, Lecteur, exiger
from pipelines.scoring.capacite import capacite
from pipelines.scoring.moyens import VACANT, capacites

TOLERANCE_ETP = 1e-6
MOTIFS = {
    "mdph": "MDPH",
    "cdoea": "CDOEA",
    "sapad": "SAPAD",
    "coordination": "coordination",
    "autre_mission": "autre mission",
}


@dataclass(frozen=True)
class VueMoyens:
    """The means: their sentence, the account from time to presence, the postes, what disagrees.

    `postes` and `compte` are empty for who may not read poste by poste, and so is `statuts` where
    there are too few; `note` then says so.
    """

    nom: str
    phrase: str
    compte: pd.DataFrame
    textes: pd.DataFrame
    statuts: pd.DataFrame
    postes: pd.DataFrame
    desaccords: list[str]
    note: str
    a_des_postes: bool

    def classeur(self) -> bytes:
        """The page as an Excel workbook."""
        tables = {
            "Du temps à la présence": self.compte,
            "Par statut": self.statuts,
            "Postes": self.postes,
            "Textes": self.textes,
        }
        return classeur.ecrire(
            [self.phrase, *self.desaccords, self.note],
            {titre: table for titre, table in tables.items() if not table.empty},
        )


def vue(lecteur: Lecteur, base: Path, departement: str) -> VueMoyens:
    """The means of `departement`; poste by poste only for who may read a plan there."""
    exiger(lecteur, Acte.LISTER, departement)
    with entrepot.ouvrir(base) as connexion:
        nom = entrepot.exiger_departement(connexion, departement)
        postes = _postes(connexion, departement)
    if not lecteur.peut(Acte.LIRE, departement):
        return _vue_d_instance(nom, postes)
    return VueMoyens(
        nom=nom,
        phrase=_phrase(postes),
        compte=_compte(postes),
        textes=_textes(),
        statuts=_par_statut(postes),
        postes=_table(postes),
        desaccords=_desaccords(postes),
        note=(
            "Demi-journées par cycle de 4 semaines. La capacité de chaque poste est arrondie "
            "vers le bas : nul ne reçoit plus que son temps. Les postes vacants comptent, comme "
            "ce qu'il y a à répartir."
        ),
        a_des_postes=not postes.empty,
    )


def _vue_d_instance(nom: str, postes: pd.DataFrame) -> VueMoyens:
    """What an instance sees: no poste, nor a count under the threshold, nor what would tell it.

    Only the postes with a sector: a total with the others beside it would count those.
    """
    seuil = reference.valeur("petits_nombres", "seuil_masque")
    servants = postes[~postes["sans_secteur"]]
    tus = len(servants) < seuil
    quotites = list(zip(servants["statut"], servants["quotite_etp"].astype(float), strict=True))
    if postes.empty:
        phrase = _phrase(postes)
    elif tus:
        phrase = f"Moins de {seuil} postes avec secteur : leur compte n'est pas montré."
    elif manque_dit(quotites) is None:
        phrase = f"{pluriel(len(servants), 'poste')} avec secteur sont à répartir."
    else:
        etp = servants["quotite_etp"].astype(float).sum()
        phrase = (
            f"{pluriel(len(servants), 'poste')} avec secteur, {au_plus_juste(etp)} ETP en tout, "
            "sont à répartir."
        )
    return VueMoyens(
        nom=nom,
        phrase=phrase,
        compte=pd.DataFrame(),
        textes=_textes(),
        statuts=pd.DataFrame() if tus else _statuts_montres(quotites, seuil),
        postes=pd.DataFrame(),
        desaccords=[],
        note=(
            "Le détail poste par poste n'est pas montré à ce lecteur, ni un compte de moins de "
            f"{seuil} postes : les statuts qui en ont moins sont réunis. Ce que les postes peuvent "
            "donner n'est pas montré non plus : à côté de ce qu'ils donnent, il dirait le temps "
            "d'une personne."
        ),
        a_des_postes=not postes.empty,
    )


def manque_dit(quotites: Iterable[tuple[str, float]]) -> float | None:
    """The most that one poste may lack of a full-time one (ETP), as an instance is told.

    `quotites`: (status, ETP) of each poste with a sector. Of n postes that make X ETP, none has
    less than X − (n − 1), and so in each status that is told apart. None when no ETP is told: of
    few postes, or when that would leave too few quotités open.
    """
    quotites = list(quotites)
    seuil = reference.valeur("petits_nombres", "seuil_masque")
    largeur = reference.valeur("petits_nombres", "largeur_de_quotite_min")
    tous = len(quotites) - sum(q for _, q in quotites)
    if len(quotites) < seuil or tous < largeur - TOLERANCE_ETP:
        return None
    par_statut = _par_statut_reuni(quotites, seuil)
    return _manque(par_statut) if _etp_par_statut(par_statut) else tous


def _etp_par_statut(groupes: Sequence[tuple[str, int, float]]) -> bool:
    largeur = reference.valeur("petits_nombres", "largeur_de_quotite_min")
    return _manque(groupes) >= largeur - TOLERANCE_ETP


def _manque(groupes: Sequence[tuple[str, int, float]]) -> float:
    return max((n - etp for _, n, etp in groupes), default=0.0)


def _statuts_montres(quotites: Sequence[tuple[str, float]], seuil: int) -> pd.DataFrame:
    """Postes by status, with their ETP where these may be told."""
    groupes = _par_statut_reuni(quotites, seuil)
    table = pd.DataFrame(groupes, columns=["Statut", "Postes", "ETP"])
    dits = manque_dit(quotites) is not None and _etp_par_statut(groupes)
    return table if dits else table.drop(columns="ETP")


def _par_statut_reuni(
    quotites: Sequence[tuple[str, float]], seuil: int
) -> list[tuple[str, int, float]]:
    """(status, postes, ETP); those of under `seuil` postes go together, with the next one when
    they don't reach it.
    """
    par_statut: dict[str, list[float]] = {}
    for statut, etp in quotites:
        par_statut.setdefault(statut, []).append(etp)
    croissants = sorted(sorted(par_statut), key=lambda s: len(par_statut[s]))
    reunis = [s for s in croissants if len(par_statut[s]) < seuil]
    while reunis and sum(len(par_statut[s]) for s in reunis) < min(seuil, len(quotites)):
        reunis = croissants[: len(reunis) + 1]
    groupes = [
        (mot, len(par_statut[code]), round(sum(par_statut[code]), 2))
        for code, mot in STATUTS.items()
        if code in par_statut and code not in reunis
    ]
    if reunis:
        nom = "autres statuts" if groupes else "tous les statuts"
        siens = [q for s in reunis for q in par_statut[s]]
        groupes.append((nom, len(siens), round(sum(siens), 2)))
    return groupes


def _postes(connexion: duckdb.DuckDBPyConnection, departement: str) -> pd.DataFrame:
    """The postes of a département with their account and what they give today, half-days."""
    postes = entrepot.lire(connexion, "mart_poste", departement).sort_values("poste_id")
    donnees = dict(
        connexion.execute(
            "select poste_id, sum(demi_journees_cycle)::integer from mart_presence group by all"
        ).fetchall()
    )
    bassins = dict(connexion.execute("select uai, bassin from mart_etablissement").fetchall())
    toutes = capacites(connexion)
    postes["sans_secteur"] = postes["sans_secteur"].astype(bool)
    detail = [
        capacite(float(q), float(h))
        for q, h in zip(postes["quotite_etp"], postes["hors_secteur_etp"], strict=True)
    ]
    postes["brute"] = [d.brute for d in detail]
    postes["hors_secteur"] = [d.hors_secteur for d in detail]
    postes["reunions"] = [d.reunions for d in detail]
    postes["entiere"] = [d.demi_journees_cycle for d in detail]
    postes["ailleurs"] = [int(toutes["ailleurs"][p]) for p in postes["poste_id"]]
    postes["capacite"] = [int(toutes["capacite"][p]) for p in postes["poste_id"]]
    postes["donnees"] = [int(donnees.get(p, 0)) for p in postes["poste_id"]]
    postes["bassin_residence"] = [bassins.get(u) for u in postes["residence_uai"]]
    return postes.reset_index(drop=True)


def _phrase(postes: pd.DataFrame) -> str:
    if postes.empty:
        return "Aucun poste n'est connu pour ce département."
    servants = postes[~postes["sans_secteur"]]
    quotites = servants["quotite_etp"].astype(float)
    vacants = float(quotites[servants["statut"] == VACANT].sum())
    libres = int((servants["entiere"] - servants["donnees"]).clip(lower=0).sum())
    vacance = (
        f"dont {au_plus_juste(vacants)} {'vacant' if vacants < 2 else 'vacants'}"
        if vacants
        else "aucun vacant"
    )
    return (
        f"{pluriel(len(servants), 'poste')} avec secteur ({au_plus_juste(quotites.sum())} ETP, "
        f"{vacance}) peuvent donner {nombre(servants['capacite'].sum())} demi-journées par cycle "
        f"de 4 semaines, dont {nombre(libres)} ne sont pas encore données."
    )


def _compte(postes: pd.DataFrame) -> pd.DataFrame:
    """From the time of all postes to what can be shared out: each line, and its running total."""
    avec = postes[~postes["sans_secteur"]]
    brute = float(postes["brute"].sum())
    lignes = [
        ("Temps en présence de tous les postes", brute),
        ("Postes sans secteur", float(avec["brute"].sum()) - brute),
        ("Missions hors secteur", -float(avec["hors_secteur"].sum())),
        ("Réunions de service", -float(avec["reunions"].sum())),
    ]
    lignes.append(
        ("Arrondi de chaque poste", float(avec["entiere"].sum()) - sum(v for _, v in lignes))
    )
    lignes.append(("Présences dans un autre département", -float(avec["ailleurs"].sum())))
    cadre = pd.DataFrame(lignes, columns=["Ligne", "Demi-journées par cycle"])
    cadre["Reste"] = cadre["Demi-journées par cycle"].cumsum()
    # nothing taken away is 0, and not −0
    return cadre.round(dict.fromkeys(cadre.columns[1:], 1)).replace(-0.0, 0.0)


def _textes() -> pd.DataFrame:
    """The parameters of the account with their source and dates."""
    return pd.DataFrame(
        [
            (
                p.description,
                str(p.valeur).replace(".", ","),
                p.unite,
                p.source,
                jour(p.en_vigueur_le.isoformat()),
            )
            for nom, p in reference.parametres("temps_travail").items()
            if nom != "periodicites"
        ],
        columns=["Paramètre", "Valeur", "Unité", "Source", "En vigueur le"],
    )


def _par_statut(postes: pd.DataFrame) -> pd.DataFrame:
    lignes = []
    for code, mot in STATUTS.items():
        siens = postes[postes["statut"] == code]
        lignes.append(
            (
                mot,
                len(siens),
                round(float(siens["quotite_etp"].astype(float).sum()), 2),
                round(float(siens["hors_secteur_etp"].astype(float).sum()), 2),
                int(siens["sans_secteur"].sum()),
            )
        )
    return pd.DataFrame(
        lignes,
        columns=["Statut", "Postes", "ETP", "Dont hors secteur (ETP)", "Postes sans secteur"],
    )


def _table(postes: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Poste": postes["poste_id"],
            "Fonction": postes["fonction"],
            "Résidence": postes["residence"],
            "Commune": postes["residence_commune"],
            "Bassin": postes["bassin"],
            "Statut": [STATUTS[s] for s in postes["statut"]],
            "Quotité (ETP)": postes["quotite_etp"].astype(float),
            "Hors secteur (ETP)": postes["hors_secteur_etp"].astype(float),
            "Motif": [MOTIFS.get(m, m) if m else "—" for m in postes["hors_secteur_motif"]],
            "En présence (½ j.)": postes["brute"].astype(float).round(1),
            "− Hors secteur (½ j.)": postes["hors_secteur"].astype(float).round(1),
            "− Réunions (½ j.)": postes["reunions"].astype(float).round(1),
            "Capacité (½ j.)": postes["entiere"].astype(int),
            "Données (½ j.)": postes["donnees"].astype(int),
            "Secteur": ["non" if sans else "oui" for sans in postes["sans_secteur"]],
        }
    )


def _desaccords(postes: pd.DataFrame) -> list[str]:
    """Where two facts on the same poste don't agree: each says what to check."""
    motif_absent = (postes["hors_secteur_etp"].astype(float) > 0) & postes[
        "hors_secteur_motif"
    ].isna()
    cas = [
        (
            postes["donnees"] > postes["entiere"],
            "donne plus de demi-journées que sa capacité",
            "vérifier sa quotité, ses missions ou ses présences",
        ),
        (
            postes["sans_secteur"] & (postes["donnees"] > 0),
            "est dit sans secteur et a pourtant des présences",
            "corriger l'un des deux fichiers",
        ),
        (
            ~postes["sans_secteur"] & (postes["donnees"] == 0),
            "a un secteur et aucune présence",
            "ajouter ses présences, ou le dire sans secteur",
        ),
        (motif_absent, "a du temps hors secteur sans motif", "ajouter le motif"),
        (
            postes["bassin"].notna()
            & postes["bassin_residence"].notna()
            & (postes["bassin"] != postes["bassin_residence"]),
            "n'est pas dans le bassin de sa résidence",
            "vérifier son bassin, ou sa résidence",
        ),
    ]
    phrases = []
    for touches, quoi, remede in cas:
        siens = list(postes.loc[touches.astype(bool), "poste_id"]) if len(postes) else []
        if siens:
            noms = enumeration(siens)
            phrases.append(f"{pluriel(len(siens), 'poste')} ({noms}) : {quoi} ; {remede}.")
    return phrases
