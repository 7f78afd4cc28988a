/* SPDX-License-Identifier: Apache-2.0 */
/* set logging: answers are copied to a file, or go there alone. */
#include "front/console/console.h"

#include <errno.h>
#include <string.h>

void console_log(struct console *c, const char *s, size_t n)
{
    if (c->log)
        fwrite(s, 1, n, c->log);
}

void console_log_end(struct console *c)
{
    if (!c->log)
        return;
    bool failed = fflush(c->log) != 0 || ferror(c->log);
    fclose(c->log);
    c->log = NULL;
    if (failed)
        console_warn(c, "The log in %s is not complete.\n", c->set.log_file);
}

static struct err *begin(struct console *c)
{
    SCOPED(freep) char *path = console_expand_path(c->set.log_file);
    FILE *f = fopen(path, c->set.log_overwrite ? "we" : "ae");
    if (!f) {
        c->set.log_on = false;
        return err_errno(errno, "%s", path);
    }
    console_warn(c, "%s output to %s.\n", c->set.log_redirect ? "Redirecting" : "Copying", c->set.log_file);
    c->log = f;
    return NULL;
}

/* "on" and "off" alone are gdb's older words for "enabled on". */
static struct err *run_set_logging(struct console *c, const char *args)
{
    bool old = !*args || strcmp(args, "on") == 0 || strcmp(args, "off") == 0;
    SCOPED(freep) char *name = xasprintf("logging %.*s", (int)strcspn(args, " \t"), args);
    const char *value = args + strcspn(args, " \t");
    value += strspn(value, " \t");
    TRY(old ? settings_assign(c, "logging enabled", *args ? args : "on") : settings_assign(c, name, value));
    if (c->set.log_on && !c->log)
        return begin(c);
    if (!c->set.log_on && c->log) {
        TRY(console_flush(c));
        console_log_end(c);
        console_warn(c, "Done logging to %s.\n", c->set.log_file);
    }
    return NULL;
}

static const struct console_command rows[] = {
    {"set logging", NULL, CLASS_SUPPORT, "enabled on|off | file FILE | overwrite on|off | redirect on|off",
     "Copy answers to a file (inquest.txt).", "With redirect on they go there alone.", COMPLETE_FILE, REPEAT_NEVER,
     run_set_logging},
};
const struct console_table console_logging_table = {rows, ARRAY_LEN(rows)};
