# Sourced by the scripts that need database servers of their own: a temporary folder, servers on free ports, and their end.

folder=$(mktemp -d)
chmod 755 "$folder"
servers=()

end_servers() {
    for server in "${servers[@]}"; do kill "$server" 2>/dev/null || true; done
    wait
    rm -rf "$folder"
}
trap end_servers EXIT

has_mariadb() { PATH=$PATH:/usr/sbin command -v mariadbd >/dev/null; }
has_postgres() { compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null || command -v postgres >/dev/null; }

free_port() {
    local port
    while port=$((20000 + RANDOM % 12000)); do
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
    done
}

# start NAME [options]: runs the script of that name until it answers, and leaves its port in $port.
start() {
    local name=$1
    port=$(free_port)
    bash "server/databases/$name.sh" "$folder/$name" "$port" "${@:2}" &
    servers+=($!)
    for _ in {1..1800}; do
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && return
        kill -0 "${servers[-1]}" 2>/dev/null || break
        sleep 0.1
    done
    echo "$name did not start:" >&2
    tail -n 20 "$folder/$name/log" >&2
    exit 1
}
