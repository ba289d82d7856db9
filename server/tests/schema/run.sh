#!/usr/bin/env bash
# The API against its own document, with schemathesis. Every answer must be one that the document describes, what the document
# forbids must be refused, nothing may fail on our side, and who brings no credential must not get in.
#   run.sh short     administrators with the cookie and members with tokens, 10 examples of each operation
#   run.sh EXAMPLES  both with both, that many examples, and operations one after the other as their answers lead to them
# Exit status 3: schemathesis cannot be installed here.
set -euo pipefail
cd "$(dirname "$0")/../../.."
. server/databases/start.sh
schema=$PWD/server/tests/schema

if ! { python3 -m venv "$folder/venv" && "$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    --requirement server/tests/schema/requirements.txt; } >"$folder/install" 2>&1; then
    tail -n 3 "$folder/install" >&2
    exit 3
fi
cargo build --quiet --locked

port=$(free_port)
export HALLPASS="${CARGO_TARGET_DIR:-$PWD/target}/debug/hallpass" HALLPASS_URL="http://127.0.0.1:$port/api"
export ENVIRONMENT=development PORT="$port" PUBLIC_URL="http://localhost:$port" DATABASE_URL="sqlite://$folder/hallpass.db"
export SESSION_KEY="the key of these tests is long enough" CLIENT_DIST="$folder" LOG_FORMAT=json RUST_LOG=info
export ARGON2_MEMORY_KIB=64 ARGON2_ITERATIONS=1 ACCESS_TOKEN_MINUTES=60 REGISTRATION=open TRUSTED_PROXIES=127.0.0.0/8
mkdir "$folder/data"
(cd "$folder" && exec "$HALLPASS") >"$folder/log" &
servers+=($!)

# check ROLE MEANS [options]
check() {
    HALLPASS_ROLE=$1 HALLPASS_MEANS=$2 PYTHONPATH=$schema SCHEMATHESIS_HOOKS=hooks PYTHONDONTWRITEBYTECODE=1 \
        "$folder/venv/bin/st" --config-file "$schema/schemathesis.toml" run "$HALLPASS_URL/openapi.json" --wait-for-schema 20 \
        --no-color --warnings off "${@:3}" >"$folder/$1-$2" 2>&1 && tail -n 5 "$folder/$1-$2" || { cat "$folder/$1-$2"; return 1; }
}

# All of them leave files where they run.
cd "$folder"
runs=() status=0
case ${1:-} in
short)
    check admin cookie --max-examples 10 --phases coverage,fuzzing &
    runs+=($!)
    check member bearer --max-examples 10 --phases fuzzing,stateful &
    runs+=($!)
    ;;
[0-9]*)
    for means in cookie bearer; do
        (check admin $means --max-examples "$1" && check member $means --max-examples "$1") &
        runs+=($!)
    done
    ;;
*)
    echo "usage: run.sh short|EXAMPLES" >&2
    exit 2
    ;;
esac
for run in "${runs[@]}"; do wait "$run" || status=1; done
if grep '"message":"request"' "$folder/log" | grep '"level":"ERROR"' >&2; then status=1; fi
exit $status
