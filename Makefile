# "make help" lists the targets. Needed are Go and, for the lab, root on Debian: it installs the rest.

SHELL       := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

GO       ?= go
DEMO     ?=
FUZZTIME ?= 30s
FUZZJOBS ?= 2
BENCHN   ?= 300
# Entries of the table of flows that is measured.
BENCHFLOWS ?= 1000000
# Turns of each reader of packets.
BENCHROUNDS ?= 5
# What packages are for, as Go names it.
ARCHES   ?= amd64 arm64
# Guests at a time. Each one keeps a core busy, and the checks under test have deadlines.
GUESTS   ?= 2

RESULTS  := .cache/test
# The tools' own dependencies are locked beside the product's go.mod, not in it.
GOTESTSUM := $(GO) tool -modfile=tools/gotestsum.mod gotestsum
LINT      := $(GO) tool -modfile=tools/golangci-lint.mod golangci-lint
# The version that programs tell; nothing without git, and then they tell what the go command knows.
STAMP     := $(shell git describe --tags --always --dirty --abbrev=12 --match 'v[0-9]*' 2>/dev/null)
# What ships is static: it starts faster than a dynamic binary, and runs on any kernel root file system.
STATIC    := CGO_ENABLED=0 $(GO) build -trimpath -ldflags='-s -w -X github.com/lvsdns/lvsdns/cmd/internal/version.linked=$(STAMP)'
# The race detector needs a working C compiler; without one the tests still run.
RACE       = $(shell echo 'int x;' | $$($(GO) env CC) -xc -include stdlib.h -c -o /dev/null - 2>/dev/null && echo -race)

# The test files with a build constraint, and the flags that run their tests only: a guest is slow, and the host has
# run the others already.
tagged    = $(shell grep -rlx --include='*_test.go' '//go:build $(1)' --exclude-dir='.?*' --exclude-dir=testdata .)
tests_of  = -run '^($(shell sed -nE 's/^func (Test\w*).*/\1/p' /dev/null $(1) | sort -u | paste -sd'|'))$$' $(sort $(dir $(1)))

.PHONY: help
help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: programs
programs: INTO = bin/
programs:
	$(STATIC) -o $(INTO) ./cmd/...

.PHONY: build
build: programs ## the programs, the demo and the lab's runner, static, in bin/
	$(STATIC) -o bin/lab-run ./lab/run
	$(STATIC) -o bin/demo ./lab/demo

.PHONY: share
share: programs ## manual pages and shell completions, made from the programs' help, in dist/share/
	@rm -rf dist/share
	@$(GO) run ./tools/manual -version '$(STAMP)' -date "$${SOURCE_DATE_EPOCH:-$$(git log -1 --format=%ct)}"

.PHONY: release
release: ## everything that is published of this commit, the same to the byte wherever it is built, in dist/
	@packaging/release.sh

.PHONY: ci
ci: ## lint and every test: what a change must pass before it is merged
	@.ci/run

.PHONY: packages
packages: share ## .deb and .rpm of this commit for ARCHES (amd64 arm64), in dist/
	@rm -rf .cache/packages
	@for arch in $(ARCHES); do GOARCH=$$arch $(STATIC) -o .cache/packages/$$arch/bin/ ./cmd/...; done
	@packaging/build.sh $(ARCHES)

.PHONY: setup
setup: ## install what the lab needs (apt); quick when all is there
	@lab/setup.sh

.PHONY: demo
demo: setup build ## a director, two name servers, five failures, Prometheus; DEMO=quick ends by itself, DEMO=fallback too: without keepalived
	@bin/demo $(DEMO)

.PHONY: test
test: setup build ## every test: on the host, then in the lab; the last line is the sum
	@rm -rf $(RESULTS) && mkdir -p $(RESULTS)
	@$(GO) build -o .cache/testsum ./tools/testsum
	@$(MAKE) --no-print-directory packages ARCHES='$(or $(TESTARCHES),$(shell $(GO) env GOARCH))'
	@status=0; $(MAKE) --no-print-directory --keep-going $(STAGES:%=test-%) || status=$$?; \
	.cache/testsum -status $$status $(STAGES:%=$(RESULTS)/%.json)

# A stage writes $(RESULTS)/<stage>.json; one that writes nothing, or runs no test, fails the sum.
STAGES := host lab demo

.PHONY: test-host
test-host:
	@echo '== tests on this host ($(or $(RACE),no C compiler: without the race detector))'
	@$(GOTESTSUM) --format pkgname --hide-summary skipped --jsonfile $(RESULTS)/host.json -- $(RACE) -shuffle=on ./...

# The lab tests on the kernel that lab-run chooses, on the second one, and with the programs of another release.
.PHONY: test-lab test-qemu test-trixie
test-qemu:   LAB_FLAGS := --kernel qemu
test-trixie: LAB_FLAGS  = --root $(shell lab/trixie.sh)
test-lab test-qemu test-trixie: test-%:
	@echo '== tests in the lab ($(or $(LAB_FLAGS),its first kernel))'
	@CGO_ENABLED=0 $(GOTESTSUM) --format testname --hide-summary skipped,output --jsonfile $(RESULTS)/$*.json -- \
		-tags lab -exec '$(CURDIR)/bin/lab-run $(LAB_FLAGS)' -count=1 -p $(GUESTS) -timeout 30m $(call tests_of,$(call tagged,lab))

# Tests that take long because time is what they prove.
.PHONY: test-long
test-long:
	@echo '== long tests in the lab'
	@CGO_ENABLED=0 $(GOTESTSUM) --format standard-verbose --hide-summary skipped,output --jsonfile $(RESULTS)/long.json -- \
		-tags lab,prove -exec '$(CURDIR)/bin/lab-run' -count=1 -p 1 -parallel 8 -timeout 5h $(call tests_of,$(call tagged,lab && prove))

# Those that need no guest: a million entries in this kernel's own tables.
.PHONY: test-hostlong
test-hostlong:
	@echo '== long tests on this host'
	@$(GOTESTSUM) --format standard-verbose --hide-summary skipped,output --jsonfile $(RESULTS)/hostlong.json -- \
		-tags prove -count=1 -p 1 -timeout 1h $(call tests_of,$(call tagged,prove))

.PHONY: test-demo
test-demo:
	@echo '== the demo'
	@$(GOTESTSUM) --format standard-verbose --hide-summary skipped,output --jsonfile $(RESULTS)/demo.json --raw-command -- \
		$(GO) tool test2json -t -p lab/demo \
		bash -c 'echo "=== RUN   DemoQuick"; bin/demo quick && printf "%s\n" "--- PASS: DemoQuick" PASS'

.PHONY: prove
prove: ## the long proofs: two more kernels, a million flows, ten minutes of load, ten of fuzzing for each target
	@lab/setup.sh qemu trixie packages
	@$(MAKE) --no-print-directory test TESTARCHES='$(ARCHES)' STAGES='host hostlong lab qemu trixie long demo'
	@$(MAKE) --no-print-directory fuzz FUZZTIME=10m

.PHONY: lint
lint: ## golangci-lint, lab files included; actionlint
	@$(GO) tool -modfile=tools/actionlint.mod actionlint
	@GOLANGCI_LINT_CACHE=$(CURDIR)/.cache/lint $(LINT) run --allow-parallel-runners

.PHONY: fuzz
fuzz: ## every fuzz target for FUZZTIME (30s) each, FUZZJOBS (2) of them at a time
	@mkdir -p .cache/fuzz
	@grep -r --include='*_test.go' --exclude-dir='.?*' -o '^func Fuzz[^(]*' . | sed -E 's|/[^/]*:func | |' | \
	xargs -P $(FUZZJOBS) -n 2 bash -c '\
		$(GO) test -run "^$$" -fuzz "^$$1\$$" -fuzztime $(FUZZTIME) -parallel 1 "$$0" >".cache/fuzz/$$1.txt" 2>&1; status=$$?; \
		echo "== $$0 $$1"; tail -n $$((status ? 40 : 3)) ".cache/fuzz/$$1.txt"; exit $$status'

# BENCHN runs of each check and hook, BENCHFLOWS flows, BENCHROUNDS turns of each packet reader; the last part scrapes a large director in the lab.
.PHONY: bench
bench: build ## what a check, a hook, a pass over a million flows, a packet and a scrape cost beside their rivals
	@lab/setup.sh base bench
	@mkdir -p .cache/bench
	@$(STATIC) -o .cache/bench/ ./tools/checkbench ./tools/checkbench/testdata/bare-miekg ./tools/checkbench/testdata/bare-net \
		./tools/flowbench ./tools/flowbench/testdata/pass ./tools/hookbench ./tools/capturebench ./tools/capturebench/testdata/ours
	@$(STATIC) -o .cache/bench/bare-go ./tools/hookbench/testdata/bare
	@cd tools/capturebench/testdata/gopacket && $(STATIC) -o $(CURDIR)/.cache/bench/gopacket .
	@for c in nothing timed; do $$($(GO) env CC) -O2 -static -o .cache/bench/$$c tools/checkbench/testdata/$$c.c; done
	@.cache/bench/checkbench -n $(BENCHN)
	@.cache/bench/hookbench -n $(BENCHN)
	@.cache/bench/flowbench -n $(BENCHFLOWS)
	@.cache/bench/capturebench -rounds $(BENCHROUNDS)
	@CGO_ENABLED=0 $(GO) test -tags lab,bench -exec '$(CURDIR)/bin/lab-run' -count=1 -v $(call tests_of,$(call tagged,lab && bench))

.PHONY: site
site: ## the documents as a site of plain files, in dist/site
	@$(GO) run -modfile=tools/site.mod -tags site ./tools/site -o dist/site
	@echo 'open dist/site/index.html'

.PHONY: cover
cover: ## statements that the host tests reach, by function
	@mkdir -p .cache
	@$(GO) test -coverprofile=.cache/cover.out ./...
	@$(GO) tool cover -func=.cache/cover.out
