# Every command a person needs. Without `just`: npx --yes rust-just <recipe>

set shell := ["bash", "-euo", "pipefail", "-c"]

pnpm := "cd client && npx --yes pnpm@10.34.9"
server := "target/release/hallpass"

# List the recipes
_default:
    @just --justfile {{ justfile() }} --list --unsorted

# Build the app and the server, then serve both on http://localhost:3000
[group('run')]
start: build
    LOG_FORMAT="${LOG_FORMAT:-pretty}" {{ server }}

# Fill an empty database with 200 people to try things on, and print one login
[group('run')]
demo: build-server
    LOG_FORMAT="${LOG_FORMAT:-pretty}" {{ server }} demo

# Run any hallpass command, for example: just hallpass user create alice --admin
[group('run')]
hallpass *arguments: build-server
    LOG_FORMAT="${LOG_FORMAT:-pretty}" {{ server }} {{ arguments }}

# Build the app and the server for production
[group('build')]
build: build-client build-server

# Build the web app into client/dist
[group('build')]
build-client: install
    {{ pnpm }} build

# Build the server into target/release
[group('build')]
build-server:
    cargo build --release --locked

# Install the web app's dependencies as locked
[group('build')]
install:
    {{ pnpm }} install --frozen-lockfile --prefer-offline

# Serve the API on :8000 and the app on http://localhost:5173, both with reload
[group('develop')]
dev: install
    #!/usr/bin/env bash
    set -euo pipefail
    trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
    export ENVIRONMENT=development PORT="${PORT:-8000}"
    export HALLPASS_API="${HALLPASS_API:-http://127.0.0.1:$PORT}"
    bash server/dev.sh &
    (cd client && npx --yes pnpm@10.34.9 dev) &
    wait -n

# Generate the API client from the server's OpenAPI document
[group('develop')]
gen: install
    cargo run --quiet --locked -- openapi > client/openapi.json
    {{ pnpm }} gen

# Format everything
[group('develop')]
format: install
    cargo fmt -- --config-path server
    {{ pnpm }} format

# Every test: server, app, browser. Installs what it needs where it may
[group('check')]
test: packages install test-server test-client test-browser

# The server's tests
[group('check')]
test-server:
    bash server/test.sh

# The app's component tests
[group('check')]
test-client: install
    {{ pnpm }} test

# The app in a real browser on the real server, and through the dev server
[group('check')]
test-browser: install
    {{ pnpm }} build
    cargo build --locked
    {{ pnpm }} e2e

# Format, lints, types, unused and vulnerable dependencies, generated files
[group('check')]
check: install
    cargo fmt --check -- --config-path server
    cargo clippy --all-targets --locked -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --document-private-items --locked --quiet
    {{ pnpm }} format:check
    {{ pnpm }} lint
    {{ pnpm }} types
    {{ pnpm }} knip
    bash .ci/stale.sh
    bash .ci/advisories.sh

# Install Debian's Chromium where the tests need it and may
_chromium := "/usr/bin/chromium"

[private]
packages:
    #!/usr/bin/env bash
    set -euo pipefail
    [ -x {{ _chromium }} ] && exit 0
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        echo "The browser tests need {{ _chromium }}: install your system's chromium package." >&2
        exit 1
    fi
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null
