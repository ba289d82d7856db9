# Every command a person needs. Without `just`: npx --yes rust-just <recipe>

set shell := ["bash", "-euo", "pipefail", "-c"]

pnpm := "cd client && npx --yes pnpm@10.34.9"
server := "target/release/hallpass"

# List the recipes
_default:
    @just --justfile {{ justfile() }} --list --unsorted

# Build everything, then serve it on http://localhost:3000
[group('run')]
start: build
    LOG_FORMAT="${LOG_FORMAT:-pretty}" {{ server }}

# Fill an empty database with 200 people to try things on, and print one login
[group('run')]
demo: build
    {{ server }} migrate
    LOG_FORMAT="${LOG_FORMAT:-pretty}" {{ server }} demo

# Run any hallpass command, for example: just hallpass user create alice --admin
[group('run')]
hallpass *arguments: build
    LOG_FORMAT="${LOG_FORMAT:-pretty}" {{ server }} {{ arguments }}

# Build the program for production: target/release/hallpass, with the web app in it
[group('build')]
build: build-client build-server

# Build the web app into client/dist
[group('build')]
build-client: install
    {{ pnpm }} build

# Build the server into target/release, with the web app that is in client/dist
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
    {{ pnpm }} build:token
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
    sh .ci/security-doc.sh
    bash .ci/advisories.sh

# A million cases of each property of the parsers, a hundred thousand of each over the wire: hours
[group('check')]
torture-fuzz $PROPTEST_CASES="1000000":
    cargo test --locked --release -- properties

# The API against its own document, a thousand examples of each operation: hours
[group('check')]
torture-schema examples="1000":
    bash server/tests/schema/run.sh {{ examples }}

# The server's tests and `hallpass copy` on MySQL 9, MariaDB 11.8 and PostgreSQL 18 of Debian's unstable suite; needs root
[group('check')]
test-engines: (packages "debootstrap")
    bash server/tests/engines.sh

# Dockerfile, docker-compose.yml and its backups for real, on a Docker engine of the test's own; needs root and Debian 12
[group('check')]
test-containers: build
    bash server/tests/containers/run.sh {{ server }}

# Three MariaDB nodes as one Galera cluster, one of them killed under load; GALERA_OPTIONS='name=value;...' are the nodes'
[group('check')]
test-cluster: (packages "mariadb-backup" "galera-4")
    cargo test --locked --test cluster -- --nocapture

# Accidents and attacks at full length, all or by name, for example: just torture kills flood. Some need root
[group('check')]
torture *names: (packages "nginx")
    ulimit -n "$(ulimit -Hn)" && \
    TORTURE=long cargo test --release --locked --test torture -- --nocapture --test-threads=1 {{ names }}

# How fast it is, beside bare actix-web, Argon2 alone and nginx, and on each database; some eight minutes
[group('check')]
bench: (packages "wrk" "nginx")
    bash server/bench.sh

# How long requests take while ten million old rows are deleted from SQLite; needs 10 GB
[group('check')]
bench-prune:
    cargo bench --locked --quiet --bench prune

# Build a Debian package: target/debian/hallpass_*.deb. Needs cargo-deb (cargo install cargo-deb --locked) and dpkg-dev
[group('deploy')]
deb *options: build
    @command -v cargo-deb >/dev/null || { echo "just deb needs cargo-deb: cargo install cargo-deb --locked" >&2; exit 1; }
    cargo deb --locked --no-build --package hallpass {{ options }}

# The Debian package, installed, used, upgraded and removed in a container with systemd. Needs root
[group('check')]
test-deb: deb
    cargo deb --locked --no-build --fast --package hallpass --deb-revision 2 --output target/debian-newer/
    bash server/tests/containers/deb.sh target/debian/*.deb target/debian-newer/*.deb

# How long it takes to find people among a million, and to index them; BENCH_DATABASE_URL names an empty database, else SQLite
[group('check')]
bench-people:
    cargo bench --locked --quiet --bench people

# Make ./secrets for docker-compose.yml: the keys, a database password, the URLs that hold it
[group('deploy')]
secrets:
    bash docs/deploy/secrets.sh

# Install Debian's packages that the tests need, where it may; named ones are needed as well
[private]
packages *more:
    #!/usr/bin/env bash
    set -euo pipefail
    missing=()
    [ -x /usr/bin/chromium ] || missing+=(chromium)
    PATH=$PATH:/usr/sbin command -v mariadbd >/dev/null || [ -n "${TEST_MYSQL_URL:-}" ] || missing+=(mariadb-server)
    compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null || [ -n "${TEST_POSTGRES_URL:-}" ] || missing+=(postgresql)
    PATH=$PATH:/usr/sbin command -v nginx >/dev/null || missing+=(nginx)
    for program in curl openssl python3; do command -v "$program" >/dev/null || missing+=("$program"); done
    python3 -c 'import ensurepip' 2>/dev/null || missing+=(python3-venv)
    for package in {{ more }}; do dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package"); done
    # For MySQL 9, which Debian's stable suite does not have.
    [ "$(id -u)" != 0 ] || command -v debootstrap >/dev/null || missing+=(debootstrap)
    [ ${#missing[@]} = 0 ] && exit 0
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
    elif [ -x /usr/bin/chromium ] && [ -z "{{ more }}" ]; then
        echo "Not installed, and only root may install them: ${missing[*]}"
    else
        echo "These are needed: install your system's packages for ${missing[*]}." >&2
        exit 1
    fi
