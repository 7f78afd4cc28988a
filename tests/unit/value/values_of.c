/* SPDX-License-Identifier: Apache-2.0 */
/* values_of CORE EXE [letter=x] [pretty=1] [elements=0] ...: the program's own variables, and those of the frames
 * of its first thread, a JSON object a line: {"pc": of the frame, or "0x0", "name", "print": as `print` shows it,
 * "local": as `info locals`, "scalar": as `bt`, "json": as format_json()}. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "image/image.h"
#include "value/format.h"
#include "value/scope.h"

enum { FRAMES_MAX = 64 };

struct asker {
    struct values vs;
    struct format format;
    struct unwinder *unwinder;
    struct frames frames;
    struct vframe vframes[FRAMES_MAX];
    struct json out;
};

static void die(struct err *e)
{
    fprintf(stderr, "values_of: %s\n", e->msg);
    exit(1);
}

static void print_variable(struct asker *a, const struct vframe *f, const char *name, const struct value *v)
{
    SCOPED(text_done) struct text print = {0}, local = {0}, scalar = {0};
    format_value(&a->vs, v, &a->format, &print);
    format_variable(&a->vs, v, &a->format, &local);
    format_scalar(&a->vs, v, &a->format, &scalar);
    json_object_begin(&a->out);
    json_kv_hex(&a->out, "pc", f ? f->pc : 0);
    json_kv_string(&a->out, "name", name);
    json_kv_string(&a->out, "print", text_str(&print));
    json_kv_string(&a->out, "local", text_str(&local));
    json_kv_string(&a->out, "scalar", text_str(&scalar));
    json_key(&a->out, "json");
    format_json(&a->vs, v, &a->format, &a->out);
    json_object_end(&a->out);
    if (json_finish(&a->out))
        exit(1);
    json_init(&a->out, stdout, false);
}

static bool print_global(void *arg, const struct index_hit *hit, const char *name)
{
    struct asker *a = arg;
    struct value v;
    if (!hit->die.unit || !hit->module->is_exe || hit->declaration)
        return true;
    struct err *e = scope_global(&a->vs, &a->vframes[0], &hit->die, &v);
    if (!e && v.loc.n)
        print_variable(a, NULL, name, &v);
    err_free(e);
    return true;
}

static void print_frame(struct asker *a, const struct vframe *f)
{
    struct variables all;
    struct err *e = f->module && f->module->is_exe ? scope_variables(f, &all) : err_new(ERR_NO_DATA, "not ours");
    for (size_t k = 0; !e && k < all.n; k++) {
        struct value v;
        struct err *why = all.v[k].shadowed ? err_new(ERR_NOT_FOUND, "hidden") : scope_value(f, &all.v[k], &v);
        if (!why)
            print_variable(a, f, all.v[k].name, &v);
        err_free(why);
    }
    err_free(e);
}

static const struct vframe *caller_of(const struct vframe *f)
{
    const struct asker *a = f->arg;
    size_t next = (size_t)(f - a->vframes) + 1;
    return next < a->frames.frames.n && next < FRAMES_MAX ? f + 1 : NULL;
}

static void fill_frames(struct asker *a, const struct image_thread *th)
{
    unwind_stack(a->unwinder, &th->regs, FRAMES_MAX, &a->frames);
    for (size_t i = 0; i < a->frames.frames.n; i++) {
        const struct frame *fr = &a->frames.frames.v[i];
        struct vframe *f = &a->vframes[i];
        *f = (struct vframe){.vs = &a->vs, .thread = th, .pc = fr->pc, .cfa = fr->cfa, .innermost = i == 0};
        f->lookup = fr->exact_pc ? fr->pc : fr->pc - 1;
        f->inlined = SCOPE_PHYSICAL;
        f->caller = caller_of;
        f->arg = a;
        f->module = fr->module;
        struct err *e = unwind_regs(a->unwinder, &th->regs, i, &f->regs);
        if (e)
            die(e);
    }
}

static void set(struct format *f, const char *option)
{
    static const struct {
        const char *name;
        size_t at;
        bool number;
    } all[] = {
        {"elements", offsetof(struct format, elements), true},
        {"repeats", offsetof(struct format, repeats), true},
        {"depth", offsetof(struct format, depth), true},
        {"characters", offsetof(struct format, characters), true},
        {"pretty", offsetof(struct format, pretty), false},
        {"addresses", offsetof(struct format, addresses), false},
        {"symbols", offsetof(struct format, symbols), false},
        {"unions", offsetof(struct format, unions), false},
        {"static_members", offsetof(struct format, static_members), false},
        {"object", offsetof(struct format, object), false},
        {"array_indexes", offsetof(struct format, array_indexes), false},
        {"null_stop", offsetof(struct format, null_stop), false},
        {"array", offsetof(struct format, array), false},
    };
    const char *value = strchr(option, '=');
    if (value && strncmp(option, "letter=", 7) == 0)
        f->letter = value[1];
    for (size_t i = 0; value && i < sizeof(all) / sizeof(all[0]); i++) {
        unsigned n = (unsigned)strtoul(value + 1, NULL, 10);
        bool on = n != 0;
        if (strlen(all[i].name) != (size_t)(value - option) || strncmp(option, all[i].name, strlen(all[i].name)) != 0)
            continue;
        if (all[i].number)
            memcpy((char *)f + all[i].at, &n, sizeof(n));
        else
            memcpy((char *)f + all[i].at, &on, sizeof(on));
    }
}

int main(int argc, char **argv)
{
    struct image *im;
    struct arena arena = {0};
    static struct asker a;
    if (argc < 3)
        return 2;
    struct err *e = image_core_open(argv[1], &(struct image_core_opts){.progress = NULL}, &im);
    if (e)
        die(e);
    struct modules *ms = modules_load(im, &(struct module_opts){.exe = argv[2], .no_debuginfod = true});
    a.vs = (struct values){.ms = ms, .arena = &arena, .index = index_new(ms, NULL), .scopes = scope_cache_new()};
    a.vs.types = types_new(ms, a.vs.index);
    a.format = format_defaults;
    for (int i = 3; i < argc; i++)
        set(&a.format, argv[i]);
    a.unwinder = unwinder_new(ms);
    fill_frames(&a, &im->threads.v[0]);
    json_init(&a.out, stdout, false);
    e = index_each(a.vs.index, INDEX_VARIABLE, print_global, &a);
    if (e)
        die(e);
    for (size_t i = 0; i < a.frames.frames.n; i++)
        print_frame(&a, &a.vframes[i]);
    frames_done(&a.frames);
    unwinder_free(a.unwinder);
    types_free(a.vs.types);
    index_free(a.vs.index);
    scope_cache_free(a.vs.scopes);
    arena_done(&arena);
    modules_free(ms);
    image_free(im);
    return 0;
}
