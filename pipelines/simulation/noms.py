"""Names of the fictitious establishments: trees, birds, plants and rivers, never a person."""

import unicodedata

import numpy as np

_PLURIELS = """
Tilleuls Platanes Cyprès Micocouliers Pins Chênes Oliviers Amandiers Mûriers Figuiers Cèdres
Érables Frênes Ormeaux Peupliers Saules Aulnes Bouleaux Mélèzes Sapins Épicéas Noyers Noisetiers
Châtaigniers Pruniers Cerisiers Abricotiers Pommiers Poiriers Grenadiers Jujubiers Arbousiers
Lauriers Genévriers Genêts Lentisques Térébinthes Acacias Marronniers Magnolias Tamaris Palmiers
Charmes Hêtres Houx Sorbiers Alisiers Cornouillers Aubépines Églantiers
Mésanges Hirondelles Martinets Rossignols Fauvettes Pinsons Chardonnerets Huppes Rolliers Guêpiers
Hérons Aigrettes Flamants Avocettes Échasses Sternes Mouettes Goélands Cormorans Sarcelles Milans
Faucons Circaètes Vautours Gypaètes Chouettes Loriots Alouettes Bergeronnettes Grives Merles Geais
Pies Choucas Craves Tichodromes Accenteurs Lagopèdes Perdrix Cailles Bécasses Courlis Vanneaux
Cigognes Grues Roitelets Sittelles Grimpereaux Bouvreuils Tarins
Lavandes Romarins Thyms Sauges Garrigues Coquelicots Bleuets Iris Narcisses Asphodèles Immortelles
Cistes Bruyères Roseaux Joncs Salicornes Gentianes Edelweiss Ancolies Campanules Violettes
Primevères Anémones Pivoines Glycines
Calanques Collines Restanques Vallons Sources Fontaines Galets Dunes Étangs Salins Crêtes Cimes
Alpages Torrents Cascades
"""
_RIVIERES = """
de la Durance;du Verdon;de la Bléone;de l'Asse;de l'Ubaye;du Buëch;du Guil;de la Guisane;du Drac
de la Clarée;de l'Huveaune;de l'Arc;de la Touloubre;du Jarret;de la Cadière;du Grand Rhône
du Petit Rhône;de la Sorgue;de l'Ouvèze;de l'Aigues;du Coulon;du Calavon;de la Nesque;du Lez
de la Méouge;du Largue;du Vançon;du Jabron;du Réal;de la Luye
"""
NOMS = tuple(f"des {nom}" for nom in _PLURIELS.split()) + tuple(
    nom for ligne in _RIVIERES.strip().splitlines() for nom in ligne.split(";")
)


class Noms:
    """Names handed out in a shuffled order, none twice in the same list before all have served."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._listes: dict[str, list[str]] = {}

    def prendre(self, liste: str) -> str:
        """Next name of `liste` (a type of establishment in a département, say)."""
        restants = self._listes.setdefault(liste, [])
        if not restants:
            restants.extend(NOMS[i] for i in self._rng.permutation(len(NOMS)))
        return restants.pop()


def capitales(texte: str, *, tirets: bool = True) -> str:
    """`texte` as most exports write it: capitals without accents, hyphens kept or not."""
    sans_accents = (
        unicodedata.normalize("NFKD", texte.replace("œ", "oe")).encode("ascii", "ignore").decode()
    )
    majuscules = sans_accents.upper()
    return majuscules if tirets else majuscules.replace("-", " ").replace("'", " ")
