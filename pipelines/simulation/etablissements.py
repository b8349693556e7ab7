"""The fictitious establishments of the example, before they are written in any format."""

from dataclasses import dataclass, field
from itertools import chain

import numpy as np

from pipelines.base import uai as identifiants
from pipelines.simulation.communes import DEPARTEMENTS, Commune
from pipelines.simulation.hypotheses import borne, hypothese, tirage
from pipelines.simulation.implantation import Carte
from pipelines.simulation.noms import Noms

EDUCATION = "MINISTERE DE L'EDUCATION NATIONALE"
LIBELLES = {
    "COLLEGE": "Collège exemple",
    "LEGT": "Lycée général et technologique exemple",
    "LPO": "Lycée polyvalent exemple",
    "LP": "Lycée professionnel exemple",
    "EREA": "Etablissement régional d'enseignement adapté exemple",
}
LYCEES = ("LEGT", "LPO", "LP")
# first number of each kind inside the range 9000-9999, which no real UAI uses
PLAGES = {
    "COLLEGE": 9001,
    "LYCEE": 9181,
    "EREA": 9251,
    "FERME": 9299,
    "SECTION": 9301,
    "PRIVE": 9401,
    "AUTRE": 9451,
    "ECOLE": 9501,
}


@dataclass
class Etablissement:
    """One establishment, section or service. `gt`, `pro`, `college`: pupils by kind of course."""

    uai: str
    nom: str
    type: str
    commune: Commune
    latitude: float | None
    longitude: float | None
    adresse: str
    est_public: bool = True
    tutelle: str = EDUCATION
    nature: str = ""
    ep: str | None = None
    tete: str = ""
    segpa: bool = False
    ulis: bool = False
    internat: bool = False
    mere: str = ""
    rattachement: str = ""
    college: int | None = None
    gt: int | None = None
    pro: int | None = None
    ecole: int | None = None
    ips: float | None = None
    ips_pro: float | None = None
    date_ouverture: str = "1975-09-01"
    bassin: tuple[str, str] = ("", "")
    circonscription: tuple[str, str] = ("", "")
    est_ferme: bool = False

    @property
    def departement(self) -> str:
        """Département as three characters."""
        return self.commune.departement

    @property
    def effectif(self) -> int | None:
        """Pupils all courses together; None when no file will give any."""
        connus = [n for n in (self.college, self.gt, self.pro, self.ecole) if n is not None]
        return sum(connus) if connus else None


@dataclass
class Fabrique:
    """Hands out UAI, names, addresses and points, each from its own seeded stream."""

    carte: Carte
    graine: int
    noms: Noms = field(init=False)
    rng: np.random.Generator = field(init=False)
    _suivants: dict[tuple[str, str], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.noms = Noms(tirage(self.graine, "noms"))
        self.rng = tirage(self.graine, "lieux")

    def uai(self, departement: str, plage: str) -> str:
        """Next free UAI of a range, with its check letter."""
        numero = self._suivants.get((departement, plage), PLAGES[plage])
        self._suivants[departement, plage] = numero + 1
        chiffres = f"{departement}{numero:04d}"
        return chiffres + identifiants.cle(chiffres)

    def creer(
        self, type_: str, commune: Commune, plage: str, libelle: str, **attributs: object
    ) -> Etablissement:
        """An establishment of `commune` with a UAI, a name, an address and a point."""
        latitude, longitude = self.carte.position(commune, self.rng)
        nom = self.noms.prendre(f"{commune.departement}|{libelle}")
        rue = self.noms.prendre("rues")
        return Etablissement(
            uai=self.uai(commune.departement, plage),
            nom=f"{libelle} {nom}",
            type=type_,
            commune=commune,
            latitude=latitude,
            longitude=longitude,
            adresse=f"{int(self.rng.integers(1, 180))} rue {rue}",
            **attributs,
        )


def second_degre(fabrique: Fabrique) -> list[Etablissement]:
    """Every public collège, lycée and EREA of the example, the closed collège included."""
    return list(chain.from_iterable(_departement(fabrique, d) for d in DEPARTEMENTS))


def sections(fabrique: Fabrique, meres: list[Etablissement]) -> list[Etablissement]:
    """Rows of sections with a UAI of their own, at their mother's address.

    One of them has an agricultural lycée for mother, out of scope: it is a site of its own.
    """
    parts = hypothese("parts_attributs")
    lignes = []
    for type_, part, code, libelle in (
        ("LPO", parts["section_lpo"], "SEP", "Section d'enseignement professionnel du"),
        ("LP", parts["section_lp"], "SGT", "Section d'enseignement général et technologique du"),
    ):
        candidates = [e for e in meres if e.type == type_]
        for mere in candidates[: round(part * len(candidates))]:
            lignes.append(_section(fabrique, mere, code, libelle))
    agricole = fabrique.creer(
        "LEGT",
        max(fabrique.carte.du_departement("084"), key=lambda c: c.population),
        "AUTRE",
        "Lycée général et technologique agricole exemple",
        tutelle="AGRICULTURE",
        nature="AGRICOLE",
        internat=True,
    )
    section = _section(
        fabrique, agricole, "SGT", "Section d'enseignement général et technologique du"
    )
    section.gt = round(borne(fabrique.rng, hypothese("effectifs")["LPO_PRO"]))
    section.ips = round(borne(fabrique.rng, hypothese("ips")["LPO_GT"]), 1)
    return [*lignes, agricole, section]


def prives_et_services(fabrique: Fabrique) -> list[Etablissement]:
    """What the annuaire holds besides and the perimeter leaves out."""
    lignes = []
    effectifs, ips = hypothese("effectifs"), hypothese("ips")
    for departement, types in hypothese("etablissements_prives").items():
        villes = sorted(fabrique.carte.du_departement(departement), key=lambda c: -c.population)
        for type_, nombre in types.items():
            for rang in range(nombre):
                e = fabrique.creer(
                    type_,
                    villes[rang % max(3, len(villes) // 12)],
                    "PRIVE",
                    LIBELLES[type_].replace(" exemple", " privé exemple"),
                    est_public=False,
                    nature=type_,
                )
                e.ips = round(borne(fabrique.rng, ips["PRIVE"]), 1)
                nombre_eleves = round(borne(fabrique.rng, effectifs["COLLEGE"]))
                if type_ == "COLLEGE":
                    e.college = nombre_eleves
                else:
                    e.gt = nombre_eleves
                lignes.append(e)
        services = [
            ("CIO", "Centre d'information et d'orientation exemple"),
            ("IME", "Institut médico-éducatif exemple"),
            ("ITEP", "Institut thérapeutique, éducatif et pédagogique exemple"),
            ("DSDEN", "Direction des services départementaux exemple"),
        ]
        for nature, libelle in services:
            est_medico_social = nature in ("IME", "ITEP")
            lignes.append(
                fabrique.creer(
                    nature,
                    villes[0],
                    "AUTRE",
                    libelle,
                    nature=nature,
                    est_public=not est_medico_social,
                    tutelle="SANTE ET SOLIDARITE NATIONALE" if est_medico_social else EDUCATION,
                )
            )
    return lignes


def _departement(fabrique: Fabrique, departement: str) -> list[Etablissement]:
    types = hypothese("etablissements")[departement]
    communes = fabrique.carte.repartir(departement, types["COLLEGE"], "COLLEGE")
    colleges = [fabrique.creer("COLLEGE", c, "COLLEGE", LIBELLES["COLLEGE"]) for c in communes]
    nouveaux = [type_ for type_ in LYCEES for _ in range(types[type_])]
    ordre = fabrique.rng.permutation(len(nouveaux))
    lycees = [
        fabrique.creer(nouveaux[i], commune, "LYCEE", LIBELLES[nouveaux[i]])
        for i, commune in zip(
            ordre, fabrique.carte.repartir(departement, len(nouveaux), "LYCEE"), strict=True
        )
    ]
    bourgs = [c for c in fabrique.carte.du_departement(departement, 2000) if c.population < 20000]
    erea = [
        fabrique.creer(
            "EREA",
            bourgs[int(fabrique.rng.integers(len(bourgs)))],
            "EREA",
            LIBELLES["EREA"],
        )
        for _ in range(types["EREA"])
    ]
    for e in chain(colleges, lycees, erea):
        e.nature = e.type
    _peupler(fabrique, colleges, lycees, erea)
    if departement == "013":
        _cite_scolaire(fabrique, next(e for e in lycees if e.type == "LEGT"))
    if departement in ("013", "084"):
        _nouveau_college(colleges[-1])
    return [*colleges, *lycees, *erea]


def _peupler(
    fabrique: Fabrique,
    colleges: list[Etablissement],
    lycees: list[Etablissement],
    erea: list[Etablissement],
) -> None:
    """Pupils, ULIS, internat and social position; SEGPA and REP come with the networks."""
    rng, effectifs, ips = fabrique.rng, hypothese("effectifs"), hypothese("ips")
    parts = hypothese("parts_attributs")
    for e in colleges:
        est_rural = e.commune.population < hypothese("rural_population_max")
        e.college = round(borne(rng, effectifs["COLLEGE_RURAL" if est_rural else "COLLEGE"]))
        e.ips = round(borne(rng, ips["COLLEGE"]), 1)
        e.ulis = bool(rng.random() < parts["ulis_college"])
        # mountain collèges board their far-off pupils
        e.internat = bool(rng.random() < parts["internat_college"] * (3 if est_rural else 0.7))
    for e in lycees:
        if e.type == "LEGT":
            e.gt = round(borne(rng, effectifs["LEGT"]))
            e.ips = round(borne(rng, ips["LEGT"]), 1)
        if e.type == "LPO":
            e.gt = round(borne(rng, effectifs["LPO_GT"]))
            e.pro = round(borne(rng, effectifs["LPO_PRO"]))
            e.ips = round(borne(rng, ips["LPO_GT"]), 1)
            e.ips_pro = round(borne(rng, ips["PRO"]), 1)
        if e.type == "LP":
            e.pro = round(borne(rng, effectifs["LP"]))
            e.ips_pro = round(borne(rng, ips["PRO"]), 1)
        e.ulis = bool(e.type != "LEGT" and rng.random() < parts["ulis_lycee"])
        e.internat = bool(rng.random() < parts["internat_lycee"])
    for e in erea:
        e.pro = round(borne(rng, effectifs["EREA"]))
        e.ips_pro = round(borne(rng, ips["EREA"]), 1)
        e.segpa, e.internat = True, True


def _cite_scolaire(fabrique: Fabrique, lycee: Etablissement) -> None:
    """One establishment the annuaire will give on two rows, collège and lycée, under one UAI."""
    lycee.nature = "CITE"
    lycee.nom = f"Cité scolaire exemple {fabrique.noms.prendre('cites')}"
    lycee.college = round(borne(fabrique.rng, hypothese("effectifs")["COLLEGE"]))


def _nouveau_college(college: Etablissement) -> None:
    """A brand-new collège: no coordinates yet, and in no file of enrolments or IPS."""
    college.latitude = college.longitude = None
    college.college = college.ips = None
    college.date_ouverture = "2026-09-01"
    college.internat = False


def _section(fabrique: Fabrique, mere: Etablissement, nature: str, libelle: str) -> Etablissement:
    return Etablissement(
        uai=fabrique.uai(mere.departement, "SECTION"),
        nom=f"{libelle} {mere.nom}",
        type="LP" if nature == "SEP" else "LEGT",
        commune=mere.commune,
        latitude=mere.latitude,
        longitude=mere.longitude,
        adresse=mere.adresse,
        nature=nature,
        mere=mere.uai,
        rattachement="FILIERE OU DEPARTEMENT OU SECTION",
        internat=mere.internat,
        date_ouverture="2012-09-01",
    )
