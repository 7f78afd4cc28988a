// SPDX-License-Identifier: Apache-2.0

// A service under load: an HTTP server, and clients in the same program that ask it all the while. Prints "ready"
// once answers come. A line on standard input ends it: then it prints how many answers came, how many requests
// failed, and how many goroutines are left.
package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

var answered, failed atomic.Int64

func handle(w http.ResponseWriter, r *http.Request) {
	parts := make(chan string)
	go func() { parts <- r.URL.Path }()
	time.Sleep(time.Millisecond)
	fmt.Fprint(w, <-parts)
}

func ask(url string, stop *atomic.Bool, done *sync.WaitGroup) {
	defer done.Done()
	for i := 0; !stop.Load(); i++ {
		path := fmt.Sprint("/", i)
		r, err := http.Get(url + path)
		if err != nil {
			failed.Add(1)
			continue
		}
		body, err := io.ReadAll(r.Body)
		r.Body.Close()
		if err != nil || string(body) != path {
			failed.Add(1)
			continue
		}
		answered.Add(1)
	}
}

func main() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go http.Serve(l, http.HandlerFunc(handle))
	var stop atomic.Bool
	var done sync.WaitGroup
	for i := 0; i < 8; i++ {
		done.Add(1)
		go ask("http://"+l.Addr().String(), &stop, &done)
	}
	for answered.Load() < 100 {
		time.Sleep(time.Millisecond)
	}
	fmt.Println("ready")
	bufio.NewReader(os.Stdin).ReadString('\n')
	stop.Store(true)
	done.Wait()
	fmt.Println(answered.Load(), failed.Load(), runtime.NumGoroutine())
}
