/* SPDX-License-Identifier: Apache-2.0 */
/* A target's code: source text, line tables, instructions. Threads: as session.h. */
#ifndef SESSION_CODE_H
#define SESSION_CODE_H

#include "session/session.h"

/* ---- source ---- */

/* Where source files are looked for besides where the compiler found them: replaces a leading `from` of a
 * path, at component borders, by `to`; the first rule that fits. A rule for a `from` that is there already replaces
 * it, a NULL `to` removes it; a NULL `from` removes all. Both are copied. */
void session_substitute_path(struct session *s, const char *from, const char *to);
/* Folders that are tried with the whole path, then with ever fewer of its last components; separated by ':', NULL
 * none. "$cdir" and "$cwd" stand for what is tried in any case. Copied. */
void session_source_directories(struct session *s, const char *dirs);

struct source {
    const char *path;  /* the file that was opened */
    const char *const *lines; /* without line ends, NUL-terminated: hostile text, to be escaped */
    size_t n;
    bool newer; /* the file is newer than the program, which is `module` of session_source() */
};
/* The text of a source file, by the path that the compiler recorded; `m` (may be NULL) is the module that it went
 * into. Looked for, in this order: there, with the substitutions made; below the sysroot; in the source directories
 * and the current one. Valid until session_free(), or a change of where files are looked for.
 * ERR_NOT_FOUND and others of the file system: "PATH: No such file or directory"; ERR_LIMIT beyond 64 MiB. */
struct err *session_source(struct session *s, const char *path, const struct module *m,
                           const struct source **out) MUST_CHECK;

/* ---- lines ---- */

/* A run of instructions that belong to one line. */
struct code_line {
    const char *file; /* path as compiled; the same pointer for equal paths within a session */
    const char *name; /* as gdb shows it: a unit's own file as the compiler was given it */
    uint32_t line;
    uint32_t first;   /* the first line that the table has at `start`; lines between them hold no code there */
    taddr start, end; /* [start, end); end is 0 when the table does not say */
};
/* The line at an address, as gdb has it. False: no line table covers it. */
bool session_line_at(struct session *s, taddr pc, struct code_line *out);
/* The entries of the table of one file, the one that `start` is in, for code in [start, end): in the order of their
 * addresses, empty ones too. Valid until session_free(). */
struct code_lines {
    const struct code_line *v;
    size_t n;
};
void session_lines(struct session *s, taddr start, taddr end, struct code_lines *out);

/* A recorded path as gdb shows it: a unit's own file as the compiler was given it. `pc` is code of a unit that names
 * the file. */
const char *session_file_name(struct session *s, taddr pc, const char *path);

/* What the debug information says of the unit that an address is in; NULL and 0 are unknown. */
struct code_unit {
    const char *name, *directory, *producer;
    const char *language; /* "c", "c++", ... */
    unsigned dwarf;       /* version */
};
bool session_unit_at(struct session *s, taddr pc, struct code_unit *out);

/* ---- places ---- */

/* What a place in the source means. */
struct code_place {
    const char *file, *name; /* as in struct code_line; NULL unknown */
    uint32_t line;           /* 0 unknown */
    const char *function;    /* when a function was named; else NULL */
    const struct module *module;
    /* Code of the line; both 0 when there is none. Equal: the line has no code, and that of the next line that has
     * some begins there. */
    taddr start, end;
    taddr entry; /* of the function; 0: none was named */
};
struct code_places {
    const struct code_place *v;
    size_t n; /* several: files of one name, overloads, templates */
};
/* "file.c:12", "12" (in `file`, a recorded path; NULL: refused), "function", "ns::fn", "file.c:function". Files are
 * matched by their last path components. `code`: look for the code of lines, too, which for a header that many units
 * include takes its time. "*0x1234" is not for this: it is an expression.
 * ERR_USAGE; ERR_NOT_FOUND as gdb words it: "no source file named x.c", "function \"f\" not defined". Valid until
 * session_free(). */
struct err *session_places(struct session *s, const char *spec, const char *file, bool code,
                           struct code_places *out) MUST_CHECK;

struct code_range {
    taddr start, end; /* [start, end) */
};
struct code_function {
    const char *name; /* demangled, as in session_symbol() */
    taddr entry;
    const struct code_range *ranges; /* the one with the entry first */
    size_t n;
};
/* The function around an address, by DWARF or symbol; valid until session_free(). False: none. */
bool session_function(struct session *s, taddr pc, struct code_function *out);
/* The function or object that covers an address, and its name: demangled, for a C function with several names the one
 * of its definition. False when no symbol covers it. */
bool session_symbol(struct session *s, taddr at, struct symbol *out, const char **name);
/* The name of a symbol, demangled. */
const char *session_symbol_name(struct session *s, const struct symbol *sym);
/* The module that holds an address; NULL when none does. */
const struct module *session_module_at(const struct session *s, taddr at);
/* The section of a module's file that holds an address (".text"); NULL when there is none, or no file. */
const char *session_section(struct session *s, taddr at);
/* Where a section of a module's file is, [start, end). False: it has none of that name, or there is no file. */
bool session_section_range(struct session *s, const struct module *m, const char *name, taddr *start, taddr *end);
/* A symbol by its name in the file, or demangled; of the program first. False: none. */
bool session_symbol_named(struct session *s, const char *name, struct symbol *out);

/* ---- declarations ---- */

struct dw_die;
/* Where a DIE says that it stands in the source. */
struct code_declared {
    const char *file; /* as in code_line.name; that of the unit when it is not said; NULL unknown */
    uint32_t line;    /* 0 unknown */
    bool external;    /* known to other units */
    const char *full; /* name and parameters of a C++ function, when the linker's name is said; NULL */
};
/* What is not said there is looked for where the DIE points to (a member function's declaration). The name is valid
 * until session_free(), or until the target has run. */
void session_declared(struct session *s, const struct dw_die *die, struct code_declared *out);
/* Calls fn for each symbol of functions that no debug information covers (`code`), or of all objects; by module, then
 * by address; `name` is demangled. fn returns false to stop. ERR_CANCELLED. */
struct err *session_each_symbol(struct session *s, bool code,
                                bool (*fn)(void *arg, const struct symbol *sym, const char *name),
                                void *arg) MUST_CHECK;

/* ---- instructions ---- */

struct instruction {
    taddr pc;
    uint8_t size; /* bytes */
    uint8_t bytes[16];
    const char *text; /* AT&T syntax as gdb writes it ("mov    %rsp,%rbp"), or Intel's; without a target's symbol */
    bool has_target;  /* it names an address: a jump, a call, rip-relative data */
    bool target_noted; /* which the text does not hold: gdb puts it behind, "        # 0x4010 <x>" */
    taddr target;
};
struct instructions {
    const struct instruction *v;
    size_t n;
    struct err *end; /* why it ends before `end` or `max`: memory that cannot be read; NULL. Owned by the session */
};
/* Decodes from `start` until `end` (0: no limit), or `max` instructions (0: no limit; at most 1,000,000 at a time). A
 * byte that begins no instruction is "(bad)". Valid until the next call. Errors: those of memory at `start`;
 * ERR_UNSUPPORTED for other processors than x86, AArch64. */
struct err *session_disassemble(struct session *s, taddr start, taddr end, size_t max, bool intel,
                                struct instructions *out) MUST_CHECK;

#endif
