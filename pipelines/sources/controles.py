"""A downloaded file is whole, and is the source and the territory asked for."""

import contextlib
import csv
import json
import os
import zipfile
from pathlib import Path

from pipelines.base.erreurs import AtlasError
from pipelines.base.textes import enumeration
from pipelines.sources import lecture
from pipelines.sources.cartes import cartes, normaliser
from pipelines.sources.demandes import SEPARATEUR, Demande, code_de_departement, code_insee
from pipelines.sources.echecs import (
    OCTETS_D_ESSAI,
    DefinitiveError,
    PassagereError,
    SansLigneError,
    message_du_service,
)
from pipelines.sources.fichiers import Fichier
from pipelines.sources.rangement import Recue
from pipelines.sources.reconnaissance import NonReconnu, Reconnu, reconnaitre

OCTETS_PAR_LECTURE = 65_536


def verifier_contenu(demande: Demande, recue: Recue) -> None:
    """Raise unless the bytes are a whole file of the source and the territory asked for."""
    with recue.chemin.open("rb") as flux:
        debut = flux.read(OCTETS_D_ESSAI).removeprefix(b"\xef\xbb\xbf").lstrip()
    if not debut:
        raise DefinitiveError("la réponse est vide")
    if debut[:1] == b"<":
        raise DefinitiveError("la réponse est une page web, pas des données")
    extension = demande.carte.telechargement.extension
    if extension != "geojson" and debut[:1] in (b"{", b"["):
        detail = message_du_service(recue.chemin.read_bytes()[:OCTETS_PAR_LECTURE])
        raise DefinitiveError(
            "le service répond par une erreur" + (f" : {detail}" if detail else "")
        )
    if extension == "csv":
        _verifier_csv(demande, recue)
    elif extension == "xlsx" and not zipfile.is_zipfile(recue.chemin):
        raise DefinitiveError("la réponse n'est pas un classeur .xlsx entier")
    elif extension == "geojson":
        _verifier_geojson(demande, recue)
    _verifier_source(demande, recue.chemin)


def _verifier_csv(demande: Demande, recue: Recue) -> None:
    """A CSV that ends where a row ends, and holds rows of the département asked for only."""
    with recue.chemin.open("rb") as flux:
        flux.seek(-1, os.SEEK_END)
        fini = flux.read(1) in b"\r\n"
    if not fini:
        raise PassagereError("le fichier est arrivé tronqué : sa dernière ligne est coupée")
    voulue = demande.carte.telechargement.colonne_departement
    nb_lignes, nb_cellules, autres = 0, 0, set()
    try:
        with recue.chemin.open(encoding="utf-8-sig", errors="replace", newline="") as texte:
            lignes = csv.reader(texte, delimiter=SEPARATEUR)
            entetes = [normaliser(e) for e in next(lignes)]
            colonne = entetes.index(voulue) if voulue in entetes else None
            for ligne in lignes:
                if not ligne:
                    continue
                nb_lignes, nb_cellules = nb_lignes + 1, len(ligne)
                if colonne is not None and colonne < len(ligne):
                    autres.add(code_de_departement(ligne[colonne]))
    except csv.Error as cause:
        raise DefinitiveError(f"la réponse n'est pas un CSV lisible ({cause})") from cause
    if nb_lignes == 0:
        if not _ressemble(demande, recue.chemin):
            raise DefinitiveError("la réponse n'est pas le tableau attendu")
        raise SansLigneError
    if nb_cellules != len(entetes) and len(entetes) > 1:
        raise PassagereError("le fichier est arrivé tronqué : sa dernière ligne est coupée")
    autres.discard(demande.departement)
    if autres:
        raise DefinitiveError(
            "le service n'a pas tenu compte du département demandé : la réponse porte aussi "
            + enumeration([f"« {code} »" for code in sorted(autres)[:3]])
        )


def nombre_de_lignes(chemin: Path) -> int:
    """The rows of a checked CSV below its header."""
    with chemin.open(encoding="utf-8-sig", errors="replace", newline="") as texte:
        return sum(1 for ligne in csv.reader(texte, delimiter=SEPARATEUR) if ligne) - 1


def _verifier_geojson(demande: Demande, recue: Recue) -> None:
    """A whole FeatureCollection, of communes of the département asked for only."""
    try:
        entites = json.loads(recue.chemin.read_text(encoding="utf-8"))["features"]
        codes = [str(e["properties"]["code"]) for e in entites]
    except (ValueError, KeyError, TypeError) as cause:
        raise DefinitiveError("la réponse n'est pas une collection GeoJSON entière") from cause
    if not codes:
        raise SansLigneError
    autres = [c for c in codes if not c.startswith(code_insee(demande.departement))]
    if autres:
        raise DefinitiveError(
            f"la réponse porte la commune {autres[0]}, qui n'est pas du département demandé"
        )


def _verifier_source(demande: Demande, chemin: Path) -> None:
    """The reading recognises one of its tables as the source asked for."""
    try:
        vus = [reconnaitre(t) for t in lecture.tableaux(Fichier(chemin.name, chemin)) if t.debuts]
    except AtlasError as cause:
        raise DefinitiveError(cause.quoi) from cause
    noms = [v.carte.nom for v in vus if isinstance(v, Reconnu)]
    if demande.carte.nom in noms:
        return
    if noms:
        raise DefinitiveError(f"la réponse est une autre source : « {cartes()[noms[0]].titre} »")
    inconnus = [v.message() for v in vus if isinstance(v, NonReconnu)]
    raise DefinitiveError(
        "la réponse n'est pas le tableau attendu" + (f" : {inconnus[0]}" if inconnus else "")
    )


def _ressemble(demande: Demande, chemin: Path) -> bool:
    """True when the table, even without a row, has the columns of the source."""
    with contextlib.suppress(DefinitiveError):
        _verifier_source(demande, chemin)
        return True
    return False
