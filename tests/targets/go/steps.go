// SPDX-License-Identifier: Apache-2.0

// A program of few threads that is looked at after each instruction: its goroutines change stacks in every way that the
// runtime knows, all the while. It prints "ready" and goes on until it is killed.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"sync"
	"syscall"
	"time"
)

var (
	mu   sync.Mutex
	sink [][]byte
)

// Larger frames than a new stack has room for.
func deep(n int) int {
	var room [256]byte
	room[n%256] = byte(n)
	if n == 0 {
		return int(room[0])
	}
	return deep(n-1) + int(room[n%256])
}

func recovers() (err any) {
	defer func() { err = recover() }()
	var none *int
	return *none
}

func busy(n int) (sum int) {
	for i := 0; i < n; i++ {
		sum += i * i
	}
	return sum
}

func round(n int, in, out chan int) {
	var pipe [2]int
	out <- n
	<-in
	done := make(chan int)
	go func() { done <- deep(20) }()
	<-done
	time.Since(time.Now())
	if err := syscall.Pipe(pipe[:]); err == nil {
		syscall.Write(pipe[1], []byte("x"))
		syscall.Read(pipe[0], make([]byte, 1))
		syscall.Close(pipe[0])
		syscall.Close(pipe[1])
	}
	mu.Lock()
	sink = append(sink, make([]byte, 5000))
	if len(sink) > 20 {
		sink = nil
	}
	mu.Unlock()
	recovers()
	runtime.Gosched()
	busy(200)
	if n%4 == 0 {
		time.Sleep(time.Microsecond)
		syscall.Kill(os.Getpid(), syscall.SIGUSR1)
	}
	if n%16 == 0 {
		runtime.GC()
	}
	if n%5 == 0 {
		go func() {
			runtime.LockOSThread() // it ends with its thread
			deep(1)
		}()
	}
}

func main() {
	signals := make(chan os.Signal, 10)
	signal.Notify(signals, syscall.SIGUSR1)
	there, back := make(chan int), make(chan int)
	go func() {
		for n := range there {
			back <- n + 1
		}
	}()
	fmt.Println("ready")
	for n := 0; ; n++ {
		round(n, back, there)
		select {
		case <-signals:
		default:
		}
	}
}
