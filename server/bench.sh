#!/usr/bin/env bash
# The benchmark, on SQLite and on private MariaDB and PostgreSQL servers where they are installed, with the durability that
# they have by default.
set -euo pipefail
cd "$(dirname "$0")/.."
. server/databases/start.sh

if has_mariadb; then
    start mariadb --innodb-buffer-pool-size=1G
    export BENCH_MYSQL_URL="mysql://root@127.0.0.1:$port/hallpass"
    PATH=$PATH:/usr/sbin mariadb --no-defaults -h 127.0.0.1 -P "$port" -u root -e "CREATE DATABASE hallpass"
fi
if has_postgres; then
    start postgres -c shared_buffers=1GB
    export BENCH_POSTGRES_URL="postgres://hallpass@127.0.0.1:$port/postgres"
fi
cargo bench --locked --quiet --bench speed
