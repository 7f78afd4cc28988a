/* SPDX-License-Identifier: Apache-2.0 */
/* inquest verify: the command row and its answer. */
#include "front/capture/capture.h"

#include "base/json.h"
#include "session/verify.h"

#include <inttypes.h>
#include <string.h>

static const struct option_row rows[] = {
    {"json", 'j', VALUE_NONE, NULL, "JSON, schema inquest.verify/1"},
};
static const struct option_group own = {"Options", rows, ARRAY_LEN(rows)};
static const struct option_group *const groups[] = {&own, &front_files_group, &front_output_group, NULL};

static const struct {
    const char *name, *said;
} kinds[VERIFY_KINDS] = {
    [VERIFY_MEMORY] = {"memory", "of memory can be read"},
    [VERIFY_REGISTERS] = {"registers", "threads have registers"},
    [VERIFY_STACKS] = {"stacks", "threads have memory where their stacks begin"},
    [VERIFY_BUILD_IDS] = {"build-ids", "mapped files have a build-id"},
    [VERIFY_FILES] = {"files", "mapped files were found here"},
};

struct answer {
    struct session *session;
    struct verify_check checks[VERIFY_KINDS];
    const struct err *const *problems;
    size_t n_problems;
    bool whole;
};

static bool is_whole(const struct verify_check *c)
{
    return c->present == c->total;
}

static void judge(struct answer *a)
{
    a->problems = session_problems(a->session, &a->n_problems);
    a->whole = a->checks[VERIFY_REGISTERS].total > 0;
    for (size_t i = 0; i < VERIFY_KINDS; i++)
        a->whole &= is_whole(&a->checks[i]);
    for (size_t i = 0; i < a->n_problems; i++)
        a->whole &= !verify_is_loss(a->problems[i]);
}

static void put_check(struct text *t, const struct screen *sc, enum verify_kind kind, const struct verify_check *c)
{
    enum { NAME = 9, SAID = 20 };
    bool whole = is_whole(c);

    put_coloured(t, sc, whole ? COLOUR_GREEN : COLOUR_RED, whole ? "whole" : "missing");
    put_pad(t, whole ? 5 : 7, NAME);
    text_put(t, kinds[kind].name);
    put_pad(t, NAME + strlen(kinds[kind].name), SAID);
    if (kind == VERIFY_MEMORY) {
        put_size(t, c->present);
        text_put(t, " of ");
        put_size(t, c->total);
    } else {
        text_printf(t, "%" PRIu64 " of %" PRIu64, c->present, c->total);
    }
    text_printf(t, " %s", kinds[kind].said);
    if (c->first) {
        text_put(t, "; not ");
        put_safe(t, c->first);
        text_put(t, c->total - c->present > 1 ? " and others" : "");
    }
    text_putc(t, '\n');
}

static struct err *answer_text(struct call *c, const struct answer *a)
{
    SCOPED(text_done) struct text t = {0};
    FILE *out = call_output(c);

    for (size_t i = 0; i < VERIFY_KINDS; i++)
        put_check(&t, &c->screen, (enum verify_kind)i, &a->checks[i]);
    for (size_t i = 0; i < a->n_problems; i++) {
        text_put(&t, verify_is_loss(a->problems[i]) ? "missing  " : "note     ");
        put_err(&t, a->problems[i]);
        text_putc(&t, '\n');
    }
    put_safe(&t, c->operands[0]);
    text_put(&t, a->whole ? " is whole\n" : " is not whole\n");
    return fwrite(t.p, 1, t.n, out) == t.n && fflush(out) == 0 ? NULL : err_new(ERR_IO, "cannot write the answer");
}

static struct err *answer_json(struct call *c, const struct answer *a)
{
    struct json j;

    json_init(&j, call_output(c), c->screen.terminal);
    json_object_begin(&j);
    json_kv_string(&j, "schema", "inquest.verify/1");
    json_kv_string(&j, "file", c->operands[0]);
    json_kv_string(&j, "writer", session_image(a->session)->writer);
    json_kv_bool(&j, "whole", a->whole);
    json_key(&j, "checks");
    json_array_begin(&j);
    for (size_t i = 0; i < VERIFY_KINDS; i++) {
        json_object_begin(&j);
        json_kv_string(&j, "name", kinds[i].name);
        json_kv_u64(&j, "present", a->checks[i].present);
        json_kv_u64(&j, "total", a->checks[i].total);
        json_kv_string(&j, "first_missing", a->checks[i].first);
        json_object_end(&j);
    }
    json_array_end(&j);
    json_key(&j, "problems");
    json_array_begin(&j);
    for (size_t i = 0; i < a->n_problems; i++) {
        json_object_begin(&j);
        json_kv_string(&j, "code", err_code_name(a->problems[i]->code));
        json_kv_string(&j, "message", a->problems[i]->msg);
        json_kv_bool(&j, "loss", verify_is_loss(a->problems[i]));
        json_object_end(&j);
    }
    json_array_end(&j);
    json_object_end(&j);
    return json_finish(&j);
}

static struct err *run(struct call *c)
{
    struct session_opts opts = front_session_opts(c);
    SCOPED(session_freep) struct session *s = NULL;

    TRY(session_open(c->operands[0], &opts, &s));
    struct answer a = {.session = s};
    TRY(session_verify(s, c->progress, a.checks));
    judge(&a);
    c->status = a.whole ? 0 : 1;
    return call_has(c, "json") ? answer_json(c, &a) : answer_text(c, &a);
}

const struct command capture_verify = {
    .name = "verify",
    .operands = "CORE",
    .operand_kind = OPERAND_TARGET,
    .min_operands = 1,
    .max_operands = 1,
    .help = "say what of a core is there, and what is missing",
    .about =
        "Checks whether CORE can be read to its end: its headers and notes, the memory that it says it has (of a "
        "packed "
        "one every piece is unpacked), registers and stacks of its threads, build-ids of its files, and whether these "
        "files are found here.\n"
        "The exit status is 0 when all is there, 1 when something is missing.",
    .examples = "inquest verify core.4711.zst\n"
                "inquest verify --sysroot image core # are files of another machine there?\n",
    .groups = groups,
    .run = run,
};
