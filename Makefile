# Each target sets up what it needs by itself, given Node >= 20, npm and make <design/setup>.
#
#   make run       a tour: programs on the collected heap, with what to look at
#   make test      all tests;  make test TESTS=test/machine  those below a folder
#   make check     types, lint, citations, floors
#   make bench     all benches;  make bench BENCH="micro --json"  one of them
#   make soak      every program under every setting; goes on where it was stopped
#   make mutants   plant known defects, one at a time, and see that the tests report each
#   make mutants-codec   break every rule of the capability codec in turn
#   make clean     remove what was built (not node_modules, not the soak's state)

NPM = npm --silent

.PHONY: run test check bench soak mutants mutants-codec clean node
.DEFAULT_GOAL := run

run: node
	@$(NPM) start
test: node
	@$(NPM) test -- $(TESTS)
check: node
	@$(NPM) run check
bench: node
	@$(NPM) run bench -- $(BENCH)
soak: node
	@$(NPM) run soak -- $(SOAK)
mutants: node
	@$(NPM) run mutants -- $(MUTANTS)
mutants-codec: node
	@$(NPM) run mutants:codec -- $(MUTANTS)
clean:
	@rm -rf dist build coverage *.tgz

node:
	@command -v node >/dev/null && command -v npm >/dev/null || \
	  { echo 'capstan: Node 20 or later and npm are needed (https://nodejs.org)' >&2; exit 2; }
