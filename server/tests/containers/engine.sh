# A Docker engine of the test's own, for machines without one and without Docker Hub. Sourced, as root:
#   engine_start FOLDER   starts the engine; everything it keeps is in FOLDER. The caller's EXIT trap runs `engine_stop`.
#   engine_stop           ends it with its containers, and deletes what it kept (but not with KEEP=1)
#   base_image NAME       gives the name (debian:bookworm-slim) to an image with a minimal Debian 12, made by debootstrap
#   docker ...            Debian's client, which has BuildKit built in: `docker build` understands RUN --mount
#   inside COMMAND...     runs a command on this machine, in the engine's network: its localhost:3000 is a published port
#   until_true SECONDS COMMAND...   waits until the command succeeds; fails after these seconds
# The engine has a network namespace of its own: no port, no bridge and no firewall rule of it is this machine's, and all of
# that ends with it. Its containers reach the network through slirp4netns, for apt and npm in builds.
. "$(dirname "${BASH_SOURCE[0]}")/../debian.sh"

docker() { DOCKER_BUILDKIT=1 /usr/bin/docker "$@"; }

until_true() {
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        [ "$SECONDS" -lt "$end" ] || { echo "not within its time: $*" >&2; return 1; }
        sleep 0.2
    done
}

engine_start() {
    need docker.io iptables slirp4netns debootstrap
    mkdir -p "$1"
    engine_folder=$(realpath "$1")
    # A socket's path is at most 108 bytes long.
    export DOCKER_HOST=unix://$engine_folder/sock
    unshare --net --mount --propagation private sh -c '
        ip link set lo up
        sysctl -qw net.ipv4.ip_forward=1
        exec "$@"' - \
        dockerd --data-root "$engine_folder/data" --exec-root "$engine_folder/exec" --pidfile "$engine_folder/pid" \
        -H "$DOCKER_HOST" --storage-driver overlay2 >"$engine_folder/dockerd.log" 2>&1 &
    engine=$!
    if ! until_true 30 engine_answers; then
        tail -n 20 "$engine_folder/dockerd.log" >&2
        return 1
    fi
    slirp4netns --configure --mtu=65520 --disable-host-loopback "$engine" tap0 >"$engine_folder/slirp.log" 2>&1 &
    engine_network=$!
}

engine_answers() { docker info >/dev/null 2>&1; }

engine_stop() {
    [ -n "${engine:-}" ] || return 0
    # On SIGTERM it stops its containers, each within its grace period.
    kill "$engine" 2>/dev/null || true
    wait "$engine" 2>/dev/null || true
    kill "${engine_network:-$engine}" 2>/dev/null || true
    wait "${engine_network:-$engine}" 2>/dev/null || true
    [ -n "${KEEP:-}" ] || rm -rf "$engine_folder/data" "$engine_folder/exec"
}

inside() { nsenter --target "$engine" --net -- "$@"; }

base_image() {
    local folder
    folder=$(debian_folder bookworm bookworm)
    tar -C "$folder" --exclude=./usr/share/doc --exclude=./usr/share/locale --exclude=./usr/share/man -cf - . |
        docker import - "$1" >/dev/null
}
