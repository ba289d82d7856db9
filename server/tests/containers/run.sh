#!/usr/bin/env bash
# The project's Dockerfile, docker-compose.yml and docs/deploy, run for real: run.sh BINARY. As root on Debian 12; needs neither a
# Docker engine nor Docker Hub. KEEP=1 leaves the folder with the logs; FOLDER=... says where it is.
set -euo pipefail
repo=$(realpath "$(dirname "$0")/../../..") binary=$(realpath "$1")
. "$repo/server/tests/containers/engine.sh"
. "$repo/server/tests/containers/images.sh"
work=${FOLDER:-$(mktemp -d)}
password="correct horse battery staple 9"

step() { echo "== $(date +%T) $*"; }
fail() { echo "FAILED: $*" >&2; exit 1; }

compose() { docker-compose --project-name hallpass --ansi never "$@"; }
quiet() { "$@" >>"$work/compose.log" 2>&1 || { tail -n 20 "$work/compose.log" >&2; fail "$*"; }; }
# By its label: asking Compose takes a second.
container() { docker ps -aq -f label=com.docker.compose.project=hallpass -f label=com.docker.compose.oneoff=False -f "label=com.docker.compose.service=$1"; }
in_state() { [ "$(docker inspect -f "{{.State.$2}}" "$(container "$1")")" = "$3" ]; }
healthy() { for service in "$@"; do until_true 90 in_state "$service" Health.Status healthy; done; }

# api PORT CURL-OPTIONS... : a request from the engine's own machine.
api() { inside curl -sS -m 20 -H 'content-type: application/json' "${@:2}"; }
create_alice() {
    printf '%s\n' "$password" | docker exec -i "$(container "$1")" hallpass user create "$2" --admin --password-stdin >/dev/null
}
sign_in() { # PORT JAR [NAME]
    api "$1" -f -o /dev/null -c "$work/$2" -d "{\"username\":\"${3:-alice}\",\"password\":\"$password\"}" "localhost:$1/api/login"
}
status_of_me() { api "$1" -o /dev/null -w '%{http_code}' -b "$work/$2" "localhost:$1/api/me"; }
is_signed_in() { [ "$(status_of_me "$1" "$2")" = 200 ]; }

finish() {
    local status=$?
    if [ $status != 0 ]; then
        compose --profile scale --profile postgres --profile sqlite logs --no-color --tail 10 >&2 2>/dev/null || true
    fi
    engine_stop
    [ -n "${KEEP:-}${FOLDER:-}" ] || rm -rf "$work"
    exit $status
}
trap finish EXIT

step "packages, engine"
need docker-compose curl
engine_start "$work/engine"

step "images"
stand_in_images "$work/images" "$binary"
hallpass_image "$work" "$repo"

step "docker-compose.yml as it is: one server each on MySQL, PostgreSQL and SQLite, and two behind nginx"
# A copy, for ./secrets is made beside it.
mkdir -p "$work/project"
cp -r "$repo/docker-compose.yml" "$repo/Dockerfile" "$repo/docs" "$work/project"
cd "$work/project"
bash docs/deploy/secrets.sh >/dev/null
export COMPOSE="docker-compose --project-name hallpass --ansi never"
quiet compose up -d hallpass hallpass-postgres hallpass-sqlite proxy
healthy hallpass hallpass-postgres hallpass-sqlite hallpass-a hallpass-b
create_alice hallpass alice
create_alice hallpass-postgres alice
create_alice hallpass-sqlite alice
for port in 3000 3001 3003; do
    sign_in $port jar$port
    is_signed_in $port jar$port || fail "nobody can sign in on port $port"
    api $port -H 'accept: text/html' "localhost:$port/" | grep -qi '<!doctype html>' || fail "no page on port $port"
done
# The same database and the same keys: a session of one server is one of the others.
is_signed_in 3002 jar3000 || fail "the servers behind the proxy do not know the session"
version=$(docker exec "$(container mysql)" mysqld --version)
plugin=$(docker exec "$(container mysql)" sh -c 'MYSQL_PWD=$(cat $MYSQL_PASSWORD_FILE) mysql --no-defaults -h 127.0.0.1 -u hallpass -Ne "SHOW CREATE USER CURRENT_USER()"')
[[ $plugin = *caching_sha2_password* ]] || fail "MySQL's user signs in by another method: $plugin"
echo "   $version; $(docker exec "$(container postgres)" bash -c '/usr/lib/postgresql/*/bin/postgres --version')"

step "no root, nothing writable but the data, no capability, limited logs"
docker exec "$(container hallpass)" sh -ec '
    [ "$(id -u)" = 10001 ]
    ! touch /app/x 2>/dev/null
    touch /app/data/x
    rm /app/data/x
    grep -q "CapBnd:.*0000000000000000" /proc/1/status
    grep -q "NoNewPrivs:.*1" /proc/1/status' || fail "the container has rights that it does not need"
for id in $(docker ps -q); do
    limit=$(docker inspect -f '{{index .HostConfig.LogConfig.Config "max-size"}} {{index .HostConfig.LogConfig.Config "max-file"}}' "$id")
    [ "$limit" = "10m 5" ] || fail "the log of $(docker inspect -f '{{.Name}}' "$id") is not limited: $limit"
done

step "only the proxy is believed"
address_in_log() { docker logs "$(container "$1")" 2>&1 | grep "\"path\":\"$2\"" | tail -n 1 | grep -oE '"ip":"[^"]*"'; }
# The engine's machine is the networks' gateway.
api 0 -o /dev/null -H 'X-Forwarded-For: 198.51.100.7' http://172.28.57.11:3000/api/servertime
[ "$(address_in_log hallpass-a /api/servertime)" = '"ip":"172.28.57.1"' ] || fail "a header of somebody else was believed"
quiet compose stop hallpass-b
api 0 -f -o /dev/null localhost:3002/api/openapi.json
[ "$(address_in_log hallpass-a /api/openapi.json)" = '"ip":"172.28.57.1"' ] || fail "the proxy's header was not believed"

step "the proxy starts and recovers with whatever servers are there"
quiet compose stop hallpass-a proxy
quiet docker rm "$(container hallpass-a)" "$(container hallpass-b)"
quiet compose up -d --no-deps proxy
# Without any server: it answers, and says so.
gateway_error() { [ "$(status_of_me 3002 jar3000)" = 502 ] || [ "$(status_of_me 3002 jar3000)" = 504 ]; }
until_true 10 gateway_error
quiet compose up -d --no-deps hallpass-b
until_true 30 is_signed_in 3002 jar3000
quiet compose up -d --no-deps hallpass-a
healthy hallpass-a hallpass-b
in_state proxy Running true || fail "the proxy has ended"

step "one of two servers is killed, and both are replaced, while requests come"
requests() { for _ in $(seq 300); do status_of_me 3002 jar3000; echo; sleep 0.03; done; }
requests >"$work/codes" &
load=$!
sleep 1
docker kill -s KILL "$(container hallpass-a)" >/dev/null
sleep 3
quiet compose up -d --no-deps hallpass-a
healthy hallpass-a
quiet compose up -d --no-deps --force-recreate hallpass-b
wait $load
[ "$(sort -u "$work/codes")" = 200 ] || { sort "$work/codes" | uniq -c >&2; fail "requests were lost"; }

step "backups and restore"
for service in hallpass hallpass-postgres hallpass-sqlite; do
    case $service in hallpass) port=3000 ;; hallpass-postgres) port=3001 ;; *) port=3003 ;; esac
    quiet bash docs/deploy/container-backup.sh $service "$work/$service.db"
    [ "$(stat -c %a "$work/$service.db")" = 600 ] || fail "others can read the backup"
    create_alice $service later
    [ $service != hallpass ] || quiet compose stop hallpass-a hallpass-b
    quiet bash docs/deploy/container-restore.sh $service "$work/$service.db"
    healthy $service
    ! is_signed_in $port jar$port || fail "$service: a session survived the restore"
    ! sign_in $port jar later 2>/dev/null || fail "$service: who came after the backup is still there"
    sign_in $port jar$port
    is_signed_in $port jar$port || fail "$service: who is in the backup cannot sign in"
    ! docker exec "$(container $service)" sh -c 'ls data' | grep -E 'backup|restore' || fail "$service: a copy was left behind"
done
echo "not a backup" >"$work/broken.db"
! bash docs/deploy/container-restore.sh hallpass-sqlite "$work/broken.db" >>"$work/compose.log" 2>&1 || fail "a broken file was restored"
quiet compose up -d hallpass-sqlite
healthy hallpass-sqlite
is_signed_in 3003 jar3003 || fail "a failed restore changed the database"
! bash docs/deploy/container-backup.sh hallpass-a "$work/none.db" 2>/dev/null || fail "a backup of a container that does not run"
[ ! -e "$work/none.db" ] || fail "a failed backup left a file"

step "mail settings reach the server"
SMTP_URL='smtp://127.0.0.1:9?tls=none' MAIL_FROM='Hallpass <hallpass@example.com>' \
    compose run --rm -T --no-deps hallpass-sqlite check >"$work/check" 2>&1 && fail "there is no mail server on port 9"
grep -q '127.0.0.1:9' "$work/check" || { cat "$work/check" >&2; fail "SMTP_URL did not reach the server"; }

step "everything is taken away and comes back: data and sessions are kept"
quiet compose --profile scale --profile postgres --profile sqlite down
quiet compose up -d hallpass hallpass-postgres hallpass-sqlite
healthy hallpass hallpass-postgres hallpass-sqlite
for port in 3000 3001 3003; do is_signed_in $port jar$port || fail "the session on port $port is lost"; done

step "successful health checks are not logged; a server stops within its time"
# They are made every ten seconds from the start of the container.
checked() { [ "$(docker inspect -f '{{len .State.Health.Log}}' "$(container hallpass)")" -ge 2 ]; }
until_true 30 checked
! docker logs "$(container hallpass)" 2>&1 | grep '"path":"/api/health","status":200' || fail "health checks fill the log"
before=$SECONDS
quiet compose stop hallpass
[ $((SECONDS - before)) -lt 12 ] || fail "stopping took $((SECONDS - before)) s"
[ "$(docker inspect -f '{{.State.ExitCode}}' "$(container hallpass)")" = 0 ] || fail "the server did not stop by itself"

docker images hallpass --format '   image: {{.Repository}} {{.Size}}'
step done
