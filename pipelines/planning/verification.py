"""The judge: re-checks every rule and recomputes every objective from the plain JSON.

It shares no code with the model and the solver: it reads `probleme.json` and a list of presences
(dicts with `poste_id`, `site_id`, `demi_journees_cycle`), whoever made them, even by hand, and
follows the formulas of `docs/probleme.md`.
"""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from pipelines.base.textes import pluriel


@dataclass(frozen=True)
class Manquement:
    """A rule broken: where, by how much, and in French.

    `quantite` counts `unite`, a French noun in the singular (« demi-journée », « minute »…).
    """

    regle: str
    libelle: str
    poste_id: str | None
    site_id: str | None
    quantite: int
    unite: str
    message: str


@dataclass(frozen=True)
class Verdict:
    """Every broken rule (sorted) and every objective recomputed; `conforme` when none is broken.

    Lines that name an unknown poste or site, or hold no whole positive amount, are reported and
    left out of the objectives.
    """

    manquements: list[Manquement]
    objectifs: dict[str, int]
    conforme: bool


LIBELLES = {
    "ligne": "Ligne de plan lisible et unique",
    "niveau": "Présence à un niveau admis du cycle",
    "presence_entiere": "Tout le besoin du site ou rien, si la présence entière est demandée",
    "besoin": "Pas plus de présence que le besoin du site",
    "capacite": "Capacité du poste",
    "sites_max": "Nombre de sites par poste",
    "trajet": "Trajet aller dans la limite, sauf affectation actuelle",
    "postes_max": "Nombre de postes par site",
    "bassin": "Même bassin, si demandé, sauf affectation actuelle",
    "ecoles_tete": "Écoles REP+ servies par un poste qui sert leur collège tête de réseau",
    "verrou": "Verrous respectés",
    "sans_secteur": "Un poste sans secteur ne sert aucun site",
}
# What a breach of each rule is counted in; a travel nobody knows has no minutes to count.
UNITES = {
    "ligne": "ligne",
    "niveau": "demi-journée",
    "presence_entiere": "demi-journée",
    "besoin": "demi-journée",
    "capacite": "demi-journée",
    "sites_max": "site",
    "trajet": "minute",
    "postes_max": "poste",
    "bassin": "couple",
    "ecoles_tete": "couple",
    "verrou": "demi-journée",
    "sans_secteur": "demi-journée",
}
TRAJET_INCONNU = "trajet"


def juger(probleme_json: dict[str, Any], plan: list[dict[str, Any]]) -> Verdict:
    """The verdict on `plan` (any list of presences, even made by hand) for a parsed problem.

    Never raises on a wrong plan: each fault is a `Manquement`.
    """
    juge = _Juge(probleme_json)
    juge.lire(plan)
    juge.verifier_niveaux()
    juge.verifier_postes()
    juge.verifier_sites()
    juge.verifier_couples()
    juge.verifier_ecoles()
    juge.verifier_verrous()
    manquements = sorted(
        juge.manquements,
        key=lambda m: (m.regle, m.poste_id or "", m.site_id or "", m.message),
    )
    return Verdict(manquements, juge.objectifs(), not manquements)


class _Juge:
    def __init__(self, probleme: dict[str, Any]) -> None:
        self.reglages = probleme["reglages"]
        self.postes = {poste["poste_id"]: poste for poste in probleme["postes"]}
        self.sites = {site["site_id"]: site for site in probleme["sites"]}
        self.minutes = {
            (poste["poste_id"], site["site_id"]): probleme["minutes"][i][j]
            for i, poste in enumerate(probleme["postes"])
            for j, site in enumerate(probleme["sites"])
        }
        self.actuels = {(a["poste_id"], a["site_id"]) for a in probleme["presences_actuelles"]}
        self.verrous = probleme["verrous"]
        self.presences: dict[tuple[str, str], int] = {}
        self.sites_du_poste: dict[str, list[str]] = defaultdict(list)
        self.postes_du_site: dict[str, list[str]] = defaultdict(list)
        self.manquements: list[Manquement] = []

    def signaler(
        self,
        regle: str,
        poste_id: str | None,
        site_id: str | None,
        quantite: int,
        message: str,
        unite: str | None = None,
    ) -> None:
        self.manquements.append(
            Manquement(
                regle,
                LIBELLES[regle],
                poste_id,
                site_id,
                quantite,
                unite or UNITES[regle],
                message,
            )
        )

    def lire(self, plan: list[dict[str, Any]]) -> None:
        for numero, brute in enumerate(plan, start=1):
            ligne = brute if isinstance(brute, dict) else {}
            poste_id, site_id = ligne.get("poste_id"), ligne.get("site_id")
            presence = ligne.get("demi_journees_cycle")
            ou = f"Ligne {numero} du plan ({poste_id} – {site_id})"
            defaut = None
            if ligne is not brute:
                defaut = "ce n'est pas une présence"
            elif not isinstance(poste_id, str) or poste_id not in self.postes:
                defaut = "poste inconnu"
            elif not isinstance(site_id, str) or site_id not in self.sites:
                defaut = "site inconnu"
            elif not isinstance(presence, int) or isinstance(presence, bool) or presence <= 0:
                defaut = f"présence « {presence} », alors qu'il faut un entier d'au moins 1"
            elif (poste_id, site_id) in self.presences:
                defaut = "couple déjà donné par une ligne précédente"
            if defaut:
                self.signaler("ligne", _texte(poste_id), _texte(site_id), 1, f"{ou} : {defaut}.")
                continue
            self.presences[poste_id, site_id] = presence
            self.sites_du_poste[poste_id].append(site_id)
            self.postes_du_site[site_id].append(poste_id)

    def verifier_niveaux(self) -> None:
        entiere = self.reglages.get("presence_entiere", False)
        for (poste_id, site_id), presence in self.presences.items():
            besoin = self.sites[site_id]["besoin"]
            niveaux = [0, besoin] if entiere else self.reglages["niveaux"]
            if presence not in niveaux:
                ecart = min(abs(presence - niveau) for niveau in niveaux)
                self.signaler(
                    "presence_entiere" if entiere else "niveau",
                    poste_id,
                    site_id,
                    ecart,
                    f"{poste_id} donne {_dj(presence)} à {site_id} : ce n'est pas un niveau admis.",
                )

    def verifier_postes(self) -> None:
        for poste_id, servis in self.sites_du_poste.items():
            poste = self.postes[poste_id]
            total = sum(self.presences[poste_id, site_id] for site_id in servis)
            if total > poste["capacite"]:
                self.signaler(
                    "capacite",
                    poste_id,
                    None,
                    total - poste["capacite"],
                    f"{poste_id} donne {_dj(total)} pour une capacité de {poste['capacite']}.",
                )
            if len(servis) > poste["sites_max"]:
                self.signaler(
                    "sites_max",
                    poste_id,
                    None,
                    len(servis) - poste["sites_max"],
                    f"{poste_id} sert {pluriel(len(servis), 'site')}, "
                    f"au plus {poste['sites_max']} admis.",
                )
            if poste["sans_secteur"]:
                self.signaler(
                    "sans_secteur",
                    poste_id,
                    None,
                    total,
                    f"{poste_id} est sans secteur et donne {_dj(total)}.",
                )

    def verifier_sites(self) -> None:
        for site_id, servants in self.postes_du_site.items():
            site = self.sites[site_id]
            total = sum(self.presences[poste_id, site_id] for poste_id in servants)
            if total > site["besoin"]:
                self.signaler(
                    "besoin",
                    None,
                    site_id,
                    total - site["besoin"],
                    f"{site_id} reçoit {_dj(total)} pour un besoin de {site['besoin']}.",
                )
            if len(servants) > site["postes_max"]:
                self.signaler(
                    "postes_max",
                    None,
                    site_id,
                    len(servants) - site["postes_max"],
                    f"{site_id} est servi par {pluriel(len(servants), 'poste')}, "
                    f"au plus {site['postes_max']} admis.",
                )

    def verifier_couples(self) -> None:
        limite = self.reglages["duree_trajet_max_min"]
        for poste_id, site_id in self.presences:
            if (poste_id, site_id) in self.actuels:
                continue
            minutes = self.minutes[poste_id, site_id]
            if minutes is None:
                self.signaler(
                    "trajet",
                    poste_id,
                    site_id,
                    1,
                    f"{poste_id} – {site_id} : trajet inconnu.",
                    TRAJET_INCONNU,
                )
            elif minutes > limite:
                self.signaler(
                    "trajet",
                    poste_id,
                    site_id,
                    minutes - limite,
                    f"{poste_id} – {site_id} : {minutes} min de trajet, au plus {limite} admises.",
                )
            bassin = self.postes[poste_id]["bassin"]
            if self.reglages["meme_bassin"] and (
                bassin is None or bassin != self.sites[site_id]["bassin"]
            ):
                self.signaler(
                    "bassin",
                    poste_id,
                    site_id,
                    1,
                    f"{poste_id} (bassin {bassin or 'inconnu'}) sert {site_id} "
                    f"(bassin {self.sites[site_id]['bassin'] or 'inconnu'}).",
                )

    def verifier_ecoles(self) -> None:
        for poste_id, site_id in self.presences:
            tete = self.sites[site_id]["site_tete"]
            if tete is not None and (poste_id, tete) not in self.presences:
                self.signaler(
                    "ecoles_tete",
                    poste_id,
                    site_id,
                    1,
                    f"{poste_id} sert {site_id} sans servir son collège tête de réseau {tete}.",
                )

    def verifier_verrous(self) -> None:
        for verrou in self.verrous:
            poste_id, site_id = verrou["poste_id"], verrou["site_id"]
            presence = self.presences.get((poste_id, site_id), 0)
            montant = verrou["demi_journees_cycle"]
            if verrou["nature"] == "impose" and presence == 0:
                message, quantite = "est imposé et absent du plan", 1
            elif verrou["nature"] == "interdit" and presence > 0:
                message, quantite = f"est interdit et reçoit {_dj(presence)}", presence
            elif verrou["nature"] == "montant" and presence != montant:
                quantite = abs(presence - montant)
                message = f"est fixé à {_dj(montant)} et reçoit {_dj(presence)}"
            else:
                continue
            self.signaler(
                "verrou", poste_id, site_id, quantite, f"{poste_id} – {site_id} {message}."
            )

    def objectifs(self) -> dict[str, int]:
        """The four objectives of the readable lines of the plan."""
        manque = 0
        for site_id, site in self.sites.items():
            besoin = site["besoin"]
            if besoin == 0:
                continue
            couverture = sum(self.presences[p, site_id] for p in self.postes_du_site[site_id])
            # (besoin − couverture)^k / besoin^(k−1), one factor at a time; k is 2 when not said
            numerateur, denominateur = self.reglages["echelle_manque"] * site["poids"], 1
            for _ in range(self.reglages.get("convexite", 2)):
                numerateur *= besoin - couverture
                denominateur *= besoin
            denominateur //= besoin
            # Nearest integer, halves up.
            quotient, reste = divmod(numerateur, denominateur)
            manque += quotient + (1 if 2 * reste >= denominateur else 0)
            plancher = site.get("plancher", 0)
            if couverture < plancher:
                sous_plancher = (plancher - couverture) * site.get("poids_plancher", 0)
                manque += sous_plancher * self.reglages["echelle_manque"]
        retires = sum(1 for couple in self.actuels if couple not in self.presences)
        crees = sum(1 for couple in self.presences if couple not in self.actuels)
        trajets = 0
        trajets_du_poste: dict[str, int] = defaultdict(int)
        for couple, presence in self.presences.items():
            minutes = self.minutes[couple]
            if minutes is None:
                minutes = self.reglages["duree_trajet_max_min"]
            jours = presence // 2 + presence % 2
            trajets += 2 * minutes * jours
            trajets_du_poste[couple[0]] += 2 * minutes * jours
        equilibre = 0
        for poste_id, minutes in trajets_du_poste.items():
            capacite = self.postes[poste_id]["capacite"]
            if capacite > 0:
                quotient, reste = divmod(minutes, capacite)
                equilibre += (quotient + (1 if reste else 0)) ** 2
        return {
            "manque": manque,
            "changements": retires + crees,
            "trajets": trajets,
            "equilibre": equilibre,
        }


def _dj(nombre: int) -> str:
    return pluriel(nombre, "demi-journée")


def _texte(valeur: object) -> str | None:
    return None if valeur is None else str(valeur)
