"""Caps imposed on objectives from the first stage on, beside the values won by earlier stages."""

from collections.abc import Iterable, Mapping, Sequence

from pipelines.base.erreurs import AtlasError
from pipelines.base.textes import enumeration
from pipelines.planning.modele import SOUPLES, Index
from pipelines.planning.tables import Plan

# Above any value of an objective, and small enough for exact integers in a linear programme.
SANS_PLAFOND = 2**40


class Plafonds:
    """The most some objectives may be worth, by code; AtlasError when a code is unknown."""

    def __init__(self, index: Index, imposes: Mapping[str, int]) -> None:
        self.index, self.imposes = index, imposes
        codes = [objectif.code for objectif in SOUPLES]
        if inconnus := sorted(set(imposes) - set(codes)):
            raise AtlasError(
                f"Plafond d'un objectif inconnu : {', '.join(inconnus)}.",
                admis=enumeration(codes),
                remede="corriger le nom de l'objectif",
            )
        rangs = [rang for rang, code in enumerate(codes) if code in imposes]
        self.nombre = max(rangs, default=-1) + 1

    def depart(self, plans: Sequence[Plan]) -> Plan:
        """The first of `plans` that keeps the caps; AtlasError when none does."""
        for plan in plans:
            if self.tient(plan):
                return plan
        raise AtlasError(
            "Aucun plan connu ne tient les plafonds demandés : "
            + ", ".join(f"{code} {plafond}" for code, plafond in sorted(self.imposes.items())),
            admis="des plafonds que tient le plan actuel, remis dans les règles",
            remede="relever ces plafonds",
        )

    def tient(self, plan: Plan) -> bool:
        """True when `plan` keeps every cap."""
        return all(
            objectif.valeur(self.index, plan) <= self.imposes.get(objectif.code, SANS_PLAFOND)
            for objectif in SOUPLES
        )

    def a_l_etage(self, gardes: Iterable[int]) -> tuple[int, ...]:
        """The caps of a stage, in the order of the objectives: `gardes` are the values won before.

        An objective without a cap, before one that has one, gets a cap no plan reaches; for the
        first one that is its value without any presence.
        """
        caps = [
            min(garde, self.imposes.get(objectif.code, garde))
            for objectif, garde in zip(SOUPLES, gardes, strict=False)
        ]
        for rang in range(len(caps), self.nombre):
            libre = SOUPLES[rang].valeur(self.index, {}) if rang == 0 else SANS_PLAFOND
            caps.append(self.imposes.get(SOUPLES[rang].code, libre))
        return tuple(caps)
