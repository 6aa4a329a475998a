SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# How long make fuzz stays with each target.
FUZZTIME ?= 30s
# How many random arrivals make fuzz tries each trace with.
SEEDS ?= 1000
# What make bench measures: megabytes, profiles, connections (0: the profile's
# own), runs, and how many idle connections, and ten times as many (0: none).
SIZE ?= 100
CONNECTIONS ?= 0
PROFILE ?= small bulk deflate mixed
RUNS ?= 7
IDLE ?= 10000
# The packets per second that make bench-live tries, 0 for as many as can be sent.
RATES ?= 50000,100000,200000,300000,500000,0
# How long make soak takes.
MINUTES ?= 20
# Which benchmarks make bench-stages runs.
BENCH ?= .

# 1 where libpcap's headers are, or could be brought; asked for once, and only
# by the targets that build.
CGO = $(eval CGO := $$(shell CGO_ENABLED=$(CGO_ENABLED) .ci/libpcap))$(CGO)
GO = CGO_ENABLED=$(CGO) go

# In a tree that git does not trust or know, go build fails over the version stamp.
ifneq ($(shell git rev-parse HEAD >/dev/null 2>&1 && echo known),known)
export GOFLAGS += -buildvcs=false
endif

.PHONY: help
help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: build ## build, and show the frames of a recorded call-signalling session
	@echo '$$ bin/wstap -r testdata/demo/signalling.pcapng'
	@bin/wstap -r testdata/demo/signalling.pcapng

.PHONY: build
build: ## build bin/wstap (brings libpcap's headers with apt where they are missing)
	@$(GO) build -o bin/wstap ./cmd/wstap
	@echo built bin/wstap

.PHONY: install
install: ## install wstap with go install
	@$(GO) install ./cmd/wstap
	@bin=$$(go env GOBIN); bin=$${bin:-$$(go env GOPATH)/bin}; echo "installed $$bin/wstap"; \
	echo "to capture without root: sudo setcap cap_net_raw,cap_net_admin+ep $$bin/wstap"

.PHONY: test
test: ## run all tests, with the race detector where there is cgo
	@$(GO) test $(if $(filter 1,$(CGO)),-race) -shuffle=on ./...

.PHONY: check
check: ## gofmt, vet, staticcheck, go.mod, the floors, the build without cgo
	@echo gofmt; unformatted=$$(gofmt -l .); test -z "$$unformatted" || { echo "not formatted: $$unformatted"; exit 1; }
	@echo go vet; $(GO) vet ./...
	@echo staticcheck; $(GO) tool staticcheck ./...
	@echo go.mod; go mod tidy -diff
	@echo floors; $(GO) test -run '^Test(Floors|Planted)' .
	@echo without cgo; CGO_ENABLED=0 go build ./...; CGO_ENABLED=0 go vet ./...
	@echo scripts; for f in .ci/* testdata/demo/*.sh; do bash -n "$$f"; done
	@if command -v golangci-lint >/dev/null; then echo golangci-lint; golangci-lint run; \
	else echo 'golangci-lint is not installed: left out'; fi

.PHONY: bench
bench: build ## measure wstap beside tshark, tcpdump and cat; SIZE=1000 (MB), PROFILE="small bulk", RUNS, IDLE=0
	@mkdir -p bin; $(GO) build -o bin/bench.tool ./testdata/bench
	@bin/bench.tool -size $(SIZE) -connections $(CONNECTIONS) -runs $(RUNS) -idle $(IDLE) $(PROFILE)

.PHONY: bench-stages
bench-stages: ## run the benchmarks of the stages; BENCH=regexp chooses
	@$(GO) test -run '^$$' -bench '$(BENCH)' -benchmem ./...

.PHONY: bench-live
bench-live: build ## as root: the highest rate at which live capture loses nothing, beside tcpdump's; RATES
	@mkdir -p bin; $(GO) build -o bin/bench.tool ./testdata/bench; $(GO) build -o bin/benchlive.tool ./testdata/benchlive
	@bin/bench.tool -dir bin/bench -size $(SIZE) -generate small
	@bin/benchlive.tool -pcap bin/bench/small-$(SIZE)MB.pcap -rates $(RATES)

.PHONY: soak
soak: build ## as root: churning connections live for MINUTES (20); memory, goroutines, descriptors stay level
	@mkdir -p bin; $(GO) build -o bin/soak.tool ./testdata/soak
	@bin/soak.tool -minutes $(MINUTES)

.PHONY: page-figures
page-figures: ## measure the page in Chromium; CAPTURES="a.pcap ..." measures their sizes too
	@WSTAP_PAGE_FIGURES=1 CAPTURES='$(CAPTURES)' $(GO) test -count=1 -v -timeout 0 -run '^TestPageFigures$$' ./cmd/wstap

.PHONY: page-images
page-images: ## make the pictures of docs/images with Chromium
	@WSTAP_PAGE_IMAGES=1 $(GO) test -count=1 -run '^TestPageImages$$' ./cmd/wstap

.PHONY: fuzz
fuzz: ## try SEEDS (1000) random arrivals of each trace, and fuzz each target for FUZZTIME (30s)
	@WSTAP_SEEDS=$(SEEDS) $(GO) test -run '^Test(TLS)?(Arrival|NothingFalse)$$' -timeout 0 ./wsframe
	@for pkg in $$(go list ./...); do \
		targets=$$($(GO) test -list '^Fuzz' "$$pkg"); \
		for target in $$(grep '^Fuzz' <<<"$$targets" || true); do \
			echo "$$pkg $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) "$$pkg"; \
		done; \
	done

.PHONY: cover
cover: ## test coverage over all packages, as bin/cover.html
	@mkdir -p bin
	@$(GO) test -coverpkg=./... -coverprofile=bin/cover.out ./...
	@go tool cover -html=bin/cover.out -o bin/cover.html
	@go tool cover -func=bin/cover.out | tail -1
