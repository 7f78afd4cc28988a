/* SPDX-License-Identifier: Apache-2.0 */
/* The directory of a minidump, its threads, what they died of, and the process. */
#include "image/core/minidump.h"
#include "image/proc_text.h"

#include <elf.h>
#include <inttypes.h>

static const char magic[] = "MDMP";
enum { HEADER_SIZE = 32, DIRECTORY_ENTRY = 12 };

bool minidump_is(struct bytes file)
{
    return file.n >= HEADER_SIZE && memcmp(file.p, magic, strlen(magic)) == 0;
}

struct bytes minidump_bytes(struct minidump *d, uint64_t offset, uint64_t size)
{
    struct bytes file = d->c.file;
    uint64_t end;

    if (__builtin_add_overflow(offset, size, &end))
        end = UINT64_MAX;
    if (size && end > d->expected)
        d->expected = end;
    if (offset >= file.n)
        return (struct bytes){0};
    return (struct bytes){.p = file.p + offset, .n = (end < file.n ? end : file.n) - offset};
}

static struct cursor cursor_at(struct minidump *d, uint64_t offset, uint64_t size, const char *what)
{
    return cursor_of(minidump_bytes(d, offset, size), offset, what);
}

/* MINIDUMP_HEADER and its MINIDUMP_DIRECTORY. */
static struct err *read_directory(struct minidump *d)
{
    struct cursor cur = cursor_at(d, 0, HEADER_SIZE, "the header of the minidump");

    cursor_skip(&cur, 8); /* signature, version */
    uint32_t n = cursor_u32(&cur), at = cursor_u32(&cur);
    cursor_skip(&cur, 4); /* checksum */
    d->c.im->dump_time = cursor_u32(&cur);

    cur = cursor_at(d, at, (uint64_t)n * DIRECTORY_ENTRY, "the directory of the minidump");
    for (uint32_t i = 0; i < n; i++) {
        struct minidump_stream s = {.type = cursor_u32(&cur)};
        uint32_t size = cursor_u32(&cur);
        s.offset = cursor_u32(&cur);
        if (cur.failed)
            break;
        s.data = minidump_bytes(d, s.offset, size);
        *vec_push(&d->streams) = s;
    }
    if (d->streams.n == 0)
        return cursor_check(&cur);
    return NULL;
}

const struct minidump_stream *minidump_stream(const struct minidump *d, enum minidump_stream_type type)
{
    for (size_t i = 0; i < d->streams.n; i++)
        if (d->streams.v[i].type == (uint32_t)type)
            return &d->streams.v[i];
    return NULL;
}

struct cursor minidump_list(struct minidump *d, enum minidump_stream_type type, size_t entry_size, size_t *n)
{
    const struct minidump_stream *s = minidump_stream(d, type);
    struct cursor cur = cursor_of(s ? s->data : (struct bytes){0}, s ? s->offset : 0, "a list of the minidump");
    size_t count = cursor_u32(&cur);

    /* Some writers align the entries to 8 bytes. */
    if (s && s->data.n == 8 + count * entry_size)
        cursor_skip(&cur, 4);
    size_t most = cursor_left(&cur) / entry_size;
    *n = count < most ? count : most;
    return cur;
}

static size_t put_utf8(char *to, uint32_t c)
{
    if (c < 0x80) {
        to[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        to[0] = (char)(0xc0 | (c >> 6));
        to[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        to[0] = (char)(0xe0 | (c >> 12));
        to[1] = (char)(0x80 | ((c >> 6) & 0x3f));
        to[2] = (char)(0x80 | (c & 0x3f));
        return 3;
    }
    to[0] = (char)(0xf0 | (c >> 18));
    to[1] = (char)(0x80 | ((c >> 12) & 0x3f));
    to[2] = (char)(0x80 | ((c >> 6) & 0x3f));
    to[3] = (char)(0x80 | (c & 0x3f));
    return 4;
}

/* A character of UTF-16; half a pair becomes U+FFFD. */
static uint32_t next_char(struct cursor *cur)
{
    uint32_t c = cursor_u16(cur);

    if (c < 0xd800 || c > 0xdfff)
        return c;
    struct cursor ahead = *cur;
    uint32_t low = cursor_u16(&ahead);
    if (c > 0xdbff || ahead.failed || low < 0xdc00 || low > 0xdfff)
        return 0xfffd;
    *cur = ahead;
    return 0x10000 + ((c & 0x3ff) << 10) + (low & 0x3ff);
}

const char *minidump_string(struct minidump *d, uint64_t offset)
{
    struct cursor cur = cursor_at(d, offset, 4, "a string of the minidump");
    uint32_t size = cursor_u32(&cur) & ~UINT32_C(1);

    cur = cursor_at(d, offset + 4, size, "a string of the minidump");
    if (cursor_left(&cur) < size || size > d->text_left)
        return "";
    d->text_left -= size;
    char *text = arena_alloc(&d->c.im->arena, (size_t)size / 2 * 3 + 1);
    size_t n = 0;
    while (cursor_left(&cur) > 0)
        n += put_utf8(text + n, next_char(&cur));
    return text;
}

/* MINIDUMP_SYSTEM_INFO: the processor first, the platform at 20. */
static struct err *read_system(struct minidump *d)
{
    static const struct {
        uint32_t platform;
        const char *name;
    } others[] = {{2, "Windows"}, {0x8000, "Unix"}, {0x8101, "macOS"}, {0x8102, "iOS"}, {0x8205, "Fuchsia"}};
    enum { LINUX = 0x8201, ANDROID = 0x8203 };
    struct image *im = d->c.im;
    const struct minidump_stream *s = minidump_stream(d, STREAM_SYSTEM);

    if (!s)
        return err_new(ERR_CORRUPT, "%s is a minidump that does not say of which system", im->path);
    struct cursor cur = cursor_of(s->data, s->offset, "the system information of the minidump");
    uint16_t processor = cursor_u16(&cur);
    cursor_skip(&cur, 18);
    uint32_t platform = cursor_u32(&cur);
    TRY(cursor_check(&cur));
    if (platform != LINUX && platform != ANDROID) {
        for (size_t i = 0; i < ARRAY_LEN(others); i++)
            if (others[i].platform == platform)
                return err_new(ERR_UNSUPPORTED, "%s is a minidump of %s, not of Linux", im->path, others[i].name);
        return err_new(ERR_UNSUPPORTED, "%s is a minidump of platform 0x%" PRIx32 ", not of Linux", im->path, platform);
    }
    d->context = minidump_context_find(processor);
    if (!d->context)
        return err_new(ERR_UNSUPPORTED, "%s is a minidump of processor 0x%x, which Inquest does not know", im->path,
                       processor);
    im->arch = d->context->arch;
    d->c.word = im->arch->addr_size;
    return NULL;
}

static void find_writer(struct minidump *d)
{
    struct image *im = d->c.im;

    /* Only lldb adds /proc/PID/stat; its older versions have no stream of their own. */
    d->by_lldb = minidump_stream(d, STREAM_LLDB) || minidump_stream(d, STREAM_PROC_STAT);
    if (d->by_lldb)
        im->writer = "lldb";
    else if (minidump_stream(d, STREAM_CRASHPAD))
        im->writer = "crashpad";
    else if (minidump_stream(d, STREAM_LINK_MAP))
        im->writer = "breakpad";
}

static void set_context(struct minidump *d, struct image_thread *t, struct bytes context)
{
    struct image *im = d->c.im;

    minidump_regs(d->context, context, &t->regs);
    t->has_regs = regs_has(&t->regs, im->arch->pc) && regs_has(&t->regs, im->arch->sp);
    t->why = t->has_regs ? NULL : "the minidump lacks its registers";
    struct bytes fp = minidump_fp_regs(d->context, context);
    if (fp.n) {
        struct image_note *note = arena_new(&im->arena, struct image_note);
        *note = (struct image_note){.type = NT_FPREGSET, .owner = "CORE", .desc = fp};
        t->notes = note;
        t->n_notes = 1;
    }
}

static struct image_thread *find_thread(const struct minidump *d, int32_t tid)
{
    const uint64_t *at = map64_find(&d->tids, (uint32_t)tid);
    return at && *at ? &d->c.im->threads.v[*at - 1] : NULL;
}

/* MINIDUMP_THREAD_LIST. */
static void read_threads(struct minidump *d)
{
    enum { ENTRY = 48 };
    struct image *im = d->c.im;
    size_t n;
    struct cursor cur = minidump_list(d, STREAM_THREADS, ENTRY, &n);

    for (size_t i = 0; i < n; i++) {
        struct image_thread t = {.tid = (int32_t)cursor_u32(&cur)};
        cursor_skip(&cur, 3 * 4 + 8); /* suspend count, priority class and priority, TEB */
        taddr stack = cursor_u64(&cur);
        uint32_t stack_size = cursor_u32(&cur), stack_at = cursor_u32(&cur);
        uint32_t context_size = cursor_u32(&cur), context_at = cursor_u32(&cur);
        bool fresh;
        uint64_t *index = map64_put(&d->tids, (uint32_t)t.tid, &fresh);
        if (!fresh) /* lldb may list the last one twice */
            continue;
        minidump_add_memory(d, stack, stack_size, stack_at);
        set_context(d, &t, minidump_bytes(d, context_at, context_size));
        *vec_push(&im->threads) = t;
        *index = im->threads.n;
    }
    if (im->threads.n == 0)
        image_problem(im, err_new(ERR_NO_DATA, "the minidump has no threads"));
}

/* MINIDUMP_THREAD_NAME_LIST; the main thread has the name of the process. */
static void read_names(struct minidump *d)
{
    enum { ENTRY = 12 };
    struct image_thread *t = find_thread(d, d->c.im->pid);
    size_t n;
    struct cursor cur = minidump_list(d, STREAM_THREAD_NAMES, ENTRY, &n);

    if (t)
        t->name = d->c.im->comm;
    for (size_t i = 0; i < n; i++) {
        t = find_thread(d, (int32_t)cursor_u32(&cur));
        uint64_t offset = cursor_u64(&cur);
        const char *name = t ? minidump_string(d, offset) : "";
        if (name[0])
            t->name = name;
    }
}

/* The code of an exception is the signal; lldb adds the signals that a debugger stops with. Crash reporters
 * put -1 when there was no signal. */
static bool is_fatal(const struct minidump *d, uint32_t signo)
{
    enum { TRAP = 5, STOP = 19, SIGNALS = 64 };
    return signo > 0 && signo <= SIGNALS && !(d->by_lldb && (signo == TRAP || signo == STOP));
}

/* lldb gives the program counter as the address, and the fault's in a text such as "signal SIGSEGV: address
 * not mapped to object (fault address=0x8)", in the place of the parameters. */
static void read_lldb_text(struct image_signal *s, struct bytes text)
{
    static const char key[] = "fault address";
    char buf[128];

    snprintf(buf, sizeof(buf), "%.*s", (int)text.n, (const char *)text.p);
    const char *at = strstr(buf, key), *hex = at ? strstr(at, "0x") : NULL;
    if (!hex)
        return;
    s->addr = strtoull(hex, NULL, 16);
    s->has_addr = true;
}

/* MINIDUMP_EXCEPTION_STREAM. Crash reporters give si_code as the flags. */
static void read_exception(struct minidump *d, const struct minidump_stream *s)
{
    enum { PARAMETERS = 15 * 8 };
    struct image *im = d->c.im;
    struct cursor cur = cursor_of(s->data, s->offset, "an exception of the minidump");
    int32_t tid = (int32_t)cursor_u32(&cur);
    cursor_skip(&cur, 4);
    uint32_t signo = cursor_u32(&cur);
    int32_t flags = (int32_t)cursor_u32(&cur);
    cursor_skip(&cur, 8);
    taddr addr = cursor_u64(&cur);
    cursor_skip(&cur, 4 + 4);
    struct bytes parameters = cursor_bytes(&cur, PARAMETERS);
    uint32_t context_size = cursor_u32(&cur), context_at = cursor_u32(&cur);
    if (cur.failed)
        return;

    struct image_thread *t = find_thread(d, tid);
    struct bytes context = minidump_bytes(d, context_at, context_size);
    /* The thread itself may be shown in the crash reporter, past the point where it died. */
    if (t && context.n)
        set_context(d, t, context);
    if (!is_fatal(d, signo))
        return;
    if (t)
        t->signal = (int32_t)signo;
    if (im->signal.signo)
        return;
    im->signal = (struct image_signal){.signo = (int32_t)signo, .tid = tid};
    im->crashed_tid = t ? tid : 0;
    if (d->by_lldb) {
        read_lldb_text(&im->signal, parameters);
        return;
    }
    im->signal.code = flags;
    im->signal.has_info = true;
    /* si_addr, which lies where the sender does. Of 32-bit programs it is only half of that. */
    if (d->c.word == 8 || flags > 0)
        image_decode_sigfields(&im->signal, addr, d->c.word);
}

static void read_exceptions(struct minidump *d)
{
    for (size_t i = 0; i < d->streams.n; i++)
        if (d->streams.v[i].type == STREAM_EXCEPTION)
            read_exception(d, &d->streams.v[i]);
}

/* MINIDUMP_MISC_INFO. */
static void read_misc(struct minidump *d)
{
    enum { HAS_PID = 1, HAS_TIMES = 2 };
    struct image *im = d->c.im;
    const struct minidump_stream *s = minidump_stream(d, STREAM_MISC);
    struct cursor cur = cursor_of(s ? s->data : (struct bytes){0}, 0, "the process of the minidump");

    cursor_skip(&cur, 4); /* size */
    uint32_t flags = cursor_u32(&cur), pid = cursor_u32(&cur), start = cursor_u32(&cur);
    uint32_t user = cursor_u32(&cur), kernel = cursor_u32(&cur);
    if (cur.failed)
        return;
    if (flags & HAS_PID)
        im->pid = (int32_t)pid;
    if (flags & HAS_TIMES) {
        im->start_time = start;
        im->utime_ms = user * UINT64_C(1000);
        im->stime_ms = kernel * UINT64_C(1000);
    }
}

/* A stream of text in the arena; NULL when there is none. */
static char *text_of(struct minidump *d, enum minidump_stream_type type)
{
    const struct minidump_stream *s = minidump_stream(d, type);
    return s && s->data.n ? arena_strndup(&d->c.im->arena, (const char *)s->data.p, s->data.n) : NULL;
}

static void read_status(struct minidump *d)
{
    struct image *im = d->c.im;
    const char *text = text_of(d, STREAM_PROC_STATUS);

    if (!text)
        return;
    struct proc_status s = proc_text_status(text);
    if (s.tgid)
        im->pid = s.tgid;
    im->ppid = s.ppid;
    im->uid = s.uid[0];
    im->gid = s.gid[0];
    im->has_ids = true;
    if (s.comm[0])
        im->comm = arena_strdup(&im->arena, s.comm);
}

static void read_stat(struct minidump *d)
{
    struct image *im = d->c.im;
    const char *text = text_of(d, STREAM_PROC_STAT);
    struct proc_stat s;
    uint64_t per_second;

    if (!text || !proc_text_stat(text, &s) || !image_auxv(im, AT_CLKTCK, &per_second) || per_second == 0)
        return;
    im->utime_ms = s.utime * 1000 / per_second;
    im->stime_ms = s.stime * 1000 / per_second;
}

static void read_auxv(struct minidump *d)
{
    const struct minidump_stream *s = minidump_stream(d, STREAM_AUXV);

    if (s)
        core_read_auxv(&d->c, s->data);
}

static void read_process(struct minidump *d)
{
    const struct minidump_stream *args = minidump_stream(d, STREAM_CMDLINE);
    const struct minidump_stream *env = minidump_stream(d, STREAM_ENVIRON);
    struct image *im = d->c.im;

    read_misc(d);
    read_auxv(d);
    read_status(d);
    read_stat(d);
    if (args)
        im->arguments = args->data;
    if (env)
        im->environment = env->data;
}

static void put_crashed_first(struct image *im)
{
    for (size_t i = 0; im->crashed_tid && i < im->threads.n; i++) {
        struct image_thread t = im->threads.v[i];
        if (t.tid != im->crashed_tid)
            continue;
        memmove(&im->threads.v[1], &im->threads.v[0], i * sizeof(t));
        im->threads.v[0] = t;
        return;
    }
}

static void report_truncation(struct minidump *d)
{
    struct image *im = d->c.im;
    uint64_t size = d->c.file.n;

    if (d->expected <= size)
        return;
    struct err *e = err_new(ERR_TRUNCATED,
                            "the minidump is truncated: %" PRIu64 " of %" PRIu64
                            " bytes are there; threads and memory further on are missing",
                            size, d->expected);
    image_problem(im, err_at(e, ERR_AT_OFFSET, size));
}

static void minidump_done(struct minidump *d)
{
    vec_done(&d->streams);
    map64_done(&d->tids);
    core_done(&d->c);
}

struct err *minidump_open_bytes(struct bytes file, const char *path, struct image **out)
{
    SCOPED(minidump_done)
    struct minidump d = {
        .c = {.im = image_new(IMAGE_CORE, path), .file = file},
        .text_left = file.n,
    };

    TRY(read_directory(&d));
    TRY(read_system(&d));
    find_writer(&d);
    read_process(&d);
    minidump_read_modules(&d);
    minidump_read_memory(&d);
    read_threads(&d);
    read_names(&d);
    read_exceptions(&d);
    put_crashed_first(d.c.im);
    minidump_read_maps(&d);
    report_truncation(&d);
    *out = TAKE(d.c.im);
    return NULL;
}
