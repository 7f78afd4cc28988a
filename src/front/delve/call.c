/* SPDX-License-Identifier: Apache-2.0 */
/* Methods without a connection, for scripts: the session is the caller's, and there are no turns. */
#include "front/delve/priv.h"

struct delve_client {
    struct client client;
};

static struct delve_client *begin(struct call *call)
{
    struct delve_client *d = xcalloc(1, sizeof(*d));
    d->client = (struct client){.call = call, .api_version = 2};
    return d;
}

static void end(struct delve_client *d)
{
    if (d)
        map64_done(&d->client.by_id);
    free(d);
}

static struct err *answer_into(struct client *c, const struct method *m, struct arguments *a, struct text *result)
{
    struct answer an = {.out = text_stream(result)};
    struct json j;
    c->answer = &an;
    json_init(&j, an.out, false);
    struct err *e = m->run(c, a, &j);
    c->answer = NULL;
    fclose(an.out);
    return e;
}

static struct err *call(struct delve_client *d, struct session *s, uint64_t generation, const char *method,
                        const char *params, size_t n, struct text *result)
{
    struct incoming *given;
    struct client *c = &d->client;
    struct text name = {0}, answer = {0};

    text_printf(&name, "%s%s", strchr(method, '.') ? "" : "RPCServer.", method);
    struct arguments a = {0};
    const struct method *m = method_find(c, text_str(&name), &a.bare);
    text_done(&name);
    if (!m)
        return err_new(ERR_USAGE, "unknown method: %s", method);
    if (m->refusal)
        return err_new(ERR_UNSUPPORTED, "%s", m->refusal);
    TRY(incoming_parse(params, n, &given));
    a.object = given;
    if (c->generation != generation)
        c->selected = false; /* the thread may be gone */
    c->generation = generation;
    c->session = s;
    struct err *e = answer_into(c, m, &a, &answer);
    c->session = NULL;
    session_forget_values(s);
    incoming_free(given);
    if (e)
        text_done(&answer);
    else
        *result = answer;
    return e;
}

const struct script_delve delve_scripts = {.begin = begin, .call = call, .end = end};
