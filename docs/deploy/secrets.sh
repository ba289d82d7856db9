#!/usr/bin/env bash
# Makes ./secrets for docker-compose.yml, once: the keys, a database password, and the URLs that hold it.
set -euo pipefail
cd "$(dirname "$0")/../.."
if [ -e secrets ]; then
    echo "./secrets is there already; nothing was changed."
    exit 0
fi
random() { head -c "$1" /dev/urandom | od -An -v -tx1 | tr -d ' \n'; }
password=$(random 24)
# The folder lets nobody but its owner in; the files are read by the container's own user.
mkdir -m 700 secrets
random 48 >secrets/session_key
# An Ed25519 key as PKCS#8 (RFC 8410): sixteen bytes that are always the same, and thirty-two random ones.
{
    echo "-----BEGIN PRIVATE KEY-----"
    { printf '\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20'; head -c 32 /dev/urandom; } | base64 -w 0
    printf '\n-----END PRIVATE KEY-----\n'
} >secrets/jwt_key
printf %s "$password" >secrets/database_password
printf %s "mysql://hallpass:$password@mysql/hallpass?ssl-mode=REQUIRED" >secrets/mysql_url
printf %s "postgres://hallpass:$password@postgres/hallpass?sslmode=disable" >secrets/postgres_url
chmod 644 secrets/*
echo "./secrets was made. Keep it: the database accepts no other password."
