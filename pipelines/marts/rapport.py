"""What a person must know of files before they are accepted: their account, what they change."""

import math
from dataclasses import dataclass, field, replace
from enum import StrEnum

import duckdb

from pipelines.base import reference
from pipelines.base.erreurs import AtlasError
from pipelines.sources import donnees_personnelles

BLOQUANTE = "bloquante"
ATTENTION = "attention"
ENSEMBLE = " + "
"""Parts the names of the sources, and of the files, that are counted together."""


class Nature(StrEnum):
    """What can differ between two warehouses."""

    DEPARTEMENT_GAGNE = "departement_gagne"
    DEPARTEMENT_PERDU = "departement_perdu"
    POSTE_NOUVEAU = "poste_nouveau"
    POSTE_DISPARU = "poste_disparu"
    QUOTITE = "quotite"
    RESIDENCE = "residence"
    STATUT = "statut"
    HORS_SECTEUR = "hors_secteur"
    SITE_GAGNE = "site_gagne"
    SITE_PERDU = "site_perdu"
    EFFECTIF = "effectif"
    LABEL = "label"
    IPS = "ips"
    SEGPA = "segpa"
    ULIS = "ulis"
    UPE2A = "upe2a"
    RELAIS = "relais"
    INTERNAT = "internat"
    DENSITE = "densite"
    BASSIN = "bassin"
    RESEAU = "reseau"
    CONDITIONS = "conditions"
    POSITION = "position"
    PRESENCE = "presence"
    ACTIVITE = "activite"
    TRAJETS = "trajets"


@dataclass(frozen=True)
class Difference:
    """One thing that changes: what (`objet`, in words), its value before and after, None for none.

    Quotités in ETP, presences in half-days per cycle of 4 weeks, enrolments in pupils, IPS in
    points, density in levels of the grid, positions in degrees, activity in what its indicator
    counts, journeys in couples of places.
    """

    nature: Nature
    objet: str
    avant: str | float | None
    apres: str | float | None


@dataclass(frozen=True)
class FichierExamine:
    """One recognised file (or sheet): its source, its vintage and the fate of its rows."""

    source: str
    titre: str
    fichier: str
    millesime: str
    lues: int
    gardees: int
    fusionnees: int
    rejetees: int


@dataclass(frozen=True)
class Refus:
    """A file that can't enter, and why; `fichier` is None when the whole set is refused."""

    fichier: str | None
    quoi: str
    ligne: int | None = None
    colonne: str | None = None
    admis: str | None = None
    remede: str | None = None

    @classmethod
    def de(cls, erreur: AtlasError, fichier: str | None) -> "Refus":
        """The refusal `erreur` states, of the file the user calls `fichier`."""
        return cls(fichier, erreur.quoi, erreur.ligne, erreur.colonne, erreur.admis, erreur.remede)


@dataclass(frozen=True)
class Anomalie:
    """One row of `mart_anomalie`.

    `colonne` is Atlas's name of the column, `colonne_du_fichier` the header of the file: an anomaly
    is the same under another header.
    """

    source: str
    fichier: str | None
    ligne: int | None
    colonne: str | None
    colonne_du_fichier: str | None = field(compare=False)
    valeur: str | None
    code: str
    raison: str
    remede: str
    gravite: str
    consequence: str

    @property
    def colonne_lue(self) -> str | None:
        """The column as the user's file names it; None when it is not about a column."""
        return colonne_lue(self.colonne, self.colonne_du_fichier)

    @property
    def sources(self) -> list[str]:
        """The sources it is about: two when their numbers count together."""
        return self.source.split(ENSEMBLE)

    @property
    def fichiers(self) -> list[str]:
        """The files it is about; none when it is not the matter of a file."""
        return self.fichier.split(ENSEMBLE) if self.fichier else []


@dataclass(frozen=True)
class Rapport:
    """The account of a set of files, before anything changes.

    `nouvelles` are the anomalies the current data do not have, `nb_resolues` the number of those
    they would lose. `non_reconnus` gives, for each file no card fits, what it resembles and lacks;
    `sans_tableau` the files in which there is no table to read. `deposes` are the files looked at
    in particular (all of them when empty), `remplaces` those they would replace, and `actuel` the
    fingerprint of the data the differences are counted from (None when there are none).
    """

    fichiers: list[FichierExamine] = field(default_factory=list)
    refus: list[Refus] = field(default_factory=list)
    non_reconnus: dict[str, str] = field(default_factory=dict)
    sans_tableau: list[str] = field(default_factory=list)
    anomalies: list[Anomalie] = field(default_factory=list)
    nouvelles: list[Anomalie] = field(default_factory=list)
    nb_resolues: int = 0
    differences: list[Difference] = field(default_factory=list)
    deposes: tuple[str, ...] = ()
    remplaces: tuple[str, ...] = ()
    actuel: str | None = None

    @property
    def bloquantes(self) -> list[Anomalie]:
        """The lines that stop a build."""
        return [a for a in self.anomalies if a.gravite == BLOQUANTE]

    @property
    def est_bloquant(self) -> bool:
        """True when a build of these files would be refused: a file refused, or a blocking line."""
        return bool(self.refus or self.bloquantes)

    @property
    def est_acceptable(self) -> bool:
        """True when the files dropped may enter: nothing blocking, and every one of them read."""
        illisibles = {*self.non_reconnus, *self.sans_tableau}
        return not self.est_bloquant and not illisibles & set(self.deposes)


def colonne_lue(colonne: str | None, colonne_du_fichier: str | None) -> str | None:
    """The header of a file for `colonne`, in words; Atlas's own name, and why, when it has none."""
    if colonne is None or colonne_du_fichier is not None:
        return colonne_du_fichier
    return f"{colonne} (absente du fichier)"


def fichiers_examines(connexion: duckdb.DuckDBPyConnection) -> list[FichierExamine]:
    """The account of each file, from `meta_construction`."""
    lignes = connexion.execute(
        "select source, titre, fichier, millesime, lignes_lues, lignes_gardees, "
        "lignes_fusionnees, lignes_rejetees from meta_construction order by fichier, source"
    ).fetchall()
    return [FichierExamine(*ligne) for ligne in lignes]


def anomalies(connexion: duckdb.DuckDBPyConnection) -> list[Anomalie]:
    """Every anomaly, the blocking ones first, then those to check.

    A warehouse built before headers were kept has Atlas's own names for them. What a blocking line
    holds is unsaid when it may be a person's.
    """
    connues = {
        nom
        for (nom,) in connexion.execute(
            "select column_name from (describe mart_anomalie)"
        ).fetchall()
    }
    entete = "colonne_du_fichier" if "colonne_du_fichier" in connues else "colonne"
    lignes = connexion.execute(
        f"""
        select source, fichier, ligne, colonne, {entete}, valeur, code, raison, remede, gravite,
            consequence
        from mart_anomalie
        order by gravite != 'bloquante', gravite != 'attention', fichier, ligne, colonne, valeur
        """
    ).fetchall()
    lues = [Anomalie(*ligne) for ligne in lignes]
    # they come first
    bloquantes = [a for a in lues if a.gravite == BLOQUANTE]
    valeurs = donnees_personnelles.valeurs_montrables(connexion, [a.valeur for a in bloquantes])
    tues = [
        replace(a, valeur=valeur if a.valeur else a.valeur)
        for a, valeur in zip(bloquantes, valeurs, strict=True)
    ]
    return tues + lues[len(tues) :]


def differences(
    avant: duckdb.DuckDBPyConnection, apres: duckdb.DuckDBPyConnection
) -> list[Difference]:
    """What `apres` changes to `avant`, in the départements both have; those only one has are told.

    An enrolment is told from a share of change on (`depot.variation_effectif_signalee`), an IPS
    from a number of points (`depot.variation_ips_signalee`), a position from a distance
    (`controles.deplacement_max_km`); a presence, for the postes both have (those of a poste gained
    or lost go with it); activity, by school year and indicator.
    """
    requete = "select departement, libelle from ref_departements order by departement"
    ici, la = (dict(c.execute(requete).fetchall()) for c in (avant, apres))
    communs = sorted(ici.keys() & la.keys())
    postes = [_postes(c, communs) for c in (avant, apres)]
    sites = [_sites(c, communs) for c in (avant, apres)]
    presences = [_presences(c, communs) for c in (avant, apres)]
    return [
        *(
            Difference(Nature.DEPARTEMENT_PERDU, nom, code, None)
            for code, nom in ici.items()
            if code not in la
        ),
        *(
            Difference(Nature.DEPARTEMENT_GAGNE, nom, None, code)
            for code, nom in la.items()
            if code not in ici
        ),
        *_postes_differents(*postes),
        *_sites_differents(*sites),
        *_presences_differentes(*presences, postes[0].keys() & postes[1].keys(), sites),
        *_activites_differentes(*(_activite(c, communs) for c in (avant, apres))),
        *_trajets_differents(*(_trajets(c) for c in (avant, apres))),
    ]


Champs = dict[Nature, str | float | None]
Point = tuple[float | None, float | None]


def _postes(connexion: duckdb.DuckDBPyConnection, communs: list[str]) -> dict[str, Champs]:
    lignes = connexion.execute(
        "select poste_id, quotite_etp, residence_uai, statut, hors_secteur_etp from mart_poste "
        "where departement is null or departement in (select unnest(?::varchar[])) "
        "order by poste_id",
        [communs],
    ).fetchall()
    champs = (Nature.QUOTITE, Nature.RESIDENCE, Nature.STATUT, Nature.HORS_SECTEUR)
    return {poste: dict(zip(champs, valeurs, strict=True)) for poste, *valeurs in lignes}


@dataclass(frozen=True)
class _Site:
    """What is known of a site: what it is called, where it is (latitude, longitude), its values."""

    nom: str
    point: Point
    champs: Champs


OUI_NON = "case when {0} then 'oui' when not {0} then 'non' end"
CHAMPS_DU_SITE = {
    Nature.EFFECTIF: "site.effectif",
    Nature.LABEL: "site.ep",
    Nature.IPS: "round(site.ips, 1)",
    Nature.SEGPA: OUI_NON.format("site.segpa"),
    Nature.ULIS: OUI_NON.format("site.ulis"),
    Nature.UPE2A: OUI_NON.format("site.upe2a"),
    Nature.RELAIS: OUI_NON.format("site.relais"),
    Nature.INTERNAT: OUI_NON.format("site.internat"),
    Nature.DENSITE: "site.densite",
    Nature.BASSIN: "site.bassin",
    Nature.RESEAU: "site.reseau_etablissements",
    Nature.CONDITIONS: "nullif(concat_ws(', ', "
    + ", ".join(
        f"'{nom} ' || {OUI_NON.format(f'lieu.{colonne}')}"
        for nom, colonne in (
            ("bureau", "a_bureau"),
            ("téléphone", "a_telephone"),
            ("rangement fermé", "a_rangement_ferme"),
        )
    )
    + "), '')",
}
"""What a site is compared on, and how it is read."""


def _sites(connexion: duckdb.DuckDBPyConnection, communs: list[str]) -> dict[str, _Site]:
    lignes = connexion.execute(
        "select site.site_id, concat_ws(', ', site.nom, case when not "
        "contains(site.nom, site.commune) then site.commune end, site.uai_principal), "
        f"site.latitude, site.longitude, {', '.join(CHAMPS_DU_SITE.values())} "
        "from mart_site as site "
        "left join mart_etablissement as lieu on site.site_id = lieu.uai "
        "where site.departement in (select unnest(?::varchar[])) order by site.nom",
        [communs],
    ).fetchall()
    return {
        site: _Site(nom, (x, y), dict(zip(CHAMPS_DU_SITE, valeurs, strict=True)))
        for site, nom, x, y, *valeurs in lignes
    }


def _presences(
    connexion: duckdb.DuckDBPyConnection, communs: list[str]
) -> dict[tuple[str, str], float]:
    lignes = connexion.execute(
        "select poste_id, site_id, sum(demi_journees_cycle)::double "
        "from mart_presence inner join mart_site using (site_id) "
        "where departement in (select unnest(?::varchar[])) group by all order by all",
        [communs],
    ).fetchall()
    return {(poste, site): valeur for poste, site, valeur in lignes}


def _postes_differents(avant: dict[str, Champs], apres: dict[str, Champs]) -> list[Difference]:
    quotite = Nature.QUOTITE
    return [
        *(
            Difference(Nature.POSTE_NOUVEAU, p, None, apres[p][quotite])
            for p in apres
            if p not in avant
        ),
        *(
            Difference(Nature.POSTE_DISPARU, p, avant[p][quotite], None)
            for p in avant
            if p not in apres
        ),
        *(
            Difference(nature, p, valeur, apres[p][nature])
            for p, champs in avant.items()
            if p in apres
            for nature, valeur in champs.items()
            if valeur != apres[p][nature]
        ),
    ]


def _activite(
    connexion: duckdb.DuckDBPyConnection, communs: list[str]
) -> dict[tuple[str, str], tuple[float, int]]:
    """(school year, indicator) → its total, and a mark of how it is spread over the sites."""
    lignes = connexion.execute(
        "select annee_scolaire, indicateur, sum(nombre)::double, "
        "sum(hash(site_id, periode, modalite, nombre)::hugeint) "
        "from mart_activite inner join mart_site using (site_id) "
        "where departement in (select unnest(?::varchar[])) group by all order by all",
        [communs],
    ).fetchall()
    return {(annee, indicateur): (total, marque) for annee, indicateur, total, marque in lignes}


def _trajets(connexion: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], tuple]:
    """(from, to) → minutes and kilometres of the journeys of local files."""
    lignes = connexion.execute(
        "select origine_uai, destination_uai, duree_min, distance_km from mart_trajet"
    ).fetchall()
    return {(origine, destination): mesures for origine, destination, *mesures in lignes}


def _sites_differents(avant: dict[str, _Site], apres: dict[str, _Site]) -> list[Difference]:
    effectif = Nature.EFFECTIF
    return [
        *(
            Difference(Nature.SITE_GAGNE, site.nom, None, site.champs[effectif])
            for code, site in apres.items()
            if code not in avant
        ),
        *(
            Difference(Nature.SITE_PERDU, site.nom, site.champs[effectif], None)
            for code, site in avant.items()
            if code not in apres
        ),
        *(
            difference
            for code, site in avant.items()
            if code in apres
            for difference in _valeurs_differentes(site, apres[code])
        ),
    ]


def _valeurs_differentes(avant: _Site, apres: _Site) -> list[Difference]:
    """What changes of one site, the changes too small to be told apart."""
    trouvees = [
        Difference(nature, avant.nom, ancien, apres.champs[nature])
        for nature, ancien in avant.champs.items()
        if _est_dite(nature, ancien, apres.champs[nature])
    ]
    connus = [None not in site.point for site in (avant, apres)]
    km_max = reference.valeur("controles", "deplacement_max_km")
    if connus[0] != connus[1] or (all(connus) and _km(avant.point, apres.point) > km_max):
        trouvees.append(
            Difference(Nature.POSITION, avant.nom, _en_degres(avant), _en_degres(apres))
        )
    return trouvees


def _est_dite(nature: Nature, ancien: str | float | None, nouveau: str | float | None) -> bool:
    """True when the change is told; what becomes known or unknown always is."""
    if ancien == nouveau:
        return False
    if ancien is None or nouveau is None:
        return True
    if nature == Nature.EFFECTIF:
        seuil = reference.valeur("depot", "variation_effectif_signalee")
        return abs(nouveau - ancien) > seuil * ancien
    if nature == Nature.IPS:
        return abs(nouveau - ancien) > reference.valeur("depot", "variation_ips_signalee")
    return True


def _km(un: Point, autre: Point) -> float:
    """Kilometres between two points, on a flat map around the first."""
    nord = un[0] - autre[0]
    est = (un[1] - autre[1]) * math.cos(math.radians(un[0]))
    return reference.valeur("controles", "km_par_degre") * math.hypot(nord, est)


def _en_degres(site: _Site) -> str | None:
    if None in site.point:
        return None
    return " ; ".join(f"{degres:.4f}".replace(".", ",") for degres in site.point)


def _activites_differentes(avant: dict, apres: dict) -> list[Difference]:
    """The totals that change; with one total, how it is spread."""
    trouvees = []
    for annee, indicateur in sorted(avant.keys() | apres.keys()):
        ancien, nouveau = avant.get((annee, indicateur)), apres.get((annee, indicateur))
        if ancien == nouveau:
            continue
        totaux = [None if connu is None else connu[0] for connu in (ancien, nouveau)]
        objet = f"{indicateur}, {annee}"
        if totaux[0] == totaux[1]:
            objet += ", réparti autrement"
        trouvees.append(Difference(Nature.ACTIVITE, objet, *totaux))
    return trouvees


def _trajets_differents(avant: dict, apres: dict) -> list[Difference]:
    changes = [
        couple for couple in avant.keys() | apres.keys() if avant.get(couple) != apres.get(couple)
    ]
    if not changes:
        return []
    objet = f"dont {len(changes)} ajoutés, retirés ou modifiés"
    return [Difference(Nature.TRAJETS, objet, len(avant), len(apres))]


def _presences_differentes(
    avant: dict, apres: dict, postes: set[str], sites: list[dict[str, _Site]]
) -> list[Difference]:
    noms = {code: site.nom for table in sites for code, site in table.items()}
    return [
        Difference(Nature.PRESENCE, f"{poste}, {noms[site]}", ancienne, nouvelle)
        for poste, site in sorted(avant.keys() | apres.keys())
        if poste in postes
        and (ancienne := avant.get((poste, site))) != (nouvelle := apres.get((poste, site)))
    ]
