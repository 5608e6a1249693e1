# Fenhe: two commands for everyone, `make demo` and `make test`; the rest are their parts.
# Everything that is built goes to $(CARGO_TARGET_DIR), npm's to assets/, tools for tests to .cache/.

SHELL := /bin/bash
.DEFAULT_GOAL := help
export CARGO_TARGET_DIR ?= $(CURDIR)/target
CACHE := $(CURDIR)/.cache
FENHE := $(CARGO_TARGET_DIR)/debug/fenhe
# Python with the test clients; tests that need it say so where it is absent.
PYTHON = $(wildcard $(CACHE)/python/bin/python)

.PHONY: help demo test build assets lint tidy unit system tools clean bench-ingest bench-rows bench-preview bench-detect bench-deident

help: ## List the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

demo: build ## Load the demo data and serve http://127.0.0.1:8080
	@scripts/demo.sh $(FENHE)

test: tools lint unit system ## Everything that must hold; .ci/run calls this

build: assets
	@scripts/need.sh cargo
	@echo "== building fenhe (the first build takes about 10 minutes on 2 cores)"
	@cargo build -p server

assets: assets/dist/manifest.json ## Style sheets and scripts from npm packages

assets/dist/manifest.json: $(shell find assets -path assets/node_modules -prune -o -path assets/dist -prune -o -type f -print 2>/dev/null)
	@scripts/need.sh node npm
	@echo "== building the pages' style sheets and scripts"
	@cd assets && npm ci --no-audit --no-fund --loglevel=error && npm run build --silent

lint: assets ## Formatting and lints
	@scripts/need.sh cargo
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings

tidy: ## The rules of the house that a compiler does not know
	cargo run -q -p xtask -- tidy

unit: assets ## All Rust tests, on SQLite and PostgreSQL
	@scripts/need.sh cargo
	$(if $(PYTHON),FENHE_PYTHON=$(PYTHON)) cargo test --workspace

system: tools build ## The program as others meet it: browser, API, independent clients
	FENHE_PYTHON=$(CACHE)/python/bin/python tests/system/run.sh $(FENHE)

tools: ## Test clients (Debian, PyPI and npm packages)
	@scripts/tools.sh $(CACHE)

bench-ingest: tools ## TPC-H lineitem to a durable table beside DuckDB's COPY (release build)
	scripts/bench-ingest.sh

bench-rows: assets ## The row API beside datasette and roapi (release build)
	scripts/bench-rows.sh

bench-preview: tools assets ## The pages of a table of 12 million rows, groups beside DuckDB (release build)
	scripts/bench-preview.sh

bench-detect: ## Detection beside Presidio on the same rows (release build)
	@cargo build --release -p server
	scripts/bench-detect.sh $(CARGO_TARGET_DIR)/release/fenhe

bench-deident: ## De-identification beside pycanon and anonypy (release build)
	@cargo build --release -p server
	scripts/bench-deident.sh $(CARGO_TARGET_DIR)/release/fenhe $(CACHE)

clean: ## Remove what was built here (not the shared target folder)
	rm -rf assets/dist assets/node_modules .cache
