PYTHON ?= python3
WORKERS ?= 2
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
MEMBERS := shared servers/crm servers/erp servers/inventory servers/documents servers/workflows servers/registry console
PROJECTS := pyproject.toml $(MEMBERS:%=%/pyproject.toml)

# Tests start hundreds of processes; each would compile all that it imports.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: env run test check demo docs lock snapshots test-interop test-chaos test-live backend-tryton backend-tryton-stop lock-backends clean

env: $(STAMP)

$(STAMP): requirements.lock $(PROJECTS)
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -c "import uv" 2>/dev/null || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/python -m uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	$(BIN)/python -m uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation $(MEMBERS:%=-e %)
	@touch $(STAMP)

run: env
	@$(BIN)/switchgear up --demo-data

demo: env
	@$(BIN)/switchgear demo

check: env
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache
	$(BIN)/pyright

test: check
	$(BIN)/pytest -n $(WORKERS) --dist worksteal -m "not interop and not chaos and not live"

test-interop: env
	$(BIN)/pytest -m interop

test-chaos: env
	$(BIN)/pytest -m chaos

test-live: env
	$(BIN)/pytest -n 2 --dist loadgroup -m live

backend-tryton: env
	@$(BIN)/python deploy/backends/tryton/tryton.py start

backend-tryton-stop: env
	@$(BIN)/python deploy/backends/tryton/tryton.py stop

snapshots: env
	SWITCHGEAR_UPDATE_SNAPSHOTS=1 $(BIN)/pytest -q tests/test_every_tool.py

docs: env
	$(BIN)/python docs/generate.py

lock:
	$(BIN)/python -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-header --group dev $(patsubst %,--no-emit-package switchgear-%,$(notdir $(MEMBERS))) \
	  pyproject.toml -o requirements.lock

lock-backends:
	cd deploy/backends/tryton && $(CURDIR)/$(BIN)/python -m uv pip compile --quiet --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-header requirements.in -o requirements.txt

clean:
	rm -rf $(VENV)
