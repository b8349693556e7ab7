"""The dossier as slides to show and to edit: sixteen at most, each a question and its answer."""

import io
import re
from collections.abc import Sequence

import pptx
from pptx.presentation import Presentation
from pptx.util import Inches

from pipelines.reports.dossier.archive import sans_horloge
from pipelines.reports.dossier.blocs import (
    Chiffres,
    Dossier,
    Graphique,
    Liste,
    Partie,
    Role,
    Tableau,
    Texte,
)
from pipelines.reports.dossier.cartes import Vue
from pipelines.reports.dossier.diapositives import HAUTEUR_IN, LARGEUR_IN, Diapositive

UNITE = (
    "Une présence se compte en demi-journées (½ j.) par cycle de 4 semaines : 4 = une demi-journée "
    "par semaine, 8 = une journée par semaine."
)
ACCESSOIRES = ("/printerSettings", "/metadata/thumbnail")


def ecrire(dossier: Dossier) -> bytes:
    """The slides of `dossier`: the same bytes for the same content, no author, no path."""
    presentation = pptx.Presentation()
    presentation.slide_width, presentation.slide_height = Inches(LARGEUR_IN), Inches(HAUTEUR_IN)
    _alleger(presentation)
    _Suite(presentation, dossier).tout()
    proprietes = presentation.core_properties
    proprietes.title = f"{dossier.titre}, {dossier.sous_titre}"
    proprietes.author = proprietes.last_modified_by = proprietes.comments = ""
    proprietes.language = "fr-FR"
    proprietes.created = proprietes.modified = dossier.le.replace(tzinfo=None)
    sortie = io.BytesIO()
    presentation.save(sortie)
    return sans_horloge(sortie.getvalue(), dossier.le)


def _alleger(presentation: Presentation) -> None:
    """Take out what the template keeps of its maker's machine: a printer, a picture of its page."""
    for porteur in (presentation.part, presentation.part.package):
        liens = porteur.rels if hasattr(porteur, "rels") else porteur._rels
        for rid in [r for r, lien in liens.items() if lien.reltype.endswith(ACCESSOIRES)]:
            liens.pop(rid)


class _Suite:
    """The slides of a dossier, one after the other."""

    def __init__(self, presentation: Presentation, dossier: Dossier) -> None:
        self.presentation = presentation
        self.dossier = dossier

    def tout(self) -> None:
        """Every slide, in order."""
        self._ouverture()
        self._criteres()
        self._chiffres()
        self._de_tables("moyens", "Les moyens", "compte_des_moyens", ("Ligne", "Demi-journées"))
        self._de_tables(
            "droit",
            "Ce que pèse un manque, par catégorie",
            "poids_de_la_doctrine",
            ("Catégorie", "Poids", "Plancher"),
        )
        self._carte("besoins", Vue.BESOINS_A_L_ECRAN, "Où la présence est-elle due ?")
        self._carte("couverture", Vue.COUVERTURES_A_L_ECRAN, "La présence, aujourd'hui et proposée")
        self._de_tables(
            "couverture",
            "À quel rythme les sites sont-ils vus ?",
            "sites_par_rythme",
            ("Rythme", "Sites aujourd'hui", "Sites proposés"),
        )
        self._graphique("La part du besoin couverte, par catégorie", "couverture_par_categorie")
        for code, titre, colonne in (
            ("categorie", "Qui gagne, qui perd, par catégorie ?", "Catégorie"),
            ("bassin", "Qui gagne, qui perd, par bassin ?", "Bassin"),
        ):
            self._de_tables(
                "gains_et_pertes",
                titre,
                f"gains_par_{code}",
                (colonne, "Sites", "Gagnent", "Perdent", "Besoin couvert"),
                avec_phrase=False,
            )
        self._de_tables(
            "sans_presence",
            "Quels sites restent sans présence régulière ?",
            "sans_presence",
            ("Site", "Besoin", "Référent"),
        )
        self._changements()
        self._de_tables("equite", "L'équité", "equite_mesures", None)
        self._de_tables(
            "sensibilite",
            "Ce que le résultat doit aux poids",
            "sensibilite",
            ("Poids", "Déplacé de", "Rangs", "Classes"),
        )
        self._limites()

    def _diapo(self, titre: str) -> Diapositive:
        # what must be said of the data stands on every slide, shortened to its first words
        return Diapositive(self.presentation, titre, self._pied())

    def _pied(self) -> str:
        debut = f"{self.dossier.sous_titre} · {self.dossier.destinataire.split(' :')[0]}"
        mentions = [_debut(m) for m in self.dossier.mentions]
        return " · ".join([debut, *mentions])

    def _ouverture(self) -> None:
        d = self._diapo(self.dossier.titre)
        d.phrase(self.dossier.sous_titre, 28)
        d.liste([(f"{mot} :", valeur) for mot, valeur in self.dossier.couverture.items()], 20)
        d.notes("\n".join([*self.dossier.mentions, UNITE]))

    def _criteres(self) -> None:
        partie = self.dossier.partie("essentiel")
        [criteres] = [b for b in partie.blocs if isinstance(b, Liste)]
        d = self._diapo(criteres.titre)
        d.liste(list(zip(criteres.termes, criteres.elements, strict=True)), 24)
        d.notes(_notes(partie))

    def _chiffres(self) -> None:
        partie = self.dossier.partie("essentiel")
        chiffres = self.dossier.bloc("essentiel")
        if not isinstance(chiffres, Chiffres):
            return
        d = self._diapo(chiffres.titre)
        d.chiffres(chiffres)
        definitions = [f"{c.libelle} : {c.definition}" for c in chiffres.chiffres]
        d.notes("\n".join([*definitions, _notes(partie)]))

    def _de_tables(
        self,
        code: str,
        titre: str,
        table: str,
        colonnes: Sequence[str] | None,
        *,
        avec_phrase: bool = True,
    ) -> None:
        """A slide of a part: its sentence, then some columns of one of its tables."""
        partie, bloc = self.dossier.partie(code), self.dossier.bloc(table)
        d = self._diapo(titre)
        phrase = _phrase(partie)
        if phrase and avec_phrase:
            d.phrase(phrase)
        # a table without a line only says again what the sentence says
        if isinstance(bloc, Tableau) and (bloc.lignes or not phrase):
            d.tableau(bloc, colonnes or [c.titre for c in bloc.colonnes])
        d.notes(_notes(partie, bloc))

    def _carte(self, code: str, vue: Vue, titre: str) -> None:
        """A map that fills its slide; nothing when this dossier has not got it."""
        image = self.dossier.ecran(vue)
        if image is not None:
            d = self._diapo(titre)
            d.image(image)
            d.notes(_notes(self.dossier.partie(code), image))

    def _graphique(self, titre: str, code: str) -> None:
        bloc = self.dossier.bloc(code)
        if isinstance(bloc, Graphique):
            d = self._diapo(titre)
            d.graphique(bloc)
            d.notes(_notes(self.dossier.partie("couverture"), bloc))

    def _changements(self) -> None:
        """The changes counted and the travel, in words: the links are hundreds of lines."""
        partie = self.dossier.partie("changements")
        d = self._diapo(partie.titre)
        d.phrase(_phrase(partie))
        corps = [b.texte for b in partie.tous if isinstance(b, Texte) and b.role == Role.CORPS]
        d.liste([("", texte) for texte in corps])
        d.notes(_notes(partie))

    def _limites(self) -> None:
        partie = self.dossier.partie("limites")
        d = self._diapo("Ce que ce dossier ne dit pas")
        alertes = [b.texte for b in partie.blocs if isinstance(b, Texte) and b.role == Role.ALERTE]
        elements = [e for b in partie.blocs if isinstance(b, Liste) for e in b.elements]
        d.liste([("", texte) for texte in (*alertes, *elements)])
        d.notes(_notes(partie))


def _debut(texte: str) -> str:
    """What stands before the first colon."""
    return re.split(r"\s:", texte)[0]


def _phrase(partie: Partie) -> str:
    """The sentence a part begins with."""
    return next(
        (b.texte for b in partie.blocs if isinstance(b, Texte) and b.role == Role.PHRASE), ""
    )


def _notes(partie: Partie, *blocs: object) -> str:
    """What the speaker needs: the texts of the part, what is said of its picture or its table."""
    textes = [b.texte for b in partie.blocs if isinstance(b, Texte)]
    champs = (getattr(b, champ, "") for b in blocs for champ in ("phrase", "note", "alt"))
    return "\n".join(dict.fromkeys([*textes, *(c for c in champs if c), UNITE]))
