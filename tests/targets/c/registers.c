/* SPDX-License-Identifier: Apache-2.0 */
/* A program that watches whether all its registers keep their values, and its calls their results.
 *
 *   registers [WORD...]
 *
 *   busy      no thread of it waits, and the first computes, too: it looks for a line on standard input now and then
 *
 * Two threads have known values in all integer and vector registers and in those that control floating point, over and over; the
 * others wait in calls of each kind that a stop interrupts. For every line on standard input one comes on standard output:
 *
 *   wrong N interrupted N rounds N children N
 *
 * registers that were found to be another value, calls that ended early, how often the registers were looked at, and
 * whether there is any child, of any kind, that was not waited for. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static atomic_int wrong, interrupted, rounds;

/* ---- registers ---- */

enum { GENERAL = 15, VECTORS = 32, MASKS = 8, WIDTH = 64 };
/* What look() puts into the registers, and what it found there afterwards. */
struct block {
    uint64_t turns, stack; /* 0, 8 */
    uint64_t general[16];  /* 16 */
    uint32_t mxcsr, control; /* 144: of SSE and of x87 */
    uint64_t masks[MASKS]; /* 152 */
    uint8_t vectors[VECTORS][WIDTH]; /* 216 */
};
void look_512(struct block *b);
void look_256(struct block *b);

/* The stack pointer is the block's address meanwhile. */
#define GENERAL_REGISTERS(X) \
    X("rax", 0) X("rbx", 1) X("rcx", 2) X("rdx", 3) X("rsi", 4) X("rdi", 5) X("rbp", 6) X("r8", 7) X("r9", 8) X("r10", 9) \
    X("r11", 10) X("r12", 11) X("r13", 12) X("r14", 13) X("r15", 14)
#define LOAD(name, i) "mov 16+8*" #i "(%rsp), %" name "\n"
#define STORE(name, i) "mov %" name ", 16+8*" #i "(%rsp)\n"
#define LOOK(name, vectors, width, load_masks, store_masks) \
    ".globl " name "\n.type " name ", @function\n" name ":\n" \
    "push %rbx\npush %rbp\npush %r12\npush %r13\npush %r14\npush %r15\n" \
    "mov %rsp, 8(%rdi)\nmov %rdi, %rsp\n" \
    "ldmxcsr 144(%rsp)\nfldcw 148(%rsp)\n" load_masks \
    ".set i, 0\n.rept " vectors "\nload_" width " %i\n.set i, i+1\n.endr\n" \
    GENERAL_REGISTERS(LOAD) \
    "1: decq (%rsp)\njnz 1b\n" \
    GENERAL_REGISTERS(STORE) \
    ".set i, 0\n.rept " vectors "\nstore_" width " %i\n.set i, i+1\n.endr\n" \
    "stmxcsr 144(%rsp)\nfnstcw 148(%rsp)\n" store_masks \
    "vzeroupper\nmov 8(%rsp), %rsp\n" \
    "pop %r15\npop %r14\npop %r13\npop %r12\npop %rbp\npop %rbx\n" \
    "ret\n"

__asm__(".altmacro\n"
        ".macro load_512 n\nvmovdqu64 216+64*\\n(%rsp), %zmm\\n\n.endm\n"
        ".macro store_512 n\nvmovdqu64 %zmm\\n, 216+64*\\n(%rsp)\n.endm\n"
        ".macro load_256 n\nvmovdqu 216+64*\\n(%rsp), %ymm\\n\n.endm\n"
        ".macro store_256 n\nvmovdqu %ymm\\n, 216+64*\\n(%rsp)\n.endm\n"
        ".macro load_mask n\nkmovw 152+8*\\n(%rsp), %k\\n\n.endm\n"
        ".macro store_mask n\nkmovw %k\\n, 152+8*\\n(%rsp)\n.endm\n"
        LOOK("look_512", "32", "512", ".set i, 1\n.rept 7\nload_mask %i\n.set i, i+1\n.endr\n",
             ".set i, 1\n.rept 7\nstore_mask %i\n.set i, i+1\n.endr\n")
        LOOK("look_256", "16", "256", "", "")
        ".noaltmacro\n");

static void fill(struct block *b, unsigned round)
{
    b->turns = 20000;
    for (int i = 0; i < GENERAL; i++)
        b->general[i] = 0x1111111111111111u * (unsigned)(i + 1) + round;
    b->mxcsr = 0x1f80 | (round % 4) << 13; /* the four ways to round */
    b->control = 0x37f | (round % 4) << 10;
    for (unsigned i = 0; i < MASKS; i++)
        b->masks[i] = 0x100 * i + round % 256;
    for (unsigned i = 0; i < VECTORS * WIDTH; i++)
        b->vectors[i / WIDTH][i % WIDTH] = (uint8_t)(i * 7 + i / 256 + round);
}

static void compute_once(void)
{
    /* What lies below the block is the stack of nobody, as far as the psABI goes. */
    static _Thread_local struct {
        uint8_t below[8192];
        struct block b;
    } s, expected;
    unsigned round = (unsigned)rounds++;
    fill(&s.b, round);
    fill(&expected.b, round);
    if (__builtin_cpu_supports("avx512f"))
        look_512(&s.b);
    else
        look_256(&s.b);
    expected.b.turns = 0;
    expected.b.stack = s.b.stack;
    s.b.control &= 0xffff; /* fnstcw writes two bytes */
    if (memcmp(&s.b, &expected.b, sizeof(s.b)) != 0) {
        const uint8_t *a = (void *)&s.b, *e = (void *)&expected.b;
        size_t i = 0;
        while (a[i] == e[i])
            i++;
        fprintf(stderr, "byte %zu of the block is %02x instead of %02x\n", i, a[i], e[i]);
        wrong++;
    }
    __asm__ volatile("ldmxcsr %0; fninit" : : "m"((uint32_t){0x1f80}));
}

static void *compute(void *arg)
{
    for (;;)
        compute_once();
    return arg;
}

/* ---- calls ---- */

static void expect(const char *call, int right)
{
    if (right)
        return;
    interrupted++;
    fprintf(stderr, "%s ended: %s\n", call, strerror(errno));
}

static void *in_nanosleep(void *arg)
{
    for (;;)
        expect("nanosleep", nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL) == 0);
    return arg;
}

static void *in_poll(void *arg)
{
    for (;;)
        expect("poll", poll(NULL, 0, 1000) == 0);
    return arg;
}

static void *in_ppoll(void *arg)
{
    sigset_t mask;
    sigemptyset(&mask);
    expect("ppoll", ppoll(NULL, 0, NULL, &mask) == 0);
    return arg;
}

static void *in_epoll(void *arg)
{
    struct epoll_event event;
    expect("epoll_wait", epoll_wait(epoll_create1(0), &event, 1, -1) > 0);
    return arg;
}

static void *in_read(void *arg)
{
    int ends[2];
    char c;
    expect("read", pipe(ends) == 0 && read(ends[0], &c, 1) > 0);
    return arg;
}

static void *in_futex(void *arg)
{
    static sem_t never;
    sem_init(&never, 0, 0);
    for (;;) {
        struct timespec end;
        clock_gettime(CLOCK_REALTIME, &end);
        end.tv_sec++;
        expect("sem_timedwait", sem_timedwait(&never, &end) != 0 && errno == ETIMEDOUT);
    }
    return arg;
}

static void start(void *(*run)(void *))
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, run, NULL))
        abort();
}

static int answer(void)
{
    char line[64];
    ssize_t n = read(0, line, sizeof line);
    if (n < 0 && errno == EAGAIN)
        return 1;
    int child = !(waitpid(-1, NULL, WNOHANG | __WALL) < 0 && errno == ECHILD);
    if (n > 0)
        printf("wrong %d interrupted %d rounds %d children %d\n", wrong, interrupted, rounds, child);
    expect("read", n >= 0);
    return n > 0;
}

int main(int argc, char **argv)
{
    static void *(*const waits[])(void *) = {in_nanosleep, in_poll, in_ppoll, in_epoll, in_read, in_futex};
    int busy = 0;
    setvbuf(stdout, NULL, _IOLBF, 0);
    start(compute);
    for (int i = 1; i < argc; i++)
        busy |= !strcmp(argv[i], "busy");
    for (size_t i = 0; !busy && i < sizeof waits / sizeof *waits; i++)
        start(waits[i]);
    if (busy)
        fcntl(0, F_SETFL, O_NONBLOCK);
    puts("ready");
    while (answer())
        if (busy)
            compute_once();
    return 0;
}
