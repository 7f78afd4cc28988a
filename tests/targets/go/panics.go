// SPDX-License-Identifier: Apache-2.0

// A Go program with a goroutine for each kind of panic and of deferred call, or one that dies of one of them.
//
//	panics hold        a goroutine for each; those that panic stay in a deferred call; then it dies of a panic
//	panics NAME        it dies of that panic and prints it
//	panics list        the names
//	panics nested | recovered | goexit | deadlock [crash]    in the main goroutine; with a core
package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

type any = interface{} // until Go 1.17 it is not predeclared

type point struct{ X, Y int }

type shape interface{ Area() float64 }

type named string
type number int16
type ratio float32
type truth bool

type bad struct{ code int }

func (b *bad) Error() string { return fmt.Sprint("bad ", b.code) }

var (
	three    = []int{1, 2, 3}
	five     = 5
	negative = -1
	text     = "abc"
	nothing  any
	anything any = point{1, 2}
	zero     int
	pointer  *point
	never    = make(chan int)
	big      = ^uint64(0)
	sink     any
)

var kinds = []struct {
	name string
	f    func()
}{
	{"index", func() { sink = three[five] }},
	{"index-negative", func() { sink = three[negative] }},
	{"index-unsigned", func() { sink = three[big] }},
	{"index-string", func() { sink = text[five] }},
	{"slice-len", func() { sink = text[:five] }},
	{"slice-cap", func() { sink = three[:five] }},
	{"slice-order", func() { sink = three[five-2 : zero+1] }},
	{"slice-negative", func() { sink = three[negative:] }},
	{"slice3-cap", func() { sink = three[0:0:five] }},
	{"convert", func() { sink = (*[8]int)(three) }},
	{"assert-nil", func() { sink = nothing.(int) }},
	{"assert-type", func() { sink = anything.(*point) }},
	{"assert-method", func() { sink = anything.(shape) }},
	{"assert-interface", func() { sink = nothing.(shape) }},
	{"divide", func() { sink = five / zero }},
	{"nil", func() { sink = pointer.X }},
	{"closed", func() { c := make(chan int); close(c); close(c) }},
	{"closed-nil", func() { var c chan int; close(c) }},
	{"send-closed", func() { c := make(chan int); close(c); c <- 1 }},
	{"map-nil", func() { var m map[string]int; m["a"] = five }},
	{"make-slice", func() { sink = make([]int, negative) }},
	{"hash", func() { m := map[any]int{}; m[three] = 1 }},
	{"compare", func() { sink = any(three) == any(three) }},
	{"unsafe", func() { sink = unsafe.Slice((*int)(nil), five) }},
	{"string", func() { panic("a message") }},
	{"lines", func() { panic("one\ntwo") }},
	{"int", func() { panic(five) }},
	{"float", func() { panic(float64(five) / 3) }},
	{"complex", func() { panic(complex(float64(five), -0.25)) }},
	{"uint", func() { panic(big) }},
	{"bool", func() { panic(five == 5) }},
	{"named", func() { panic(named("text")) }},
	{"named-int", func() { panic(number(negative)) }},
	{"named-float", func() { panic(ratio(five)) }},
	{"named-bool", func() { panic(truth(five != 5)) }},
	{"error", func() { panic(errors.New("an error")) }},
	{"wrapped", func() { panic(fmt.Errorf("wrapped: %w", errors.New("inner"))) }},
	{"struct", func() { panic(point{3, 4}) }},
	{"own-error", func() { panic(&bad{five}) }},
}

var (
	ready sync.WaitGroup
	mu    sync.Mutex
)

func hold() {
	ready.Done()
	<-never
}

// A panic that is not over: its deferred call does not return.
//
//go:noinline
func panicking(name string, f func()) {
	defer hold()
	f()
	runtime.KeepAlive(name)
}

//go:noinline
func later(n int) { sink = n }

//go:noinline
func (p *point) move(by int) { p.X += by }

// Kept in the frame as one bit and one function each.
//
//go:noinline
func openDefers(n int) {
	defer later(n)
	if n > 100 {
		defer later(n + 1)
	}
	p := &point{n, n}
	defer p.move(1)
	defer func() { sink = n }()
	mu.Lock()
	defer mu.Unlock()
	stackDefers(n + 1)
	later(p.X)
}

// More than eight are records on the stack.
//
//go:noinline
func stackDefers(n int) {
	defer later(1)
	defer later(2)
	defer later(3)
	defer later(4)
	defer later(5)
	defer later(6)
	defer later(7)
	defer later(8)
	defer func() { sink = n }()
	loopDefers(3)
}

// Those of a loop are on the heap.
//
//go:noinline
func loopDefers(n int) {
	for i := 0; i < n; i++ {
		defer func(i int) { sink = i * n }(i)
	}
	hold()
}

//go:noinline
func goexits() {
	defer hold()
	runtime.Goexit()
}

// The first panic is ended by the second, whose deferred call waits.
//
//go:noinline
func nested() {
	defer hold()
	defer func() { panic(fmt.Sprint("second of ", five)) }()
	panic("first")
}

// Made by a goroutine that a goroutine made.
//
//go:noinline
func grandchild(depth int) {
	if depth > 0 {
		go grandchild(depth - 1)
		<-never
	}
	hold()
}

func main() {
	how := os.Args[1]
	if len(os.Args) > 2 {
		debug.SetTraceback(os.Args[2])
	}
	switch how {
	case "list":
		for _, kind := range kinds {
			fmt.Println(kind.name)
		}
		return
	case "hold":
		keepAncestors()
		holdAll()
		panic("the end")
	case "deadlock":
		<-never
	case "nested":
		defer func() { panic(fmt.Errorf("second of %d", five)) }()
		panic("first")
	case "recovered":
		defer func() {
			defer func() { panic(fmt.Sprint("after ", recover())) }()
			panic("second")
		}()
		panic("first")
	case "goexit":
		defer func() { panic("leaving") }()
		runtime.Goexit()
	}
	for _, kind := range kinds {
		if kind.name == how {
			kind.f()
		}
	}
}

// The runtime reads this setting when it starts.
func keepAncestors() {
	const setting = "GODEBUG=tracebackancestors=5"
	if os.Getenv("GODEBUG") == "" {
		panic(syscall.Exec(os.Args[0], os.Args, append(os.Environ(), setting)))
	}
}

func holdAll() {
	debug.SetTraceback("crash")
	ready.Add(len(kinds) + 4)
	for _, kind := range kinds {
		go panicking(kind.name, kind.f)
	}
	go openDefers(7)
	go goexits()
	go nested()
	go grandchild(2)
	ready.Wait()
	time.Sleep(200 * time.Millisecond)
	fmt.Println("ready")
}
