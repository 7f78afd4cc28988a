/* SPDX-License-Identifier: Apache-2.0 */
/* info auxv: what the kernel told the program when it started. */
#include "front/console/console.h"

#include <elf.h>
#include <inttypes.h>

enum { STRING_MAX = 4096 };

enum auxv_form { AUXV_HEX, AUXV_DEC, AUXV_STRING };
/* getauxval(3) says what each is; the form is gdb's. */
static const struct auxv_row {
    uint64_t type;
    const char *name, *about;
    enum auxv_form form;
} auxv_rows[] = {
    {AT_NULL, "AT_NULL", "End of vector", AUXV_HEX},
    {AT_PHDR, "AT_PHDR", "Program headers for program", AUXV_HEX},
    {AT_PHENT, "AT_PHENT", "Size of program header entry", AUXV_DEC},
    {AT_PHNUM, "AT_PHNUM", "Number of program headers", AUXV_DEC},
    {AT_PAGESZ, "AT_PAGESZ", "System page size", AUXV_DEC},
    {AT_BASE, "AT_BASE", "Base address of interpreter", AUXV_HEX},
    {AT_FLAGS, "AT_FLAGS", "Flags", AUXV_HEX},
    {AT_ENTRY, "AT_ENTRY", "Entry point of program", AUXV_HEX},
    {AT_UID, "AT_UID", "Real user ID", AUXV_DEC},
    {AT_EUID, "AT_EUID", "Effective user ID", AUXV_DEC},
    {AT_GID, "AT_GID", "Real group ID", AUXV_DEC},
    {AT_EGID, "AT_EGID", "Effective group ID", AUXV_DEC},
    {AT_PLATFORM, "AT_PLATFORM", "String identifying platform", AUXV_STRING},
    {AT_HWCAP, "AT_HWCAP", "Machine-dependent CPU capability hints", AUXV_HEX},
    {AT_CLKTCK, "AT_CLKTCK", "Frequency of times()", AUXV_DEC},
    {AT_SECURE, "AT_SECURE", "Boolean, was exec setuid-like?", AUXV_DEC},
    {AT_RANDOM, "AT_RANDOM", "Address of 16 random bytes", AUXV_HEX},
    {AT_HWCAP2, "AT_HWCAP2", "Extension of AT_HWCAP", AUXV_HEX},
    {AT_EXECFN, "AT_EXECFN", "File name of executable", AUXV_STRING},
    {AT_SYSINFO_EHDR, "AT_SYSINFO_EHDR", "System-supplied DSO's ELF header", AUXV_HEX},
    {51, "AT_MINSIGSTKSZ", "Minimum stack size for signal delivery", AUXV_HEX}, /* newer than some <elf.h> */
};

static void put_string_at(struct console *c, taddr at)
{
    char buf[STRING_MAX];
    size_t n = 0;
    while (n < sizeof(buf)) {
        struct err *e = session_read(c->session, at + n, buf + n, 1);
        bool stop = e || !buf[n];
        err_free(e); /* what was read is shown */
        if (stop)
            break;
        n++;
    }
    text_put(&c->out, " \"");
    text_put_escaped(&c->out, buf, n);
    text_put(&c->out, "\"");
}

static void put_auxv(struct console *c, const struct image_auxv *a)
{
    static const struct auxv_row unknown = {0, "???", "", AUXV_HEX};
    const struct auxv_row *row = &unknown;
    for (size_t i = 0; i < ARRAY_LEN(auxv_rows); i++)
        if (auxv_rows[i].type == a->type)
            row = &auxv_rows[i];
    text_printf(&c->out, "%-4" PRIu64 " %-20s %-30s ", a->type, row->name, row->about);
    if (row->form == AUXV_DEC)
        text_printf(&c->out, "%" PRIu64, a->value);
    else
        text_printf(&c->out, "0x%" PRIx64, a->value);
    if (row->form == AUXV_STRING)
        put_string_at(c, a->value);
    text_putc(&c->out, '\n');
}

static struct err *run_auxv(struct console *c, const char *args)
{
    (void)args;
    const struct image *im;
    TRY(console_target(c, &im));
    if (!im->auxv.n)
        return err_new(ERR_NO_DATA, "the target has no auxiliary vector");
    for (size_t i = 0; i < im->auxv.n; i++)
        put_auxv(c, &im->auxv.v[i]);
    put_auxv(c, &(struct image_auxv){.type = AT_NULL}); /* its end, which the image does not keep */
    return NULL;
}

static const struct console_command rows[] = {
    {"info auxv", NULL, CLASS_STATUS, NULL, "Show the auxiliary vector.", NULL, COMPLETE_NOTHING, REPEAT_NEVER,
     run_auxv},
};
const struct console_table console_auxv_table = {rows, ARRAY_LEN(rows)};
