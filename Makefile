# Tokenry is one Go module without cgo; everything is done from here.
# A line that starts with a target and carries "##" is what `make` alone prints.

.DEFAULT_GOAL := help
SHELL := /bin/sh
MAKEFLAGS += --no-print-directory

GO ?= go
# The program is built without cgo, and so is what tests it: what one compiled the other need not. The race
# detector alone needs cgo.
export CGO_ENABLED ?= 0
# PKG narrows test, check and bench: make check PKG=./internal/grant/...
PKG ?= ./...
# TESTFLAGS is added to every go test: make test TESTFLAGS='-run TestRotate -v'
TESTFLAGS ?=
# BENCH is the whole command of `make bench`; BENCHFLAGS is appended to it.
# To compare two runs: bin/.tools/benchstat old.txt new.txt (make tools builds it).
BENCH ?= $(GO) test -run '^$$' -bench . -benchtime 1x -timeout 60m ./internal/bench
BENCHFLAGS ?=
# SIZES is how many tokens `make bench-scale` measures at.
SIZES ?= 10000,100000,1000000
# TORTURE is how long `make torture` goes on.
TORTURE ?= 1h
# `make test` leaves vet to `make check`, as it leaves the linters: it looks at every package that is linked, others' too.
# SIDE is how many packages are tested side by side: internal/e2e waits for browsers and proxies most of its time, two for
# databases. These three begin first, or the last minutes are theirs alone.
WAITING := %/internal/e2e %/internal/server %/internal/store
ORDERED = $(filter $(WAITING),$(ALL)) $(filter-out $(WAITING),$(ALL))
ALL = $(shell $(GO) list $(PKG))
SIDE ?= $(shell expr $$(nproc) + 1)
# SCALE says which prices `make scale` takes: those that were seen, or measured.
SCALE ?= seen
# FUZZTIME is how long `make fuzz` stays with each target.
FUZZTIME ?= 10s
# RACE is what runs once more, with -short, under the race detector. The SQLite driver is C translated to Go: watched by
# the detector it is forty times slower, and its locks are not ours, so it is not watched. `make test` watches the rooms
# that a verification runs through, where what is shared is read without a lock; `make race`
# watches whatever scripts/racing says can race. Nor are internal/e2e and internal/torture run again: what they drive are
# other processes, built without the detector; nor internal/bench, which has no tests. On both databases the store alone
# is watched; whoever stands above it knows one contract, and is watched over SQLite.
RACE ?= $(filter %/token %/internal/verify %/internal/clock %/internal/usage,$(RACING))
RACING = $(filter-out %/internal/e2e %/internal/torture %/internal/bench,$(shell GO='$(GO)' scripts/racing $(PKG)))
RACED := CGO_ENABLED=1 TOKENRY_TEST_REQUIRE=1 scripts/with-postgres $(GO) test -count=1 -vet=off -timeout 30m -race -short -gcflags=modernc.org/...=-race=false
ENGINES := %/internal/store

# UNIT is the inner loop's part: all but internal/e2e, whose browsers and proxies take five minutes.
UNIT ?= $(filter-out %/internal/e2e,$(shell $(GO) list $(PKG)))

TOOLS := bin/.tools
LINT  := $(TOOLS)/golangci-lint
NFPM  := $(TOOLS)/nfpm
# Every Go file of both modules, each package's by a pattern of the shell.
GOFILES = $$($(GO) list -e -f '{{.Dir}}/*.go' ./...; $(GO) -C terraform list -e -f '{{.Dir}}/*.go' ./...)
# The provider is a module of its own: what is asked of all packages is asked of it too.
PROVIDER = $(filter ./...,$(PKG))
# Chromium is installed only once a test drives it.
DEPS  := scripts/deps $(shell grep -qs chromedp go.mod && echo --browser)

.PHONY: help demo demo-cluster build release release-test image-test check test race torture torture-mutants bench-cluster scale strangers bench bench-compare bench-scale bench-writes generate fmt fmt-check vet unit lint house fuzz tools clean

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' Makefile

demo: build ## build, then start a throw-away server with sample data that prints what to try
	@bin/tokenry demo

demo-cluster: build ## build, then start three nodes on a throw-away PostgreSQL, revoke, and print what each answers
	@scripts/demo-cluster

build: ## build the one static binary, bin/tokenry
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/tokenry ./cmd/tokenry

release: $(NFPM) ## build what is released, into dist/: six platforms, packages, checksums, lists of what is linked
	@GO='$(GO)' NFPM=$(NFPM) scripts/release

release-test: $(NFPM) ## build it twice and compare, install, upgrade and remove the package under systemd (needs root and debootstrap)
	@GO='$(GO)' NFPM=$(CURDIR)/$(NFPM) scripts/release-test

image-test: ## build deploy/Dockerfile without a registry, and run what it makes without a right (needs root, debootstrap and buildah)
	@GO='$(GO)' scripts/image-test

check: fmt-check vet house unit lint ## the inner loop: format, vet, house rules, short tests, linters

test: ## everything: install what the tests drive, then every test, then what verifies under the race detector
	$(DEPS)
	TOKENRY_TEST_REQUIRE=1 scripts/with-postgres $(GO) test -count=1 -vet=off -p $(SIDE) -timeout 20m $(TESTFLAGS) $(ORDERED)
	$(if $(PROVIDER),$(GO) -C terraform test -count=1 -vet=off $(TESTFLAGS) ./...)
	$(if $(RACE),$(RACED) -skip '/^postgres$$' $(TESTFLAGS) $(RACE))

race: ## every test of what can race, under the race detector
	$(DEPS)
	$(if $(filter $(ENGINES),$(RACING)),$(RACED) $(TESTFLAGS) $(filter $(ENGINES),$(RACING)))
	$(if $(filter-out $(ENGINES),$(RACING)),$(RACED) -skip '/^postgres$$' $(TESTFLAGS) $(filter-out $(ENGINES),$(RACING)))

torture: ## break nodes and judge what they answer for TORTURE; a failure prints the seed that replays it
	TOKENRY_TEST_REQUIRE=1 $(GO) test -count=1 -timeout 0 -v ./internal/torture -args -for=$(TORTURE) -length=30s -clocks

torture-mutants: ## see that torture finds out builds that break the promise
	TOKENRY_TEST_REQUIRE=1 $(GO) test -count=1 -timeout 60m -v ./internal/torture -run TestMutantsAreFoundOut -args -mutants -clocks

strangers: ## run what others wrote beside a real server: a Kubernetes API server and OpenTofu (built once, minutes), a validating proxy, generators of clients, libraries for webhooks and SCIM, clients that repeat requests, MCP servers and clients, proxies (writes the tables of their pages)
	scripts/apidoc
	scripts/generated --write
	scripts/webhooks
	scripts/mcp
	scripts/proxies --write
	scripts/retrying
	scripts/scim
	scripts/kubernetes
	scripts/terraform

bench-cluster: ## print how long revocations take on 1, 3 and 5 nodes, one of them ill, and what they cost (four minutes)
	TOKENRY_TEST_REQUIRE=1 $(GO) test -count=1 -timeout 20m -v -run TestFigures ./internal/torture -args -figures

scale: ## print how long revocations wait with up to a thousand nodes, and 10,000 programs, simulated; SCALE=measured asks a database for its prices first
	TOKENRY_TEST_REQUIRE=1 TOKENRY_SCALE=$(SCALE) $(GO) test ./internal/cluster -run TestScale -v -timeout 20m

bench: ## measure; BENCH holds the command, BENCHFLAGS is appended
	$(BENCH) $(BENCHFLAGS)

bench-compare: ## compare processes on a core each with nginx, net/http and an older build, and write docs/performance.md (five minutes)
	$(GO) test -count=1 -timeout 60m -v -run 'TestCompare$$' ./internal/bench -args -compare -page $(CURDIR)/docs/performance.md $(BENCHFLAGS)

bench-scale: ## print how each list, verb and job grows with SIZES tokens, on both engines (half an hour)
	TOKENRY_TEST_REQUIRE=1 $(GO) test -run '^$$' -bench Scale -benchtime 1x -timeout 120m ./internal/bench -sizes $(SIZES) $(BENCHFLAGS)

bench-writes: ## print how many tokens a second are created and revoked, on both engines (a minute)
	TOKENRY_TEST_REQUIRE=1 $(GO) test -run '^$$' -bench Writes -benchtime 1x ./internal/bench -writing 5s $(BENCHFLAGS)

generate: ## write anew what is generated: references, schemas, golden files
	$(GO) generate ./...

fmt: ## format every Go file
	gofmt -w $(GOFILES)

lint: $(LINT) ## run the linters (.golangci.yml), which also hold the floors of the house
	$(LINT) run $(PKG)
	$(if $(PROVIDER),cd terraform && ../$(LINT) run ./...)

house: ## check what no linter can: names of folders, rooms without a floor, tests that sleep
	@scripts/check-house

fuzz: ## fuzz each Fuzz target for FUZZTIME
	@GO='$(GO)' FUZZTIME='$(FUZZTIME)' scripts/fuzz

tools: $(LINT) ## build the pinned linter and benchstat into bin/.tools

clean: ## remove what a build leaves; the built tools stay
	rm -rf bin/tokenry dist .cache coverage.out
	find . -type f \( -name '*.test' -o -name '*.prof' \) -exec rm -f {} +

# The rest is for the targets above.

fmt-check:
	@bad=$$(gofmt -l $(GOFILES)) || exit 1; \
	if [ -n "$$bad" ]; then echo "these files are not gofmt'ed (make fmt):"; echo "$$bad" | sed "s|^$$PWD/||"; exit 1; fi

vet:
	$(GO) vet $(PKG)
	$(if $(PROVIDER),$(GO) -C terraform vet ./...)

unit:
	$(if $(strip $(UNIT)),$(GO) test -short $(TESTFLAGS) $(UNIT))

# Building the linter takes minutes, so it is done when tools/go.mod changed and not otherwise.
$(LINT): tools/go.mod tools/go.sum
	@echo "building the tools that tools/go.mod names (minutes, once)"
	@mkdir -p $(TOOLS)
	@CGO_ENABLED=0 $(GO) build -C tools -trimpath -o ../$(TOOLS)/ tool
	@touch $(LINT)

# It has a module of its own, so that the linter is not built anew for it.
$(NFPM): tools/packaging/go.mod tools/packaging/go.sum
	@mkdir -p $(TOOLS)
	@CGO_ENABLED=0 $(GO) build -C tools/packaging -trimpath -o ../../$(TOOLS)/ tool
	@touch $(NFPM)
