# The one entry for people and for CI. `make` alone prints what there is.
.DEFAULT_GOAL := help
CARGO ?= cargo
SEED ?= 1

.PHONY: help
help: ## What there is
	@echo "Ringproof: proves that a person holds a phone number with a flash call."
	@echo
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-12s %s\n", $$1, $$2 }'

.PHONY: demo
demo: ## Two numbers verified over real SIP on this machine, one by a flash call, one by a missed call
	$(CARGO) run -- demo

.PHONY: run
run: ## The daemon, with ringproof.toml of this directory (CONFIG=FILE for another)
	$(CARGO) run --release -- serve --config $(or $(CONFIG),ringproof.toml)

.PHONY: test
test: tools check ## Everything that CI runs; installs SIPp, Kamailio and cargo-deny when they are missing
	$(CARGO) test --locked

.PHONY: check
check: format clippy docs deny ## Formatting, lints, documentation, licences: all without a warning

# Not part of `test`: it installs the libraries from the registries of Python and JavaScript.
.PHONY: webhooks
webhooks: ## Our golden signatures against the official libraries for Python and JavaScript (needs the network)
	.ci/webhooks

.PHONY: sipp
sipp: ## The binary against every SIPp scenario (SCENARIO=word: only those whose name holds it)
	SCENARIO=$(SCENARIO) $(CARGO) test --locked --test sipp -- --nocapture

.PHONY: sim
sim: ## One simulated world, told message by message (SEED=n)
	SEED=$(SEED) $(CARGO) test --locked --test sim -- --nocapture one_seed

.PHONY: crash
crash: ## The daemon killed N times under load (N=1000 RATE=500 PENDING=10000 SEED=n)
	CRASH_KILLS=$(or $(N),30) CRASH_RATE=$(RATE) CRASH_PENDING=$(PENDING) CRASH_SEED=$(SEED) \
		$(CARGO) test --locked --test crash -- --nocapture

.PHONY: bench
bench: ## The measurements of docs/benchmarks.md, about 35 minutes; installs SIPp and tcpdump, captures as root
	@.ci/tools bench
	$(CARGO) bench --locked --bench '*'

.PHONY: tools
tools: ## Installs what the tests need and cargo does not bring
	@.ci/tools

.PHONY: format
format: ## Is the code formatted? (`cargo fmt` mends it)
	$(CARGO) fmt --all -- --check

.PHONY: clippy
clippy: ## Lints, warnings denied
	$(CARGO) clippy --locked --all-targets -- -D warnings

.PHONY: docs
docs: ## Documentation of the code, dead links denied
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --quiet --no-deps --document-private-items

# Needs no network: licences, bans and sources are read from Cargo.lock and the fetched crates.
.PHONY: deny
deny: ## Licences, duplicates and origins of the crates (deny.toml)
	$(CARGO) deny --all-features --locked check bans licenses sources

# Not part of `check`: it clones the RustSec database, and a commit must not fail because that
# network was away, or because of what was published an hour ago. Run it before a release.
.PHONY: advisories
advisories: ## Known vulnerabilities of the crates (needs the network)
	$(CARGO) deny --all-features --locked check advisories

.PHONY: clean
clean: ## Removes what was built
	$(CARGO) clean
