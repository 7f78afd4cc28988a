// SPDX-License-Identifier: Apache-2.0

// What a loop over a function (Go 1.23) defers, the function around it calls. It kills itself behind the loop.
package main

import (
	"runtime/debug"
	"syscall"
)

var sink any

//go:noinline
func later(n int) { sink = n }

func thrice(yield func(int) bool) { _ = yield(0) && yield(1) && yield(2) }

//go:noinline
func ranged(n int) {
	defer later(n)
	for i := range thrice {
		defer func() { sink = i + n }()
		defer later(i)
	}
	syscall.Kill(syscall.Getpid(), syscall.SIGABRT)
	select {}
}

func main() {
	debug.SetTraceback("crash")
	ranged(5)
}
