#!/usr/bin/env bash
# A private MySQL 9: mysql.sh FOLDER PORT [options]. Makes the data where FOLDER has none, then serves in the foreground
# on 127.0.0.1:PORT for root without a password, until it is ended. MYSQL_ROOT is the folder of a Debian that has it, as
# server/tests/debian.sh makes it; without it mysqld is this machine's.
set -euo pipefail
folder=$1 port=$2
shift 2
. "$(dirname "$0")/../tests/debian.sh"
run() { PATH=$PATH:/usr/sbin in_debian "${MYSQL_ROOT:-}" "$@"; }
mkdir -p "$folder"
options=(--no-defaults --datadir="$folder/data" --user="$(id -un)" --secure-file-priv=NULL --mysqlx=OFF --innodb-redo-log-capacity=16M)
# Making the data takes seconds, so they are kept beside the Debian that they belong to.
kept=${MYSQL_ROOT:+$MYSQL_ROOT.data}
if [ ! -d "$folder/data" ] && [ -n "$kept" ] && [ -d "$kept" ]; then cp -a "$kept" "$folder/data"; fi
if [ ! -d "$folder/data/mysql" ]; then
    # It makes an administrator for this machine's name only, and with --skip-name-resolve 127.0.0.1 is none.
    echo "CREATE USER root@'127.0.0.1'; GRANT ALL ON *.* TO root@'127.0.0.1' WITH GRANT OPTION;" >"$folder/init.sql"
    (run mysqld "${options[@]}" --initialize-insecure --init-file="$folder/init.sql" 2>"$folder/install.log") ||
        { tail -n 20 "$folder/install.log" >&2; exit 1; }
    # Of several that come first at once, one keeps its data.
    if [ -n "$kept" ]; then
        cp -a "$folder/data" "$kept.$$"
        mv --no-target-directory "$kept.$$" "$kept" 2>/dev/null || rm -rf "$kept.$$"
    fi
fi
run mysqld "${options[@]}" --bind-address=127.0.0.1 --port="$port" --socket="$folder/socket" --pid-file="$folder/pid" --skip-name-resolve "$@" 2>>"$folder/log"
