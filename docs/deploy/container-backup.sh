#!/usr/bin/env bash
# Writes a backup of the running container of a service into a file of this machine: container-backup.sh SERVICE FILE
# Run it in the folder of docker-compose.yml. COMPOSE is another way to call Compose, for example docker-compose.
set -euo pipefail
service=$1 file=$2
umask 077
# The file appears under its name only when it is whole.
trap 'rm -f "$file.partial"' EXIT
${COMPOSE:-docker compose} exec -T "$service" sh -c '
    rm -f data/backup.db
    hallpass backup data/backup.db >&2 && cat data/backup.db; status=$?
    rm -f data/backup.db
    exit $status' >"$file.partial"
mv "$file.partial" "$file"
