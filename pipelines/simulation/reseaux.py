"""Éducation prioritaire, SEGPA, schools and bassins of the fictitious establishments."""

from pipelines.simulation.communes import DEPARTEMENTS, Commune
from pipelines.simulation.etablissements import LIBELLES, Etablissement, Fabrique
from pipelines.simulation.hypotheses import borne, hypothese
from pipelines.simulation.implantation import distance_km
from pipelines.simulation.noms import capitales

VILLE_REP_PLUS = 20000
VILLE_REP = 10000
NORD = ("13201", "13202", "13203", "13204", "13213", "13214", "13215", "13216")
# towns a bassin is named after; Marseille has two
CENTRES = {
    "004": ("04070", "04112"),
    "005": ("05061", "05023"),
    "013": ("13215", "13208", "13001", "13005", "13056", "13103", "13004"),
    "084": ("84007", "84031", "84087", "84035"),
}


def education_prioritaire(fabrique: Fabrique, etablissements: list[Etablissement]) -> None:
    """Mark the collèges REP+ and REP, and give SEGPA, mostly where pupils are poorest."""
    for departement in DEPARTEMENTS:
        colleges = [
            e
            for e in etablissements
            if e.departement == departement and e.type == "COLLEGE" and e.latitude is not None
        ]
        tetes = _tetes_rep_plus(fabrique, departement, colleges)
        _marquer(fabrique, tetes, "REP+")
        exclus = hypothese("arrondissements_sans_reseau")
        libres = [e for e in colleges if e.ep is None and e.commune.code not in exclus]
        nombre = hypothese("reseaux")[departement]["REP"]
        _marquer(fabrique, _au_hasard(fabrique, libres, nombre, VILLE_REP), "REP")
        _segpa(fabrique, colleges)


def college_ferme(fabrique: Fabrique) -> Etablissement:
    """Head of a REP+ network whose collège has closed: the list keeps it, the annuaire does not."""
    commune = next(c for c in fabrique.carte.communes if c.code == "13214")
    e = fabrique.creer("COLLEGE", commune, "FERME", LIBELLES["COLLEGE"])
    e.ep, e.tete, e.est_ferme, e.nature = "REP+", e.uai, True, "COLLEGE"
    return e


def ecoles(fabrique: Fabrique, tetes: list[Etablissement]) -> list[Etablissement]:
    """Public schools: every one of the networks of `tetes`, and a sample of the others."""
    lignes = []
    for tete in tetes:
        petit, grand = hypothese("ecoles_par_reseau")[tete.ep]
        nombre = int(fabrique.rng.integers(petit, grand + 1))
        for rang in range(nombre):
            lignes.append(_ecole(fabrique, tete.commune, tete, rang))
    for departement, nombre in hypothese("ecoles_hors_reseau").items():
        for rang, commune in enumerate(fabrique.carte.repartir(departement, nombre, "COLLEGE")):
            lignes.append(_ecole(fabrique, commune, None, rang))
    return lignes


def circonscriptions(fabrique: Fabrique, lignes: list[Etablissement]) -> list[Etablissement]:
    """One inspection office for each bassin, and its name on the schools of the bassin."""
    offices = []
    for code_bassin, bassin in sorted({e.bassin for e in lignes if e.type == "ECOLE"}):
        membres = [e for e in lignes if e.type == "ECOLE" and e.bassin[0] == code_bassin]
        office = fabrique.creer(
            "CIRCONSCRIPTION",
            membres[0].commune,
            "AUTRE",
            "Circonscription d'inspection du 1er degré exemple",
            nature="CIRCONSCRIPTION",
        )
        office.bassin = (code_bassin, bassin)
        for e in membres:
            e.circonscription = (office.uai, office.nom)
        offices.append(office)
    return offices


def bassins(fabrique: Fabrique, lignes: list[Etablissement]) -> None:
    """Give each row the bassin of the nearest centre of its département."""
    par_code = {c.code: c for c in fabrique.carte.communes}
    noms = {"13215": "MARSEILLE NORD", "13208": "MARSEILLE SUD"}
    for e in lignes:
        centres = CENTRES[e.departement]
        if e.commune.type == "ARM":
            centre = "13215" if e.commune.code in NORD else "13208"
        else:
            centre = min(centres, key=lambda code: (distance_km(par_code[code], e.commune), code))
        rang = sum(len(CENTRES[d]) for d in DEPARTEMENTS if d < e.departement)
        code = f"029{rang + centres.index(centre) + 1:02d}"
        e.bassin = (code, noms.get(centre) or capitales(par_code[centre].nom, tirets=False))


def _marquer(fabrique: Fabrique, tetes: list[Etablissement], ep: str) -> None:
    for e in tetes:
        e.ep, e.tete = ep, e.uai
        e.ips = round(borne(fabrique.rng, hypothese("ips")[ep]), 1)


def _tetes_rep_plus(
    fabrique: Fabrique, departement: str, colleges: list[Etablissement]
) -> list[Etablissement]:
    nombre = hypothese("reseaux")[departement]["REP+"]
    tetes: list[Etablissement] = []
    if departement == "013":
        # the closed collège heads one of the networks
        nombre -= 1
        for arrondissement, places in hypothese("arrondissements_rep_plus").items():
            presents = [e for e in colleges if e.commune.code == arrondissement]
            tetes += _au_hasard(fabrique, presents, places, 0)
    ailleurs = [e for e in colleges if e.commune.type == "COM"]
    return tetes + _au_hasard(fabrique, ailleurs, nombre - len(tetes), VILLE_REP_PLUS)


def _au_hasard(
    fabrique: Fabrique, colleges: list[Etablissement], nombre: int, population: int
) -> list[Etablissement]:
    """`nombre` collèges, of towns of at least `population` as far as there are enough."""
    melange = [colleges[i] for i in fabrique.rng.permutation(len(colleges))]
    melange.sort(key=lambda e: e.commune.population < population)
    return melange[: max(nombre, 0)]


def _segpa(fabrique: Fabrique, colleges: list[Etablissement]) -> None:
    nombre = round(hypothese("parts_attributs")["segpa"] * len(colleges))
    rangs = {e.uai: e.ips + 25 * fabrique.rng.random() for e in colleges}
    for e in sorted(colleges, key=lambda e: (rangs[e.uai], e.uai))[:nombre]:
        # a small collège has no SEGPA
        e.segpa = e.college is not None and e.college >= 300


def _ecole(
    fabrique: Fabrique, commune: Commune, tete: Etablissement | None, rang: int
) -> Etablissement:
    est_maternelle = rang % 2 == 1 if tete else rang % 5 == 4
    genre = "MATERNELLE" if est_maternelle else "ELEMENTAIRE" if commune.population > 6000 else ""
    genre = genre or "PRIMAIRE"
    libelle = {
        "MATERNELLE": "Ecole maternelle exemple",
        "ELEMENTAIRE": "Ecole élémentaire exemple",
        "PRIMAIRE": "Ecole primaire exemple",
    }[genre]
    e = fabrique.creer("ECOLE", commune, "ECOLE", libelle, nature=genre)
    e.date_ouverture = "1967-10-09"
    e.ecole = round(borne(fabrique.rng, hypothese("effectifs")[genre]))
    e.ulis = not est_maternelle and bool(fabrique.rng.random() < 0.12)
    milieu = tete.ep if tete else "ECOLE"
    ips = round(borne(fabrique.rng, hypothese("ips")[milieu]), 1)
    # the index is worked out in the last year of primary school: none for a maternelle
    e.ips = None if est_maternelle else ips
    if tete:
        e.ep, e.tete = tete.ep, tete.uai
    return e
