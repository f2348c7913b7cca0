# The project's commands, each from nothing: they need Python 3.10 or later, make and a network.
# `make help` lists them.

VENV := .venv
PY := $(VENV)/bin/python
COLLECTION := .cache/ansible_collections/virt/esx

# A stamp carries the checksum of what was installed, so that a change of the requirements installs again.
checksum = $(shell cat $(1) | cksum | cut -d' ' -f1)
FOR_DEMO := requirements.txt tools/requirements.txt tools/toolchain.py
FOR_TEST := $(FOR_DEMO) tests/requirements.txt tests/unit/requirements.txt
DEMO_STAMP = $(VENV)/demo-$(call checksum,$(FOR_DEMO)).stamp
TEST_STAMP = $(VENV)/test-$(call checksum,$(FOR_TEST)).stamp

export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
# What a caller's shell or git hook may have set, and what would mislead these commands, or slow them down.
unexport GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_PREFIX PYTHONHOME PYTHONDONTWRITEBYTECODE VIRTUAL_ENV MAKEFLAGS
# The Go that tools/toolchain.py found is the one to use; it need not fetch another.
export GOTOOLCHAIN := local
# The collection, and with it the Python helpers of its tests, is imported from here.
export PYTHONPATH := $(CURDIR)/.cache

.DEFAULT_GOAL := help
.PHONY: help quick demo test check format docs bench chaos fuzz simulator release publish clean

help: ## list these targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)$$/  make \1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r target what; do printf '%-18s %s\n' "$$target" "$$what"; done

quick: $(TEST_STAMP) ## check formatting, types and the unit tests that your changes concern
	@ruff check --quiet && ruff format --quiet --check && mypy
	@TESTMON_DATAFILE=.cache/testmondata pytest -q -n 2 --testmon -o cache_dir=.cache/pytest tests/unit

demo: $(DEMO_STAMP) ## manage a simulated ESX host with a real playbook
	@$(PY) -m tools.demo

test: $(TEST_STAMP) ## run every check, and print a summary with a line for each
	@$(PY) -m tools.check

check: $(TEST_STAMP) ## run single checks: make check NAME="ruff unit" (without NAME: list them)
	@$(PY) -m tools.check $(if $(NAME),$(NAME),--list)

format: $(TEST_STAMP) ## format the Python and Go sources
	@$(PY) -m tools.format

docs: $(TEST_STAMP) ## build the documentation site into docs/build/html
	@$(PY) -m tools.docs

bench: $(TEST_STAMP) ## measure conversions beside libvirt's, and tasks beside debug tasks and by their SOAP calls
	@$(PY) -m tools.bench_convert
	@$(PY) -m tools.bench
	@$(PY) -m tools.bench_storage

chaos: $(TEST_STAMP) ## inject every kind of fault into every HTTP exchange of every module, and more (hours)
	@$(PY) -m tests.chaos --beside $(if $(SEED),--seed $(SEED)) $(if $(SECONDS),--seconds $(SECONDS))
	@$(PY) -m pytest -q -p no:cacheprovider tests/integration/vi/test_connections.py tests/integration/vi/test_session.py \
		tests/integration/vi/test_kept_sessions.py tests/unit/plugins/module_utils/_vi/test_session_cache.py

fuzz: $(TEST_STAMP) ## run the property tests with many more examples than `make test` does
	@$(PY) -m tools.fuzz

simulator: $(DEMO_STAMP) ## build the simulated ESX host, and show how to start it
	@$(PY) -m tools.simulator

release: $(TEST_STAMP) ## build the collection's tarball and check it as Galaxy would
	@$(PY) -m tools.release && $(PY) -m tools.importer

publish: $(TEST_STAMP) ## publish the tarball of a tag on Galaxy: for the release workflow
	@$(PY) -m tools.publish

clean: ## remove everything that these commands made
	rm -rf $(VENV) .cache docs/build tests/output virt-esx-*.tar.gz

$(PY):
	@python=$(or $(PYTHON),$$(tools/find-python)) && echo "Making $(VENV) with $$python" && "$$python" -m venv --clear $(VENV)

$(COLLECTION):
	@mkdir -p $(@D) && ln -sfn ../../.. $@

$(VENV)/demo-%.stamp: | $(PY) $(COLLECTION)
	@echo "Installing what the demo needs into $(VENV)"
	@$(PY) -m pip install --quiet --disable-pip-version-check -r tools/requirements.txt
	@$(PY) -m tools.toolchain
	@rm -f $(VENV)/demo-*.stamp && touch $@

$(VENV)/test-%.stamp: | $(DEMO_STAMP)
	@echo "Installing what the tests need into $(VENV)"
	@$(PY) -m pip install --quiet --disable-pip-version-check -r tests/requirements.txt
	@rm -f $(VENV)/test-*.stamp && touch $@
