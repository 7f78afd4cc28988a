# SPDX-License-Identifier: Apache-2.0
"""The same expressions asked of Delve and of Inquest, on one core of tests/targets/go/values.go.

    delve_values.py EXE CORE     what differs; INQUEST_DLV names Delve's command, words by blanks
"""

import collections
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

# What is asked in the frame of each function: names, then expressions.
NAMES = {
    "main.scalars": """i i8 i16 i32 i64 u u8 u16 u32 u64 up f32 f64 big small whole negative inf ninf nan zero c64 c128 r b
        t n col col9 m m0 m9 temp d month day mode kind sig p pp unsafePtr nilUnsafe nilInt flag""",
    "main.texts": """empty ascii unicode quotes long multi words nilWords array b runes typed pointer raw joined buffer
        builder reader manyWords given many""",
    "main.arrays": """numbers part nilSlice emptySlice reserved array zeros grid cube nested points pointers shapes anys bools
        maps funcs large largeArray parray pslice structs errs colors durations empties chans""",
    "main.records": """p pp ppp np s e pe anonymous none b first ring root deep same other given pgiven""",
    "main.maps": """strs ints nilMap empty structs pointers nested slices anys ifaces arrays floats sets bools runes colors
        typed chans large many bigKey bigValue pm concurrent""",
    "main.interfaces": """nilAny nilErr nilShape anInt aString aFloat aBool aPoint aPointer aSlice aMap aFunc aChan aColor
        anArray aNilPointer aStruct aPair anError wrapped custom plain pathError sh psh pany w r ctx value typ rv anyAny
        anUnsafe aComplex aDuration given err""",
    "main.channels": """unbuffered buffered wrapped structs texts closed nilChan pointers empties waited pchan in out""",
    "main.functions": """captured changed nilFunc plain closure changing p bound boundPointer expression deferred generic pf
        h""",
    "main.functions.func": "inner captured changed",
    "main.generics[go.shape.string": "m p pp l zero e pv k v all",
    "main.generics[go.shape.struct": "m p pp l zero e pv k v all",
    "main.generics[go.shape.int": "m p pp l zero e pv k v all",
    "main.library": """when zeroTime local pwhen elapsed mu locked rw wg once i32 u64 ab ap av pool sm cond ticker file""",
    "main.arguments": "i s list p f b sh e m pp",
    "main.stay": "i s list p f b sh e m pp",
    "main.results": "x total text err",
    "main.shadowed": "x y",
}

EXPRESSIONS = {
    "main.scalars": """
        %x i ;; %#x u8 ;; %d i ;; %08b u8 ;; %o u ;; %#o u ;; %c r ;; %U r ;; %q r ;; %t t ;; %e f64 ;; %.2f f64 ;; %g big
        %v small ;; %x t ;; %s i ;; %+d u ;; %5d u8 ;; %-5d u8 ;; %x f64 ;; %.1f c128 ;; %X packageMap ;; %d col ;; %x p
        i + 1 ;; i * 2 ;; i / 2 ;; i % 3 ;; -i ;; +i ;; ^i ;; u << 3 ;; u >> 1 ;; u8 + 100 ;; u8 & 15 ;; u8 | 7 ;; i8 - 127 ;; i + i8 ;; i == -5
        i != -5 ;; i < 0 ;; i >= 3 ;; f64 * 2 ;; f64 + 0.5 ;; f64 / 0 ;; f32 == 1.5 ;; f64 > 2 ;; i + 1.5 ;; 7 / 2 ;; 7.0 / 2 ;; 1 << 10
        t && n ;; t || n ;; !t ;; t == n ;; t && i == -5 ;; i > 0 || f64 > 2 ;; (i + 3) * 2 ;; 10 - 2 - 3 ;; 2 + 3 * 4
        int8(i) ;; uint8(i) ;; uint16(i) ;; uint64(i) ;; int(u8) ;; float64(i) ;; float32(f64) ;; int(f64) ;; uint32(f64) ;; int(nan)
        string(b) ;; string(r) ;; uintptr(p) ;; color(1) ;; main.color(7) ;; mask(3) ;; celsius(2) ;; main.mask(9)
        time.Duration(5) ;; "time".Duration(90000000000) ;; "time".Month(2) ;; time.Month(20)
        *p ;; **pp ;; &i ;; &p ;; *&i ;; p == nil ;; p != nil ;; nilInt == nil ;; *nilInt ;; nilUnsafe == nil ;; p == p ;; &i == p
        real(c128) ;; imag(c128) ;; c128 + 1 ;; c64 == c64 ;; complex(1.5, 2.5) ;; complex(f64, f64) ;; real(2.5) ;; imag(f64)
        min(1, 2) ;; max(1, 2, 3) ;; min(i, 3) ;; max(f64, 1.0) ;; min("a", "b") ;; max() ;; min(i, u) ;; max(i64, i64)
        col ;; col == blue ;; main.red ;; red ;; blue ;; green + 1 ;; main.flagExec ;; main.limit ;; limit ;; greeting ;; ratio
        m & flagRead ;; month + 1 ;; d / 2 ;; d > 1000 ;; col == 2 ;; 'a' ;; 'ä' ;; "text" ;; "a" + "b" ;; 1.5 ;; 0x10 ;; 0b101 ;; 0o17 ;; 1e3
        true ;; false ;; nil ;; i.x ;; i[0] ;; *i ;; nosuch ;; main.nosuch ;; p.x ;; u64 ;; i64 ;; -i64 ;; u8 << 1 ;; i8 >> 1 ;; ^u8
        *(*int)(uintptr(p)) ;; (*int)(uintptr(p)) ;; *(*uint8)(uintptr(p)) ;; (*int)(0) ;; *(*int)(0x8) ;; int64(u64) ;; uint8(300)
        unsafePtr == nil ;; *(*int)(unsafePtr) ;; (*int)(unsafePtr) ;; uintptr(unsafePtr) == uintptr(p) ;; len(i) ;; cap(i) ;; i(1)
        fmt.Println("x") ;; len(1, 2) ;; t + 1 ;; nan == nan ;; inf ;; up + 1 ;; i << 70 ;; i >> -1 ;; 1 / 0 ;; i / 0 ;; "a" < "b"
        nil == nil ;; i == nil ;; 5 == 5.0 ;; col + 1 ;; -f64 ;; !i ;; -t ;; zero == 0 ;; math.Pi ;; math.MaxInt8 ;; os.ModePerm
        packageInt ;; main.packageInt ;; packageText ;; packageColor ;; packageMap ;; packageErr ;; packageAny ;; packageArray
        packageArray[1] ;; packageMap["unit"] ;; main.packageMap["unit"].X ;; packageFunc ;; main.never ;; os.Args ;; len(os.Args)
        "os".Args[1] ;; runtime.GOROOT ;; strings.ToUpper ;; main.point.Sum ;; main.scalars ;; main.never == nil ;; never
        runtime.curg.goid ;; runtime.frameoff ;; runtime.curg == nil ;; runtime.curg.waitreason ;; runtime.goid ;; runtime.threadid
        runtime.rangeParentOffset ;; runtime.curg.sched.pc == 0 ;; len("abc") ;; main.started.v ;; main.started
        "reflect".Map ;; reflect.Struct ;; syscall.SIGINT ;; syscall.ENOENT ;; http.StatusOK ;; time.Second ;; time.UTC ;; os.Stdout""",
    "main.texts": """
        %s ascii ;; %x ascii ;; %#x ascii ;; %q unicode ;; %x words ;; %d ascii ;; %X b ;; %s multi ;; %8s ascii
        ascii[0] ;; ascii[1:3] ;; ascii[:2] ;; ascii[2:] ;; ascii[:] ;; ascii[10] ;; ascii[1:20] ;; ascii[-1] ;; ascii == "plain"
        ascii != "x" ;; ascii < "q" ;; ascii + " more" ;; len(ascii) ;; len(unicode) ;; len(quotes) ;; unicode[0] ;; []byte(ascii)
        []rune(unicode) ;; string(b) ;; string(runes) ;; []byte(ascii)[0] ;; words[1] ;; words[0][1] ;; words[1:3] ;; len(words)
        cap(words) ;; words[9] ;; words == nil ;; nilWords == nil ;; nilWords[0] ;; array[1] ;; array[1:] ;; array == array ;; b[1:4]
        string(b[0:3]) ;; string(raw) ;; typed[1] ;; *pointer ;; pointer == &ascii ;; (*pointer)[1] ;; &words[0] ;; buffer.buf ;; buffer.off
        string(buffer.buf) ;; builder.buf ;; reader.s ;; reader.i ;; "quoted" == ascii ;; long[290:] ;; long[0:10] ;; manyWords[99]
        manyWords[95:] ;; manyWords[98:100] ;; len(manyWords) ;; string(97) ;; string(ascii) ;; []byte("ab") ;; names(words) ;; given
        len(many) ;; many[0] ;; ascii + 1 ;; long == long ;; multi ;; ascii.x ;; *words ;; words.len ;; raw == nil ;; len(raw)
        min(ascii, given) ;; max(ascii, given) ;; string(words) ;; int(ascii) ;; ascii && true ;; manyWords[64:]""",
    "main.arrays": """
        numbers[0] ;; numbers[7] ;; numbers[8] ;; numbers[-1] ;; numbers[1:3] ;; numbers[:3] ;; numbers[3:] ;; numbers[:] ;; numbers[2:2]
        numbers[5:2] ;; numbers[0:100] ;; len(numbers) ;; cap(numbers) ;; len(part) ;; cap(part) ;; part[0] ;; part[0:5] ;; nilSlice == nil
        emptySlice == nil ;; len(nilSlice) ;; reserved[1] ;; reserved[5] ;; reserved[0:5] ;; array[2] ;; array[3] ;; array[0:2]
        len(array) ;; cap(array) ;; grid[1] ;; grid[1][2] ;; cube[1][0][1] ;; cube[0] ;; nested[0] ;; nested[3][1] ;; nested[2] == nil
        points[1] ;; points[1].Y ;; &points[1] ;; (&points[1]).X ;; pointers[0].X ;; *pointers[0] ;; pointers[1] == nil ;; pointers[1].X
        shapes[0] ;; shapes[0].(square) ;; shapes[0].(main.square).Side ;; shapes[1] == nil ;; shapes[2].(*square) ;; shapes[2].Name
        anys[0].(int) ;; anys[1].(string) ;; anys[4].(point).X ;; anys[5].([]int) ;; anys[7].(*point) ;; anys[7].(*main.point).Y
        anys[6].(map[string]int) ;; anys[3] == nil ;; anys[0].(string) ;; bools[0] ;; maps[0]["a"] ;; large[999] ;; large[998:]
        large[60:70] ;; largeArray[199] ;; largeArray[190:] ;; parray[1] ;; *parray ;; (*parray)[2] ;; len(parray) ;; pslice[0] ;; (*pslice)[1]
        *pslice ;; structs[1] ;; structs[1].B ;; structs[0].A + structs[1].A ;; errs[0] ;; errs[3].(*myError).Code ;; colors[2] ;; colors[1:]
        durations[0] ;; len(large) ;; large[i] ;; large[len(large) - 1] ;; numbers[numbers[0]] ;; numbers == numbers ;; array == array
        grid == grid ;; points[0] == points[1] ;; numbers[1.5] ;; numbers["a"] ;; numbers[u8] ;; funcs[0] ;; funcs[1] == nil ;; chans[1] == nil
        chans[0] == main.never ;; zeros ;; len(zeros) ;; empties[1] ;; *(*[2]int)(&numbers[0]) ;; (*[3]int)(&numbers[0]) ;; errs[2]
        large[64:] ;; large[0:64] ;; numbers[1:3][0] ;; numbers.array ;; numbers.x ;; matrix(grid) ;; len(grid[0]) ;; [2]int(numbers)""",
    "main.records": """
        p.X ;; p.Y ;; p.Z ;; pp.X ;; (*pp).Y ;; *pp ;; ppp ;; *ppp ;; **ppp ;; ppp.X ;; np.X ;; np == nil ;; *np ;; s.Name ;; s.Side ;; e.ID ;; e.Note
        e.Level ;; e.X ;; e.Title ;; e.middle ;; e.middle.base ;; e.base.ID ;; e.point ;; e.point.Y ;; pe.ID ;; pe.Title ;; pe.middle.Level
        anonymous.B.C ;; anonymous.B ;; none ;; b.A ;; b.D ;; b.I ;; b.K ;; b.L ;; first.Next.Value ;; first.Next.Next ;; first.Next.Next.Prev.Value
        first.Next.Next.Next ;; first.Next.Next.Next == nil ;; first.Next.Next.Next.Value ;; ring.Next.Next.Next.Value ;; *ring ;; *first
        ring == ring.Next ;; root.Left ;; root.Left.Data ;; root.Left.Data.(int) ;; *root.Left ;; root.Data.(point).X ;; root.Data
        root.Left.Left == nil ;; deep.A ;; deep.A.B ;; deep.A.B.C ;; deep.A.B.C.D ;; given.Number ;; given.Text ;; given.Slice[1] ;; given.Map["k"]
        given.Pointer.X ;; given.Func ;; given.Chan ;; given.Any.(int) ;; given.Err ;; given.Array[1] ;; given.Inner ;; given.Inner.B ;; given.Nil
        given.Time ;; pgiven.Number ;; pgiven.Slice ;; pgiven.Inner.A ;; *pgiven ;; pgiven.Err ;; same == other ;; same == p ;; p == same ;; p != other
        p < same ;; &p ;; &p.Y ;; *&p ;; (*point)(&p) ;; *(*point)(&p) ;; *(*int)(&p) ;; &e.point ;; main.point(p) ;; p == nil ;; s == s ;; given == given
        p.Sum ;; pp.Move ;; p + 1 ;; -p ;; p && true ;; len(p) ;; (*main.point)(0) ;; (*main.point)(0x10) ;; *(*main.point)(0x10) ;; p.X == 1 && p.Y == 2
        &given.Inner.B ;; *(&given.Inner.B) ;; (*point)(uintptr(pp)) ;; *(*point)(uintptr(pp)) ;; *(*main.point)(uintptr(pp)) ;; e.base ;; pe.base.Note
        *(*"main.point")(uintptr(pp)) ;; p.x ;; first.Next == first.Next.Next.Prev ;; ring.Prev.Value + first.Value ;; e.nosuch""",
    "main.maps": """
        strs["one"] ;; strs["two"] ;; ints[7] ;; ints[8] ;; nilMap["x"] ;; nilMap == nil ;; empty == nil ;; len(strs) ;; len(nilMap) ;; len(large)
        structs ;; pointers["p"].X ;; pointers["p"] ;; nested["n"] ;; nested["n"][1] ;; slices["s"] ;; slices["s"][1] ;; anys["k"] ;; floats[1.5]
        sets["in"] ;; bools[true] ;; bools[false] ;; runes['x'] ;; runes[120] ;; colors[2] ;; colors[blue] ;; typed["ada"] ;; chans[never]
        large[4999] ;; large[5000] ;; many["key77"] ;; bigValue[1] ;; bigValue[1][0] ;; pm ;; *pm ;; (*pm)["one"] ;; pm["one"] ;; len(many) ;; strs[1]
        ints["a"] ;; strs[7] ;; large[1] + 1 ;; cap(strs) ;; large[4990:] ;; strs[0:1] ;; strs == strs ;; concurrent.misses""",
    "main.interfaces": """
        anInt.(int) ;; anInt.(string) ;; aString.(string) ;; aFloat.(float64) ;; aBool.(bool) ;; aPoint.(point) ;; aPoint.(main.point).X
        aPoint.X ;; aPointer.X ;; aPointer.(*point) ;; aPointer.(*main.point).Y ;; aSlice.([]int) ;; aSlice.([]int)[1] ;; aMap.(map[string]int)
        aMap.(map[string]int)["k"] ;; anArray.([2]int) ;; aColor.(color) ;; aFunc.(func(string) string) ;; aChan.(chan int) ;; nilAny == nil
        nilErr == nil ;; nilShape == nil ;; anInt == nil ;; nilAny.(int) ;; err.(*errors.errorString) ;; err.(*errors.errorString).s
        anError.(data) ;; anError.(data).s ;; custom.(*myError) ;; custom.(*main.myError).Code ;; custom.Code ;; custom.(data).Text ;; plain.(plainError)
        wrapped.(*fmt.wrapError).err ;; wrapped.(*fmt.wrapError).msg ;; pathError.(*fs.PathError).Path ;; pathError.(*"io/fs".PathError).Op
        pathError.(data).Err ;; sh.(square) ;; sh.(square).Side ;; sh.(*square) ;; sh.Name ;; psh.(*square) ;; psh.Side ;; psh == nil ;; given.(square).Name
        given == sh ;; sh == sh ;; anInt == anInt ;; *pany ;; (*pany).(point) ;; typ.(*reflect.rtype) ;; aNilPointer == nil ;; aNilPointer.(*point)
        aNilPointer.(*point) == nil ;; aStruct.A ;; aPair ;; aPair.Key ;; anInt.(data) ;; anInt.(data) + 1 ;; aString.(data) ;; aString.(string)[1:]
        w.(*os.File) ;; r.(*strings.Reader).s ;; rv.flag ;; anyAny.(*interface {}) ;; i.(int) ;; aPoint.(square) ;; aPoint.nosuch ;; nilErr.x
        aPair.(main.pair[string,int]) ;; aPair.(main.pair[string,int]).Value ;; aDuration.(time.Duration) ;; sh.(data) ;; anInt.(main.nosuch)""",
    "main.channels": """
        len(buffered) ;; cap(buffered) ;; len(nilChan) ;; cap(nilChan) ;; nilChan == nil ;; buffered == buffered ;; buffered.qcount ;; buffered.dataqsiz
        buffered.buf ;; *buffered ;; buffered.closed ;; closed.closed ;; wrapped.recvx ;; wrapped.buf ;; *pchan ;; len(wrapped) ;; texts.buf
        waited.sendq.first.g.goid == 0 ;; waited.recvq.first ;; len(in) ;; cap(out) ;; buffered[0] ;; structs.buf[0].X ;; buffered.buf[1]""",
    "main.functions": """
        closure == nil ;; nilFunc == nil ;; closure.captured ;; plain ;; *pf ;; deferred ;; bound ;; generic ;; apply ;; main.apply
        main.functions.func1 ;; closure(1) ;; plain == plain""",
    "main.generics[go.shape.string": """
        m[k] ;; p.Key ;; p.Value ;; pp.Key ;; l.head.item ;; l.head ;; l.head.next.item ;; l.size ;; k ;; len(all) ;; all[1] ;; *pv ;; e.(int) ;; e ;; len(m)
        p == p ;; *l.head ;; main.pair[string,int](p) ;; *(*main.pair[string,int])(uintptr(pp)) ;; (*main.pair[string,int])(pp) ;; *l
        (*main.list[int])(uintptr(l))""",
    "main.generics[go.shape.struct": """
        p.Key ;; p.Key.X ;; p.Value ;; pp.Key.Y ;; l.head.item ;; l.size ;; k.X ;; len(all) ;; all[1] ;; *pv ;; e.(string) ;; len(m) ;; *l""",
    "main.generics[go.shape.int": """
        m[k] ;; m[k].X ;; p.Key ;; p.Value ;; p.Value.X ;; l.head.item ;; l.size ;; v.X ;; *v ;; len(all) ;; all[0] == nil ;; **pv ;; e.(*point).X ;; *l""",
    "main.library": """
        when.wall ;; when.ext ;; when.loc ;; pwhen.wall ;; *pwhen ;; elapsed / 2 ;; elapsed ;; locked ;; mu ;; rw.readerCount ;; wg.noCopy ;; once.done
        i32.v ;; u64.v ;; ab.v ;; ap.v ;; *(*point)(ap.v) ;; av.v ;; av.v.(string) ;; cond.L ;; cond.L.(*sync.Mutex) ;; ticker.C ;; ticker.r ;; file.file
        file.file.pfd.Sysfd ;; file.name ;; *file.file ;; sm.misses ;; elapsed + time.Second ;; when == when ;; local.loc.name ;; &locked
        sync.Mutex ;; *cond ;; file""",
    "main.arguments": "i + 1 ;; s ;; p.X ;; list[0] ;; pp.X ;; len(s) ;; m",
    "main.stay": "i + 1 ;; s ;; p.X ;; list[0] ;; pp.X ;; len(s) ;; m ;; RIP ;; rsp ;; Rax",
    "main.results": "x + total ;; err.Code ;; text + text ;; *err.(*myError)",
    "main.shadowed": "x + x ;; y",
}

MARK = "@%d@"


def asked():
    """(function, expression) of every question."""
    for function, names in NAMES.items():
        for name in names.split():
            yield function, name
        for line in EXPRESSIONS.get(function, "").splitlines():
            for expression in line.split(" ;; "):
                if expression.strip():
                    yield function, expression.strip()


# Delve.

def delve_command():
    return shlex.split(os.environ.get("INQUEST_DLV", "")) or [shutil.which("dlv")]


class NoDelve(Exception):
    """It is not there, or does not read this core."""


def delve(exe, core, commands, pid=None):
    """What Delve says to the commands, its prompts left out; of a process (`pid`), which it leaves alone, in place of a core."""
    words = delve_command()
    if not words[0]:
        raise NoDelve("dlv is not installed")
    with tempfile.NamedTemporaryFile("w", suffix=".dlv", encoding="utf-8") as script:
        script.write("".join(command + "\n" for command in commands) + "exit\n")
        script.flush()
        os.chmod(script.name, 0o644)
        target = ["attach", str(pid)] if pid else ["core", os.path.abspath(exe), os.path.abspath(core)]
        argv = [*words, *target, "--check-go-version=false", "--init", script.name, "--allow-non-terminal-interactive=true"]
        # "n": whether the process shall be killed.
        result = subprocess.run(argv, input="n\n", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=180, check=False,
                                text=True, errors="replace")
    if "Type 'help'" not in result.stdout:
        raise NoDelve(f"this Delve does not read the core: {result.stdout.strip()[:200]}")
    return re.sub(r"\x1b\[[0-9;]*m", "", result.stdout)


def delve_answers(exe, core, places, questions):
    commands = []
    for i, (function, expression) in enumerate(questions):
        if i == 0 or questions[i - 1][0] != function:
            task, frame = places[function]
            commands += [f"goroutine {task}", f"frame {frame}"]
        commands += [f'print "{MARK % i}"', f"print {expression}"]
    text = delve(exe, core, [*commands, f'print "{MARK % len(questions)}"'])
    parts = re.split(r'^"@\d+@"\n', text, flags=re.M)[1:-1]
    answers = []
    for part in parts:
        # The switch to the next function's frame follows the last answer.
        part = re.split(r"^Switched from ", part, flags=re.M)[0]
        part = re.sub(r"^(Command failed|\S+\.dlv:\d+): ", "error: ", part)
        answers.append(part.rstrip("\n"))
    return answers


# Inquest.

def inquest_places(inquest, core):
    """{function: (goroutine, frame)} of the first goroutine that has a function of each name or beginning."""
    result = subprocess.run([inquest, "stack", "--json", "--all-frames", core], stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, check=True)
    answer = json.loads(result.stdout)
    places = {}
    for task in sorted(answer["tasks"], key=lambda task: task["id"]):
        frames = answer["task_stacks"][task["stack"]]["frames"]
        for i, frame in enumerate(frames):
            place = next((at for at in NAMES if at not in places and is_at(at, frame["function"])), None)
            if place:
                places[place] = task["id"], i
    return places


def is_at(place, function):
    """Go 1.19 names all instances of a generic function alike; they began in the order of NAMES."""
    if place.endswith(".func") or "[" in place:
        return function.startswith(place) or (function == "main.generics[...]" and "[" in place)
    return function == place


def inquest_answers(inquest, core, places, questions, command="print --"):
    commands = ["set print elements 64", "set print pretty on"]
    for i, (function, expression) in enumerate(questions):
        if i == 0 or questions[i - 1][0] != function:
            task, frame = places[function]
            commands += [f"goroutine {task}", f"frame {frame}"]
        commands += [f"echo {MARK % i}\\n", f"{command} {expression}"]
    argv = [inquest, "debug", "--batch"]
    for word in [*commands, f"echo {MARK % len(questions)}\\n"]:
        argv += ["-ex", word]
    result = subprocess.run([*argv, core], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            timeout=180, check=False, env={**os.environ, "NO_COLOR": "1", "LC_ALL": "C.UTF-8"})
    text = result.stdout.decode(errors="replace")
    parts = re.split(r"^@\d+@\n", text, flags=re.M)[1:-1]
    answers = []
    for i, part in enumerate(parts):
        if i + 1 < len(questions) and questions[i + 1][0] != questions[i][0]:
            part = re.split(r"^Switched from |^Goroutine \d+:|^#\d+ ", part, flags=re.M)[0]
        value = re.match(r"\$\d+ = ", part)
        part = part[value.end():] if value else "error: " + re.sub(r"^inquest: (error: )?", "", part)
        answers.append(part.rstrip("\n"))
    return answers


# Where the two differ on purpose, or one of them errs: why, the expression, "Delve's answer => Inquest's" in (?s).
REASONS = [
    ("Inquest knows the types of the frame's own package without its name, generic ones by theirs, and "
     "packages in quotes before any type", r".*",
     r"error: (no type entry found|could not find symbol (value for )?"
     r"(color|mask|celsius|names|matrix|point|time\.(Duration|Month)) =>|function calls not allowed|1:\d+: expected type)"
     r"(?!.*=> error)"),
    ("Go compares channels", r".*(==|chans\[)", r"error: can not compare chan variables => (true|false|\d+)$"),
    ("Go computes with NaN and infinities", r".*nan", r"error: operations on non-finite floats.* => false$"),
    ("any pointer is converted to any other, and to a number", r".*", r'error: can not convert "[^"]*" to .* => (?!error)'),
    ("what an expression makes can be indexed", r"\[\]byte\(ascii\)\[0\]", r".* => 112$"),
    ("a constant is compared with what the keys hold", r'anys\["k"\]', r"error: .* => interface {}\(int\) 1$"),
    ("Delve takes the wrong one of two types of that name", r"cond\.L\.\(\*sync\.Mutex\)", r"error: .* => \(\*sync\.Mutex\)"),
    ("Delve looks at what an interface holds", r".* == nil$", r"error: could not resolve interface type.* => (true|false)$"),
    ("a constant by its name has its name, too", r"[\w\".]+$", r"(-?\d+) => [\w.|]+ \(\1\)$"),
    ("Delve's unsafe.Pointer is never nil", r"nilUnsafe == nil", r"false => true$"),
    ("Delve forgets that numbers wrap in their type", r"-i64|\^u8", r"(9223372036854775808 => -9223372036854775808|-201 => 55)$"),
    ("Delve prints no complex number that was made of variables", r"complex\(", r" => \(2\.5 \+ 2\.5i\)$"),
    ("a nil channel is told as any other nil", r".*", r"(.*chan.*) \{\} => \1 nil$"),
    ("of several constants with one number, that of the type's own package", r".*",
     r"(.*Kind_: )internal/reflectlite\.Ptr( \(22\).*) => \1(Pointer|Ptr)\2$"),
    ("Delve writes the word twice", r"empties", r"(.*)struct struct \{(.*) => \1struct {\2$"),
    ("Delve shows variables of a method's that it has not", r"p\.Sum|pp\.Move", r"((\S+) \{.*\} => \2|error: can not call optimized function (\S+) .* => \3)$"),
    ("what could control a terminal is escaped", r"%s multi", r"line one\nline two => line one\\nline two$"),
    ("maps are not sliced: `set print elements`", r"large\[4990:\]", r"map\[.* => error: .* does not support slicing"),
    ("of no use in a core", r"runtime\.rangeParentOffset", r"0 => error"),
    ("a parameter of a generic function has the type that it was called with, when that is a pointer, too",
     r"(\*?v(\.X)?|\*pv|.*item)$", r".*(go\.shape\.|uint8\)|\d+).* => .*main\.point|.* => 1$"),
    ("a pointer is shown as such, of whatever shape", r"m(\[k\])?$", r"(map\[go\.shape.*|\d+) => (map\[go\.shape|\(go\.shape\.\*)"),
    ("a record that cannot be read says so once", r"\*\(\*main\.point\)\(0x10\)", r".*unreadable.* => error: cannot access memory"),
    ("a type that has no name in DWARF is known to the runtime", r"anUnsafe",
     r"\(unreadable could not resolve interface type\) => interface \{\}\(unsafe\.Pointer\) \d+$"),
    ("what is in no register any more is no type, and says where it is not", r".*",
     r"\(unreadable could not resolve interface type\) => .*no type of Go at"),
    ("parts that are missing are no zeros", r".*",
     r'(.*len: 0, cap: 0, \[\]|""|0|error: empty OP stack|.*\(unreadable .*|.*: 0[,}].*) => '
     r".*(optimized out|not saved|does not explain|no type of Go)"),
    ("the length of an array is that of its type", r"len\(", r"error: empty OP stack => \d+$"),
]
ABSENT = re.compile(r"\(unreadable .*\)$|<optimized out>$|<not saved>$|error: cannot access memory at |"
                    r"error: .*optimized out|error: register \w+ was not saved|error: the function has no code of its own")


def plain(text):
    """One spelling of what says the same: blanks at ends of lines, where a message came from."""
    text = re.sub(r"[ \t]+$", "", text, flags=re.M)
    text = re.sub(r"\n\nGoroutines waiting on this channel:.*", "", text, flags=re.S)  # `goroutines -chan` tells them
    if text.startswith("error: "):
        text = re.sub(r"^error: ([Cc]olumn \d+: )?", "", text).rstrip(".")
        return "error: " + text[:1].lower() + text[1:]
    return text


def by_fields(text):
    """Of a time Delve says the moment and the fields, Inquest the one or with /r the others."""
    return re.sub(r"\btime\.Time\([^)]*\) ?", "time.Time ", text)


def without_order(text):
    """A map's pairs come in any order."""
    return sorted(text.split("\n")) if "map[" in text else text


def agree(expression, theirs, ours, raw):
    """"same", "absent" (neither has it), "refused" (both, in other words), a reason of REASONS, or None. `ours` and
    `raw` are what print and print/r say."""
    theirs, ours, raw = plain(theirs), plain(ours), plain(raw)
    if ABSENT.match(theirs) and ABSENT.match(ours):
        return "absent"
    if theirs.startswith("error: ") and ours.startswith("error: "):
        return "same" if ours.startswith(theirs) else "refused"
    if without_order(theirs) in (without_order(ours), without_order(raw)) or by_fields(theirs) == by_fields(raw):
        return "same"
    both = f"{theirs} => {ours}"
    return next((why for why, e, answers in REASONS if re.match(e, expression) and re.match(answers, both, re.S)), None)


def compare(inquest, exe, core):
    """(Counter of what agree() says, [(question, Delve's answer, ours)] of what it has no word for)."""
    places = inquest_places(inquest, core)
    questions = [question for question in asked() if question[0] in places]
    theirs = delve_answers(exe, core, places, questions)
    ours = inquest_answers(inquest, core, places, questions)
    raw = inquest_answers(inquest, core, places, questions, "print -- /r")
    assert len(questions) == len(theirs) == len(ours) == len(raw)
    counts, wrong = collections.Counter(), []
    for question, their, our, fields in zip(questions, theirs, ours, raw):
        how = agree(question[1], their, our, fields)
        counts[how] += 1
        if how is None:
            wrong.append((question, plain(their), plain(our)))
    return counts, wrong


def main():
    exe, core = sys.argv[1:]
    counts, wrong = compare(os.environ["INQUEST"], exe, core)
    for question, theirs, ours in wrong:
        print(f"--- {question[0]}: {question[1]}\n  D {theirs}\n  I {ours}")
    for how, n in counts.most_common():
        print(f"{n:5} {how}")


if __name__ == "__main__":
    main()
