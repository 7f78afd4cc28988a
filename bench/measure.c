/* SPDX-License-Identifier: Apache-2.0
 *
 * measure SECONDS OUTPUT COMMAND...: run a command in a fresh process, its
 * output to a file, and print "wall-ns peak-rss-kB peak-anonymous-kB cpu-us
 * status" when it has ended or was killed because it took longer than SECONDS
 * (status "timeout"). Anonymous memory, which is what it allocated, is looked
 * at every few milliseconds, that of its children too; files that it mapped
 * are in the other peak only.
 *
 * A small program of its own because the peak that the kernel reports for a
 * child counts what its parent held when it started it.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t late;
static pid_t child;

static void on_alarm(int number)
{
    (void)number;
    late = 1;
    kill(-child, SIGKILL);
}

static int64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/* kB of a process now; 0 when it is gone. */
static long anonymous(long pid)
{
    char path[64], line[128];
    long kb = 0;
    snprintf(path, sizeof(path), "/proc/%ld/status", pid);
    FILE *f = fopen(path, "re");
    while (f && fgets(line, sizeof(line), f))
        if (strncmp(line, "RssAnon:", 8) == 0)
            kb = atol(line + 8);
    if (f)
        fclose(f);
    return kb;
}

static long anonymous_with_children(void)
{
    char path[64];
    long sum = anonymous(child), pid;
    snprintf(path, sizeof(path), "/proc/%ld/task/%ld/children", (long)child, (long)child);
    FILE *f = fopen(path, "re");
    while (f && fscanf(f, "%ld", &pid) == 1)
        sum += anonymous(pid);
    if (f)
        fclose(f);
    return sum;
}

/* Returns the peak of anonymous memory once the child has ended. */
static long watch(void)
{
    enum { FIRST_MS = 1, EVERY_MS = 5 };
    struct pollfd p = {.fd = (int)syscall(SYS_pidfd_open, child, 0), .events = POLLIN};
    long peak = 0;
    for (int wait = FIRST_MS; p.fd >= 0 && poll(&p, 1, wait) <= 0; wait = EVERY_MS) {
        long now_kb = anonymous_with_children();
        peak = now_kb > peak ? now_kb : peak;
    }
    if (p.fd >= 0)
        close(p.fd);
    return peak;
}

int main(int argc, char **argv)
{
    struct rusage use;
    int status, go[2];
    char byte = 0;
    if (argc < 4 || pipe2(go, O_CLOEXEC))
        return 2;
    child = fork();
    if (child < 0)
        return 2;
    if (!child) {
        int in = open("/dev/null", O_RDONLY);
        int out = open(argv[2], O_WRONLY | O_CREAT | O_TRUNC, 0600);
        setpgid(0, 0);
        if (in < 0 || out < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
            _exit(126);
        if (read(go[0], &byte, 1) != 1)
            _exit(126);
        execvp(argv[3], argv + 3);
        _exit(127);
    }
    setpgid(child, child);
    signal(SIGALRM, on_alarm);
    alarm((unsigned)atoi(argv[1]));
    int64_t start = now();
    if (write(go[1], &byte, 1) != 1)
        return 2;
    long peak = watch();
    while (wait4(child, &status, 0, &use) < 0)
        ;
    int64_t wall = now() - start;
    alarm(0);
    kill(-child, SIGKILL); /* helpers that it may have left */
    printf("%lld %ld %ld %lld ", (long long)wall, use.ru_maxrss, peak,
           (long long)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1000000 + use.ru_utime.tv_usec + use.ru_stime.tv_usec);
    if (late)
        puts("timeout");
    else if (WIFSIGNALED(status))
        printf("signal %d\n", WTERMSIG(status));
    else
        printf("%d\n", WEXITSTATUS(status));
    return 0;
}
