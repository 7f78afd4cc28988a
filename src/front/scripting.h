/* SPDX-License-Identifier: Apache-2.0 */
/* What scripts and front ends do for each other. Front ends never see each other: tool/ puts these links into a call.
 *
 * Threads: as session.h. */
#ifndef FRONT_SCRIPTING_H
#define FRONT_SCRIPTING_H

#include "front/front.h"

/* The front end that runs scripts, as they see it. Filled and kept by it; its fields may change between two calls. */
struct script_owner {
    struct call *call;
    struct session *session; /* NULL: no target is open */
    uint64_t generation;     /* another one: what the session gave out before (stacks, frames, values) is gone */
    uint64_t seconds;        /* that one run of a script, or of a command of its own, may take; 0: no limit */
    uint64_t bytes;          /* of memory that it may add; 0: no limit */
    /* Runs a command of the prompt; its answer. */
    struct err *(*command)(struct script_owner *o, const char *line, struct text *answer);
    /* A new command of the prompt, which script_host.call() runs; `help` may be NULL. ERR_USAGE: no name for one. */
    struct err *(*add_command)(struct script_owner *o, const char *name, const char *help);
    /* Adds to the answer; `flush`: it is to be seen now. ERR_CANCELLED. */
    struct err *(*write)(struct script_owner *o, const char *s, size_t n, bool flush);
    /* The selected thread (0: none) and the index of its selected frame. */
    void (*selection)(struct script_owner *o, int32_t *tid, size_t *frame);
    /* The number of the selected goroutine, or of the one that the selected thread runs; 0: none. */
    uint64_t (*goroutine)(struct script_owner *o);
};

/* A host of scripts: front/script. */
struct scripts;
struct script_host {
    /* Loads the interpreter; it stays until the process ends, and there is one. ERR_UNSUPPORTED says which package is
     * missing. `owner` has to outlive it. */
    struct err *(*start)(struct script_owner *owner, struct scripts **out);
    /* Runs a file, and its main(). *status is 0, or what sys.exit() was given, or 1 after an exception, which was told
     * on standard error. ERR_LIMIT: it took more than the owner allows; ERR_CANCELLED; ERR_NOT_FOUND and its like. */
    struct err *(*run)(struct scripts *s, const char *path, char *const *args, size_t n, int *status);
    /* Runs a command that a script added. As run(). */
    struct err *(*call)(struct scripts *s, const char *name, const char *args, int *status);
    /* NULL is allowed. */
    void (*end)(struct scripts *s);
};

/* Delve's interface without a connection: front/delve. */
struct delve_client;
struct script_delve {
    struct delve_client *(*begin)(struct call *call);
    /* One call: "ListGoroutines" or "RPCServer.ListGoroutines", its only parameter as JSON ("{...}"), the body of the
     * result. Errors: Delve's text. `generation` as in struct script_owner. */
    struct err *(*call)(struct delve_client *c, struct session *s, uint64_t generation, const char *method,
                        const char *params, size_t n, struct text *result);
    void (*end)(struct delve_client *c); /* NULL is allowed */
};

struct script_links {
    const struct script_host *host;
    const struct script_delve *delve;
};

#endif
