/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of C as objects that Python calls, as they are found in memory. Private to calls.c, callables.c. */
#ifndef RT_CPYTHON_CALLABLES_H
#define RT_CPYTHON_CALLABLES_H

#include "rt/cpython/object.h"

/* A built-in function or method, or a method of a class of C. */
struct py_callable {
    taddr object;
    taddr def;        /* its PyMethodDef */
    taddr function;   /* the function of C behind it */
    taddr callers[2]; /* those of the interpreter that call that: its vectorcall (3.8), tp_call of its class; 0: none */
    taddr self; /* of a descriptor what stands beside it in the evaluation stack; 0: none */
    taddr owner; /* the class of a descriptor; 0 */
    bool stacked; /* it is in the evaluation stack */
};
struct py_callables {
    VEC(struct py_callable) v;
};
void py_callables_done(struct py_callables *c);

/* The evaluation stack of a frame: words of object pointers, above those in use also what it held before. */
struct py_evaluation {
    taddr at;
    size_t n;
};
/* False: it cannot be read. */
bool py_evaluation_open(struct rt *rt, taddr record, struct py_evaluation *out);
/* Is the object in it? */
bool py_evaluation_has(struct rt *rt, const struct py_evaluation *e, taddr object);

/* Adds those that the evaluation stack refers to. */
void py_callables_stacked(struct rt *rt, const struct py_evaluation *e, struct py_callables *out);
/* Adds those that words of the C stack in [at, end) refer to. */
void py_callables_of_words(struct rt *rt, taddr at, taddr end, struct py_callables *out);
/* The one list in the midst of list.sort() that registers, or words of the C stack from its top to `end`, refer to; 0: none, or
 * several. It marks its list until it ends, and needs its address then: below the end of its frame no other is the one. */
taddr py_list_in_sort(struct rt *rt, const struct regs *regs, taddr end);
/* The name of a definition, a C identifier, in the arena; NULL: it has none. */
const char *py_callable_name(struct rt *rt, taddr def);
/* Has the table that a definition stands in another name for its function? */
bool py_callable_has_aliases(struct rt *rt, const struct py_callable *c);

#endif
