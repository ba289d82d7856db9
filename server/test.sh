#!/usr/bin/env bash
# cargo-nextest where it is installed, cargo's own runner elsewhere: the tests are the same.
set -euo pipefail
cd "$(dirname "$0")/.."
if cargo nextest --version >/dev/null 2>&1; then
    cargo nextest run --locked
else
    cargo test --locked
fi
