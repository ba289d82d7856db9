#!/usr/bin/env bash
# The Debian package on a bare Debian 12 with systemd: installed, set up, used, backed up, upgraded, removed and purged. Needs root.
# usage: deb.sh PACKAGE NEWER_PACKAGE
set -euo pipefail
package=$(realpath "$1") newer=$(realpath "$2")
cd "$(dirname "$0")"
. ./engine.sh
work=${WORK:-$(mktemp -d)}
stop() {
    docker rm --force deb >/dev/null 2>&1 || true
    engine_stop
    [ -n "${KEEP:-}" ] || rm -rf "$work"
}
trap stop EXIT
step() { echo "== $*"; }
fail() {
    echo "FAILED: $*" >&2
    on systemctl status --no-pager hallpass >&2 || true
    on journalctl --no-pager -u hallpass -n 20 >&2 || true
    exit 1
}
on() { docker exec deb "$@"; }
# The words that a command must say, then the command.
says() {
    local words=$1 said
    shift
    said=$("$@" 2>&1) || fail "$*: $said"
    grep -qF -- "$words" <<<"$said" || fail "$* does not say '$words': $said"
}
refuses() {
    local words=$1 said
    shift
    if said=$("$@" 2>&1); then fail "$* succeeded: $said"; fi
    grep -qF -- "$words" <<<"$said" || fail "$* does not say '$words': $said"
}
set_up() { printf '%s\n' "$@" | docker exec -i deb sh -c 'cat >/etc/hallpass/env'; }
answers() { on curl -sf -o /dev/null "http://127.0.0.1:$1/api/health"; }
sign_in() {
    on curl -sf -o /dev/null -c /root/jar -H 'content-type: application/json' -d "{\"username\":\"alice\",\"password\":\"$1\"}" \
        http://127.0.0.1:3000/api/login
}
get() { on curl -sf -b /root/jar "http://127.0.0.1:3000$1"; }

step "a Debian with systemd"
engine_start "$work/engine"
base_image debian:bookworm-slim
printf '%s\n' 'FROM debian:bookworm-slim' \
    'RUN apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends systemd systemd-sysv dbus curl util-linux >/dev/null' |
    docker build -q -t with-systemd - >/dev/null
capabilities='SYS_ADMIN SYS_CHROOT SYS_NICE SYS_PTRACE NET_ADMIN NET_RAW NET_BIND_SERVICE DAC_READ_SEARCH IPC_LOCK MKNOD SETFCAP AUDIT_WRITE SYSLOG SYS_TIME'
# shellcheck disable=SC2046,SC2086
docker run -d --name deb $(printf -- '--cap-add %s ' $capabilities) \
    --security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined \
    --cgroupns private -e container=docker --tmpfs /run --tmpfs /run/lock --tmpfs /tmp:exec,mode=1777 with-systemd sh -c \
    'mount -o remount,rw /sys/fs/cgroup; for d in /sys/fs/cgroup/*/; do mount -o remount,rw $d; done; exec /sbin/init' >/dev/null
until_true 60 on systemctl is-active --quiet basic.target 2>/dev/null
docker cp "$package" deb:/root/one.deb >/dev/null
docker cp "$newer" deb:/root/two.deb >/dev/null

step "installed: a user, a file of settings, nothing started"
on dpkg --install /root/one.deb >/dev/null || fail "dpkg --install"
says hallpass on id -un hallpass
says "640 root hallpass" on stat -c '%a %U %G' /etc/hallpass/env
says inactive on sh -c 'systemctl is-active hallpass || true'
says "hallpass " on hallpass --version
refuses "there is no database /var/lib/hallpass/data/hallpass.db" on hallpass user list
says "is made at the first start" on hallpass check
on sh -c '! [ -e /var/lib/hallpass/data ]' || fail "a command made something"
refuses "systemctl start hallpass" on hallpass
refuses "only root" docker exec -u nobody deb hallpass user list

step "wrong settings end it, once"
set_up PORT=x
on systemctl start hallpass 2>/dev/null || true
until_true 20 on sh -c '[ "$(systemctl show -P ExecMainStatus hallpass)" = 78 ]' || fail "it did not refuse"
says 0 on systemctl show -P NRestarts hallpass
says failed on sh -c 'systemctl is-failed hallpass'

step "a database that is not there yet is waited for"
set_up DATABASE_URL=postgres://hallpass:secret@127.0.0.1:9/hallpass
on systemctl start hallpass
until_true 90 on sh -c '[ "$(systemctl show -P NRestarts hallpass)" -ge 6 ]' || fail "it gave up"
set_up 'PUBLIC_URL=http://192.168.7.9:3000' ALLOW_INSECURE_HTTP=true 'MAIL_FROM="Somebody <a@example.com>"'
until_true 20 answers 3000 || fail "it does not start"

step "the web app is in the program"
says "<title>" get /search
on sh -c '! find / -xdev -name index.html -path "*dist*" | grep -q .' || fail "a folder of the web app is there"

step "commands work on the service's database, as its user, wherever they are called"
printf 'correct horse battery staple 9\n' | docker exec -i -w /tmp deb hallpass user create alice --admin --full-name '$HOME & 50% "A"' --password-stdin >/dev/null 2>&1 || fail "user create"
says "Database: /var/lib/hallpass/data/hallpass.db" docker exec -w /tmp deb hallpass user list
says '$HOME & 50% "A"' on hallpass user show alice
refuses "nobody called" on hallpass user show bob
sign_in 'correct horse battery staple 9' || fail "alice cannot sign in"
says '"alice"' get /api/me
says "1 people" on hallpass check
# On a terminal it asks for the password, twice; what is typed before it asks is lost.
(for _ in $(seq 10); do sleep 1; printf 'some other words 12345\n'; done) |
    docker exec -i deb script -qec 'hallpass user set-password alice' /dev/null >/dev/null || true
sign_in 'some other words 12345' || fail "the new password is not asked for"
says hallpass on sh -c 'find /var/lib/hallpass -printf "%u\n" | sort -u'

step "a backup of this database, every night"
on systemctl enable --now --quiet hallpass-backup.timer
on systemctl start hallpass-backup || fail "no backup"
on sh -c 'test -s /var/lib/hallpass/backups/hallpass-$(date +%u).db' || fail "the backup is not there"
says "Database: /var/lib/hallpass/data/hallpass.db" on journalctl -u hallpass-backup --no-pager

step "restored, and moved to another database, as docs/DEPLOY.md says"
on hallpass backup backups/by-hand.db >/dev/null 2>&1 || fail "backup"
on systemctl stop hallpass
on install -o hallpass -m 600 /var/lib/hallpass/backups/by-hand.db /var/lib/hallpass/restore.db
says "everybody signs in again" on hallpass restore --replace --yes restore.db
says "Database: /var/lib/hallpass/data/new.db" on runuser -u hallpass -- env -C /var/lib/hallpass DATABASE_URL=sqlite://data/new.db sh -c \
    '/usr/lib/hallpass/hallpass migrate && /usr/lib/hallpass/hallpass user list'
on sh -c 'umask 027; echo sqlite:///var/lib/hallpass/data/new.db >/etc/hallpass/new_url; chgrp hallpass /etc/hallpass/new_url'
says "copied and compared" on hallpass copy --to @/etc/hallpass/new_url
on sh -c 'rm /etc/hallpass/new_url; echo DATABASE_URL=sqlite:///var/lib/hallpass/data/new.db >>/etc/hallpass/env'
on systemctl start hallpass
until_true 20 answers 3000
sign_in 'some other words 12345' || fail "nobody can sign in after the move"

step "a port below 1024"
# Containers let everybody use these ports.
nsenter --target "$(docker inspect -f '{{.State.Pid}}' deb)" --net sysctl -qw net.ipv4.ip_unprivileged_port_start=1024
on sh -c 'echo PORT=81 >>/etc/hallpass/env'
on systemctl restart hallpass
until_true 20 on sh -c '[ "$(systemctl show -P NRestarts hallpass)" -ge 1 ]' || fail "it needs no drop-in"
on install -D -m 644 /usr/share/hallpass/low-port.conf /etc/systemd/system/hallpass.service.d/low-port.conf
on systemctl daemon-reload
on systemctl stop hallpass
says ":81 is free" on hallpass check
on systemctl start hallpass
until_true 20 answers 81 || fail "it does not listen on port 81"
says 0000000000000400 on sh -c 'grep CapBnd "/proc/$(systemctl show -P MainPID hallpass)/status"'
on sed -i '/^PORT=/d' /etc/hallpass/env
on systemctl restart hallpass
until_true 20 answers 3000

step "upgraded: settings, accounts and sessions stay"
before=$(on sh -c 'systemctl show -P MainPID hallpass; sha256sum /etc/hallpass/env')
on dpkg --install /root/two.deb >/dev/null || fail "the upgrade"
until_true 20 answers 3000 || fail "it does not come back"
after=$(on sh -c 'systemctl show -P MainPID hallpass; sha256sum /etc/hallpass/env')
[ "${before%%$'\n'*}" != "${after%%$'\n'*}" ] || fail "the old program still runs"
[ "${before#*$'\n'}" = "${after#*$'\n'}" ] || fail "the settings changed"
says "640 root hallpass" on stat -c '%a %U %G' /etc/hallpass/env
says '"alice"' get /api/me

step "removed: accounts and settings stay; purged: accounts stay"
on dpkg --remove hallpass >/dev/null || fail "dpkg --remove"
refuses inactive on systemctl is-active hallpass
on test -s /var/lib/hallpass/data/hallpass.db || fail "the accounts are gone"
on test -e /etc/hallpass/env || fail "the settings are gone"
on dpkg --purge hallpass >/dev/null || fail "dpkg --purge"
on sh -c '! [ -e /etc/hallpass ] && test -s /var/lib/hallpass/data/hallpass.db' || fail "purging left settings or took accounts"
echo "The package was installed, used, upgraded and removed."
