// SPDX-License-Identifier: Apache-2.0

// An HTTP server that hangs, as one did in earnest: each handler counts what it did in a queue that one goroutine
// empties. When the queue runs full that goroutine counts it, in the same queue, and waits for itself.
//
//	hung REQUESTS            starts another that asks so often; prints "ready" once nothing moves any more
//	hung REQUESTS ADDRESS    asks, all at once, and ends when it has no answer to wait for
package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"time"
)

type metric struct {
	name  string
	value float64
}

type metrics struct {
	queue  chan metric
	mu     sync.Mutex
	totals map[string]float64
}

// Add never loses a metric: it waits for room.
//
//go:noinline
func (m *metrics) Add(name string, value float64) {
	m.queue <- metric{name, value}
}

//go:noinline
func (m *metrics) flush(batch []metric) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, one := range batch {
		m.totals[one.name] += one.value
	}
	if len(m.queue) == cap(m.queue) {
		m.Add("metrics.queue_full", 1)
	}
}

//go:noinline
func (m *metrics) collect() {
	for one := range m.queue {
		time.Sleep(time.Millisecond) // as if it were sent somewhere
		m.flush([]metric{one})
	}
}

func (m *metrics) stuck() bool {
	if m.mu.TryLock() {
		m.mu.Unlock()
		return false
	}
	return len(m.queue) == cap(m.queue)
}

type shop struct{ metrics *metrics }

//go:noinline
func (s *shop) checkout(w http.ResponseWriter, r *http.Request) {
	s.metrics.Add("checkout.requests", 1)
	fmt.Fprintln(w, "thank you")
	s.metrics.Add("checkout.answers", 1)
}

func ask(address string) {
	requests, err := strconv.Atoi(os.Args[1])
	if err != nil {
		panic(err)
	}
	var answers sync.WaitGroup
	for i := 0; i < requests; i++ {
		answers.Add(1)
		go func() {
			defer answers.Done()
			http.Get("http://" + address + "/checkout")
		}()
	}
	answers.Wait()
}

func main() {
	if len(os.Args) > 2 {
		ask(os.Args[2])
		return
	}
	m := &metrics{queue: make(chan metric, 64), totals: map[string]float64{}}
	go m.collect()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	s := &shop{m}
	go http.Serve(l, http.HandlerFunc(s.checkout))
	if err := exec.Command(os.Args[0], os.Args[1], l.Addr().String()).Start(); err != nil {
		panic(err)
	}
	for !m.stuck() {
		time.Sleep(10 * time.Millisecond)
	}
	time.Sleep(time.Second) // the rest of the requests arrive
	fmt.Println("ready")
	select {}
}
