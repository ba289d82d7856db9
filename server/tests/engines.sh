#!/usr/bin/env bash
# The server's tests on the newest servers, which Debian's unstable suite has: MySQL 9, MariaDB 11.8 and PostgreSQL 18; then
# `hallpass copy` from each of them to each other. As root on Debian; debootstrap fetches the servers once.
set -euo pipefail
cd "$(dirname "$0")/../.."
. server/databases/start.sh
. server/databases/suite.sh

MARIADB_ROOT=$(debian_folder "${SID_OTHERS[@]}")
export MARIADB_ROOT POSTGRES_ROOT=$MARIADB_ROOT
start_mysql9
mysql="root@127.0.0.1:$port"
start mariadb "${fast_mariadb[@]}"
mariadb="root@127.0.0.1:$port"
start postgres "${fast_postgres[@]}"
postgres="hallpass@127.0.0.1:$port"
export TEST_POSTGRES_URL="postgres://$postgres/postgres"

# ask ROOT PROGRAM ARGUMENTS...: a client of one of them.
ask() { (in_debian "$@"); }
ask_mysql() { ask "$MYSQL_ROOT" mysql --no-defaults -N -u root -h 127.0.0.1 -P "${mysql#*:}" -e "$1"; }
ask_mariadb() { ask "$MARIADB_ROOT" mariadb --no-defaults --skip-ssl-verify-server-cert -N -u root -h 127.0.0.1 -P "${mariadb#*:}" -e "$1"; }
ask_postgres() { ask "$POSTGRES_ROOT" psql -qAt -U hallpass -h 127.0.0.1 -p "${postgres#*:}" -d postgres -c "$1"; }

echo "== MySQL $(ask_mysql 'SELECT VERSION()'), MariaDB $(ask_mariadb 'SELECT VERSION()'), PostgreSQL $(ask_postgres 'SHOW server_version')"
# What the tests on MySQL are to stand.
mode=$(ask_mysql "SELECT @@sql_mode LIKE '%STRICT_TRANS_TABLES%', @@collation_server, COUNT(*) FROM mysql.time_zone_name")
[ "$mode" = "$(printf '1\tutf8mb4_0900_ai_ci\t0')" ] ||
    { echo "MySQL is not strict, does not sort by utf8mb4_0900_ai_ci, or knows time zones: $mode" >&2; exit 1; }

status=0
echo "== the server's tests on MySQL, with copies between it, PostgreSQL and SQLite"
export TEST_MYSQL_URL="mysql://$mysql/mysql" TEST_MYSQL_SERVER=mysql
TEST_DATABASE=mysql run_tests "" --test api || status=1
TEST_DATABASE=sqlite run_tests "" --test api six_directions || status=1
echo "== the server's tests on MariaDB, with copies between it, PostgreSQL and SQLite"
export TEST_MYSQL_URL="mysql://$mariadb/mysql" TEST_MYSQL_SERVER=mariadb
TEST_DATABASE=mysql run_tests "" --test api || status=1
TEST_DATABASE=sqlite run_tests "" --test api six_directions || status=1
echo "== the server's tests on PostgreSQL"
TEST_DATABASE=postgres run_tests "" --test api || status=1

echo "== hallpass copy from each of the three to each other"
cargo build --quiet --locked
hallpass=$(realpath "${CARGO_TARGET_DIR:-target}/debug/hallpass")
export SESSION_KEY="the key of these tests is long enough" LOG_FORMAT=json RUST_LOG=error
mkdir "$folder/copies"
cd "$folder/copies"
DATABASE_URL=sqlite://demo.db "$hallpass" migrate >/dev/null
DATABASE_URL=sqlite://demo.db "$hallpass" demo >/dev/null 2>&1

# new_database ENGINE NAME: creates it and prints its URL.
new_database() {
    "ask_$1" "CREATE DATABASE $2"
    case $1 in
    mysql) echo "mysql://$mysql/$2" ;;
    mariadb) echo "mysql://$mariadb/$2" ;;
    postgres) echo "postgres://$postgres/$2" ;;
    esac
}
users() { DATABASE_URL=$1 "$hallpass" user list --json; }
# copies COPY FROM TO: each row is compared by the copy; here only that it says so, and that the users are the same.
copies() {
    if ! "$hallpass" copy --from "$2" --to "$3" >"$folder/copies/log" 2>&1 || ! diff <(users "$2") <(users "$3") >/dev/null; then
        cat "$folder/copies/log" >&2
        echo "FAILED: $1" >&2
        status=1
    fi
}
for from in mysql mariadb postgres; do
    source=$(new_database $from "source_of_all")
    copies "SQLite to $from" sqlite://demo.db "$source"
    [ "$(users "$source" | grep -c username)" -gt 0 ] || { echo "FAILED: nobody was copied to $from" >&2; status=1; }
    for to in mysql mariadb postgres; do
        [ $from != $to ] || continue
        echo "   $from to $to"
        copies "$from to $to" "$source" "$(new_database $to "from_$from")"
    done
done
exit $status
