# The two commands of the README: `make demo` and `make test`. Both begin with `make install`.
PYTHON = python3.11
EXTRAS = cpu,dev
BIN = .venv/bin
STAMP = .venv/.installed
SPACE = quickstart
DEMO = demo
TOOLS = sshd rsync ip ceph-mon ceph-osd radosgw
DEBIAN = openssh-server openssh-client rsync iproute2 ceph-mon ceph-osd radosgw ceph-common

.PHONY: install demo test slow ray fuzz check lint unit test-cluster packages chaos test-chaos

install: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --editable '.[$(EXTRAS)]' --constraint constraints.txt
	touch $@

# one sweep of the toy world on a Ray instance of its own; the same command again continues, or finds everything done
demo: install
	@mkdir -p $(DEMO)
	$(BIN)/crosslift sweep $(SPACE) --store $(DEMO)/store
	@$(BIN)/crosslift best $(SPACE) --store $(DEMO)/store > $(DEMO)/best.yaml.part
	@mv $(DEMO)/best.yaml.part $(DEMO)/best.yaml
	@echo "the best recipe is in $(DEMO)/best.yaml; next:"
	@echo "$(BIN)/crosslift final $(DEMO)/best.yaml --seeds 3 --store $(DEMO)/store"

# two processes of sweeps on Ray, which wait a lot; beside them the other slow tests, which give way: Ray's workers have
# niceness 15
test: install unit
	@$(MAKE) --no-print-directory --jobs 2 --output-sync=target slow ray

slow: install
	nice -n 19 $(BIN)/python -m pytest -q -m "slow and not ray and not cluster"

ray: install
	$(BIN)/python -m pytest -q -m "ray and not cluster and not chaos" -n 2 --dist loadfile --durations 12

# hosts by ssh, `ray up`, a real S3 server, lost machines: as root, which also installs the Debian packages it needs
test-cluster: install packages
	$(BIN)/python -m pytest -q -m cluster tests/cluster

packages:
	@which $(TOOLS) > /dev/null || { apt-get -qq update && apt-get -qq install -y --no-install-recommends $(DEBIAN) > /dev/null; }

# sixty sweeps that are struck at random moments, an hour or more; the same command continues (docs/reliability.md)
chaos: install
	$(BIN)/python -m tests.chaos --runs 60 --minutes 75

# four of them
test-chaos: install
	$(BIN)/python -m pytest -q -m chaos tests/chaos

check: lint unit

# two processes, each with one thread
unit: install
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -m "not slow and not cluster" -n 2

# damaged files of every format, about two minutes each
fuzz: install
	FUZZ_SECONDS=120 $(BIN)/python -m pytest -q tests/tasks/test_fuzz.py -n 2

lint: install
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
