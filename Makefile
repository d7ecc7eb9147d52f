# Every target sets up what it needs in .venv when it is missing.
PYTHON ?= python3
BIN := .venv/bin
INSTALL := $(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: demo test lint notebooks bench attacks fuzz soak nbgrader-suite docs clean

demo: .venv/.grading  ## play a class: build a course, grade it, write build/demo/index.html
	$(BIN)/flatgrade demo

test: lint  ## everything that CI runs
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist loadfile

lint: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

notebooks: .venv/.dev  ## run every instructor notebook from top to bottom, and solve one exercise of each in JupyterLab (half an hour)
	$(BIN)/python -m pytest -m whole -n 0 --durations 0 tests/course/test_whole_notebooks.py tests/browser/test_every_notebook.py

bench: .venv/.dev  ## measure layers, gradient checks and grading, and write docs/benchmarks.md (ten minutes on a quiet machine)
	$(BIN)/python benchmarks/page.py

attacks: .venv/.dev  ## grade every hostile submission, and show what stock nbgrader makes of them
	$(BIN)/python benchmarks/attacks.py

FUZZ_SECONDS ?= 60
fuzz: .venv/.fuzz  ## look for bytes that break what reads a student's side: FUZZ_SECONDS for each of six targets
	$(BIN)/python tests/fuzz/run.py $(FUZZ_SECONDS)

soak: .venv/.dev  ## grade ten thousand submissions, and look at what that leaves behind
	$(BIN)/python benchmarks/soak.py

nbgrader-suite: .venv/.dev  ## run nbgrader's own tests of autograde on our engine (three minutes)
	PATH="$(CURDIR)/$(BIN):$$PATH" PYTHONPATH=tests $(BIN)/python -m pytest -c /dev/null -q -n 2 -p support.nbgrader_suite \
		-p no:cacheprovider --pyargs nbgrader.tests.apps.test_nbgrader_autograde

docs: .venv/.dev  ## write the generated pages of docs/ anew
	$(BIN)/typer flatgrade.cli utils docs --name flatgrade --output docs/cli.md
	$(BIN)/flatgrade prove --markdown docs/proofs.md --kills docs/kills.md

clean:
	rm -rf build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/.grading: pyproject.toml constraints.txt | .venv/bin/python
	$(INSTALL) -e '.[grading]'
	touch $@

.venv/.dev: pyproject.toml constraints.txt | .venv/bin/python
	$(INSTALL) -e '.[dev,torch]'
	touch $@ .venv/.grading

.venv/.fuzz: .venv/.dev
	$(INSTALL) atheris
	touch $@
