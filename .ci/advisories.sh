#!/usr/bin/env bash
# Known vulnerabilities in the locked dependencies. A database that cannot be reached is named, not passed over.
set -uo pipefail
cd "$(dirname "$0")/.."
status=0

if out=$(cd client && npx --yes pnpm@10.34.9 audit --audit-level high 2>&1); then
    echo "advisories (npm): none of level high or above"
elif grep -qiE 'vulnerabilit' <<<"$out" && ! grep -qiE 'ERR_PNPM_AUDIT_(BAD_RESPONSE|ENDPOINT)|ENOTFOUND|ECONNREFUSED|fetch failed|404|403' <<<"$out"; then
    echo "$out"
    status=1
else
    echo "advisories (npm): NOT CHECKED, the advisory database could not be reached"
fi

if ! command -v cargo-audit >/dev/null; then
    echo "advisories (crates): NOT CHECKED, cargo-audit is not installed (cargo install cargo-audit)"
elif out=$(cargo audit 2>&1); then
    echo "advisories (crates): none"
elif grep -qiE "couldn't fetch|failed to fetch|git operation failed|network" <<<"$out"; then
    echo "advisories (crates): NOT CHECKED, the advisory database could not be reached"
else
    echo "$out"
    status=1
fi
exit $status
