/* SPDX-License-Identifier: Apache-2.0 */
/* What a session keeps of code. Private to session/. */
#ifndef SESSION_CODE_PRIV_H
#define SESSION_CODE_PRIV_H

#include "module/line_table.h"
#include "session/code.h"
#include "session/priv.h"

struct substitution {
    char *from, *to;
};

/* The line table of a unit. */
struct unit_lines {
    struct module *module;
    struct line_table table;
};

struct code {
    /* source.c */
    VEC(struct substitution) substitutions;
    char *directories; /* heap, or NULL */
    struct mapstr sources; /* path as compiled -> struct source_file * */
    VEC(struct source_file *) all_sources;

    /* code_lines.c */
    struct map64 lines; /* struct dw_unit * -> struct unit_lines *, NULL: has none */
    VEC(struct unit_lines *) all_lines;

    struct mapstr names; /* path -> as it is shown */

    struct map64 declared; /* declared.c: struct dw_unit * -> struct unit_files * */

    /* code_places.c */
    struct mapstr files; /* what was asked -> struct source_files * */
    VEC(struct source_files *) all_files;

    /* disassemble.c */
    struct arena text; /* of the last answer */
    VEC(struct instruction) instructions;
    struct err *ended;
    struct decoder *decoder; /* NULL until needed */
};

/* Made when first asked for; session_free() frees it. */
struct code *code_of(struct session *s);
void code_forget_sources(struct code *c);
void code_forget_places(struct code *c);

/* The unit that an address (run-time) is in; NULL when none is known. */
struct dw_unit *code_unit_at(struct session *s, taddr pc, struct module **m);

#endif
