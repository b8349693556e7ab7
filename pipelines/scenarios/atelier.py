"""The workbench: scenarios made, opened, changed, undone, presented, derived, and their journal.

Every act is saved when it is made, whole or not at all, with its line in the journal. An act that
changes a scenario takes the version its author knew: `conflits.Conflit` when it is another now.
"""

from collections.abc import Iterable
from pathlib import Path

from pipelines.base.erreurs import AtlasError
from pipelines.base.textes import enumeration
from pipelines.planning.assemblage import Hypotheses
from pipelines.planning.probleme import Presence, Verrou
from pipelines.scenarios import audit, conflits, dossiers, etats, magasin, revisions, statuts
from pipelines.scenarios.conflits import Conflit
from pipelines.scenarios.dossiers import Contenu
from pipelines.scenarios.enregistrement import acte, enregistrer, nouveau
from pipelines.scenarios.lecteurs import Acte, Lecteur, exiger
from pipelines.scenarios.scenario import Apercu, Decisions, Scenario
from pipelines.scenarios.statuts import Statut

LONGUEUR_NOM_MAX = 120


def lister(lecteur: Lecteur, departement: str | None = None) -> list[Apercu]:
    """The scenarios in scope, of one département or of all, the last changed first.

    Who may not read a plan sees those presented to an instance only.
    """
    if departement is not None:
        exiger(lecteur, Acte.LISTER, departement)
    with magasin.lire() as connexion:
        tous = revisions.apercus(connexion, departement)
    return [
        vu
        for vu in tous
        if lecteur.peut(Acte.LIRE, vu.departement)
        or (lecteur.peut(Acte.LISTER, vu.departement) and vu.statut != Statut.BROUILLON)
    ]


def ouvrir(lecteur: Lecteur, scenario_id: str) -> Scenario:
    """A scenario as it is now."""
    with magasin.lire() as connexion:
        exiger(lecteur, Acte.LIRE, revisions.apercu(connexion, scenario_id).departement)
        return revisions.lire(connexion, scenario_id)


def creer(lecteur: Lecteur, nom: str, dossier_de_proposition: Path) -> Scenario:
    """A scenario of the proposal written in a folder."""
    contenu = dossiers.lire(dossier_de_proposition)
    exiger(lecteur, Acte.MODIFIER, contenu.probleme.departement)
    return nouveau(lecteur, _nom(nom), contenu, "Créé à partir d'une proposition")


def creer_aujourd_hui(
    lecteur: Lecteur,
    base: Path,
    nom: str,
    departement: str,
    hypotheses: Hypotheses | None = None,
    graine: int = 1,
) -> Scenario:
    """A scenario of today's presences, on the data of the warehouse `base`."""
    exiger(lecteur, Acte.MODIFIER, departement)
    probleme, avertissements, sources = etats.assembler_sur(
        base, departement, hypotheses or Hypotheses(), graine
    )
    plan = tuple(sorted(probleme.presences_actuelles))
    contenu = etats.juge(probleme, plan, avertissements, sources)
    return nouveau(lecteur, _nom(nom), contenu, "Créé à partir des présences d'aujourd'hui")


def modifier(
    lecteur: Lecteur,
    scenario_id: str,
    version: int,
    quoi: str,
    *,
    plan: Iterable[Presence] | None = None,
    verrous: Iterable[Verrou] | None = None,
) -> Scenario:
    """Save a plan, locks or both, changed by hand; `quoi` says what was done, in French.

    What is None stays; a scenario nothing changes is returned as it was, and nothing is saved.
    """
    avant = _pour_changer(lecteur, scenario_id)
    voulus = Decisions(
        avant.plan if plan is None else tuple(sorted(plan)),
        avant.verrous if verrous is None else etats.ranges(verrous),
    )
    _exiger_version(avant, version, voulus, quoi)
    contenu = etats.change(avant.contenu, voulus.plan, voulus.verrous)
    if contenu == avant.contenu:
        return avant
    return enregistrer(lecteur, avant, avant.decisions, contenu, "modifier", quoi)


def adopter(lecteur: Lecteur, scenario_id: str, version: int, quoi: str, dossier: Path) -> Scenario:
    """Save the proposal written in `dossier` as the next state, with its proofs and its locks."""
    avant = _pour_changer(lecteur, scenario_id)
    contenu = dossiers.lire(dossier)
    if contenu.probleme.departement != avant.departement:
        raise AtlasError(
            f"Cette proposition est du département {contenu.probleme.departement}.",
            admis=f"une proposition du département {avant.departement}",
            remede="en faire un nouveau scénario",
        )
    _exiger_version(avant, version, Decisions(contenu.plan, contenu.probleme.verrous), quoi)
    return enregistrer(lecteur, avant, avant.decisions, contenu, "adopter", quoi)


def annuler(lecteur: Lecteur, scenario_id: str, version: int) -> Scenario:
    """Go back to the state before the last act; AtlasError at the first one."""
    return _deplacer(lecteur, scenario_id, version, avant=True)


def refaire(lecteur: Lecteur, scenario_id: str, version: int) -> Scenario:
    """Do again the act last undone; AtlasError when there is none."""
    return _deplacer(lecteur, scenario_id, version, avant=False)


def renommer(lecteur: Lecteur, scenario_id: str, version: int, nom: str) -> Scenario:
    """Give a scenario another name; undone and done again as any act."""
    voulu = _nom(nom)
    phrase = f"Renommé en « {voulu} »"
    with acte(lecteur, Acte.MODIFIER, scenario_id, version, phrase) as (connexion, vu):
        if voulu == vu.nom:
            return revisions.lire(connexion, scenario_id)
        position = revisions.renommer(connexion, lecteur, vu, voulu, phrase)
        audit.inscrire(
            connexion,
            lecteur,
            scenario_id,
            position,
            "renommer",
            f"{phrase} (avant : « {vu.nom} »)",
            {"nom": vu.nom},
            {"nom": voulu},
        )
    return ouvrir(lecteur, scenario_id)


def changer_statut(
    lecteur: Lecteur, scenario_id: str, version: int, statut: Statut | str
) -> Scenario:
    """Bring a scenario one step on, or back to any step before; once arrêté, nowhere."""
    voulu = _statut(statut)
    phrase = f"Passé à « {voulu.libelle} »"
    droit = statuts.acte_de(voulu)
    with acte(lecteur, droit, scenario_id, version, phrase) as (connexion, vu):
        statuts.exiger_passage(vu.statut, voulu)
        position = revisions.avancer(connexion, vu, statut=str(voulu))
        sens = "retour, avant" if statuts.est_un_recul(vu.statut, voulu) else "avant"
        audit.inscrire(
            connexion,
            lecteur,
            scenario_id,
            position,
            "statut",
            f"{phrase} ({sens} : « {vu.statut.libelle} »)",
            {"statut": str(vu.statut)},
            {"statut": str(voulu)},
        )
    return ouvrir(lecteur, scenario_id)


def deriver(
    lecteur: Lecteur,
    scenario_id: str,
    nom: str,
    *,
    version: int | None = None,
    plan: Iterable[Presence] | None = None,
    verrous: Iterable[Verrou] | None = None,
) -> Scenario:
    """A new brouillon that starts from a scenario, whatever its status, or from a change of it.

    `Conflit` when the scenario is no longer at `version`, the one its author saw: what it would
    copy is not what was on screen.
    """
    parent = ouvrir(lecteur, scenario_id)
    exiger(lecteur, Acte.MODIFIER, parent.departement)
    if version is not None and parent.version != version:
        with magasin.lire() as connexion:
            numero = audit.revision_de(connexion, scenario_id, version) or parent.numero
            vues = revisions.decisions_de(connexion, scenario_id, numero)
            raise conflits.constater(connexion, scenario_id, version, vues, f"Dériver « {nom} »")
    contenu = etats.change(
        parent.contenu,
        parent.plan if plan is None else tuple(plan),
        parent.verrous if verrous is None else etats.ranges(verrous),
    )
    return _deriver_de(lecteur, parent, _nom(nom), contenu)


def reporter(lecteur: Lecteur, conflit: Conflit) -> Scenario:
    """Put the caller's changes over the current state; AtlasError when both changed one link."""
    decisions = conflits.superposer(conflit)
    return modifier(
        lecteur,
        conflit.leur.scenario_id,
        conflit.leur.version,
        conflit.acte,
        plan=decisions.plan,
        verrous=decisions.verrous,
    )


def garder_a_part(lecteur: Lecteur, conflit: Conflit, nom: str) -> Scenario:
    """Keep the caller's state as a new scenario, derived from the one that changed meanwhile.

    A copy of the state the caller saw keeps its data and its proofs, whatever was saved since.
    """
    scenario_id = conflit.leur.scenario_id
    mien = conflit.mien or conflit.connu
    if not conflit.est_une_copie:
        return deriver(lecteur, scenario_id, nom, plan=mien.plan, verrous=mien.verrous)
    with magasin.lire() as connexion:
        vu = revisions.apercu(connexion, scenario_id)
        exiger(lecteur, Acte.LIRE, vu.departement)
        exiger(lecteur, Acte.MODIFIER, vu.departement)
        contenu = revisions.contenu_de(connexion, scenario_id, conflit.numero)
    return _deriver_de(lecteur, vu, _nom(nom), contenu)


def journal(lecteur: Lecteur, scenario_id: str) -> list[audit.Ligne]:
    """The acts on a scenario, oldest first."""
    with magasin.lire() as connexion:
        exiger(lecteur, Acte.LIRE, revisions.apercu(connexion, scenario_id).departement)
        return audit.lignes(connexion, scenario_id)


def _pour_changer(lecteur: Lecteur, scenario_id: str) -> Scenario:
    """A scenario its reader may change; whether it is open is told after its version."""
    with magasin.lire() as connexion:
        exiger(lecteur, Acte.MODIFIER, revisions.apercu(connexion, scenario_id).departement)
        return revisions.lire(connexion, scenario_id)


def _exiger_version(avant: Scenario, version: int, voulus: Decisions, quoi: str) -> None:
    """`Conflit` when the caller did not know the state it would change."""
    if avant.version != version:
        with magasin.lire() as connexion:
            raise conflits.constater(connexion, avant.scenario_id, version, voulus, quoi)
    statuts.exiger_ouvert(avant.nom, avant.statut)


def _deplacer(lecteur: Lecteur, scenario_id: str, version: int, *, avant: bool) -> Scenario:
    """Move the head one revision back or on."""
    verbe, fait = ("annuler", "Annulé") if avant else ("refaire", "Rétabli")
    with acte(lecteur, Acte.MODIFIER, scenario_id, version, fait) as (connexion, vu):
        voisine = revisions.voisine(connexion, vu, avant=avant)
        if voisine is None:
            raise AtlasError(
                f"Il n'y a rien à {verbe}.",
                admis="un acte fait sur ce scénario" if avant else "un acte annulé juste avant",
                remede="consulter le journal du scénario",
            )
        numero, quoi = voisine
        nom = revisions.nom_apres(connexion, vu, numero, avant=avant)
        position = revisions.avancer(connexion, vu, numero=numero, nom=nom)
        passage = [revisions.decisions_de(connexion, scenario_id, n) for n in (vu.numero, numero)]
        de, vers = conflits.difference(*passage)
        if nom != vu.nom:
            de, vers = {**de, "nom": vu.nom}, {**vers, "nom": nom}
        audit.inscrire(
            connexion, lecteur, scenario_id, position, verbe, f"{fait} : {quoi}", de, vers
        )
    return ouvrir(lecteur, scenario_id)


def _deriver_de(lecteur: Lecteur, parent: Apercu, nom: str, contenu: Contenu) -> Scenario:
    quoi = f"Dérivé de « {parent.nom} » ({parent.statut.libelle})"
    return nouveau(lecteur, nom, contenu, quoi, parent_id=parent.scenario_id)


def _nom(nom: str) -> str:
    """The name of a scenario, trimmed; AtlasError when it is empty or too long."""
    net = " ".join(nom.split())
    if not net or len(net) > LONGUEUR_NOM_MAX:
        raise AtlasError(
            "Ce scénario n'a pas de nom." if not net else "Ce nom de scénario est trop long.",
            admis=f"de 1 à {LONGUEUR_NOM_MAX} caractères",
            remede="écrire un nom court, par exemple « Rentrée 2027, après le GT »",
        )
    return net


def _statut(statut: Statut | str) -> Statut:
    try:
        return Statut(statut)
    except ValueError as cause:
        raise AtlasError(
            f"Le statut « {statut} » n'existe pas.",
            admis=enumeration([str(s) for s in Statut]),
            remede="choisir l'un d'eux",
        ) from cause
