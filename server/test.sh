#!/usr/bin/env bash
# The server's tests, on SQLite, MariaDB and PostgreSQL, and the API against its document. Private servers are started in a temporary folder on free ports and
# ended afterwards; TEST_MYSQL_URL and TEST_POSTGRES_URL name others to be used instead. An engine that is neither installed
# nor named is said not to have been tested.
set -euo pipefail
cd "$(dirname "$0")/.."

. server/databases/start.sh
not_run=()

# cargo-nextest where it is installed, cargo's own runner elsewhere: the tests are the same.
run() {
    local skip=$1
    shift
    if cargo nextest --version >/dev/null 2>&1; then
        cargo nextest run --locked --no-fail-fast "$@" ${skip:+-E "not test($skip)"}
    else
        cargo test --locked --no-fail-fast "$@" -- ${skip:+--skip "$skip"}
    fi
}

status=0
engines=()
if [ -n "${TEST_MYSQL_URL:-}" ]; then
    engines+=(mysql)
elif has_mariadb; then
    start mariadb --max-connections=1000 --innodb-flush-log-at-trx-commit=0 --innodb-buffer-pool-size=256M
    export TEST_MYSQL_URL="mysql://root@127.0.0.1:$port/mysql"
    engines+=(mysql)
else
    not_run+=("the server's tests on MySQL/MariaDB: install mariadb-server, or set TEST_MYSQL_URL")
fi
if [ -n "${TEST_POSTGRES_URL:-}" ]; then
    engines+=(postgres)
elif has_postgres; then
    start postgres -c max_connections=1000 -c fsync=off -c shared_buffers=256MB
    export TEST_POSTGRES_URL="postgres://hallpass@127.0.0.1:$port/postgres"
    engines+=(postgres)
else
    not_run+=("the server's tests on PostgreSQL: install postgresql, or set TEST_POSTGRES_URL")
fi

# The experiments of tests/torture write down what they cannot do here.
export NOT_RUN=$folder/not_run
: >"$NOT_RUN"
echo "== the server's tests on SQLite"
run "$([ "${#engines[@]}" = 2 ] || echo all_six_directions)" || status=1
while IFS= read -r name; do not_run+=("$name"); done <"$NOT_RUN"
[ "${#engines[@]}" = 2 ] || not_run+=("copying between the three engines: needs both servers")
for engine in "${engines[@]}"; do
    echo "== the server's tests on $engine"
    skip=
    if { [ "$engine" = mysql ] && ! has_mariadb; } || { [ "$engine" = postgres ] && ! has_postgres; }; then
        skip=private_server
        not_run+=("restarts, kills and TLS of $engine: the tests start a server of their own, and it is not installed")
    fi
    TEST_DATABASE=$engine run "$skip" --test api || status=1
done
echo "== the API against its own document"
bash server/tests/schema/run.sh short || case $? in
3) not_run+=("the API against its own document: needs python3 with venv and pip, and schemathesis from its package index") ;;
*) status=1 ;;
esac
for name in "${not_run[@]}"; do echo "NOT RUN: $name"; done
exit $status
