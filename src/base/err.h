/* SPDX-License-Identifier: Apache-2.0 */
/* Errors are objects. A fallible function returns `struct err *`; NULL is success. Outputs come last
 * and are written only on success. The caller owns a returned error and frees it or passes it up. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Stable codes. err_code_name() gives the name used in JSON; tool/ maps codes to exit statuses. */
enum err_code {
    ERR_NOMEM,       /* out of memory */
    ERR_USAGE,       /* the caller or the user asked for something that makes no sense */
    ERR_IO,          /* a system call failed; msg holds strerror */
    ERR_NOT_FOUND,   /* no such process, file, thread, symbol */
    ERR_PERMISSION,  /* not allowed by the system */
    ERR_BUSY,        /* the process is traced by somebody else */
    ERR_GONE,        /* the process ended while we looked */
    ERR_CORRUPT,     /* input contradicts its format */
    ERR_TRUNCATED,   /* input ends too early */
    ERR_UNSUPPORTED, /* a valid input of a kind that Inquest does not read */
    ERR_UNMAPPED,    /* an address that the target has not mapped */
    ERR_NOT_IN_DUMP, /* an address that is mapped, but whose bytes the dump leaves out */
    ERR_NO_DATA,     /* debug information, unwind tables or a saved register are missing */
    ERR_OPTIMISED_OUT, /* the compiler kept no copy of a value */
    ERR_MISMATCH,    /* a file is not the one that the target uses (build-id) */
    ERR_LIMIT,       /* a limit of ours stopped the work */
    ERR_CANCELLED,   /* the user asked to stop */
    ERR_INTERNAL,    /* a defect in Inquest */
    ERR_CODE_COUNT
};

/* What the number in `at` means. */
enum err_where { ERR_AT_NOTHING, ERR_AT_OFFSET, ERR_AT_ADDRESS };

struct err {
    enum err_code code;
    enum err_where where;
    uint64_t at; /* file offset in bytes, or target address */
    char *msg;   /* lower case, failure first, no full stop; may hold raw text of a target */
    char *hint;  /* what to do next, or NULL */
};

#define MUST_CHECK __attribute__((warn_unused_result))
#define NEVER_NULL __attribute__((returns_nonnull))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))

/* A new error; without memory, a static ERR_NOMEM object. */
struct err *err_new(enum err_code code, const char *fmt, ...) MUST_CHECK NEVER_NULL PRINTF_LIKE(2, 3);
/* ERR_IO (or NOT_FOUND, PERMISSION, GONE for the matching errno) with ": strerror(errnum)" appended. */
struct err *err_errno(int errnum, const char *fmt, ...) MUST_CHECK NEVER_NULL PRINTF_LIKE(2, 3);
/* The next three change and return `e`. err_hint replaces a hint. */
struct err *err_at(struct err *e, enum err_where where, uint64_t at) MUST_CHECK NEVER_NULL;
struct err *err_hint(struct err *e, const char *fmt, ...) MUST_CHECK NEVER_NULL PRINTF_LIKE(2, 3);
/* Puts "context: " before the message. */
struct err *err_prefix(struct err *e, const char *fmt, ...) MUST_CHECK NEVER_NULL PRINTF_LIKE(2, 3);
/* A copy, owned by the caller. NULL for NULL. */
struct err *err_dup(const struct err *e) MUST_CHECK;
/* "no unwind table covers 0x7f.. (hint: install ...)". Heap string, owned by the caller. */
char *err_text(const struct err *e) NEVER_NULL;
/* "not-in-dump" and so on: stable, used in JSON. */
const char *err_code_name(enum err_code code);
/* NULL is allowed. */
void err_free(struct err *e);

static inline void err_freep(struct err **e)
{
    err_free(*e);
}

/* Returns the error of `call` to the caller, if there is one. */
#define TRY(call)                      \
    do {                               \
        struct err *try_err_ = (call); \
        if (try_err_)                  \
            return try_err_;           \
    } while (0)

/* Runs `call` and drops its error: for things whose failure changes nothing. Say why beside it. */
#define IGNORE_ERR(call) err_free(call)

#define SCOPED(fn) __attribute__((cleanup(fn)))
/* Hands over ownership: yields the pointer and leaves NULL. */
#define TAKE(p)                    \
    __extension__({                \
        __typeof__(p) take_ = (p); \
        (p) = NULL;                \
        take_;                     \
    })

#endif
