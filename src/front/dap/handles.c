/* SPDX-License-Identifier: Apache-2.0 */
#include "front/dap/handles.h"

#include <string.h>

/* A key of a child is one number: its parent's above the bits of its index. */
enum { INDEX_BITS = 44 };

void handles_done(struct handles *h)
{
    arena_done(&h->arena);
    vec_done(&h->v);
    vec_done(&h->frames);
    vec_done(&h->sources);
    map64_done(&h->scopes);
    map64_done(&h->children);
    map64_done(&h->by_frame);
    map64_done(&h->by_source);
    mapstr_done(&h->texts);
}

void handles_forget(struct handles *h)
{
    handles_done(h);
    *h = (struct handles){.arena = {0}};
}

/* Where the number of a key stands; *fresh: it has none yet. NULL: there is no room for one. */
static uint64_t *slot_of(struct map64 *m, uint64_t key, size_t n, size_t max, bool *fresh)
{
    uint64_t *slot = map64_find(m, key);
    *fresh = !slot;
    return slot || n >= max ? slot : map64_put(m, key, NULL);
}

uint32_t handles_scope(struct handles *h, uint32_t frame, enum handle_kind kind)
{
    bool fresh;
    uint64_t *slot = slot_of(&h->scopes, (uint64_t)frame << 8 | kind, h->v.n, HANDLES_MAX, &fresh);
    if (!slot)
        return 0;
    if (fresh) {
        *vec_push(&h->v) = (struct handle){.kind = (uint8_t)kind, .frame = frame};
        *slot = h->v.n;
    }
    return (uint32_t)*slot;
}

static const void *copy_bytes(struct arena *a, const void *p, size_t n)
{
    void *copy = arena_alloc(a, n ? n : 1);
    if (n)
        memcpy(copy, p, n);
    return copy;
}

static void copy_place(struct arena *a, struct value *v)
{
    struct loc_piece *pieces = arena_array(a, struct loc_piece, v->loc.n ? v->loc.n : 1);
    for (uint32_t i = 0; i < v->loc.n; i++) {
        pieces[i] = v->loc.pieces[i];
        pieces[i].bytes.p = copy_bytes(a, pieces[i].bytes.p, pieces[i].bytes.n);
    }
    v->loc.pieces = pieces;
    v->frame = NULL;
}

/* NULL: there is no room, or the child's index is beyond all that one could page to. */
static uint64_t *value_slot(struct handles *h, const struct handle_key *key, const struct handle *of, bool *fresh)
{
    if (!key->text) {
        if (key->index >> INDEX_BITS)
            return NULL;
        return slot_of(&h->children, (uint64_t)key->parent << INDEX_BITS | key->index, h->v.n, HANDLES_MAX, fresh);
    }
    if (h->v.n >= HANDLES_MAX)
        return NULL;
    const char *text = arena_printf(&h->arena, "%u %s", of->frame, key->text);
    return mapstr_put(&h->texts, text, strlen(text), fresh);
}

uint32_t handles_value(struct handles *h, const struct handle *of, const struct handle_key *key)
{
    bool fresh;
    uint64_t *slot = value_slot(h, key, of, &fresh);
    if (!slot)
        return 0;
    if (fresh) {
        struct handle copy = *of;
        copy.kind = HANDLE_VALUE;
        copy_place(&h->arena, &copy.value);
        copy.expression = of->expression ? arena_strdup(&h->arena, of->expression) : NULL;
        *vec_push(&h->v) = copy;
        *slot = h->v.n;
    }
    return (uint32_t)*slot;
}

uint32_t handles_frame(struct handles *h, int64_t thread, size_t index)
{
    bool fresh;
    if (index > UINT32_MAX)
        return 0;
    uint64_t *slot = slot_of(&h->by_frame, (uint64_t)thread << 32 | index, h->frames.n, FRAMES_MAX, &fresh);
    if (!slot)
        return 0;
    if (fresh) {
        *vec_push(&h->frames) = (struct frame_handle){thread, index};
        *slot = h->frames.n;
    }
    return (uint32_t)*slot;
}

uint32_t handles_source(struct handles *h, const char *path, const struct module *m, uint32_t line)
{
    bool fresh;
    uint64_t *slot = slot_of(&h->by_source, (uint64_t)(uintptr_t)path, h->sources.n, HANDLES_MAX, &fresh);
    if (!slot)
        return 0;
    if (fresh) {
        *vec_push(&h->sources) = (struct source_handle){path, m, 0};
        *slot = h->sources.n;
    }
    struct source_handle *source = &h->sources.v[*slot - 1];
    if (line > source->last_line)
        source->last_line = line;
    return (uint32_t)*slot;
}

const struct handle *handles_get(const struct handles *h, int64_t number)
{
    return number > 0 && (uint64_t)number <= h->v.n ? &h->v.v[number - 1] : NULL;
}

const struct frame_handle *handles_frame_get(const struct handles *h, int64_t number)
{
    return number > 0 && (uint64_t)number <= h->frames.n ? &h->frames.v[number - 1] : NULL;
}

const struct source_handle *handles_source_get(const struct handles *h, int64_t number)
{
    return number > 0 && (uint64_t)number <= h->sources.n ? &h->sources.v[number - 1] : NULL;
}
