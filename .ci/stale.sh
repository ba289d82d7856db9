#!/usr/bin/env bash
# Fails when the committed API client is not what the server's document makes of it.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -r client/openapi.json client/src/api/gen "$work/"
cargo run --quiet --locked -- openapi > client/openapi.json
(cd client && npx --yes pnpm@10.34.9 gen >/dev/null)
if ! diff -r "$work/openapi.json" client/openapi.json >/dev/null || ! diff -r "$work/gen" client/src/api/gen >/dev/null; then
    echo "The API client is stale: run \`just gen\` and commit client/openapi.json and client/src/api/gen." >&2
    exit 1
fi
echo "generated files: up to date"
