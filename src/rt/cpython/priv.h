/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of rt/cpython/ share. */
#ifndef RT_CPYTHON_PRIV_H
#define RT_CPYTHON_PRIV_H

#include "base/map.h"
#include "image/pages.h"
#include "rt/cpython/cpython.h"
#include "rt/cpython/layout.h"

enum { PY_PAGES = 1024 };
/* A page of the target whose bytes stand in one piece: in the image, or in the copy that is being made. */
struct py_page {
    taddr at;
    const uint8_t *bytes; /* NULL: none */
};

/* One interpreter program or library in the target. Not shared between threads. */
struct rt {
    struct modules *ms;
    struct py_page pages[PY_PAGES]; /* read.c: those that were asked for last, by their addresses */
    struct arena arena;
    struct module *module; /* the program or libpython that holds the interpreter; NULL: not known */
    taddr runtime; /* _PyRuntime; 0 in 3.6 */
    taddr current; /* 3.6: where the pointer to the thread that holds the GIL stands; 0 */
    taddr interpreters; /* where the pointer to the first interpreter stands */
    uint32_t version; /* PY_VERSION_HEX: 0x030b02f0; the last byte is 0 when it is not known */
    struct py_layout l; /* of this version */
    bool free_threaded;
    bool guessed; /* the version is newer than any that is known: its own offsets serve */
    const char *differs; /* an offset that the interpreter says is not that of its version; NULL: all are */
    bool tagged; /* object pointers in frames are _PyStackRefs (3.14) */
    VEC(struct rt_fact) facts;
    struct py_copy *copy; /* while a process is copied; NULL */
    uint8_t *room; /* for a copy of all that the process wrote, in the image's arena; NULL: none is to be made */
    size_t room_size;
    /* threads.c */
    VEC(struct rt_thread) threads;
    VEC(struct py_stack) stacks; /* of each of them */
    struct err *no_threads; /* what kept the others from being read */
    bool tried_threads;
    /* code.c */
    taddr code_type;
    struct map64 codes; /* code object -> struct py_code *; 0: there is none */
    struct map64 places; /* hash of code and offset -> chain of struct py_placed */
    struct py_objects *objects; /* object.c; NULL until needed */
    struct formatter formatter; /* format.c */
    struct functions *functions; /* calls.c; NULL until needed */
    struct py_tasks *tasks; /* tasks.c; NULL until asked for */
    struct py_greenlets *greenlets; /* greenlets.c; NULL until asked for, or there are none */
};

/* variables.c: where a function's variables stand, behind the record of a frame that runs it. */
struct py_slot {
    const char *name;
    bool cell; /* a cell holds the value */
    bool hidden; /* of a comprehension: shown while it is bound */
    bool merges; /* until 3.10: that of an argument of the name, if there is one */
};
struct py_slots {
    const struct py_slot *v;
    size_t n, arguments;
    bool whole; /* all could be read */
};

/* code.c */
struct py_code {
    taddr at;
    const char *file, *name, *qualname; /* NULL unknown */
    int32_t first_line;
    bool no_function; /* the interpreter's own: behind the __init__ that it calls for a class (3.13 and later) */
    struct bytes lines;
    const struct py_slots *slots; /* variables.c; NULL until asked for */
};
struct py_placed {
    const struct py_code *code;
    int32_t offset;
    struct rt_place place;
    struct py_placed *next;
};
/* NULL: there is no code object at the address. */
const struct py_code *py_code(struct rt *rt, taddr at);
/* The place of the instruction at an offset of bytes; negative: before the first. */
const struct rt_place *py_place(struct rt *rt, const struct py_code *c, int32_t offset);
/* The offset of the instruction at an address, in a frame that runs the code (3.11 and later); -1: before the first. */
int32_t py_instruction(struct rt *rt, const struct py_code *c, taddr frame, uint64_t at);

/* frames.c: what one thread state runs, innermost first. */
struct py_frame {
    taddr record; /* _PyInterpreterFrame; until 3.10 PyFrameObject */
    taddr marker; /* on the part of the C stack of the function that runs it; 0 unknown */
    const struct rt_place *at;
};
struct py_stack {
    VEC(struct py_frame) frames;
    const char *stopped; /* why they end early; NULL: they do not */
};
void py_frames(struct rt *rt, taddr thread, struct py_stack *out);
/* From a frame on that no thread need run. */
void py_frames_from(struct rt *rt, taddr record, struct py_stack *out);
void py_stack_done(struct py_stack *s);
/* Where a frame that no thread need run is (a coroutine's); NULL: no frame is there. */
const struct rt_place *py_frame_place(struct rt *rt, taddr record);
/* gil.c. What the thread does with the lock of its interpreter, or for one that stops all; NULL: nothing. `th` may be NULL. */
const char *py_gil_state(struct rt *rt, taddr thread, const struct image_thread *th);
/* names.c. Gives the threads of an interpreter the names that the program has for them. */
void py_name_threads(struct rt *rt, taddr interpreter, uint64_t number);
/* owner.c. The thread that runs them; `named`: the one that the thread state names, or NULL. */
const struct image_thread *py_owner(struct rt *rt, const struct image_thread *named, bool main_interpreter,
                                    const struct py_stack *s);
/* The thread on whose stack, as far as it is used, an address is; NULL: none, or that is not sure. */
const struct image_thread *py_thread_at(struct rt *rt, taddr at);

/* threads.c */
/* The target's thread that a PyThreadState is of; NULL: none. */
const struct image_thread *py_thread_of(struct rt *rt, taddr thread);
struct err *py_threads(struct rt *rt, const struct rt_thread **out, size_t *n) MUST_CHECK;
/* facts.c */
struct err *py_doubt(struct rt *rt);
void py_facts(struct rt *rt, const struct rt_fact **out, size_t *n);
/* whole.c. Sets memory aside for all that a process has written, when that is less to copy than what its variables
 * lead to would be to read. */
void py_plan_whole(struct rt *rt, struct image *im, const struct rt_copy_wish *wish);
/* Copies all of it. The caller's: NULL, or that some was left to be read later. */
struct err *py_copy_whole(struct rt *rt, struct image *im) MUST_CHECK;
/* copy.c */
void py_copy(struct rt *rt, struct image *im, const struct rt_copy_wish *wish);
/* cpython.c: forgets all that was read of the target, but for what it is. */
void py_forget(struct rt *rt);
/* hide.c */
bool py_is_interpreter(struct rt *rt, const struct module *m, const char *function, const char *file, bool inside);
/* merge.c */
void py_annotate(struct rt *rt, const struct image_thread *th, const struct rt_native *natives, size_t n,
                 struct rt_stack *out);

/* A list that may lead back to itself (Brent): what was passed after a power of two of steps is waited for. From {0}. */
struct py_loop {
    taddr passed;
    uint64_t steps, until;
};
/* To be asked at each step. False: the list goes in a circle. */
static inline bool py_goes_on(struct py_loop *l, taddr at)
{
    if (l->steps && at == l->passed)
        return false;
    if (l->steps++ == l->until) {
        l->passed = at;
        l->until = 2 * l->until + 1;
    }
    return true;
}

static inline unsigned py_minor(const struct rt *rt)
{
    return rt->version >> 16 & 0xff;
}

/* find.c. ERR_NO_DATA, ERR_UNSUPPORTED: what was found, and what is missing. */
struct err *py_find(struct rt *rt) MUST_CHECK;
/* Is there an interpreter in the target? */
bool py_is_there(struct modules *ms);

/* ---- read.c: the target's memory. False: not all of it is there. ---- */

bool py_read(struct rt *rt, taddr at, void *buf, size_t n);
/* Bytes from the start, 0 to n. */
size_t py_read_some(struct rt *rt, taddr at, void *buf, size_t n);
/* Of 1, 2, 4 or 8 bytes. */
bool py_uint(struct rt *rt, taddr at, unsigned size, uint64_t *out);
/* n bytes in place, of a page that was asked for before; NULL: py_read() may have them. */
static inline const uint8_t *py_view(const struct rt *rt, taddr at, size_t n)
{
    const struct py_page *p = &rt->pages[at / IMAGE_PAGE % PY_PAGES];
    size_t skip = (size_t)(at % IMAGE_PAGE);
    return p->bytes && p->at == at - skip && n <= IMAGE_PAGE - skip ? p->bytes + skip : NULL;
}

static inline bool py_word(struct rt *rt, taddr at, uint64_t *out)
{
    const uint8_t *p = py_view(rt, at, sizeof(*out));
    if (!p)
        return py_uint(rt, at, sizeof(*out), out);
    memcpy(out, p, sizeof(*out)); /* targets and hosts are little-endian */
    return true;
}

/* The pointer at an offset from the layout into an object; false, too, when the version has none (PY_NONE). */
static inline bool py_field(struct rt *rt, taddr object, uint32_t offset, uint64_t *out)
{
    return object && offset != PY_NONE && py_word(rt, object + offset, out);
}

/* Bytes that an interpreter without a GIL whose allocator is an older one (heaps.c: 3.14.0 to 3.14.7, 3.15.0rc1) has more
 * of before its tasks and classes than the layout says. */
static inline uint32_t py_older_allocator(const struct rt *rt)
{
    return py_minor(rt) >= 15 ? 368 : 328;
}

/* The offset of a field that the layout does not have, by that in the usual build, whose objects begin with 16 bytes:
 * with 32 in a free-threaded one (PEP 703), and are the same from there on. */
static inline uint32_t py_offset(const struct rt *rt, uint32_t usual)
{
    enum { USUAL_HEAD = 16 };
    return usual + rt->l.object_size - USUAL_HEAD;
}

/* A field of type int, and one of type char. */
bool py_field_int(struct rt *rt, taddr object, uint32_t offset, int32_t *out);
bool py_field_byte(struct rt *rt, taddr object, uint32_t offset, uint8_t *out);
/* The type object of an object; 0: it cannot be read. */
taddr py_type_of(struct rt *rt, taddr object);
/* Is an object's type, not one of its bases, called so (tp_name)? The names of types that are built in stand in the
 * program's file, and may be gone with it. */
bool py_is(struct rt *rt, taddr object, const char *type_name);
/* Bits of tp_flags (Include/object.h): the type is one of these, or derived from it. */
enum {
    PY_IS_LONG = 1 << 24,
    PY_IS_LIST = 1 << 25,
    PY_IS_TUPLE = 1 << 26,
    PY_IS_BYTES = 1 << 27,
    PY_IS_STR = 1 << 28,
    PY_IS_DICT = 1 << 29,
};
bool py_derives(struct rt *rt, taddr object, uint64_t flag);
/* A str as UTF-8: for names and paths, at most `limit` characters. In the arena; NULL: no str, or unreadable. */
const char *py_name(struct rt *rt, taddr str, size_t limit);

/* An object pointer from a frame, without the bits that the interpreter marks it with; 0: NULL. */
static inline taddr py_untag(const struct rt *rt, uint64_t ref)
{
    return rt->tagged ? ref & ~(uint64_t)3 : ref;
}

#endif
