"""Another scenario beside this one: what differs, what changes from it, and for whom."""

from pipelines.reports.dossier.blocs import Liste, Partie, Role, Section, Tableau, Texte
from pipelines.reports.dossier.matiere import Matiere
from pipelines.reports.dossier.parties import gains_et_pertes
from pipelines.reports.dossier.temps_voile import tout_taire


def partie(m: Matiere) -> Partie | None:
    """From the other scenario to this one; None when only one is given.

    An instance is told no exact presence: those of three répartitions would be too many to hide.
    """
    vue = m.comparaison
    if vue is None:
        return None
    [passage] = vue.passages
    differe = (Liste("Ce qui diffère, avant tout chiffre", tuple(vue.divergences)),)
    return Partie(
        code="comparaison",
        titre="Comparaison avec un autre scénario",
        blocs=(
            Texte(gains_et_pertes.en_mots(vue, tout_taire(m)), Role.PHRASE),
            *(differe if vue.divergences else ()),
            Texte(vue.phrase_equite),
            Tableau.de("comparaison_indices", "Les indices", vue.indices, nombres=vue.noms),
            Tableau.de(
                "comparaison_equite",
                "L'équité",
                vue.equite,
                nombres=vue.noms,
                note=vue.note_equite,
            ),
            *gains_et_pertes.par_groupe(passage, "comparaison", tout_taire(m)),
        ),
        sections=(
            Section(
                "Chaque site qui change d'un scénario à l'autre",
                (gains_et_pertes.par_site(passage, "comparaison_sites", m.voile),),
            ),
        ),
    )
