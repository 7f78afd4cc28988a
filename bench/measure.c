/* SPDX-License-Identifier: Apache-2.0
 *
 * measure SECONDS OUTPUT COMMAND...: run a command in a fresh process, its
 * output to a file, and print "wall-ns peak-rss-kB cpu-us status" when it has
 * ended or was killed because it took longer than SECONDS (status "timeout").
 *
 * A small program of its own because the peak that the kernel reports for a
 * child counts what its parent held when it started it.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
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
    while (wait4(child, &status, 0, &use) < 0)
        ;
    int64_t wall = now() - start;
    alarm(0);
    kill(-child, SIGKILL); /* helpers that it may have left */
    printf("%lld %ld %lld ", (long long)wall, use.ru_maxrss,
           (long long)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1000000 + use.ru_utime.tv_usec + use.ru_stime.tv_usec);
    if (late)
        puts("timeout");
    else if (WIFSIGNALED(status))
        printf("signal %d\n", WTERMSIG(status));
    else
        printf("%d\n", WEXITSTATUS(status));
    return 0;
}
