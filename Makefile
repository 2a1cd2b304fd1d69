# Everything is done by dev/stack; "make help" lists what there is.
PYTHON ?= $(firstword $(shell command -v python3.11) python3)
HAS_PYTHON = command -v $(PYTHON) >/dev/null || { echo "error: There is no $(PYTHON) here: \
install python3.11, or name one by make PYTHON=/path/to/python3.11." >&2; exit 1; }
STACK = @$(HAS_PYTHON); $(PYTHON) -m dev.stack

.DEFAULT_GOAL := help
.PHONY: help setup demo demo-reset pictures stop test test-core test-ecosystem test-without-ebarimt verify verify-live lint shell bench translations env scratch clean

help:
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' Makefile | awk -F'|' '{printf "make %-20s %s\n", $$1, $$2}'

demo: ## set up, start Odoo with a QPay simulator, make one payment, stay up
	$(STACK) demo

demo-reset: ## delete the demonstration's data and start afresh
	$(STACK) demo-reset

pictures: ## make all pictures of the documents again, from a demonstration with shop and till made afresh
	@$(HAS_PYTHON); QPAY_DEMO_MODULES=sales $(PYTHON) -m dev.stack pictures

stop: ## stop the demonstration and PostgreSQL
	$(STACK) stop

test: ## lint and run all tests (T=tests/flow/test_x.py and ARGS='-k name' select some, BUSY=1 keeps the processors busy)
	$(STACK) test

test-core: ## compare Odoo's own tests with the addon and without, and click on everything (T=portal selects some)
	$(STACK) test-core

test-ecosystem: ## run the main job, money and clicks beside the addons of others (T and ARGS as for test)
	@$(HAS_PYTHON); QPAY_TEST_DATABASE=ecosystem $(PYTHON) -m dev.stack test

test-without-ebarimt: ## run the tests of the addon without its wing of VAT receipts (T and ARGS as for test)
	$(STACK) test-without-ebarimt

verify: ## check what README.md claims, as a new user in an empty folder, and print a table
	$(STACK) verify

# A part of "verify", for a demonstration that runs.
verify-live:
	$(STACK) verify-live

lint: ## ruff and pylint-odoo
	$(STACK) lint

shell: ## Odoo's shell on the demonstration's database
	$(STACK) shell

bench: ## the benchmarks (QPAY_DEV_BENCH='routes costs' selects some of bursts, processes, routes, viewers, pages, costs, crowd, plans, soak)
	$(STACK) bench

translations: ## bring i18n/ up to date with the code, and tell what is still to translate
	$(STACK) translations

setup: ## only make everything ready
	$(STACK) setup

env: ## print the environment's variables: eval "$(make -s env)"
	$(STACK) env

scratch: ## create the database DB=name with the addon as it stands
	$(STACK) scratch

clean: ## delete this checkout's databases and logs (downloads are kept)
	$(STACK) clean
