# SPDX-License-Identifier: Apache-2.0
"""The types of Delve's interface, version 2 (service/api/types.go and service/rpc2/server.go of Delve 1.27.1): their fields,
as scripts name them, and as JSON does where that differs. A field is NAME:TYPE or NAME=JSON:TYPE; *NAME:TYPE is embedded, that
is, its fields stand among the others."""

_API = """
Ancestor ID:int64 Stack:[]Stackframe Unreadable:string
AsmInstruction Loc:Location DestLoc:*Location Text:string Bytes:[]byte Breakpoint:bool AtPC:bool
Breakpoint ID=id:int Name=name:string Addr=addr:uint64 Addrs=addrs:[]uint64 AddrPid=addrpid:[]int File=file:string
 Line=line:int FunctionName=functionName:string ExprString:string Cond:string HitCond:string HitCondPerG:bool
 Tracepoint=continue:bool TraceReturn=traceReturn:bool Goroutine=goroutine:bool Stacktrace=stacktrace:int
 Variables=variables:[]string LoadArgs:*LoadConfig LoadLocals:*LoadConfig CustomCommands=customCommands:[]string
 WatchExpr:string WatchType:WatchType VerboseDescr:[]string HitCount=hitCount:counts TotalHitCount=totalHitCount:uint64
 Disabled=disabled:bool UserData:any RootFuncName:string TraceFollowCalls:int
BreakpointInfo Stacktrace=stacktrace:[]Stackframe Goroutine=goroutine:*Goroutine Variables=variables:[]Variable
 Arguments=arguments:[]Variable Locals=locals:[]Variable
Checkpoint ID:int When:string Where:string
DebuggerState Pid:int TargetCommandLine:string Running:bool Recording:bool CoreDumping:bool CurrentThread=currentThread:*Thread
 SelectedGoroutine=currentGoroutine:*Goroutine Threads:[]*Thread NextInProgress:bool WatchOutOfScope:[]*Breakpoint
 Exited=exited:bool ExitStatus=exitStatus:int When:string StopReason=stopReason:string Err:any
Defer DeferredLoc:Location DeferLoc:Location SP:uint64 Unreadable:string
DiscardedBreakpoint Breakpoint:*Breakpoint Reason:string
DumpState Dumping:bool AllDone:bool ThreadsDone:int ThreadsTotal:int MemDone:uint64 MemTotal:uint64 Err:string
EvalScope GoroutineID:int64 Frame:int DeferredCall:int
Function Name_=name:string Value=value:uint64 Type=type:byte GoType=goType:uint64 Optimized=optimized:bool
Goroutine ID=id:int64 CurrentLoc=currentLoc:Location UserCurrentLoc=userCurrentLoc:Location
 GoStatementLoc=goStatementLoc:Location StartLoc=startLoc:Location ThreadID=threadID:int Status=status:uint64
 WaitSince=waitSince:int64 WaitReason=waitReason:int64 Unreadable=unreadable:string Labels=labels:labels
GoroutineGroup Name:string Offset:int Count:int Total:int
GoroutineGroupingOptions GroupBy:GoroutineField GroupByKey:string MaxGroupMembers:int MaxGroups:int
GuessSubstitutePathIn ImportPathOfMainPackage:string ClientGOROOT:string ClientModuleDirectories:labels
Image Path:string Address:uint64 LoadError:string Trimpath:bool
ListGoroutinesFilter Kind:GoroutineField Negated:bool Arg:string
LoadConfig FollowPointers:bool MaxVariableRecurse:int MaxStringLen:int MaxArrayValues:int MaxStructFields:int
Location PC=pc:uint64 File=file:string Line=line:int Function=function:*Function PCs=pcs:[]uint64 PCPids=pcpids:[]int
PackageBuildInfo ImportPath:string DirectoryPath:string Files:[]string
Register Name:string Value:string DwarfNumber:int
Stackframe *Location:Location Locals:[]Variable Arguments:[]Variable FrameOffset:int64 FramePointerOffset:int64
 Defers:[]Defer Bottom:bool Err:string
Target Pid:int CmdLine:string CurrentThread:*Thread
Thread ID=id:int PC=pc:uint64 File=file:string Line=line:int Function=function:*Function GoroutineID=goroutineID:int64
 Breakpoint=breakPoint:*Breakpoint BreakpointInfo=breakPointInfo:*BreakpointInfo ReturnValues:[]Variable CallReturn:bool
TracepointResult Addr=addr:uint64 File=file:string Line=line:int IsRet=is_ret:bool FunctionName=functionName:string
 GoroutineID=goroutineID:int InputParams=inputParams:[]Variable ReturnParams=returnParams:[]Variable
TypeInfo Kind:Kind Size:int64 RealType:string Fields:[]TypeInfoField Methods:[]TypeInfoMethod
TypeInfoField Name:string Type:string
TypeInfoMethod Name:string
Variable Name=name:string Addr=addr:uint64 OnlyAddr=onlyAddr:bool Type=type:string RealType=realType:string
 Flags=flags:VariableFlags Kind=kind:Kind Value=value:string StringValueBytes:[]byte Len=len:int64 Cap=cap:int64
 Children=children:[]Variable Base=base:uint64 Unreadable=unreadable:string LocationExpr:string DeclLine:int64
"""

_RPC = """
AmendBreakpointOut
AncestorsOut Ancestors:[]Ancestor
AttachedToExistingProcessOut Answer:bool
BuildIDOut BuildID:string
CancelNextOut
CheckpointOut ID:int
ClearBreakpointOut Breakpoint:*Breakpoint
ClearCheckpointOut
CommandOut State:DebuggerState
CreateBreakpointOut Breakpoint:Breakpoint
CreateEBPFTracepointOut Breakpoint:Breakpoint
CreateWatchpointOut *Breakpoint:*Breakpoint
DebugInfoDirectoriesOut List:[]string
DetachOut
DisassembleOut Disassemble:AsmInstructions
DumpCancelOut
DumpStartOut State:DumpState
DumpWaitOut State:DumpState
EvalOut Variable:*Variable
ExaminedMemoryOut Mem:[]byte IsLittleEndian:bool
FindLocationOut Locations:[]Location SubstituteLocExpr:string
FollowExecEnabledOut Enabled:bool
FollowExecOut
FunctionReturnLocationsOut Addrs:[]uint64
GetBreakpointOut Breakpoint:Breakpoint
GetBufferedTracepointsOut TracepointResults:[]TracepointResult
GetThreadOut Thread:*Thread
GuessSubstitutePathOut List:[][2]string
IsMulticlientOut IsMulticlient:bool
LastModifiedOut Time:time
ListBreakpointsOut Breakpoints:[]*Breakpoint
ListCheckpointsOut Checkpoints:[]Checkpoint
ListDynamicLibrariesOut List:[]Image ExecutableTrimpath:bool
ListFunctionArgsOut Args:[]Variable
ListFunctionsOut Funcs:[]string
ListGoroutinesOut Goroutines:[]*Goroutine Nextg:int Groups:[]GoroutineGroup TooManyGroups:bool
ListLocalVarsOut Variables:[]Variable
ListPackageVarsOut Variables:[]Variable
ListPackagesBuildInfoOut List:[]PackageBuildInfo
ListRegistersOut Registers:string Regs:Registers
ListSourcesOut Sources:[]string
ListTargetsOut Targets:[]Target
ListThreadsOut Threads:[]*Thread
ListTypesOut Types:[]string
ProcessPidOut Pid:int
RecordedOut Recorded:bool TraceDirectory:string
RestartOut DiscardedBreakpoints:[]DiscardedBreakpoint
SetOut
StacktraceOut Locations:[]Stackframe
StateOut State:*DebuggerState
ToggleBreakpointOut Breakpoint:*Breakpoint
TypeInfoOut TypeInfo:TypeInfo
"""

# Names of slices; whole numbers that have a type of their own are shown as text, as Delve does it.
SLICES = {"Registers": "Register", "AsmInstructions": "AsmInstruction"}
NUMBERS = frozenset(("int", "int64", "uint64", "byte"))
NAMED_NUMBERS = frozenset(("VariableFlags", "WatchType", "GoroutineField", "StacktraceOptions", "AssemblyFlavour"))
KINDS = ("invalid bool int int8 int16 int32 int64 uint uint8 uint16 uint32 uint64 uintptr float32 float64 complex64 "
         "complex128 array chan func interface map ptr slice string struct unsafe.Pointer").split()


class Field:
    __slots__ = ("name", "json", "type", "embedded")

    def __init__(self, description):
        name, _, self.type = description.partition(":")
        self.embedded = name.startswith("*")
        self.name, _, self.json = name.lstrip("*").partition("=")
        self.json = self.json or self.name


class Shape:
    """A type: its name in Go, and its fields in order; `found` has those of embedded ones, too."""

    __slots__ = ("name", "fields", "found")

    def __init__(self, package, description):
        name, *fields = description.split()
        self.name = f"{package}.{name}"
        self.fields = [Field(field) for field in fields]
        self.found = {field.name: field for field in self.fields}


def _read(package, table):
    for description in table.replace("\n ", " ").strip().split("\n"):
        yield description.split()[0], Shape(package, description)


SHAPES = {**dict(_read("api", _API)), **dict(_read("rpc2", _RPC))}
for _shape in SHAPES.values():
    for _field in _shape.fields:
        if _field.embedded:
            for _inner in SHAPES[_field.type.lstrip("*")].fields:
                _shape.found.setdefault(_inner.name, _inner)


def go_type(name):
    """A type as Go writes it, with packages."""
    for prefix in ("[]", "*", "[2]"):
        if name.startswith(prefix):
            return prefix + go_type(name[len(prefix):])
    if name in SHAPES:
        return SHAPES[name].name
    if name in SLICES or name in NAMED_NUMBERS:
        return f"api.{name}"
    return {"byte": "uint8", "Kind": "reflect.Kind", "labels": "map[string]string", "counts": "map[string]uint64",
            "any": "interface {}", "time": "time.Time"}.get(name, name)
