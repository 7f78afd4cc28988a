/* SPDX-License-Identifier: Apache-2.0 */
/* ListGoroutines. A million goroutines have some dozens of stacks, so that their places are made into JSON once. */
#include "front/delve/priv.h"

#include "base/arena.h"
#include "front/words.h"

#include <string.h>

enum {
    PLACES = 4,
    KEPT_MAX = 64 << 20, /* bytes of places that are kept */
    FILTERS_MAX = 64,
};

/* In the order of an api.Goroutine. */
static const struct {
    enum goroutine_place place;
    const char *key;
} places[PLACES] = {{PLACE_CURRENT, "currentLoc"},
                    {PLACE_USER, "userCurrentLoc"},
                    {PLACE_GO, "goStatementLoc"},
                    {PLACE_START, "startLoc"}};

/* What places of one kind look like, by what they follow from. */
struct kept_places {
    struct map64 by[PLACES];
    struct arena arena;
};
struct kept_text {
    const char *p;
    size_t n;
};

static void kept_done(struct kept_places *k)
{
    for (size_t i = 0; i < PLACES; i++)
        map64_done(&k->by[i]);
    arena_done(&k->arena);
}

/* What a place of a goroutine follows from: its stack, or an address. */
static uint64_t origin(const struct tasks *t, const struct task *task, enum goroutine_place place)
{
    switch (place) {
    case PLACE_GO:
        return task->created_at;
    case PLACE_START:
        return task->start;
    case PLACE_USER:
    case PLACE_CURRENT:
        break;
    }
    return t->stack[task - t->v];
}

/* A place as JSON; in the arena, or in *scratch, when enough is kept already. */
static struct kept_text place_text(struct client *c, struct kept_places *k, size_t which, const struct tasks *t,
                                   const struct task *task, char **scratch)
{
    uint64_t key = origin(t, task, places[which].place);
    const uint64_t *known = map64_find(&k->by[which], key);
    if (known)
        return *(const struct kept_text *)(uintptr_t)*known;
    struct goroutine_at at = goroutine_at(c->session, t, task, places[which].place);
    struct json j;
    size_t n = 0;
    free(*scratch);
    *scratch = NULL;
    FILE *out = open_memstream(scratch, &n);
    if (!out)
        mem_exhausted();
    json_init(&j, out, false);
    delve_put_location(c, &j, &at);
    fclose(out);
    struct kept_text text = {*scratch, n};
    if (k->arena.total < KEPT_MAX) {
        struct kept_text *kept = arena_new(&k->arena, struct kept_text);
        *kept = (struct kept_text){arena_strndup(&k->arena, text.p, n), n};
        *map64_put(&k->by[which], key, NULL) = (uint64_t)(uintptr_t)kept;
        text = *kept;
    }
    return text;
}

static void put_with(struct client *c, struct json *j, struct kept_places *k, const struct tasks *t,
                     const struct task *task)
{
    SCOPED(freep) char *scratch = NULL;
    json_object_begin(j);
    json_kv_u64(j, "id", task->id);
    for (size_t i = 0; i < PLACES; i++) {
        struct kept_text text = place_text(c, k, i, t, task, &scratch);
        json_key(j, places[i].key);
        json_raw(j, text.p, text.n);
    }
    json_kv_i64(j, "threadID", task->tid);
    json_kv_u64(j, "status", task->raw_state);
    json_kv_u64(j, "waitSince", task->wait_since);
    json_kv_i64(j, "waitReason", task->wait_reason);
    json_kv_string(j, "unreadable", "");
    task_labels_json(j, c->session, t, task);
    json_object_end(j);
}

void delve_put_goroutine(struct client *c, struct json *j, const struct tasks *t, const struct task *task)
{
    SCOPED(kept_done) struct kept_places k = {0};
    put_with(c, j, &k, t, task);
}

/* ---- which ---- */

struct listing {
    struct client *client;
    const struct tasks *t;
    struct goroutine_filter filters[FILTERS_MAX], group;
    size_t n_filters;
    bool by_channel;
    uint64_t members_max, groups_max;
    struct kept_places kept;
};

static void listing_done(struct listing *l)
{
    kept_done(&l->kept);
}

/* api.GoroutineField */
static struct goroutine_filter filter_of(int64_t kind, const char *arg)
{
    static const struct goroutine_filter fields[] = {
        {.by = BY_NOTHING},
        {.by = BY_PLACE, .place = PLACE_CURRENT},
        {.by = BY_PLACE, .place = PLACE_USER},
        {.by = BY_PLACE, .place = PLACE_GO},
        {.by = BY_PLACE, .place = PLACE_START},
        {.by = BY_LABEL},
        {.by = BY_RUNNING},
        {.by = BY_USER},
        {.by = BY_CHANNEL},
    };
    struct goroutine_filter f = kind > 0 && kind < (int64_t)ARRAY_LEN(fields) ? fields[kind] : fields[0];
    f.arg = arg;
    return f;
}

static struct err *find_channel(struct client *c, struct arguments *a, struct goroutine_filter *f, int64_t count)
{
    struct arguments where = argument_object(a, "EvalScope");
    struct scope sc;
    struct value v;
    if (f->negated)
        return err_new(ERR_USAGE, "channel filter can not be negated");
    if (!count)
        return err_new(ERR_USAGE, "count == 0 not allowed with a channel filter");
    if (!where.object)
        return err_new(ERR_USAGE, "channel filter without eval scope");
    TRY(scope_find(c, &where, &sc));
    TRY(scope_evaluate(&sc, f->arg, &v, NULL));
    return value_int(session_values(c->session), &v, &f->channel);
}

static struct err *read_filters(struct listing *l, struct arguments *a, int64_t count)
{
    const struct incoming *all = argument_array(a, "Filters");
    if (incoming_count(all) > FILTERS_MAX)
        return err_new(ERR_LIMIT, "more than %d filters", FILTERS_MAX);
    for (size_t i = 0; i < incoming_count(all); i++) {
        struct arguments one = {.object = incoming_element(all, i)};
        struct goroutine_filter f = filter_of(argument_integer(&one, "Kind", 0), argument_string(&one, "Arg"));
        f.negated = argument_bool(&one, "Negated");
        TRY(arguments_check(&one));
        if (f.by == BY_NOTHING && f.negated)
            return err_new(ERR_USAGE, "a filter of kind 0 can not be negated");
        if (f.by == BY_CHANNEL)
            TRY(find_channel(l->client, a, &f, count));
        l->by_channel |= f.by == BY_CHANNEL;
        l->filters[l->n_filters++] = f;
    }
    return NULL;
}

static bool passes(const struct listing *l, const struct task *task)
{
    for (size_t i = 0; i < l->n_filters; i++)
        if (!goroutine_passes(l->client->session, l->t, task, &l->filters[i]))
            return false;
    return true;
}

/* ---- groups ---- */

struct group {
    const char *name;
    uint64_t total;
    VEC(const struct task *) members;
};
struct groups {
    VEC(struct group) v;
    struct mapstr by_name;
    struct arena arena;
};

static void groups_done(struct groups *g)
{
    for (size_t i = 0; i < g->v.n; i++)
        vec_done(&g->v.v[i].members);
    vec_done(&g->v);
    mapstr_done(&g->by_name);
    arena_done(&g->arena);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct group *)a)->name, ((const struct group *)b)->name);
}

static void add(const struct listing *l, struct groups *g, const struct task *task)
{
    bool fresh;
    SCOPED(text_done) struct text name = {0};
    goroutine_put_group(l->client->session, l->t, task, &l->group, &name);
    const char *kept = arena_strndup(&g->arena, text_str(&name), name.n);
    uint64_t *slot = mapstr_put(&g->by_name, kept, name.n, &fresh);
    if (fresh) {
        *slot = g->v.n;
        vec_push(&g->v)->name = kept;
    }
    struct group *group = &g->v.v[*slot];
    if (group->members.n < l->members_max)
        *vec_push(&group->members) = task;
    group->total++;
}

static struct err *put_groups(struct listing *l, struct json *j, size_t first, size_t end)
{
    SCOPED(groups_done) struct groups g = {0};
    for (size_t i = first; i < end; i++)
        if (passes(l, &l->t->v[i]))
            add(l, &g, &l->t->v[i]);
    if (g.v.n)
        qsort(g.v.v, g.v.n, sizeof(*g.v.v), by_name);
    size_t shown = l->groups_max && l->groups_max < g.v.n ? (size_t)l->groups_max : g.v.n, offset = 0;
    json_array_begin(j);
    for (size_t i = 0; i < shown; i++)
        for (size_t k = 0; k < g.v.v[i].members.n; k++) {
            put_with(l->client, j, &l->kept, l->t, g.v.v[i].members.v[k]);
            TRY(answer_pause(l->client));
        }
    json_array_end(j);
    if (l->client->api_version == 1)
        return NULL;
    json_key(j, "Groups");
    json_array_begin(j);
    for (size_t i = 0; i < shown; i++) {
        json_object_begin(j);
        json_kv_string(j, "Name", g.v.v[i].name);
        json_kv_u64(j, "Offset", offset);
        json_kv_u64(j, "Count", g.v.v[i].members.n);
        json_kv_u64(j, "Total", g.v.v[i].total);
        json_object_end(j);
        offset += g.v.v[i].members.n;
    }
    json_array_end(j);
    json_kv_bool(j, "TooManyGroups", shown < g.v.n);
    return NULL;
}

/* ---- the list ---- */

static struct err *put_list(struct listing *l, struct json *j, size_t first, size_t end)
{
    json_array_begin(j);
    for (size_t i = first; i < end; i++) {
        if (!passes(l, &l->t->v[i]))
            continue;
        put_with(l->client, j, &l->kept, l->t, &l->t->v[i]);
        TRY(answer_pause(l->client));
    }
    json_array_end(j);
    if (l->client->api_version == 1)
        return NULL;
    json_key(j, "Groups");
    json_null(j);
    json_kv_bool(j, "TooManyGroups", false);
    return NULL;
}

/* Start and Count are positions among all goroutines: filters leave out of a page, they do not fill it. Only a channel's
 * are counted by themselves. */
static size_t channel_page(const struct listing *l, size_t *first, int64_t start, int64_t count)
{
    int64_t met = 0;
    size_t i = 0;
    for (; i < l->t->n && met - start < count; i++) {
        if (met == start)
            *first = i;
        met += passes(l, &l->t->v[i]);
        if (met <= start)
            *first = i + 1;
    }
    return i;
}

static struct err *list_goroutines(struct client *c, struct arguments *a, struct json *j)
{
    SCOPED(listing_done) struct listing l = {.client = c};
    int64_t start = argument_integer(a, "Start", 0), count = argument_integer(a, "Count", 0);
    int64_t groups = argument_integer(a, "MaxGroups", 0), members = argument_integer(a, "MaxGroupMembers", 0);
    l.group = filter_of(argument_integer(a, "GroupBy", 0), argument_string(a, "GroupByKey"));
    l.members_max = members > 0 ? (uint64_t)members : 0;
    l.groups_max = groups > 0 ? (uint64_t)groups : 0;
    TRY(arguments_check(a));
    struct err *e = goroutine_tasks(c->session, &l.t);
    static const struct tasks none = {.runtime = "go"};
    if (e && e->code != ERR_NO_DATA)
        return e;
    if (e)
        l.t = &none; /* another program than Go's has no goroutines */
    err_free(e);
    TRY(read_filters(&l, a, count));
    if (start < 0 || count < 0)
        return err_new(ERR_USAGE, "negative start or count");
    size_t first = (uint64_t)start < l.t->n ? (size_t)start : l.t->n;
    size_t end = count && (uint64_t)count < l.t->n - first ? first + (size_t)count : l.t->n;
    if (l.by_channel)
        end = channel_page(&l, &first, start, count);
    size_t total = l.t->n;
    result_begin(c, j, "Goroutines");
    TRY(l.group.by == BY_NOTHING ? put_list(&l, j, first, end) : put_groups(&l, j, first, end));
    if (c->api_version != 1)
        json_kv_i64(j, "Nextg", end < total ? l.by_channel ? start + count : (int64_t)end : -1);
    result_end(c, j);
    return NULL;
}

static struct err *ancestors(struct client *c, struct arguments *a, struct json *j)
{
    int64_t id = argument_integer(a, "GoroutineID", 0), most = argument_integer(a, "NumAncestors", 0);
    int64_t depth = argument_integer(a, "Depth", 0);
    const struct ancestor *v;
    struct subject who;
    size_t n;
    TRY(arguments_check(a));
    TRY(subject_find(c, id, &who));
    if (!who.task)
        return err_new(ERR_NO_DATA, "no selected goroutine");
    TRY(session_task_ancestors(c->session, who.tasks, who.task, &v, &n));
    if (!n)
        return err_new(ERR_NO_DATA, "tracebackancestors is disabled");
    result_begin(c, j, "Ancestors");
    json_array_begin(j);
    for (size_t i = 0; i < n && (int64_t)i < most; i++) {
        json_object_begin(j);
        json_kv_u64(j, "ID", v[i].id);
        json_key(j, "Stack");
        json_array_begin(j);
        for (size_t k = 0; k < v[i].n && (int64_t)k <= depth; k++) {
            struct goroutine_at at = location_of_frame(v[i].frames, v[i].n, k);
            delve_put_location(c, j, &at);
        }
        json_array_end(j);
        json_kv_string(j, "Unreadable", "");
        json_object_end(j);
    }
    json_array_end(j);
    result_end(c, j);
    return NULL;
}

static const struct method rows[] = {{"ListGoroutines", list_goroutines, NULL}, {"Ancestors", ancestors, NULL}};
const struct method_table delve_goroutine_methods = {rows, ARRAY_LEN(rows)};
