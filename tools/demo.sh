#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Crash and hang real programs, and show what Inquest says of them. Leaves
# nothing behind.
#
#   tools/demo.sh      INQUEST names the binary (default build/inquest)
set -eu
cd "$(dirname "$0")/.."

inquest=$(realpath "${INQUEST:-build/inquest}")
[ -x "$inquest" ] || { echo "demo: $inquest is not built" >&2; exit 1; }
targets=$PWD/tests/targets
work=$(mktemp -d)
pids=
stop() {
    for pid in $pids; do kill -9 "$pid" 2>/dev/null || true; done
    rm -rf "$work"
}
trap stop EXIT
trap 'exit 1' HUP INT TERM
export INQUEST_PAGER= XDG_CACHE_HOME="$work/cache"

if [ -t 1 ]; then bold=$(printf '\033[1m') plain=$(printf '\033[0m'); else bold= plain=; fi
say() { printf '\n%s%s%s\n\n' "$bold" "$*" "$plain"; }
# Shows a command as one would type it, and runs it.
try() {
    printf '$ inquest'
    for word in "$@"; do
        case $word in *[\ \$\*]*) printf " '%s'" "$word" ;; *) printf ' %s' "$word" ;; esac
    done
    echo
    (cd "$work" && "$inquest" "$@")
}

# Runs a program in a folder of its own until it dies and leaves its core in
# $work/core.NAME; fails when this machine keeps its cores elsewhere.
pattern=$(cat /proc/sys/kernel/core_pattern)
crash() {
    name=$1
    shift
    mkdir -p "$work/in.$name"
    (cd "$work/in.$name" && ulimit -c unlimited && exec "$@") >"$work/$name.log" 2>&1 &
    last=$!
    pids="$pids $last"
    wait "$last" 2>/dev/null || true
    collect "$name" "$last"
}
collect() {
    for core in "$work/in.$1"/*core*; do
        [ -f "$core" ] && mv "$core" "$work/core.$1" && return 0
    done
    case $pattern in
    *systemd-coredump*)
        sleep 1
        coredumpctl -q -o "$work/core.$1" dump "$2" >/dev/null 2>&1 && return 0 ;;
    esac
    return 1
}

gcc -O2 -g -pthread "$targets/c/crash.c" -o "$work/hang"
g++ -O2 -g -pthread -std=c++17 "$targets/cxx/crash.cc" -o "$work/shop"
gcc -O1 -g "$targets/c/recurse.c" -o "$work/deep"

say "A program that hangs: \"main\" and \"deadlocked\" wait for each other's lock. It is asked while it runs."
"$work/hang" deadlock >"$work/ready" 2>&1 &
hung=$!
pids="$pids $hung"
for _ in 1 2 3 4 5 6 7 8 9 10; do
    grep -q ready "$work/ready" && break
    sleep 0.1
done
sleep 0.2
try stack --group "$hung"
kill -0 "$hung" && echo "(It runs on.)"
kill -9 "$hung"

for go in /usr/lib/go-*/bin/go; do [ -x "$go" ] && break; done
say "A server in Go that no longer answers: its goroutines, by where they are."
mkdir "$work/go"
cp "$targets/go/hung.go" "$work/go"
(cd "$work/go" && GO111MODULE=off GOFLAGS= GOCACHE="$work/go/cache" "$go" build -o "$work/checkout" hung.go)
"$work/checkout" 200 >"$work/ready" 2>&1 &
hung=$!
pids="$pids $hung"
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    grep -q ready "$work/ready" && break
    sleep 0.5
done
try stack --by user "$hung"
say "Its handlers wait to add to the queue of metrics. Which goroutine should empty it? By whole stacks:"
try stack --by stack "$hung"
say "The odd one out is the goroutine that empties the queue (collect): it found the queue full, adds that to the
queue, too, and so waits for itself, as all others do. How full the queue is, and who waits for it:"
odd=$("$inquest" debug -batch -p "$hung" -ex 'goroutines -with startloc collect' | sed -n 's/.*Goroutine \([0-9]*\) - .*/\1/p')
try debug -batch -p "$hung" -ex "goroutine $odd" -ex 'frame function main.(*metrics).collect' -ex 'print m.queue' -ex 'goroutines -chan m.queue -group userloc'
say "A script as Delve runs them (there with \"source\"): how many goroutines began in each function."
cat >"$work/began.star" <<'END'
def main():
    count = {}
    for g in goroutines().Goroutines:
        name = g.StartLoc.Function.Name_ if g.StartLoc.Function else "?"
        count[name] = count.get(name, 0) + 1
    for name in sorted(count, key = lambda name: -count[name]):
        print(count[name], name)
END
cat "$work/began.star"
echo
try run began.star "$hung"
kill -9 "$hung"

say "A service in Python that hangs, asked while it runs: Python's frames among those of C, with their variables. Its
threads \"orders\" and \"refunds\" wait for each other."
/usr/bin/python3 "$targets/python/hung.py" wait "$work/told" lock >"$work/ready.python" 2>&1 &
hung=$!
pids="$pids $hung"
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    grep -q ready "$work/ready.python" && break
    sleep 0.2
done
for name in orders refunds; do
    try stack --locals --thread "$("$inquest" stack "$hung" | sed -n "s/^Thread \([0-9]*\) \"$name\".*/\1/p")" "$hung"
done
say "Each has locked what the other waits for: \"mine\" here is \"other\" there. With the commands of CPython's helper
for gdb:"
try debug -batch -p "$hung" -ex 'thread 2' -ex py-bt -ex py-list
kill -9 "$hung"

say "A program that crashed: its core, without naming the program."
if ! crash shop "$work/shop" segv; then
    echo "Cores are not written where this demonstration can take them: kernel.core_pattern is
'$pattern', and the hard limit of their size is $(ulimit -H -c). The crashes are left out."
    exit 0
fi
try stack core.shop
say "The same core in the console, with gdb's commands: variables of a frame, and a value."
try debug -batch core.shop -ex 'frame function shop::serve' -ex 'info locals' -ex 'info args' -ex 'p $_siginfo._sifields._sigfault'

say "A recursion of 20,000 calls that ends in abort()."
crash deep "$work/deep" 20000
try stack core.deep

# Debian's server and its checker are one file, which looks at the name it is called by.
for name in redis valkey; do
    program=$(command -v $name-check-rdb || true)
    [ -z "$program" ] || break
done
if [ -z "$program" ]; then
    say "Neither redis-tools nor valkey-tools is installed, so the crash of a real server is left out."
    exit 0
fi
say "A real server, $name of this distribution, without debug information."
mkdir -p "$work/in.server"
ln -s "$program" "$work/$name-server"
socket=$work/in.server/socket
(cd "$work/in.server" && ulimit -c unlimited &&
    exec "$work/$name-server" --port 0 --unixsocket "$socket" --save '' --enable-debug-command yes) >"$work/server.log" 2>&1 &
daemon=$!
pids="$pids $daemon"
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30; do
    [ "$("$name-cli" -s "$socket" ping 2>/dev/null)" = PONG ] && break
    sleep 0.1
done
"$name-cli" -s "$socket" debug populate 200000 key 1000 >/dev/null 2>&1
"$name-benchmark" -s "$socket" -q -n 100000000 -t get,set >/dev/null 2>&1 &
load=$!
pids="$pids $load"
say "First a core of it while 50 clients keep it busy: how long they waited for that, and what the core says."
try dump --compress "$daemon" core.busy.zst
try dump --stacks "$daemon" core.stacks
kill -9 "$load"
try stack core.busy.zst --thread "$daemon"
say "A core holds what its process held. A copy without secrets, for somebody else:"
try shrink --redact --compress core.busy.zst core.public.zst
try verify core.public.zst
say "Then the crash: a client makes it write to an address where nothing is."
"$name-cli" -s "$socket" debug segfault >/dev/null 2>&1 || true
wait "$daemon" 2>/dev/null || true
if ! collect server "$daemon"; then
    echo "the server left no core:"
    tail "$work/server.log"
    exit 1
fi
try info core.server
echo
try stack core.server
say "Read it from below: the event loop (aeMain) read a client's query, processCommand called debugCommand,
that crashed (the signal), and the server's own crash handler ended the process."
