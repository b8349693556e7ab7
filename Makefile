# Two commands: `make app` (the dashboard) and `make test` (everything).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8501

.PHONY: install app test lint format verrous exemple clean chromium postgresql

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

clean:
	rm -rf $(VENV) data/entrepot data/calculs .pytest_cache .ruff_cache .hypothesis build *.egg-info
