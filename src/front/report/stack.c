/* SPDX-License-Identifier: Apache-2.0 */
/* inquest stack: the command row. */
#include "front/report/priv.h"
#include "session/tasks.h"
#include "session/values.h"

#include <stdint.h>

enum { SOURCE_LINES_MAX = 1000 };

static const struct option_row rows[] = {
    {"thread", 't', VALUE_NUMBER, "TID", "only this thread"},
    {"goroutine", 'g', VALUE_NUMBER, "N", "only this goroutine"},
    {"group", 0, VALUE_NONE, NULL, "threads or goroutines with equal stacks together, the largest group first"},
    {"by", 0, VALUE_CHOICE, "stack|user|go|start|state|label",
     "group goroutines by their stack, the place in the program, the go statement, the first function, the state or "
     "the labels"},
    {"each", 0, VALUE_NONE, NULL, "each goroutine with its stack; else those that look the same are shown once"},
    {"tree", 0, VALUE_NONE, NULL,
     "tasks of asyncio and greenlets as a tree: each with those that it waits for below it"},
    {"system", 0, VALUE_NONE, NULL, "also goroutines of the Go runtime"},
    {"folded", 0, VALUE_NONE, NULL, "one line a stack for flame graphs: thread;outer;inner count"},
    {"json", 'j', VALUE_NONE, NULL, "JSON, schema inquest.stack/1"},
    {"names", 'n', VALUE_NONE, NULL, "names from symbols only: no lines, no inlined calls, but at once"},
    {"limit", 'l', VALUE_NUMBER, "N", "at most N frames a thread, from the innermost; 0: all (default)"},
    {"full", 'f', VALUE_NONE, NULL, "arguments and variables of each frame"},
    {"source", 's', VALUE_NUMBER, "N", "N lines of the source around the line of each frame, where it is found"},
    {"no-inlines", 0, VALUE_NONE, NULL, "leave inlined calls out"},
    {"addresses", 'a', VALUE_NONE, NULL, "show the address of each frame"},
    {"locals", 0, VALUE_NONE, NULL, "arguments and variables of Python frames"},
    {"native", 0, VALUE_NONE, NULL, "of a Python program also the interpreter's own C frames"},
    {"no-native", 0, VALUE_NONE, NULL, "of a Python program only its Python frames"},
    {"all-frames", 0, VALUE_NONE, NULL,
     "show each frame of a recursion, and those of the Go runtime and the Python interpreter"},
    {"fold", 0, VALUE_NONE, NULL, "with --json: a recursion as one round of its frames and a count"},
};
static const struct option_group own = {"Options", rows, ARRAY_LEN(rows)};
static const struct option_group *const groups[] = {&own, &front_files_group, &front_output_group, NULL};

static struct err *check_options(const struct call *c)
{
    if (call_has(c, "json") && call_has(c, "folded"))
        return err_new(ERR_USAGE, "--json and --folded exclude each other");
    if (call_has(c, "folded") && call_has(c, "group"))
        return err_hint(err_new(ERR_USAGE, "--folded and --group exclude each other"),
                        "--folded counts equal stacks by itself");
    if (call_has(c, "tree") && (call_has(c, "json") || call_has(c, "folded") || call_has(c, "full")))
        return err_hint(err_new(ERR_USAGE, "--tree excludes --json, --folded and --full"),
                        "in JSON each task has the numbers of those that it waits for");
    if (call_has(c, "fold") && !call_has(c, "json"))
        return err_hint(err_new(ERR_USAGE, "--fold needs --json"), "text is folded unless --all-frames is given");
    if (call_has(c, "full") && (call_has(c, "folded") || call_has(c, "group") || call_has(c, "names")))
        return err_hint(err_new(ERR_USAGE, "--full excludes --folded, --group and --names"),
                        "each frame has variables of its own; they come from debug information");
    if (call_has(c, "locals") && (call_has(c, "folded") || call_has(c, "group")))
        return err_hint(err_new(ERR_USAGE, "--locals excludes --folded and --group"),
                        "each frame has variables of its own");
    if (call_has(c, "native") && call_has(c, "no-native"))
        return err_new(ERR_USAGE, "--native and --no-native exclude each other");
    bool source = call_number(c, "source", 0) > 0;
    if (source && (call_has(c, "folded") || call_has(c, "names")))
        return err_hint(err_new(ERR_USAGE, "--source excludes --folded and --names"),
                        "lines come from debug information");
    if (call_number(c, "source", 0) > SOURCE_LINES_MAX)
        return err_new(ERR_USAGE, "--source: at most %d lines", SOURCE_LINES_MAX);
    if (call_has(c, "goroutine") && call_has(c, "thread"))
        return err_new(ERR_USAGE, "--goroutine and --thread exclude each other");
    return NULL;
}

static bool has_task(const struct report *r, uint64_t id)
{
    for (size_t i = 0; i < r->n_runtimes; i++)
        for (size_t k = 0; k < r->tasks[i].n; k++)
            if (r->tasks[i].v[k].id == id)
                return true;
    return false;
}

/* Goroutines, when the target has some. What keeps them from being read keeps nobody from the threads. */
static struct err *load_tasks(struct report *r)
{
    const struct call *c = r->call;
    if (!call_has(c, "thread")) {
        r->no_tasks = session_tasks(r->session, true, &r->tasks, &r->n_runtimes);
        if (r->no_tasks && r->no_tasks->code == ERR_CANCELLED)
            return TAKE(r->no_tasks);
    }
    if (call_has(c, "tree") && !r->n_runtimes && !r->no_tasks)
        return err_new(ERR_NO_DATA, "the target has no tasks");
    if (!call_has(c, "goroutine") || has_task(r, call_number(c, "goroutine", 0)))
        return NULL;
    if (r->no_tasks)
        return TAKE(r->no_tasks);
    return err_new(ERR_NOT_FOUND, "the target has no goroutine %s", call_value(c, "goroutine"));
}

/* Instead of r->stacks: their language frames alone, in the arena. */
static void stack_only_language(struct report *r, struct arena *a)
{
    struct sstack *stacks = arena_array(a, struct sstack, r->n_stacks);
    for (size_t i = 0; i < r->n_stacks; i++) {
        const struct sstack *st = &r->stacks[i];
        struct sframe *frames = arena_array(a, struct sframe, st->n);
        stacks[i] = *st;
        stacks[i].frames = frames;
        stacks[i].n = 0;
        stacks[i].stopped = stacks[i].stopped_hint = NULL; /* native frames do */
        for (size_t k = 0; k < st->n; k++)
            if (st->frames[k].kind == FRAME_LANGUAGE)
                frames[stacks[i].n++] = st->frames[k];
        if (!stacks[i].n && !stacks[i].note)
            stacks[i].note = "no Python frames";
    }
    r->stacks = stacks;
}

static struct err *write_answer(const struct report *r)
{
    if (call_has(r->call, "json"))
        return stack_write_json(r);
    if (call_has(r->call, "folded"))
        return stack_write_folded(r);
    return stack_write_text(r);
}

static struct err *run(struct call *c)
{
    TRY(check_options(c));
    uint64_t tid = call_number(c, "thread", 0);
    if (call_has(c, "thread") && (tid == 0 || tid > INT32_MAX))
        return err_new(ERR_USAGE, "'%s' is no thread id", call_value(c, "thread"));

    struct session_opts opts = front_session_opts(c);
    opts.only_tid = (int32_t)tid;
    opts.max_frames = call_number(c, "limit", 0);
    opts.names_only = call_has(c, "names");
    opts.no_index = true; /* what a unit only declares is seldom worth reading all others */
    opts.language_variables = call_has(c, "full") || call_has(c, "locals");
    opts.no_inlines = call_has(c, "no-inlines");

    SCOPED(session_freep) struct session *s = NULL;
    TRY(session_open(c->operands[0], &opts, &s));
    struct report r = {.call = c, .session = s, .im = session_image(s), .full = call_has(c, "full")};
    r.locals = call_has(c, "locals");
    r.source_lines = (uint32_t)call_number(c, "source", 0);
    if (r.im->kind == IMAGE_FILE)
        return err_hint(err_new(ERR_USAGE, "%s is a program that does not run: it has no stacks", c->operands[0]),
                        "name a core or the id of a process");
    TRY(session_stacks(s, &r.stacks, &r.n_stacks));
    if (r.full)
        session_prepare_frames(s);
    SCOPED(arena_done) struct arena own_stacks = {0};
    if (call_has(c, "no-native"))
        stack_only_language(&r, &own_stacks);
    struct err *e = load_tasks(&r);
    if (!e)
        e = write_answer(&r);
    err_free(r.no_tasks);
    return e;
}

const struct command report_stack = {
    .name = "stack",
    .aliases = "bt backtrace",
    .operands = "TARGET",
    .operand_kind = OPERAND_TARGET,
    .min_operands = 1,
    .max_operands = 1,
    .help = "show where every thread or goroutine of a process or core is",
    .about =
        "Shows the stack of each thread of TARGET: the crashed thread first, with the signal that ended it. "
        "TARGET is the id of a running process, or a core file or minidump: plain, or packed as .zst, .lz4, .xz or "
        ".gz.\n"
        "A process is stopped only while its registers and stacks are copied, and then runs on. A core needs "
        "no program to be named: modules are found by what the core says of them and by their build-ids.\n"
        "A frame that was not found through unwind tables is marked as a guess. A stack that ends before its "
        "outermost frame says why. A recursion is shown as one line with its exact count.\n"
        "In a Python program Python frames stand among the C frames that run them; the interpreter's own are left "
        "out.\n"
        "Of a Go program goroutines are shown, with the threads that run them; those that look the same once.",
    .examples = "inquest stack core                         # everything\n"
                "inquest stack --full core                  # with variables\n"
                "inquest stack --group $(pidof -s nginx)    # threads by what they do\n"
                "inquest stack --locals $(pgrep -n python3) # Python frames with variables\n"
                "inquest stack --by user core               # goroutines by where they are\n"
                "inquest stack --json core.zst              # for programs\n",
    .groups = groups,
    .run = run,
};
