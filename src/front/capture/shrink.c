/* SPDX-License-Identifier: Apache-2.0 */
/* inquest shrink: the command row and its answer. */
#include "front/capture/capture.h"

#include "front/capture/answer.h"

#include <string.h>
#include <sys/stat.h>

static const struct option_row rows[] = {
    {"compress", 'c', VALUE_NONE, NULL, "pack it with zstd, in pieces that Inquest reads one by one"},
    {"json", 'j', VALUE_NONE, NULL, "one JSON object (schema inquest.shrink/1)"},
};
static const struct option_group own = {"Options", rows, ARRAY_LEN(rows)};
static const struct option_group *const groups[] = {
    &own, &size_group, &redact_group, &front_files_group, &front_output_group, NULL};

static uint64_t size_of(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

static struct err *shrink_json(FILE *out, const char *core, const char *path, const struct dump_result *r)
{
    struct json j;

    json_init(&j, out, true);
    json_object_begin(&j);
    json_kv_string(&j, "schema", "inquest.shrink/1");
    json_kv_string(&j, "core", core);
    json_kv_string(&j, "file", path);
    json_kv_i64(&j, "pid", r->pid);
    json_kv_u64(&j, "threads", r->threads);
    json_kv_u64(&j, "bytes_before", size_of(core));
    json_kv_u64(&j, "bytes", r->bytes);
    json_kv_u64(&j, "bytes_used", r->bytes_used);
    json_kv_u64(&j, "bytes_skipped", r->skipped);
    json_kv_u64(&j, "total_ns", r->total_ns);
    remarks_json(&j, r);
    json_object_end(&j);
    return json_finish(&j);
}

static void shrink_text(struct text *t, const char *core, const char *path, const struct dump_result *r)
{
    put_written(t, path, r);
    put_safe(t, core);
    text_put(t, " has ");
    put_size(t, size_of(core));
    text_putc(t, '\n');
    put_remarks(t, r);
}

static struct err *answer(struct call *c, const char *path, const struct dump_result *r)
{
    const char *core = c->operands[0];
    FILE *out = answer_stream(c, path);
    SCOPED(text_done) struct text t = {0};

    if (call_has(c, "json"))
        return shrink_json(out, core, path, r);
    shrink_text(&t, core, path, r);
    return answer_text(out, &t);
}

/* core.zst: core.small.zst when it is packed again, else core.small. */
static char *default_path(const char *core, bool pack)
{
    static const char *const packed[] = {".zst", ".lz4", ".xz", ".gz"};
    size_t n = strlen(core);

    for (size_t i = 0; i < ARRAY_LEN(packed); i++) {
        size_t len = strlen(packed[i]);
        if (n > len && strcmp(core + n - len, packed[i]) == 0) {
            n -= len;
            break;
        }
    }
    SCOPED(freep) char *stem = xstrndup(core, n);
    return xasprintf("%s.small%s", stem, pack ? ".zst" : "");
}

static struct err *run(struct call *c)
{
    SCOPED(freep) const char **words = NULL;
    struct session_opts files = front_session_opts(c);
    struct dump_opts opts = {.pack = call_has(c, "compress"),
                             .redact = redact_opts_of(c, &words),
                             .modules = files.modules,
                             .runtimes = c->runtimes,
                             .progress = c->progress};
    struct dump_result result = {0};

    TRY(size_opts(c, &opts));
    if (!opts.pack && !opts.redact.on && opts.size == DUMP_FULL)
        return err_hint(err_new(ERR_USAGE, "inquest shrink needs to know what to leave out"),
                        "say --stacks, --heap, --compress or --redact");
    SCOPED(freep)
    char *path = c->n_operands > 1 ? xstrdup(c->operands[1]) : default_path(c->operands[0], opts.pack);
    TRY(session_shrink(c->operands[0], path, &opts, &result));
    struct err *e = answer(c, path, &result);
    dump_result_done(&result);
    return e;
}

const struct command capture_shrink = {
    .name = "shrink",
    .operands = "CORE [FILE]",
    .operand_kind = OPERAND_TARGET,
    .min_operands = 1,
    .max_operands = 2,
    .help = "write a small, packed or redacted copy of a core",
    .about =
        "Writes to FILE (default CORE.small) what CORE holds: of memory only what stacks need (--stacks) and what they "
        "lead to (--heap), packed (--compress), or without the secrets that can be told (--redact). CORE may be any "
        "core that Inquest opens: of the kernel, of gdb, of Inquest, packed or not. "
        "It is only read. Of one of another machine or container --sysroot names the folder with its files, without "
        "which stacks may end early, and what is behind would be left out.\n"
        "FILE is an ELF core, which gdb, lldb, Delve and Inquest open, and \"-\" is standard output. It must not "
        "exist, gets its name when it is complete, and is readable by its owner only.",
    .examples = "inquest shrink --compress core               # core.small.zst\n"
                "inquest shrink --stacks core                 # goroutines and Python, too\n"
                "inquest shrink --stacks --sysroot image core # of another machine\n"
                "inquest shrink --redact --compress core out.zst\n"
                "inquest shrink --redact=stacks-only core     # stacks without values\n"
                "inquest shrink --redact-pattern 'ID-[0-9]{6}' core\n",
    .groups = groups,
    .run = run,
};
