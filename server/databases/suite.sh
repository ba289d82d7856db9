# Sourced by the scripts that run the server's tests, after start.sh. The servers keep nothing, so they need not wait for the disk.
. server/tests/debian.sh

fast_mysql=(--max-connections=1000 --innodb-buffer-pool-size=256M --innodb-flush-log-at-trx-commit=0 --innodb-doublewrite=OFF
    --innodb-flush-method=nosync --innodb-redo-log-capacity=256M --skip-log-bin)
fast_mariadb=(--max-connections=1000 --innodb-buffer-pool-size=256M --innodb-flush-log-at-trx-commit=0 --innodb-doublewrite=OFF
    --innodb-flush-method=nosync)
fast_postgres=(-c max_connections=1000 -c shared_buffers=256MB -c fsync=off -c full_page_writes=off)

# Tests mostly wait: for a database, for a process, for each other.
threads=$((2 * $(nproc)))

# run_tests SKIP ARGUMENTS...: runs tests, but not those whose name has SKIP in it. cargo-nextest where it is installed, cargo's own
# runner elsewhere: the tests are the same.
run_tests() {
    local skip=$1
    shift
    if cargo nextest --version >/dev/null 2>&1; then
        cargo nextest run --locked --no-fail-fast --test-threads "$threads" "$@" ${skip:+-E "not test($skip)"}
    else
        cargo test --locked --no-fail-fast "$@" -- --test-threads "$threads" ${skip:+--skip "$skip"}
    fi
}

# start_mysql9: MySQL 9 of Debian's unstable suite; fails where that cannot be had.
start_mysql9() {
    [ "$(id -u)" = 0 ] && unshare --mount true || return
    MYSQL_ROOT=$(debian_folder "${SID_MYSQL[@]}") || return
    export MYSQL_ROOT
    start mysql "${fast_mysql[@]}"
}
