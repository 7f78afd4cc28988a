/* SPDX-License-Identifier: Apache-2.0 */
/* Where a variable is: the questions of its expression, answered from a frame. */
#include "value/scope_priv.h"
#include "value/value_priv.h"
#include "value/tls.h"

/* Of a constant in an attribute. */
enum { CONSTANT_BYTES = 16 };

struct err *vframe_register(const struct vframe *f, unsigned dwarf, uint8_t *buf, size_t max, size_t *n)
{
    const struct image *im = modules_image(f->vs->ms);
    if (regs_has(&f->regs, dwarf)) {
        size_t size = im->arch->addr_size < max ? im->arch->addr_size : max;
        memcpy(buf, &f->regs.val[dwarf], size);
        *n = size;
        return NULL;
    }
    if (f->innermost && image_thread_register(im, f->thread, dwarf, buf, max, n))
        return NULL;
    return value_no_register(im->arch, dwarf);
}

/* ---- what expressions ask ---- */

static struct err *ask_memory(void *arg, taddr at, void *buf, size_t n)
{
    const struct scope_eval *e = arg;
    return modules_read(e->vs->ms, at, buf, n);
}

static struct err *ask_register(void *arg, unsigned dwarf, uint8_t *buf, size_t max, size_t *n)
{
    const struct scope_eval *e = arg;
    return vframe_register(e->f, dwarf, buf, max, n);
}

static struct err *ask_cfa(void *arg, taddr *out)
{
    const struct scope_eval *e = arg;
    if (!e->f->cfa)
        return err_new(ERR_NO_DATA, "the address of the frame is not known");
    *out = e->f->cfa;
    return NULL;
}

static struct err *ask_frame_base(void *arg, taddr *out)
{
    struct scope_eval *e = arg;
    const struct scope_at *at = scope_at(e->vs, e->f->lookup);
    struct dwx_frame q = scope_questions(e);
    struct dw_value v;
    struct dw_die owner;
    struct bytes expr;
    if (!at->s.found || !scope_attr(&at->s.function, DW_AT_frame_base, &v, &owner))
        return err_new(ERR_NO_DATA, "the function does not say where its frames are");
    TRY(dwx_at(owner.unit, &v, q.pc, &expr));
    q.frame_base = NULL; /* it cannot be its own base */
    return dwx_number(&q, owner.unit, expr, NULL, out);
}

static struct err *ask_tls(void *arg, uint64_t offset, taddr *out)
{
    const struct scope_eval *e = arg;
    if (!e->f)
        return err_new(ERR_NO_DATA, "a thread-local variable needs a thread");
    if (!e->module)
        return err_new(ERR_NO_DATA, "the module of a thread-local variable is not known");
    return tls_address(e->vs->ms, e->module, e->f->thread, offset, out);
}

static struct err *ask_entry_value(void *arg, struct bytes expr, struct dw_unit *u, uint64_t *out)
{
    struct scope_eval *e = arg;
    uint64_t reg;
    unsigned size;
    if (!dwx_is_register(expr, u->addr_size, &reg, &size))
        return err_new(ERR_UNSUPPORTED, "a value on entry that is not in a register");
    return scope_entry_register(e, reg, size, out);
}

static struct err *ask_parameter(void *arg, const struct dw_die *die, uint64_t *out)
{
    return scope_entry_parameter(arg, die, out);
}

static struct err *ask_variable(void *arg, const struct dw_die *die, uint64_t *out)
{
    struct scope_eval *e = arg;
    struct value v = {.type = type_of(e->vs->types, die), .frame = e->f};
    if (++e->depth > DWX_MAX_CALLS)
        return err_new(ERR_LIMIT, "a variable's value needs that of more than %d others", DWX_MAX_CALLS);
    struct err *err = scope_locate(e, die, v.type, &v.loc);
    e->depth--;
    return err ? err : value_int(e->vs, &v, out);
}

struct dwx_frame scope_questions(struct scope_eval *e)
{
    struct dwx_frame q = {
        .arg = e,
        .arch = modules_image(e->vs->ms)->arch,
        .bias = e->module ? e->module->bias : 0,
        .memory = ask_memory,
        .tls = ask_tls,
        .variable = ask_variable,
    };
    if (e->f) {
        q.pc = e->f->lookup - q.bias;
        q.reg = ask_register;
        q.cfa = ask_cfa;
        q.frame_base = ask_frame_base;
        q.entry_value = ask_entry_value;
        q.parameter = ask_parameter;
    }
    return q;
}

/* ---- DIEs ---- */

/* The bytes of DW_AT_const_value. A number is as wide as its type; its sign is that of its form. */
static struct location constant(struct values *vs, const struct dw_value *v, const struct type *type)
{
    struct loc_piece *p = arena_new(vs->arena, struct loc_piece);
    p->kind = LOC_BYTES;
    p->bytes = v->block;
    if (v->cls == DW_CLASS_CONSTANT || v->cls == DW_CLASS_FLAG || v->cls == DW_CLASS_ADDRESS) {
        size_t size = (size_t)type_strip(type)->size;
        uint8_t *b = arena_alloc(vs->arena, CONSTANT_BYTES);
        bool with_sign = v->form == DW_FORM_sdata || v->form == DW_FORM_implicit_const;
        memset(b, with_sign && (int64_t)v->u < 0 ? 0xff : 0, CONSTANT_BYTES);
        memcpy(b, &v->u, sizeof(v->u));
        p->bytes = (struct bytes){b, size && size < CONSTANT_BYTES ? size : CONSTANT_BYTES};
    }
    return (struct location){p, 1};
}

struct err *scope_locate(struct scope_eval *e, const struct dw_die *die, const struct type *type, struct location *out)
{
    struct dw_value v;
    struct dw_die owner;
    struct bytes expr;
    *out = (struct location){0};
    if (scope_attr(die, DW_AT_location, &v, &owner)) {
        struct dwx_frame q = scope_questions(e);
        TRY(dwx_at(owner.unit, &v, q.pc, &expr));
        struct err *err = dwx_locate(&q, owner.unit, expr, NULL, e->vs->arena, out);
        if (err && err->code == ERR_OPTIMISED_OUT) {
            err_free(err); /* it depends on a value that nobody kept */
            return NULL;
        }
        return err;
    }
    if (scope_attr(die, DW_AT_const_value, &v, &owner)) {
        if (v.cls == DW_CLASS_STRING && !v.block.n) {
            const char *text = dw_value_string(owner.unit, &v);
            v.block = (struct bytes){(const uint8_t *)text, text ? strlen(text) + 1 : 0};
        }
        *out = constant(e->vs, &v, type);
    }
    return NULL;
}

/* The variable that a pointer leads to; as much is known of it as of the pointer. */
static struct err *behind(const struct vframe *f, const struct variable *v, struct value *out)
{
    uint64_t at;
    struct err *e = value_int(f->vs, out, &at);
    if (!e) {
        *out = value_at(f->vs, v->type, at);
        out->frame = f;
        return NULL;
    }
    if (e->code != ERR_OPTIMISED_OUT)
        return e;
    err_free(e); /* an empty location says so */
    *out = (struct value){.type = v->type, .frame = f};
    return NULL;
}

/* What a function that has not begun captured stands in its value (DW_AT_go_closure_offset, from Go 1.23). */
static bool locate_captured(const struct vframe *f, const struct variable *v, struct value *out)
{
    uint64_t offset;
    if (!f->closure || !dw_attr_uint(&v->die, DW_AT_go_closure_offset, &offset))
        return false;
    out->loc = value_at(f->vs, out->type, f->closure + offset).loc;
    return true;
}

struct err *scope_value(const struct vframe *f, const struct variable *v, struct value *out)
{
    if (v->value) {
        *out = *v->value;
        return NULL;
    }
    struct scope_eval e = {.vs = f->vs, .f = f, .module = f->module};
    struct value found = {.type = v->indirect ? type_of(f->vs->types, &v->die) : v->type, .frame = f};
    struct variable escaped;
    bool go = dw_unit_root(v->die.unit)->language == DW_LANG_Go;
    if (!locate_captured(f, v, &found))
        TRY((go ? scope_go_locate : scope_locate)(&e, &v->die, found.type, &found.loc));
    if (go && !found.loc.n && !v->indirect && scope_go_escaped(f, v, &escaped))
        return scope_value(f, &escaped, out);
    *out = found;
    if (v->indirect)
        TRY(behind(f, v, out));
    scope_go_parameter(f, out);
    return NULL;
}

struct err *scope_global(struct values *vs, const struct vframe *f, const struct dw_die *die, struct value *out)
{
    struct scope_eval e = {.vs = vs, .f = f, .module = die->unit->file->module};
    struct value found = {.type = type_of(vs->types, die), .frame = f};
    TRY(scope_locate(&e, die, found.type, &found.loc));
    *out = found;
    return NULL;
}

struct err *scope_attribute(const struct vframe *f, const struct dw_die *die, uint16_t at, uint64_t *out)
{
    struct scope_eval e = {.vs = f->vs, .f = f, .module = f->module};
    struct dwx_frame q = scope_questions(&e);
    struct dw_value v;
    struct dw_die variable;
    struct bytes expr;
    if (!dw_attr(die, at, &v))
        return err_new(ERR_NO_DATA, "the attribute is not there");
    if (v.cls == DW_CLASS_CONSTANT) {
        *out = v.u;
        return NULL;
    }
    if (dw_value_die(die->unit, &v, &variable))
        return ask_variable(&e, &variable, out);
    TRY(dwx_at(die->unit, &v, q.pc, &expr));
    if (!expr.n)
        return err_new(ERR_OPTIMISED_OUT, "the attribute has no value here");
    return dwx_number(&q, die->unit, expr, NULL, out);
}

/* gdb's x@entry: the argument came in a register, which is where it is at the first instruction. */
struct err *scope_entry_value(const struct vframe *f, const struct variable *v, struct value *out)
{
    struct scope_eval e = {.vs = f->vs, .f = f, .module = f->module};
    const struct scope_at *at = scope_at(f->vs, f->lookup);
    struct dw_value attr;
    struct dw_die owner;
    struct bytes expr;
    uint64_t reg, number;
    unsigned size;
    if (f->lang || !at->s.found || f->inlined < at->s.n_inlined || !v->argument ||
        !scope_attr(&v->die, DW_AT_location, &attr, &owner))
        return err_new(ERR_NO_DATA, "%s has no value on entry", v->name);
    TRY(dwx_at(owner.unit, &attr, at->s.entry, &expr));
    if (!dwx_is_register(expr, owner.unit->addr_size, &reg, &size) || size)
        return err_new(ERR_NO_DATA, "%s was not passed in a register", v->name);
    TRY(scope_entry_register(&e, reg, 0, &number));
    *out = value_of_bytes(f->vs, v->type, &number, sizeof(number));
    out->frame = f;
    return NULL;
}
