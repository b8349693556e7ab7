"""Which counts of tables published together to hide, so that no small one can be found again.

Counts from 1 to under the threshold are hidden (primary). Others are hidden with them (secondary)
until no reader, adding and subtracting whatever the tables give, can tell any hidden count to
within `largeur`: the fewest cells that do so, then those that count least, proven.

A zero is shown: it tells of nobody, and a reader who knows it takes every hidden count for 1 at
least; the search protects against that reader. Any other cell may be hidden, totals too.

The choice is a covering problem in 0 and 1, solved by CP-SAT. Its constraints are found one by one:
for a choice of cells, the range a reader derives for each hidden one is a linear programme, whose
dual names the shown cells that hold it too narrow; one of them must be hidden as well (Fischetti
and Salazar-González, « Models and algorithms for optimizing cell suppression in tabular data with
linear constraints », JASA, 2000).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ortools.linear_solver import pywraplp
from ortools.sat.python import cp_model

from pipelines.base import reference
from pipelines.base.erreurs import AtlasError
from pipelines.planning.comptes import Comptes, Publie, Somme, Tableau, voiler

PRECISION = 1e-6  # of the linear programmes, over whole counts
MOINS_QU_UN_ZERO = 1  # a hidden count is no zero, and its reader knows it


@dataclass(frozen=True)
class Secret:
    """Tables as they may be published, and the cells hidden in them.

    `primaires`: counts from 1 to under `seuil`; `secondaires`: those hidden to keep the former.
    Each hidden count could be any of `largeur` + 1 whole numbers at least, for its reader.
    """

    seuil: int
    largeur: int
    primaires: frozenset[str]
    secondaires: frozenset[str]
    tableaux: tuple[Publie, ...]

    @property
    def caches(self) -> frozenset[str]:
        """Every hidden cell."""
        return self.primaires | self.secondaires


def seuil_par_defaut() -> int:
    """The threshold of `data/reference/petits_nombres.toml`."""
    return reference.valeur("petits_nombres", "seuil_masque")


def largeur_par_defaut() -> int:
    """The width of `data/reference/petits_nombres.toml`: highest less lowest possible count."""
    return reference.valeur("petits_nombres", "largeur_intervalle_min")


def proteger(
    tableaux: Sequence[Tableau], seuil: int | None = None, largeur: int | None = None
) -> Secret:
    """`tableaux`, published together, with the smallest set of cells hidden that protects them.

    `seuil` and `largeur`: those of the reference file when left out. AtlasError when they are no
    whole numbers of 1 at least, or when the tables do not agree.
    """
    seuil = seuil_par_defaut() if seuil is None else seuil
    largeur = largeur_par_defaut() if largeur is None else largeur
    for nom, valeur in (("Le seuil", seuil), ("La largeur d'intervalle", largeur)):
        if not isinstance(valeur, int) or isinstance(valeur, bool) or valeur < 1:
            raise AtlasError(
                f"{nom} des petits nombres vaut « {valeur} ».",
                admis="un entier d'au moins 1",
                remede="corriger le réglage, ou data/reference/petits_nombres.toml",
            )
    comptes = Comptes.de(tableaux)
    primaires = frozenset(c for c, v in comptes.valeurs.items() if 0 < v < seuil)
    caches = set(primaires)
    for cellules, sommes in _composantes(comptes):
        siens = primaires & set(cellules)
        if siens and sommes:
            partie = _Partie({c: comptes.valeurs[c] for c in cellules}, sommes, largeur)
            caches |= partie.resoudre(siens)
    choisis = frozenset(caches)
    return Secret(
        seuil,
        largeur,
        primaires,
        choisis - primaires,
        tuple(voiler(tableau, choisis) for tableau in tableaux),
    )


def _composantes(comptes: Comptes) -> Iterable[tuple[list[str], list[Somme]]]:
    """Cells tied by sums, apart from the others, and their sums; zeros, always shown, tie nothing.

    Sorted, so that the same tables in another order give the same choice.
    """
    racine = {c: c for c, v in comptes.valeurs.items() if v}

    def trouver(cle: str) -> str:
        while racine[cle] != cle:
            racine[cle] = racine[racine[cle]]
            cle = racine[cle]
        return cle

    sommes = [
        Somme(s.total, tuple(sorted(c for c in s.parties if comptes.valeurs[c])))
        for s in sorted(set(comptes.sommes), key=lambda s: (s.total, s.parties))
        if comptes.valeurs[s.total]
    ]
    for somme in sommes:
        for partie in somme.parties:
            racine[trouver(partie)] = trouver(somme.total)
    groupes: dict[str, tuple[list[str], list[Somme]]] = {}
    for cle in sorted(racine):
        groupes.setdefault(trouver(cle), ([], []))[0].append(cle)
    for somme in sommes:
        groupes[trouver(somme.total)][1].append(somme)
    yield from groupes.values()


class _Partie:
    """The choice over cells tied together: a master in 0 and 1, and a reader that tries each one.

    A cut is (i, S): when cell i is hidden, one of the cells of S must be. It holds for every
    choice; a choice that keeps all of them, and that the reader can't break, is the best.
    """

    def __init__(self, valeurs: Mapping[str, int], sommes: Sequence[Somme], largeur: int) -> None:
        self.cles = list(valeurs)
        self.valeurs = [valeurs[c] for c in self.cles]
        self.largeur = largeur
        rangs = {c: r for r, c in enumerate(self.cles)}
        self.equations = [{rangs[s.total]: 1, **{rangs[c]: -1 for c in s.parties}} for s in sommes]
        # a cell alone in a sum is what is left of it
        self.coupes: set[tuple[int, frozenset[int]]] = {
            (r, frozenset(equation) - {r}) for equation in self.equations for r in equation
        }

    def resoudre(self, primaires: Iterable[str]) -> set[str]:
        """The cells to hide, `primaires` among them."""
        obliges = {self.cles.index(c) for c in primaires}
        trouvees = self._eprouver(frozenset(obliges))
        if not trouvees:
            return set(primaires)
        self.coupes |= trouvees
        choix, nombre = self._minimiser(obliges, [1] * len(self.cles), None)
        choix, _ = self._minimiser(obliges, self.valeurs, nombre, choix)
        return {self.cles[r] for r in choix}

    def _minimiser(
        self,
        obliges: set[int],
        couts: Sequence[int],
        nombre: int | None,
        depart: Iterable[int] = (),
    ) -> tuple[frozenset[int], int]:
        """The cheapest choice no reader breaks, of `nombre` cells when given; and its cost."""
        modele = cp_model.CpModel()
        caches = [modele.new_bool_var(c) for c in self.cles]
        for r in sorted(obliges):
            modele.add(caches[r] == 1)
        if nombre is not None:
            modele.add(sum(caches) == nombre)
        modele.minimize(sum(cout * cache for cout, cache in zip(couts, caches, strict=True)))
        posees: set[tuple[int, frozenset[int]]] = set()
        connu = frozenset(depart)
        while True:
            for i, autres in sorted(self.coupes - posees, key=lambda c: (c[0], sorted(c[1]))):
                modele.add_bool_or([caches[i].negated(), *(caches[r] for r in sorted(autres))])
            posees |= self.coupes
            modele.clear_hints()
            for r, cache in enumerate(caches):
                modele.add_hint(cache, r in connu)
            chercheur = cp_model.CpSolver()
            chercheur.parameters.num_workers = 1
            chercheur.parameters.random_seed = 0
            # the covering constraints prove little until they are in the linear relaxation
            chercheur.parameters.linearization_level = 2
            statut = chercheur.solve(modele)
            if statut != cp_model.OPTIMAL:
                # hiding every cell that is no zero keeps them all: there is always a choice
                raise RuntimeError(f"suppression: {chercheur.status_name(statut)}")
            connu = frozenset(r for r, c in enumerate(caches) if chercheur.boolean_value(c))
            trouvees = self._eprouver(connu)
            if not trouvees:
                return connu, round(chercheur.objective_value)
            self.coupes |= trouvees

    def _eprouver(self, choix: frozenset[int]) -> set[tuple[int, frozenset[int]]]:
        """The cuts of the cells a reader of `choix` tells too well; empty when there is none."""
        lecteur = _Lecteur(self, choix)
        coupes = set()
        for i in sorted(choix):
            if lecteur.doute(i) >= self.largeur:
                continue
            tenants = lecteur.tenants(i)
            if tenants is not None:
                coupes.add((i, tenants))
            elif lecteur.doute(i) < self.largeur and self._doute_entier(i, choix) < self.largeur:
                coupes.add((i, self._tenants_entiers(i, choix)))
        return coupes

    def _doute_entier(self, i: int, choix: frozenset[int]) -> int:
        """Highest less lowest whole count that cell `i` may have, `largeur` at most."""
        ecarts = []
        for sens in (1, -1):
            modele = cp_model.CpModel()
            plus_grand = (sum(self.valeurs) + 1) * (self.largeur + 1)
            inconnues = {
                r: modele.new_int_var(MOINS_QU_UN_ZERO, plus_grand, self.cles[r]) for r in choix
            }
            modele.add(inconnues[i] <= self.valeurs[i] + self.largeur)
            for equation in self.equations:
                if not equation.keys().isdisjoint(choix):
                    modele.add(
                        sum(
                            signe * inconnues.get(r, self.valeurs[r])
                            for r, signe in equation.items()
                        )
                        == 0
                    )
            modele.maximize(sens * inconnues[i])
            chercheur = cp_model.CpSolver()
            chercheur.parameters.num_workers = 1
            chercheur.solve(modele)
            ecarts.append(sens * (round(chercheur.value(inconnues[i])) - self.valeurs[i]))
        return sum(ecarts)

    def _tenants_entiers(self, i: int, choix: frozenset[int]) -> frozenset[int]:
        """Shown cells of which one must be hidden for whole counts to leave `i` in doubt.

        What is hidden grows as long as `i` stays told: the less is left, the more the cut says.
        """
        large = set(choix)
        for r in range(len(self.cles)):
            if r not in large and self._doute_entier(i, frozenset(large | {r})) < self.largeur:
                large.add(r)
        return frozenset(range(len(self.cles))) - large


class _Lecteur:
    """What a reader of a choice of hidden cells derives, by linear programming.

    The whole counts met on the way are kept: each is a table that could be the true one.
    """

    def __init__(self, partie: _Partie, choix: frozenset[int]) -> None:
        self.partie, self.choix = partie, choix
        self.plus = dict.fromkeys(choix, 0)
        self.moins = dict.fromkeys(choix, 0)
        self.programme = pywraplp.Solver.CreateSolver("GLOP")
        infini = self.programme.infinity()
        self.inconnues = {
            r: self.programme.NumVar(MOINS_QU_UN_ZERO, infini, "") for r in sorted(choix)
        }
        self.lignes = []
        for equation in partie.equations:
            if equation.keys().isdisjoint(choix):
                continue
            reste = -sum(s * partie.valeurs[r] for r, s in equation.items() if r not in choix)
            ligne = self.programme.Add(
                sum(s * self.inconnues[r] for r, s in equation.items() if r in choix) == reste
            )
            self.lignes.append((ligne, equation))

    def doute(self, i: int) -> int:
        """Highest less lowest count of cell `i` among the whole tables met so far."""
        return self.plus[i] + self.moins[i]

    def tenants(self, i: int) -> frozenset[int] | None:
        """The shown cells that hold `i` too narrow; None when its linear range is wide enough.

        They are those with a price in the dual, on either side: while all of them are shown, the
        range can't widen. A range narrow for want of whole counts alone is not told here.
        """
        largeur, valeur = self.partie.largeur, self.partie.valeurs[i]
        inconnue = self.inconnues[i]
        tenants: set[int] = set()
        ecart = 0.0
        # no further than needed: the programme is then bounded
        inconnue.SetUb(valeur + largeur)
        for sens in (1, -1):
            self.programme.Maximize(sens * inconnue)
            if self.programme.Solve() != pywraplp.Solver.OPTIMAL:
                raise RuntimeError("suppression: a reader's programme has no solution")
            ecart += sens * (inconnue.solution_value() - valeur)
            tenants |= self._tenants()
            self._retenir()
        inconnue.SetUb(self.programme.infinity())
        return frozenset(tenants) if ecart < largeur - PRECISION else None

    def _tenants(self) -> set[int]:
        """Shown cells whose move would widen the range just found."""
        prix: dict[int, float] = {}
        for ligne, equation in self.lignes:
            dual = ligne.dual_value()
            if abs(dual) > PRECISION:
                for r, signe in equation.items():
                    prix[r] = prix.get(r, 0.0) - dual * signe
        return {
            r
            for r, p in prix.items()
            if r not in self.choix and (p > PRECISION or (p < -PRECISION and self._peut_baisser(r)))
        }

    def _peut_baisser(self, r: int) -> bool:
        return self.partie.valeurs[r] > MOINS_QU_UN_ZERO

    def _retenir(self) -> None:
        """Keep the table just found, when its counts are whole."""
        trouves = {r: x.solution_value() for r, x in self.inconnues.items()}
        if any(abs(v - round(v)) > PRECISION for v in trouves.values()):
            return
        for r, v in trouves.items():
            ecart = round(v) - self.partie.valeurs[r]
            self.plus[r] = max(self.plus[r], ecart)
            self.moins[r] = max(self.moins[r], -ecart)
