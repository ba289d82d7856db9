#!/usr/bin/env bash
# A private MariaDB: mariadb.sh FOLDER PORT [options]. Makes the data where FOLDER has none, then serves in the foreground
# on 127.0.0.1:PORT for root without a password, until it is ended. The system's settings are not read; FOLDER/my.cnf is.
# MARIADB_ROOT is the folder of a Debian with another version, as server/tests/debian.sh makes it.
set -euo pipefail
folder=$1 port=$2
shift 2
. "$(dirname "$0")/../tests/debian.sh"
run() { in_debian "${MARIADB_ROOT:-}" "$@"; }
# Debian keeps servers where only root's PATH looks.
PATH=$PATH:/usr/sbin
mkdir -p "$folder/tmp"
# A server that starts removes the temporary tables it finds, those of others included.
export TMPDIR=$folder/tmp
touch "$folder/my.cnf"
if [ ! -d "$folder/data/mysql" ]; then
    (run mariadb-install-db --defaults-file="$folder/my.cnf" --datadir="$folder/data" --auth-root-authentication-method=normal \
        --user="$(id -un)" --skip-test-db) >"$folder/install.log" 2>&1 || { cat "$folder/install.log" >&2; exit 1; }
fi
run mariadbd --defaults-file="$folder/my.cnf" --datadir="$folder/data" --bind-address=127.0.0.1 --port="$port" --socket="$folder/socket" \
    --pid-file="$folder/pid" --user="$(id -un)" --character-set-server=utf8mb4 --skip-name-resolve "$@" 2>>"$folder/log"
