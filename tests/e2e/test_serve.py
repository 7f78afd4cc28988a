# SPDX-License-Identifier: Apache-2.0
"""`inquest serve`: Delve's JSON-RPC as raw bytes, and how the server bears its clients."""

import collections
import errno
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import stat
import subprocess
import threading
import time

import pytest

import build
import cores
import dap
from conftest import ROOT, SANITIZED
from serving import SECONDS, Client, Refused, Server, client_of, connect, methods_of_the_table, serving

GO = f"go-{build.GO_VERSIONS[-1]}"
NATIVE = "c-gcc-O0-dwarf5"
LOAD = {"FollowPointers": True, "MaxVariableRecurse": 1, "MaxStringLen": 64, "MaxArrayValues": 64, "MaxStructFields": -1}


@pytest.fixture(scope="module")
def go_core(lab):
    return lab.core(GO, "panic", program="go")


@pytest.fixture(scope="module")
def server(go_core):
    with serving("--accept-multiclient", go_core[1]) as started:
        yield started


@pytest.fixture
def client(server):
    with client_of(server) as one:
        yield one


@pytest.fixture(scope="module")
def native_server(lab):
    with serving("--accept-multiclient", lab.core(NATIVE, "segv")[1]) as started:
        yield started


# ---- the protocol ----


def test_ids_come_back_as_they_were_sent(client):
    for number in ("7", '"x"', "null", "[1]"):
        client.send('{"method":"RPCServer.IsMulticlient","params":[{}],"id":%s}' % number)
        assert client.answer() == {"id": json.loads(number), "result": {"IsMulticlient": True}, "error": None}
    client.send('{"method":"RPCServer.IsMulticlient","params":[]}')
    assert client.answer()["id"] is None


def test_requests_need_no_frame(client):
    one = '{"method":"RPCServer.ProcessPid","params":[{}],"id":%d}'
    client.send(" \n" + one % 1 + one % 2 + "\n\n" + one % 3)
    assert [client.answer()["id"] for _ in range(3)] == [1, 2, 3]
    for byte in (one % 4).encode():
        client.send(bytes([byte]))
    assert client.answer()["id"] == 4


def test_names_may_have_any_letters_and_more_members_do_not_matter(client):
    client.send('{"METHOD":"rpcserver.listgoroutines","Params":[{"start":0,"COUNT":2,"unheard":{"of":[1]}}],"Id":1}')
    assert len(client.answer()["result"]["Goroutines"]) == 2


def test_an_error_is_a_text(client):
    with pytest.raises(Refused, match="^unknown method: RPCServer.Foo$"):
        client.call("Foo")
    client.send('{"method":"RPCServer.State","id":2}')
    assert client.answer() == {"id": 2, "result": None,
                               "error": "malformed request body: jsonrpc: request body missing params"}
    with pytest.raises(Refused, match="^malformed request body: .*Depth"):
        client.call("Stacktrace", Id=1, Depth="all")


@pytest.mark.parametrize("method, arguments, text", [
    ("Command", {"name": "continue"}, "can not continue execution of core process"),
    ("Command", {"name": "switchThread", "threadID": 1}, "thread 1 does not exist"),
    ("Command", {"name": "switchGoroutine", "goroutineID": 99999}, "unknown goroutine 99999"),
    ("CreateBreakpoint", {"Breakpoint": {"functionName": "main.main"}}, "cannot write a breakpoint to a core file"),
    ("Set", {"Symbol": "runtime.allgs", "Value": "nil"}, "can not write to core process"),
    ("DumpStart", {"Destination": "/tmp/x"}, "core dumping not supported"),
    ("Restart", {}, "can not continue execution of core process"),
    ("GetThread", {"Id": 1}, "no thread with id 1"),
    ("ListRegisters", {"ThreadID": 1}, "couldn't find thread 1"),
    ("GetBreakpoint", {"Id": 3}, "no breakpoint with id 3"),
    ("CreateBreakpoint", {"Breakpoint": {"name": "7"}}, "breakpoint name can not be a number"),
    ("AmendBreakpoint", {"Breakpoint": {"id": 4}}, "no breakpoint with ID 4"),
    ("CreateWatchpoint", {"Expr": "runtime.allgs", "Type": 1}, "cannot write a breakpoint to a core file"),
    ("CreateWatchpoint", {"Expr": "nosuch", "Type": 1}, "could not find symbol value for nosuch"),
    ("Set", {"Symbol": "nosuch", "Value": "1"}, "could not find symbol value for nosuch"),
    ("ExamineMemory", {"Address": 0, "Length": 1 << 20}, "len must be less than or equal to 65536"),
    ("FindLocation", {"Loc": "nosuch", "Scope": {"GoroutineID": -1}}, 'location "nosuch" not found'),
    ("FindLocation", {"Loc": "+9223372036854775807", "Scope": {"GoroutineID": -1}},
     'Malformed breakpoint location "+9223372036854775807" at 0: no number'),
    ("Eval", {"Expr": "nosuch", "Scope": {"GoroutineID": -1}}, "could not find symbol value for nosuch"),
])
def test_what_a_core_cannot_do_is_said_in_delves_words(client, method, arguments, text):
    with pytest.raises(Refused) as refused:
        client.call(method, **arguments)
    assert str(refused.value) == text


def test_every_method_answers_as_the_table_says(go_core):
    """docs/delve-methods.md has the methods that the sources have, no more, no less, and no request ends the server."""
    table = methods_of_the_table()
    rows = re.findall(r'^    \{"([A-Z]\w+)", (?:\w+, NULL|NULL, ".*")\},?$|\{"([A-Z]\w+)", \w+, NULL\}',
                      "".join(path.read_text() for path in (ROOT / "src" / "front" / "delve").glob("*.c")), re.M)
    assert {first or second for first, second in rows} == set(table)
    with serving("--accept-multiclient", go_core[1]) as server, client_of(server) as client:
        for method, (how, text) in sorted(table.items(), key=lambda row: row[0] == "Detach"):
            client.send(json.dumps({"method": f"RPCServer.{method}", "params": [{"Scope": {"GoroutineID": -1}, "Id": 0}], "id": method}))
            answer = client.answer()
            assert answer["id"] == method and (answer["result"] is None) == (answer["error"] is not None)
            assert not (answer["error"] or "").startswith("unknown method")
            if how == "refused" and ", after " not in text:
                assert answer["error"] == re.match("`(.*?)`", text)[1], method


@pytest.mark.parametrize("params, what", [
    ('{"Id":1}', "cannot unmarshal object into Go value of type [1]interface {}"),
    ('"Id"', "cannot unmarshal string into Go value of type [1]interface {}"),
    ("[7]", "arguments are an object, not: number"),
    ('[{"Id":{}}]', "the wrong kind of value in field Id"),
])
def test_arguments_are_an_object_in_a_list(client, params, what):
    client.send('{"method":"RPCServer.GetThread","params":%s,"id":1}' % params)
    assert client.answer()["error"] == f"malformed request body: json: {what}"


@pytest.fixture(scope="module")
def version_1(go_core):
    with serving("--api-version=1", "--accept-multiclient", go_core[1]) as server:
        yield server


def test_version_1_answers_with_plain_values(version_1):
    """As Delve 1.20, the last with it: one argument stands alone, and so does one result. Compared with it in
    test_go_rpc.py."""
    def call(method, *argument):
        client.send(json.dumps({"method": f"RPCServer.{method}", "params": argument, "id": 1}))
        answer = client.answer()
        if answer["error"]:
            raise Refused(answer["error"])
        return answer["result"]

    with client_of(version_1) as client:
        plain = call("ListGoroutines")
        assert isinstance(plain, list) and "userCurrentLoc" in plain[0]
        pid, state, threads = call("ProcessPid"), call("State"), call("ListThreads")
        assert state["Pid"] == pid and state["currentThread"] in threads
        assert call("GetThread", threads[0]["id"]) == threads[0]
        assert call("Command", {"name": "switchGoroutine", "goroutineID": 1}) == state
        assert call("AttachedToExistingProcess") is False and call("ListBreakpoints") == []
        assert call("ListFunctions", r"^main\.main$") == ["main.main"]
        assert all("main." in one for one in call("ListTypes", r"^main\."))
        frames = call("StacktraceGoroutine", {"Id": 1, "Depth": 50, "Full": True})
        scope = {"GoroutineID": 1, "Frame": 5}
        assert call("ListLocalVars", scope) == frames[5]["Locals"] and call("ListFunctionArgs", scope) == frames[5]["Arguments"]
        allgs = call("EvalSymbol", {"Scope": scope, "Symbol": "runtime.allgs"})
        assert call("ListThreadPackageVars", {"Id": 1, "Filter": r"^runtime\.allgs$"}) == [allgs | {"flags": 0}]
        assert "Rip = " in call("ListRegisters")
        for method, argument, text in (
                ("GetBreakpoint", 3, "no breakpoint with id 3"), ("ClearBreakpointByName", "x", "no breakpoint with name x"),
                ("SetSymbol", {"Scope": scope, "Symbol": "runtime.allgs", "Value": "nil"}, "can not write to core process"),
                ("GetThread", "x", "malformed request body: json: the wrong kind of value in field Id"),
                ("SetApiVersion", {"APIVersion": 3}, "unknown API version")):
            with pytest.raises(Refused, match=f"^{text}$"):
                call(method, argument)
        assert call("SetApiVersion", {"APIVersion": 2}) == {}
        assert call("ListGoroutines", {"Count": 0})["Goroutines"] == plain


# ---- from a shell ----


def shell(pipeline, server):
    """What a pipeline prints; $ASK sends its input to the server, as `nc` does from a shell."""
    host, port = server.address.rsplit(":", 1)
    result = subprocess.run(["sh", "-c", pipeline], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            env={**os.environ, "ASK": f"nc -N {host} {port}"}, timeout=SECONDS, check=False, text=True)
    assert result.returncode == 0 and not result.stderr, result.stderr
    return result.stdout


@pytest.mark.skipif(not shutil.which("nc") or not shutil.which("jq"), reason="nc or jq is not installed")
@pytest.mark.parametrize("version, path", [(1, ".result[]"), (2, ".result.Goroutines[]")])
def test_pipelines_of_nc_and_jq(server, version_1, client, version, path):
    """Goroutines by their functions, the odd ones, their states: as they are written down for Delve."""
    asked = """echo '{"method":"RPCServer.ListGoroutines","params":[],"id":2}' | $ASK"""
    target = {1: version_1, 2: server}[version]
    all_of_them = client.call("ListGoroutines", Count=0)["Goroutines"]
    names = collections.Counter(one["userCurrentLoc"]["function"]["name"] for one in all_of_them)
    lines = shell(f"{asked} | jq -r '{path} | .userCurrentLoc.function.name' | sort | uniq -c | sort -rn", target)
    assert {name: int(n) for n, name in (line.split(None, 1) for line in lines.splitlines())} == names
    groups = shell(f"{asked} | jq -c '[{path}] | group_by(.userCurrentLoc.function.name) | "
                   "map({key: .[0].userCurrentLoc.function.name, value: length}) | from_entries'", target)
    assert json.loads(groups) == names
    reasons = shell(f"{asked} | jq -r '{path} | select(.waitReason > 0) | .id'", target)
    assert [int(line) for line in reasons.split()] == [one["id"] for one in all_of_them if one["waitReason"] > 0]
    pairs = "Scope: {GoroutineID: .id, Frame: 0}, Expr: \"runtime.curg.goid\"" if version == 2 else \
        "Scope: {GoroutineID: .id, Frame: 0}, Symbol: \"runtime.curg.goid\""
    method = {1: "EvalSymbol", 2: "Eval"}[version]
    numbers = shell(f"""{asked} | jq -c '{path} | {{method: "RPCServer.{method}", params: [{{{pairs}}}], id: .id}}' | $ASK | """
                    "jq -r '(.result.Variable // .result).value'", target)
    assert [int(line) for line in numbers.split()] == [one["id"] for one in all_of_them]


# ---- what is answered ----


def test_the_state_of_a_panic(client):
    state = client.call("State")["State"]
    assert state["currentGoroutine"]["id"] == 1 and state["currentThread"]["goroutineID"] == 1
    assert state["currentThread"]["id"] in [thread["id"] for thread in state["Threads"]]
    version = client.call("GetVersion")
    assert version["Backend"] == "core" and version["TargetGoVersion"].startswith("Go cmd/compile go1.")


def test_goroutines_in_pages_filters_and_groups(client):
    whole = client.call("ListGoroutines", Start=0, Count=0)
    assert whole["Nextg"] == -1 and whole["Groups"] is None
    paged, at = [], 0
    while at >= 0:
        page = client.call("ListGoroutines", Start=at, Count=3)
        assert len(page["Goroutines"]) <= 3
        paged += page["Goroutines"]
        at = page["Nextg"]
    assert paged == whole["Goroutines"]
    parts = [client.call("ListGoroutines", Count=0, Filters=[{"Kind": 2, "Arg": "main.", "Negated": no}])["Goroutines"]
             for no in (False, True)]
    assert all("main." in one["userCurrentLoc"]["function"]["name"] for one in parts[0])
    assert parts[0] and len(parts[0]) + len(parts[1]) == len(paged)
    groups = client.call("ListGoroutines", Count=0, GroupBy=2, MaxGroupMembers=2, MaxGroups=0)
    assert sum(group["Total"] for group in groups["Groups"]) == len(paged)
    assert sum(group["Count"] for group in groups["Groups"]) == len(groups["Goroutines"])
    assert client.call("ListGoroutines", Count=0, GroupBy=2, MaxGroups=1)["TooManyGroups"]


def test_filters_are_gos_expressions(client):
    """What Delve answers to the same of a program without C."""
    every = client.call("ListFunctions", Filter="")["Funcs"]
    for filter_, wanted in ((r"(?i)^MAIN\.D\w+$", r"^main\.[dD]\w+$"), (r"^main\..*?\.func\d$", r"^main\..*\.func[0-9]$"),
                            (r"\bdie\b", r"\bdie\b"), (r"\Q(*T)\E|\(\*\pL+\)\.L", r"\(\*[A-Za-z]+\)\.L|\(\*T\)")):
        names = client.call("ListFunctions", Filter=filter_)["Funcs"]
        assert names and names == [name for name in every if re.search(wanted, name)], filter_
    for filter_, why in (("(?=a)", "invalid or unsupported Perl syntax: `(?=`"), (r"\Z", r"invalid escape sequence: `\Z`"),
                         ("(", "missing closing ): `(`"), ("*", "missing argument to repetition operator: `*`")):
        with pytest.raises(Refused) as refused:
            client.call("ListTypes", Filter=filter_)
        assert str(refused.value) == f"invalid filter argument: error parsing regexp: {why}"


def test_packages_and_their_folders(client):
    """The folder of internal/sync ends in "sync", too."""
    listed = client.call("ListPackagesBuildInfo", Filter="^sync$", IncludeFiles=True)["List"]
    assert [one["ImportPath"] for one in listed] == ["sync"]
    assert listed[0]["DirectoryPath"].endswith("src/sync") and listed[0]["DirectoryPath"] + "/mutex.go" in listed[0]["Files"]


def test_frames_variables_and_places(client):
    frames = client.call("Stacktrace", Id=1, Depth=50)["Locations"]
    main = next(i for i, frame in enumerate(frames) if frame["function"]["name"] == "main.main")
    assert frames[main]["Locals"] is None and frames[-1]["Bottom"]
    assert client.call("Stacktrace", Id=1, Depth=2)["Locations"] == frames[:3]
    assert client.call("Stacktrace", Id=1, Depth=50, Skip=2)["Locations"] == frames[2:]
    scope = {"GoroutineID": 1, "Frame": main}
    found = client.call("FindLocation", Loc="main.main", Scope=scope)["Locations"][0]
    assert found["function"]["name"] == "main.main" and found["pcs"] == [found["pc"]]
    memory = client.call("ExamineMemory", Address=found["pc"], Length=8)
    code = client.call("Disassemble", Scope=scope, StartPC=found["pc"], EndPC=found["pc"] + 8, Flavour=1)
    assert memory["Mem"] and code["Disassemble"][0]["Loc"] | {"function": 0} == \
        {"pc": found["pc"], "file": found["file"], "line": found["line"], "function": 0}
    value = client.call("Eval", Scope=scope, Expr="runtime.curg.goid")["Variable"]
    assert (value["value"], value["kind"], value["name"]) == ("1", 7, "runtime.curg.goid")
    assert any(one["Name"] == "Rip" for one in client.call("ListRegisters", Scope=scope)["Regs"])


def test_a_selection_is_the_clients_own(server, client):
    others = [one["id"] for one in client.call("ListGoroutines", Count=0)["Goroutines"] if not one["threadID"]]
    state = client.call("Command", name="switchGoroutine", goroutineID=others[0])["State"]
    assert state["currentGoroutine"]["id"] == others[0]
    assert client.call("Stacktrace", Id=-1, Depth=3) == client.call("Stacktrace", Id=others[0], Depth=3)
    with client_of(server) as other:
        assert other.call("State")["State"]["currentGoroutine"]["id"] == 1


def test_a_program_in_c_has_threads_frames_and_variables(native_server):
    with client_of(native_server) as client:
        state = client.call("State")["State"]
        assert "currentGoroutine" not in state and state["Threads"]
        assert client.call("ListGoroutines", Count=0)["Goroutines"] == []
        frames = client.call("Stacktrace", Id=-1, Depth=50, Cfg=LOAD)["Locations"]
        names = [frame["function"]["name"] for frame in frames if "function" in frame]
        assert "main" in names
        assert any(frame["Arguments"] or frame["Locals"] for frame in frames)
        scope = {"GoroutineID": -1, "Frame": names.index("main")}
        arguments = {one["name"]: one for one in client.call("ListFunctionArgs", Scope=scope, Cfg=LOAD)["Args"]}
        assert arguments["argc"]["value"].isdigit() and arguments["argc"]["kind"] == 2
        assert arguments["argv"]["kind"] == 22 and int(arguments["argv"]["value"]) == arguments["argv"]["children"][0]["addr"]


# ---- who may connect ----


# Known values in registers of floating point and vectors, and an end by ud2, which changes none.
FLOATS = r"""
#include <stdint.h>
int main(void)
{
    static const struct { double d[4]; float f[4]; long double x; } v __attribute__((aligned(32))) = {
        {1.5, -2e10, 0.25, 1e-7}, {0.5f, -1e6f, 123456.0f, 3.0f}, 1.75L};
    __asm__ volatile("fldt 48(%0)\n fchs\n movaps (%0), %%xmm3\n movaps 32(%0), %%xmm15\n"
                     "test %1, %1\n jz 1f\n vmovaps (%0), %%ymm3\n 1: ud2" : : "r"(&v), "r"(__builtin_cpu_supports("avx")));
    return 0;
}
"""


def test_registers_of_floating_point_have_delves_text(tmp_path):
    source, exe = tmp_path / "floats.c", tmp_path / "floats"
    source.write_text(FLOATS, encoding="utf-8")
    build.run([build.tool("gcc"), "-O1", "-w", str(source), "-o", str(exe)])
    with serving(cores.kernel_core([str(exe)], str(tmp_path))) as server, client_of(server) as client:
        plain = client.call("ListRegisters")
        answer = client.call("ListRegisters", IncludeFp=True)
    registers = {one["Name"]: (one["Value"], one["DwarfNumber"]) for one in answer["Regs"]}
    assert set(registers) - {one["Name"] for one in plain["Regs"]} == {
        *(f"XMM{i}" for i in range(16)), *(f"ST({i})" for i in range(8)), "MXCSR", "CW", "SW"}
    low, _, high = registers["XMM3"][0].partition("\n\t")
    assert low == (
        "0xc212a05f200000003ff8000000000000\tv2_int={ 3ff8000000000000 c212a05f20000000 }\tv4_int={ 00000000 3ff80000 20000000 "
        "c212a05f }\tv8_int={ 0000 0000 0000 3ff8 0000 2000 a05f c212 }\tv16_int={ 00 00 00 00 00 00 f8 3f 00 00 00 20 5f a0 "
        "12 c2 }\tv2_float={ 1.5 -2e+10 }\tv4_float={ 0 1.9375 1.0842022e-19 -36.656612 }")
    if high:  # of a processor with AVX
        assert high.startswith("[YMM3h] 0x3e7ad7f29abcaf483fd0000000000000\t") and "\tv2_float={ 0.25 1e-07 }" in high
    assert registers["XMM15"][0].split("\n")[0].endswith("\tv4_float={ 0.5 -1e+06 123456 3 }") and registers["XMM15"][1] == 32
    assert registers["ST(0)"] == ("0x3fffe000000000000000\t-1.75", 33)
    assert registers["MXCSR"] == ("0x00001f80\t[RZ/RN=0 PM UM OM ZM DM IM]", 64)
    assert registers["CW"] == ("0x037f", 65)
    assert f"\n  MXCSR = {registers['MXCSR'][0]}\n" in answer["Registers"]


def test_a_unix_socket_is_ones_own(go_core, tmp_path):
    path = tmp_path / "socket"
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(str(path))
    stale.close()
    with serving("--listen", f"unix:{path}", "--accept-multiclient", go_core[1]) as server:
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
        with client_of(server) as client:
            assert client.call("Recorded")["Recorded"]
        with pytest.raises(Refused, match="in use"):
            Server("--listen", f"unix:{path}", go_core[1])
    assert not path.exists()


@pytest.mark.parametrize("address", ["0.0.0.0:0", "[::]:0"])
def test_other_machines_are_kept_out(go_core, address):
    with pytest.raises(Refused, match="reached from other machines"):
        Server("--listen", address, go_core[1])


PING = b'{"method":"RPCServer.IsMulticlient","params":[{}],"id":1}\n'


def test_a_socket_for_both_families_is_ones_own(server):
    """As Java's runtime opens it, and so its editors: the system lists it with those of IPv6."""
    host, port = server.address.rsplit(":", 1)
    try:
        connection = socket.socket(socket.AF_INET6)
    except OSError:
        pytest.skip("the system has no IPv6")
    with connection:
        connection.settimeout(SECONDS)
        connection.connect((f"::ffff:{host}", int(port)))
        connection.sendall(PING)
        assert json.loads(connection.makefile("rb").readline())["result"]


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be another user")
@pytest.mark.parametrize("host", ["", "::ffff:"])
def test_another_user_is_refused(lab, host):
    """Those of Delve's option, of each family; without it they are taken."""
    script = ("import socket, sys; s = socket.create_connection((sys.argv[1], int(sys.argv[2])), 60)\n"
              "try: s.sendall(sys.argv[3].encode()); print(len(s.recv(1000)))\n"
              "except ConnectionError: print(0)")

    def got(server):
        at, port = server.address.rsplit(":", 1)
        python = shutil.which("python3", path="/usr/bin:/usr/local/bin")
        return int(subprocess.run([python, "-c", script, host + at, port, PING.decode()], user=65534, group=65534, cwd="/",
                                  stdout=subprocess.PIPE, check=True, timeout=2 * SECONDS).stdout)

    core = lab.core(NATIVE, "segv")[1]
    with serving("--accept-multiclient", core) as server:
        assert got(server) == 0
        server.end()
        assert "closing connection from different user" in server.said[1]
    with serving("--accept-multiclient", "--only-same-user=false", core) as server:
        assert got(server) > 0


def test_who_comes_from_elsewhere_begins_with_the_token(go_core, tmp_path):
    token = tmp_path / "token"
    token.write_text("0123456789abcdef0123\n", encoding="ascii")
    with serving("--listen", "0.0.0.0:0", "--allow-remote", "--token-file", token, "--accept-multiclient",
                 go_core[1]) as server:
        server.address = "127.0.0.1:" + server.address.rsplit(":", 1)[1]
        with client_of(server) as client:
            client.send("0123456789abcdef0123\n")
            assert client.call("IsMulticlient")["IsMulticlient"]
        for wrong in (b"0123456789abcdef0124\n", b'{"method":"RPCServer.IsMulticlient","params":[{}],"id":1}\n'):
            with connect(server.address) as other:
                other.sendall(wrong)
                assert other.recv(1) == b""


# ---- how it ends ----


def test_without_multiclient_it_ends_with_its_client(go_core):
    server = Server(go_core[1])
    connect(server.address).close()  # who says nothing does not count
    client = Client(server.address)
    assert not client.call("IsMulticlient")["IsMulticlient"]
    client.close()
    assert server.end(ask=False) == 0


def test_detach_ends_it(go_core):
    server = Server("--accept-multiclient", go_core[1])
    with client_of(server) as client, client_of(server) as other:
        assert other.call("IsMulticlient")["IsMulticlient"]
        assert client.call("Detach", Kill=False) == {}
        client.close()
        assert server.end(ask=False) == 0


def test_a_process_goes_on(lab):
    with lab.running(NATIVE, "hang") as running:
        status = pathlib.Path(f"/proc/{running.pid}/status")
        server = Server("--accept-multiclient", running.pid)
        assert "t (tracing stop)" in status.read_text(encoding="ascii")
        with client_of(server) as client:
            assert client.call("AttachedToExistingProcess")["Answer"]
            assert client.call("Stacktrace", Id=-1, Depth=5)["Locations"]
        server.end()
        assert "t (tracing stop)" not in status.read_text(encoding="ascii")


# ---- clients that misbehave ----


BAD = [
    b"garbage\n",
    b"[1]",
    b'{"method":"RPCServer.State","params":[' + b"[" * 200,
    b'{"method":"' + b"x" * (5 << 20),
    b'{"method":1,"params":"x","id":{}}{"a":}',
    b"\0\0\0\0",
]
BAD_DAP = [
    b"Content-Length: 99999999999\r\n\r\n",
    b"Content-Length: -1\r\n\r\n{}",
    b"Content-Length: 5\r\n\r\n{{{{{",
    b"Content-Length: 100000\r\n\r\n" + b"[" * 100000,
    b"Content-Garbage\r\n\r\n",
    b"C" * (1 << 20),
]


def is_let_go(address, bytes_):
    """Who says this is hung up on, however much it would still say."""
    with connect(address) as one:
        try:
            one.sendall(bytes_)
            one.shutdown(socket.SHUT_WR)
            while one.recv(1 << 16):
                pass
        except (ConnectionResetError, BrokenPipeError):
            pass
        except OSError as error:  # shutdown() of what the server has closed
            if error.errno != errno.ENOTCONN:
                raise


@pytest.mark.parametrize("bytes_", BAD, ids=["garbage", "no-object", "deep", "large", "broken", "zeros"])
def test_nonsense_ends_its_connection_only(server, client, bytes_):
    is_let_go(server.address, bytes_)
    assert client.call("IsMulticlient")["IsMulticlient"]


def test_who_never_reads_keeps_nobody_waiting(server, client):
    """More is asked for than sockets hold."""
    stuck = connect(server.address)
    for _ in range(200):
        stuck.sendall(b'{"method":"RPCServer.ListFunctions","params":[{}],"id":1}')
    for _ in range(5):
        assert client.call("ListThreads")["Threads"]
    stuck.close()
    assert client.call("IsMulticlient")["IsMulticlient"]


class Crowd:
    """Fifty clients at once of one server, polite and other; `wrong` says what the polite ones missed."""

    def __init__(self, server, asked):
        self.server, self.asked, self.wrong, self.over = server, asked, [], threading.Event()

    def polite(self):
        with client_of(self.server) as one:
            for method, arguments, wanted in self.asked:
                if one.call(method, **arguments) != wanted:
                    self.wrong.append(method)

    def editor(self):
        """Speaks DAP."""
        host, port = self.server.address.rsplit(":", 1)
        with dap.Client(stream=socket.create_connection((host, int(port)))) as one:
            stop = one.open("attach")
            if not one.ask("threads")["threads"] or not one.ask("stackTrace", threadId=stop["threadId"], levels=5)["stackFrames"]:
                self.wrong.append("stackTrace")
            one.ask("disconnect")

    def refused(self, bytes_):
        is_let_go(self.server.address, bytes_)

    def deaf(self, bytes_):
        """Asks, and never reads."""
        with connect(self.server.address) as one:
            one.settimeout(0.2)
            try:
                while not self.over.is_set():
                    one.sendall(bytes_)
            except (TimeoutError, ConnectionResetError, BrokenPipeError):
                self.over.wait()

    def slow(self):
        """A byte now and then; its last comes when all others are done."""
        with client_of(self.server) as one:
            request = b'{"method":"RPCServer.ProcessPid","params":[{}],"id":1}'
            for i in range(len(request) - 1):
                one.send(request[i:i + 1])
                self.over.wait(0.1)
            self.over.wait()
            one.send(request[-1:])
            if one.answer()["error"]:
                self.wrong.append("slow")

    def run(self):
        """Every thread's end is waited for."""
        ask_much = b'{"method":"RPCServer.ListFunctions","params":[{}],"id":1}' * 20
        many = 2 if SANITIZED else 10
        waited = [(self.polite,)] * (2 * many) + [(self.editor,)] * (many // 2) + [(self.refused, bad) for bad in BAD + BAD_DAP]
        staying = [(self.deaf, ask_much), (self.deaf, b'{"method":"RPCServer.State","params":[{}],"id":1}' * 100),
                   (self.deaf, b'Content-Length: 48\r\n\r\n{"seq":1,"type":"request","command":"initialize"}'),
                   (self.slow,), (self.slow,)]
        threads = [[threading.Thread(target=self.guarded, args=one) for one in some] for some in (staying, waited)]
        half_open = [connect(self.server.address) for _ in range(10)]
        try:
            for thread in threads[0] + threads[1]:
                thread.start()
            for thread in threads[1]:
                thread.join(4 * SECONDS)
        finally:
            self.over.set()
        for thread in threads[0] + threads[1]:
            thread.join(SECONDS)
            assert not thread.is_alive()
        for one in half_open:
            one.close()

    def guarded(self, what, *args):
        try:
            what(*args)
        except Exception as e:  # pylint: disable=broad-except
            self.wrong.append(f"{what.__name__}: {e!r}")


def test_fifty_clients_of_all_kinds(go_core):
    """JSON-RPC and DAP at one port: who asks gets what it would get alone, and the server stays small."""
    with serving("--accept-multiclient", go_core[1]) as server:
        with client_of(server) as client:
            asked = [(method, arguments, client.call(method, **arguments)) for method, arguments in (
                ("ListGoroutines", {"Count": 0}), ("Stacktrace", {"Id": 1, "Depth": 50, "Cfg": LOAD}), ("State", {}),
                ("ListGoroutines", {"Count": 0, "GroupBy": 2, "MaxGroupMembers": 2, "MaxGroups": 9}), ("ListThreads", {}),
                ("ListLocalVars", {"Scope": {"GoroutineID": 1, "Frame": 4}, "Cfg": LOAD}), ("ListTypes", {"Filter": "^main"}),
                ("Eval", {"Scope": {"GoroutineID": 1}, "Expr": "runtime.allgs[0]", "Cfg": LOAD}), ("ListRegisters", {}),
                ("FindLocation", {"Scope": {"GoroutineID": -1}, "Loc": "main.main"}), ("ListPackageVars", {"Filter": "^main"}))]
        crowd = Crowd(server, asked)
        crowd.run()
        assert not crowd.wrong
        with client_of(server) as client:
            assert client.call("ListGoroutines", Count=0) == asked[0][2]
        if not SANITIZED:
            assert server.memory() < 256 << 20


def test_it_ends_while_a_client_is_stuck(go_core):
    server = Server("--accept-multiclient", go_core[1])
    stuck = connect(server.address)
    for _ in range(200):
        stuck.sendall(b'{"method":"RPCServer.ListFunctions","params":[{}],"id":1}')
    began = time.monotonic()
    server.process.send_signal(signal.SIGINT)
    server.end(ask=False)
    assert time.monotonic() - began < SECONDS
    stuck.close()
