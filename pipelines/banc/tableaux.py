"""The measures of the optimiser as the Markdown tables of `docs/optimiseur.md`."""

from collections.abc import Sequence

from pipelines.base.textes import nombre, pourcentage

NOMS = {
    "atlas": "Atlas",
    "glouton": "Glouton\u202f: priorité, puis le plus proche",
    "kmeans": "Secteurs k-means aux capacités des postes",
    "p_mediane": "p-médiane à capacités (PySAL)",
}
ETAGES = ("Manque", "Changements", "Trajets", "Équilibre")
COURBES = ("sites", "postes", "trajet")


def en_markdown(resultat: dict) -> str:
    """Every table that the measures of `resultat` fill: gaps, growth, simpler methods."""
    mesures = resultat["mesures"]
    croissance = [m for m in mesures if m["nom"].startswith("croissance-")]
    autres = [m for m in mesures if not m["nom"].startswith("croissance-")]
    machine = resultat["machine"]
    parties = [
        f"Machine\u202f: {machine['systeme']}, {machine['coeurs']} cœurs, "
        f"Python {machine['python']}, ortools {machine['ortools']}. "
        f"Durée demandée\u202f: {_secondes(resultat['duree_max_s'])} s.\n",
        "## Écarts prouvés\n",
        _ecarts(autres),
    ]
    demandees = [m for m in autres if "qui_peut_prendre" in m]
    if demandees:
        parties += ["## Qui peut prendre un site ?\n", _reprises(demandees)]
    if croissance:
        parties += ["## Croissance du temps\n", _croissance(croissance)]
    compares = [m for m in autres if m["temoins"]]
    if compares:
        parties += ["## Face à des méthodes plus simples\n", _temoins(compares)]
        parties += ["## Part du besoin couverte, par catégorie\n"]
        parties += [f"{m['nom']}\u202f:\n\n{_categories(m)}" for m in compares]
    return "\n".join(parties)


def _ecarts(mesures: Sequence[dict]) -> str:
    lignes = [
        [
            m["nom"],
            m["nb_sites"],
            m["nb_postes"],
            *(pourcentage(e["part_ecart_atteint"], 1) for e in m["etages"]),
            _secondes(m["etages"][0]["secondes"]),
            _secondes(m["etages"][2]["secondes"]),
            _secondes(m["plan"]["secondes"]),
            _secondes(m["plan"]["secondes_horloge"]),
        ]
        for m in mesures
    ]
    secondes = ("Manque (s)", "Trajets (s)", "Processeur (s)", "Horloge (s)")
    return _table(("Mesure", "Sites", "Postes", *ETAGES, *secondes), lignes)


def _reprises(mesures: Sequence[dict]) -> str:
    """How long the answer takes, by the clock, over several sites."""
    lignes = [
        [
            m["nom"],
            m["nb_sites"],
            m["nb_postes"],
            m["qui_peut_prendre"]["nb_sites"],
            *(nombre(m["qui_peut_prendre"][c], 2) for c in ("mediane", "centile_95", "maximum")),
        ]
        for m in mesures
    ]
    titres = ("Mesure", "Sites", "Postes", "Sites demandés", "Médiane (s)")
    return _table((*titres, "95 fois sur 100, au plus (s)", "Maximum (s)"), lignes)


def _croissance(mesures: Sequence[dict]) -> str:
    lignes = []
    for courbe in COURBES:
        points = [m for m in mesures if m["nom"].startswith(f"croissance-{courbe}-")]
        lignes += [
            [
                courbe,
                m["nom"].rsplit("-", 1)[1],
                m["nb_sites"],
                m["nb_postes"],
                m["nb_couples"],
                pourcentage(m["etages"][0]["part_ecart_atteint"], 1),
                _secondes(m["etages"][0]["secondes"]),
                _secondes(m["plan"]["secondes"]),
            ]
            for m in points
        ]
    titres = ("Courbe", "Point", "Sites", "Postes", "Couples", "Écart du manque")
    return _table((*titres, "Manque (s)", "En tout (s)"), lignes)


def _temoins(mesures: Sequence[dict]) -> str:
    lignes = []
    for m in mesures:
        for nom, plan in {"atlas": m["plan"], **m["temoins"]}.items():
            if "echec" in plan:
                valeurs = ["sans solution", "–", "–", "–", "–"]
            else:
                objectifs = plan["objectifs"]
                valeurs = [
                    nombre(objectifs["manque"]),
                    nombre(plan.get("dans_les_regles", plan)["objectifs"]["manque"]),
                    objectifs["changements"],
                    nombre(objectifs["trajets"]),
                    sum(plan["manquements"].values()),
                ]
            lignes.append([m["nom"], NOMS[nom], *valeurs, _secondes(plan["secondes"])])
    titres = ("Mesure", "Méthode", "Manque", "Remis dans les règles", "Changements")
    return _table((*titres, "Trajets (min)", "Manquements", "Processeur (s)"), lignes)


def _categories(mesure: dict) -> str:
    plans = {"atlas": mesure["plan"]} | {
        nom: plan["dans_les_regles"]
        for nom, plan in mesure["temoins"].items()
        if "echec" not in plan
    }
    categories = sorted({c for plan in plans.values() for c in plan["part_couverte"]})
    lignes = [
        [f"`{c}`", *(pourcentage(plan["part_couverte"].get(c)) for plan in plans.values())]
        for c in categories
    ]
    return _table(("Catégorie", *(NOMS[nom] for nom in plans)), lignes)


def _table(titres: Sequence[str], lignes: Sequence[Sequence]) -> str:
    rangees = [titres, ["---"] * len(titres), *lignes]
    return "".join(f"| {' | '.join(str(c) for c in rangee)} |\n" for rangee in rangees)


def _secondes(valeur: float) -> str:
    """Seconds: a decimal under ten, none beyond."""
    return nombre(valeur, 1 if valeur < 10 else 0)
