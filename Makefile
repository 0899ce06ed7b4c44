# The one entry for people and for CI: each target installs what it needs, or says exactly what is missing.

SHELL := /usr/bin/env bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
CARGO ?= cargo

.PHONY: help build release fmt lint test test-rust test-sdk test-portal e2e bench fuzz audit portal clean

help: ## Show the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: portal ## Build the binary with the portal in it (target/release/weir)
	$(CARGO) build --release --locked -p weir

release: build ## Pack the release archive that quick-start.sh fetches, with its SHA-256 beside it
	name=weir-linux-$$(uname -m).tar.gz; \
	tar -C target/release -czf target/$$name weir; \
	cd target && sha256sum $$name > $$name.sha256 && ls -l $$name $$name.sha256

portal: ## Build the portal's assets (portal/dist), which the binary embeds
	.ci/install rust portal
	.ci/portal

fmt: ## Format everything
	$(CARGO) fmt --all
	if [ -d portal/node_modules ]; then npm --prefix portal run format; fi

lint: portal ## Formatting, clippy with warnings denied, the import and size rules, portal and shell lints
	.ci/install lint
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings
	$(CARGO) test -q -p weir-lint --locked
	npm --prefix portal run lint
	if command -v shellcheck >/dev/null; then shellcheck -S warning quick-start.sh .ci/* $$(git ls-files '*.sh'); fi

test: ## Everything that must hold: workspace, SDKs, portal, browser, quick start, docs
	.ci/suites all

test-rust: portal ## The workspace's tests only
	.ci/suites rust

test-sdk: portal ## The vendors' official SDKs against the real binary
	.ci/suites sdk

test-portal: portal ## The portal's unit tests
	.ci/suites portal

e2e: portal ## The portal in a real browser against the real binary
	.ci/suites e2e

bench: ## CPU per request, latency, memory, beside the peers (docs/BENCHMARKS.md)
	.ci/install rust bench
	tests/bench/run.sh

fuzz: ## Fuzz every parser for a while (FUZZ_SECONDS each, 60 by default)
	.ci/install rust
	tests/fuzz/run.sh

audit: ## Licences, advisories and who may use which crate (deny.toml)
	.ci/install audit
	$(CARGO) deny --locked --workspace check

clean: ## Remove what was built
	$(CARGO) clean
	rm -rf portal/dist
