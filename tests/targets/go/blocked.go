// SPDX-License-Identifier: Apache-2.0

// A Go program whose goroutines are blocked in every way there is, then it dies or waits.
//
//	blocked [-n GOROUTINES] DEATH
//
// DEATH: wait, panic, panic-error, nil, abort, overflow, fatal (concurrent map writes), busy (with more goroutines that
// loop than may run at once).
// -n adds that many goroutines, spread over the ways of blocking, for measurements.
// Prints "ready" on standard output once all of them are where they stay.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

type point struct{ X, Y int }

type shape interface{ Area() float64 }

type square struct {
	Side float64
	Name string
}

func (s square) Area() float64 { return s.Side * s.Side }

type job struct {
	ID   int
	Data []byte
	Tags map[string]int
	Done chan<- bool
}

var (
	neverSend    = make(chan int)
	neverReceive = make(chan string, 2)
	mu           sync.Mutex
	rw           sync.RWMutex
	group        sync.WaitGroup
	condMu       sync.Mutex
	cond         = sync.NewCond(&condMu)
	once         sync.Once
	neverWritten *os.File
	started      atomic.Int64
	packageMap         = map[string]point{"origin": {}, "unit": {1, 1}}
	packageShape shape = square{2, "two"}
)

//go:noinline
func blockReceive(i int) {
	started.Add(1)
	v := <-neverSend
	fmt.Println(i, v)
}

//go:noinline
func blockSend(i int, text string) {
	started.Add(1)
	neverReceive <- text
	fmt.Println(i)
}

//go:noinline
func blockSelect(ctx context.Context, j *job) {
	started.Add(1)
	select {
	case v := <-neverSend:
		fmt.Println(j.ID, v)
	case neverReceive <- "selected":
	case <-ctx.Done():
	}
}

//go:noinline
func blockNilChannel(i int) {
	var none chan int
	started.Add(1)
	<-none
	fmt.Println(i)
}

//go:noinline
func blockNilSend(i int) {
	var none chan int
	started.Add(1)
	none <- i
	fmt.Println(i)
}

//go:noinline
func blockNilSelect(i int) {
	var none, neither chan int
	started.Add(1)
	select {
	case <-none:
	case neither <- i:
	}
	fmt.Println(i)
}

//go:noinline
func blockEmptySelect() {
	started.Add(1)
	select {}
}

//go:noinline
func blockMutex(i int) {
	started.Add(1)
	mu.Lock()
	defer mu.Unlock()
	fmt.Println(i)
}

//go:noinline
func blockRead(i int) {
	started.Add(1)
	rw.RLock()
	defer rw.RUnlock()
	fmt.Println(i)
}

//go:noinline
func blockWrite(i int) {
	started.Add(1)
	rw.Lock()
	defer rw.Unlock()
	fmt.Println(i)
}

//go:noinline
func blockWaitGroup() {
	started.Add(1)
	group.Wait()
}

//go:noinline
func blockCond() {
	condMu.Lock()
	started.Add(1)
	cond.Wait()
	condMu.Unlock()
}

//go:noinline
func blockSleep(d time.Duration) {
	started.Add(1)
	time.Sleep(d)
}

//go:noinline
func blockTimer(d time.Duration) {
	started.Add(1)
	<-time.After(d)
}

//go:noinline
func blockSignal() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGUSR2)
	started.Add(1)
	<-signals
}

// The first that comes waits within, the other for the first.
//
//go:noinline
func blockOnce() {
	started.Add(1)
	once.Do(func() { <-neverSend })
}

//go:noinline
func blockAccept(l net.Listener) {
	c, err := l.Accept() // that of blockNetRead
	if err != nil {
		panic(err)
	}
	defer c.Close()
	started.Add(1)
	c, err = l.Accept()
	fmt.Println(c, err)
}

//go:noinline
func blockNetRead(c net.Conn) {
	buf := make([]byte, 64)
	started.Add(1)
	n, err := c.Read(buf)
	fmt.Println(n, err)
}

//go:noinline
func blockPipe(f *os.File) {
	buf := make([]byte, 64)
	started.Add(1)
	n, err := f.Read(buf)
	fmt.Println(n, err)
}

//go:noinline
func blockSyscall(fd int) {
	buf := make([]byte, 1)
	started.Add(1)
	n, err := syscall.Read(fd, buf)
	fmt.Println(n, err)
}

//go:noinline
func lockedThread(fd int) {
	runtime.LockOSThread()
	blockSyscall(fd)
}

//go:noinline
func lockedReceive(i int) {
	runtime.LockOSThread()
	blockReceive(i)
}

//go:noinline
func spin(stop *atomic.Bool) {
	started.Add(1)
	for !stop.Load() {
	}
}

//go:noinline
func values(i int, text string, s shape) {
	numbers := []int{3, 1, 4, 1, 5}
	array := [3]float64{1.5, 2.5, 3.5}
	ages := map[string]int{"ada": 36, "grace": 85}
	large := map[int]string{}
	for k := 0; k < 100; k++ {
		large[k*37%1000] = fmt.Sprint("v", k)
	}
	keyed := map[point]*square{{1, 2}: {3, "three"}}
	pointer := &point{7, 8}
	var nothing *point
	var err error = errors.New("an error")
	var empty shape
	var anything any = 42
	buffered := make(chan point, 4)
	buffered <- point{1, 2}
	buffered <- point{3, 4}
	j := job{ID: 9, Data: []byte("payload"), Tags: ages, Done: make(chan bool)}
	closure := func(k int) int { return k + len(numbers) + i }
	c := complex(1, -2)
	when := time.Date(2026, 11, 21, 12, 30, 0, 0, time.UTC)
	var once sync.Once
	once.Do(func() {})
	flag := true
	r := 'ä'
	bytes := []byte{0, 1, 254, 255}
	words := []string{"one", "two", "three"}
	nested := [][]int{{1}, {}, {2, 3}}
	generic := pair[string, int]{"key", 5}
	started.Add(1)
	<-neverSend
	fmt.Println(numbers, array, ages, large, keyed, pointer, nothing, err, empty, anything, buffered, j, closure(1), c,
		when, &once, flag, r, bytes, words, nested, generic, text, s)
}

type pair[K comparable, V any] struct {
	Key   K
	Value V
}

func main() {
	count := flag.Int("n", 0, "more goroutines")
	flag.Parse()
	debug.SetTraceback("crash")
	mu.Lock()
	rw.Lock()
	group.Add(1)
	neverReceive <- "first"
	neverReceive <- "second"

	ways := []func(i int){
		blockReceive,
		func(i int) { blockSend(i, fmt.Sprint("text ", i)) },
		func(i int) { blockSelect(context.Background(), &job{ID: i}) },
		blockMutex,
		blockRead,
		func(int) { blockWaitGroup() },
		func(int) { blockCond() },
		func(i int) { blockSleep(time.Duration(1000+i) * time.Hour) },
	}
	n := 0
	for i, way := range ways {
		go way(i)
		n++
	}
	for i := 0; i < *count; i++ {
		go ways[i%len(ways)](i)
		n++
	}
	for i := 0; i < 20; i++ {
		group := make(chan bool)
		go close(group) // ends at once, and leaves a dead goroutine
		<-group
	}
	go blockNilChannel(1)
	go blockNilSend(1)
	go blockNilSelect(1)
	go blockEmptySelect()
	go blockWrite(1)
	go blockTimer(1000 * time.Hour)
	go blockSignal()
	go blockOnce()
	go blockOnce()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go blockAccept(l)
	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		panic(err)
	}
	for i := 0; i < 2; i++ {
		go blockNetRead(client) // one of them waits for the other
	}
	r, w, err := os.Pipe()
	if err != nil {
		panic(err)
	}
	neverWritten = w
	go blockPipe(r)
	var pipe [2]int
	if err := syscall.Pipe(pipe[:]); err != nil {
		panic(err)
	}
	go blockSyscall(pipe[0])
	go lockedThread(pipe[0])
	go lockedReceive(1)
	go values(11, "text argument", packageShape)
	pprof.Do(context.Background(), pprof.Labels("worker", "label-test"), func(context.Context) {
		go blockReceive(1000)
	})
	n += 18
	runtime.SetFinalizer(&point{1, 2}, func(*point) {})
	runtime.GC() // starts the runtime's goroutines for both
	for started.Load() < int64(n) {
		time.Sleep(10 * time.Millisecond)
	}
	for time.Sleep(200 * time.Millisecond); !still(*count); { // those that have announced themselves reach their wait
		time.Sleep(10 * time.Millisecond)
	}
	time.Sleep(100 * time.Millisecond) // and so do the threads
	fmt.Println("ready")
	os.Stdout.Sync()
	die(flag.Arg(0))
}

//go:noinline
func die(how string) {
	switch how {
	case "panic":
		panic("a message")
	case "panic-error":
		panic(fmt.Errorf("wrapped: %w", errors.New("inner")))
	case "nil":
		var p *point
		fmt.Println(p.X)
	case "abort":
		syscall.Kill(syscall.Getpid(), syscall.SIGABRT)
		select {}
	case "busy":
		runtime.GOMAXPROCS(2)
		var stop atomic.Bool
		for i := 0; i < 4; i++ {
			go spin(&stop)
		}
		time.Sleep(100 * time.Millisecond)
		syscall.Kill(syscall.Getpid(), syscall.SIGABRT)
		select {}
	case "overflow":
		fmt.Println(recurse(0))
	case "fatal":
		m := map[int]int{}
		for i := 0; i < 4; i++ {
			go func() {
				for {
					m[0]++
				}
			}()
		}
		select {}
	default:
		runtime.GC()
		runtime.GC() // from now on those that wait have a time since when: that of the first
		var stop atomic.Bool
		go spin(&stop)
		select {}
	}
}

func recurse(n int) int { return recurse(n+1) + n }

// Does every other goroutine wait? Of very many the list would be what is measured.
func still(count int) bool {
	if count > 10000 {
		return true
	}
	text := make([]byte, 1<<18)
	n, running := runtime.Stack(text, true), 0
	for n == len(text) {
		text = make([]byte, 2*len(text))
		n = runtime.Stack(text, true)
	}
	for i := 0; i+9 <= n; i++ {
		switch string(text[i : i+9]) {
		case " [runnabl":
			return false
		case " [running":
			running++
		}
	}
	return running == 1
}
