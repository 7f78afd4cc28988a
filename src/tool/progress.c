/* SPDX-License-Identifier: Apache-2.0 */
/* A line on standard error for what takes over a second. */
#include "tool/tool.h"

#include "base/log.h"
#include <inttypes.h>
#include <pthread.h>
#include <string.h>

enum { BAR_WIDTH = 30 };
#define DELAY_NS UINT64_C(1000000000)
#define REDRAW_NS UINT64_C(100000000)

static struct progress bar;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t next_draw;
static bool drawn, over;

static void draw(const char *what, uint64_t done, uint64_t total)
{
    struct text t = {0};
    text_put(&t, "\r\033[K");
    put_safe(&t, what);
    if (total) {
        double part = done < total ? (double)done / (double)total : 1;
        int full = (int)(part * BAR_WIDTH);
        text_printf(&t, " [%.*s%*s] %3.0f%%", full, "##############################", BAR_WIDTH - full, "", part * 100);
    } else if (done) {
        text_printf(&t, " %" PRIu64, done);
    }
    fputs(text_str(&t), stderr);
    fflush(stderr);
    text_done(&t);
    drawn = true;
}

static void report(struct progress *p, const char *what, uint64_t done, uint64_t total)
{
    (void)p;
    /* Whoever finds another thread at it has nothing to add. */
    if (pthread_mutex_trylock(&lock) != 0)
        return;
    uint64_t now = now_ns();
    if (!over && now >= next_draw) {
        draw(what, done, total);
        next_draw = now + REDRAW_NS;
    }
    pthread_mutex_unlock(&lock);
}

struct progress *progress_start(void)
{
    const char *term = getenv("TERM");
    pthread_mutex_lock(&lock);
    next_draw = now_ns() + DELAY_NS;
    over = false;
    pthread_mutex_unlock(&lock);
    if (isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0)
        bar.report = report;
    return &bar;
}

void progress_end(void)
{
    pthread_mutex_lock(&lock);
    if (drawn) {
        fputs("\r\033[K", stderr);
        fflush(stderr);
    }
    over = true;
    drawn = false;
    pthread_mutex_unlock(&lock);
}
