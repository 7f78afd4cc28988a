/* SPDX-License-Identifier: Apache-2.0 */
/* Expressions. The input: a byte for the language, and the text. It is parsed with names that begin with a capital
 * as types, then evaluated over a small memory, with variables of many types: $i, $u, $b, $c, $d, $l, $w, $a, $p,
 * $r, $s, $f, $v. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "value/expr_parse.h"
#include "value/expr.h"
#include "value/format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { MEMORY = 0x10000, SIZE = 4096 };

static struct err *capitals_are_types(void *arg, const char *name, enum name_class *out)
{
    (void)arg;
    const char *last = strrchr(name, ':');
    last = last ? last + 1 : name;
    *out = *last >= 'A' && *last <= 'Z' ? NAME_TYPE : *last == 'x' ? NAME_OBJECT : NAME_UNKNOWN;
    return NULL;
}

static void parse_alone(const char *text, enum expr_language language)
{
    struct arena a = {0};
    struct parser p = {.classify = capitals_are_types};
    const struct node *n;
    IGNORE_ERR(parse_expression(&p, &a, text, language, &n)); /* most texts are none */
    arena_done(&a);
}

static const struct type *record(struct types *t)
{
    const struct type *number = type_c(t, "int"), *text = type_array_of(t, type_c(t, "char"), 8);
    const struct field inside[] = {{.name = "deep", .type = number},
                                   {.name = "real", .type = type_c(t, "double"), .bit_offset = 64}};
    const struct type *inner = type_record_of(t, TYPE_UNION, "inner", 16, inside, 2);
    const struct field fields[] = {
        {.name = "number", .type = number},
        {.name = "bits", .type = type_c(t, "unsigned"), .bit_offset = 32, .bit_size = 5},
        {.name = "next", .type = type_pointer_to(t, inner), .bit_offset = 64},
        {.name = "text", .type = text, .bit_offset = 128},
        {.name = NULL, .type = inner, .bit_offset = 192},
        {.name = "__0", .type = type_base(t, TYPE_BOOL, "bool", 1, false), .bit_offset = 320},
    };
    return type_record_of(t, TYPE_STRUCT, "outer", 48, fields, 6);
}

/* What a variable of one letter is. */
static bool variable(void *arg, const char *name, struct value *out, struct err **err)
{
    struct values *vs = arg;
    struct types *t = vs->types;
    const struct type *number = type_c(t, "int");
    *err = NULL;
    if (strlen(name) != 1)
        return false;
    switch (*name) {
    case 'i':
        *out = value_of_int(vs, number, UINT64_C(0x80000000));
        return true;
    case 'u':
        *out = value_of_int(vs, type_c(t, "unsigned long"), UINT64_MAX);
        return true;
    case 'b':
        *out = value_of_int(vs, type_base(t, TYPE_BOOL, "bool", 1, false), 1);
        return true;
    case 'c':
        *out = value_of_int(vs, type_c(t, "char"), 'c');
        return true;
    case 'd':
        *out = value_of_double(vs, type_c(t, "double"), 1e300L);
        return true;
    case 'l':
        *out = value_of_double(vs, type_c(t, "long double"), -1e4000L);
        return true;
    case 'w':
        *out = value_of_int(vs, type_c(t, "__int128"), UINT64_C(1) << 63);
        return true;
    case 'a':
        *out = value_at(vs, type_array_of(t, number, 10), MEMORY);
        return true;
    case 'p':
        *out = value_of_int(vs, type_pointer_to(t, number), MEMORY);
        return true;
    case 'r':
        *out = value_at(vs, record(t), MEMORY);
        return true;
    case 's':
        *out = value_of_int(vs, type_pointer_to(t, record(t)), MEMORY);
        return true;
    case 'f':
        *out = value_at(vs, type_function_of(t, number, &number, 1, true), MEMORY);
        return true;
    case 'v':
        *out = value_of_bytes(vs, type_vector_of(t, number, 4), "0123456789abcdef", 16);
        return true;
    default:
        return false;
    }
}

static struct err *assign(void *arg, const char *name, const struct value *v)
{
    (void)arg;
    (void)name;
    (void)v;
    return NULL;
}

static void evaluate(struct values *vs, const char *text, uint16_t language, bool types_only)
{
    struct expr_env env = {
        .vs = vs, .language = language, .types_only = types_only, .variable = variable, .assign = assign, .arg = vs};
    struct format f = format_defaults;
    struct value v;
    bool is_type;
    SCOPED(text_done) struct text out = {0};
    struct err *e = expr_evaluate(&env, text, &v, &is_type);
    if (!e && (is_type || types_only))
        type_name(&out, v.type, NULL);
    else if (!e)
        format_value(vs, &v, &f, &out);
    else if (!e->msg[0])
        abort();
    err_free(e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const uint16_t languages[] = {DW_LANG_C11, DW_LANG_C_plus_plus_17, DW_LANG_Rust, DW_LANG_Go};
    if (n < 2 || n > 4096)
        return 0;
    char *text = malloc(n);
    uint8_t *memory = malloc(SIZE);
    if (!text || !memory)
        abort();
    memcpy(text, data + 1, n - 1);
    text[n - 1] = '\0';
    for (size_t i = 0; i < SIZE; i++)
        memory[i] = (uint8_t)(i % 8 == 2 ? 1 : i % 8 > 2 ? 0 : i * 7); /* its pointers point into it */
    parse_alone(text, (enum expr_language)(data[0] % 4));
    struct image im = {.kind = IMAGE_CORE, .path = "fuzz", .arch = &arch_x86_64};
    space_add(&im.space, (struct space_range){.start = MEMORY, .end = MEMORY + SIZE, .data = memory, .have = SIZE});
    space_sort(&im.space);
    struct modules *ms = modules_load(&im, &(struct module_opts){.no_debuginfod = true});
    struct arena arena = {0};
    struct values vs = {.ms = ms, .types = types_new(ms, NULL), .arena = &arena};
    evaluate(&vs, text, languages[data[0] % 4], false);
    evaluate(&vs, text, languages[data[0] % 4], true);
    types_free(vs.types);
    arena_done(&arena);
    modules_free(ms);
    space_done(&im.space);
    arena_done(&im.arena);
    free(text);
    free(memory);
    return 0;
}
