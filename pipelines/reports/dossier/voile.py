"""Who a dossier is for, and what they see of postes: their ids, or codes of sector.

Codes take the place of ids before anything is told, so that no sentence, table or order of lines
made afterwards can hold one.
"""

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from pipelines.base.erreurs import AtlasError
from pipelines.planning.probleme import Presence, Probleme, en_dict
from pipelines.planning.verification import juger
from pipelines.reports.dossier.blocs import Tableau
from pipelines.reports.libelles import RAISON_TUE, RYTHMES_COURTS
from pipelines.scenarios import dossiers, etats
from pipelines.scenarios.resume import jugement
from pipelines.scoring.couverture import rythme


class Destinataire(StrEnum):
    """Who reads: those who may know each poste, or the members of an instance."""

    NOMINATIF = "nominatif"
    INSTANCE = "instance"

    @property
    def libelle(self) -> str:
        """As the documents say it."""
        return LIBELLES[self]


LIBELLES = {
    Destinataire.NOMINATIF: "Version nominative : CTSS, IA-DASEN, recteur",
    Destinataire.INSTANCE: "Version d'instance : secteurs codés, petits nombres masqués",
}
DEMI_JOURNEES = "½ j. par cycle"
AUCUNE = "aucune"
UN_POSTE = "un poste"
RYTHMES_DITS = (
    "Avant, après : le rythme auquel un site est vu (chaque semaine, chaque quinzaine, chaque "
    "mois, ou à la demande)."
)
Protection = Callable[[Sequence[Tableau]], Sequence[Tableau]]


def tels_quels(tableaux: Sequence[Tableau]) -> Sequence[Tableau]:
    """No count hidden."""
    return tableaux


def noms_tires(postes: Iterable[str], mot: str) -> dict[str, str]:
    """poste_id → `mot` and a number drawn anew: for postes that have no code of sector."""
    melanges = sorted(postes)
    secrets.SystemRandom().shuffle(melanges)
    return {p: f"{mot} {rang}" for rang, p in enumerate(melanges, start=1)}


@dataclass(frozen=True)
class Voile:
    """What stands between a scenario and its reader.

    `codes`: poste_id → code of sector; empty for the nominative. `proteger`: all the tables of
    counts of a dossier → the same in their order, small counts hidden so that none gives another.
    """

    destinataire: Destinataire
    codes: Mapping[str, str]
    proteger: Protection

    @staticmethod
    def nominatif() -> "Voile":
        """Nothing hidden."""
        return Voile(Destinataire.NOMINATIF, {}, tels_quels)

    @staticmethod
    def d_instance(codes: Mapping[str, str], proteger: Protection) -> "Voile":
        """Codes for postes, and counts protected; AtlasError when two postes share a code."""
        if len(set(codes.values())) < len(codes):
            raise AtlasError(
                "Deux postes ont le même code de secteur.",
                remede="tirer les codes de nouveau",
            )
        return Voile(Destinataire.INSTANCE, dict(codes), proteger)

    @property
    def est_nominatif(self) -> bool:
        """Whether postes, quotités and statuses may be shown."""
        return self.destinataire == Destinataire.NOMINATIF

    def code(self, poste_id: str) -> str:
        """What the reader sees of a poste; AtlasError when it has no code."""
        if self.est_nominatif:
            return poste_id
        if poste_id not in self.codes:
            raise AtlasError(
                "Un poste de ce scénario n'a pas de code de secteur.",
                remede="tirer un code pour chacun des postes",
            )
        return self.codes[poste_id]

    def presences(self, avant: int, apres: int) -> dict[str, int | str]:
        """The columns of a table that say a presence before and after: half-days per cycle, or the
        rhythm for an instance.

        The exact presences of the sites of a sector would add up to the time of its poste.
        """
        if self.est_nominatif:
            return {f"Avant ({DEMI_JOURNEES})": avant, f"Après ({DEMI_JOURNEES})": apres}
        return {
            "Avant": RYTHMES_COURTS[rythme(avant)],
            "Après": RYTHMES_COURTS[rythme(apres)],
        }

    def lien(self, avant: int, apres: int) -> dict[str, int | str]:
        """The same for what one poste gives to one site; none at all is no presence on demand."""
        return {
            colonne: valeur if self.est_nominatif or n else AUCUNE
            for (colonne, valeur), n in zip(
                self.presences(avant, apres).items(), (avant, apres), strict=True
            )
        }

    def secteur(self, nom: str) -> str:
        """The title of a sector, from what the reader sees of its poste."""
        return f"Secteur {nom}" if self.est_nominatif else nom

    def sur(self, contenu: dossiers.Contenu) -> dossiers.Contenu:
        """`contenu` as the reader may know it: every poste under its code, in the order of codes.

        The judge reads it again: its sentences name postes.
        """
        if self.est_nominatif:
            return contenu
        probleme = self._probleme(contenu.probleme)
        plan = self._presences(contenu.plan)
        verdict = juger(en_dict(probleme), dossiers.en_dicts(plan))
        resume = contenu.resume
        return dossiers.Contenu(
            probleme,
            plan,
            {
                **resume,
                "jugement": jugement(verdict),
                "sites_sans_presence": [_sans_poste(s) for s in resume["sites_sans_presence"]],
                "postes": self._lignes(resume["postes"]),
                "changements": self._lignes(resume["changements"]),
            },
        )

    def _probleme(self, probleme: Probleme) -> Probleme:
        codes = [self.code(p.poste_id) for p in probleme.postes]
        ordre = sorted(range(len(codes)), key=codes.__getitem__)
        return replace(
            probleme,
            postes=tuple(replace(probleme.postes[i], poste_id=codes[i]) for i in ordre),
            minutes=tuple(probleme.minutes[i] for i in ordre),
            km=tuple(probleme.km[i] for i in ordre),
            presences_actuelles=self._presences(probleme.presences_actuelles),
            verrous=tuple(
                etats.ranges(replace(v, poste_id=self.code(v.poste_id)) for v in probleme.verrous)
            ),
        )

    def _presences(self, presences: tuple[Presence, ...]) -> tuple[Presence, ...]:
        return tuple(sorted(replace(x, poste_id=self.code(x.poste_id)) for x in presences))

    def _lignes(self, lignes: list[dict]) -> list[dict]:
        """Records of postes under their codes, in the order of codes."""
        recodees = [{**ligne, "poste_id": self.code(ligne["poste_id"])} for ligne in lignes]
        return sorted(recodees, key=lambda x: (x["poste_id"], x.get("site_id", "")))


def _sans_poste(site: dict) -> dict:
    """A site with no regular presence, without what tells of postes.

    The référent is the nearest that somebody occupies: a nearer sector would be a vacant one. Why
    nobody goes there tells the time they have left, but where the site needs nobody.
    """
    return {
        **site,
        "referent_poste_id": None if site["referent_poste_id"] is None else UN_POSTE,
        "referent_trajet_min": None,
        "raison": site.get("raison") if site.get("raison") == "besoin" else RAISON_TUE,
    }
