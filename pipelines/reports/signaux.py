"""Sites without a label whose numbers look like those of labelled ones: signals, no ranking."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import plotly.graph_objects as go

from pipelines.base import reference
from pipelines.base.textes import FINE, INCONNU, nombre, pluriel
from pipelines.marts import entrepot
from pipelines.reports.libelles import FORMES, TYPES
from pipelines.reports.methode import parametres
from pipelines.reports.sites import BAREME_PAR_DEFAUT, categories_en_mots
from pipelines.scenarios.lecteurs import reserve
from pipelines.scoring import profils as profils_
from pipelines.scoring.bareme import bareme
from pipelines.scoring.besoin import besoins
from pipelines.scoring.profils import ARBRES, LINEAIRE, MOYENNE, Mesure, Profils

AVERTISSEMENT = "Un signal à examiner, pas un classement."
MODELES = {
    MOYENNE: "la moyenne de tous les sites",
    LINEAIRE: "le modèle linéaire",
    ARBRES: "les arbres de décision",
}
FACTEURS = {
    "ips": ("IPS", "points", 1),
    "effectif": ("Élèves", "élèves", 0),
    "eleves_segpa": ("Élèves de SEGPA", "élèves", 0),
    "eleves_ulis": ("Élèves d'ULIS", "élèves", 0),
    "eloignement_km": ("Éloignement du plus proche autre site", "km", 1),
    "densite": ("Densité de la commune (1 : dense, 7 : très peu dense)", "niveaux", 0),
}
"""Column → label, unit of a difference, decimals."""
EXPLICATION = (
    "Le besoin attendu est appris de l'IPS, des élèves, dont ceux de SEGPA et d'ULIS, de "
    "l'éloignement, de la densité et du type d'établissement, sur tous les sites du second degré "
    "des données ; il vise le besoin que donnent les catégories, qui est lui-même un choix. Chaque "
    "site est estimé sans lui ni sa commune. Une donnée inconnue prend la médiane, et le modèle "
    "sait qu'elle manquait ; aucun site n'est retiré. Les élèves de SEGPA et d'ULIS comptent pour "
    "zéro là où l'annuaire dit qu'il n'y en a pas. Une catégorie inconnue (UPE2A, relais…) ne "
    "vaut ni oui ni non : le site reste parmi ceux sans label, et ce qui est à vérifier est dit."
)


@dataclass(frozen=True)
class Examen:
    """The estimate over a whole warehouse, and what it takes to name its sites.

    `profils` is None when there are too few sites. `sites`: mart_site with besoin, categories and
    categories_en_mots of the barème, indexed by site_id.
    """

    profils: Profils | None
    sites: pd.DataFrame


@dataclass(frozen=True)
class Signaux:
    """The page of a département: sentences, the list, the picture and its table twin."""

    phrase: str
    erreur: str
    modeles: pd.DataFrame
    table: pd.DataFrame
    site_ids: list[str]
    nuage: go.Figure | None
    jumelle: pd.DataFrame
    parametres: pd.DataFrame


@dataclass(frozen=True)
class Comparaison:
    """One site beside its labelled neighbours. `ecarts`: the site minus each, in each unit."""

    titre: str
    phrase: str
    cote_a_cote: pd.DataFrame
    ecarts: pd.DataFrame


def examiner(base: Path) -> Examen:
    """The estimate over all the départements of the warehouse: some seconds, to be kept."""
    with entrepot.ouvrir(base) as connexion:
        echelle = bareme(BAREME_PAR_DEFAUT)
        sites = entrepot.lire(connexion, "mart_site").merge(
            besoins(connexion, echelle).sites, on="site_id", validate="one_to_one"
        )
    libelles = {r.code: r.libelle for r in echelle.priorites.regles}
    sites["categories_en_mots"] = [
        categories_en_mots(connues, (), libelles) for connues in sites["categories"]
    ]
    sites["a_verifier"] = [
        " ; ".join(libelles[c] for c in inconnues) or "rien" for inconnues in sites["inconnues"]
    ]
    return Examen(profils_.profils(sites), sites.set_index("site_id"))


@reserve
def signaux(examen: Examen, departement: str, nom: str) -> Signaux:
    """What the examination says of `departement` (called `nom`)."""
    profils = examen.profils
    if profils is None:
        minimum = reference.valeur("profils", "sites_min")
        du_second = int((examen.sites["nature"] == "etablissement").sum())
        return Signaux(
            phrase=(
                f"Le besoin attendu ne peut pas être estimé : {pluriel(du_second, 'site')} du "
                f"second degré dans ces données, il en faut au moins {minimum}."
            ),
            erreur="Ajouter les fichiers d'autres départements, puis reconstruire.",
            modeles=pd.DataFrame(),
            table=pd.DataFrame(),
            site_ids=[],
            nuage=None,
            jumelle=pd.DataFrame(),
            parametres=_parametres(),
        )
    sites = profils.sites.join(
        examen.sites[["nom", "commune", "departement", "categories_en_mots", "a_verifier"]],
        on="site_id",
    )
    locaux = sites[sites["departement"] == departement].sort_values(["commune", "nom", "site_id"])
    a_examiner = locaux[locaux["est_a_examiner"]]
    return Signaux(
        phrase=_phrase(locaux, a_examiner, profils, nom),
        erreur=_erreur(profils),
        modeles=_modeles(profils.mesures),
        table=_liste(a_examiner),
        site_ids=list(a_examiner["site_id"]),
        nuage=_nuage(locaux, f"signaux-{departement}"),
        jumelle=_table(locaux).assign(
            **{
                "Catégories": list(locaux["categories_en_mots"]),
                "À vérifier": list(locaux["a_verifier"]),
                "À examiner": ["oui" if e else "non" for e in locaux["est_a_examiner"]],
            }
        ),
        parametres=_parametres(),
    )


def comparaison(examen: Examen, site_id: str) -> Comparaison:
    """`site_id`, a site to examine, beside its nearest labelled neighbours."""
    assert examen.profils is not None, "no site is to examine without an estimate"
    sites, voisins = examen.profils.sites.set_index("site_id"), examen.profils.voisins
    proches = list(voisins.loc[voisins["site_id"] == site_id, "voisin_id"])
    noms = _noms_distincts(examen.sites, [site_id, *proches])
    site, fiche = sites.loc[site_id], examen.sites.loc[site_id]
    lignes = [
        (libelle, *(nombre(sites.loc[s, code], decimales) for s in noms))
        for code, (libelle, _, decimales) in FACTEURS.items()
    ]
    lignes += [
        ("Besoin par les labels (½ j. par cycle)", *(nombre(sites.loc[s, "besoin"]) for s in noms)),
        ("Catégories", *(examen.sites.loc[s, "categories_en_mots"] for s in noms)),
        ("Commune", *(examen.sites.loc[s, "commune"] for s in noms)),
        ("Département", *(examen.sites.loc[s, "departement"] for s in noms)),
    ]
    ecarts = [
        (
            noms[voisin],
            libelle,
            nombre(site[code], decimales),
            nombre(sites.loc[voisin, code], decimales),
            _ecart(site[code] - sites.loc[voisin, code], decimales),
            unite,
        )
        for voisin in proches
        for code, (libelle, unite, decimales) in FACTEURS.items()
    ]
    return Comparaison(
        titre=f"{fiche['nom']}, {fiche['commune']}",
        phrase=(
            f"Par ses nombres, un besoin attendu de {nombre(site['attendu'], 1)} demi-journées par "
            f"cycle de 4 semaines, contre {nombre(site['besoin'])} par les labels ; "
            f"{pluriel(len(proches), 'site de même type lui ressemble', _RESSEMBLENT)} et "
            f"{'a' if len(proches) == 1 else 'ont'} un label. À vérifier avant de conclure : "
            f"{fiche['a_verifier']}."
        ),
        cote_a_cote=pd.DataFrame(lignes, columns=["Facteur", *noms.values()]),
        ecarts=pd.DataFrame(
            ecarts, columns=["Site semblable", "Facteur", "Ce site", "L'autre", "Écart", "Unité"]
        ),
    )


_RESSEMBLENT = "sites de même type lui ressemblent"


def _phrase(locaux: pd.DataFrame, a_examiner: pd.DataFrame, profils: Profils, nom: str) -> str:
    if locaux.empty:
        return f"{nom} : aucun site du second degré dans ces données."
    sans_label = int((~locaux["a_un_label"]).sum())
    debut = f"{nom} : {pluriel(sans_label, 'site')} sans label parmi {len(locaux)}"
    if profils.retenu is None:
        return (
            f"{debut} ; l'estimation ne fait pas mieux que la moyenne, elle ne signale donc aucun "
            "site."
        )
    if sans_label == 0:
        return f"{nom} : tous les sites du second degré ont un label."
    seuil = f"{nombre(profils.seuil, 1)} demi-journées par cycle au moins"
    if a_examiner.empty:
        return f"{debut} ; aucun n'a un besoin attendu au-dessus de son besoin de {seuil}."
    a_savoir = int((a_examiner["a_verifier"] != "rien").sum())
    phrase = (
        f"{debut}, dont {len(a_examiner)} à examiner : "
        f"{'ses' if len(a_examiner) == 1 else 'leurs'} nombres ressemblent à ceux de sites qui ont "
        f"un label, et le besoin attendu dépasse le besoin de {seuil}."
    )
    if a_savoir:
        phrase += (
            f" Pour {nombre(a_savoir)}, une catégorie reste inconnue : une donnée manquante "
            "suffirait peut-être."
        )
    return phrase


def _erreur(profils: Profils) -> str:
    """The error of each model, in plain French, and which one is shown."""
    erreurs = {m.modele: m.erreur_demi_journees for m in profils.mesures}
    par_nom = {nom: nombre(erreur, 1) for nom, erreur in erreurs.items()}
    debut = (
        "Sur des sites qu'ils n'avaient pas vus, les arbres de décision se trompent en moyenne de "
        f"{pluriel(round(erreurs[ARBRES], 1), 'demi-journée')} par cycle, le modèle "
        f"linéaire de {par_nom[LINEAIRE]}, la moyenne de tous les sites de {par_nom[MOYENNE]}."
    )
    if profils.retenu is None:
        return f"{debut} Aucun ne fait mieux que la moyenne : rien n'est signalé."
    if profils.retenu == LINEAIRE:
        return f"{debut} Les arbres ne font pas mieux que le modèle linéaire : c'est lui qui sert."
    return f"{debut} Les arbres servent ici : ils se trompent le moins."


def _modeles(mesures: tuple[Mesure, ...]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Estimation par": [MODELES[m.modele] for m in mesures],
            "Erreur (½ j.)": [round(m.erreur_demi_journees, 2) for m in mesures],
            # no « −0 »
            "R²": [round(m.part_expliquee, 2) + 0.0 for m in mesures],
        }
    )


def _parametres() -> pd.DataFrame:
    """The dated choices behind the estimate, with their sources."""
    tous = parametres()
    return tous[tous["Nom"].str.startswith("profils.")].drop(columns="Nom")


def _table(sites: pd.DataFrame) -> pd.DataFrame:
    """By commune then name: no order of merit."""
    return pd.DataFrame(
        {
            "Commune": list(sites["commune"]),
            "Site": list(sites["nom"]),
            "Type": [TYPES[t] for t in sites["type"]],
            "Besoin par les labels (½ j. par cycle)": sites["besoin"].astype(int).to_numpy(),
            "Besoin attendu (½ j. par cycle)": sites["attendu"].round(1).to_numpy(),
            "IPS": sites["ips"].round(1).to_numpy(),
            **{
                libelle: sites[code].round().astype("Int64").array
                for code, libelle in (
                    ("effectif", "Élèves"),
                    ("eleves_segpa", "Élèves de SEGPA"),
                    ("eleves_ulis", "Élèves d'ULIS"),
                )
            },
            "Éloignement (km)": sites["eloignement_km"].round(1).to_numpy(),
            "Densité (1 à 7)": sites["densite"].round().astype("Int64").array,
            "UAI": list(sites["site_id"]),
        }
    )


def _liste(sites: pd.DataFrame) -> pd.DataFrame:
    """The sites to examine, by commune then name, for a list beside the picture."""
    return pd.DataFrame(
        {
            "Commune": list(sites["commune"]),
            "Site": list(sites["nom"]),
            "Besoin par les labels (½ j.)": sites["besoin"].astype(int).to_numpy(),
            "Besoin attendu (½ j.)": sites["attendu"].round(1).to_numpy(),
            "À vérifier avant de conclure": list(sites["a_verifier"]),
        }
    )


def _nuage(sites: pd.DataFrame, nom: str) -> go.Figure:
    """Expected against label-based besoin; colour says who is to examine, shape the kind."""
    figure = go.Figure()
    etats = (
        ("A un label", sites["a_un_label"], "#BDBDBD", 8),
        ("Sans label", ~sites["a_un_label"] & ~sites["est_a_examiner"], "#4292C6", 9),
        ("Sans label, à examiner", sites["est_a_examiner"], "#B22222", 13),
    )
    haut = 1 if sites.empty else sites[["besoin", "attendu"]].to_numpy().max() + 1
    figure.add_scatter(
        x=[0, haut],
        y=[0, haut],
        mode="lines",
        line={"color": "#8A8A8A", "dash": "dot", "width": 1},
        name="Attendu = besoin par les labels",
        hoverinfo="skip",
    )
    for etat, choisis, couleur, taille in etats:
        groupe = sites[choisis.astype(bool)]
        figure.add_scatter(
            x=groupe["besoin"],
            y=groupe["attendu"],
            mode="markers",
            showlegend=False,
            marker={
                "color": couleur,
                "size": taille,
                "symbol": [FORMES[t] for t in groupe["type"]],
                "line": {"color": "#FFFFFF", "width": 1},
            },
            text=[f"{s.nom}, {s.commune}" for s in groupe.itertuples()],
            hovertemplate=(
                f"%{{text}}<br>par les labels{FINE}: %{{x}}<br>attendu{FINE}: %{{y:.1f}}"
                "<extra></extra>"
            ),
        )
        # the legend tells the colour alone: shapes are the kinds of establishment
        figure.add_scatter(
            x=[None],
            y=[None],
            mode="markers",
            name=etat,
            marker={"color": couleur, "size": taille, "symbol": "circle"},
        )
    figure.update_layout(
        height=460,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        legend={"orientation": "h", "y": -0.18},
        separators=f",{FINE}",
        xaxis={"title": "Besoin par les labels (½ j. par cycle)", "rangemode": "tozero"},
        yaxis={"title": "Besoin attendu (½ j. par cycle)", "rangemode": "tozero"},
        uirevision=nom,
    )
    return figure


def _noms_distincts(sites: pd.DataFrame, site_ids: list[str]) -> dict[str, str]:
    """site_id → name, the commune added where two would be the same."""
    noms = [sites.loc[s, "nom"] for s in site_ids]
    return {
        s: nom if noms.count(nom) == 1 else f"{nom} ({sites.loc[s, 'commune']}, {s})"
        for s, nom in zip(site_ids, noms, strict=True)
    }


def _ecart(valeur: float, decimales: int) -> str:
    if pd.isna(valeur):
        return INCONNU
    signe = "+" if round(valeur, decimales) > 0 else ""
    return f"{signe}{nombre(round(valeur, decimales) + 0.0, decimales)}"
