// SPDX-License-Identifier: Apache-2.0

// Go that calls C that calls Go that calls C, and threads of C that call Go; it dies or waits at the innermost call.
//
//	calls DEATH
//
// DEATH: wait (in C), wait-go (in Go), crash (a bad pointer in C), abort (in C), panic, nil, thread-panic, thread-crash,
// clock (Go that asks for the time all the while).
// Prints "ready" on standard output before it waits.
package main

/*
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern int goMiddle(int, char *);
extern void goThread(int, char *);

static int c_innermost(int depth, const char *how)
{
	if (strstr(how, "crash"))
		*(volatile int *)(long)depth = 1;
	if (strstr(how, "abort"))
		abort();
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
	return depth;
}

static int c_outer(int depth, char *how)
{
	return goMiddle(depth + 1, how) + 1;
}

static int c_inner(int depth, char *how)
{
	return c_innermost(depth + 1, how) + 1;
}

static void *c_thread(void *how)
{
	goThread(20, how);
	return how;
}

static void c_start(char *how)
{
	pthread_t t;
	pthread_create(&t, NULL, c_thread, how);
	pthread_join(t, NULL);
}
*/
import "C"

import (
	"fmt"
	"os"
	"runtime/debug"
	"time"
)

type point struct{ X, Y int }

//go:noinline
func goInner(depth int, how *C.char) int {
	switch C.GoString(how) {
	case "panic", "thread-panic":
		panic("from Go that C called")
	case "nil":
		var p *point
		fmt.Println(p.X)
	case "wait-go":
		fmt.Println("ready")
		<-make(chan int)
	case "clock":
		clock()
	}
	return int(C.c_inner(C.int(depth+1), how)) + 1
}

//go:noinline
func clock() {
	for n := int64(0); ; n++ {
		if n == 1000 {
			fmt.Println("ready")
		}
		if time.Now().UnixNano() == n {
			fmt.Println(n)
		}
	}
}

//export goMiddle
func goMiddle(depth C.int, how *C.char) C.int {
	return C.int(goInner(int(depth)+1, how)) + 1
}

//export goThread
func goThread(depth C.int, how *C.char) {
	goInner(int(depth), how)
}

//go:noinline
func goOuter(depth int, how *C.char) int {
	return int(C.c_outer(C.int(depth+1), how)) + 1
}

func main() {
	debug.SetTraceback("crash")
	how := C.CString(os.Args[1])
	if len(os.Args[1]) > 6 && os.Args[1][:6] == "thread" {
		C.c_start(how)
	}
	fmt.Println(goOuter(1, how))
}
