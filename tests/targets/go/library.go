// SPDX-License-Identifier: Apache-2.0

// A library for programs in C (-buildmode=c-shared): visitor.c calls it.
package main

import "C"

import (
	"fmt"
	"runtime/debug"
)

//export GoVisit
func GoVisit(how *C.char) C.int {
	debug.SetTraceback("crash")
	go park(make(chan int))
	return C.int(visit(C.GoString(how)))
}

//go:noinline
func park(c chan int) {
	<-c
	fmt.Println("never")
}

//go:noinline
func visit(how string) int {
	if how == "panic" {
		panic("in a library")
	}
	var m map[string]*int
	return *m[how]
}

func main() {}
