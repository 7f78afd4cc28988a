/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as command lines of the console, over a small fixed core; each line is completed first. Programs, folders
 * and files of the machine are out of reach: what would touch them is replaced below. */
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/procfs.h>
#include <sys/time.h>
#include <signal.h>

#include "front/console/console.h"
#include "front/console/debug.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int system(const char *command);
FILE *popen(const char *command, const char *mode);
int chdir(const char *path);
FILE *fopen(const char *path, const char *mode);

enum { INPUT_MAX = 4096, PAGE = 4096, LOAD_AT = 0x400000, BUDGET_MS = 300 };

/* ---- the machine, out of reach ---- */

int system(const char *command)
{
    (void)command;
    errno = EPERM;
    return -1;
}

FILE *popen(const char *command, const char *mode)
{
    (void)command;
    (void)mode;
    errno = EPERM;
    return NULL;
}

int chdir(const char *path)
{
    (void)path;
    errno = EPERM;
    return -1;
}

/* The console opens its files with "e"; the fuzzer's own has to go on. */
FILE *fopen(const char *path, const char *mode)
{
    FILE *(*real)(const char *, const char *);
    void *found = dlsym(RTLD_NEXT, "fopen");
    memcpy(&real, &found, sizeof(real));
    if (strchr(mode, 'e')) {
        errno = EPERM;
        return NULL;
    }
    return real(path, mode);
}

/* These open files in other ways. */
static bool is_safe(const char *line)
{
    static const char *const words[] = {"gcore", "gen", "attach", "core", "att", "cor"};
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (strstr(line, words[i]))
            return false;
    return true;
}

/* ---- the core ---- */

static size_t put_note(char *at, uint32_t type, const void *desc, uint32_t n)
{
    Elf64_Nhdr h = {.n_namesz = 5, .n_descsz = n, .n_type = type};
    memcpy(at, &h, sizeof(h));
    memcpy(at + sizeof(h), "CORE\0\0\0", 8);
    memcpy(at + sizeof(h) + 8, desc, n);
    return sizeof(h) + 8 + (n + 3) / 4 * 4;
}

/* One thread that stands in the middle of a page of words and strings. */
static size_t make_core(char out[static 3 * PAGE])
{
    struct elf_prstatus status = {.pr_pid = 7, .pr_cursig = SIGSEGV};
    uint64_t regs[27] = {[4] = LOAD_AT + 512, [16] = LOAD_AT + 64, [19] = LOAD_AT + 256}; /* rbp, rip, rsp */
    Elf64_auxv_t auxv[] = {{AT_PAGESZ, {PAGE}}, {AT_EXECFN, {LOAD_AT + 1024}}, {AT_NULL, {0}}};
    memcpy(&status.pr_reg, regs, sizeof(regs));
    size_t n = put_note(out + PAGE, NT_PRSTATUS, &status, sizeof(status));
    n += put_note(out + PAGE + n, NT_AUXV, auxv, sizeof(auxv));
    Elf64_Ehdr e = {
        .e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
        .e_type = ET_CORE,
        .e_machine = EM_X86_64,
        .e_version = EV_CURRENT,
        .e_phoff = sizeof(e),
        .e_ehsize = sizeof(e),
        .e_phentsize = sizeof(Elf64_Phdr),
        .e_phnum = 2,
    };
    Elf64_Phdr p[] = {
        {.p_type = PT_NOTE, .p_offset = PAGE, .p_filesz = n},
        {.p_type = PT_LOAD,
         .p_flags = PF_R | PF_X,
         .p_offset = 2 * PAGE,
         .p_vaddr = LOAD_AT,
         .p_filesz = PAGE,
         .p_memsz = PAGE},
    };
    memcpy(out, &e, sizeof(e));
    memcpy(out + sizeof(e), p, sizeof(p));
    for (size_t i = 0; i < PAGE; i++)
        out[2 * PAGE + i] = i < 1024 ? (char)(i * 37) : "a string; "[i % 10];
    memcpy(out + 2 * PAGE + 256, &(uint64_t){LOAD_AT + 512}, 8);
    memcpy(out + 2 * PAGE + 264, &(uint64_t){LOAD_AT + 80}, 8);
    return 3 * PAGE;
}

/* ---- one run ---- */

static struct progress progress;

static void on_alarm(int signo)
{
    (void)signo;
    atomic_store(&progress.cancelled, true);
}

static void question(struct call *c, bool begins)
{
    (void)c;
    (void)begins;
}

static void set_alarm(long ms)
{
    struct itimerval t = {.it_value = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000}};
    signal(SIGALRM, on_alarm);
    setitimer(ITIMER_REAL, &t, NULL);
}

static const char *core_path(void)
{
    static char path[64];
    static char core[3 * PAGE];
    if (*path)
        return path;
    int fd = memfd_create("core", 0);
    size_t n = make_core(core);
    if (fd < 0 || write(fd, core, n) != (ssize_t)n)
        abort();
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    return path;
}

static void run_lines(struct console *c, const char *text)
{
    SCOPED(fclosep) FILE *in = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
    for (const char *p = text; *p; p += strcspn(p, "\n"), p += *p == '\n') {
        SCOPED(freep) char *line = xstrndup(p, strcspn(p, "\n"));
        struct words words = {0};
        size_t start;
        console_complete(c, line, &start, &words);
        if (start > strlen(line))
            abort();
        for (size_t i = 0; i < words.v.n; i++)
            if (strncmp(words.v.v[i], line + start, strlen(line + start)) != 0)
                abort(); /* what is offered begins with what was typed */
        words_done(&words);
    }
    if (in)
        err_free(console_run_stream(c, in));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static FILE *nowhere;
    if (!nowhere)
        nowhere = fopen("/dev/null", "w");
    SCOPED(freep) char *text = xstrndup((const char *)data, n < INPUT_MAX ? n : INPUT_MAX);
    if (!nowhere || !*text || !is_safe(text))
        return 0;
    atomic_store(&progress.cancelled, false);
    struct call call = {
        .command = &console_debug, .screen = {.out = nowhere}, .progress = &progress, .question = question};
    struct console c = {.call = &call, .screen = call.screen, .err = nowhere, .signals = console_signals_default()};
    settings_init(&c);
    struct err *e = console_open(&c, core_path());
    if (e)
        abort();
    set_alarm(BUDGET_MS);
    run_lines(&c, text);
    set_alarm(0);
    console_done(&c);
    vec_done(&call.debug_dirs);
    return 0;
}
