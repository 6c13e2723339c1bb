# The commands of daily work. `make help` lists them; CMakePresets.json says how each build differs.

JOBS ?= $(shell nproc)
TEST_JOBS ?= 2
FUZZ_SECONDS ?= 20
BUILD_PRESETS := dev asan tsan

# The sanitizers of GCC 12 place their shadow memory at fixed addresses, which a kernel with many
# random address bits may have taken. Without address randomisation they always find them free.
FIXED_ADDRESSES := $(shell setarch -R true 2>/dev/null && echo setarch -R)

.DEFAULT_GOAL := help
.PHONY: help run demo build test test-real test-clients $(BUILD_PRESETS) fuzz format format-check
.PHONY: clean

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Build the release and serve PASSTHROUGH_URL, or the bundled simulator (PORT, ARGS)
	@scripts/install-packages.sh build run
	@cmake --preset release -DPENSTOCK_BUILD_TESTS=OFF
	@cmake --build build --parallel $(JOBS) --target penstock penstock-sim
	@PORT="$(PORT)" exec scripts/run.sh $(ARGS)

package: ## Build the Debian packages, in build-package/
	@scripts/install-packages.sh build package
	@scripts/package.sh

try-package: package ## Install, upgrade and purge them in a fresh Debian 12 (as root)
	@scripts/try-package.sh

try-arm64: ## Build for arm64 in a fresh Debian 12, and run unit tests under qemu (as root)
	@scripts/try-arm64.sh
.PHONY: package try-package try-arm64

demo: ## Kill one of three simulated upstreams, and show who answers (15 seconds)
	@scripts/install-packages.sh build run
	@cmake --preset release -DPENSTOCK_BUILD_TESTS=OFF
	@cmake --build build --parallel $(JOBS) --target penstock penstock-sim penstock-load
	@scripts/demo.sh

build: ## Build the release, with its tests, in build/
	@scripts/install-packages.sh build test
	cmake --preset release -DPENSTOCK_BUILD_TESTS=ON
	cmake --build build --parallel $(JOBS)

test: build ## Build the release and run every test
	ctest --preset release --parallel $(TEST_JOBS)

test-real: build ## Run a real llama.cpp server behind the release (downloads it on first use)
	@scripts/install-packages.sh real
	@tests/real/run.sh build

test-clients: build ## Let agents do a task through the release (downloads 1.3 GB on first use)
	@scripts/install-packages.sh clients
	@tests/clients/run.sh build

dev: ## Build and test without optimisation, in build-dev/
asan: ## Build and test under the address and undefined-behaviour sanitizers, in build-asan/
tsan: ## The same with clang, under the thread sanitizer, in build-tsan/

$(BUILD_PRESETS):
	@scripts/install-packages.sh build test $(filter tsan,$@)
	cmake --preset $@
	$(FIXED_ADDRESSES) cmake --build --preset $@ --parallel $(JOBS)
	$(FIXED_ADDRESSES) ctest --preset $@ --parallel $(TEST_JOBS)

fuzz: ## Run every fuzz target for FUZZ_SECONDS seconds
	@scripts/install-packages.sh build fuzz
	cmake --preset fuzz
	cmake --build --preset fuzz --parallel $(JOBS)
	@scripts/fuzz.sh build-fuzz $(FUZZ_SECONDS)

bench: ## Measure side by side with nginx, HAProxy and a raw relay (BENCH_ARGS; about an hour)
bench-quick: ## The same in two minutes, as a smoke test
.PHONY: bench bench-quick

bench bench-quick:
	@scripts/install-packages.sh build bench
	@cmake --preset release -DPENSTOCK_BUILD_TESTS=OFF
	@cmake --build build --parallel $(JOBS) \
	  --target penstock penstock-sim penstock-load raw-relay
	bench/e2e/run.py --build build $(if $(filter %-quick,$@),--quick) $(BENCH_ARGS)

bench-peers: ## Install other gateways in build-peers/, as further columns of `make bench`
	@scripts/install-packages.sh peers
	@scripts/install-peers.sh $(PEERS)
.PHONY: bench-peers

release-pgo: ## Build the release by a profile of the benchmark's load, in build-pgo/
	@scripts/install-packages.sh build profile
	@JOBS=$(JOBS) scripts/release-pgo.sh
tarball: ## Make a tarball of self-contained programs, optimised by a profile, in dist/
	@scripts/install-packages.sh build profile
	@JOBS=$(JOBS) scripts/make-tarball.sh
dist: ## Make everything that a release consists of, with checksums, in dist/
	@scripts/install-packages.sh build profile
	@JOBS=$(JOBS) scripts/make-dist.sh
.PHONY: release-pgo tarball dist

format: ## Format every C++ file in place
	@scripts/install-packages.sh format
	@scripts/format.sh

format-check: ## Fail where a C++ file is not formatted
	@scripts/install-packages.sh format
	@scripts/format.sh --check

clean: ## Remove every build directory
	rm -rf build build-dev build-asan build-tsan build-fuzz build-bench build-peers
	rm -rf build-profile build-pgo build-package build-dist build-tools dist
