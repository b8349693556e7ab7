"""Enrolments and IPS of the example, in the formats of the ministry's exports."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from pipelines.simulation import formats
from pipelines.simulation.annuaire import ACADEMIE, REGION, commune_courte, patronyme
from pipelines.simulation.etablissements import Etablissement
from pipelines.simulation.hypotheses import tirage
from pipelines.simulation.noms import capitales

# rentrée of the last file, and change of the pupils against the one before
RENTREES = {"2024": 1.01, "2025": 1.0}
RENTREE_IPS = "2025-2026"
DEPARTEMENTS = {
    "004": "ALPES-DE-HTE-PROVENCE",
    "005": "HAUTES-ALPES",
    "013": "BOUCHES-DU-RHONE",
    "084": "VAUCLUSE",
}
DENOMINATIONS = {
    "COLLEGE": "COLLEGE",
    "LEGT": "LYCEE GENERAL ET TECHNOLOGIQUE",
    "CITE": "LYCEE GENERAL ET TECHNOLOGIQUE",
    "SGT": "LYCEE GENERAL ET TECHNOLOGIQUE",
    "LPO": "LYCEE POLYVALENT",
    "LP": "LYCEE PROFESSIONNEL",
    "EREA": "ETAB.REGIONAL ENSEIGNT ADAPTE",
    "MATERNELLE": "ECOLE MATERNELLE PUBLIQUE",
    "ELEMENTAIRE": "ECOLE ELEMENTAIRE PUBLIQUE",
    "PRIMAIRE": "ECOLE PRIMAIRE PUBLIQUE",
}
Remplisseur = Callable[[Etablissement, str, float, np.random.Generator], dict[str, object]]
SECRET = "NS"
SEGPA_PAR_NIVEAU = 15
ULIS_PAR_NIVEAU = 3
ELEVES_PAR_CLASSE = 23


def ecrire_effectifs(dossier: Path, lignes: Sequence[Etablissement], graine: int) -> list[Path]:
    """The four files of enrolments; an establishment without pupils is in none of them."""
    presents = [e for e in lignes if not e.est_ferme]
    return [
        _ecrire(
            dossier / "fr-en-college-effectifs-niveau-sexe-lv.exemple.csv",
            formats.EFFECTIFS_COLLEGES,
            [e for e in presents if e.college is not None],
            _college,
            tirage(graine, "effectifs", "college"),
        ),
        _ecrire(
            dossier / "fr-en-lycee_gt-effectifs-niveau-sexe-lv.exemple.csv",
            formats.EFFECTIFS_LYCEES_GT,
            [e for e in presents if e.gt is not None],
            _lycee_gt,
            tirage(graine, "effectifs", "lycee_gt"),
        ),
        _ecrire(
            dossier / "fr-en-lycee_pro-effectifs-niveau-sexe-lv.exemple.csv",
            formats.EFFECTIFS_LYCEES_PRO,
            [e for e in presents if e.pro is not None],
            _lycee_pro,
            tirage(graine, "effectifs", "lycee_pro"),
        ),
        _ecrire(
            dossier / "fr-en-ecoles-effectifs-nb_classes.exemple.csv",
            formats.EFFECTIFS_ECOLES,
            [e for e in presents if e.ecole is not None],
            _ecole,
            tirage(graine, "effectifs", "ecole"),
        ),
    ]


def ecrire_ips(dossier: Path, lignes: Sequence[Etablissement], graine: int) -> list[Path]:
    """The three files of IPS; one value in each of collèges and schools is kept secret."""
    rng = tirage(graine, "ips")
    presents = sorted((e for e in lignes if not e.est_ferme), key=lambda e: (e.departement, e.uai))
    colleges = [e for e in presents if e.type == "COLLEGE" and e.ips is not None]
    ecoles = [e for e in presents if e.type == "ECOLE" and e.ips is not None]
    lycees = [
        e for e in presents if e.type in ("LEGT", "LPO", "LP") and (e.gt or e.pro) is not None
    ]
    secrets = {min(groupe, key=_petit).uai for groupe in (colleges, ecoles)}
    return [
        formats.ecrire_csv(
            dossier / "fr-en-ips-colleges-ap2022.exemple.csv",
            formats.IPS_COLLEGES,
            [(*_identite_ips(e), _reel(e.college), *_valeurs(e, secrets, rng)) for e in colleges],
            bom=False,
            fin="\r\n",
        ),
        formats.ecrire_csv(
            dossier / "fr-en-ips-lycees-ap2022.exemple.csv",
            formats.IPS_LYCEES,
            [_ips_lycee(e, rng) for e in lycees],
            bom=False,
            fin="\r\n",
        ),
        formats.ecrire_csv(
            dossier / "fr-en-ips-ecoles-ap2022.exemple.csv",
            formats.IPS_ECOLES,
            [
                (*_identite_ips(e), _reel(e.ecole), SECRET if e.uai in secrets else e.ips)
                for e in ecoles
            ],
            bom=False,
            fin="\r\n",
        ),
    ]


def _petit(e: Etablissement) -> tuple[int, str]:
    return (e.effectif or 0, e.uai)


def _reel(nombre: int | None) -> str:
    return "" if nombre is None else f"{float(nombre)}"


def _identite_ips(e: Etablissement) -> tuple[str, ...]:
    return (
        RENTREE_IPS,
        capitales(ACADEMIE),
        e.departement,
        DEPARTEMENTS[e.departement],
        e.uai,
        capitales(e.nom, tirets=False),
        e.commune.code,
        _commune_ips(e),
        "public" if e.est_public else "privé sous contrat",
    )


def _commune_ips(e: Etablissement) -> str:
    if e.commune.type == "ARM":
        arrondissement = int(e.commune.code[-2:])
        return f"MARSEILLE {arrondissement}E{'R' * (arrondissement == 1)} ARRONDISSEMENT"
    return capitales(e.commune.nom, tirets=False)


def _valeurs(
    e: Etablissement, secrets: set[str], rng: np.random.Generator
) -> tuple[object, object]:
    ecart_type = round(float(rng.normal(31, 4)), 1)
    return (SECRET, SECRET) if e.uai in secrets else (e.ips, ecart_type)


def _ips_lycee(e: Etablissement, rng: np.random.Generator) -> tuple[object, ...]:
    gt, pro = e.gt or 0, e.pro or 0
    ensemble = (gt * (e.ips or 0) + pro * (e.ips_pro or 0)) / (gt + pro)
    ecarts = [round(float(rng.normal(moyenne, 3)), 1) for moyenne in (33, 27)]
    return (
        *_identite_ips(e),
        e.type,
        _reel(e.gt),
        _reel(e.pro),
        _reel(gt + pro),
        "" if e.gt is None else e.ips,
        "" if e.pro is None else e.ips_pro,
        round(ensemble, 1),
        "" if e.gt is None else ecarts[0],
        "" if e.pro is None else ecarts[1],
    )


def _ecrire(
    chemin: Path,
    entetes: Sequence[str],
    etablissements: list[Etablissement],
    remplir: Remplisseur,
    rng: np.random.Generator,
) -> Path:
    """Rows of each rentrée. Columns that name nobody's count (languages, say) are worth 0."""
    lignes = []
    for rentree, evolution in RENTREES.items():
        for e in sorted(etablissements, key=lambda e: (e.departement, e.uai)):
            bruit = 1.0 if rentree == max(RENTREES) else float(rng.normal(evolution, 0.02))
            valeurs = remplir(e, rentree, bruit, rng)
            identite = _identite(entetes, e, rentree)
            lignes.append(formats.ligne(entetes, identite | valeurs, 0))
    return formats.ecrire_csv(chemin, entetes, lignes, bom=True, fin="\r\n")


def _identite(entetes: Sequence[str], e: Etablissement, rentree: str) -> dict[str, object]:
    """First nine columns, the same in every file under different headers."""
    denomination = DENOMINATIONS[e.nature] + ("" if e.est_public else " PRIVE")
    commune = "MARSEILLE" if e.commune.type == "ARM" else commune_courte(e.commune)
    return dict(
        zip(
            entetes[:9],
            (
                rentree,
                capitales(REGION),
                capitales(ACADEMIE),
                DEPARTEMENTS[e.departement],
                commune,
                e.uai,
                denomination,
                capitales(patronyme(e)),
                "PUBLIC" if e.est_public else "PRIVE",
            ),
            strict=True,
        )
    )


def _parts(total: int, poids: Sequence[float], rng: np.random.Generator) -> list[int]:
    """`total` pupils shared out near `poids`, in whole pupils that add up to it."""
    bruites = np.array(poids) * (1 + 0.06 * rng.normal(size=len(poids)))
    bornes = np.round(np.cumsum(bruites / bruites.sum()) * total).astype(int)
    return [int(n) for n in np.diff(bornes, prepend=0)]


def _college(
    e: Etablissement, rentree: str, bruit: float, rng: np.random.Generator
) -> dict[str, object]:
    total = round((e.college or 0) * bruit)
    segpa, ulis = SEGPA_PAR_NIVEAU * e.segpa, ULIS_PAR_NIVEAU * e.ulis
    valeurs: dict[str, object] = {
        "REP": int(e.ep == "REP"),
        "REP +": int(e.ep == "REP+"),
        formats.EFFECTIF_COLLEGE: total,
        "Nombre d'élèves total hors Segpa hors ULIS": total - 4 * (segpa + ulis),
        "Nombre d'élèves total Segpa": 4 * segpa,
        "Nombre d'élèves total ULIS": 4 * ulis,
    }
    ordinaires = _parts(total - 4 * (segpa + ulis), (1, 1, 1, 1), rng)
    for niveau, ordinaire in zip(formats.NIVEAUX_COLLEGE, ordinaires, strict=True):
        eleves = ordinaire + segpa + ulis
        filles, garcons = _parts(eleves, (1, 1), rng)
        espagnol, italien = _parts(ordinaire, (3, 1), rng)
        valeurs |= {
            f"Nombre total de {niveau}": eleves,
            f"Nombre de {niveau} hors Segpa hors ULIS": ordinaire,
            f"Nombre de {niveau} Segpa": segpa,
            f"Nombre de {niveau} ULIS": ulis,
            f"Nombre de {niveau} filles": filles,
            f"Nombre de {niveau} garçons": garcons,
            f"Nombre de {niveau} LV1 anglais": eleves,
        }
        if niveau != formats.NIVEAUX_COLLEGE[0]:
            valeurs |= {
                f"Nombre de {niveau} LV2 espagnol": espagnol,
                f"Nombre de {niveau} LV2 italien": italien,
            }
    return valeurs


def _niveau(niveau: str, eleves: int, rng: np.random.Generator) -> dict[str, object]:
    filles, garcons = _parts(eleves, (1, 1), rng)
    return {niveau: eleves, f"{niveau}_filles": filles, f"{niveau}_garcons": garcons}


def _postal(e: Etablissement) -> str:
    return e.commune.codes_postaux[0] if e.commune.codes_postaux else ""


def _lycee_gt(
    e: Etablissement, rentree: str, bruit: float, rng: np.random.Generator
) -> dict[str, object]:
    total = round((e.gt or 0) * bruit)
    niveaux = {
        "2ndes_gt": 0.36,
        "1eres_g": 0.22,
        "1eres_stmg": 0.10,
        "terminales_g": 0.22,
        "terminales_stmg": 0.10,
    }
    valeurs: dict[str, object] = {"nombre_d_eleves": total, "code_postal": _postal(e)}
    parts = _parts(total, list(niveaux.values()), rng)
    for niveau, eleves in zip(niveaux, parts, strict=True):
        valeurs |= _niveau(niveau, eleves, rng) | {f"{niveau}_lv1_anglais": eleves}
    return valeurs


def _lycee_pro(
    e: Etablissement, rentree: str, bruit: float, rng: np.random.Generator
) -> dict[str, object]:
    total = round((e.pro or 0) * bruit)
    niveaux = {
        "2ndes_pro": 0.27,
        "1eres_pro": 0.26,
        "terminales_pro": 0.25,
        "cap_1ere_annee": 0.12,
        "cap_2nde_annee": 0.10,
    }
    if e.type == "EREA":
        niveaux = {"cap_1ere_annee": 0.55, "cap_2nde_annee": 0.45}
    valeurs: dict[str, object] = {"nombre_d_eleves": total, "code_postal": _postal(e)}
    parts = _parts(total, list(niveaux.values()), rng)
    for niveau, eleves in zip(niveaux, parts, strict=True):
        production, services = _parts(eleves, (2, 3), rng)
        valeurs |= _niveau(niveau, eleves, rng) | {
            f"{niveau}_production": production,
            f"{niveau}_services": services,
        }
        if niveau.endswith("_pro"):
            valeurs[f"{niveau}_lv1_anglais"] = eleves
    return valeurs


def _ecole(
    e: Etablissement, rentree: str, bruit: float, rng: np.random.Generator
) -> dict[str, object]:
    total = round((e.ecole or 0) * bruit)
    ulis = min(11 * e.ulis, total)
    reste = total - ulis
    poids = {"MATERNELLE": (3, 0), "ELEMENTAIRE": (0, 5), "PRIMAIRE": (3, 5)}[e.nature]
    petits, grands = _parts(reste, poids, rng)
    niveaux = dict(
        zip(("CP", "CE1", "CE2", "CM1", "CM2"), _parts(grands, (1,) * 5, rng), strict=True)
    )
    return {
        "REP": int(e.ep == "REP"),
        "REP +": int(e.ep == "REP+"),
        "Nombre total de classes": max(1, round(total / ELEVES_PAR_CLASSE)),
        "Nombre total d'élèves": total,
        "Nombre d'élèves en pré-élémentaire hors ULIS": petits,
        "Nombre d'élèves en élémentaire hors ULIS": grands,
        "Nombre d'élèves en ULIS": ulis,
        **{f"Nombre d'élèves en {n} hors ULIS": eleves for n, eleves in niveaux.items()},
        "tri": "-".join(
            (
                str(2100 - int(rentree)),
                capitales(REGION),
                capitales(ACADEMIE),
                DEPARTEMENTS[e.departement],
                commune_courte(e.commune),
                e.uai,
            )
        ),
        "Code Postal": _postal(e),
    }
