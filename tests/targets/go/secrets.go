// SPDX-License-Identifier: Apache-2.0

// Secrets in all places that Go has: each line of standard input is one, so that none is in the program's file.
package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"time"
)

type account struct {
	number   int
	user     string
	password string
	pin      [16]byte
}

type credentials struct {
	text string
	raw  []byte
}

var (
	accounts = map[string]*account{}
	vault    *credentials
	apiToken string
	input    *bufio.Reader
)

// A string of the heap of its own: the reader's buffer is written over at the end.
func line() string {
	text, err := input.ReadString('\n')
	if err != nil {
		panic(err)
	}
	return strings.Clone(strings.TrimSpace(text))
}

//go:noinline
func wait(depth int, local string, forever chan int) int {
	if depth > 0 {
		return wait(depth-1, local, forever) + len(local)
	}
	return <-forever + len(local)
}

func main() {
	buffer := make([]byte, 0)
	input = bufio.NewReaderSize(os.Stdin, 16)
	for i := 0; i < 2; i++ {
		one := &account{number: 4000 + i, user: "someone", password: line()}
		copy(one.pin[:], line())
		accounts[one.user+fmt.Sprint(i)] = one
	}
	vault = &credentials{text: line(), raw: append(buffer, line()...)}
	apiToken = line()
	local := line()
	forever := make(chan int)
	for i := 0; i < 3; i++ {
		go wait(i, local, forever)
	}
	go time.Sleep(time.Hour) // or else the runtime sees that nobody will send
	input.Reset(strings.NewReader("-----------------"))
	input.ReadByte()
	fmt.Println("ready")
	wait(2, local, forever)
	fmt.Println(accounts, vault, apiToken)
}
