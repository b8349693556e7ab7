# Two commands: `make app` (the dashboard) and `make test` (everything).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8501

POSER := build/dossier

.PHONY: install app test lint format verrous exemple dossier clean chromium postgresql

install: $(VENV)/.installe

$(VENV)/.installe: requirements/app.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Atlas demande Python 3.11 ou plus récent.")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/app.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/.installe-test: $(VENV)/.installe requirements/test.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/test.lock
	touch $@

app: install
	$(BIN)/atlas servir --port $(PORT)

# Chromium drives the pages in the tests; it comes from Debian's packages.
chromium:
	@command -v chromium >/dev/null 2>&1 || \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
		apt-get update -qq && apt-get install -y -qq chromium; \
	else \
		echo "Chromium manque : l'installer (sur Debian : sudo apt-get install chromium), puis relancer make test." >&2; exit 1; \
	fi

# PostgreSQL keeps scenarios in the tests, beside SQLite; it comes from Debian's packages.
postgresql:
	@command -v initdb >/dev/null 2>&1 || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
		apt-get update -qq && apt-get install -y -qq postgresql; \
	else \
		echo "PostgreSQL manque : l'installer (sur Debian : sudo apt-get install postgresql), puis relancer make test." >&2; exit 1; \
	fi

test: $(VENV)/.installe-test chromium postgresql lint
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

lint: $(VENV)/.installe-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/sqlfmt --check pipelines

format: $(VENV)/.installe-test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/sqlfmt pipelines

# Rewrites the locks from pyproject.toml: every version pinned with its hashes, no address.
verrous: $(VENV)/.installe-test
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header --upgrade pyproject.toml requirements/construction.in -o requirements/app.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header --constraint requirements/app.lock --extra test pyproject.toml requirements/construction.in -o requirements/test.lock

# Writes data/exemple again from its communes; the bytes must not change.
exemple: install
	$(BIN)/python -m pipelines.simulation.academie --sortie data/exemple

# The documents of a département, in both versions: $(1) its code, $(2) its warehouse.
define documents
	$(BIN)/atlas proposer --departement $(1) --graine 1 --duree-max 60 --entrepot $(2) --sortie $(POSER)/$(1)/proposition
	scenario=$$($(BIN)/atlas scenario creer --nom "Proposition" --proposition $(POSER)/$(1)/proposition | sed -n 's/.*: *//p') && \
	for destinataire in nominatif instance; do \
		$(BIN)/atlas dossier --scenario "$$scenario" --destinataire $$destinataire --entrepot $(2) --sortie $(POSER)/$(1) || exit 1; \
	done
endef

# Writes build/dossier: the dossier of the largest example, and of the Hérault where its real files
# are, with simulated posts. Its scenarios are in a store of their own.
dossier: export ATLAS_BASE_URL = sqlite:///$(abspath $(POSER)/atelier.sqlite)
dossier: export ATLAS_CALCULS = $(abspath $(POSER)/calculs)
dossier: install
	rm -rf $(POSER) && mkdir -p $(POSER)
	$(BIN)/atlas construire --sources data/exemple --entrepot $(POSER)/exemple.duckdb
	$(call documents,013,$(POSER)/exemple.duckdb)
ifneq ($(wildcard ../shared/real),)
	$(BIN)/atlas construire --sources ../shared/real --departements 034 --entrepot $(POSER)/publique.duckdb
	$(BIN)/atlas simuler-postes --departements 034 --etp 45 --graine 1 --entrepot $(POSER)/publique.duckdb --sortie $(POSER)/postes
	$(BIN)/atlas construire --sources ../shared/real --sources $(POSER)/postes --departements 034 --entrepot $(POSER)/reelle.duckdb
	$(call documents,034,$(POSER)/reelle.duckdb)
endif

clean:
	rm -rf $(VENV) data/entrepot data/calculs .pytest_cache .ruff_cache .hypothesis build *.egg-info
