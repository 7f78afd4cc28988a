/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of report/ share. */
#ifndef FRONT_REPORT_PRIV_H
#define FRONT_REPORT_PRIV_H

#include "base/arena.h"
#include "base/json.h"
#include "front/report/repeat.h"
#include "front/report/report.h"
#include "front/words.h"

/* One answer being written. */
struct report {
    struct call *call;
    struct session *session;
    const struct image *im;
    const struct sstack *stacks;
    size_t n_stacks;
    bool full;   /* with variables */
    bool locals; /* with those of language frames */
    uint32_t source_lines; /* of the source for each frame; 0: none */
    const struct tasks *tasks; /* an entry a runtime that schedules some */
    size_t n_runtimes;
    struct err *no_tasks; /* why they are not known; NULL: they are, or there are none */
};

/* target.c: what the target is and how it ended. */
void target_put(struct text *t, const struct report *r);
/* The fields of "target" in both schemas, without the braces. */
void target_json(struct json *j, const struct report *r);
/* Writes the text and empties it; ERR_IO when the stream failed. */
struct err *report_flush(struct text *t, FILE *out) MUST_CHECK;
/* ", written by gcore"; nothing when unknown. */
void put_writer(struct text *t, const struct image *im);
/* "holds the GIL, daemon" after `lead`: what an interpreter knows of a thread; nothing for others. */
void put_language_thread(struct text *t, const struct report *r, const struct image_thread *th, const char *lead);
/* The same as the member "language". */
void language_thread_json(struct json *j, const struct report *r, const struct image_thread *th);
/* The signal that a thread was handling, or 0. */
int32_t thread_signal(const struct image *im, const struct image_thread *th);
/* "sleeping" for 'S'; NULL when unknown. */
const char *thread_state(char state);

/* What brings line numbers for modules that the stacks name: one entry a hint. */
struct missing {
    const char *hint; /* NULL: nobody knows */
    bool whole_file;  /* the module itself; else its debug information */
    VEC(const struct module *) modules;
};
struct missing_list {
    VEC(struct missing) v;
};
void missing_find(const struct report *r, struct missing_list *out);
void missing_done(struct missing_list *m);

/* info_record.c: lines of the summary, the section of --files, and the same as members. */
void record_text(struct text *t, const struct report *r);
void record_sections_text(struct text *t, const struct report *r);
void record_json(struct json *j, const struct report *r);
void files_json(struct json *j, const struct report *r);

/* stack_text.c, stack_json.c */
/* Link-time address of a pc, or its distance from the module's start where that is not known. */
static inline uint64_t module_offset(const struct module *m, uint64_t pc)
{
    return pc - (m->bias_known ? m->bias : m->start);
}
struct err *stack_write_text(const struct report *r) MUST_CHECK;
struct err *stack_write_folded(const struct report *r) MUST_CHECK;
struct err *stack_write_json(const struct report *r) MUST_CHECK;
/* The member "frames". */
struct err *stack_frames_json(struct json *j, const struct report *r, const struct sstack *st) MUST_CHECK;

/* stack_variables.c: the variables of frame i, a line each; and as the member "variables". ERR_CANCELLED. */
struct err *variables_text(struct text *t, const struct report *r, const struct sstack *st, size_t i) MUST_CHECK;
struct err *variables_json(struct json *j, const struct report *r, const struct sstack *st, size_t i) MUST_CHECK;

/* Does the answer have variables of this frame? */
static inline bool shows_variables(const struct report *r, const struct sframe *f)
{
    return r->full || (r->locals && f->kind == FRAME_LANGUAGE);
}

/* stack_exceptions.c: the members "raised" and "handled" of a thread that has such exceptions. */
void exceptions_json(struct json *j, const struct report *r, const struct image_thread *th);

/* stack_source.c: lines of the source around a frame's, when they are here; and as the member "source". */
void source_text(struct text *t, const struct report *r, const struct splace *at);
void source_json(struct json *j, const struct report *r, const struct splace *at);

/* info.c, info_text.c, info_json.c */
struct memory_wish {
    uint64_t at, length; /* bytes */
};
/* "0x7f00:128". ERR_USAGE. */
struct err *memory_wish_parse(const char *s, struct memory_wish *out) MUST_CHECK;
/* "mapped path", or why there is none: the file, the debug file or the supplement of a module. */
const char *part_state_name(enum part_state s);
/* Value of one register in a thread's raw general registers; false when the dump cut them. */
bool general_register_value(const struct image_thread *th, const struct reg_desc *d, uint64_t *out);
/* info_runtime.c: lines of the summary; and the member "runtimes". */
void runtimes_text(struct text *t, const struct report *r,
                   void (*put_label)(struct text *, const struct report *, const char *));
void runtimes_json(struct json *j, const struct report *r);
struct err *info_write_text(const struct report *r) MUST_CHECK;
struct err *info_write_json(const struct report *r) MUST_CHECK;
/* Was this section asked for, by its option or by --all? */
bool info_wants(const struct report *r, const char *section);

#endif
