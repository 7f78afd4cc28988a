// SPDX-License-Identifier: Apache-2.0

// A client of a debugging server that is made of Delve's own package, whose sources a Debian source package has.
//
//	rpc2client ADDRESS    answers each line of its input, {"method": NAME, "args": [...]}, with a line
//	rpc2client            the names of the methods it can call
//
// Versions of Delve differ in how many arguments a method has: those that are not given are zero.
// A line of the answer is a list of what the method returned, errors as {"error": TEXT}; what comes through a channel
// is in a list of its own.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"log"
	"net"
	"os"
	"reflect"

	"github.com/go-delve/delve/service/api"
	"github.com/go-delve/delve/service/rpc2"
)

type request struct {
	Method string
	Args   []json.RawMessage
}

// shown is a returned value as it is to be written as JSON.
func shown(v reflect.Value) any {
	if err, isError := v.Interface().(error); isError {
		return map[string]string{"error": err.Error()}
	}
	if v.Kind() != reflect.Chan {
		return v.Interface()
	}
	all := []any{}
	for {
		item, more := v.Recv()
		if !more {
			return all
		}
		if state, isState := item.Interface().(*api.DebuggerState); isState && state.Err != nil {
			all = append(all, map[string]string{"error": state.Err.Error()})
		} else {
			all = append(all, item.Interface())
		}
	}
}

func call(client *rpc2.RPCClient, r request) []any {
	method := reflect.ValueOf(client).MethodByName(r.Method)
	if !method.IsValid() {
		log.Fatalf("no method %s", r.Method)
	}
	in := []reflect.Value{}
	for i := 0; i < method.Type().NumIn(); i++ {
		arg := reflect.New(method.Type().In(i))
		if i < len(r.Args) {
			if err := json.Unmarshal(r.Args[i], arg.Interface()); err != nil {
				log.Fatalf("%s, argument %d: %v", r.Method, i, err)
			}
		}
		in = append(in, arg.Elem())
	}
	out := []any{}
	for _, v := range method.Call(in) {
		out = append(out, shown(v))
	}
	return out
}

func main() {
	if len(os.Args) < 2 {
		t := reflect.TypeOf((*rpc2.RPCClient)(nil))
		for i := 0; i < t.NumMethod(); i++ {
			fmt.Println(t.Method(i).Name)
		}
		return
	}
	conn, err := net.Dial("tcp", os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	client := rpc2.NewClientFromConn(conn)
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var r request
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			log.Fatal(err)
		}
		text, err := json.Marshal(call(client, r))
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(string(text))
	}
}
