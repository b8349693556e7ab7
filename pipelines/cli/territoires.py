"""Command on territories: the départements side by side, and ETP shared between them by need."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.base import chemins
from pipelines.base.erreurs import AtlasError
from pipelines.cli.application import (
    OptionEntrepot,
    app,
    code_departement,
    console,
    imprimer_tableau,
)
from pipelines.reports import academie as vue_academie
from pipelines.reports import avancement, partage, prochains_demi_postes, territoires
from pipelines.reports.territoires import Niveau
from pipelines.scenarios import lecteurs


@app.command()
def academie(
    bassins_de: Annotated[
        str | None,
        typer.Option(
            "--bassins-de", help="comparer les bassins de ce département, par exemple 034"
        ),
    ] = None,
    reseaux_de: Annotated[
        str | None,
        typer.Option(
            "--reseaux-de",
            help="comparer les réseaux d'établissements de ce département, par exemple 034",
        ),
    ] = None,
    ecart: Annotated[
        float, typer.Option("--ecart", help="ETP de plus ou de moins qu'aujourd'hui, par 0,5")
    ] = 0.0,
    plancher: Annotated[
        float, typer.Option("--plancher", help="ETP au moins pour chaque territoire", min=0)
    ] = 0.0,
    plancher_de: Annotated[
        list[str] | None,
        typer.Option("--plancher-de", help="CODE=ETP : un plancher à part (peut être répété)"),
    ] = None,
    perte_max: Annotated[
        float | None,
        typer.Option("--perte-max", help="ETP qu'un territoire peut perdre au plus", min=0),
    ] = None,
    sortie: Annotated[Path | None, typer.Option("--sortie", help="classeur Excel à écrire")] = None,
    entrepot_: OptionEntrepot = chemins.ENTREPOT_PAR_DEFAUT,
) -> None:
    """Compare les départements, ou les bassins ou les réseaux d'un seul, et répartit les ETP
    selon le besoin.
    """
    niveau, departement = _niveau(bassins_de, reseaux_de)
    lecteur = lecteurs.local()
    lus = territoires.territoires(lecteur, entrepot_, niveau, departement)
    vue = vue_academie.vue(lus)
    suivi = None
    _dire([vue.phrase, vue.ecarts, *vue.remarques])
    imprimer_tableau(vue.table)
    if departement is None:
        suivi = avancement.suivi(lecteur, entrepot_)
        _dire([suivi.phrase])
        imprimer_tableau(suivi.table)
        prochains = prochains_demi_postes.des_departements(lecteur, entrepot_)
    else:
        des_parties = (
            prochains_demi_postes.des_reseaux
            if niveau == Niveau.RESEAUX
            else prochains_demi_postes.des_bassins
        )
        prochains = des_parties(lecteur, entrepot_, departement)
    _dire([prochains.phrase, *prochains.remarques])
    if not prochains.table.empty:
        imprimer_tableau(prochains.table)
    reparti = None
    if vue.a_des_postes:
        planchers = dict(_plancher(texte) for texte in plancher_de or [])
        reparti = partage.repartir(lus, ecart, plancher, perte_max, planchers)
        _dire([reparti.phrase, *reparti.details])
        imprimer_tableau(reparti.table)
    if sortie is not None:
        sortie.parent.mkdir(parents=True, exist_ok=True)
        sortie.write_bytes(partage.en_excel(vue, suivi, prochains, reparti))
        _dire([f"Écrit : {sortie}"])


def _niveau(bassins_de: str | None, reseaux_de: str | None) -> tuple[Niveau, str | None]:
    """The level asked for, and the département whose parts are compared."""
    if bassins_de and reseaux_de:
        raise AtlasError(
            "Les bassins et les réseaux ne se comparent pas ensemble.",
            admis="--bassins-de ou --reseaux-de",
            remede="retirer l'une des deux options",
        )
    if bassins_de:
        return Niveau.BASSINS, code_departement(bassins_de)
    if reseaux_de:
        return Niveau.RESEAUX, code_departement(reseaux_de)
    return Niveau.DEPARTEMENTS, None


def _dire(phrases: list[str]) -> None:
    for rang, phrase in enumerate(p for p in phrases if p):
        style = None if rang else "bold"
        console.print(phrase, style=style, markup=False, highlight=False, soft_wrap=True)


def _plancher(texte: str) -> tuple[str, float]:
    """« 048=5,5 » → ("048", 5.5)."""
    code, _, etp = texte.rpartition("=")
    try:
        return code.strip(), float(etp.replace(",", "."))
    except ValueError as cause:
        raise AtlasError(
            f"Plancher illisible : {texte}",
            admis="CODE=ETP, par exemple 048=5,5",
            remede="corriger --plancher-de",
        ) from cause
