#!/usr/bin/env bash
# A private PostgreSQL: postgres.sh FOLDER PORT [options]. Makes the data where FOLDER has none, then serves in the foreground
# on 127.0.0.1:PORT for the user hallpass without a password, until it is ended. POSTGRES_ROOT is the folder of a Debian with
# another version, as server/tests/debian.sh makes it.
set -euo pipefail
folder=$1 port=$2
shift 2
. "$(dirname "$0")/../tests/debian.sh"
root=${POSTGRES_ROOT:-}
# Debian keeps each version's programs in a folder of its own.
PATH=$(printf '%s\n' "$root"/usr/lib/postgresql/*/bin | sort -Vr | sed "s#^$root##" | tr '\n' ':')$PATH
# It refuses to run as root.
as_postgres() { in_debian "$root" "$@"; }
if [ "$(id -u)" = 0 ]; then
    as_postgres() { in_debian "$root" setpriv --reuid=postgres --regid=postgres --init-groups --reset-env env PATH="$PATH" "$@"; }
fi
if [ ! -e "$folder/data/PG_VERSION" ]; then
    mkdir -p "$folder/data"
    [ "$(id -u)" != 0 ] || chown postgres "$folder" "$folder/data"
    (as_postgres initdb -D "$folder/data" -U hallpass -A trust -E UTF8 --locale=C.UTF-8) >"$folder/install.log" 2>&1 ||
        { cat "$folder/install.log" >&2; exit 1; }
fi
as_postgres postgres -D "$folder/data" -p "$port" -k "$folder" -h 127.0.0.1 "$@" 2>>"$folder/log"
