/* SPDX-License-Identifier: Apache-2.0 */
/* Requests of Delve's clients over a small fixed core: each line has a method and its parameters as JSON, as in
 * `ListThreads {}`. An answer is one JSON value. */
#include "base/json.h"
#include "front/delve/delve.h"
#include "front/serve/incoming.h"
#include "small_core.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { INPUT_MAX = 1 << 16, LINES_MAX = 64 };

/* The reader wants an object at the top. */
static void check_answer(const struct text *t)
{
    struct incoming *root;
    SCOPED(text_done) struct text whole = {0};
    text_printf(&whole, "{\"result\":%s}", text_str(t));
    struct err *e = incoming_parse(whole.p, whole.n, &root);
    if (e)
        abort();
    incoming_free(root);
}

static void ask(struct delve_client *c, struct session *s, const char *line)
{
    SCOPED(text_done) struct text result = {0};
    size_t name = strcspn(line, " ");
    SCOPED(freep) char *method = xstrndup(line, name);
    const char *params = line + name + (line[name] == ' ');
    struct err *e = delve_scripts.call(c, s, 1, method, params, strlen(params), &result);
    if (!e)
        check_answer(&result);
    err_free(e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct session *s;
    struct call call = {.progress = NULL};
    SCOPED(freep) char *text = xstrndup((const char *)data, n < INPUT_MAX ? n : INPUT_MAX);
    struct err *e = session_open(small_core_path(), &(struct session_opts){.modules = {.no_debuginfod = true}}, &s);
    if (e)
        abort();
    struct delve_client *c = delve_scripts.begin(&call);
    char *rest = text, *line;
    for (size_t i = 0; i < LINES_MAX && (line = strsep(&rest, "\n")); i++)
        ask(c, s, line);
    delve_scripts.end(c);
    session_free(s);
    return 0;
}
