// SPDX-License-Identifier: Apache-2.0

// An HTTP service, and the load on it.
//
//	server serve         prints "ready ADDRESS"; each SIGUSR1 is counted and told: "signal N"
//	server load ADDRESS  asks it all the while and checks each answer; prints "ready" once answers come
//	server die HOW       the handler of a request kills the program: abort (SIGABRT), nil (in a goroutine of its own)
//
// A line on standard input ends a load, which then prints how many answers came, how many requests failed, and the
// longest that one took, in milliseconds; and it ends the service, which prints how many goroutines are left.
package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const clients = 8

type shop struct {
	mu      sync.Mutex
	orders  map[string]*order
	howDies string
}

type order struct {
	ID    string
	Items []string
}

// The answer to a request is the hash of its body, which another goroutine makes.
func hash(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	sums := make(chan string)
	go func() {
		sum := sha256.Sum256(body)
		sums <- hex.EncodeToString(sum[:])
	}()
	time.Sleep(time.Millisecond)
	fmt.Fprint(w, <-sums)
}

func serve() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	signals := make(chan os.Signal, 100)
	signal.Notify(signals, syscall.SIGUSR1)
	go func() {
		for n := 1; ; n++ {
			<-signals
			fmt.Println("signal", n)
		}
	}()
	go http.Serve(l, http.HandlerFunc(hash))
	fmt.Println("ready", l.Addr())
	waitForLine()
	fmt.Println(runtime.NumGoroutine())
}

func waitForLine() { bufio.NewReader(os.Stdin).ReadString('\n') }

type results struct {
	answered, failed, slowest atomic.Int64
	stop                      atomic.Bool
	done                      sync.WaitGroup
}

func (res *results) ask(client *http.Client, url string, number int) {
	defer res.done.Done()
	for i := 0; !res.stop.Load(); i++ {
		body := bytes.Repeat([]byte(fmt.Sprint(number, " ", i, ",")), 1+i%200)
		sum := sha256.Sum256(body)
		began := time.Now()
		r, err := client.Post(url, "application/octet-stream", bytes.NewReader(body))
		var text []byte
		if err == nil {
			text, err = io.ReadAll(r.Body)
			r.Body.Close()
		}
		if err != nil || r.StatusCode != http.StatusOK || string(text) != hex.EncodeToString(sum[:]) {
			fmt.Fprintln(os.Stderr, "failed:", err, string(text))
			res.failed.Add(1)
			continue
		}
		if took := time.Since(began).Milliseconds(); took > res.slowest.Load() {
			res.slowest.Store(took) // near enough, with several at it
		}
		res.answered.Add(1)
		time.Sleep(2 * time.Millisecond) // leaves the processors to others, too
	}
}

func load(address string) {
	client := &http.Client{Timeout: 2 * time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: clients}}
	var res results
	for i := 0; i < clients; i++ {
		res.done.Add(1)
		go res.ask(client, "http://"+address+"/", i)
	}
	for res.answered.Load() < 100 {
		time.Sleep(time.Millisecond)
	}
	fmt.Println("ready")
	waitForLine()
	res.stop.Store(true)
	res.done.Wait()
	fmt.Println(res.answered.Load(), res.failed.Load(), res.slowest.Load())
}

//go:noinline
func (s *shop) find(id string) *order {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.howDies == "abort" {
		runtime.LockOSThread() // as abort() does, to itself
		syscall.RawSyscall(syscall.SYS_TGKILL, uintptr(syscall.Getpid()), uintptr(syscall.Gettid()), uintptr(syscall.SIGABRT))
		select {}
	}
	return s.orders[id]
}

//go:noinline
func (s *shop) ship(id string) {
	o := s.find(id)
	fmt.Println("shipping", o.Items) // there is no such order
}

func (s *shop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.howDies == "nil" {
		go s.ship(r.URL.Path) // nothing recovers from its panic
		select {}
	}
	s.ship(r.URL.Path)
}

func die(how string) {
	debug.SetTraceback("crash")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go http.Serve(l, &shop{howDies: how})
	_, err = http.Get("http://" + l.Addr().String() + "/order-7")
	panic(err)
}

func main() {
	switch os.Args[1] {
	case "serve":
		serve()
	case "load":
		load(os.Args[2])
	case "die":
		die(os.Args[2])
	}
}
