"""The frame of every page: navigation, département, warnings, tables with their download."""

import contextlib
from collections.abc import Iterable, Iterator
from typing import Literal

import pandas as pd
import streamlit as st

from pages.composants import acces
from pipelines.base import chemins
from pipelines.base.erreurs import AtlasError
from pipelines.base.textes import INCONNU, enumeration, nombre, pour_tableur

DOSSIER = chemins.RACINE / "pages"
PAGES = {
    "situation": (DOSSIER / "analyser" / "situation.py", "Situation"),
    "carte": (DOSSIER / "analyser" / "carte.py", "Carte"),
    "etablissement": (DOSSIER / "analyser" / "etablissement.py", "Établissement"),
    "signaux": (DOSSIER / "analyser" / "signaux.py", "Sites à examiner"),
    "moyens": (DOSSIER / "analyser" / "moyens.py", "Moyens"),
    "activite": (DOSSIER / "analyser" / "activite.py", "Activité"),
    "academie": (DOSSIER / "analyser" / "academie.py", "Académie"),
    "priorites": (DOSSIER / "comprendre" / "priorites.py", "Priorités"),
    "besoins": (DOSSIER / "comprendre" / "besoins.py", "Besoins"),
    "adapter": (DOSSIER / "comprendre" / "adapter.py", "Adapter"),
    "proposer": (DOSSIER / "proposer" / "proposer.py", "Proposer"),
    "doctrines": (DOSSIER / "proposer" / "doctrines.py", "Doctrines"),
    "marges": (DOSSIER / "proposer" / "marges.py", "Marges"),
    "donnees": (DOSSIER / "analyser" / "donnees.py", "Données"),
    "methode": (DOSSIER / "comprendre" / "methode.py", "Méthode"),
}
ACCUEIL = "situation"
HAUTEUR_DEUX_LIGNES = 66
# Streamlit writes the left of a text on each cell: only an important rule moves it
A_DROITE = {"text-align": "right !important", "font-variant-numeric": "tabular-nums"}
# columns of names Streamlit would cut, in pixels
LARGEURS = {"Catégorie": 300, "Dans le département": 330, "Entre dans": 250, "Sort de": 250}


def page(adresse: str) -> str:
    """The file of a page, for links: absolute, whatever script Streamlit was started on."""
    return str(PAGES[adresse][0])


def navigation() -> st.Page:
    """Declare the pages and draw the side bar; the page asked for."""
    # Streamlit serves the default page at « / » only: « /situation » leads there
    accueil = st.Page(page(ACCUEIL), title=PAGES[ACCUEIL][1], url_path="accueil", default=True)
    pages = [
        st.Page(fichier, title=titre, url_path=adresse)
        for adresse, (fichier, titre) in PAGES.items()
    ]
    courante = st.navigation([accueil, *pages], position="hidden")
    if courante.url_path == ACCUEIL:
        st.switch_page(page(ACCUEIL), query_params=st.query_params.to_dict())
    with st.sidebar:
        st.markdown("# Atlas SSFE")
        departement = _choisir_departement()
        for adresse, (_, titre) in PAGES.items():
            st.page_link(page(adresse), label=titre, query_params={"departement": departement})
        for phrase in acces.avertissements(acces.version()):
            st.warning(phrase)
    return courante


def departement() -> str:
    """The département of the address, else the first of the warehouse."""
    connus = acces.departements(acces.version())
    demande = st.query_params.get("departement", "")
    return demande if demande in connus else next(iter(connus))


@contextlib.contextmanager
def sur_place() -> Iterator[None]:
    """A refusal is told where it is met, and the rest of the page stands."""
    try:
        yield
    except AtlasError as erreur:
        st.warning(inerte(erreur.message()).replace("\n", "  \n"))


def sans_postes() -> None:
    """Say that there is no poste to share out, what to do, and end the page."""
    st.info(
        "Aucun poste n'est connu pour ce département. Ajouter les fichiers de postes et de "
        "présences au dossier des sources, puis reconstruire l'entrepôt."
    )
    st.stop()


def _choisir_departement() -> str:
    connus = acces.departements(acces.version())
    demande = st.query_params.get("departement")
    if demande is not None and demande not in connus:
        st.error(
            f"Le département « {demande} » n'est pas dans ces données. "
            f"Départements présents : {', '.join(connus)}."
        )
    actuel = departement()
    codes = list(connus)
    choisi = st.selectbox(
        "Département",
        codes,
        index=codes.index(actuel),
        format_func=lambda code: f"{connus[code]} ({code})",
    )
    if choisi != actuel:
        st.query_params.from_dict({"departement": choisi})
        st.rerun()
    return choisi


def dire_les_regles_illisibles() -> None:
    """Say which of the académie's files are left out of the choices, and where to mend them."""
    codes = acces.regles_illisibles(acces.version_des_regles())
    if codes:
        noms = enumeration([f"« {c} »" for c in codes])
        accord = "ne se lit pas" if len(codes) == 1 else "ne se lisent pas"
        st.warning(
            f"{noms} {accord} : la page « Adapter » dit pourquoi, et permet de le supprimer."
        )


def choisir(titre: str, choix: dict[str, str], parametre: str, defaut: str) -> str:
    """A choice kept in the address under `parametre`; the code chosen, `defaut` when none is."""
    codes = list(choix)
    demande = st.query_params.get(parametre, defaut)
    depart = demande if demande in choix else defaut
    choisi = st.selectbox(titre, codes, index=codes.index(depart), format_func=choix.get)
    if choisi != demande:
        st.query_params[parametre] = choisi
    return choisi


def table(
    cadre: pd.DataFrame,
    nom: str,
    *,
    hauteur: int | Literal["content"] | None = None,
    largeurs: dict[str, int] | None = None,
    titres: dict[str, str] | None = None,
    au_telechargement: tuple[str, ...] = (),
) -> None:
    """A table to sort and search, and its download.

    `largeurs`, in pixels, are for columns of sentences, which then run over two lines. `titres`:
    shorter headers on screen. `au_telechargement`: columns that the download alone has.
    """
    options = {} if hauteur is None else {"height": hauteur}
    if largeurs:
        options["row_height"] = HAUTEUR_DEUX_LIGNES
    configuration = colonnes(cadre)
    connues = {n: w for n, w in LARGEURS.items() if n in cadre}
    for nom_colonne, largeur in {**connues, **(largeurs or {})}.items():
        # the width of a number is added to its format
        base = configuration.get(nom_colonne) or st.column_config.Column()
        configuration[nom_colonne] = {**base, "width": largeur}
    for nom_colonne, titre in (titres or {}).items():
        base = configuration.get(nom_colonne) or st.column_config.Column()
        configuration[nom_colonne] = {**base, "label": titre}
    st.dataframe(
        cadre,
        hide_index=True,
        column_config=configuration,
        column_order=[c for c in cadre if c not in au_telechargement],
        placeholder=INCONNU,
        **options,
    )
    telecharger(cadre, nom)


def table_a_lire(cadre: pd.DataFrame, nom: str, *, nombres: Iterable[str] = ()) -> None:
    """A table of sentences: every word shown, wrapped; and its download.

    Columns of numbers are on the right, and `nombres`: those whose cells are numbers in words.
    """
    a_droite = [*cadre.select_dtypes("number").columns, *nombres]
    rangs = [cadre.columns.get_loc(c) for c in a_droite]
    st.table(
        textes(cadre)
        .reset_index(drop=True)
        .style.set_properties(subset=a_droite, **A_DROITE)
        .set_table_styles(
            [{"selector": f"th.col{r}", "props": list(A_DROITE.items())} for r in rangs]
        ),
        border="horizontal",
        hide_index=True,
    )
    telecharger(cadre, nom)


def table_ou(cadre: pd.DataFrame, nom: str, vide: str) -> None:
    """A table of sentences, or the sentence `vide` when it has no line."""
    if not cadre.empty:
        table_a_lire(cadre, nom)
    elif vide:
        st.write(vide)


def textes(cadre: pd.DataFrame) -> pd.DataFrame:
    """Cells as French text, numbers included; unknown said."""
    return cadre.map(lambda v: inerte(v) if isinstance(v, str) else nombre_court(v))


def inerte(texte: str) -> str:
    """Text that came from a file, shown as it is: no link, and no picture fetched from outside."""
    return texte.replace("[", "\\[")


def nombre_court(valeur: object) -> str:
    """A number with the decimals it needs, two at most; « inconnu » when missing."""
    if pd.isna(valeur):
        return INCONNU
    decimales = f"{float(valeur):.2f}".rstrip("0").split(".")[1]
    return nombre(float(valeur), len(decimales))


def telecharger(cadre: pd.DataFrame, nom: str) -> None:
    """The download of a table, what must be said of the data written on each of its rows."""
    mise_en_garde = " ".join(acces.avertissements(acces.version()))
    if mise_en_garde:
        cadre = cadre.assign(Avertissement=mise_en_garde)
    st.download_button(
        "Télécharger ce tableau (CSV)",
        en_csv(cadre),
        file_name=f"{nom}.csv",
        mime="text/csv",
        key=f"csv-{nom}",
        type="tertiary",
    )


def colonnes(cadre: pd.DataFrame) -> dict:
    """Numbers shown the reader's way: 1 234,5 in a French browser."""
    nombres = cadre.select_dtypes("number").columns
    return {c: st.column_config.NumberColumn(c, format="localized") for c in nombres}


def etroites(*noms: str) -> dict:
    """Narrow number columns, for a list beside a picture."""
    return {n: st.column_config.NumberColumn(n, format="localized", width=70) for n in noms}


def en_csv(cadre: pd.DataFrame) -> bytes:
    """Semicolons, decimal commas, UTF-8 with its mark; text that starts a formula stays text.

    Headers too: some are names read in a file.
    """
    sur = cadre.rename(columns=lambda titre: pour_tableur(str(titre)))
    for colonne in sur.columns:
        if sur[colonne].dtype == object or str(sur[colonne].dtype).startswith("str"):
            sur[colonne] = [pour_tableur(v) if isinstance(v, str) else v for v in sur[colonne]]
    return sur.to_csv(index=False, sep=";", decimal=",").encode("utf-8-sig")


def site_choisi(carte: dict, liste: dict, sites: pd.DataFrame) -> str | None:
    """The site last picked on the map, else in the list of `sites`; None when nothing is."""
    for point in carte["selection"]["points"]:
        if point.get("customdata"):
            donnee = point["customdata"]
            return donnee[0] if isinstance(donnee, list) else donnee
    rangs = liste["selection"]["rows"]
    return sites.iloc[rangs[0]]["site_id"] if rangs else None
