/* SPDX-License-Identifier: Apache-2.0 */
/* Strings and sequences of libstdc++ (bits/basic_string.h, stl_vector.h, stl_bvector.h, stl_deque.h, stl_list.h,
 * forward_list.h, array, bitset of GCC 5 to 15). Text as its own printers for gdb give it. */
#include "rt/native/formatters.h"

#include <inttypes.h>

/* GCC's default (stl_deque.h, _GLIBCXX_DEQUE_BUF_SIZE): bytes of a node. */
enum { DEQUE_NODE = 512 };

/* clang only declares the struct around the pointer, where the library is said to define it. */
static bool hidden_pointer(struct values *vs, const struct value *v, uint64_t *out)
{
    struct value around;
    taddr at;
    if (!fmt_path(vs, v, "_M_dataplus", &around) || !type_strip(around.type)->incomplete)
        return false;
    struct err *e = value_address(&around, &at);
    err_free(e); /* not in memory: the record shows it */
    return !e && fmt_word(vs, at, out);
}

static bool present_string(struct values *vs, const struct value *v, struct presentation *p)
{
    uint64_t at, n;
    if (!fmt_number(vs, v, "_M_dataplus._M_p", &at) && !hidden_pointer(vs, v, &at))
        return false;
    /* Before C++11's ABI the length stood in front of the characters, with the capacity and a count. */
    if (!fmt_number(vs, v, "_M_string_length", &n) && !fmt_word(vs, at - 3 * fmt_word_size(vs), &n))
        return false;
    return fmt_string(p, vs, fmt_argument(v->type, 0), at, n);
}

static bool present_string_view(struct values *vs, const struct value *v, struct presentation *p)
{
    uint64_t at, n;
    return fmt_number(vs, v, "_M_str", &at) && fmt_number(vs, v, "_M_len", &n) &&
           fmt_string(p, vs, fmt_argument(v->type, 0), at, n);
}

/* ---- vector ---- */

struct bit_state {
    taddr word;
    uint64_t bit, n, done;
};

static bool next_bit(struct presentation *p, struct values *vs, struct child *out, struct err **err)
{
    struct bit_state *it = p->state;
    if (it->done >= it->n)
        return false;
    uint64_t at = it->bit + it->done++;
    uint8_t byte;
    *err = modules_read(vs->ms, it->word + at / 8, &byte, 1);
    if (*err)
        return false;
    const struct type *t = type_c(vs->types, "bool");
    *out = (struct child){.value = value_of_int(vs, t, (byte >> (at % 8)) & 1)};
    return true;
}

static bool present_bits(struct values *vs, const struct value *v, struct presentation *p)
{
    uint64_t start, first, end, last, stop;
    if (!fmt_number(vs, v, "_M_impl._M_start._M_p", &start) ||
        !fmt_number(vs, v, "_M_impl._M_start._M_offset", &first) ||
        !fmt_number(vs, v, "_M_impl._M_finish._M_p", &end) ||
        !fmt_number(vs, v, "_M_impl._M_finish._M_offset", &last) ||
        !fmt_number(vs, v, "_M_impl._M_end_of_storage", &stop) || end < start || stop < end ||
        (end - start) * 8 + last < first)
        return false;
    struct bit_state *it = arena_new(vs->arena, struct bit_state);
    *it = (struct bit_state){.word = start, .bit = first, .n = (end - start) * 8 + last - first};
    p->kind = PRESENT_ARRAY;
    p->length = it->n;
    p->next = next_bit;
    p->state = it;
    return fmt_summary(p, vs, "std::vector<bool> of length %" PRIu64 ", capacity %" PRIu64, it->n, (stop - start) * 8);
}

static bool present_vector(struct values *vs, const struct value *v, struct presentation *p)
{
    const struct type *element = fmt_argument(v->type, 0);
    uint64_t start, end, stop;
    if (!element)
        return false;
    if (type_strip(element)->kind == TYPE_BOOL)
        return present_bits(vs, v, p);
    if (!fmt_number(vs, v, "_M_impl._M_start", &start) || !fmt_number(vs, v, "_M_impl._M_finish", &end) ||
        !fmt_number(vs, v, "_M_impl._M_end_of_storage", &stop) || end < start || stop < end)
        return false;
    uint64_t size = type_strip(element)->size;
    if (!size || (end - start) % size)
        return false;
    uint64_t n = (end - start) / size;
    fmt_summary(p, vs, "std::vector of length %" PRIu64 ", capacity %" PRIu64, n, (stop - start) / size);
    return fmt_row(p, vs, element, start, n, false);
}

static bool present_array(struct values *vs, const struct value *v, struct presentation *p)
{
    struct value elements;
    return fmt_path(vs, v, "_M_elems", &elements) && fmt_array(p, vs, &elements);
}

static bool present_initializer_list(struct values *vs, const struct value *v, struct presentation *p)
{
    uint64_t at, n;
    if (!fmt_number(vs, v, "_M_array", &at) || !fmt_number(vs, v, "_M_len", &n))
        return false;
    fmt_summary(p, vs, "std::initializer_list of length %" PRIu64, n);
    return fmt_row(p, vs, fmt_argument(v->type, 0), at, n, false);
}

static bool present_span(struct values *vs, const struct value *v, struct presentation *p)
{
    uint64_t at, n;
    struct template_args args = type_template_args(v->type);
    if (!fmt_number(vs, v, "_M_ptr", &at))
        return false;
    if (!fmt_number(vs, v, "_M_extent._M_extent_value", &n)) { /* a fixed extent is the second argument */
        if (args.n < 2 || !args.v[1].is_value)
            return false;
        n = (uint64_t)args.v[1].value;
    }
    fmt_summary(p, vs, "std::span of length %" PRIu64, n);
    return fmt_row(p, vs, fmt_argument(v->type, 0), at, n, false);
}

/* ---- deque ---- */

/* node: the current element; extra: its node's end, its place in the map of nodes, elements a node. */
static bool step_deque(struct values *vs, struct fmt_nodes *it, taddr *object)
{
    uint64_t size = it->element->size;
    if (it->node == it->extra[0]) {
        it->extra[1] += fmt_word_size(vs);
        if (!fmt_word(vs, it->extra[1], &it->node))
            return false;
        it->extra[0] = it->node + it->extra[2] * size;
    }
    *object = it->node;
    it->node += size;
    return true;
}

static bool present_deque(struct values *vs, const struct value *v, struct presentation *p)
{
    struct fmt_nodes it = {.step = step_deque, .element = fmt_argument(v->type, 0)};
    uint64_t first_end, last_node, last_first, last_cur;
    if (!it.element || !fmt_number(vs, v, "_M_impl._M_start._M_cur", &it.node) ||
        !fmt_number(vs, v, "_M_impl._M_start._M_last", &first_end) ||
        !fmt_number(vs, v, "_M_impl._M_start._M_node", &it.extra[1]) ||
        !fmt_number(vs, v, "_M_impl._M_finish._M_node", &last_node) ||
        !fmt_number(vs, v, "_M_impl._M_finish._M_first", &last_first) ||
        !fmt_number(vs, v, "_M_impl._M_finish._M_cur", &last_cur))
        return false;
    it.element = type_strip(it.element)->size ? it.element : NULL;
    if (!it.element || last_node < it.extra[1] || last_cur < last_first || first_end < it.node)
        return false;
    uint64_t size = type_strip(it.element)->size;
    it.extra[0] = first_end;
    it.extra[2] = size < DEQUE_NODE ? DEQUE_NODE / size : 1;
    uint64_t nodes = (last_node - it.extra[1]) / fmt_word_size(vs);
    it.n = nodes ? (nodes - 1) * it.extra[2] + (last_cur - last_first) / size + (first_end - it.node) / size
                 : (last_cur - it.node) / size;
    fmt_counted(p, vs, "std::deque", it.n);
    return fmt_nodes(p, vs, &it);
}

/* ---- lists ---- */

/* node: the next node. extra[0]: bytes from a node to its object. */
static bool step_list(struct values *vs, struct fmt_nodes *it, taddr *object)
{
    if (it->node == it->end || !it->node)
        return false;
    *object = it->node + it->extra[0];
    return fmt_word(vs, it->node, &it->node);
}

static bool list_of(struct values *vs, struct presentation *p, const char *name, struct fmt_nodes *it, unsigned links)
{
    if (!it->element)
        return false;
    it->step = step_list;
    it->n = UINT64_MAX;
    it->numbered = true;
    it->extra[0] = fmt_align(it->element, links * fmt_word_size(vs));
    bool empty = it->node == it->end;
    fmt_summary(p, vs, "%s%s", empty ? "empty " : "", name);
    if (empty) {
        p->kind = PRESENT_TEXT;
        return true;
    }
    return fmt_nodes(p, vs, it);
}

static bool present_list(struct values *vs, const struct value *v, struct presentation *p)
{
    struct fmt_nodes it = {.element = fmt_argument(v->type, 0)};
    struct value head;
    if (!fmt_path(vs, v, "_M_impl._M_node", &head) || !fmt_number(vs, &head, "_M_next", &it.node))
        return false;
    struct err *e = value_address(&head, &it.end);
    err_free(e); /* not in memory: no list */
    /* gdb's printer keeps this one's inline namespace. */
    bool cxx11 = v->type->name && strstr(v->type->name, "std::__cxx11::") == v->type->name;
    return !e && list_of(vs, p, cxx11 ? "std::__cxx11::list" : "std::list", &it, 2);
}

static bool present_forward_list(struct values *vs, const struct value *v, struct presentation *p)
{
    struct fmt_nodes it = {.element = fmt_argument(v->type, 0)};
    return fmt_number(vs, v, "_M_impl._M_head._M_next", &it.node) && list_of(vs, p, "std::forward_list", &it, 1);
}

/* ---- others ---- */

static bool present_adaptor(struct values *vs, const struct value *v, struct presentation *p, const char *name)
{
    struct value inner;
    if (!fmt_path(vs, v, "c", &inner) || !format_present(vs, &inner, p))
        return false;
    return fmt_summary(p, vs, "%s wrapping: %s", name, p->summary ? p->summary : "");
}

static bool present_stack(struct values *vs, const struct value *v, struct presentation *p)
{
    return present_adaptor(vs, v, p, "std::stack");
}

static bool present_queue(struct values *vs, const struct value *v, struct presentation *p)
{
    return present_adaptor(vs, v, p, "std::queue");
}

static bool present_priority_queue(struct values *vs, const struct value *v, struct presentation *p)
{
    return present_adaptor(vs, v, p, "std::priority_queue");
}

/* node: the first word; done: the next bit; end: bits in all. */
static bool next_set_bit(struct presentation *p, struct values *vs, struct child *out, struct err **err)
{
    struct fmt_nodes *it = p->state;
    for (; it->done < it->end; it->done++) {
        uint8_t byte;
        *err = modules_read(vs->ms, it->node + it->done / 8, &byte, 1);
        if (*err)
            return false;
        if (!((byte >> (it->done % 8)) & 1))
            continue;
        *out = (struct child){.name = arena_printf(vs->arena, "[%" PRIu64 "]", it->done++),
                              .value = value_of_int(vs, type_c(vs->types, "int"), 1)};
        return true;
    }
    return false;
}

static bool present_bitset(struct values *vs, const struct value *v, struct presentation *p)
{
    struct template_args args = type_template_args(v->type);
    struct fmt_nodes *it = arena_new(vs->arena, struct fmt_nodes);
    *it = (struct fmt_nodes){0};
    struct err *e = value_address(v, &it->node);
    err_free(e); /* in a register: its record shows it */
    if (e || args.n < 1 || !args.v[0].is_value || args.v[0].value < 0)
        return false;
    it->end = (uint64_t)args.v[0].value;
    p->kind = PRESENT_RECORD;
    p->length = UINT64_MAX;
    p->next = next_set_bit;
    p->state = it;
    return fmt_summary(p, vs, "std::bitset");
}

static const struct formatter_row rows[] = {
    {"std::basic_string", present_string},
    {"std::basic_string_view", present_string_view},
    {"std::vector", present_vector},
    {"std::array", present_array},
    {"std::initializer_list", present_initializer_list},
    {"std::span", present_span},
    {"std::deque", present_deque},
    {"std::list", present_list},
    {"std::forward_list", present_forward_list},
    {"std::stack", present_stack},
    {"std::queue", present_queue},
    {"std::priority_queue", present_priority_queue},
    {"std::bitset", present_bitset},
};
const struct formatter_rows libstdcxx_rows = {rows, ARRAY_LEN(rows)};
