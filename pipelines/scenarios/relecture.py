"""A plan changed by hand in a spreadsheet, read back: what can't be read is refused line by line.

Nothing is saved here before it is asked: `relire` gives the plan and what separates it from the
scenario, `appliquer` saves it as one act, which is undone like any other.
"""

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from pipelines.base.erreurs import AtlasError
from pipelines.base.textes import du_tableur, pluriel
from pipelines.planning import ajustement
from pipelines.planning.ajustement import Bilan, EnMain
from pipelines.planning.probleme import Presence, Probleme
from pipelines.scenarios import atelier
from pipelines.scenarios.ajustements import en_main
from pipelines.scenarios.lecteurs import Lecteur
from pipelines.scenarios.scenario import Scenario
from pipelines.sources import lecture
from pipelines.sources.cartes import normaliser
from pipelines.sources.fichiers import Fichier

FEUILLE = "Plan"
POSTE, SITE, PRESENCE = "Poste ou secteur", "Identifiant du site", "Demi-journées par cycle"
"""The columns Atlas reads; the others are there for people."""
NOMS_ADMIS = {
    POSTE: ("poste_ou_secteur", "poste_id", "poste", "secteur"),
    SITE: ("identifiant_du_site", "site_id", "site_identifiant"),
    PRESENCE: ("demi_journees_par_cycle", "demi_journees_cycle"),
}
ADMIS = (
    f"une feuille « {FEUILLE} » dont les en-têtes sont « {POSTE} », « {SITE} » et « {PRESENCE} », "
    "dans un classeur Excel ou un CSV"
)
REPERE = re.compile(r"Repère\s*:\s*scénario (\S+), version (\d+)")


@dataclass(frozen=True)
class Refus:
    """A cell that can't be taken: `ligne` as the spreadsheet counts it."""

    ligne: int
    colonne: str
    valeur: str
    quoi: str
    remede: str


@dataclass(frozen=True)
class Relecture:
    """A plan read back. `version`: that of the scenario the file was made from, None when the file
    does not say; `bilan`: what separates it from the scenario, None when something is refused.
    """

    fichier: str
    plan: tuple[Presence, ...]
    refus: tuple[Refus, ...]
    version: int | None
    bilan: Bilan | None

    @property
    def change(self) -> bool:
        """Whether it says anything else than the scenario."""
        return self.bilan is not None and bool(self.bilan.mouvements)


def repere(scenario: Scenario) -> str:
    """The line of a workbook that says what it was made from."""
    return f"Repère : scénario {scenario.scenario_id}, version {scenario.version}"


def recu(nom: str, octets: bytes) -> Fichier:
    """What a browser sent, kept in memory, to be read back."""
    return Fichier(nom, octets)


def relire(fichier: Fichier, scenario: Scenario) -> Relecture:
    """The plan of `fichier`, put before the judge beside that of `scenario`.

    AtlasError when the file holds no plan, or was made from another scenario; a line that can't be
    taken is among `refus`.
    """
    tableaux = list(lecture.tableaux(fichier))
    fait_sur = _repere(tableaux)
    if fait_sur is not None and fait_sur[0] != scenario.scenario_id:
        raise AtlasError(
            "Ce classeur a été fait pour un autre scénario.",
            fichier=fichier.nom,
            admis=f"un classeur du scénario {scenario.scenario_id}",
            remede="ouvrir le scénario d'où vient ce classeur, ou en refaire un de celui-ci",
        )
    lecteur = _Lecteur(scenario.probleme)
    # what was seen in a workbook is told with its first sheet, whichever it is of
    formules = {
        c.ligne for t in tableaux for c in t.constats if c.code == "formule_sans_valeur" and c.ligne
    }
    lecteur.lire(*_feuille_du_plan(fichier, tableaux), formules)
    plan = tuple(sorted(lecteur.presences))
    avant = en_main(scenario)
    return Relecture(
        fichier=fichier.nom,
        plan=plan,
        refus=tuple(lecteur.refus),
        version=None if fait_sur is None else fait_sur[1],
        bilan=None
        if lecteur.refus
        else ajustement.verdict(scenario.probleme, avant, EnMain(plan, avant.verrous)),
    )


def appliquer(lecteur: Lecteur, scenario: Scenario, relue: Relecture) -> Scenario:
    """Save what was read back, as one act on the state its file was made from.

    AtlasError when a line is refused; `Conflit` when the scenario changed since the file was made.
    """
    if relue.bilan is None:
        raise AtlasError(
            f"{pluriel(len(relue.refus), 'ligne')} de ce plan ne se "
            f"{'lit' if len(relue.refus) < 2 else 'lisent'} pas : rien n'est appliqué.",
            fichier=relue.fichier,
            remede="corriger ces lignes, puis le redonner",
        )
    quoi = f"Plan relu du fichier {relue.fichier} : " + pluriel(
        len(relue.bilan.mouvements), "présence changée", "présences changées"
    )
    version = scenario.version if relue.version is None else relue.version
    return atelier.modifier(lecteur, scenario.scenario_id, version, quoi, plan=relue.plan)


def _repere(tableaux: Iterable[lecture.Tableau]) -> tuple[str, int] | None:
    for tableau in tableaux:
        if tableau.feuille in (None, FEUILLE):
            continue
        for rangee in tableau.rangees():
            for cellule in rangee.cellules:
                if trouve := REPERE.search(cellule or ""):
                    return trouve[1], int(trouve[2])
    return None


def _feuille_du_plan(
    fichier: Fichier, tableaux: list[lecture.Tableau]
) -> tuple[lecture.Tableau, int, dict[str, int]]:
    """The sheet of the plan, the line of its headers, and the rank of each column read."""
    trouvees = [
        (tableau, ligne, rangs)
        for tableau in tableaux
        for ligne, cellules in tableau.debuts
        if len(rangs := _rangs(cellules)) == len(NOMS_ADMIS)
    ]
    if not trouvees:
        raise AtlasError(
            "Ce fichier n'a pas de plan qu'Atlas puisse relire.",
            fichier=fichier.nom,
            admis=ADMIS,
            remede="partir du classeur d'un dossier, ou du plan.csv d'un scénario exporté",
        )
    return next((t for t in trouvees if t[0].feuille == FEUILLE), trouvees[0])


def _rangs(cellules: list[str]) -> dict[str, int]:
    noms = [normaliser(c) for c in cellules]
    return {
        colonne: next(noms.index(nom) for nom in admis if nom in noms)
        for colonne, admis in NOMS_ADMIS.items()
        if any(nom in noms for nom in admis)
    }


class _Lecteur:
    """Takes the lines one by one, and keeps why one is refused."""

    def __init__(self, probleme: Probleme) -> None:
        self.postes = {p.poste_id for p in probleme.postes}
        self.sites = {s.site_id: s.nom for s in probleme.sites}
        self.vus: dict[tuple[str, str], int] = {}
        self.presences: list[Presence] = []
        self.refus: list[Refus] = []

    def lire(
        self, tableau: lecture.Tableau, entete: int, rangs: dict[str, int], formules: set[int]
    ) -> None:
        """Every line below `entete`; `formules`: lines where a formula holds no value."""
        for rangee in tableau.rangees():
            if rangee.ligne <= entete:
                continue
            if rangee.rejet is not None:
                self._refuser(rangee.ligne, "", "", rangee.rejet, "corriger cette ligne")
                continue
            lues = {
                colonne: (rangee.cellules[r] or "").strip() if r < len(rangee.cellules) else ""
                for colonne, r in rangs.items()
            }
            if any(lues.values()):
                self._prendre(rangee.ligne, lues, a_une_formule=rangee.ligne in formules)

    def _prendre(self, ligne: int, lues: dict[str, str], *, a_une_formule: bool) -> None:
        poste = self._poste(ligne, du_tableur(lues[POSTE]))
        site = self._site(ligne, lues[SITE])
        presence = self._presence(ligne, lues[PRESENCE], a_une_formule=a_une_formule)
        if poste is None or site is None or presence is None:
            return
        deja = self.vus.setdefault((poste, site), ligne)
        if deja != ligne:
            self._refuser(
                ligne,
                SITE,
                lues[SITE],
                f"{lues[POSTE]} est déjà à ce site, ligne {deja}",
                "ne garder qu'une ligne par poste et par site",
            )
        elif presence:
            self.presences.append(Presence(poste, site, presence))

    def _poste(self, ligne: int, valeur: str) -> str | None:
        if valeur in self.postes:
            return valeur
        self._refuser(
            ligne,
            POSTE,
            valeur,
            "aucun poste n'est donné" if not valeur else "ce poste n'est pas dans ce scénario",
            _proposer(valeur, self.postes) or "reprendre un poste de la feuille d'origine",
        )
        return None

    def _site(self, ligne: int, valeur: str) -> str | None:
        if valeur in self.sites:
            return valeur
        homonymes = [s for s, nom in self.sites.items() if nom.casefold() == valeur.casefold()]
        self._refuser(
            ligne,
            SITE,
            valeur,
            "aucun site n'est donné" if not valeur else "ce site n'est pas dans ce scénario",
            f"écrire son identifiant : {' ou '.join(homonymes[:3])}"
            if homonymes
            else _proposer(valeur, self.sites)
            or "écrire l'UAI du site, ou RESEAU- et l'UAI du collège pour des écoles REP+",
        )
        return None

    def _presence(self, ligne: int, valeur: str, *, a_une_formule: bool) -> int | None:
        entier, _, decimales = valeur.replace(",", ".").partition(".")
        if entier.isascii() and entier.isdigit() and not decimales.strip("0"):
            return int(entier)
        if not valeur and a_une_formule:
            quoi, remede = "une formule sans valeur", "remplacer la formule par son résultat"
        elif valeur.startswith("="):
            quoi, remede = "une formule écrite comme un texte", "écrire le nombre lui-même"
        elif not valeur:
            quoi, remede = "aucune présence n'est donnée", "écrire 0 pour la retirer, ou un nombre"
        else:
            quoi = "ce n'est pas un nombre entier de demi-journées"
            remede = "écrire un nombre entier, 0 pour retirer la présence"
        self._refuser(ligne, PRESENCE, valeur, quoi, remede)
        return None

    def _refuser(self, ligne: int, colonne: str, valeur: str, quoi: str, remede: str) -> None:
        self.refus.append(Refus(ligne, colonne, valeur, quoi, remede))


def _proposer(valeur: str, connus: Iterable[str]) -> str:
    """The nearest identifier, when one is near."""
    proches = difflib.get_close_matches(valeur, list(connus), n=1, cutoff=0.8)
    return f"est-ce {proches[0]} ?" if proches else ""
