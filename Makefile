# Baton. `make demo` shows the main job, `make test` runs everything on both databases.
CARGO ?= cargo

.PHONY: run demo test bench bench-scale fuzz fmt lint openapi tables drift

## The server on SQLite, on http://127.0.0.1:8080
run:
	$(CARGO) run --release -- serve

EXAMPLE := examples/smart-app
LIBRARY := $(EXAMPLE)/node_modules/.package-lock.json

## A sandbox: synthetic patients, a live discharge, a client, an app to sign in to, and what to try (a quick
## build, not a fast one). APP: a folder or an address of your own app instead of the example
APP ?= $(EXAMPLE)
demo: $(if $(filter $(EXAMPLE),$(APP)),$(LIBRARY))
	$(CARGO) run -- demo --app $(APP)

## The example app's library; the rest of the sandbox does without it
$(LIBRARY): $(EXAMPLE)/package-lock.json
	@cd $(EXAMPLE) && npm ci || echo "npm did not bring the library of the example app; the rest of the sandbox does without it"

## All tests on SQLite and on a private PostgreSQL, and in Chromium
test:
	tests/with-browser tests/with-postgres $(CARGO) test --workspace --no-fail-fast

## Measured value, engine limit and ratio, on both databases
bench:
	$(CARGO) build --release -p baton-gateway -p baton-bench
	PG_DURABLE=1 tests/with-postgres $(CARGO) run --release -p baton-bench

## The search shapes at ten thousand and at a million resources; the databases stay in SCALE for the next run
SCALE ?= $(or $(TMPDIR),/tmp)/baton-scale
bench-scale:
	$(CARGO) build --release -p baton-gateway -p baton-bench
	BATON_BENCH_KEEP=$(SCALE) PG_KEEP=$(SCALE)/postgres PG_DURABLE=1 \
		tests/with-postgres $(CARGO) run --release -p baton-bench -- scale

## Property tests of the parsers with many more cases
fuzz:
	PROPTEST_CASES=20000 $(CARGO) test --release -p baton-fhir -p baton-hl7v2

## The database of advisories, where cargo-deny keeps it: asked when it is there, never fetched
ADVISORIES ?= $(or $(CARGO_HOME),$(HOME)/.cargo)/advisory-dbs

fmt:
	$(CARGO) fmt --all

lint:
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	@if cargo deny --version >/dev/null 2>&1; then cargo deny check licenses bans sources; \
	else echo "dependencies: skipped, cargo-deny is not installed"; fi
	@if [ -d "$(ADVISORIES)" ] && cargo deny --version >/dev/null 2>&1; then cargo deny check --disable-fetch advisories; fi

## The committed OpenAPI documents and the error catalogue
openapi:
	$(CARGO) run -q -- openapi --out openapi --errors docs/errors.md

## The committed registry tables, from the official R4 definitions: make tables DEFINITIONS=dir
tables:
	$(CARGO) run -q -p baton-fhir --example generate_tables -- $(DEFINITIONS)

## Fails when a generated file is not what its generator writes
drift: openapi
	git diff --exit-code -- openapi docs/errors.md
	@if [ -n "$(DEFINITIONS)" ]; then $(MAKE) --no-print-directory tables && git diff --exit-code -- crates/fhir/data; \
	else echo "tables: skipped, DEFINITIONS is not set"; fi
