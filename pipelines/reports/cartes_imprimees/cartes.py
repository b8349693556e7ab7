"""The maps of a dossier: besoins, coverage today and proposed, sectors; each with its words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd
from matplotlib.axes import Axes

from pipelines.base.textes import enumeration, nombre, pluriel, pourcentage, rythme
from pipelines.reports.cartes import ECHELLE_RYTHME, Echelle, couleurs_des_secteurs
from pipelines.reports.cartes_du_departement import echelle_besoin
from pipelines.reports.cartes_imprimees.decor import Decor
from pipelines.reports.cartes_imprimees.etiquettes import Etiquette, Posee
from pipelines.reports.cartes_imprimees.feuille import (
    Entree,
    Feuille,
    Format,
    Groupe,
    Panneau,
    composer,
)
from pipelines.reports.cartes_imprimees.marques import (
    AIRES,
    ECARTS_DES_ANNEAUX_PT,
    GRIS_CLAIR,
    GRIS_FONCE,
    GRIS_MOYEN,
    MARQUEURS,
    TIRETS,
    en_lettres,
    en_metres,
    rayons,
    tailles,
    tracer_rayons,
    tracer_sites,
)
from pipelines.reports.libelles import COULEURS_SECTEURS, FORMES, FORMES_EN_MOTS
from pipelines.reports.sites import part_couverte, table_lisible

BESOINS_EN_LEGENDE = (4, 16, 40)


@dataclass(frozen=True)
class CarteImprimee:
    """A map, what it says to who can't see it, and the table that says the same."""

    titre: str
    texte_alternatif: str
    table: pd.DataFrame
    feuille: Feuille = field(repr=False)

    @property
    def etiquettes(self) -> list[list[Posee]]:
        """Where each label is written, in pixels, by frame: the map, then its inset."""
        return self.feuille.posees

    def png(self, *, en_gris: bool = False) -> bytes:
        """The picture; `en_gris`: as a printer without colour gives it."""
        return self.feuille.png(en_gris=en_gris)

    def pdf(self) -> bytes:
        """The same as vectors."""
        return self.feuille.pdf()


def carte_des_besoins(sites: pd.DataFrame, decor: Decor, format_: Format) -> CarteImprimee:
    """The besoin of each site of `sites` (tableau_sites): size and colour, whatever is given."""
    places, echelle = en_metres(sites), echelle_besoin(sites)
    titre = f"{decor.nom} : le besoin de chaque site"
    total = int(sites["besoin"].sum())
    feuille = composer(
        format_,
        titre,
        decor,
        [_panneau("", places, echelle)],
        _legende(places, decor, echelle, "Besoin, en demi-journées par cycle"),
        _note(decor, sites, places),
    )
    plus_grands = sites.sort_values(["besoin", "nom"], ascending=[False, True]).head(3)
    return CarteImprimee(
        titre=titre,
        texte_alternatif=(
            f"Carte du département {decor.nom} : {pluriel(len(sites), 'site')} demandent "
            f"{nombre(total)} demi-journées par cycle de 4 semaines. Les plus grands besoins : "
            f"{_enumerer(plus_grands, 'besoin')}. Le tableau dit le besoin de chaque site."
        ),
        table=table_lisible(sites)[
            ["Site", "Commune", "Type", "Label", "Catégories prioritaires", *_BESOIN, "UAI"]
        ],
        feuille=feuille,
    )


def carte_des_couvertures(
    par_titre: Mapping[str, pd.DataFrame],
    decor: Decor,
    format_: Format,
    echelle: Echelle = ECHELLE_RYTHME,
) -> CarteImprimee:
    """The coverage of one répartition, or of two at the same scale: title → its sites.

    All the tables hold the same sites, with the same besoins.
    """
    places = {titre: en_metres(sites) for titre, sites in par_titre.items()}
    toutes = pd.concat(places.values(), ignore_index=True)
    titre = f"{decor.nom} : la présence dans chaque site"
    premiers = next(iter(par_titre.values()))
    n = len(places)
    feuille = composer(
        format_,
        titre,
        decor,
        [_panneau(t if n > 1 else "", p, echelle) for t, p in places.items()],
        # two maps side by side leave less room below them
        _legende(toutes, decor, echelle, "Présence", limites=not format_.est_un_ecran or n == 1),
        _note(decor, premiers, next(iter(places.values()))),
    )
    return CarteImprimee(
        titre=titre,
        texte_alternatif=(
            f"{'Carte' if len(places) == 1 else 'Deux cartes à la même échelle'} du département "
            f"{decor.nom}. "
            + " ".join(f"{t} : {_compter(s, echelle)}." for t, s in par_titre.items())
            + " Le tableau dit la présence de chaque site."
        ),
        table=_table_des_couvertures(par_titre),
        feuille=feuille,
    )


def carte_des_secteurs(
    sites: pd.DataFrame,
    etoiles: pd.DataFrame,
    codes: Mapping[str, str],
    decor: Decor,
    format_: Format,
) -> CarteImprimee:
    """Stars from each résidence to the sites of its sector, over the sites by rhythm.

    `etoiles`: poste_id, site_id, demi_journees_cycle, latitude and longitude of the résidence;
    `codes`: poste_id → what it is called in this dossier.
    """
    places = en_metres(sites)
    lignes = rayons(places, etoiles)
    couleurs = couleurs_des_secteurs(_traits(lignes))

    def dessiner(ax: Axes, facteur: float) -> None:
        tracer_rayons(ax, lignes, couleurs, facteur)
        tracer_sites(ax, places, ECHELLE_RYTHME, facteur)

    residences = {r.poste_id: (r.x0, r.y0) for r in lignes}
    noms = tuple(
        Etiquette(codes[p], x, y, en_lettres(couleurs[p]), 6.0 * format_.facteur, est_tenue=True)
        for p, (x, y) in residences.items()
    )
    titre = f"{decor.nom} : les secteurs"
    points = places[["x", "y"]].to_numpy()
    feuille = composer(
        format_,
        titre,
        decor,
        [Panneau("", dessiner, points, noms)],
        [
            *_legende(places, decor, ECHELLE_RYTHME, "Présence"),
            Groupe(
                "Secteurs",
                (
                    Entree("De la résidence à un site", _trait(0)),
                    Entree("De même, autre secteur", _trait(1)),
                ),
            ),
        ],
        _note(decor, sites, places),
    )
    servis = etoiles["site_id"].nunique()
    sans_residence = etoiles[~etoiles["poste_id"].isin(residences)]["poste_id"].nunique()
    return CarteImprimee(
        titre=titre,
        texte_alternatif=(
            f"Carte du département {decor.nom} : "
            f"{pluriel(etoiles['poste_id'].nunique(), 'secteur')}, "
            f"{pluriel(servis, 'site servi', 'sites servis')} sur {nombre(len(sites))}. Un trait "
            "relie la résidence de chaque poste aux sites de son secteur."
            + (
                f" {pluriel(sans_residence, 'secteur')} sans position connue : aucun trait."
                if sans_residence
                else ""
            )
            + " Le tableau dit les sites de chaque secteur."
        ),
        table=_table_des_secteurs(sites, etoiles, codes),
        feuille=feuille,
    )


# --- what is said --------------------------------------------------------------------------------

_BESOIN = ["Élèves", "Besoin (½ j. par cycle)"]


def _enumerer(sites: pd.DataFrame, colonne: str) -> str:
    return enumeration([f"{s['nom']} ({nombre(s[colonne])})" for s in sites.to_dict("records")])


def _compter(sites: pd.DataFrame, echelle: Echelle) -> str:
    """« 12 chaque semaine, 3 sur demande ; 54 % du besoin couvert »."""
    classes = echelle.classer(sites)
    dits = [
        f"{nombre(n)} {mots[0].lower()}{mots[1:]}"
        for classe, mots in echelle.mots.items()
        if (n := sum(c == classe for c in classes))
    ]
    return f"{enumeration(dits)} ; {pourcentage(part_couverte(sites))} du besoin couvert"


def _table_des_couvertures(par_titre: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """One line a site, and for each répartition its presence and its rhythm."""
    tables = {titre: table_lisible(sites) for titre, sites in par_titre.items()}
    premiere = next(iter(tables.values()))
    ensemble = premiere[["Site", "Commune", "Type", "Label", "Besoin (½ j. par cycle)"]].copy()
    for titre, table in tables.items():
        suite = f", {titre[0].lower()}{titre[1:]}" if len(tables) > 1 else ""
        ensemble[f"Présence{suite} (½ j. par cycle)"] = table["Présence (½ j. par cycle)"]
        ensemble[f"Rythme{suite}"] = table["Rythme"]
    return ensemble.assign(UAI=premiere["UAI"])


def _table_des_secteurs(
    sites: pd.DataFrame, etoiles: pd.DataFrame, codes: Mapping[str, str]
) -> pd.DataFrame:
    noms = sites.set_index("site_id")
    lignes = [
        {
            "Secteur": codes[e["poste_id"]],
            "Site": noms.loc[e["site_id"], "nom"],
            "Commune": noms.loc[e["site_id"], "commune"],
            "Présence (½ j. par cycle)": int(e["demi_journees_cycle"]),
            "Rythme": rythme(e["demi_journees_cycle"]),
            "UAI": noms.loc[e["site_id"], "uai_principal"],
        }
        for e in etoiles.to_dict("records")
        if e["site_id"] in noms.index
    ]
    colonnes = ["Secteur", "Site", "Commune", "Présence (½ j. par cycle)", "Rythme", "UAI"]
    table = pd.DataFrame(lignes, columns=colonnes)
    return table.sort_values(["Secteur", "Site"]).reset_index(drop=True)


def _note(decor: Decor, sites: pd.DataFrame, places: pd.DataFrame) -> str:
    """What stands below: sources, dates, and what the map could not show."""
    perdus = len(sites) - len(places)
    sans = f" Hors de la carte, faute de position : {pluriel(perdus, 'site')}." if perdus else ""
    bassins = (
        " Limites de bassins : une commune sans site suit le site le plus proche."
        if decor.bassins
        else ""
    )
    suite = " ".join(filter(None, [decor.avertissement, bassins.strip()]))
    return f"{decor.sources}{sans}\n{suite}".strip()


# --- what is drawn -------------------------------------------------------------------------------


def _panneau(titre: str, places: pd.DataFrame, echelle: Echelle) -> Panneau:
    return Panneau(
        titre,
        lambda ax, facteur: tracer_sites(ax, places, echelle, facteur),
        places[["x", "y"]].to_numpy(),
    )


def _traits(lignes: Sequence) -> pd.DataFrame:
    """The lines of the stars, as what tells near sectors apart wants them."""
    return pd.DataFrame([(r.poste_id, r.x1, r.y1) for r in lignes], columns=["poste_id", "x", "y"])


def _legende(
    places: pd.DataFrame, decor: Decor, echelle: Echelle, titre: str, *, limites: bool = True
) -> list[Groupe]:
    """Colours, shapes, rings and sizes that are on the map, then its lines."""
    classes, formes = set(echelle.classer(places)), {FORMES[t] for t in places["type"]}
    groupes = [
        Groupe(
            titre,
            tuple(
                Entree(echelle.mots[c], _marque("o", *couleurs))
                for c, couleurs in echelle.couleurs.items()
                if c in classes
            ),
        ),
        Groupe(
            "Type de site",
            tuple(
                Entree(mots, _marque(MARQUEURS[forme], "#FFFFFF", GRIS_FONCE))
                for forme, mots in FORMES_EN_MOTS.items()
                if forme in formes
            ),
        ),
    ]
    anneaux = tuple(
        Entree(mots, _anneaux(n))
        for label, mots, n in (
            ("REP", "REP : un anneau", 1),
            ("REP+", "REP+ : deux anneaux", 2),
        )
        if (places["ep"] == label).any()
    )
    if anneaux:
        groupes.append(Groupe("Éducation prioritaire", anneaux))
    groupes.append(
        Groupe(
            "Taille : besoin par cycle",
            tuple(Entree(f"{n} demi-journées", _taille(n)) for n in BESOINS_EN_LEGENDE),
        )
    )
    lignes = [("Département", GRIS_FONCE, 1.2, "solid")] if decor.departement else []
    if decor.bassins:
        lignes.append(("Bassin", GRIS_MOYEN, 0.9, (0, (5, 2, 1, 2))))
    if decor.communes:
        lignes.append(("Commune", GRIS_CLAIR, 0.6, "solid"))
    if lignes and limites:
        groupes.append(
            Groupe("Limites", tuple(Entree(nom, _ligne(*reste)) for nom, *reste in lignes))
        )
    return groupes


def _marque(marqueur: str, fond: str, bord: str):  # noqa: ANN202
    def dessiner(ax: Axes, x: float, y: float, facteur: float) -> None:
        ax.scatter(
            [x],
            [y],
            s=(6.5 * AIRES[marqueur] * facteur) ** 2,
            marker=marqueur,
            facecolors=fond,
            edgecolors=bord,
            linewidths=0.9 * facteur,
        )

    return dessiner


def _anneaux(n: int):  # noqa: ANN202
    def dessiner(ax: Axes, x: float, y: float, facteur: float) -> None:
        ax.scatter([x], [y], s=(3.5 * facteur) ** 2, color=GRIS_MOYEN)
        for ecart in ECARTS_DES_ANNEAUX_PT[:n]:
            ax.scatter(
                [x],
                [y],
                s=((3.5 + ecart) * facteur) ** 2,
                facecolors="none",
                edgecolors=GRIS_FONCE,
                linewidths=0.6 * facteur,
            )

    return dessiner


def _taille(besoin: int):  # noqa: ANN202
    def dessiner(ax: Axes, x: float, y: float, facteur: float) -> None:
        [diametre] = tailles(pd.Series([besoin]), facteur)
        ax.scatter(
            [x],
            [y],
            s=diametre**2,
            facecolors="#FFFFFF",
            edgecolors=GRIS_FONCE,
            linewidths=0.9 * facteur,
        )

    return dessiner


def _ligne(couleur: str, epaisseur: float, tirets):  # noqa: ANN001, ANN202
    def dessiner(ax: Axes, x: float, y: float, facteur: float) -> None:
        demi = 2.4 * facteur
        ax.plot(
            [x - demi, x + demi],
            [y, y],
            color=couleur,
            linewidth=max(epaisseur, 0.8) * facteur,
            linestyle=tirets,
        )

    return dessiner


def _trait(rang: int):  # noqa: ANN202
    couleur = COULEURS_SECTEURS[rang * (len(COULEURS_SECTEURS) // 2)]
    return _ligne(couleur, 1.3, TIRETS[rang])
