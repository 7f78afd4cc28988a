# SPDX-License-Identifier: Apache-2.0
# The doors to the build. What each does is in tools/, tests/ and bench/; Meson builds.

BUILD := build
.DEFAULT_GOAL := build

.PHONY: help setup build demo check check-matrix bench fuzz format tidy install uninstall clean

help:
	@echo 'make setup         install what is missing to build (Debian packages)'
	@echo 'make build         the release binary: $(BUILD)/inquest'
	@echo 'make demo          crash a real program and explain it'
	@echo 'make check         layers, documents, format, two compilers, unit and end-to-end tests, with and without sanitizers'
	@echo 'make check-matrix  the same stacks on every Debian suite, against its own compilers and gdb'
	@echo 'make bench         time and memory against the peers'
	@echo 'make fuzz          every fuzz target for FUZZ_SECONDS (600); TARGETS="a b" for some'
	@echo 'make format        lay out the sources as `make check` wants them'
	@echo 'make tidy          clang-tidy'
	@echo 'make install       PREFIX (/usr/local, later the last one), DESTDIR'
	@echo 'make uninstall     remove what the last install put there'
	@echo 'make clean         remove everything that was built'

# All that the goals need is asked for before the first of them is built.
NEEDS := build $(filter demo check bench,$(MAKECMDGOALS)) $(if $(filter check-matrix fuzz,$(MAKECMDGOALS)),check)

setup:
	@tools/setup.sh $(NEEDS)

# Configures once; the header farm is made again each time, for headers that are new.
build: setup
	@test -f $(BUILD)/build.ninja || meson setup $(BUILD) -Dtests=false
	@tools/layers.py --farm $(BUILD)/include >/dev/null
	ninja -C $(BUILD)

demo: build
	@tools/demo.sh

check: build
	@tools/check.py

check-matrix: build
	@tests/matrix.py

bench: build
	@bench/run.py

fuzz: setup
	@tools/fuzz.py $(TARGETS)

format:
	clang-format-16 -i $$(find src fuzz tests/unit -name '*.[ch]')

tidy:
	@test -f build-check/build.ninja || meson setup build-check -Dwerror=true
	find src -name '*.c' | xargs -P "$$(nproc)" -n 4 clang-tidy-16 -p build-check --quiet

install: build
	$(if $(PREFIX),meson configure $(BUILD) --prefix='$(PREFIX)' && ninja -C $(BUILD))
	meson install -C $(BUILD) --no-rebuild

# Of what the last install put there.
uninstall:
	ninja -C $(BUILD) uninstall

clean:
	rm -rf $(BUILD) build-check build-asan build-fuzz
