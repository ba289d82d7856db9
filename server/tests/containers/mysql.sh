#!/usr/bin/env bash
# What docker-compose.yml uses of the official image: MYSQL_DATABASE, MYSQL_USER and MYSQL_PASSWORD_FILE are set up once, while
# the server answers on its socket only; MySQL makes its own certificate.
set -euo pipefail
data=/var/lib/mysql socket=/run/mysqld/mysqld.sock
if [ "$(id -u)" = 0 ]; then
    chown mysql: $data /run/mysqld
    exec setpriv --reuid mysql --regid mysql --init-groups bash "$0" "$@"
fi
options=(--no-defaults --datadir=$data --socket=$socket --secure-file-priv=NULL --mysqlx=OFF)
if [ ! -d $data/mysql ]; then
    mysqld "${options[@]}" --initialize-insecure
    mysqld "${options[@]}" --skip-networking &
    until mysql --no-defaults -S $socket -u root -e 'SELECT 1' >/dev/null 2>&1; do sleep 0.3; done
    mysql --no-defaults -S $socket -u root -e "
        CREATE DATABASE \`$MYSQL_DATABASE\`;
        CREATE USER '$MYSQL_USER'@'%' IDENTIFIED BY '$(cat "$MYSQL_PASSWORD_FILE")';
        GRANT ALL ON \`$MYSQL_DATABASE\`.* TO '$MYSQL_USER'@'%';
        SHUTDOWN"
    wait
fi
exec mysqld "${options[@]}" --bind-address=0.0.0.0 "$@"
