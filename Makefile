# Everything that is done with this tree. `make` alone lists it.

GO   ?= go
BIN  := bin
# The servers of `make demo` and of `make test-one`, which outlive the command.
DEMO := .devcluster/demo
KEPT := .devcluster/test

# What `make test-one` runs, and on which arguments of `go test` all tests run.
PKG       ?= ./integration
TEST      ?= .
TESTFLAGS ?= -timeout 60m
SOAK      ?= 500
# What `make bench` is told: -only peers,noop, or -runs 9.
BENCHFLAGS ?=

# Packages whose tests start servers. They wait more than they compute: GOGC spares
# the two cores of a small machine, and several packages at a time fill them.
SERVED  = $(shell grep -rlw --include='*_test.go' testcluster . | xargs -n 1 dirname | sort -u)
PLAIN   = $(filter-out $(patsubst ./%,github.com/skein-migrate/skein/%,$(SERVED)),$(shell $(GO) list ./...))
# Every operation on real servers, which takes as long as all other tests.
CONFORMANCE := ./integration/conformance
TOGETHER ?= 3

# The race detector needs cgo, and cgo a C compiler. Nothing else here does.
RACE ?= $(shell test "$$($(GO) env CGO_ENABLED)" = 1 && command -v "$$($(GO) env CC)" >/dev/null && echo -race)

# Packages with golden files are those whose tests know the flag -update.
GOLDEN = $(shell grep -rl --include='*_test.go' 'flag.Bool."update"' . | xargs -n 1 dirname | sort -u)

.DEFAULT_GOAL := help
.PHONY: help deps build release demo demo-down test conformance faults soak unit test-one test-one-down golden bench bench-hotpaths lint fmt vet tidy vuln clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

deps: ## install the real servers that demo and tests run on (Debian; root or sudo)
	@scripts/deps.sh

build: ## bin/skein, bin/devcluster, bin/skein-example
	@mkdir -p $(BIN)
	CGO_ENABLED=0 $(GO) build -o $(BIN)/ ./cmd/skein ./cmd/devcluster ./examples/skein-example

release: ## dist/: static binaries for linux and darwin, amd64 and arm64, and SHA256SUMS
	@GO="$(GO)" scripts/release.sh dist

demo: deps build ## two groups of migrations on 2 shards x 2 replicas, which stay up
	@scripts/demo.sh $(DEMO)

demo-down: build ## stop the servers of demo and delete their data
	@$(BIN)/devcluster down --dir $(DEMO)

test: deps build ## the tests, real servers included; CI runs conformance and faults too
	GOGC=400 SKEIN_INTEGRATION=1 $(GO) test -p $(TOGETHER) -parallel 8 $(TESTFLAGS) $(filter-out $(CONFORMANCE),$(SERVED))
	@echo "race detector: $(if $(RACE),on,off (it needs cgo and a C compiler))"
	SKEIN_INTEGRATION=1 $(GO) test $(RACE) $(TESTFLAGS) $(PLAIN)

conformance: deps build ## every operation on real servers (docs/operations.md), and every definition dumped and made again
	GOGC=400 SKEIN_INTEGRATION=1 $(GO) test -parallel 8 $(TESTFLAGS) $(CONFORMANCE)

race: deps build ## the tests on real servers under the race detector; half an hour
	SKEIN_INTEGRATION=1 $(GO) test -race $(TESTFLAGS) $(SERVED)

faults: deps build ## the fault matrix (docs/reliability.md); FAULTSFLAGS=-update writes its table, -run=TestX runs one case
	cd integration/faults && GOGC=400 SKEIN_FAULTS=1 SKEIN_INTEGRATION=1 $(GO) test -count=1 -timeout 40m -parallel 16 $(FAULTSFLAGS)

soak: deps build ## 500 rounds (SOAK=n) of processes at once and of random faults; hours
	cd integration/faults && SKEIN_FAULTS=1 SKEIN_INTEGRATION=1 $(GO) test -count=1 -timeout 24h -parallel 16 \
	  -run 'TestManyProcessesAtOnce|TestRandomFaults' -soak $(SOAK) $(FAULTSFLAGS)

unit: ## the tests that need no server
	SKEIN_INTEGRATION=0 $(GO) test $(TESTFLAGS) ./...

test-one: build ## one package or test on servers that stay up: PKG=./integration TEST=TestName
	@$(BIN)/devcluster status --dir $(KEPT) >/dev/null 2>&1 || $(BIN)/devcluster down --dir $(KEPT)
	@$(BIN)/devcluster up --dir $(KEPT)
	SKEIN_INTEGRATION=1 SKEIN_TESTCLUSTER_DIR=$(CURDIR)/$(KEPT) $(GO) test -count=1 -v -run '$(TEST)' $(TESTFLAGS) $(PKG)

test-one-down: build ## stop the servers of test-one and delete their data
	@$(BIN)/devcluster down --dir $(KEPT)

golden: ## write the golden files anew; look at the difference before you commit it
	SKEIN_INTEGRATION=0 $(GO) test $(GOLDEN) -update

bench: deps ## measure skein on real servers (bench/README.md); BENCHFLAGS="-only peers,noop -runs 3"
	@mkdir -p $(BIN)
	CGO_ENABLED=0 $(GO) build -o $(BIN)/bench ./bench
	$(BIN)/bench $(BENCHFLAGS)

bench-hotpaths: $(BIN)/benchstat ## Go benchmarks of rendering, planning and reading the state, into bench/results/hotpaths.txt
	$(GO) test -run '^$$' -bench . -count 6 -benchtime 200ms ./ops ./plan ./state > $(BIN)/hotpaths.txt
	@cd $(BIN) && ./benchstat hotpaths.txt > ../bench/results/hotpaths.txt
	@cat bench/results/hotpaths.txt

lint: $(BIN)/golangci-lint ## golangci-lint, gofumpt among it
	$(BIN)/golangci-lint run ./...

fmt: $(BIN)/gofumpt ## format all Go files
	$(BIN)/gofumpt -w .

vet: ## go vet
	$(GO) vet ./...

tidy: ## check that go.mod and go.sum are what the code needs
	$(GO) mod tidy -diff
	cd tools && $(GO) mod tidy -diff

vuln: $(BIN)/govulncheck ## known vulnerabilities in what we import; asks vuln.go.dev
	$(BIN)/govulncheck ./...

clean: ## stop the servers, delete bin/, dist/ and .devcluster/
	@if test -x $(BIN)/devcluster; then \
	  $(BIN)/devcluster down --dir $(DEMO); $(BIN)/devcluster down --dir $(KEPT); fi
	rm -rf $(BIN) dist .devcluster

# The tools have a module of their own, so that their versions do not touch ours.
TOOLS := $(BIN)/golangci-lint $(BIN)/gofumpt $(BIN)/govulncheck $(BIN)/benchstat
$(BIN)/golangci-lint: PACKAGE := github.com/golangci/golangci-lint/v2/cmd/golangci-lint
$(BIN)/gofumpt:       PACKAGE := mvdan.cc/gofumpt
$(BIN)/govulncheck:   PACKAGE := golang.org/x/vuln/cmd/govulncheck
$(BIN)/benchstat:     PACKAGE := golang.org/x/perf/cmd/benchstat
$(TOOLS): tools/go.mod tools/go.sum
	cd tools && CGO_ENABLED=0 $(GO) build -o ../$@ $(PACKAGE)
