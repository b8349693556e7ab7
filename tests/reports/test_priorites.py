"""What each text says of a département and what another would change, counted another way."""

import re
import tomllib
from datetime import date, timedelta
from itertools import permutations

import duckdb
import pytest

from pipelines.base import chemins
from pipelines.base.erreurs import AtlasError
from pipelines.reports import priorites
from pipelines.reports.sites import categories_en_mots
from pipelines.scoring import jeux

TEXTES = ("aix_marseille_2018", "circulaire_2017_055", "circulaire_91_248")
DEPARTEMENTS = ("004", "005", "013", "084")


def clair(texte):
    """`texte` with plain spaces."""
    return re.sub(r"\s", " ", texte)


def verdicts(base, departement, code):
    """Rule → sites of its verdicts (True, False, None), by the conditions of the file in SQL."""
    fichier = chemins.REFERENCE / "priorites" / f"{code}.toml"
    contenu = tomllib.loads(fichier.read_text(encoding="utf-8"))
    nombres = {nom: s["valeur"] for nom, s in contenu.get("seuils", {}).items()}
    lus = {}
    with duckdb.connect(str(base), read_only=True) as connexion:
        for regle in contenu["regles"]:
            condition = regle["condition"].format(**nombres)
            lignes = connexion.execute(
                f"select site_id, ({condition}) from mart_site where departement = ?", [departement]
            ).fetchall()
            lus[regle["code"]] = (regle["libelle"], dict(lignes))
    return lus


@pytest.mark.parametrize("departement", DEPARTEMENTS)
@pytest.mark.parametrize("code", TEXTES)
def test_a_text_counts_the_sites_its_conditions_hold_and_those_it_cannot_tell(
    entrepot_exemple, departement, code
):
    vue = priorites.vue(entrepot_exemple, departement, code)
    attendus = {
        libelle: (sum(v is True for v in lus.values()), sum(v is None for v in lus.values()))
        for libelle, lus in verdicts(entrepot_exemple, departement, code).values()
    }
    lus = {
        r["Catégorie"].removesuffix(" (pas une priorité)"): (r["Sites"], r["À savoir"])
        for r in vue.regles.to_dict("records")
    }
    assert lus == attendus
    tous = verdicts(entrepot_exemple, departement, code).values()
    sites = list(next(iter(tous))[1])
    # a category that is not a priority makes no priority site
    restes = {
        r["libelle"]
        for r in tomllib.loads(
            (chemins.REFERENCE / "priorites" / f"{code}.toml").read_text(encoding="utf-8")
        )["regles"]
        if not r.get("est_prioritaire", True)
    }
    dedans = sum(any(v[s] is True for nom, v in tous if nom not in restes) for s in sites)
    assert f"{dedans} des {len(sites)} sites" in clair(vue.phrase)
    assert len(vue.a_savoir) == sum(any(v[s] is None for _, v in tous) for s in sites)


@pytest.mark.parametrize(("avant", "apres"), list(permutations(TEXTES, 2)))
def test_from_one_text_to_another_sites_win_and_lose_what_the_conditions_say(
    entrepot_exemple, avant, apres
):
    """Unknown on either side is neither won nor lost, and is told unless both texts ask alike."""
    vue = priorites.comparaison(entrepot_exemple, "013", avant, apres)
    textes = [verdicts(entrepot_exemple, "013", code) for code in (avant, apres)]
    sites = list(next(iter(textes[0].values()))[1])
    conditions = [conditions_de(code) for code in (avant, apres)]
    attendus = {}
    for site in sites:
        for code in textes[0] | textes[1]:
            etait, est = (t[code][1][site] if code in t else False for t in textes)
            libelle = (textes[0] | textes[1])[code][0]
            sens = est if None not in (etait, est) else None
            if sens is None:
                touche = conditions[0].get(code) != conditions[1].get(code)
            else:
                touche = etait != est
            if touche:
                attendus.setdefault(site, {True: set(), False: set(), None: set()})[sens].add(
                    libelle
                )
    lus = {
        r["Code du site"]: {
            True: set(clair(r["Entre dans"]).split(" ; ")) - {"—"},
            False: set(clair(r["Sort de"]).split(" ; ")) - {"—"},
            None: set(clair(r["À savoir"]).split(" ; ")) - {"—"},
        }
        for r in vue.sites.to_dict("records")
    }
    assert lus == attendus
    changes = sum(bool(d[True] or d[False]) for d in attendus.values())
    assert f"{changes} sites changent de catégorie" in clair(vue.phrase)
    autres = len(attendus) - changes
    assert ("pourraient changer" in vue.phrase or "pourrait changer" in vue.phrase) == bool(autres)
    if autres:
        assert f"{autres} autre" in clair(vue.phrase)
    assert (vue.a_savoir is not None) == any(d[None] for d in attendus.values())


def conditions_de(code):
    """Rule → condition, as the file writes it."""
    fichier = chemins.REFERENCE / "priorites" / f"{code}.toml"
    return {
        r["code"]: r["condition"]
        for r in tomllib.loads(fichier.read_text(encoding="utf-8"))["regles"]
    }


@pytest.mark.reel
def test_from_1991_to_2017_in_034_those_that_might_change_are_counted_and_listed(entrepot_reel):
    """UPE2A and relais enter in 2017, and no public file tells them: 19 sites more may change.

    A twentieth has an unknown too, whether it has an internat: both texts ask it alike.
    """
    vue = priorites.comparaison(entrepot_reel, "034", "circulaire_91_248", "circulaire_2017_055")
    assert "73 sites changent de catégorie ; 19 autres pourraient changer" in clair(vue.phrase)
    assert len(vue.sites) == 92
    assert "la présence d'une UPE2A" in vue.a_savoir
    seuls = vue.sites[(vue.sites["Entre dans"] == "—") & (vue.sites["Sort de"] == "—")]
    assert len(seuls) == 19
    assert seuls["À savoir"].str.contains("Collège avec UPE2A").all()


def test_a_repealed_text_says_since_when_it_only_serves_to_compare(entrepot_exemple):
    """In force until the 21st: no more from the 22nd, the day of the text that repeals it."""
    vue = priorites.vue(entrepot_exemple, "005", "circulaire_91_248")
    assert "n'est plus en vigueur depuis le 22/03/2017" in vue.abrogation
    assert priorites.vue(entrepot_exemple, "005", "circulaire_2017_055").abrogation is None
    assert "(abrogée)" in priorites.textes()["circulaire_91_248"]


def ecrire_texte(dossier, monkeypatch, *changements):
    """A local copy of the 2017 text under « le_notre », with what is changed in its file."""
    monkeypatch.setattr(chemins, "REGLES", dossier)
    (dossier / "priorites").mkdir(exist_ok=True)
    livre = chemins.REFERENCE / "priorites" / "circulaire_2017_055.toml"
    texte = livre.read_text(encoding="utf-8")
    for avant, apres in (('"circulaire_2017_055"', '"le_notre"'), *changements):
        assert avant in texte
        texte = texte.replace(avant, apres, 1)
    (dossier / "priorites" / "le_notre.toml").write_text(texte, encoding="utf-8")


def test_an_end_to_come_is_not_announced_as_past(entrepot_exemple, tmp_path, monkeypatch):
    """A text in force until this evening is in force; one that ended yesterday is not."""
    ligne = "en_vigueur_le = 2017-03-22\n"
    for jours, passee in ((0, False), (400, False), (-1, True)):
        fin = date.today() + timedelta(days=jours)
        ecrire_texte(tmp_path, monkeypatch, (ligne, f"{ligne}jusqu_au = {fin.isoformat()}\n"))
        abrogation = priorites.vue(entrepot_exemple, "005", "le_notre").abrogation
        assert (abrogation is not None) == passee
    assert f"{date.today():%d/%m/%Y}" in abrogation
    monkeypatch.setattr(jeux, "est_local", lambda *_: False)
    ecrire_texte(tmp_path, monkeypatch, (ligne, f"{ligne}jusqu_au = 2999-08-31\n"))
    assert "(abrogée)" not in priorites.textes()["le_notre"]


def test_a_rule_past_its_own_last_day_is_said_so_in_the_sentence(
    entrepot_exemple, tmp_path, monkeypatch
):
    """Its text is in force: its sites are counted, and the reader is told they should not be."""
    avant = 'resume = "Les lycées professionnels."\n'
    ecrire_texte(tmp_path, monkeypatch, (avant, f"{avant}jusqu_au = 2021-08-31\n"))
    vue = priorites.vue(entrepot_exemple, "013", "le_notre")
    nb = dict(zip(vue.regles["Catégorie"], vue.regles["Sites"], strict=True))["Lycée professionnel"]
    assert nb > 1
    assert clair(vue.phrase).endswith(
        f"« Lycée professionnel » n'est plus en vigueur depuis le 01/09/2021 : {nb} sites y sont "
        "comptés quand même, tant que sa règle est dans le fichier du texte."
    )
    ecrire_texte(tmp_path, monkeypatch, (avant, f"{avant}jusqu_au = 2999-08-31\n"))
    assert "n'est plus" not in priorites.vue(entrepot_exemple, "013", "le_notre").phrase
    # of a text repealed as a whole, the warning above the page is enough
    assert "n'est plus" not in priorites.vue(entrepot_exemple, "013", "circulaire_91_248").phrase


def test_the_model_of_the_guide_leaves_no_network_of_ecoles_unknown(
    entrepot_exemple, tmp_path, monkeypatch
):
    """An internat is not asked of écoles: every network answers no, and what is unknown is few."""
    monkeypatch.setattr(chemins, "REGLES", tmp_path)
    page = clair_colon((chemins.RACINE / "docs" / "priorites.md").read_text(encoding="utf-8"))
    [(code, modele)] = re.findall(r"`(\w+)\.toml` :\n\n```toml\n(.*?)```", page, re.DOTALL)
    (tmp_path / "priorites").mkdir()
    (tmp_path / "priorites" / f"{code}.toml").write_text(modele, encoding="utf-8")
    vue = priorites.vue(entrepot_exemple, "013", code)
    with duckdb.connect(str(entrepot_exemple), read_only=True) as connexion:
        reseaux = connexion.execute(
            "select nom from mart_site where departement = '013' and nature = 'ecoles_rep_plus'"
        ).fetchall()
    assert reseaux
    assert not set(vue.a_savoir["Site"]) & {nom for (nom,) in reseaux}


def clair_colon(texte):
    """`texte` with plain spaces before a colon, its lines kept."""
    return texte.replace("\u202f:", " :")


def test_categories_are_told_apart_even_when_a_label_holds_a_comma(
    entrepot_exemple, tmp_path, monkeypatch
):
    """« Collège REP, du réseau ; Collège avec ULIS » are two; no shipped label holds one."""
    for texte in TEXTES:
        fichier = chemins.REFERENCE / "priorites" / f"{texte}.toml"
        for regle in tomllib.loads(fichier.read_text(encoding="utf-8"))["regles"]:
            assert "," not in regle["libelle"]
    ecrire_texte(
        tmp_path,
        monkeypatch,
        ('libelle = "Collège avec UPE2A"', 'libelle = "Collège, avec UPE2A"'),
    )
    vue = priorites.vue(entrepot_exemple, "013", "le_notre")
    mots = [clair(m) for m in vue.a_savoir["Catégories en suspens"] if "UPE2A" in m]
    assert any("Collège, avec UPE2A" in m.split(" ; ") and " ; " in m for m in mots)
    assert (
        clair(categories_en_mots(["a", "b"], (), {"a": "REP, du réseau", "b": "ULIS"}))
        == "REP, du réseau ; ULIS"
    )


def test_a_text_compared_with_itself_changes_nothing(entrepot_exemple):
    vue = priorites.comparaison(entrepot_exemple, "005", *["circulaire_2017_055"] * 2)
    assert vue.sites.empty
    assert "aucun site ne change" in vue.phrase


@pytest.mark.parametrize(("departement", "code"), [("099", TEXTES[0]), ("005", "nulle_part")])
def test_an_unknown_departement_or_text_is_refused_by_its_name(entrepot_exemple, departement, code):
    with pytest.raises(AtlasError, match=r"099|nulle_part"):
        priorites.vue(entrepot_exemple, departement, code)


@pytest.mark.reel
def test_the_texts_over_the_real_herault(entrepot_reel):
    """034: sites by category under 2017, and those that change from 1991."""
    vue = priorites.vue(entrepot_reel, "034", "circulaire_2017_055")
    comptes = dict(zip(vue.regles["Catégorie"], vue.regles["Sites"], strict=True))
    assert {c: n for c, n in comptes.items() if n} == {
        "Collège REP+": 7,
        "Collège REP": 5,
        "Écoles REP+": 7,
        "Collège rural à public défavorisé": 6,
        "Collège avec SEGPA": 24,
        "EREA": 1,
        "Collège avec ULIS": 63,
        "Lycée professionnel": 8,
        "Lycée polyvalent avec section professionnelle": 14,
        "Établissement avec internat": 29,
    }
