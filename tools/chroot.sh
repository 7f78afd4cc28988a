#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Make a Debian root of SUITE in DIR, or add what it lacks to one that is
# there. For peers newer than this machine's, and for the version matrix.
#
#   tools/chroot.sh SUITE DIR PACKAGE...
#
# `tools/chroot.sh sid DIR peers` stands for the peers and compilers that
# bench/ and the tests run. To work in one: chroot DIR COMMAND; with this
# machine's /proc, /dev and /tmp, and in the same folder if it has that:
# tools/chroot.sh run DIR COMMAND...; to work here while DIR has those:
# tools/chroot.sh with DIR COMMAND...
# Needs mmdebstrap (`setup.sh check`) and root.
set -eu
umask 022

die() { printf 'chroot: %s\n' "$*" >&2; exit 1; }

here=$(dirname "$0")
peers="gdb lldb elfutils python3-drgn python3 gcc g++ clang rustc lld dwz
       binutils libc6-dev libc6-dbg libstdc++6-16-dbg zstd xz-utils delve golang-1.26-go"

[ $# -ge 3 ] || { sed -n '4,14s/^# \{0,1\}//p' "$0" >&2; exit 2; }

if [ "$1" = run ] || [ "$1" = with ]; then
    how=$1
    root=$2
    shift 2
    # The mounts live in a mount namespace of their own and end with it.
    exec unshare --mount --propagation private sh -eu -c '
        how=$1; root=$2; shift 2
        for d in proc dev tmp; do mount --rbind "/$d" "$root/$d"; done
        [ "$how" = run ] || exec "$@"
        [ -d "$root$PWD" ] || cd /
        exec chroot "$root" env --chdir="$PWD" "$@"' sh "$how" "$root" "$@"
fi

suite=$1
root=$2
shift 2
[ "$*" != peers ] || set -- $peers

command -v mmdebstrap >/dev/null || die "mmdebstrap is not there; run: tools/setup.sh check"
[ "$(id -u)" = 0 ] || die "needs root"

installed() {
    [ "$(dpkg-query --admindir "$root/var/lib/dpkg" -W -f '${db:Status-Abbrev}' "$1" 2>/dev/null)" = "ii " ]
}

# One at a time. What a run that was killed had started goes on, and is waited for.
mkdir -p "$(dirname "$root")"
exec 9>"$root.lock"
flock 9

if [ ! -e "$root/.complete" ]; then
    # A half-made root from a run that was cut short is made anew; anything
    # else that is in the way is left alone.
    if [ -e "$root" ] && [ -n "$(ls -A "$root")" ]; then
        [ -e "$root.making" ] || die "$root is there and is not a root made by this script"
        rm -rf --one-file-system "$root"
    fi
    : >"$root.making"
    # A mirror may be a frozen copy whose index is past its date; signatures
    # are checked all the same.
    mmdebstrap --quiet --variant=apt \
        --aptopt='Acquire::Retries "3"' \
        --aptopt='Acquire::Check-Valid-Until "false"' \
        --dpkgopt='path-exclude=/usr/share/doc/*' \
        --dpkgopt='path-exclude=/usr/share/locale/*' \
        "$suite" "$root" "$("$here/setup.sh" mirror)"
    : >"$root/.complete"
    rm -f "$root.making"
fi

# New root or old, packages come from here: what a run that was cut short has
# downloaded or unpacked stays, so that the next one goes on from there.
missing=
for package in "$@"; do
    installed "$package" || missing="$missing $package"
done
[ -n "$missing" ] || { echo "nothing is missing"; exit 0; }
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"
export DEBIAN_FRONTEND=noninteractive
# With /proc, without which some packages cannot be configured (valkey-server).
if [ -n "$(ls -A "$root/var/lib/dpkg/updates")" ]; then "$0" run "$root" dpkg --configure -a; fi
"$0" run "$root" apt-get -q update
"$0" run "$root" apt-get -q -o DPkg::Lock::Timeout=900 install -y --no-install-recommends $missing
"$0" run "$root" apt-get -q clean
