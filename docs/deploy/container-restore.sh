#!/usr/bin/env bash
# Replaces everything in the database of a service with a backup, and starts the service again: container-restore.sh SERVICE FILE
# Run it in the folder of docker-compose.yml, after every other service on the same database has been stopped. COMPOSE is another
# way to call Compose, for example docker-compose.
set -euo pipefail
service=$1 file=$2
compose=${COMPOSE:-docker compose}
$compose stop "$service"
$compose run --rm -T --entrypoint sh "$service" -c '
    umask 077
    cat >data/restore.db && hallpass restore --replace --yes data/restore.db; status=$?
    rm -f data/restore.db
    exit $status' <"$file" || {
    echo "The database is unchanged and $service is stopped. Start it again with: $compose up -d $service" >&2
    exit 1
}
$compose up -d "$service"
