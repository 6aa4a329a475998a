package page

import (
	"strconv"
	"time"

	"wstap/report"
)

// object appends the members of a JSON object to what begins with its brace.
type object struct{ b []byte }

// key appends a member's name, with the comma before it.
func (o *object) key(name string) {
	if n := len(o.b); n > 0 && o.b[n-1] != '{' {
		o.b = append(o.b, ',')
	}
	o.b = append(append(append(o.b, '"'), name...), '"', ':')
}

func (o *object) flag(name string, v bool) {
	o.key(name)
	o.b = strconv.AppendBool(o.b, v)
}

func (o *object) number(name string, n uint64) {
	o.key(name)
	o.b = strconv.AppendUint(o.b, n, 10)
}

// text adds a string, unless it is empty.
func (o *object) text(name, s string) {
	if s != "" {
		o.key(name)
		o.b = report.AppendJSON(o.b, []byte(s))
	}
}

// time adds nanoseconds since 1970 as a string, since JavaScript's numbers are
// too coarse for them. Unknown times are left out.
func (o *object) time(name string, at time.Time) {
	if !at.IsZero() {
		o.key(name)
		o.b = appendNanoseconds(o.b, at)
	}
}

func appendNanoseconds(b []byte, at time.Time) []byte {
	b = strconv.AppendInt(append(b, '"'), at.UnixNano(), 10)
	return append(b, '"')
}

// raw adds a value that is JSON.
func (o *object) raw(name string, value []byte) {
	o.key(name)
	o.b = append(o.b, value...)
}

// list adds an array of n values, each appended by one.
func (o *object) list(name string, n int, one func(b []byte, i int) []byte) {
	o.key(name)
	o.b = append(o.b, '[')
	for i := range n {
		if i > 0 {
			o.b = append(o.b, ',')
		}
		o.b = one(o.b, i)
	}
	o.b = append(o.b, ']')
}

// end closes the object.
func (o *object) end() []byte { return append(o.b, '}') }
