/* SPDX-License-Identifier: Apache-2.0 */
/* An extension module in C: functions that hang or crash below Python, with the interpreter's lock and without. What is
 * used of the interpreter has been the same since 3.6 and is declared here, so that no headers are needed; with FREE_THREADED
 * defined it is that of builds without a GIL. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct object PyObject;
struct method {
    const char *name;
    PyObject *(*function)(PyObject *self, PyObject *argument);
    int flags;
    const char *doc;
};
enum { WITHOUT_ARGUMENTS = 4, ONE_ARGUMENT = 8, ABI = 1013 };
/* PyObject of Include/object.h */
struct head {
#ifdef FREE_THREADED
    uintptr_t thread;
    uint16_t flags; /* until 3.13 padding */
    uint8_t mutex, gc_bits;
    uint32_t own_references;
    ptrdiff_t others_references;
#else
    ptrdiff_t references;
#endif
    void *type;
};
/* PyModuleDef of Include/moduleobject.h */
struct module {
    struct {
        struct head head;
        void *init;
        ptrdiff_t index;
        PyObject *copy;
    } base;
    const char *name, *doc;
    ptrdiff_t size;
    struct method *methods;
    void *slots, *traverse, *clear, *free;
};
PyObject *PyModule_Create2(struct module *definition, int abi);
PyObject *PyObject_CallObject(PyObject *callable, PyObject *arguments);
void *PyEval_SaveThread(void);
void PyEval_RestoreThread(void *thread);

static volatile int keep;

static void for_ever(void)
{
    for (;;) {
        pause();
        keep++;
    }
}

/* hold(): says "ready" and never comes back, with the lock. */
static PyObject *hold(PyObject *self, PyObject *unused)
{
    (void)self;
    keep = (int)write(1, "ready\n", 6);
    for_ever();
    return unused;
}

/* released(): never comes back, without the lock. */
static PyObject *released(PyObject *self, PyObject *unused)
{
    (void)self;
    void *thread = PyEval_SaveThread();
    for_ever();
    PyEval_RestoreThread(thread);
    return unused;
}

/* call(function): from C. */
static PyObject *call(PyObject *self, PyObject *function)
{
    (void)self;
    PyObject *result = PyObject_CallObject(function, NULL);
    keep++;
    return result;
}

/* crash(): writes where nothing is. */
static PyObject *crash(PyObject *self, PyObject *unused)
{
    (void)self;
    *(volatile int *)(long)(keep & 1) = 7;
    return unused;
}

static struct method methods[] = {
    {"hold", hold, WITHOUT_ARGUMENTS, NULL},
    {"released", released, WITHOUT_ARGUMENTS, NULL},
    {"call", call, ONE_ARGUMENT, NULL},
    {"crash", crash, WITHOUT_ARGUMENTS, NULL},
    {NULL, NULL, 0, NULL},
};
static struct module definition = {
#ifdef FREE_THREADED
    .base.head.flags = 1 << 2, /* static: 3.15 wants to know */
    .base.head.own_references = UINT32_MAX, /* never freed */
#else
    .base.head.references = 1,
#endif
    .name = "extension",
    .size = -1,
    .methods = methods};

PyObject *PyInit_extension(void);
PyObject *PyInit_extension(void)
{
    return PyModule_Create2(&definition, ABI);
}
