# Every target sets up what it needs first; doing that again costs a fraction of a second.
# PYTHON names the interpreter that .venv is made from; ARGS goes to the command behind the target.

PYTHON ?= python3
ARGS ?=
BIN := .venv/bin
COMPILE = $(BIN)/uv pip compile --system-certs --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --custom-compile-command "make lock" --quiet $(ARGS)

SPREAD := --numprocesses auto --maxprocesses 4 --dist loadfile

.PHONY: help setup setup-dev run test test-window bench corpora lint screenshots starter-eval lock clean

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 22

setup:
	@$(PYTHON) packaging/setup.py

setup-dev:
	@$(PYTHON) packaging/setup.py --dev

run: setup ## Open Underpaint; without a display, render the example picture
	@$(BIN)/python main.py $(ARGS)

test: setup-dev ## Run the tests that need no display
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest -m "not window" $(SPREAD) $(ARGS)

test-window: setup-dev ## Run the tests that drive a real window, under Xvfb
	QT_QPA_PLATFORM=xcb xvfb-run -a -s "-screen 0 1600x1000x24" \
		$(BIN)/python -m pytest -m window $(ARGS)

bench: setup-dev ## Measure speed and latency
	$(BIN)/python -m tests.bench $(ARGS)

corpora: setup-dev ## Open other projects' test pictures, and 5,000 damaged files of every kind
	test -d build/corpora/sources || $(BIN)/python -m tests.corpora.fetch
	$(BIN)/python -m tests.corpora $(ARGS)

lint: setup-dev ## Check style, types and the arrows between the rooms
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

screenshots: setup-dev ## Make the pictures under docs/ anew
	for script in screenshots painted_landscape; do \
		PYTHONPATH=. QT_QPA_PLATFORM=xcb xvfb-run -a -s "-screen 0 1600x1000x24" \
			$(BIN)/python packaging/$$script.py || exit 1; \
	done

SPRITES := build/starter/sprites.safetensors
# What resources/starter-model was taught.
TAUGHT := --nouns 40 --styles 3d

starter-eval: setup-dev $(SPRITES) ## Score the starter model; ARGS="--prompts 50" for a shorter look
	$(BIN)/python packaging/starter_model classifier $(TAUGHT) --keep --minutes 30
	$(BIN)/python packaging/starter_model evaluate $(TAUGHT) $(ARGS)

$(SPRITES): | setup-dev
	$(BIN)/python -m pip install --quiet -r packaging/starter_model/requirements.txt
	$(BIN)/python packaging/starter_model fetch
	$(BIN)/python packaging/starter_model sprites

lock: setup-dev ## Resolve pyproject.toml into the lock files; ARGS=--upgrade takes newer versions
	$(BIN)/python -m pip install --quiet uv
	$(COMPILE) --constraint packaging/torch.txt --excludes packaging/torch-only.txt \
		--no-emit-package torch -o packaging/requirements.lock pyproject.toml
	for group in dev c2pa; do \
		$(COMPILE) --constraint packaging/requirements.lock --group $$group \
			-o packaging/$$group.lock || exit 1; \
	done

clean: ## Remove .venv and everything that tools left behind
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -prune -exec rm -rf {} +
