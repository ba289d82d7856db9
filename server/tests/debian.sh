# Debian systems in folders, for tests that need a program that this machine does not have. Sourced.
#   debian_folder NAME SUITE [PACKAGE,PACKAGE...]   prints the folder of a minimal system with these packages; made once, then kept
#   in_debian FOLDER COMMAND...                     runs a command in it, in place of this shell's process
#                                                   (no FOLDER: on this machine); /tmp and the users are this machine's
# Kept below $HALLPASS_TEST_CACHE (~/.cache/hallpass). DEBIAN_MIRROR names another mirror than apt's. Needs root.

# Arguments of debian_folder: the newest servers, which are in Debian's unstable suite. MySQL and MariaDB do not share a folder.
# shellcheck disable=SC2034
SID_MYSQL=(sid-mysql sid mysql-server-core,mysql-client-core)
# shellcheck disable=SC2034
SID_OTHERS=(sid-others sid postgresql-18,mariadb-server-core,mariadb-client-core)

test_cache() {
    local folder=${HALLPASS_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/hallpass}
    mkdir -p "$folder"
    echo "$folder"
}

# Installs Debian packages that are missing here.
need() {
    local package missing=()
    for package in "$@"; do dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package"); done
    [ ${#missing[@]} = 0 ] && return
    [ "$(id -u)" = 0 ] || { echo "Only root may install what is missing: ${missing[*]}" >&2; return 1; }
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# The mirror that apt uses, from either format of its sources; nothing where it uses none of Debian's (debootstrap has a default).
debian_mirror() {
    if [ -n "${DEBIAN_MIRROR:-}" ]; then echo "$DEBIAN_MIRROR"; return; fi
    cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null |
        sed -nE 's#^(URIs:|deb( \[[^]]*\])?) *(https?://[^ ]*/debian)/?( .*)?$#\3#p' | head -n 1
}

debian_folder() {
    local folder partial
    folder=$(test_cache)/$1 partial=$(test_cache)/$1.partial
    # Two tests that start together make it once.
    (
        flock 9
        [ -d "$folder" ] && exit
        need debootstrap >&2
        rm -rf "$partial"
        # shellcheck disable=SC2046
        if ! debootstrap --variant=minbase ${3:+--include="$3"} "$2" "$partial" $(debian_mirror) >"$partial.log" 2>&1; then
            tail -n 5 "$partial.log" "$partial/debootstrap/debootstrap.log" >&2
            exit 1
        fi
        rm -rf "$partial"/var/cache/apt/archives/*.deb "$partial"/var/lib/apt/lists/*
        mv "$partial" "$folder"
    ) 9>"$folder.lock" || return
    echo "$folder"
}

# Where temporary files are, before a server is given a folder of its own for them.
debian_temporary=${TMPDIR:-/tmp}

in_debian() {
    local root=$1
    shift
    [ -n "$root" ] || exec "$@"
    # A namespace of its own: its mounts end with it.
    exec unshare --mount --propagation private sh -c '
        root=$1 temporary=$2
        shift 2
        mkdir -p "$root$temporary"
        for path in /proc /dev /etc/passwd /etc/group "$temporary"; do mount --rbind "$path" "$root$path"; done
        exec chroot "$root" "$@"' - "$root" "$debian_temporary" "$@"
}
