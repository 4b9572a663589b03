# The two commands of the README: `make demo` and `make test`. Both begin with `make install`.
PYTHON = python3.11
EXTRAS = cpu,dev
BIN = .venv/bin
STAMP = .venv/.installed
LAB = demo/store

.PHONY: install demo test check lint unit

install: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --editable '.[$(EXTRAS)]' --constraint constraints.txt
	touch $@

# one sweep of the toy world on a Ray instance of its own; the same command again continues, or finds everything done
demo: install
	mkdir -p demo
	$(BIN)/crosslift sweep quickstart --store $(LAB)
	$(BIN)/crosslift leaderboard quickstart --store $(LAB)
	$(BIN)/crosslift best quickstart --store $(LAB) > demo/best.yaml.part
	mv demo/best.yaml.part demo/best.yaml
	@echo "the best recipe is in demo/best.yaml; next: $(BIN)/crosslift final demo/best.yaml --seeds 3 --store $(LAB)"

test: install unit
	$(BIN)/python -m pytest -q -m slow

check: lint unit

# two processes, each with one thread: the slow tests want the machine to themselves, these do not
unit: install
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -m "not slow" -n 2

lint: install
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
