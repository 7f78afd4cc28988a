#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Install what is missing to build, demonstrate, check or measure Inquest on
# Debian 12. Nothing that is there already is touched, and when nothing is
# missing apt is not called at all.
#
#   tools/setup.sh [-n] MODE...     MODE: build demo check bench
#
#   build   what the release binary needs
#   demo    what `make demo` needs besides
#   check   what the test suite needs besides: peers, compilers, linters
#   bench   what the side-by-side runs need besides
#   -n      only name what is missing; exit 1 if anything is
#
#   tools/setup.sh mirror           print the Debian mirror this machine uses
set -eu
umask 022

build="gcc libc6-dev make meson ninja-build pkg-config python3
       libdeflate-dev libzstd-dev liblzma-dev liblz4-dev zlib1g-dev
       libcapstone-dev libvectorscan-dev|libhyperscan-dev libedit-dev libjansson-dev libpcre2-dev scdoc
       python3-dev libpython3.11" # of scripts

demo="g++ libc6-dbg redis-tools|valkey-tools
      golang-1.19-go|golang-1.23-go|golang-1.22-go|golang-1.21-go" # a|b: either will do, a is installed

check="g++ libcmocka-dev python3-pytest python3-jsonschema python3-pexpect python3-greenlet
       python3-numpy
       libc++-16-dev libc++abi-16-dev
       clang-16 clang-format-16 clang-tidy-16 libclang-rt-16-dev lld-16 llvm-16
       rustc golang-1.19-go musl-tools binutils dwz
       gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user lib32gcc-12-dev libc6-dev-i386
       gdb elfutils lldb-16 minicoredumper libc6-dbg
       xz-utils zstd lz4 gzip mmdebstrap jq netcat-openbsd
       golang-1.21-go/bookworm-backports golang-1.22-go/bookworm-backports golang-1.23-go/bookworm-backports
       valkey-server/bookworm-backports python3.11-dbg libpython3.11"

bench="g++ gdb elfutils libc6-dbg libc6-dev dpkg-dev
       librados2 librados2-dbg ceph-osd ceph-osd-dbg
       valkey-server/bookworm-backports mmdebstrap xz-utils"

say() { printf '%s\n' "$*"; }
die() { printf 'setup: %s\n' "$*" >&2; exit 1; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# Asked before anything is changed, so that nothing is left half done.
need_root() {
    [ "$(id -u)" != 0 ] || return 0
    if ! command -v sudo >/dev/null; then why="there is no sudo"
    elif ! sudo true; then why="sudo does not let $(id -un)"
    else return 0
    fi
    die "installing them takes root, and $why; as root: $(cd "$(dirname "$0")" && pwd)/setup.sh $*"
}

installed() {
    [ "$(dpkg-query -W -f '${db:Status-Abbrev}' "$1" 2>/dev/null)" = "ii " ]
}

# The mirror and the key this machine already uses for SUITE, as "URI KEY".
# Reads both forms of source lists; says nothing when there is none.
mirror_of() {
    cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list \
        /etc/apt/sources.list.d/*.sources 2>/dev/null | awk -v suite="$1" '
        function done() {
            if (!found && uri != "" && index(" " suites " ", " " suite " ")) {
                print uri, key; found = 1
            }
            uri = suites = ""; key = "-"
        }
        BEGIN { key = "-" }
        /^deb / {
            done(); key = "-"; line = $0
            if (match(line, /signed-by=[^] ]*/))
                key = substr(line, RSTART + 10, RLENGTH - 10)
            sub(/^deb +(\[[^]]*\] +)?/, "", line); split(line, part, " ")
            uri = part[1]; suites = part[2]; done(); next
        }
        /^Types:/     { done() }
        /^[ \t]*$/    { done() }
        /^URIs:/      { uri = $2 }
        /^Signed-By:/ { if ($2 != "") key = $2 }
        /^Suites:/    { suites = $0; sub(/^Suites: */, "", suites) }
        END { done() }'
}

# Add the backports suite, with its sources, unless the machine has it.
add_backports() {
    [ -z "$(mirror_of bookworm-backports)" ] || return 0
    pair=$(mirror_of bookworm)
    [ -n "$pair" ] || die "no mirror for bookworm in the apt sources, so backports cannot be added"
    uri=${pair% *}
    key=${pair##* }
    file=/etc/apt/sources.list.d/bookworm-backports.sources
    say "adding the bookworm-backports suite: $file"
    {
        say "Types: deb deb-src"
        say "URIs: $uri"
        say "Suites: bookworm-backports"
        say "Components: main"
        [ "$key" = - ] || say "Signed-By: $key"
    } | as_root tee "$file" >/dev/null
}

if [ "${1-}" = mirror ]; then
    pair=$(mirror_of bookworm)
    [ -n "$pair" ] || die "no mirror for bookworm in the apt sources"
    say "${pair% *}"
    exit 0
fi

only_name=no
modes=
for arg in "$@"; do
    case $arg in
    -n) only_name=yes ;;
    build) modes="$modes $build" ;;
    demo) modes="$modes $build $demo" ;;
    check) modes="$modes $build $demo $check" ;;
    bench) modes="$modes $build $bench" ;;
    -h | --help) sed -n '4,17s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) die "unknown mode '$arg' (build, demo, check, bench)" ;;
    esac
done
[ -n "$modes" ] || die "give a mode: build, demo, check, bench"
command -v dpkg-query >/dev/null || die "this is not a Debian system; install by hand:$modes"

missing=
for entry in $modes; do
    found=no
    for package in $(printf '%s' "$entry" | tr '|' ' '); do
        installed "${package%/*}" && found=yes
    done
    [ $found = no ] || continue
    entry=${entry%%|*}
    case " $missing " in *" $entry "*) ;; *) missing="$missing $entry" ;; esac
done

if [ -z "$missing" ]; then
    say "nothing is missing"
    exit 0
fi
say "missing:$missing"
[ $only_name = no ] || exit 1
need_root "$@"

case $missing in */bookworm-backports*) add_backports ;; esac

# A package that starts a daemon when installed would leave one running on the
# machine. A policy that refuses it is put in place unless there is one; ours
# is there when a run before this one was killed.
policy=/usr/sbin/policy-rc.d
ours="# Of Inquest's tools/setup.sh, while it installs."
if [ ! -e $policy ] || grep -qxF "$ours" $policy; then
    printf '#!/bin/sh\n%s\nexit 101\n' "$ours" | as_root tee $policy >/dev/null
    as_root chmod 755 $policy
    trap 'as_root rm -f $policy' EXIT
    trap 'exit 1' HUP INT TERM
fi

apt="env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=900"
# What a run that was killed left in dpkg's journal, before which apt refuses all.
[ -z "$(ls -A /var/lib/dpkg/updates)" ] || as_root env DEBIAN_FRONTEND=noninteractive dpkg --configure -a
as_root $apt update
as_root $apt install -y --no-install-recommends $missing
say "done"
