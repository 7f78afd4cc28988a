/* SPDX-License-Identifier: Apache-2.0 */
/* C that Python calls through ctypes. */
#include <unistd.h>

static volatile int keep;

/* Calls back `n` levels further down. */
int native_visit(int (*visit)(int), int n) {
    int result = n > 0 ? native_visit(visit, n - 1) : visit(n);
    keep = result;
    return result + 1;
}

/* Says "ready" and never comes back. */
void native_hold(void) {
    keep = (int)write(1, "ready\n", 6);
    for (;;) {
        pause();
        keep++;
    }
}

static void store(int *at) {
    *at = 7;
    keep++;
}

int native_crash(void) {
    store((int *)(long)keep);
    return keep;
}
