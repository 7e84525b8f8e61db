# make tiny: every main figure in small, to see that all works.
# make figures: the whole study.   make supplement: what lies beyond it.   make beyond: what lies beyond the paper.
# make claims: is each claim true here.   make decisive: the same, with as many seeds as it takes.
# make report: all of it on one page.   make benchmark: how fast an update is, also into docs/benchmark.md.
# make test: the tests of minutes.   make test-long: whole reduced studies, faults, hundreds of bad configurations.
# make test-cluster: the tests on a real SLURM, which it installs (as root on Debian), starts and stops.
# make lint: the formatters' opinion.   make docs: pages that are made from declarations.   make envs: Conda's files.
# make numbers: the README's figures and table from a run of now, beside the authors' runs in PUBLISHED=FILE where given.
# Each first sets up .venv with pinned packages.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PATH := $(abspath $(BIN)):$(PATH)

.PHONY: tiny figures supplement beyond claims decisive report benchmark test test-long test-cluster lint docs numbers envs clean

tiny: $(VENV)/cpu.stamp
	snakemake --configfile presets/tiny.yaml

figures: $(VENV)/cpu.stamp
	snakemake
	@python workflow/scripts/print_summary.py

supplement: $(VENV)/cpu.stamp
	snakemake supplement

beyond: $(VENV)/cpu.stamp
	snakemake beyond

claims: $(VENV)/cpu.stamp
	snakemake results/claims.md

decisive: $(VENV)/cpu.stamp
	python workflow/scripts/grow_seeds.py presets/decisive.yaml

report: $(VENV)/cpu.stamp
	snakemake results/report.html

benchmark: $(VENV)/cpu.stamp
	snakemake benchmark
	python docs/speed.py results/benchmarks/speed.csv

test: $(VENV)/dev.stamp
	pytest -n 2 --dist loadfile -m "not long" tests

test-long: $(VENV)/dev.stamp
	pytest -n 2 --dist loadfile -m long tests

test-cluster: $(VENV)/dev.stamp
	tests/cluster/install
	pytest -rs -s tests/cluster

lint: $(VENV)/dev.stamp
	ruff check .
	ruff format --check workflow tests
	snakefmt --check Snakefile workflow/rules workflow/qunlearn/studies
	snakemake --lint

docs: $(VENV)/dev.stamp
	PYTHONPATH=workflow python -m qunlearn.config.reference

numbers: $(VENV)/cpu.stamp
	snakemake results/figs/fig2.pdf results/figs/fig3.pdf
	snakemake --configfile presets/paper.yaml --config mnist_split=test corruptions='[label_flipping]' \
		seeds='[0,1,2,3,4]' paths='{results: results_paper}' -- results_paper/tables/resilience.csv
	python docs/refresh.py results results_paper $(PUBLISHED)

envs:
	$(PYTHON) envs/conda.py

$(VENV)/%.stamp: envs/%.txt envs/cpu.txt envs/library.txt envs/constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; run: make PYTHON=/path/to/python3 ...")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r $<
	touch $@

clean:
	rm -rf $(VENV) .cache logs build workflow/qunlearn.egg-info
	test ! -d .snakemake || find .snakemake -mindepth 1 -maxdepth 1 ! -name metadata -exec rm -rf {} +
