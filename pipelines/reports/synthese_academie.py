"""The académie's synthesis of its départements: means, coverage, activity, where each stands."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from pipelines.base.erreurs import AtlasError
from pipelines.base.textes import enumeration
from pipelines.reports import academie, activite, avancement, donnees, methode, territoires, trame
from pipelines.reports.academie import VueAcademie, table_sans_presence
from pipelines.reports.activite import VueActivite
from pipelines.reports.avancement import VueSuivi
from pipelines.reports.donnees import EtatDesDonnees
from pipelines.reports.dossier.blocs import (
    Dossier,
    Graphique,
    Liste,
    Partie,
    Role,
    Serie,
    Tableau,
    Texte,
)
from pipelines.reports.territoires import MOTS, Niveau
from pipelines.scenarios.lecteurs import Acte, Lecteur, exiger

TITRE = "Synthèse académique du service social en faveur des élèves"
DESTINATAIRES = "Recteur, CTSS-R, IA-DASEN"
CHARGE = "Besoin par ETP (½ j.)"


@dataclass(frozen=True)
class _Lus:
    """The views of the académie; `activites`: name of a département → its activity."""

    lieu: str
    academie: VueAcademie
    activites: dict[str, VueActivite]
    suivi: VueSuivi
    donnees: EtatDesDonnees
    anomalies: pd.DataFrame
    annee: str | None


def composer(lecteur: Lecteur, base: Path, annee: str | None = None) -> Dossier:
    """The synthesis of the départements in the scope of `lecteur`, on a school year.

    The last year anyone recorded when not given; nothing is hidden, so that AtlasError when
    `lecteur` may not read one of them, or when nothing was recorded that year.
    """
    lus = _lire(lecteur, base, annee)
    return trame.assembler(
        base,
        titre=TITRE,
        lieu=lus.lieu,
        annee=lus.annee,
        prefixe=("synthese-academie", *([lus.annee] if lus.annee else [])),
        destinataires=DESTINATAIRES,
        ou={"Ressort": lus.lieu, "Départements": enumeration(list(lus.activites))},
        etat=lus.donnees,
        parties=(
            _moyens(lus),
            _sans_presence(lus),
            _activite(lus),
            _avancement(lus),
            trame.priorites(_faits(lus)),
            trame.limites_des_donnees(
                lus.donnees,
                lus.anomalies,
                list(lus.activites),
                "Ce que cette synthèse ne dit pas",
            ),
        ),
    )


def _lire(lecteur: Lecteur, base: Path, annee: str | None) -> _Lus:
    lus = territoires.territoires(lecteur, base, Niveau.DEPARTEMENTS)
    for code in lus.noms:
        exiger(lecteur, Acte.LIRE, code)
    vues = {nom: activite.vue(lecteur, base, code) for code, nom in lus.noms.items()}
    connues = sorted({a for vue in vues.values() for a in _annees(vue)})
    if annee is not None and annee not in connues:
        raise AtlasError(
            f"Aucun relevé d'activité de l'année « {annee} » dans l'académie.",
            admis=enumeration(connues) or "aucune année, tant qu'aucun relevé n'est connu",
            remede="choisir l'une de ces années, ou ajouter ses relevés au fichier « activite »",
        )
    if annee is not None:
        vues = {
            nom: activite.vue(lecteur, base, code, annee) if annee in _annees(vues[nom]) else vue
            for (code, nom), vue in zip(lus.noms.items(), vues.values(), strict=True)
        }
    return _Lus(
        lieu=lus.lieu,
        academie=academie.vue(lus),
        activites=vues,
        suivi=avancement.suivi(lecteur, base),
        donnees=donnees.etat(base),
        anomalies=methode.anomalies(base),
        annee=annee or (connues[-1] if connues else None),
    )


def _annees(vue: VueActivite) -> list[str]:
    """The school years of which something is known."""
    return [c for c in vue.indicateurs.columns if c[:1].isdigit()]


def _moyens(lus: _Lus) -> Partie:
    vue = lus.academie
    return Partie(
        code="moyens",
        titre="Les moyens et la couverture, département par département",
        blocs=(
            Texte(vue.phrase, Role.PHRASE),
            Texte(vue.ecarts),
            *(Texte(r, Role.ALERTE) for r in vue.remarques),
            Tableau.de(
                "territoires",
                "Département par département",
                vue.table,
                note="Demi-journées par cycle de 4 semaines. Postes avec secteur, comptés où est "
                "leur résidence. Sans présence : sites prioritaires que personne ne sert.",
            ),
            *_charges(vue),
            Tableau.de(
                "categories",
                "La part du besoin couverte, par catégorie",
                vue.categories,
                vide="Aucune catégorie n'a de site.",
                note="Un site compte dans chacune de ses catégories.",
            ),
        ),
    )


def _charges(vue: VueAcademie) -> tuple[Graphique, ...]:
    """The besoin an ETP answers, a bar a département; nothing where no poste is known."""
    territoire = vue.table.columns[0]
    connus = vue.table.dropna(subset=[CHARGE])
    if connus.empty:
        return ()
    return (
        Graphique(
            code="besoin_par_etp",
            titre="Le besoin auquel répond un ETP",
            phrase="",
            alt=f"Besoin par ETP de chaque département. {vue.ecarts}",
            categories=tuple(connus[territoire]),
            series=(Serie("Besoin par ETP", tuple(float(v) for v in connus[CHARGE])),),
            unite="½ j.",
        ),
    )


def _sans_presence(lus: _Lus) -> Partie:
    vue = lus.academie
    return Partie(
        code="sans_presence",
        titre="Les sites prioritaires sans présence",
        blocs=(
            Texte(f"{vue.titre_sans_presence}.", Role.PHRASE),
            Tableau.de(
                "sans_presence",
                "",
                table_sans_presence(vue.sans_presence, vue.niveau),
                colonnes=(
                    "Site",
                    "Commune",
                    MOTS[vue.niveau].titre,
                    "Catégories prioritaires",
                    "Besoin (½ j. par cycle)",
                ),
                vide="Rien à montrer.",
            ),
        ),
    )


def _activite(lus: _Lus) -> Partie:
    phrases = tuple(
        " ".join([vue.phrase, *([vue.completude] if vue.completude else [])])
        for vue in lus.activites.values()
    )
    ruptures = [(nom, r) for nom, vue in lus.activites.items() for r in vue.ruptures]
    return Partie(
        code="activite",
        titre="L'activité, département par département",
        blocs=(
            Liste(
                "Ce que comptent les relevés, et ce qui leur manque",
                phrases,
                tuple(f"{nom} :" for nom in lus.activites),
            ),
            *(
                Texte(f"{nom}, rupture de série : {phrase}", Role.ALERTE)
                for nom, phrase in ruptures
            ),
            _cote_a_cote(lus, "indicateurs", "Indicateur", "Les indicateurs"),
            *(
                _cote_a_cote(lus, titre, "Modalité", titre)
                for titre in activite.NOMENCLATURES.values()
            ),
        ),
    )


def _cote_a_cote(lus: _Lus, code: str, entete: str, titre: str) -> Tableau:
    """A table of the year, a column a département; unknown where it recorded nothing.

    No sum: départements where other sites recorded don't add up.
    """
    tables = {
        nom: (vue.indicateurs if code == "indicateurs" else vue.details[code])
        for nom, vue in lus.activites.items()
    }
    colonnes = {
        nom: table.set_index(entete)[lus.annee]
        for nom, table in tables.items()
        if lus.annee in table.columns
    }
    cadre = pd.DataFrame(colonnes).reindex(columns=list(tables))
    cadre = cadre.rename_axis(entete).reset_index() if colonnes else pd.DataFrame()
    return Tableau.de(
        code,
        f"{titre}, {lus.annee}" if lus.annee else titre,
        cadre,
        nombres=tables,
        vide="Aucun relevé d'activité n'est connu.",
        note="Un tiret : aucun relevé de cette année. Aucun total : les mêmes sites ne sont pas "
        "comptés partout.",
    )


def _avancement(lus: _Lus) -> Partie:
    return Partie(
        code="avancement",
        titre="Où en est chaque département",
        blocs=(
            Texte(lus.suivi.phrase, Role.PHRASE),
            Tableau.de("suivi", "Le scénario le plus avancé", lus.suivi.table),
        ),
    )


def _faits(lus: _Lus) -> list[tuple[str, str]]:
    """(part, fact): what the views say, in their own words."""
    vue = lus.academie
    faits = [("Moyens et couverture", vue.phrase), ("Écarts", vue.ecarts)]
    faits += [("Moyens et couverture", r) for r in vue.remarques]
    faits += [("Activité", f"{nom} : {v.phrase}") for nom, v in lus.activites.items()]
    faits += [
        ("Complétude", f"{nom} : {v.completude}")
        for nom, v in lus.activites.items()
        if v.completude
    ]
    return [*faits, ("Avancement", lus.suivi.phrase)]
