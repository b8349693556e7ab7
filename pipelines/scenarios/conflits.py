"""Two people on one scenario: the second save is told what changed and by whom, and chooses.

Nothing is overwritten: they take the other state, put theirs over it when no link was changed by
both, or keep theirs as a scenario of its own.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict

import sqlalchemy as sa

from pipelines.base.erreurs import AtlasError
from pipelines.base.textes import enumeration
from pipelines.planning.probleme import Presence, Verrou
from pipelines.scenarios import audit, magasin, revisions
from pipelines.scenarios.scenario import Decisions, Scenario

Couple = tuple[str, str]


class Conflit(AtlasError):  # noqa: N818
    """Someone saved since the version the caller knew; what was asked is not done.

    `depuis`: their acts, oldest first; `connu`: the state the caller started from; `mien`: what the
    caller wanted to save, None for an act that changes no plan; `leur`: the scenario as it is now;
    `acte`: the caller's own words for what was asked; `numero`: the revision the caller knew;
    `est_une_copie`: what the caller wanted to save is that revision itself.
    """

    def __init__(
        self,
        leur: Scenario,
        depuis: list[audit.Ligne],
        connu: Decisions,
        mien: Decisions | None,
        quoi: str,
        numero: int,
    ) -> None:
        self.numero = numero
        self.leur, self.depuis, self.connu, self.mien = leur, depuis, connu, mien
        self.acte = quoi
        self.est_une_copie = mien is not None and mien == connu
        faits = [f"{a.qui}, le {magasin.en_clair(a.le)} : {a.phrase}" for a in depuis]
        super().__init__(
            f"Le scénario « {leur.nom} » a changé depuis que vous l'avez ouvert. "
            + " ; ".join(faits),
            admis="l'état actuel du scénario",
            remede="reprendre son état actuel, y reporter vos changements, ou garder les vôtres "
            "dans un nouveau scénario",
        )


def constater(
    connexion: sa.Connection, scenario_id: str, version: int, mien: Decisions | None, quoi: str
) -> Conflit:
    """The conflict of a caller who knew `version`; AtlasError when it never existed."""
    leur = revisions.lire(connexion, scenario_id)
    numero = audit.revision_de(connexion, scenario_id, version)
    if numero is None:
        raise AtlasError(
            f"Le scénario « {leur.nom} » n'a jamais eu de version {version}.",
            admis=f"la version {leur.version}",
            remede="recharger la page",
        )
    connu = revisions.decisions_de(connexion, scenario_id, numero)
    depuis = audit.lignes(connexion, scenario_id, version)
    return Conflit(leur, depuis, connu, mien, quoi, numero)


def difference(avant: Decisions, apres: Decisions) -> tuple[dict, dict]:
    """What changed from `avant` to `apres`, as plain data on each side: the links that differ."""
    cotes: tuple[dict, dict] = ({}, {})
    for nom, table, autre in zip(
        ("presences", "verrous"), _tables(avant), _tables(apres), strict=True
    ):
        couples = sorted(c for c in table.keys() | autre.keys() if table.get(c) != autre.get(c))
        for cote, objets in zip(cotes, (table, autre), strict=True):
            if couples:
                cote[nom] = [asdict(objets[c]) for c in couples if c in objets]
    return cotes


def communs(conflit: Conflit) -> list[Couple]:
    """(poste, site) both sides changed, each its own way: there, one must choose."""
    if conflit.mien is None:
        return []
    leurs = conflit.leur.decisions
    doubles: set[Couple] = set()
    for connu, mien, leur in zip(
        _tables(conflit.connu), _tables(conflit.mien), _tables(leurs), strict=True
    ):
        for couple in mien.keys() | leur.keys() | connu.keys():
            avant, le_mien, le_leur = connu.get(couple), mien.get(couple), leur.get(couple)
            if le_mien != avant and le_leur != avant and le_mien != le_leur:
                doubles.add(couple)
    return sorted(doubles)


def superposer(conflit: Conflit) -> Decisions:
    """The caller's changes put over the current state; AtlasError when both changed one link."""
    if conflit.mien is None:
        raise AtlasError(
            "Cet acte ne change pas le plan : il n'y a rien à reporter.",
            admis="un changement du plan ou des verrous",
            remede="recharger la page et refaire l'acte",
        )
    if doubles := communs(conflit):
        noms = enumeration([f"{poste} – {site}" for poste, site in doubles[:5]])
        raise AtlasError(
            f"Vos changements et les leurs portent sur les mêmes liens : {noms}.",
            admis="des changements sur d'autres liens",
            remede="reprendre l'état actuel, ou garder les vôtres dans un nouveau scénario",
        )
    leurs = _tables(conflit.leur.decisions)
    fusion = [
        _fusionner(connu, mien, leur)
        for connu, mien, leur in zip(
            _tables(conflit.connu), _tables(conflit.mien), leurs, strict=True
        )
    ]
    plan, verrous = fusion
    return Decisions(tuple(sorted(plan)), tuple(sorted(verrous, key=_cle)))


def _fusionner(
    connu: Mapping[Couple, Presence | Verrou],
    mien: Mapping[Couple, Presence | Verrou],
    leur: Mapping[Couple, Presence | Verrou],
) -> list:
    retenus = [
        mien.get(c) if mien.get(c) != connu.get(c) else leur.get(c)
        for c in mien.keys() | leur.keys()
    ]
    return [objet for objet in retenus if objet is not None]


def _tables(d: Decisions) -> tuple[dict[Couple, Presence], dict[Couple, Verrou]]:
    return _par_couple(d.plan), _par_couple(d.verrous)


def _par_couple(objets: Iterable[Presence | Verrou]) -> dict:
    return {_cle(objet): objet for objet in objets}


def _cle(objet: Presence | Verrou) -> Couple:
    return objet.poste_id, objet.site_id
