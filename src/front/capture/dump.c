/* SPDX-License-Identifier: Apache-2.0 */
/* inquest dump: the command row and its answer. */
#include "front/capture/capture.h"

#include "front/capture/answer.h"
#include "front/capture/series.h"

#include <inttypes.h>
#include <string.h>

static const char *const methods[] = {
    [DUMP_AUTO] = "auto", [DUMP_SNAPSHOT] = "snapshot", [DUMP_STOP] = "stop", [DUMP_COPY] = "copy"};

static const struct option_row rows[] = {
    {"method", 'm', VALUE_CHOICE, "auto|snapshot|stop|copy",
     "from a frozen copy of the process, or while it stands still; copy: with --stacks, what is needed is copied while "
     "it stands still; auto (default) takes what stops it for the shortest time"},
    {"compress", 'c', VALUE_NONE, NULL,
     "pack it with zstd, in pieces that Inquest reads one by one (default core.PID.zst)"},
    {"all", 'a', VALUE_NONE, NULL, "also memory that coredump_filter and MADV_DONTDUMP leave out"},
    {"json", 'j', VALUE_NONE, NULL, "one JSON object (schema inquest.dump/1) with the time of every phase"},
};
static const struct option_group own = {"Options", rows, ARRAY_LEN(rows)};
static const struct option_group *const groups[] = {&own,          &size_group,         &redact_group,
                                                    &series_group, &front_output_group, NULL};

static enum dump_method method_of(const struct call *c)
{
    const char *word = call_value(c, "method");

    for (size_t i = 0; word && i < ARRAY_LEN(methods); i++)
        if (strcmp(word, methods[i]) == 0)
            return (enum dump_method)i;
    return DUMP_AUTO;
}

/* What contradicts itself. */
static struct err *check_sizes(const struct dump_opts *o)
{
    if (o->size != DUMP_FULL && o->all)
        return err_new(ERR_USAGE, "--%s holds less than --all asks for", size_word(o->size));
    if (o->method == DUMP_COPY && o->size != DUMP_STACKS)
        return err_hint(err_new(ERR_USAGE, "all of the memory is not copied while the process stands still"),
                        "--method copy is for --stacks");
    return NULL;
}

static void put_live(struct text *t, const struct dump_result *r)
{
    enum { SHOWN = 3 };
    uint64_t bytes = 0;

    for (size_t i = 0; i < r->n_live; i++)
        bytes += r->live[i].end - r->live[i].start;
    if (bytes == 0)
        return;
    text_put(t, "note: ");
    put_size(t, bytes);
    text_put(t, " of memory that a fork does not freeze were read while it ran on:");
    for (size_t i = 0; i < r->n_live && i < SHOWN; i++)
        text_printf(t, "%s 0x%" PRIx64 "-0x%" PRIx64 " (%s)", i ? "," : "", r->live[i].start, r->live[i].end,
                    r->live[i].why);
    if (r->n_live > SHOWN)
        text_printf(t, " and %zu more (--json has all)", r->n_live - SHOWN);
    text_putc(t, '\n');
}

static void live_json(struct json *j, const struct dump_result *r)
{
    json_key(j, "live");
    json_array_begin(j);
    for (size_t i = 0; i < r->n_live; i++) {
        json_object_begin(j);
        json_kv_hex(j, "start", r->live[i].start);
        json_kv_hex(j, "end", r->live[i].end);
        json_kv_string(j, "why", r->live[i].why);
        json_object_end(j);
    }
    json_array_end(j);
}

static void dump_text(struct text *t, const char *path, const struct dump_result *r)
{
    put_written(t, path, r);
    text_printf(t, "process %" PRId32 " stood still for ", r->pid);
    put_duration(t, r->pause_ns);
    if (r->method == DUMP_SNAPSHOT) {
        text_put(t, ": ");
        put_duration(t, r->stop_ns);
        text_printf(t, " to stop %" PRIu64 " thread%s, ", r->threads, r->threads == 1 ? "" : "s");
        put_duration(t, r->registers_ns);
        text_put(t, " for registers, ");
        put_duration(t, r->fork_ns);
        text_put(t, " for a frozen copy");
    }
    text_putc(t, '\n');
    if (r->later) {
        put_size(t, r->later);
        text_put(t, " of what stacks need were read after that, while it ran on\n");
    }
    if (r->why_stopped) {
        text_put(t, "note: no frozen copy was made: ");
        put_err(t, r->why_stopped);
        text_putc(t, '\n');
    }
    put_live(t, r);
    put_remarks(t, r);
}

static struct err *dump_json(FILE *out, const char *path, const struct trigger_hit *hit, const struct dump_result *r)
{
    struct json j;

    json_init(&j, out, true);
    json_object_begin(&j);
    json_kv_string(&j, "schema", "inquest.dump/1");
    json_kv_i64(&j, "pid", r->pid);
    json_kv_string(&j, "file", path);
    json_kv_string(&j, "condition", hit ? hit->text : NULL);
    json_kv_string(&j, "size", size_word(r->size));
    json_kv_string(&j, "method", methods[r->method]);
    json_kv_string(&j, "no_snapshot", r->why_stopped ? r->why_stopped->msg : NULL);
    json_kv_u64(&j, "threads", r->threads);
    json_kv_u64(&j, "bytes", r->bytes);
    json_kv_u64(&j, "bytes_used", r->bytes_used);
    json_kv_u64(&j, "bytes_skipped", r->skipped);
    json_kv_u64(&j, "bytes_later", r->later);
    json_kv_u64(&j, "pause_ns", r->pause_ns);
    if (r->method == DUMP_SNAPSHOT) {
        json_kv_u64(&j, "stop_ns", r->stop_ns);
        json_kv_u64(&j, "registers_ns", r->registers_ns);
        json_kv_u64(&j, "fork_ns", r->fork_ns);
    }
    json_kv_u64(&j, "total_ns", r->total_ns);
    live_json(&j, r);
    remarks_json(&j, r);
    json_object_end(&j);
    return json_finish(&j);
}

static void put_hit(struct text *t, const struct trigger_hit *hit)
{
    put_safe(t, hit->text);
    text_put(t, " at ");
    put_size(t, hit->seen.resident);
    text_printf(t, " in memory, %" PRIu64 " threads:\n", hit->seen.threads);
}

static struct err *answer(struct call *c, const char *path, const struct trigger_hit *hit, const struct dump_result *r)
{
    FILE *out = answer_stream(c, path);
    SCOPED(text_done) struct text t = {0};

    if (call_has(c, "json"))
        return dump_json(out, path, hit, r);
    if (hit && hit->text)
        put_hit(&t, hit);
    dump_text(&t, path, r);
    return answer_text(out, &t);
}

struct dumping {
    struct call *call;
    int32_t pid;
    struct dump_opts opts;
};

static struct err *check(void *arg, const char *path)
{
    const struct dumping *d = arg;
    return session_dump_check(d->pid, path, &d->opts);
}

static struct err *dump(void *arg, const char *path, const struct trigger_hit *hit)
{
    const struct dumping *d = arg;
    struct dump_result result = {0};

    TRY(session_dump(d->pid, path, &d->opts, &result));
    struct err *e = answer(d->call, path, hit, &result);
    dump_result_done(&result);
    return e;
}

static struct err *run(struct call *c)
{
    SCOPED(freep) const char **words = NULL;
    struct dumping d = {.call = c,
                        .opts = {.method = method_of(c),
                                 .all = call_has(c, "all"),
                                 .pack = call_has(c, "compress"),
                                 .redact = redact_opts_of(c, &words),
                                 .modules = {.no_debuginfod = true},
                                 .runtimes = c->runtimes,
                                 .progress = c->progress}};
    struct series_calls calls = {.check = check, .one = dump, .arg = &d};
    uint64_t pid;

    TRY(size_opts(c, &d.opts));
    TRY(check_sizes(&d.opts));
    if (!parse_number(c->operands[0], INT32_MAX, &pid) || pid == 0)
        return err_hint(err_new(ERR_USAGE, "%s is no process id", c->operands[0]),
                        "inquest shrink writes a smaller copy of a core");
    d.pid = (int32_t)pid;
    SCOPED(freep)
    char *path =
        c->n_operands > 1 ? xstrdup(c->operands[1]) : xasprintf("core.%" PRIu64 "%s", pid, d.opts.pack ? ".zst" : "");
    return series_wanted(c) ? series_run(c, d.pid, path, &calls) : dump(&d, path, NULL);
}

const struct command capture_dump = {
    .name = "dump",
    .aliases = "gcore",
    .operands = "PID [FILE]",
    .operand_kind = OPERAND_TARGET,
    .min_operands = 1,
    .max_operands = 2,
    .help = "write a core of a running process, which stands still for milliseconds",
    .about =
        "Writes an ELF core of process PID to FILE (default core.PID), which gdb, lldb, Delve and Inquest open. "
        "The process goes on: it stands still only while the kernel makes a frozen copy of it, which takes about "
        "10 ms a GiB, and the file is written from the copy.\n"
        "With --stacks the file holds of its memory only what debuggers need to show stacks, goroutines, Python's "
        "frames and tasks: of some hundred threads a megabyte, whatever the process's size, which then stands still "
        "for a few milliseconds. Variables are there as far as they are on stacks; --heap adds what they point to.\n"
        "Where no copy can be made, the process stands still until the file is written, and the answer says why. "
        "FILE \"-\" is standard output. It must not exist, gets its name when it is complete, and is readable by "
        "its owner only: memory holds "
        "secrets. Pages of zeros take no room on the disk.\n"
        "--redact writes over secrets that can be told before anything is written, which is no promise that none is "
        "left; the manual says what is looked for.\n"
        "With --when it waits until a condition holds, looking a few times a second without stopping the process. "
        "In FILE %n is the number of the core, %t the time; when several are made and neither stands there, \".N\" is "
        "added.",
    .examples = "inquest dump 4711                # core.4711\n"
                "inquest dump --stacks 4711       # some hundred kB, for stacks\n"
                "inquest dump --heap=64M 4711     # besides what they point to\n"
                "inquest dump --compress 4711 - | ssh backup 'cat >core.zst'\n"
                "inquest dump --redact 4711       # without secrets that can be told\n"
                "inquest dump --redact=stacks-only 4711\n"
                "inquest dump --json 4711 core    # with the time of every phase\n"
                "inquest dump --when 'rss>4G' --when no-progress:30s 4711\n"
                "inquest dump --every 10m --count 6 4711 'core.%t'\n",
    .groups = groups,
    .run = run,
};
