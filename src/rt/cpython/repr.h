/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that write objects share. Private to repr*.c. */
#ifndef RT_CPYTHON_REPR_H
#define RT_CPYTHON_REPR_H

#include "rt/cpython/object.h"

#include <inttypes.h>

enum {
    REPR_LEVELS = 100,    /* objects in each other, whatever `depth` says */
    REPR_OBJECTS = 20000, /* objects of one text: shared ones multiply */
    REPR_NAME = 200,      /* characters of a name of code */
    REPR_WIDTH = 80,      /* columns of a line that holds several elements: `pretty` */
};

struct repr {
    struct rt *rt;
    const struct format *f;
    struct text *out;
    struct progress *progress;
    bool summary;
    unsigned level;     /* objects around this one */
    unsigned instances; /* of those, how many show their attributes */
    unsigned left;      /* objects that may still be written */
    taddr path[REPR_LEVELS]; /* of the objects around */
    bool lines;      /* `pretty`: what is in the object that is being written has a line each */
    unsigned indent; /* of such lines: steps of two spaces */
    size_t line_end; /* while it is tried to put an object on the rest of a line: where the text must end; 0 */
};
typedef void repr_fn(struct repr *r, taddr at, const struct py_type *t);

/* An object in an object. */
void repr_put(struct repr *r, taddr at);
/* The one that an object points to at an offset. */
void repr_put_field(struct repr *r, taddr at, uint32_t offset);
/* Is it being written already? Then what stands for it is: "[...]". */
bool repr_is_cycle(const struct repr *r, taddr at);
/* Too deep, or too many objects. */
bool repr_must_stop(const struct repr *r);
/* Why an address cannot be read, or that no object is there. */
void repr_put_unreadable(struct repr *r, taddr at);
/* What does not hold together. */
void repr_put_corrupt(struct repr *r, taddr at, const struct py_type *t);
/* Text of the target that is a name: escaped. */
void repr_put_name(struct repr *r, const char *name);
/* A str object as a name. False: it is none; "?" was written. */
bool repr_put_str_name(struct repr *r, taddr str);
/* "<__main__.Point object at 0x7f..", without ">". */
void repr_put_object(struct repr *r, taddr at, const struct py_type *t);
/* How many of n characters are shown. */
uint64_t repr_shown(const struct repr *r, uint64_t n);
/* A str between quotes. */
repr_fn repr_str;
void repr_put_str(struct repr *r, const struct py_str *s);
/* b'...' of so many bytes. */
void repr_put_bytes(struct repr *r, taddr data, int64_t length);

/* What stands around, and between, the parts of an object: on one line, or one a line. `i`: parts before this one. */
void repr_open(struct repr *r, const char *open);
void repr_next(struct repr *r, uint64_t i);
void repr_close(struct repr *r, const char *close);

/* repr_container.c */
repr_fn repr_container;
/* The elements between two brackets; `it` was begun. NULLs: behind other parts of the object. */
void repr_put_items(struct repr *r, struct py_items *it, const char *open, const char *close);
/* repr_code.c */
repr_fn repr_type, repr_module, repr_code, repr_frame, repr_traceback, repr_generator, repr_cell, repr_weakref;
/* repr_callable.c; wrapping: staticmethod, classmethod, property */
repr_fn repr_function, repr_builtin, repr_method, repr_method_wrapper, repr_descriptor, repr_wrapping, repr_partial;
/* repr_instance.c */
repr_fn repr_instance, repr_namespace, repr_exception, repr_enum, repr_named_tuple, repr_struct_sequence;
bool repr_is_struct_sequence(struct repr *r, const struct py_type *t);
/* repr_library.c */
repr_fn repr_zone, repr_decimal, repr_fraction, repr_uuid, repr_path, repr_queue, repr_simple_queue, repr_socket;
/* repr_io.c; file: raw, buffered and of text */
repr_fn repr_file, repr_bytes_io, repr_mmap;
/* repr_re.c */
repr_fn repr_pattern, repr_match;
/* repr_threading.c; synchronizer: Semaphore, BoundedSemaphore, Event, Barrier */
repr_fn repr_lock, repr_rlock, repr_condition, repr_synchronizer;
/* repr_time.c: date, datetime, time, timedelta, timezone */
repr_fn repr_time;
/* repr_array.c */
repr_fn repr_array;
/* repr_numpy.c */
repr_fn repr_ndarray, repr_numpy_scalar, repr_numpy_type;

#endif
