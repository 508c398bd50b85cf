# `make` sets up .venv and runs the main job; `make test` sets up and passes the tests; `make setup` does no more than that.
# `make CONFIG=config/esc10.yaml` runs the main job on another experiment.
# `make fuzz` reads 2,000 broken media files and as many broken tables; `make fuzz FILES=100` fewer.
# `make faults` kills runs and fills their disk at random moments and begins them again, and gives runs little to learn from: an hour and a half.
# `make data` fetches the public data of the configurations of collages; `make data NAMES=mnist` a part of it.
PYTHON ?= python3.11
BIN := .venv/bin
FILES ?= 2000
NAMES ?= esc10 caltech fsdd mnist esc50

.PHONY: run setup test fuzz faults data report clean

run: .venv/ready
	$(BIN)/snakemake --cores all $(if $(CONFIG),--configfile $(CONFIG) --) all

setup: .venv/ready

test: .venv/ready
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

fuzz: .venv/ready
	$(BIN)/python tests/fuzz/fuzz_media.py --files $(FILES)
	$(BIN)/python tests/fuzz/fuzz_tables.py --files $(FILES)

faults: .venv/ready
	$(BIN)/python tests/faults/kill_run.py
	$(BIN)/python tests/faults/kill_step.py
	$(BIN)/python tests/faults/full_disk.py
	$(BIN)/python tests/faults/recordings.py

data: .venv/ready
	$(BIN)/python scripts/fetch.py --root data --names $(NAMES)

report: .venv/ready
	$(BIN)/snakemake $(if $(CONFIG),--configfile $(CONFIG)) --report report.html

.venv/ready: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --requirement requirements.lock
	$(BIN)/pip install --quiet --no-deps --editable .
	touch $@

clean:
	rm -rf .venv
