"""Who reads and acts: one lecteur, a role, the départements in scope, and what each role may do.

Every public function that reads or changes a scenario takes the lecteur first and asks `exiger`;
a page only hands over the one it was given, and knows of no role.
"""

import getpass
import inspect
import os
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import wraps
from typing import ParamSpec, TypeVar

from pipelines.base.erreurs import AtlasError
from pipelines.base.textes import enumeration

P, R = ParamSpec("P"), TypeVar("R")
SANS_NOM = "poste local"
"""The name of a local user whose account has none."""


class Role(StrEnum):
    """Why someone reads; the value is stored in the journal."""

    LOCAL = "local"
    CTSS_D = "ctss_d"
    CTSS_R = "ctss_r"
    IA_DASEN = "ia_dasen"
    RECTEUR = "recteur"
    INSTANCE = "instance"

    @property
    def libelle(self) -> str:
        """The role in words."""
        return LIBELLES[self]


class Acte(StrEnum):
    """What can be done.

    LISTER shows that it exists (name, status, dates); LIRE shows its plan, poste by poste. DEPOSER
    replaces the data and REGLER the académie's own rules: they touch every département.
    """

    LISTER = "lister"
    LIRE = "lire"
    ANNOTER = "annoter"
    MODIFIER = "modifier"
    PRESENTER = "presenter"
    DECIDER = "decider"
    ARRETER = "arreter"
    DEPOSER = "deposer"
    REGLER = "regler"


LIBELLES = {
    Role.LOCAL: "utilisateur local",
    Role.CTSS_D: "CTSS départemental",
    Role.CTSS_R: "CTSS académique",
    Role.IA_DASEN: "IA-DASEN",
    Role.RECTEUR: "recteur",
    Role.INSTANCE: "membre d'une instance",
}
EN_MOTS = {
    Acte.LISTER: "voir la liste des scénarios",
    Acte.LIRE: "lire un scénario",
    Acte.ANNOTER: "écrire une note",
    Acte.MODIFIER: "créer ou modifier un scénario",
    Acte.PRESENTER: "présenter un scénario à une instance, ou revenir sur une présentation",
    Acte.DECIDER: "noter la décision d'une instance",
    Acte.ARRETER: "arrêter un scénario",
    Acte.DEPOSER: "remplacer les données",
    Acte.REGLER: "écrire ou supprimer des règles de l'académie",
}
DROITS: dict[Role, frozenset[Acte]] = {
    Role.LOCAL: frozenset(Acte),
    Role.CTSS_D: frozenset(Acte) - {Acte.ARRETER},
    Role.CTSS_R: frozenset({Acte.LISTER, Acte.LIRE, Acte.ANNOTER, Acte.DEPOSER, Acte.REGLER}),
    Role.IA_DASEN: frozenset(Acte) - {Acte.MODIFIER, Acte.DEPOSER, Acte.REGLER},
    Role.RECTEUR: frozenset({Acte.LISTER, Acte.LIRE, Acte.ANNOTER, Acte.DECIDER, Acte.ARRETER}),
    Role.INSTANCE: frozenset({Acte.LISTER}),
}
"""Team choice, not in the texts: the CTSS-D proposes, the IA-DASEN or the recteur decides."""


@dataclass(frozen=True)
class Lecteur:
    """Who asks; `departements` in scope, None for all."""

    nom: str
    role: Role = Role.LOCAL
    departements: frozenset[str] | None = None

    def voit(self, departement: str) -> bool:
        """Whether `departement` is in scope."""
        return self.departements is None or departement in self.departements

    def peut(self, acte: Acte, departement: str) -> bool:
        """Whether the role admits `acte` and `departement` is in scope."""
        return acte in DROITS[self.role] and self.voit(departement)

    def peut_lire(self, departement: str) -> bool:
        """Whether plans and sites of `departement` may be read."""
        return self.peut(Acte.LIRE, departement)

    def peut_modifier(self, departement: str) -> bool:
        """Whether a computation may be launched there, or a scenario changed."""
        return self.peut(Acte.MODIFIER, departement)


def local() -> Lecteur:
    """The person at this machine, with all rights: ATLAS_LECTEUR, else the name of the account."""
    nom = os.environ.get("ATLAS_LECTEUR", "").strip()
    if not nom:
        try:
            nom = getpass.getuser()
        except (OSError, KeyError, ImportError):
            nom = SANS_NOM
    return Lecteur(nom)


_qui: Callable[[], Lecteur] = local


def reconnaitre(qui: Callable[[], Lecteur]) -> None:
    """From here on, `qui` says who reads and acts, each time it is asked.

    Sign-on is switched on by one that reads the session of the request, and raises AtlasError when
    it holds nobody. It is asked again in every thread, callback or timer: nothing is remembered.
    """
    global _qui
    _qui = qui


def courant() -> Lecteur:
    """Who reads and acts: what `reconnaitre` was given says, else the person at this machine."""
    return _qui()


def exiger(lecteur: Lecteur, acte: Acte, departement: str) -> None:
    """AtlasError when `lecteur` may not do `acte` there."""
    if not lecteur.voit(departement):
        siens = sorted(lecteur.departements or ())
        raise AtlasError(
            f"Le département {departement} n'est pas de votre ressort.",
            admis=enumeration(siens) or "aucun département",
            remede="demander l'accès à ce département à qui gère Atlas",
        )
    if acte not in DROITS[lecteur.role]:
        roles = [role.libelle for role, actes in DROITS.items() if acte in actes]
        raise AtlasError(
            f"Votre rôle ({lecteur.role.libelle}) ne permet pas de {EN_MOTS[acte]}.",
            admis=enumeration(roles),
            remede="le demander à une personne qui a ce rôle",
        )


def exiger_partout(lecteur: Lecteur, acte: Acte) -> None:
    """AtlasError when `lecteur` may not do what touches every département."""
    if lecteur.departements is not None:
        raise AtlasError(
            f"Vous ne pouvez pas {EN_MOTS[acte]} : cela touche tous les départements.",
            admis="une personne dont le ressort est toute l'académie",
            remede="le demander à qui gère Atlas",
        )
    exiger(lecteur, acte, "")


def reserve(lire: Callable[P, R]) -> Callable[P, R]:
    """A reading of one département, refused to a `courant` lecteur who may not read it.

    `lire` has a parameter `departement`.
    """
    signature = inspect.signature(lire)

    @wraps(lire)
    def lire_si_permis(*arguments: P.args, **nommes: P.kwargs) -> R:
        departement = signature.bind(*arguments, **nommes).arguments["departement"]
        exiger(courant(), Acte.LIRE, departement)
        return lire(*arguments, **nommes)

    return lire_si_permis
