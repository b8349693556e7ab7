"""The status of a scenario, and how it goes from one to another."""

from enum import StrEnum

from pipelines.base.erreurs import AtlasError
from pipelines.base.textes import enumeration
from pipelines.scenarios.lecteurs import Acte


class Statut(StrEnum):
    """Where a scenario stands, in order; the value is stored."""

    BROUILLON = "brouillon"
    GT = "presente_en_gt"
    CSA = "presente_en_csa"
    ARRETE = "arrete"

    @property
    def libelle(self) -> str:
        """The status as screens say it."""
        return LIBELLES[self]


LIBELLES = {
    Statut.BROUILLON: "brouillon",
    Statut.GT: "présenté en GT",
    Statut.CSA: "présenté en CSA",
    Statut.ARRETE: "arrêté",
}
ORDRE = tuple(Statut)


def suivants(statut: Statut) -> tuple[Statut, ...]:
    """Where a scenario may go from `statut`: one step on, or back to any before; none once ARRETE.

    In order of the steps.
    """
    if statut == Statut.ARRETE:
        return ()
    rang = ORDRE.index(statut)
    return tuple(s for s in ORDRE[: rang + 2] if s != statut)


def acte_de(voulu: Statut) -> Acte:
    """What one must be allowed to do to bring a scenario to `voulu`."""
    return Acte.ARRETER if voulu == Statut.ARRETE else Acte.PRESENTER


def est_un_recul(statut: Statut, voulu: Statut) -> bool:
    """Whether going from `statut` to `voulu` is a step back."""
    return ORDRE.index(voulu) < ORDRE.index(statut)


def exiger_passage(statut: Statut, voulu: Statut) -> None:
    """AtlasError when a scenario can't go from `statut` to `voulu`."""
    if voulu not in suivants(statut):
        raise AtlasError(
            f"Un scénario « {statut.libelle} » ne peut pas devenir « {voulu.libelle} ».",
            admis=enumeration([s.libelle for s in suivants(statut)]) or "aucun autre statut",
            remede="passer par l'étape suivante, ou revenir à une étape précédente",
        )


def exiger_ouvert(nom: str, statut: Statut) -> None:
    """AtlasError when the scenario is arrêté: it never changes any more."""
    if statut == Statut.ARRETE:
        raise AtlasError(
            f"Le scénario « {nom} » est arrêté : il ne change plus.",
            admis="le lire, le comparer, l'exporter, ou en dériver un autre",
            remede="en dériver un nouveau scénario, qui part du même plan",
        )
