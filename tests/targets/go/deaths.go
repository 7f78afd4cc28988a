// SPDX-License-Identifier: Apache-2.0

// Deaths that the runtime finds. Without C and the network, because with either it looks for no deadlock.
//
//	deaths DEATH
//
// DEATH: overflow (endless recursion), deadlock (all goroutines wait), map-writes (by several goroutines at once).
package main

import (
	"fmt"
	"os"
	"runtime/debug"
	"sync"
)

type node struct{ next *node }

//go:noinline
func length(n *node, seen int) int {
	var room [40]int
	room[seen%40] = seen
	return length(n.next, seen+1) + room[(seen+1)%40]
}

//go:noinline
func worker(c chan int, done *sync.WaitGroup) {
	defer done.Done()
	for v := range c {
		fmt.Println(v)
	}
}

//go:noinline
func collect(done *sync.WaitGroup) {
	done.Wait()
}

//go:noinline
func count(words map[string]int, stop chan bool) {
	for {
		words["word"]++
		select {
		case <-stop:
			return
		default:
		}
	}
}

func main() {
	debug.SetTraceback("crash")
	switch os.Args[1] {
	case "overflow":
		debug.SetMaxStack(16 << 20)
		ring := &node{}
		ring.next = ring
		fmt.Println(length(ring, 0))
	case "deadlock":
		c, done := make(chan int), &sync.WaitGroup{}
		for i := 0; i < 3; i++ {
			done.Add(1)
			go worker(c, done)
		}
		collect(done)
	case "map-writes":
		words, stop := map[string]int{}, make(chan bool)
		for i := 0; i < 3; i++ {
			go count(words, stop)
		}
		count(words, stop)
	}
}
