"""A barème as data: the numbers that turn rules and pupils into half-days, each cited."""

from collections.abc import Iterable, Set
from dataclasses import MISSING, asdict, dataclass, field, fields, replace
from datetime import date

from pipelines.base import reference as parametres
from pipelines.base.erreurs import AtlasError
from pipelines.base.textes import au_plus_juste, nombre
from pipelines.scoring.conditions import LOGIQUE, NOMBRE, PLUS_GRAND_NOMBRE, grammaire
from pipelines.scoring.jeux import (
    ecrire_local,
    en_toml,
    lire_reference,
    nom_du_fichier,
    verifier_code_local,
)
from pipelines.scoring.labels import echanges
from pipelines.scoring.regles import Priorites, priorites

DOSSIER = "baremes"
SENS = {"au_dessus": 1, "au_dessous": -1}
# what is written as words, wherever it stands
TEXTES = {
    *("code", "libelle", "nature", "resume", "priorites", "reference", "remplacement"),
    *("colonne", "unite", "sens", "drapeau"),
}
HORS_REGLES = {"reference", "sans_categorie"}
CLES_EXIGEES = {
    "bareme": {
        *("code", "libelle", "nature", "resume", "en_vigueur_le", "verifie_le", "priorites"),
    },
    "bornes": {"plancher", "plafond", "reference"},
    "base": {"etablissement", "ecoles_rep_plus", "reference"},
    "eleves": {"COLLEGE", "LEGT", "LPO", "LP", "EREA", "reference"},
    "effectif_inconnu": {"remplacement", "reference"},
    "ecoles": {"elementaire", "maternelle", "reference"},
}


@dataclass(frozen=True)
class Continu:
    """A factor without threshold: half-days for each unit above or under an origin.

    `colonne` of `mart_site`; `par_unite` half-days for one unit, multiplied by pupils /
    `par_eleves` when that is given; `types` it applies to (all when empty); `drapeau` is the
    boolean column that says whether the site has what is counted at all.
    """

    code: str
    libelle: str
    colonne: str
    unite: str
    par_unite: float
    reference: str
    origine: float = 0.0
    sens: str = "au_dessus"
    par_eleves: float | None = None
    types: tuple[str, ...] = ()
    drapeau: str | None = None


@dataclass(frozen=True)
class Bareme:
    """A scale of besoins: all numbers in half-days per 4-week cycle, or as their part says.

    `eleves`: pupils for one half-day, by type. `coefficients`: what a pupil counts for, by
    category (the largest of a site's). `contributions`: half-days by category. `references`:
    part → key → who chose this very number, where it is not who chose the rest of its part.
    """

    code: str
    libelle: str
    nature: str
    resume: str
    en_vigueur_le: date
    verifie_le: date
    priorites: Priorites
    bornes: dict
    base: dict
    eleves: dict
    effectif_inconnu: dict
    ecoles: dict
    contributions: dict = field(default_factory=dict)
    coefficients: dict = field(default_factory=dict)
    continus: tuple[Continu, ...] = ()
    references: dict = field(default_factory=dict)

    def reference_de(self, partie: str, cle: str) -> str:
        """Who chose the number `cle` of `partie`."""
        choisie = self.references.get(partie, {}).get(cle)
        if partie != "continus":
            return choisie or getattr(self, partie)["reference"]
        [facteur] = [c for c in self.continus if c.code == cle]
        return f"{facteur.reference} ; poids : {choisie}" if choisie else facteur.reference

    def reference_entiere(self, partie: str) -> str:
        """Who chose the numbers of `partie`, those chosen apart named."""
        apart = [
            f"{nom_du_nombre(self, partie, cle)} : {ref}"
            for cle, ref in self.references.get(partie, {}).items()
        ]
        return " ; ".join([getattr(self, partie)["reference"], *apart])


@dataclass(frozen=True)
class Poids:
    """One number of a barème that can be moved: `partie` and `cle` say where it stands."""

    partie: str
    cle: str
    libelle: str
    unite: str
    valeur: float
    reference: str


def bareme(code: str) -> Bareme:
    """The barème `code`, shipped in `data/reference/baremes` or the académie's own.

    Read as its file stands now, with its rule set. Raises AtlasError when it does not exist, a
    part is missing, a category is not one of the rule set, or a number is not one.
    """
    return interpreter(lire_reference(DOSSIER, code), nom_du_fichier(DOSSIER, code))


def ecrire_bareme(echelle: Bareme, code: str, *, remplacer: bool = False) -> Bareme:
    """Write `echelle` under `code` among the académie's own barèmes; the barème as read back.

    It names its rule set by its code: that set is written first when it is the académie's own.
    AtlasError as `interpreter` and `jeux.ecrire_local`.
    """
    verifier_code_local(DOSSIER, code)
    parties = asdict(replace(echelle, code=code, continus=()))
    tete = {c: parties.pop(c) for c in sorted(CLES_EXIGEES["bareme"])}
    contenu = {
        "bareme": {**tete, "priorites": echelle.priorites.code},
        **{nom: table for nom, table in parties.items() if table},
        "continus": [
            {c: v for c, v in asdict(f).items() if v not in (None, ())} for f in echelle.continus
        ],
    }
    relu = interpreter(contenu, nom_du_fichier(DOSSIER, code))
    ecrire_local(DOSSIER, code, en_toml(contenu), remplacer=remplacer)
    return relu


def interpreter(contenu: dict, fichier: str) -> Bareme:
    """The barème of `contenu`, the tables of `fichier`; AtlasError naming what is wrong there."""
    parties = {**contenu, "continus": contenu.get("continus", [])}
    _exiger_formes(fichier, parties)
    for partie, cles in CLES_EXIGEES.items():
        _exiger(fichier, partie, parties.get(partie, {}).keys(), exigees=cles)
    for partie in ("contributions", "coefficients"):
        if parties.get(partie):
            _exiger(fichier, partie, parties[partie].keys(), exigees={"reference"})
    noms = {c.name for c in fields(Bareme)}
    tete = parties.pop("bareme")
    _exiger(fichier, "bareme", tete.keys(), admises=noms)
    _exiger(fichier, "titres", parties.keys(), admises=noms)
    admises = {c.name for c in fields(Continu)}
    exigees = {c.name for c in fields(Continu) if c.default is MISSING}
    for facteur in parties["continus"]:
        _exiger(fichier, "continus", facteur.keys(), exigees=exigees, admises=admises)
    echelle = Bareme(
        **{
            **tete,
            **parties,
            "priorites": priorites(tete["priorites"]),
            "continus": tuple(
                Continu(**{**f, "types": tuple(f.get("types", ()))}) for f in parties["continus"]
            ),
        }
    )
    _verifier(fichier, echelle)
    verifier_les_labels(echelle, fichier)
    return echelle


def verifier_les_labels(echelle: Bareme, fichier: str) -> None:
    """AtlasError when one label more would lower a besoin under `echelle`, the rules of `fichier`.

    So does a category of what is left (no dispositif, no label) that weighs more than the one that
    takes its place.
    """
    libelles = {r.code: r.libelle for r in echelle.priorites.regles}
    sans = echelle.coefficients.get("sans_categorie", 1)
    for partie, peser in (
        ("contributions", lambda table, codes: sum(table.get(c, 0) for c in codes)),
        ("coefficients", lambda table, codes: max([sans, *(table.get(c, sans) for c in codes)])),
    ):
        table = getattr(echelle, partie)
        for avant, apres in sorted(echanges(echelle.priorites), key=lambda e: [*map(sorted, e)]):
            quittees, prises = avant - apres, apres - avant
            # what the site keeps counts on both sides
            poids = [peser(table, codes) for codes in (avant, apres)]
            if poids[0] <= poids[1]:
                continue
            quitte, prend = (
                " ; ".join(f"« {libelles[c]} » ({au_plus_juste(peser(table, [c]))})" for c in codes)
                for codes in (sorted(quittees), sorted(prises))
            )
            raise AtlasError(
                f"Un label de plus ferait baisser un besoin : un site quitterait {quitte} pour "
                f"{prend or 'aucune autre catégorie'}.",
                fichier=fichier,
                admis="un poids au plus égal à celui de ce qui remplace la catégorie",
                remede=f"corriger [{partie}] : baisser le premier poids, ou lever le second",
            )


def _exiger_formes(fichier: str, parties: dict) -> None:
    """AtlasError naming the first table, text or day that is something else."""
    continus = parties["continus"]
    attendus = [
        (f"[{nom}]", table, dict, "une table")
        for nom, table in parties.items()
        if nom != "continus"
    ]
    attendus += [("[[continus]]", continus, list, "des tables [[continus]]")]
    attendus += [("[[continus]]", f, dict, "une table") for f in continus]
    _exiger_natures(fichier, attendus)
    attendus = [
        (f"[{nom}] {cle}", valeur, str, "un texte")
        for nom, table in [
            *((n, t) for n, t in parties.items() if n not in ("continus", "references")),
            *(("continus", f) for f in continus),
        ]
        for cle, valeur in table.items()
        if cle in TEXTES
    ]
    attendus += [
        (f"[bareme] {cle}", parties.get("bareme", {}).get(cle, date.min), date, "un jour")
        for cle in ("en_vigueur_le", "verifie_le")
    ]
    attendus += [
        (f"[references] {nom}", table, dict, "une table")
        for nom, table in parties.get("references", {}).items()
    ]
    for facteur in continus:
        for cle in ("origine", "par_eleves"):
            attendus.append((f"[[continus]] {cle}", facteur.get(cle, 1), (int, float), "un nombre"))
        attendus.append(
            ("[[continus]] types", facteur.get("types", []), (list, tuple), "une liste")
        )
    _exiger_natures(fichier, attendus)


def _exiger_natures(
    fichier: str, attendus: list[tuple[str, object, type | tuple[type, ...], str]]
) -> None:
    for ou, valeur, nature, admis in attendus:
        if not isinstance(valeur, nature) or (nature is str and not str(valeur).strip()):
            raise AtlasError(
                f"{ou} : « {valeur} » n'est pas ce qui est attendu.",
                fichier=fichier,
                admis=admis,
                remede="écrire cette partie comme dans les barèmes livrés",
            )


def _exiger(
    fichier: str,
    partie: str,
    donnees: Set[str],
    exigees: Set[str] = frozenset(),
    admises: Set[str] | None = None,
) -> None:
    """AtlasError naming the first key that is missing from `partie`, or that nothing reads."""
    for raison, cles, remede in (
        ("manque", exigees - donnees, "l'ajouter, comme dans les barèmes livrés"),
        ("n'est lu par rien", donnees - (admises or donnees), "corriger ce nom, ou l'enlever"),
    ):
        for cle in sorted(cles):
            raise AtlasError(
                f"« {cle} » {raison} dans [{partie}].",
                fichier=fichier,
                admis=", ".join(sorted(admises or exigees)),
                remede=remede,
            )


def _verifier(fichier: str, echelle: Bareme) -> None:
    """Categories, numbers and columns a barème may hold; AtlasError naming what is wrong."""

    def refuser(message: str, partie: str, admis: Iterable[str | int] = ()) -> AtlasError:
        return AtlasError(
            message,
            fichier=fichier,
            admis=", ".join(str(a) for a in sorted(admis)) or None,
            remede=f"corriger [{partie}]",
        )

    for partie, textes in echelle.references.items():
        if partie not in PARTIES_CITEES:
            texte = f"« {partie} » n'est pas une partie de nombres."
            raise refuser(texte, "references", PARTIES_CITEES)
        continus = [c.code for c in echelle.continus]
        for cle, texte in textes.items():
            if cle not in (continus if partie == "continus" else getattr(echelle, partie)):
                raise refuser(f"« {cle} » n'est pas un nombre de [{partie}].", "references")
            if not isinstance(texte, str) or not texte.strip():
                raise refuser(f"La référence de « {cle} » est vide.", "references")
    regles = {r.code for r in echelle.priorites.regles}
    for partie in ("contributions", "coefficients"):
        for cle in sorted(getattr(echelle, partie).keys() - regles - HORS_REGLES):
            texte = f"La catégorie « {cle} » n'existe pas dans « {echelle.priorites.code} »."
            raise refuser(texte, partie, tuple(regles))
    for facteur in echelle.continus:
        if facteur.sens not in SENS:
            texte = f"Le sens « {facteur.sens} » n'est pas connu."
            raise refuser(texte, "continus", tuple(SENS))
    for p in poids_reglables(echelle, (*PARTIES_REGLABLES, "bornes")):
        est_nombre = isinstance(p.valeur, int | float) and not isinstance(p.valeur, bool)
        if not est_nombre or not 0 <= p.valeur <= PLUS_GRAND_NOMBRE:
            texte = f"« {p.libelle} » doit être un nombre positif ou nul, et non « {p.valeur} »."
            raise refuser(texte, p.partie)
        if p.partie == "eleves" and p.valeur == 0:
            texte = f"« {p.libelle} » ne peut être nul : ce sont des élèves pour une demi-journée."
            raise refuser(texte, "eleves")
    if echelle.bornes["plancher"] > echelle.bornes["plafond"]:
        raise refuser("Le plancher est au-dessus du plafond.", "bornes")
    niveaux = [n for n in parametres.valeur("optimisation", "niveaux_presence") if n > 0]
    for cle in ("plancher", "plafond"):
        if echelle.bornes[cle] not in niveaux:
            texte = (
                f"« {NOMS_DES_POIDS['bornes', cle]} » vaut {nombre(echelle.bornes[cle], 1)} : ce "
                "n'est pas une présence qu'un poste peut donner."
            )
            raise refuser(texte, "bornes", niveaux)
    for facteur in echelle.continus:
        if facteur.par_eleves is not None and facteur.par_eleves <= 0:
            texte = f"« {facteur.libelle} » : par_eleves doit être un nombre positif."
            raise refuser(texte, "continus")
        for colonne, nature in ((facteur.colonne, NOMBRE), (facteur.drapeau, LOGIQUE)):
            admises = tuple(c for c, n in grammaire().natures.items() if n == nature)
            if colonne is not None and colonne not in admises:
                texte = f"« {colonne} » n'est pas une colonne de mart_site qui contient {nature}."
                raise refuser(texte, "continus", admises)


NOMS_DES_POIDS = {
    ("base", "etablissement"): "Base d'un établissement",
    ("base", "ecoles_rep_plus"): "Base d'un réseau d'écoles REP+",
    ("ecoles", "elementaire"): "Par école avec cycle 3",
    ("ecoles", "maternelle"): "Par maternelle",
    ("eleves", "COLLEGE"): "Élèves d'un collège",
    ("eleves", "LEGT"): "Élèves d'un lycée général et technologique",
    ("eleves", "LPO"): "Élèves d'un lycée polyvalent",
    ("eleves", "LP"): "Élèves d'un lycée professionnel",
    ("eleves", "EREA"): "Élèves d'un EREA",
    ("coefficients", "sans_categorie"): "Élève d'un site sans catégorie",
    ("bornes", "plancher"): "Plancher",
    ("bornes", "plafond"): "Plafond",
}
UNITES_DES_POIDS = {
    "base": "½ j. par cycle",
    "ecoles": "½ j. par cycle",
    "contributions": "½ j. par cycle",
    "bornes": "½ j. par cycle",
    "eleves": "élèves pour une ½ j.",
    "coefficients": "élèves comptés pour un",
}
PARTIES_REGLABLES = ("base", "eleves", "ecoles", "coefficients", "contributions")
PARTIES_CITEES = (*PARTIES_REGLABLES, "bornes", "continus")


def nom_du_nombre(echelle: Bareme, partie: str, cle: str) -> str:
    """How people call the number `cle` of `partie`: its own name, else that of its category."""
    libelles = {r.code: r.libelle for r in echelle.priorites.regles}
    return NOMS_DES_POIDS.get((partie, cle)) or libelles.get(cle, cle)


def poids_reglables(echelle: Bareme, parties: tuple[str, ...] = PARTIES_REGLABLES) -> list[Poids]:
    """Every number of `echelle` that weighs on a besoin, continuous factors last."""
    trouves = []
    for partie in parties:
        table = getattr(echelle, partie)
        for cle, valeur in table.items():
            if cle == "reference":
                continue
            trouves.append(
                Poids(
                    partie,
                    cle,
                    nom_du_nombre(echelle, partie, cle),
                    UNITES_DES_POIDS[partie],
                    valeur,
                    echelle.reference_de(partie, cle),
                )
            )
    return trouves + [
        Poids(
            "continus",
            c.code,
            c.libelle,
            _unite(c),
            c.par_unite,
            echelle.reference_de("continus", c.code),
        )
        for c in echelle.continus
    ]


def _unite(facteur: Continu) -> str:
    """What one unit of a factor's weight means, its origin included."""
    sens = "au-dessus" if SENS[facteur.sens] > 0 else "au-dessous"
    quoi = facteur.unite
    if facteur.origine:
        quoi += f" {sens} de {nombre(facteur.origine)}"
    eleves = f", pour {nombre(facteur.par_eleves)} élèves" if facteur.par_eleves else ""
    return f"½ j. par cycle et par unité ({quoi}){eleves}"


def avec_poids(echelle: Bareme, partie: str, cle: str, valeur: float) -> Bareme:
    """`echelle` with one number changed; AtlasError when the number is not admitted."""
    return avec_nombres(echelle, [(partie, cle, valeur, "")])


def avec_nombres(echelle: Bareme, nombres: Iterable[tuple[str, str, float, str]]) -> Bareme:
    """`echelle` with numbers changed: partie, cle, valeur and who chose it, "" to keep who did.

    AtlasError when the whole is not admitted.
    """
    parties = {p: dict(getattr(echelle, p)) for p in (*PARTIES_REGLABLES, "bornes")}
    facteurs = {c.code: c for c in echelle.continus}
    references = {p: dict(textes) for p, textes in echelle.references.items()}
    for partie, cle, valeur, reference in nombres:
        if partie == "continus":
            facteurs[cle] = replace(facteurs[cle], par_unite=valeur)
        else:
            parties[partie][cle] = valeur
        if reference:
            references.setdefault(partie, {})[cle] = reference
    modifie = replace(echelle, **parties, continus=tuple(facteurs.values()), references=references)
    _verifier(nom_du_fichier(DOSSIER, echelle.code), modifie)
    return modifie


def sur_texte(echelle: Bareme, jeu: Priorites) -> Bareme:
    """`echelle` reading the categories of `jeu`: weights of those it has not are left out."""
    regles = {r.code for r in jeu.regles} | HORS_REGLES

    def gardes(table: dict) -> dict:
        return {cle: valeur for cle, valeur in table.items() if cle in regles}

    return replace(
        echelle,
        priorites=jeu,
        contributions=gardes(echelle.contributions),
        coefficients=gardes(echelle.coefficients),
        references={
            partie: gardes(textes) if partie in ("contributions", "coefficients") else textes
            for partie, textes in echelle.references.items()
        },
    )
