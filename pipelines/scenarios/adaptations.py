"""An académie's own rules: a barème and its text changed number by number, saved, brought, removed.

Nothing is written before `enregistrer` or `importer`, and then everything or nothing.
"""

import tomllib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date

from pipelines.base.erreurs import AtlasError
from pipelines.base.textes import enumeration, nombre
from pipelines.scenarios.lecteurs import Acte, courant, exiger_partout
from pipelines.scoring import bareme as baremes
from pipelines.scoring import doctrine as doctrines
from pipelines.scoring import jeux, regles
from pipelines.scoring.bareme import (
    Bareme,
    avec_nombres,
    bareme,
    ecrire_bareme,
    sur_texte,
    verifier_les_labels,
)
from pipelines.scoring.conditions import PLUS_GRAND_NOMBRE
from pipelines.scoring.criteres import Criteres, code_libre
from pipelines.scoring.regles import Priorites, Regle, Seuil, ecrire_priorites, priorites

SEUILS = "seuils"
TAILLE_MAX_OCTETS = 1_000_000
SORTES = {regles.DOSSIER: "texte", baremes.DOSSIER: "barème"}
"""What an adaptation may write."""
SORTES_APPORTEES = {**SORTES, doctrines.DOSSIER: "doctrine"}
"""What may be brought as a file, texts first."""
TABLES = {"texte": regles, "bareme": baremes, "doctrine": doctrines}


@dataclass(frozen=True)
class Changement:
    """One number changed: `cle` of `partie` of the barème, or a threshold (`partie` is SEUILS).

    `reference` says who chose it; empty while nobody has said.
    """

    partie: str
    cle: str
    libelle: str
    valeur: float
    reference: str = ""


@dataclass(frozen=True)
class Ajout:
    """A category the académie adds: which sites (`criteres`), where it is decided (`reference`).

    `poids`: half-days per cycle, or what a pupil counts for, as the barème weighs categories; None
    where it weighs none. `resume`: in one's own words; the label when empty.
    """

    libelle: str
    criteres: Criteres
    reference: str
    poids: float | None = None
    resume: str = ""
    est_prioritaire: bool = True


@dataclass(frozen=True)
class Adaptation:
    """What a person changes in the barème `bareme`, read over the text `texte`.

    `libelles`: category → its new name, those changed only. `ajouts`: categories the text had not.
    """

    bareme: str
    texte: str
    libelles: tuple[tuple[str, str], ...] = ()
    nombres: tuple[Changement, ...] = ()
    ajouts: tuple[Ajout, ...] = ()

    @property
    def change_le_texte(self) -> bool:
        """True when saving needs a text of its own, not only a barème."""
        return (
            bool(self.libelles)
            or bool(self.ajouts)
            or any(n.partie == SEUILS for n in self.nombres)
        )


def composer(adaptation: Adaptation) -> Bareme:
    """The barème of `adaptation` with its text, under the codes it starts from; nothing is written.

    AtlasError when a number or a label is not admitted, or when a label more would lower a besoin.
    """
    depart = bareme(adaptation.bareme)
    ajoutees = regles_ajoutees(adaptation)
    jeu = _texte(adaptation, priorites(adaptation.texte), ajoutees)
    pesee = partie_des_categories(depart)
    echelle = avec_nombres(
        sur_texte(depart, jeu),
        [
            *(
                (n.partie, n.cle, n.valeur, n.reference)
                for n in adaptation.nombres
                if n.partie != SEUILS
            ),
            *(
                (pesee, regle.code, ajout.poids, ajout.reference.strip())
                for ajout, (regle, _) in zip(adaptation.ajouts, ajoutees, strict=True)
                if pesee and ajout.poids is not None
            ),
        ],
    )
    verifier_les_labels(echelle, jeux.nom_du_fichier(baremes.DOSSIER, echelle.code))
    return echelle


def partie_des_categories(echelle: Bareme) -> str | None:
    """The part where `echelle` weighs categories; None when it weighs none."""
    return next((p for p in ("contributions", "coefficients") if getattr(echelle, p)), None)


def regles_ajoutees(adaptation: Adaptation) -> list[tuple[Regle, tuple[Seuil, ...]]]:
    """Each added category as a rule with its thresholds, under a code no text has taken.

    AtlasError when one has no criterion, no label, or does not say where it is decided.
    """
    pris = {r.code for jeu in jeux.lisibles(regles.DOSSIER, priorites) for r in jeu.regles}
    jour = priorites(adaptation.texte).en_vigueur_le
    lues = []
    for ajout in adaptation.ajouts:
        libelle, ref = ajout.libelle.strip(), ajout.reference.strip()
        code = code_libre(libelle, pris)
        pris.add(code)
        if not ref:
            raise AtlasError(
                f"« {libelle} » ne dit pas où cette catégorie est décidée.",
                admis="le texte, le paragraphe et la date",
                remede="remplir sa référence, par exemple : lettre du recteur du 15/01/2027, § 2",
            )
        regle = Regle(
            code=code,
            libelle=libelle,
            condition=ajout.criteres.condition(code),
            reference=ref,
            resume=ajout.resume.strip() or f"{libelle}.",
            en_vigueur_le=jour,
            est_prioritaire=ajout.est_prioritaire,
        )
        lues.append((regle, ajout.criteres.seuils(code, libelle, ref)))
    return lues


def existants(code: str) -> list[str]:
    """What saving under `code` would replace, in words; empty when the code is free."""
    return [
        f"{sorte} « {code} »" for dossier, sorte in SORTES.items() if code in jeux.locaux(dossier)
    ]


def enregistrer(
    adaptation: Adaptation,
    code: str,
    titre: str,
    resume: str,
    en_vigueur_le: date,
    *,
    remplacer: bool = False,
) -> list[str]:
    """Write the barème under `code`, and its text when labels or thresholds changed.

    What was written, in words. AtlasError, and nothing written, when a changed number says not who
    chose it, when the title or the summary is missing, when the code can't be taken, or is taken
    and `remplacer` is false.
    """
    exiger_partout(courant(), Acte.REGLER)
    for dossier in SORTES:
        jeux.verifier_code_local(dossier, code)
    muets = [n.libelle for n in adaptation.nombres if not n.reference.strip()]
    if muets:
        raise AtlasError(
            f"Personne n'est dit avoir choisi : {enumeration(muets)}.",
            admis="le texte, la réunion ou la personne qui a fixé chaque nombre changé",
            remede="remplir « Qui a choisi ces nombres », par exemple : choix du recteur, GT du "
            "12/01/2027",
        )
    for nom, texte in (("titre", titre), ("résumé", resume)):
        if not texte.strip():
            raise AtlasError(
                f"Il manque le {nom}.", admis="quelques mots", remede="remplir ce champ"
            )
    deja = existants(code)
    if deja and not remplacer:
        raise AtlasError(
            f"Déjà enregistré : {enumeration(deja)}.",
            admis="un code libre",
            remede="choisir un autre code, ou cocher « Remplacer »",
        )
    echelle = composer(adaptation)
    depart = bareme(adaptation.bareme)
    nouveau = replace(
        echelle,
        libelle=titre.strip(),
        resume=resume.strip(),
        nature=f"Choix de l'académie, d'après le barème « {depart.libelle} »",
        en_vigueur_le=en_vigueur_le,
        verifie_le=date.today(),
    )
    with _tout_ou_rien([(dossier, code) for dossier in SORTES]):
        if adaptation.change_le_texte:
            jeu = ecrire_priorites(
                _de_l_academie(
                    echelle.priorites, titre.strip(), en_vigueur_le, priorites(adaptation.texte)
                ),
                code,
                remplacer=remplacer,
            )
            nouveau = replace(nouveau, priorites=jeu)
        ecrire_bareme(nouveau, code, remplacer=remplacer)
    ecrits = [f"barème « {code} »"]
    return [f"texte « {code} »", *ecrits] if adaptation.change_le_texte else ecrits


def importer(fichiers: Iterable[tuple[str, bytes]], *, remplacer: bool = False) -> list[str]:
    """Bring rule files of another machine: texts first, then the barèmes that read them, doctrines.

    What was written, in words. AtlasError naming the file, and nothing written, when one is not
    admitted, or takes a code already taken and `remplacer` is false.
    """
    exiger_partout(courant(), Acte.REGLER)
    lus = [_lire(nom, octets) for nom, octets in fichiers]
    lus.sort(key=lambda lu: lu[0] != regles.DOSSIER)
    ecrits = []
    with _tout_ou_rien([(dossier, code) for dossier, code, *_ in lus]):
        for dossier, code, nom, texte in lus:
            [module] = [m for m in TABLES.values() if dossier == m.DOSSIER]
            module.interpreter(tomllib.loads(texte), nom)
            jeux.ecrire_local(dossier, code, texte, remplacer=remplacer)
            ecrits.append(f"{SORTES_APPORTEES[dossier]} « {code} »")
    return ecrits


def supprimer(dossier: str, code: str) -> None:
    """Remove a file of rules of the académie; AtlasError when a barème still reads that text."""
    exiger_partout(courant(), Acte.REGLER)
    lecteurs = [] if dossier != regles.DOSSIER else lecteurs_de(code)
    if lecteurs:
        raise AtlasError(
            f"Le texte « {code} » est lu par {enumeration([f'« {c} »' for c in lecteurs])}.",
            admis="un texte qu'aucun barème de l'académie ne lit",
            remede="supprimer d'abord ces barèmes, ou leur donner un autre texte",
        )
    jeux.effacer_local(dossier, code)


def lecteurs_de(code: str) -> list[str]:
    """The académie's barèmes that read the text `code`; those that can't be read are left out."""
    lecteurs = []
    for autre in jeux.locaux(baremes.DOSSIER):
        try:
            tete = jeux.lire_reference(baremes.DOSSIER, autre).get("bareme")
        except AtlasError:
            continue
        if isinstance(tete, dict) and tete.get("priorites") == code:
            lecteurs.append(autre)
    return lecteurs


def _texte(
    adaptation: Adaptation,
    jeu: Priorites,
    ajoutees: list[tuple[Regle, tuple[Seuil, ...]]],
) -> Priorites:
    """`jeu` with the labels, the thresholds and the added categories of `adaptation`."""
    jeu = replace(
        jeu,
        regles=(*jeu.regles, *(regle for regle, _ in ajoutees)),
        seuils=(*jeu.seuils, *(seuil for _, siens in ajoutees for seuil in siens)),
    )
    libelles = {r.code: r.libelle for r in jeu.regles} | dict(adaptation.libelles)
    for code, libelle in libelles.items():
        pareils = [c for c, autre in libelles.items() if autre.strip() == libelle.strip()]
        if not libelle.strip() or len(pareils) > 1:
            raise AtlasError(
                f"Catégorie « {code} » : son libellé est vide."
                if not libelle.strip()
                else f"Deux catégories portent le libellé « {libelle} ».",
                admis="un libellé par catégorie",
                remede="écrire un autre libellé",
            )
    seuils = {n.cle: n for n in adaptation.nombres if n.partie == SEUILS}
    for seuil in seuils.values():
        if not abs(seuil.valeur) <= PLUS_GRAND_NOMBRE:
            raise AtlasError(
                f"Le seuil « {seuil.libelle} » vaut {seuil.valeur}.",
                admis="un nombre qui se compare",
                remede="écrire un nombre plus petit",
            )
    return replace(
        jeu,
        regles=tuple(
            replace(r, libelle=libelles[r.code].strip(), reference=_reference(r, seuils))
            for r in jeu.regles
        ),
        seuils=tuple(
            replace(
                s, valeur=seuils[s.nom].valeur, reference=seuils[s.nom].reference or s.reference
            )
            if s.nom in seuils
            else s
            for s in jeu.seuils
        ),
    )


def _reference(regle: Regle, seuils: dict[str, Changement]) -> str:
    """The reference of a rule, with who chose the thresholds it now reads."""
    lus = [seuils[nom] for nom in regles.SEUIL.findall(regle.condition) if nom in seuils]
    return " ; ".join(
        [
            regle.reference,
            *(
                f"seuil porté à {nombre(n.valeur, 0 if float(n.valeur).is_integer() else 2)} : "
                f"{n.reference}"
                for n in lus
                if n.reference
            ),
        ]
    )


def _de_l_academie(jeu: Priorites, titre: str, en_vigueur_le: date, depart: Priorites) -> Priorites:
    """`jeu` as the académie takes it up from `en_vigueur_le`: no NOR, nothing repealed.

    A category that `depart` had not is in force from that day too.
    """
    anciennes = {r.code for r in depart.regles if r.jusqu_au is None}
    return replace(
        jeu,
        titre=f"{titre}, d'après : {jeu.titre}",
        nor=None,
        date=date.today(),
        en_vigueur_le=en_vigueur_le,
        jusqu_au=None,
        verifie_le=date.today(),
        regles=tuple(
            r if r.code in anciennes else replace(r, en_vigueur_le=en_vigueur_le, jusqu_au=None)
            for r in jeu.regles
        ),
    )


def _lire(nom: str, octets: bytes) -> tuple[str, str, str, str]:
    """Folder, code, name and text of a file of rules."""
    if len(octets) > TAILLE_MAX_OCTETS:
        raise AtlasError(
            "Ce fichier est trop grand pour des règles.",
            fichier=nom,
            admis=f"{nombre(TAILLE_MAX_OCTETS)} octets au plus",
            remede="déposer un fichier de règles, écrit par Atlas ou comme dans docs/priorites.md",
        )
    try:
        texte = octets.decode("utf-8-sig")
        contenu = tomllib.loads(texte)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as cause:
        raise AtlasError(
            f"Fichier illisible : {cause}",
            fichier=nom,
            admis="du TOML en UTF-8",
            remede="corriger la ligne indiquée",
        ) from cause
    for table, module in TABLES.items():
        tete = contenu.get(table)
        if isinstance(tete, dict) and isinstance(tete.get("code"), str):
            jeux.verifier_code_local(module.DOSSIER, tete["code"])
            return module.DOSSIER, tete["code"], nom, texte
    raise AtlasError(
        "Ce fichier n'est ni un texte, ni un barème, ni une doctrine.",
        fichier=nom,
        admis="une table [texte], [bareme] ou [doctrine], avec son code",
        remede="le compléter comme dans docs/priorites.md ou docs/doctrines.md",
    )


@contextmanager
def _tout_ou_rien(fichiers: list[tuple[str, str]]) -> Iterator[None]:
    """Put back what stood under these codes when the writing, or a barème beside it, fails."""
    avant = {
        (dossier, code): jeux.chemin_de(dossier, code).read_bytes()
        if code in jeux.locaux(dossier)
        else None
        for dossier, code in fichiers
    }
    lisibles = [code for code in jeux.locaux(baremes.DOSSIER) if _se_lit(code)]
    try:
        yield
        for code in lisibles:
            bareme(code)
    except BaseException:
        for (dossier, code), octets in avant.items():
            if octets is not None:
                jeux.chemin_de(dossier, code).write_bytes(octets)
            elif code in jeux.locaux(dossier):
                jeux.effacer_local(dossier, code)
        raise


def _se_lit(code: str) -> bool:
    try:
        bareme(code)
    except AtlasError:
        return False
    return True
