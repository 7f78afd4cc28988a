// SPDX-License-Identifier: Apache-2.0

// A Go program with a variable of every kind, for what prints and evaluates them.
//
//	values DEATH
//
// DEATH: abort (SIGABRT), wait. Prints "ready" on standard output once its goroutines are where they stay.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"reflect"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

type color int

const (
	red color = iota
	green
	blue
)

type mask uint8

const (
	flagRead  mask = 1
	flagWrite mask = 2
	flagExec  mask = 4
)

const limit = 1 << 40
const greeting = "hello"
const ratio = 0.75

type point struct{ X, Y int }

func (p point) Sum() int      { return p.X + p.Y }
func (p *point) Move(d int)   { p.X += d }
func (c color) String() string { return "color" }

type shape interface{ Area() float64 }

type square struct {
	Side float64
	Name string
}

func (s square) Area() float64 { return s.Side * s.Side }

type base struct {
	ID   int
	Note string
}

type middle struct {
	base
	Level uint16
}

type embedded struct {
	*middle
	point
	Title string
}

type node struct {
	Value int
	Next  *node
	Prev  *node
}

type tree struct {
	Left, Right *tree
	Key         string
	Data        any
}

type myError struct {
	Code int
	Text string
}

func (e *myError) Error() string { return e.Text }

type plainError string

func (e plainError) Error() string { return string(e) }

type pair[K comparable, V any] struct {
	Key   K
	Value V
}

type list[T any] struct {
	head *element[T]
	size int
}

type element[T any] struct {
	next *element[T]
	item T
}

func (l *list[T]) push(v T) {
	l.head = &element[T]{l.head, v}
	l.size++
}

type celsius float64
type names []string
type ages map[string]int
type handler func(int, string) error
type matrix [2][3]int
type bits struct {
	A, B, C bool
	D       int8
	E       uint16
	F       int32
	G       uint64
	H       float32
	I       complex64
	J       uintptr
	K       byte
	L       rune
}

type everything struct {
	Number  int
	Text    string
	Slice   []int
	Map     map[string]int
	Pointer *point
	Func    func()
	Chan    chan int
	Any     any
	Err     error
	Array   [2]string
	Inner   struct{ A, B int }
	Nil     *point
	Time    time.Duration
}

var (
	never        = make(chan int)
	packageInt   = 77
	packageText  = "package text"
	packageColor = green
	packageMap   = map[string]point{"unit": {1, 1}}
	packageFunc  = strings.ToUpper
	packageErr   = errors.New("package error")
	packageAny   any = point{5, 6}
	packageArray = [4]uint16{1, 2, 3, 4}
	started      atomic.Int64
)

//go:noinline
func scalars(flag bool) {
	i, i8, i16, i32, i64 := -5, int8(-8), int16(-1600), int32(-320000), int64(math.MinInt64)
	u, u8, u16, u32, u64 := uint(5), uint8(200), uint16(60000), uint32(4000000000), uint64(math.MaxUint64)
	up := uintptr(0xdeadbeef)
	f32, f64 := float32(1.1), 2.5
	big, small, whole, negative := 1e100, 1.5e-9, 3.0, -0.25
	inf, ninf, nan, zero := math.Inf(1), math.Inf(-1), math.NaN(), 0.0
	c64, c128 := complex64(complex(1, 2)), complex(-1.5, 0.25)
	r, b := 'ä', byte('x')
	t, n := true, false
	col, col9, m, m0, m9 := blue, color(9), flagRead|flagExec, mask(0), mask(9)
	temp := celsius(36.6)
	d := 1500 * time.Millisecond
	month, day := time.March, time.Friday
	mode := os.FileMode(0o644)
	kind := reflect.Map
	sig := syscall.SIGABRT
	p := &i
	pp := &p
	unsafePtr := unsafe.Pointer(p)
	var nilUnsafe unsafe.Pointer
	var nilInt *int
	started.Add(1)
	<-never
	fmt.Println(i, i8, i16, i32, i64, u, u8, u16, u32, u64, up, f32, f64, big, small, whole, negative, inf, ninf, nan, zero,
		c64, c128, r, b, t, n, col, col9, m, m0, m9, temp, d, month, day, mode, kind, sig, p, pp, unsafePtr, nilUnsafe,
		nilInt, flag)
}

//go:noinline
func texts(given string, many ...string) {
	empty, ascii, unicode := "", "plain", "grüße 世界"
	quotes := "a \"quoted\"\n\ttext\\ \x00\x7f\xff\u0085"
	long := strings.Repeat("0123456789", 30)
	multi := "line one\nline two"
	words := []string{"one", "two", "", "four"}
	var nilWords []string
	array := [3]string{"a", "b"}
	b := []byte("bytes\x00\xfe")
	runes := []rune("rüne")
	typed := names{"x", "y"}
	pointer := &ascii
	raw := []byte{}
	joined := ascii + unicode
	buffer := bytes.NewBufferString("buffered")
	var builder strings.Builder
	builder.WriteString("built")
	reader := strings.NewReader("read me")
	manyWords := make([]string, 100)
	for i := range manyWords {
		manyWords[i] = fmt.Sprint("word", i)
	}
	started.Add(1)
	<-never
	fmt.Println(empty, ascii, unicode, quotes, long, multi, words, nilWords, array, b, runes, typed, pointer, raw, joined,
		buffer, builder.String(), reader, given, many, manyWords)
}

//go:noinline
func arrays() {
	numbers := []int{3, 1, 4, 1, 5, 9, 2, 6}
	part := numbers[2:5]
	var nilSlice []int
	emptySlice := []int{}
	reserved := make([]int, 2, 10)
	array := [3]float64{1.5, 2.5, 3.5}
	var zeros [0]int
	grid := matrix{{1, 2, 3}, {4, 5, 6}}
	cube := [2][2][2]int8{{{1, 2}, {3, 4}}, {{5, 6}, {7, 8}}}
	nested := [][]int{{1}, {}, nil, {2, 3}}
	points := []point{{1, 2}, {3, 4}}
	pointers := []*point{{5, 6}, nil}
	shapes := []shape{square{1, "one"}, nil, &square{2, "two"}}
	anys := []any{1, "two", 3.0, nil, point{4, 5}, []int{6}, map[string]int{"seven": 7}, &point{8, 9}}
	bools := []bool{true, false}
	maps := []map[string]int{{"a": 1}, nil}
	funcs := []func(int) int{func(i int) int { return i }, nil}
	large := make([]int, 1000)
	for i := range large {
		large[i] = i * i
	}
	var largeArray [200]byte
	for i := range largeArray {
		largeArray[i] = byte(i)
	}
	parray := &array
	pslice := &numbers
	structs := [2]struct {
		A int
		B string
	}{{1, "x"}, {2, "y"}}
	errs := []error{errors.New("first"), nil, plainError("plain"), &myError{3, "third"}}
	colors := []color{red, green, blue}
	durations := []time.Duration{time.Second, time.Millisecond}
	empties := []struct{}{{}, {}}
	chans := []chan int{never, nil}
	started.Add(1)
	<-never
	fmt.Println(numbers, part, nilSlice, emptySlice, reserved, array, zeros, grid, cube, nested, points, pointers, shapes,
		anys, bools, maps, funcs, large, largeArray, parray, pslice, structs, errs, colors, durations, empties, chans)
}

//go:noinline
func records(given everything, pgiven *everything) {
	p := point{1, 2}
	pp := &p
	ppp := &pp
	var np *point
	s := square{2, "two"}
	e := embedded{&middle{base{7, "seven"}, 3}, point{8, 9}, "title"}
	pe := &e
	var anonymous struct {
		A int
		B struct{ C, D string }
	}
	anonymous.B.C = "cc"
	var none struct{}
	b := bits{true, false, true, -1, 2, -3, 4, 5.5, complex(6, 7), 8, 9, 'a'}
	first := &node{Value: 1}
	first.Next = &node{Value: 2, Prev: first}
	first.Next.Next = &node{Value: 3, Prev: first.Next}
	ring := &node{Value: 10}
	ring.Next, ring.Prev = ring, ring
	root := &tree{&tree{nil, nil, "left", 1}, &tree{nil, nil, "right", "r"}, "root", point{3, 3}}
	deep := struct{ A struct{ B struct{ C struct{ D int } } } }{}
	deep.A.B.C.D = 4
	same, other := point{1, 2}, point{2, 1}
	started.Add(1)
	<-never
	fmt.Println(p, pp, ppp, np, s, e, pe, anonymous, none, b, first, ring, root, deep, given, pgiven, same, other)
}

//go:noinline
func maps() {
	strs := map[string]int{"one": 1}
	ints := map[int]string{7: "seven"}
	var nilMap map[string]int
	empty := map[string]int{}
	structs := map[point]square{{1, 2}: {3, "three"}}
	pointers := map[string]*point{"p": {1, 2}}
	nested := map[string]map[int]bool{"n": {1: true}}
	slices := map[string][]int{"s": {1, 2}}
	anys := map[any]any{"k": 1}
	ifaces := map[shape]int{square{1, "sq"}: 4}
	arrays := map[[2]int]string{{1, 2}: "arr"}
	floats := map[float64]bool{1.5: true}
	sets := map[string]struct{}{"in": {}}
	bools := map[bool]int{true: 1}
	runes := map[rune]int{'x': 2}
	colors := map[color]string{blue: "blue"}
	typed := ages{"ada": 36}
	chans := map[chan int]int{never: 1}
	large := map[int]int{}
	for i := 0; i < 5000; i++ {
		large[i] = i * 2
	}
	many := map[string]string{}
	for i := 0; i < 300; i++ {
		many[fmt.Sprint("key", i)] = fmt.Sprint("value", i)
	}
	bigKey := map[[40]int]int{{1}: 1}
	bigValue := map[int][40]int{1: {2}}
	pm := &strs
	var concurrent sync.Map
	concurrent.Store("a", 1)
	started.Add(1)
	<-never
	fmt.Println(strs, ints, nilMap, empty, structs, pointers, nested, slices, anys, ifaces, arrays, floats, sets, bools,
		runes, colors, typed, chans, large, many, bigKey, bigValue, pm, &concurrent)
}

//go:noinline
func interfaces(given shape, err error) {
	var nilAny any
	var nilErr error
	var nilShape shape
	anInt, aString, aFloat, aBool := any(42), any("text"), any(2.5), any(true)
	aPoint, aPointer, aSlice, aMap := any(point{1, 2}), any(&point{3, 4}), any([]int{1, 2}), any(map[string]int{"k": 1})
	aFunc, aChan, aColor, anArray := any(strings.ToUpper), any(never), any(blue), any([2]int{1, 2})
	aNilPointer := any((*point)(nil))
	aStruct := any(struct{ A int }{1})
	aPair := any(pair[string, int]{"k", 1})
	anError := errors.New("plain error")
	wrapped := fmt.Errorf("wrapped: %w", anError)
	custom := error(&myError{404, "not found"})
	plain := error(plainError("plain"))
	pathError := error(&os.PathError{Op: "open", Path: "/x", Err: syscall.ENOENT})
	sh, psh := shape(square{2, "sq"}), shape(&square{3, "psq"})
	pany := &aPoint
	var w io.Writer = os.Stdout
	var r io.Reader = strings.NewReader("abc")
	ctx, cancel := context.WithCancel(context.Background())
	value := context.WithValue(ctx, "key", 5)
	typ := reflect.TypeOf(point{})
	rv := reflect.ValueOf(point{6, 7})
	anyAny := any(&anInt)
	anUnsafe := any(unsafe.Pointer(pany))
	aComplex := any(complex(1, 2))
	aDuration := any(time.Minute)
	started.Add(1)
	<-never
	cancel()
	fmt.Println(nilAny, nilErr, nilShape, anInt, aString, aFloat, aBool, aPoint, aPointer, aSlice, aMap, aFunc, aChan,
		aColor, anArray, aNilPointer, aStruct, aPair, anError, wrapped, custom, plain, pathError, sh, psh, pany, w, r, ctx,
		value, typ, rv, given, err, anyAny, anUnsafe, aComplex, aDuration)
}

//go:noinline
func channels(in <-chan int, out chan<- string) {
	unbuffered := make(chan int)
	buffered := make(chan int, 4)
	buffered <- 1
	buffered <- 2
	wrapped := make(chan int, 3)
	for i := 0; i < 5; i++ {
		wrapped <- i
		if i >= 2 {
			<-wrapped
		}
	}
	structs := make(chan point, 2)
	structs <- point{1, 2}
	texts := make(chan string, 1)
	texts <- "waiting"
	closed := make(chan bool, 1)
	close(closed)
	var nilChan chan int
	pointers := make(chan *point, 1)
	empties := make(chan struct{}, 2)
	empties <- struct{}{}
	waited := make(chan string)
	for i := 0; i < 3; i++ {
		go func(i int) {
			started.Add(1)
			waited <- fmt.Sprint("sender ", i)
		}(i)
	}
	pchan := &buffered
	started.Add(1)
	<-never
	fmt.Println(unbuffered, buffered, wrapped, structs, texts, closed, nilChan, pointers, empties, waited, in, out, pchan)
}

//go:noinline
func functions(h handler) {
	captured, changed := 5, "before"
	var nilFunc func()
	plain := strings.ToLower
	closure := func(i int) int { return i + captured }
	changing := func() string { changed += "!"; return changed }
	p := point{3, 4}
	bound := p.Sum
	boundPointer := p.Move
	expression := point.Sum
	deferred := func() func() int { x := captured; return func() int { x++; return x } }()
	generic := apply[int, string]
	pf := &plain
	started.Add(1)
	func() {
		inner := captured * 2
		<-never
		fmt.Println(inner, changed)
	}()
	fmt.Println(captured, changed, nilFunc == nil, plain("x"), closure(1), changing(), bound(), boundPointer,
		expression(p), deferred(), generic, h, pf)
}

//go:noinline
func apply[T any, U any](values []T, f func(T) U) []U {
	var out []U
	for _, v := range values {
		out = append(out, f(v))
	}
	return out
}

//go:noinline
func generics[K comparable, V any](k K, v V, all []V) {
	m := map[K]V{k: v}
	p := pair[K, V]{k, v}
	pp := &p
	l := &list[V]{}
	l.push(v)
	l.push(v)
	var zero V
	var e any = v
	pv := &v
	started.Add(1)
	<-never
	fmt.Println(m, p, pp, l, zero, k, v, all, e, pv)
}

//go:noinline
func library() {
	when := time.Date(2026, 11, 21, 12, 30, 0, 500, time.UTC)
	var zeroTime time.Time
	local := time.Unix(1700000000, 0).In(time.FixedZone("EST", -5*3600))
	pwhen := &when
	elapsed := 90 * time.Minute
	var mu, locked sync.Mutex
	locked.Lock()
	var rw sync.RWMutex
	rw.RLock()
	var wg sync.WaitGroup
	wg.Add(2)
	var once sync.Once
	once.Do(func() {})
	var i32 atomic.Int32
	i32.Store(-32)
	var u64 atomic.Uint64
	u64.Store(64)
	var ab atomic.Bool
	ab.Store(true)
	var ap atomic.Pointer[point]
	ap.Store(&point{1, 2})
	var av atomic.Value
	av.Store("stored")
	var pool sync.Pool
	pool.Put(1)
	var sm sync.Map
	sm.Store("k", 1)
	cond := sync.NewCond(&mu)
	ticker := time.NewTicker(time.Hour)
	file := os.Stdin
	started.Add(1)
	<-never
	ticker.Stop()
	fmt.Println(when, zeroTime, local, pwhen, elapsed, &mu, &locked, &rw, &wg, &once, &i32, &u64, &ab, &ap, &av, &pool, &sm,
		cond, file)
}

// Arguments in registers, as optimised code passes them; they are alive at the call.
//
//go:noinline
func arguments(i int, s string, list []int, p point, f float64, b bool, sh shape, e error, m map[string]int, pp *point) int {
	stay(i, s, list, p, f, b, sh, e, m, pp)
	return i + len(s) + len(list) + p.X + int(f) + len(m) + pp.Y
}

//go:noinline
func stay(i int, s string, list []int, p point, f float64, b bool, sh shape, e error, m map[string]int, pp *point) {
	started.Add(1)
	<-never
	fmt.Println(i, s, list, p, f, b, sh, e, m, pp)
}

//go:noinline
func results(x int) (total int, text string, err error) {
	total, text = x*2, "result"
	err = &myError{x, "returned"}
	defer func(n int) { total += n }(x)
	for i, c := range "äb" {
		if i := int(c) + i; i > 0 {
			shadow := i
			_ = shadow
		}
	}
	started.Add(1)
	<-never
	return
}

//go:noinline
func shadowed(x int) {
	y := "outer"
	if x > 0 {
		x := "inner"
		y := 2.5
		started.Add(1)
		<-never
		fmt.Println(x, y)
	}
	fmt.Println(x, y)
}

func main() {
	debug.SetTraceback("crash")
	all := everything{1, "text", []int{1, 2}, map[string]int{"k": 1}, &point{1, 2}, func() {}, make(chan int, 1), 5,
		errors.New("an error"), [2]string{"a", "b"}, struct{ A, B int }{1, 2}, nil, time.Second}
	scalarsOf := []func(){
		func() { scalars(true) },
		func() { texts("given", "m1", "m2") },
		arrays,
		func() { records(all, &all) },
		maps,
		func() { interfaces(square{4, "given"}, errors.New("given error")) },
		func() { channels(make(chan int, 1), make(chan string, 1)) },
		func() { functions(func(int, string) error { return nil }) },
		func() { generics("key", 5, []int{1, 2}) },
		func() { generics(point{1, 2}, "value", []string{"a", "b"}) },
		func() { generics(3, &point{1, 1}, []*point{nil}) },
		library,
		func() {
			arguments(1, "two", []int{3}, point{4, 5}, 6.5, true, square{7, "seven"}, errors.New("eight"),
				map[string]int{"nine": 9}, &point{10, 11})
		},
		func() { results(21) },
		func() { shadowed(3) },
	}
	for _, f := range scalarsOf {
		go f()
	}
	for started.Load() < int64(len(scalarsOf)+3) {
		time.Sleep(10 * time.Millisecond)
	}
	time.Sleep(300 * time.Millisecond) // those that have announced themselves reach their wait
	fmt.Println("ready", packageInt, packageText, packageColor, packageMap, packageFunc("x"), packageErr, packageAny,
		packageArray, limit, greeting, ratio)
	os.Stdout.Sync()
	time.AfterFunc(time.Hour, func() {}) // nobody is to find a deadlock before the signal comes
	if len(os.Args) > 1 && os.Args[1] == "abort" {
		syscall.Kill(syscall.Getpid(), syscall.SIGABRT)
	}
	select {}
}
