# Everything runs in .venv, built from requirements.lock (hash-pinned). `make demo` and `make test` need nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
QUICK ?= 0
SECONDS ?= 600
# Tests of one class stay in one process, which makes their fixtures once. A process may hold a voice and a Whisper: 4 GB.
PARALLEL := --maxprocesses=8 --dist=loadscope --no-loadscope-reorder
# Many tests are sessions with workers, which wait for each other: one process more than there are processors.
MORE = $$(( $$($(BIN)/python -c 'import os; print(len(os.sched_getaffinity(0)))') + 1 ))
# Tests start hundreds of processes: what each imports is compiled once, whatever the caller's shell says.
unexport PYTHONDONTWRITEBYTECODE
# A process of tests has one processor: threads of torch and numpy for each processor would wait for one another.
test test-all: export OMP_NUM_THREADS := 1
test test-all: export OPENBLAS_NUM_THREADS := 1

.PHONY: demo test test-all test-install wheel lint types bench bench-startup bench-main-job bench-gate bench-false-alarms bench-integrity bench-power bench-judging bench-admission bench-sandbox bench-report bench-resources bench-redteam bench-hunt bench-voices bench-equivalence bench-fleet bench-fleet-sim fuzz-config fuzz-pickles fuzz-zip fuzz-protocol fuzz-door fuzz-onnx lock clean

demo: $(VENV)/.ready
	$(BIN)/soundcheck demo

test: $(VENV)/.ready
	$(BIN)/python -m pytest --numprocesses=$(MORE) $(PARALLEL) --tier=quick

test-all: $(VENV)/.ready
	$(BIN)/python -m pytest --numprocesses=$(MORE) $(PARALLEL) --tier=all

# The wheel with its extras in fresh environments: newest and oldest versions, each Python that is here or that uv can fetch.
# QUICK=1: the newest and this Python only.
test-install: $(VENV)/.ready
	$(BIN)/python -m tests.installation $(if $(filter-out 0,$(QUICK)),--quick)

# What users install: pip install 'dist/...whl[coqui,whisper]'
wheel:
	$(PYTHON) -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir dist .
	@ls dist/*.whl

lint: $(VENV)/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check --diff .
	$(BIN)/mypy

bench: bench-startup bench-main-job bench-gate bench-false-alarms bench-integrity bench-power bench-judging bench-admission bench-sandbox bench-report bench-resources bench-redteam bench-hunt bench-voices bench-equivalence bench-fleet bench-fleet-sim

bench-main-job: $(VENV)/.ready
	QUICK=$(QUICK) $(BIN)/python -m benchmarks.main_job

bench-gate: $(VENV)/.ready
	QUICK=$(QUICK) $(BIN)/python -m benchmarks.gate

bench-startup: $(VENV)/.ready
	QUICK=$(QUICK) $(BIN)/python -m benchmarks.startup

bench-false-alarms: $(VENV)/.ready
	QUICK=$(QUICK) $(BIN)/python -m benchmarks.false_alarms

# LANGUAGE=fr: a Kokoro voice in that language. What a shell calls so, for its own messages, does not count.
bench-integrity: $(VENV)/.ready
	QUICK=$(QUICK) TONGUE=$(if $(findstring command,$(origin LANGUAGE)),$(LANGUAGE)) $(BIN)/python -m benchmarks.integrity

bench-power: $(VENV)/.ready
	QUICK=$(QUICK) $(BIN)/python -m benchmarks.power

bench-judging: $(VENV)/.ready
	QUICK=$(QUICK) $(BIN)/python -m benchmarks.judging

bench-admission: $(VENV)/.ready
	QUICK=$(QUICK) $(BIN)/python -m benchmarks.admission

bench-sandbox: $(VENV)/.ready
	QUICK=$(QUICK) $(BIN)/python -m benchmarks.sandbox

bench-report: $(VENV)/.ready
	QUICK=$(QUICK) $(BIN)/python -m benchmarks.report

bench-resources: $(VENV)/.ready
	QUICK=$(QUICK) $(BIN)/python -m benchmarks.resources

bench-equivalence: $(VENV)/.ready
	QUICK=$(QUICK) $(BIN)/python -m benchmarks.equivalence

bench-fleet: $(VENV)/.ready
	QUICK=$(QUICK) $(BIN)/python -m benchmarks.fleet

bench-fleet-sim: $(VENV)/.ready
	QUICK=$(QUICK) $(BIN)/python -m benchmarks.fleet_sim

bench-redteam: $(VENV)/.ready
	QUICK=$(QUICK) $(BIN)/python -m benchmarks.redteam

bench-hunt: $(VENV)/.ready
	QUICK=$(QUICK) $(BIN)/python -m benchmarks.hunt

bench-voices: $(VENV)/.ready
	QUICK=$(QUICK) $(BIN)/python -m benchmarks.voices

# Coverage-guided fuzzing of what reads hostile bytes; needs atheris (pip install .[fuzz]): make fuzz-zip SECONDS=60
fuzz-protocol: $(VENV)/.ready
	$(BIN)/python fuzz/protocol.py -max_total_time=$(SECONDS)

# Needs nothing beyond the tests: honest noise around every hostile checkpoint of the corpus.
fuzz-door: $(VENV)/.ready
	$(BIN)/python fuzz/door.py

# Nor does this: ONNX files of the corpus, changed at random, and protobuf's own reader beside ours.
fuzz-onnx: $(VENV)/.ready
	$(BIN)/python fuzz/onnxfile.py $(SECONDS)

fuzz-config: $(VENV)/.ready
	mkdir -p .fuzz/config
	$(BIN)/python fuzz/config.py .fuzz/config fuzz/seeds-config tests/data/fuzz-config \
		-max_total_time=$(SECONDS) -max_len=8192 -timeout=20 -artifact_prefix=tests/data/fuzz-config/

fuzz-pickles: $(VENV)/.ready
	mkdir -p .fuzz/pickles
	$(BIN)/python fuzz/pickles.py .fuzz/pickles tests/data/fuzz -max_len=8192 -max_total_time=$(SECONDS) -timeout=20

fuzz-zip: $(VENV)/.ready
	mkdir -p .fuzz/zip
	$(BIN)/python fuzz/ziparchive.py .fuzz/zip tests/data/fuzz -max_len=8192 -max_total_time=$(SECONDS) -timeout=20

# uv comes first, by pip and by hash; it installs the rest in about half a minute.
$(VENV)/.ready: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Soundcheck needs Python 3.11 or newer; name one with: make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	sed -n '/^uv==/,/[^\\]$$/p' requirements.lock > $(VENV)/uv.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(VENV)/uv.lock
	$(BIN)/uv pip sync --quiet --compile-bytecode --require-hashes --python $(BIN)/python requirements.lock
	$(BIN)/uv pip install --quiet --no-deps --no-build-isolation --python $(BIN)/python --editable .
	touch $@

lock: $(VENV)/.ready
	$(BIN)/uv pip compile pyproject.toml --extra dev --generate-hashes --universal --python-version 3.11 \
		--no-header --no-annotate --no-emit-package pytest-soundcheck --output-file requirements.lock

clean:
	rm -rf $(VENV) .venv-scanners .soundcheck .fuzz build dist
