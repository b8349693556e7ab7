"""When the data change: what changed under a scenario, and the scenario taken up on them again."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from pipelines.base.erreurs import AtlasError
from pipelines.base.textes import enumeration, pluriel
from pipelines.marts import entrepot
from pipelines.planning.assemblage import Hypotheses
from pipelines.planning.probleme import Presence, Probleme, Verrou
from pipelines.scenarios import conflits, etats, magasin, revisions, statuts
from pipelines.scenarios.enregistrement import enregistrer
from pipelines.scenarios.lecteurs import Acte, Lecteur, exiger
from pipelines.scenarios.scenario import Apercu, Scenario
from pipelines.sources.cartes import cartes

PLURIELS = {
    "a changé": "ont changé",
    "est nouveau": "sont nouveaux",
    "n'y est plus": "n'y sont plus",
}
"""How a source changed: what is said of one, and of several."""


@dataclass(frozen=True)
class Rejeu:
    """A scenario on other data. `retires`: presences and locks that could not follow, and why;
    `a_corriger`: rules the plan did not break before, in the words of the judge.
    """

    scenario: Scenario
    retires: tuple[str, ...]
    a_corriger: tuple[str, ...]


def ecart_de_donnees(lecteur: Lecteur, base: Path, scenario: Apercu) -> str | None:
    """What changed in `base` since the data of a scenario, in French; None when nothing did.

    A scenario made of an old proposal does not know its sources one by one: it only says that
    something changed.
    """
    exiger(lecteur, Acte.LISTER, scenario.departement)
    with entrepot.ouvrir(base) as connexion:
        if entrepot.empreinte(connexion) == scenario.empreinte_donnees:
            return None
        actuelles = entrepot.sources(connexion)
        presents = entrepot.departements(connexion)
    if scenario.departement not in presents:
        return f"Le département {scenario.departement} n'est plus dans les données."
    if not scenario.sources:
        return "Les données ont changé depuis ce scénario."
    avant = scenario.sources
    passages = {
        source: _passage(source, avant, actuelles)
        for source in sorted(avant.keys() | actuelles.keys())
    }
    par_verbe = {v: [s for s, dit in passages.items() if dit == v] for v in PLURIELS}
    dites = [_dire(noms, verbe) for verbe, noms in par_verbe.items() if noms]
    if not dites:
        return "Les départements des données ont changé depuis ce scénario ; les fichiers, non."
    return f"Depuis ce scénario : {' ; '.join(dites)}."


def rejouer(lecteur: Lecteur, base: Path, scenario_id: str, version: int) -> Rejeu:
    """Rebuild the problem of a scenario on the data of `base`, and save it as one act.

    Same hypotheses, seed and locks. A presence follows when its poste and its site are still there:
    what then breaks a rule stays in the plan and is told, since only a person can say which
    presence of a poste that lost capacity must go. AtlasError when nothing would change.
    """
    with magasin.lire() as connexion:
        vu = revisions.apercu(connexion, scenario_id)
        exiger(lecteur, Acte.MODIFIER, vu.departement)
        if vu.version != version:
            raise conflits.constater(connexion, scenario_id, version, None, "Rejouer")
        statuts.exiger_ouvert(vu.nom, vu.statut)
        # plain data: a problem of an older format can still be taken up
        brut = revisions.probleme_brut(connexion, scenario_id, vu.numero)
        resume = revisions.resume_de(connexion, scenario_id, vu.numero)
        connu = revisions.decisions_de(connexion, scenario_id, vu.numero)
    noms = [champ.name for champ in fields(Hypotheses) if champ.name in brut["hypotheses"]]
    hypotheses = Hypotheses(**{nom: brut["hypotheses"][nom] for nom in noms})
    probleme, avertissements, sources = etats.assembler_sur(
        base, vu.departement, hypotheses, brut["graine"]
    )
    plan, perdues = _presences(connu.plan, probleme)
    verrous, leves = _verrous(connu.verrous, probleme, {p["poste_id"] for p in brut["postes"]})
    contenu = etats.juge(etats.avec_verrous(probleme, verrous), plan, avertissements, sources)
    if (contenu.probleme.empreinte_donnees, plan, verrous) == (
        vu.empreinte_donnees,
        connu.plan,
        connu.verrous,
    ):
        raise AtlasError(
            "Les données n'ont pas changé depuis ce scénario : il n'y a rien à rejouer.",
            admis="un scénario fait sur d'autres données",
            remede="continuer avec ce scénario",
        )
    retires = (*perdues, *leves)
    deja = set(resume["jugement"]["manquements"])
    a_corriger = tuple(m for m in contenu.resume["jugement"]["manquements"] if m not in deja)
    bilan = [
        pluriel(len(perdues), "présence retirée", "présences retirées"),
        pluriel(len(leves), "verrou levé", "verrous levés"),
        pluriel(len(a_corriger), "règle à revoir", "règles à revoir"),
    ]
    quoi = f"Rejoué sur les données actuelles : {enumeration(bilan)}"
    details = {"retires": list(retires), "a_corriger": list(a_corriger)}
    scenario = enregistrer(lecteur, vu, connu, contenu, "rejouer", quoi, details=details)
    return Rejeu(scenario, retires, a_corriger)


def _presences(
    plan: Sequence[Presence], probleme: Probleme
) -> tuple[tuple[Presence, ...], list[str]]:
    """The presences that can follow, and why the others can't."""
    gardees, perdues = [], []
    for presence in plan:
        absent = _absent(presence, probleme)
        if absent is None:
            gardees.append(presence)
        else:
            perdues.append(
                f"{presence.poste_id} – {presence.site_id}, "
                f"{pluriel(presence.demi_journees_cycle, 'demi-journée')} : {absent}"
            )
    return tuple(sorted(gardees)), perdues


def _verrous(
    verrous: Sequence[Verrou], probleme: Probleme, anciens: set[str]
) -> tuple[tuple[Verrou, ...], list[str]]:
    """The locks that can follow, with those the hypotheses put on new postes; why others can't."""
    gardes, leves = [], []
    for verrou in verrous:
        absent = _absent(verrou, probleme)
        niveau = verrou.demi_journees_cycle
        if absent is None and niveau is not None and niveau not in probleme.reglages.niveaux:
            absent = f"{pluriel(niveau, 'demi-journée')} n'est plus un niveau admis"
        if absent is None:
            gardes.append(verrou)
        else:
            leves.append(f"Verrou {verrou.poste_id} – {verrou.site_id} : {absent}")
    neufs = [v for v in probleme.verrous if v.poste_id not in anciens]
    return etats.ranges([*gardes, *neufs]), leves


def _absent(objet: Presence | Verrou, probleme: Probleme) -> str | None:
    """Why a link can't follow; None when its poste and its site are there."""
    if objet.poste_id not in {p.poste_id for p in probleme.postes}:
        return "ce poste n'est plus dans les données"
    if objet.site_id not in {s.site_id for s in probleme.sites}:
        return "ce site n'est plus dans les données"
    return None


def _passage(source: str, avant: dict[str, str], apres: dict[str, str]) -> str | None:
    if source not in avant:
        return "est nouveau"
    if source not in apres:
        return "n'y est plus"
    return "a changé" if avant[source] != apres[source] else None


def _dire(sources: list[str], verbe: str) -> str:
    titres = [f"« {cartes()[s].titre} »" if s in cartes() else f"« {s} »" for s in sources]
    return f"{enumeration(titres)} {verbe if len(titres) == 1 else PLURIELS[verbe]}"
