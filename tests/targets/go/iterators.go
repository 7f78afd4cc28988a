// SPDX-License-Identifier: Apache-2.0

// What blocks since Go 1.23: an iterator between two values. It kills itself while one runs below it.
package main

import (
	"fmt"
	"iter"
	"runtime/debug"
	"syscall"
)

func yieldThrice(yield func(int) bool) {
	_ = yield(1) && yield(2) && yield(3)
}

//go:noinline
func squares(yield func(int) bool) {
	next, stop := iter.Pull(yieldThrice)
	defer stop()
	for v, ok := next(); ok; v, ok = next() {
		if !yield(v * v) {
			return
		}
	}
}

//go:noinline
func visit(v int) {
	if v == 4 {
		syscall.Kill(syscall.Getpid(), syscall.SIGABRT)
		select {}
	}
	fmt.Println(v)
}

func main() {
	debug.SetTraceback("crash")
	done := make(chan bool)
	go func() {
		for v := range squares { // a range over a function: its body is one, too
			visit(v)
		}
		done <- true
	}()
	<-done
}
