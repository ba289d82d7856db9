#!/usr/bin/env bash
# The server's tests, on SQLite, MariaDB, MySQL and PostgreSQL, and the API against its document. Private servers are started in a
# temporary folder on free ports and ended afterwards; TEST_MYSQL_URL and TEST_POSTGRES_URL name others to be used instead of
# MariaDB and PostgreSQL. An engine that is neither installed nor named is reported as not tested.
set -euo pipefail
cd "$(dirname "$0")/.."

. server/databases/start.sh
. server/databases/suite.sh
not_run=()
status=0
engines=()
if [ -n "${TEST_MYSQL_URL:-}" ]; then
    engines+=(mariadb)
elif has_mariadb; then
    start mariadb "${fast_mariadb[@]}"
    export TEST_MYSQL_URL="mysql://root@127.0.0.1:$port/mysql"
    engines+=(mariadb)
else
    not_run+=("the server's tests on MariaDB: install mariadb-server, or set TEST_MYSQL_URL")
fi
if [ -n "${TEST_POSTGRES_URL:-}" ]; then
    engines+=(postgres)
elif has_postgres; then
    start postgres "${fast_postgres[@]}"
    export TEST_POSTGRES_URL="postgres://hallpass@127.0.0.1:$port/postgres"
    engines+=(postgres)
else
    not_run+=("the server's tests on PostgreSQL: install postgresql, or set TEST_POSTGRES_URL")
fi
both=
[ "${#engines[@]}" != 2 ] || both=yes
mysql9_url=
if start_mysql9; then
    mysql9_url="mysql://root@127.0.0.1:$port/mysql"
    engines+=(mysql)
else
    not_run+=("the server's tests on MySQL 9: need root and Debian's debootstrap")
fi

# The experiments of tests/torture write down what they cannot do here.
export NOT_RUN=$folder/not_run
: >"$NOT_RUN"
echo "== the server's tests on SQLite"
run_tests "$([ -n "$both" ] || echo all_six_directions)" || status=1
while IFS= read -r name; do not_run+=("$name"); done <"$NOT_RUN"
[ -n "$both" ] || not_run+=("copying between the three engines: needs both servers")
for engine in "${engines[@]}"; do
    echo "== the server's tests on $engine"
    skip=
    if { [ "$engine" = mariadb ] && ! has_mariadb; } || { [ "$engine" = postgres ] && ! has_postgres; }; then
        skip=private_server
        not_run+=("restarts, kills and TLS of $engine: the tests start a server of their own, and it is not installed")
    fi
    case $engine in
    postgres) TEST_DATABASE=postgres run_tests "$skip" --test api || status=1 ;;
    mariadb) TEST_DATABASE=mysql run_tests "$skip" --test api || status=1 ;;
    mysql) TEST_DATABASE=mysql TEST_MYSQL_SERVER=mysql TEST_MYSQL_URL=$mysql9_url run_tests "" --test api || status=1 ;;
    esac
done
echo "== the API against its own document"
bash server/tests/schema/run.sh short || case $? in
3) not_run+=("the API against its own document: needs python3 with venv and pip, and schemathesis from its package index") ;;
*) status=1 ;;
esac
for name in "${not_run[@]}"; do echo "NOT RUN: $name"; done
exit $status
