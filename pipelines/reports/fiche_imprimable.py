"""The fiche of a site as one A4 page: a whole HTML document that prints itself, offline.

Everything that came from a file is escaped, and the document may load nothing from outside. What
would not fit is counted rather than cut off in silence; a last script sets the whole smaller, down
to a floor, when a site has very much to say.
"""

from html import escape

import pandas as pd

from pipelines.base.textes import nombre, pluriel
from pipelines.reports.etablissement import CHIFFRES_DES_REPERES, Fiche, references_du_besoin
from pipelines.reports.historique import Historique
from pipelines.reports.releves import ENSEMBLE

POSTES_IMPRIMES = 5
PROPOSITIONS_IMPRIMEES = 3
ANOMALIES_IMPRIMEES = 3
ETABLISSEMENTS_IMPRIMES = 12
STYLE = """
@page {size: A4 portrait; margin: 0}
* {box-sizing: border-box}
html {background: #fff; color: #1e1e1e; font-family: 'Source Sans 3', 'Source Sans Pro', Arial,
  sans-serif; font-variant-numeric: tabular-nums}
body {margin: 0}
main {width: 210mm; height: 296mm; padding: 8mm 9mm 6mm; overflow: hidden; font-size: 8.4px;
  line-height: 1.25}
h1 {font-size: 1.9em; margin: 0}
h2 {font-size: 1.15em; margin: .55em 0 .1em; color: #0b5394; border-bottom: 1px solid #0b5394}
p {margin: .25em 0}
.phrase {font-size: 1.25em; font-weight: 600; margin: .4em 0}
.alerte {border: 1px solid #1e1e1e; padding: .15em .5em; font-weight: 600}
.note {color: #595959}
.deux {display: grid; grid-template-columns: 47fr 53fr; column-gap: 5mm}
table {border-collapse: collapse; width: 100%}
th {text-align: left; font-weight: 600; border-bottom: 1px solid #666; padding: .1em .4em .1em 0;
  vertical-align: bottom}
td {border-bottom: 1px solid #ddd; padding: .1em .4em .1em 0; vertical-align: top}
td.n, th.n {text-align: right; padding-right: 1em}
td.n, .serre td:nth-child(-n+3) {white-space: nowrap}
button {font: 16px sans-serif; margin: 12px; padding: 8px 16px; color: #fff; background: #0b5394;
  border: 0; border-radius: 4px; cursor: pointer}
@media print {button {display: none}}
@media screen {main {border: 1px solid #ddd; margin: 0 12px 12px}}
@media screen and (max-width: 820px) {main {zoom: 0.74}}
"""
AJUSTER = """
(() => {
  const page = document.querySelector('main'), grand = 14, petit = 6;
  const deborde = () => page.scrollHeight > page.clientHeight + 1;
  const ajuster = () => {
    for (let taille = grand; taille >= petit; taille -= 0.1) {
      page.style.fontSize = taille + 'px';
      if (!deborde()) break;
    }
  };
  ajuster();
  // in a folded frame nothing has a size yet: measure again once it is seen, and before printing
  window.addEventListener('resize', ajuster);
  window.addEventListener('beforeprint', ajuster);
  document.querySelector('button').addEventListener('click', () => {ajuster(); window.print();});
})();
"""


def document(fiche: Fiche, historique: Historique, avertissements: list[str]) -> str:
    """The printable page of `fiche`, with what must be said of the data on it."""
    corps = "".join(
        [
            f"<h1>{escape(fiche.nom)}</h1><p>{escape(fiche.sous_titre)}</p>",
            *(f'<p class="alerte">{escape(a)}</p>' for a in avertissements),
            f'<p class="phrase">{escape(fiche.phrase)}</p><p>{escape(fiche.classe)}</p>',
            '<div class="deux"><div>',
            *_gauche(fiche),
            '</div><div class="serre">',
            *_droite(fiche),
            "</div></div>",
            *_largeur(fiche, historique),
            f'<h2>Références</h2><p class="note">{escape(references_du_besoin(fiche.besoin))}</p>',
            f'<p class="note">{escape(fiche.sources)} Site {escape(fiche.site_id)}.</p>',
        ]
    )
    return (
        "<!doctype html>\n"
        '<html lang="fr"><head><meta charset="utf-8">'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'; script-src 'unsafe-inline'\">"
        f"<title>{escape(fiche.nom)}</title><style>{STYLE}</style></head>"
        '<body><button type="button">Imprimer (une page A4)</button>'
        f"<main>{corps}</main><script>{AJUSTER}</script></body></html>\n"
    )


def _gauche(fiche: Fiche) -> list[str]:
    return [
        _bloc(
            f"Besoin selon « {fiche.bareme} », ligne par ligne",
            fiche.besoin.drop(columns="Référence"),
            note=_autres_baremes(fiche),
        ),
        _bloc("Présence aujourd'hui", fiche.presences, vide="Aucune présence régulière connue."),
        _bloc(
            "Ce site dans son département",
            fiche.reperes,
            note=fiche.note_des_reperes,
            nombres=CHIFFRES_DES_REPERES,
        ),
    ]


def _autres_baremes(fiche: Fiche) -> str:
    """The besoin at constant means, then under every other barème, in one line."""
    lus = {ligne[0]: ligne for ligne in fiche.autres_baremes.itertuples(index=False)}
    sien = lus.pop(fiche.bareme)
    phrases = []
    if not pd.isna(sien[2]):
        phrases.append(f"À moyens constants : {nombre(sien[2])}.")
    autres = [f"« {nom} », {nombre(ligne[1])}" for nom, ligne in lus.items()]
    if autres:
        phrases.append(f"Selon d'autres barèmes : {' ; '.join(autres)}.")
    return " ".join(phrases)


def _droite(fiche: Fiche) -> list[str]:
    return [
        _bloc("Identité et sources", fiche.identite, note=fiche.note_des_effectifs),
        _bloc(
            "Postes les plus proches",
            fiche.postes_proches,
            limite=POSTES_IMPRIMES,
            vide="Aucun poste n'est connu dans ce département.",
        ),
    ]


def _largeur(fiche: Fiche, historique: Historique) -> list[str]:
    reunis = fiche.rattachements
    return [
        _bloc(
            "Catégories prioritaires",
            fiche.categories,
            vide="Ce site n'entre dans aucune catégorie prioritaire.",
        ),
        _bloc("Ce que le site réunit", reunis, limite=ETABLISSEMENTS_IMPRIMES)
        if len(reunis) > 1
        else "",
        _bloc(
            "Activité par année scolaire",
            _activite_courte(fiche.activite),
            note=fiche.note_de_l_activite,
            vide="Aucun relevé d'activité n'a été donné pour ce site.",
        ),
        _bloc(
            "Scénarios et propositions",
            historique.table,
            limite=PROPOSITIONS_IMPRIMEES,
            note=historique.note,
        ),
        _bloc(
            "Anomalies dans les sources",
            fiche.anomalies,
            limite=ANOMALIES_IMPRIMEES,
            vide="Aucune anomalie ne nomme ce site.",
        ),
    ]


def _bloc(
    titre: str,
    table: pd.DataFrame,
    *,
    limite: int | None = None,
    note: str = "",
    vide: str | None = None,
    nombres: tuple[str, ...] = (),
) -> str:
    """A title, a table of `limite` rows at most (the others counted), a note; or what is empty.

    `nombres`: columns whose cells are numbers in words, set on the right as numbers are.
    """
    haut = f"<h2>{escape(titre)}</h2>"
    bas = f'<p class="note">{escape(note)}</p>' if note else ""
    if table.empty:
        return haut + (f"<p>{escape(vide)}</p>" if vide else bas)
    montrees = table if limite is None else table.head(limite)
    reste = len(table) - len(montrees)
    if reste:
        bas = f'<p class="note">… et {pluriel(reste, "autre")}, à l\'écran.</p>{bas}'
    return haut + _table(montrees, nombres) + bas


def _table(table: pd.DataFrame, nombres: tuple[str, ...] = ()) -> str:
    numeriques = {*table.select_dtypes("number").columns, *nombres}
    classe = {c: ' class="n"' if c in numeriques else "" for c in table.columns}
    entetes = "".join(f"<th{classe[c]}>{escape(str(c))}</th>" for c in table.columns)
    lignes = "".join(
        "<tr>"
        + "".join(
            f"<td{classe[c]}>{escape(_cellule(v))}</td>"
            for c, v in zip(table.columns, ligne, strict=True)
        )
        + "</tr>"
        for ligne in table.itertuples(index=False)
    )
    return f"<table><thead><tr>{entetes}</tr></thead><tbody>{lignes}</tbody></table>"


def _cellule(valeur: object) -> str:
    if isinstance(valeur, str):
        return valeur
    if pd.isna(valeur):
        return "—"
    texte = f"{float(valeur):.2f}".rstrip("0")
    return nombre(float(valeur), len(texte.split(".")[1]))


def _activite_courte(activite: pd.DataFrame) -> pd.DataFrame:
    """One line a count, all its modalities together: the detail stays on screen."""
    if activite.empty:
        return activite
    return activite[activite["Modalité"].isin(["—", ENSEMBLE])].drop(columns="Modalité")
