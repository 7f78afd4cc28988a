// SPDX-License-Identifier: Apache-2.0

// A store that is called as gRPC is: HTTP/2 over TLS, each message behind a byte that says whether it is packed and its
// size in 32 bits, and in it fields as protocol buffers have them.
//
//	rpc serve N             prints "serving ADDRESS", and "ready" once it holds N requests, which it never answers
//	rpc put ADDRESS FILE    sends the bytes of FILE as the payload of a request, and waits for the answer
package main

import (
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
)

type putRequest struct {
	Key     string
	Payload []byte
}

type store struct {
	wanted   int64
	full     chan *putRequest
	mu       sync.Mutex
	inFlight map[string]*putRequest
}

var held = store{full: make(chan *putRequest), inFlight: map[string]*putRequest{}}

const (
	fieldKey, fieldPayload = 1, 2
	lengthDelimited        = 2
)

func appendField(to []byte, field uint64, value []byte) []byte {
	to = binary.AppendUvarint(to, field<<3|lengthDelimited)
	to = binary.AppendUvarint(to, uint64(len(value)))
	return append(to, value...)
}

func parse(message []byte) (*putRequest, error) {
	req := &putRequest{}
	for len(message) > 0 {
		tag, n := binary.Uvarint(message)
		size, m := binary.Uvarint(message[max(n, 0):])
		if n <= 0 || m <= 0 || tag&7 != lengthDelimited || size > uint64(len(message)-n-m) {
			return nil, errors.New("malformed message")
		}
		value := message[n+m : n+m+int(size)]
		switch tag >> 3 {
		case fieldKey:
			req.Key = string(value)
		case fieldPayload:
			req.Payload = value
		}
		message = message[n+m+int(size):]
	}
	return req, nil
}

func max(a, b int) int {
	if a > b {
		return a
	}
	return b
}

func readMessage(from io.Reader) ([]byte, error) {
	var head [5]byte
	if _, err := io.ReadFull(from, head[:]); err != nil {
		return nil, err
	}
	message := make([]byte, binary.BigEndian.Uint32(head[1:]))
	_, err := io.ReadFull(from, message)
	return message, err
}

func (s *store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	message, err := readMessage(r.Body)
	if err != nil || r.ProtoMajor != 2 {
		panic(fmt.Sprint(r.Proto, err))
	}
	s.handle(w, message)
}

//go:noinline
func (s *store) handle(w http.ResponseWriter, message []byte) {
	req, err := parse(message)
	if err != nil {
		panic(err)
	}
	s.put(req)
	fmt.Fprint(w, len(message))
}

//go:noinline
func (s *store) put(req *putRequest) {
	s.mu.Lock()
	s.inFlight[req.Key] = req
	if int64(len(s.inFlight)) == s.wanted {
		fmt.Println("ready")
	}
	s.mu.Unlock()
	s.full <- req // nobody receives
	fmt.Println("stored", req.Key)
}

func serve(wanted int64) {
	debug.SetTraceback("crash")
	held.wanted = wanted
	server := httptest.NewUnstartedServer(&held)
	server.EnableHTTP2 = true
	server.StartTLS()
	fmt.Println("serving", strings.TrimPrefix(server.URL, "https://"))
	select {}
}

func put(address, file string) {
	payload, err := os.ReadFile(file)
	if err != nil {
		panic(err)
	}
	message := appendField(nil, fieldKey, []byte(file))
	message = appendField(message, fieldPayload, payload)
	var head [5]byte
	binary.BigEndian.PutUint32(head[1:], uint32(len(message)))
	body := io.MultiReader(strings.NewReader(string(head[:])), strings.NewReader(string(message)))
	client := &http.Client{Transport: &http.Transport{
		ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	r, err := client.Post("https://"+address+"/inventory.Store/Put", "application/grpc+proto", body)
	fmt.Println(r, err)
}

func main() {
	switch os.Args[1] {
	case "serve":
		wanted, _ := strconv.ParseInt(os.Args[2], 10, 64)
		serve(wanted)
	case "put":
		put(os.Args[2], os.Args[3])
	}
}
