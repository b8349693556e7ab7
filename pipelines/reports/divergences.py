"""What differs between the problems of répartitions compared: said before any figure."""

from collections.abc import Callable

from pipelines.base.textes import enumeration, nombre, pluriel
from pipelines.planning.probleme import Probleme
from pipelines.reports.repartition import Repartition
from pipelines.scoring.doctrine import libelle_de

NOMMES = 4
MOYENS_DIFFERENTS = "Les moyens ne sont pas les mêmes."
# hypothesis → what it is, and how its value is said
HYPOTHESES: dict[str, tuple[str, Callable[[object], str]]] = {
    "doctrine": ("Doctrine", lambda v: libelle_de(str(v))),
    "sites_par_poste_max": ("Sites par poste, au plus", str),
    "duree_trajet_max_min": ("Trajet aller, au plus (min)", str),
    "meme_bassin": ("Aucun site hors du bassin du poste", lambda v: _oui_non(v)),
    "compter_postes_vacants": ("Postes vacants comptés", lambda v: _oui_non(v)),
    "garder_residence": ("Postes gardés à leur résidence", lambda v: _oui_non(v)),
    "trajets_mesures_seuls": ("Trajets mesurés seulement", lambda v: _oui_non(v)),
    "perte_max": ("Perte d'un site, au plus (½ j. par cycle)", lambda v: _limite(v)),
}


def divergences(repartitions: tuple[Repartition, ...], *, charges: bool = True) -> list[str]:
    """One sentence a difference between the first répartition and each of the others.

    Data first, then barème and hypotheses, then means and besoins; [] when all share one problem.
    Today has no problem of its own: nothing differs between it and the others. Without `charges`,
    no poste is named for its time, nor is their sum told.
    """
    x, *autres = (r for r in repartitions if not r.est_aujourd_hui)
    return list(dict.fromkeys(p for y in autres for p in _paire(x, y, charges)))


def _paire(x: Repartition, y: Repartition, charges: bool) -> list[str]:
    a, b = x.probleme, y.probleme
    if a == b:
        return []
    noms = f"« {x.libelle} » et « {y.libelle} »"
    mots = []
    if a.empreinte_donnees != b.empreinte_donnees:
        mots.append(f"{noms} ne sont pas faits sur les mêmes données.")
    if a.hypotheses.get("empreinte_reference") != b.hypotheses.get("empreinte_reference"):
        mots.append(f"Des règles ou des paramètres ont changé entre {noms}.")
    if x.bareme != y.bareme:
        mots.append(f"Barème : {_cote(x, x.bareme)} ; {_cote(y, y.bareme)}.")
    for cle, (libelle, dire) in HYPOTHESES.items():
        avant, apres = a.hypotheses.get(cle), b.hypotheses.get(cle)
        if avant != apres:
            mots.append(f"{libelle} : {_cote(x, dire(avant))} ; {_cote(y, dire(apres))}.")
    mots += _sites(x, y)
    mots += _postes(x, y, charges)
    if a.graine != b.graine:
        graines = f"{_cote(x, str(a.graine))} ; {_cote(y, str(b.graine))}"
        mots.append(f"Graine du calcul : {graines}.")
    if set(a.verrous) != set(b.verrous):
        mots.append(
            f"Verrous : {_cote(x, pluriel(len(a.verrous), 'verrou'))} ; "
            f"{_cote(y, pluriel(len(b.verrous), 'verrou'))}."
        )
    if set(a.presences_actuelles) != set(b.presences_actuelles):
        mots.append(
            f"Les présences d'aujourd'hui n'étaient pas les mêmes pour {noms} : "
            f"{_actuelles(a)} et {_actuelles(b)} demi-journées par cycle en tout."
        )
    return mots


def _cote(r: Repartition, valeur: str) -> str:
    return f"{valeur} pour « {r.libelle} »"


def _actuelles(probleme: Probleme) -> str:
    return nombre(sum(p.demi_journees_cycle for p in probleme.presences_actuelles))


def _sites(x: Repartition, y: Repartition) -> list[str]:
    mots = []
    for ici, ailleurs in ((x, y), (y, x)):
        seuls = [ici.sites[s].nom for s in sorted(ici.sites.keys() - ailleurs.sites.keys())]
        if seuls:
            a_qui = "lui" if len(seuls) == 1 else "leur"
            mots.append(
                f"{pluriel(len(seuls), 'site n’est', 'sites ne sont')} que dans les données de "
                f"« {ici.libelle} » : {_liste(seuls)}. L'autre ne {a_qui} donne rien, par "
                "construction."
            )
    communs = x.sites.keys() & y.sites.keys()
    changes = [s for s in communs if x.sites[s].besoin != y.sites[s].besoin]
    if changes:
        avant, apres = (sum(r.sites[s].besoin for s in communs) for r in (x, y))
        mots.append(
            f"Le besoin de {pluriel(len(changes), 'site')} n'est pas le même : en tout "
            f"{_cote(x, nombre(avant))}, {_cote(y, nombre(apres))}. Les parts du besoin se lisent "
            f"ici sur celui de « {x.libelle} »."
        )
    eleves = [s for s in communs if x.sites[s].effectif != y.sites[s].effectif]
    if eleves:
        mots.append(f"Le nombre d'élèves de {pluriel(len(eleves), 'site')} n'est pas le même.")
    return mots


def _postes(x: Repartition, y: Repartition, charges: bool) -> list[str]:
    mots = []
    for ici, ailleurs in ((x, y), (y, x)):
        seuls = sorted(ici.postes.keys() - ailleurs.postes.keys())
        if seuls:
            mots.append(
                f"{pluriel(len(seuls), 'poste n’est', 'postes ne sont')} que dans "
                f"« {ici.libelle} » : {_liste(seuls)}."
            )
    changes = [
        p
        for p in sorted(x.postes.keys() & y.postes.keys())
        if x.postes[p].capacite != y.postes[p].capacite
    ]
    if not charges:
        return [*mots, *([MOYENS_DIFFERENTS] if changes or round(x.etp - y.etp, 2) else [])]
    if changes:
        mots.append(
            f"Le temps de {pluriel(len(changes), 'poste')} n'est pas le même : {_liste(changes)}."
        )
    if round(x.etp - y.etp, 2):
        mots.append(f"Moyens : {_cote(x, _etp(x))} ; {_cote(y, _etp(y))}.")
    return mots


def _etp(r: Repartition) -> str:
    return f"{nombre(r.etp, 2)} ETP"


def _liste(noms: list[str]) -> str:
    montres = noms[:NOMMES]
    reste = len(noms) - len(montres)
    return enumeration([*montres, *([pluriel(reste, "autre")] if reste else [])])


def _oui_non(valeur: object) -> str:
    return "oui" if valeur else "non"


def _limite(valeur: object) -> str:
    return "sans limite" if valeur is None else str(valeur)
