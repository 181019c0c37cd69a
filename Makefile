# What a person runs. `make demo` and `make test` do all the set-up they need.
VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.installed

.PHONY: setup demo test test-train accuracy check format bench bench-hub soak clean

setup: $(STAMP)

$(STAMP): pyproject.toml
	@sh scripts/setup.sh $(VENV)
	@touch $@

demo: setup
	@$(VENV)/bin/lushao demo

test: setup
	@sh scripts/system-packages.sh test
	@$(PY) -m pytest

# Tests of the training half, which needs some GB of packages more.
test-train: setup
	@$(PY) -m pip install --quiet --disable-pip-version-check -e '.[train]'
	@$(PY) -m pytest tests/train

# How many labelled trucks are followed, how well the bundled networks see, and how well axles are counted, against stored
# baselines (two minutes; needs the sets and videos).
accuracy: setup
	@$(PY) -m pytest tests/accuracy -s

# Two hundred reconnects of a camera, and what they leave behind (a minute and a half).
soak: setup
	@sh scripts/system-packages.sh test
	@$(PY) -m pytest tests/soak -s --timeout 1200

check: setup
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

format: setup
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

# For example: make bench ARGS="--peer /path/to/python-with-ultralytics"
bench: setup
	@$(PY) -m scripts.bench $(ARGS)

# Leads per second from publish to receipt, and every page of the console with a million leads, on both databases (an hour).
bench-hub: setup
	@sh scripts/system-packages.sh test
	@$(PY) -m scripts.bench_intake
	@$(PY) -m scripts.bench_hub
	@$(PY) -m scripts.bench_hub --folder var/bench-postgres --postgres

clean:
	rm -rf $(VENV) build dist var
