#!/usr/bin/env bash
# What docker-compose.yml uses of the official image: POSTGRES_DB, POSTGRES_USER, POSTGRES_PASSWORD_FILE and POSTGRES_INITDB_ARGS
# are set up once, while the server answers on its socket only.
set -euo pipefail
programs=$(echo /usr/lib/postgresql/*/bin)
version=$(basename "$(dirname "$programs")")
data=/var/lib/postgresql/$version/docker
if [ "$(id -u)" = 0 ]; then
    install -d -o postgres -g postgres /var/lib/postgresql /run/postgresql
    exec setpriv --reuid postgres --regid postgres --init-groups bash "$0" "$@"
fi
if [ ! -s "$data/PG_VERSION" ]; then
    mkdir -p "$data"
    # shellcheck disable=SC2086
    "$programs/initdb" -D "$data" -U "$POSTGRES_USER" --pwfile="$POSTGRES_PASSWORD_FILE" --auth-host=scram-sha-256 \
        --auth-local=trust $POSTGRES_INITDB_ARGS >/dev/null
    echo "host all all all scram-sha-256" >>"$data/pg_hba.conf"
    "$programs/pg_ctl" -D "$data" -o "-c listen_addresses=''" -w start >/dev/null
    psql -U "$POSTGRES_USER" -d postgres -qc "CREATE DATABASE \"$POSTGRES_DB\""
    "$programs/pg_ctl" -D "$data" -m fast -w stop >/dev/null
fi
exec "$programs/postgres" -D "$data" -c listen_addresses='*' "$@"
