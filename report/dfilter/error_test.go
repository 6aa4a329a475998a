package dfilter_test

import (
	"errors"
	"strings"
	"testing"

	"wstap/report/dfilter"
)

// TestRefused holds wrong filters against what is said about them, and where
// the caret points.
func TestRefused(t *testing.T) {
	for _, tc := range []struct{ filter, caret, message string }{
		{``, `^`, "the filter is empty"},
		{`websocket.opcode == `, `                    ^`, "ends where a field or value is expected"},
		{`websocket.opcode = 1`, `                 ^`, `"=" is no operator: compare with ==`},
		{`(websocket.fin`, `              ^`, `ends where ")" is expected`},
		{`websocket.fin)`, `             ^`, `")" is unexpected here`},
		{`websocket.fin websocket.mask`, `              ^~~~~~~~~~~~~~`, `"websocket.mask" is unexpected here`},
		{`websocket.opcod == 1`, `^~~~~~~~~~~~~~~`, "did you mean websocket.opcode?"},
		{`websocket.text == "a"`, `^~~~~~~~~~~~~~`, "did you mean websocket.payload.text?"},
		{`dns.qry.name`, `^~~~~~~~~~~~`, "neither a field nor a protocol name: wstap fields lists"},
		{`1 == 1`, `^`, "1 is neither a field nor a protocol name"},
		{`websocket.opcode == 300`, `                    ^~~`, `"300" is too big for this field, whose maximum is 255`},
		{`websocket.opcode == "Txt"`, `                    ^~~~~`, `"Txt" is none of the values of websocket.opcode, which are Continuation, Text,`},
		{`tcp.port == "abc"`, `            ^~~~~`, `unsigned integer (2 bytes) cannot be converted from a string ("abc")`},
		{`tcp.port == 09`, `            ^~`, `"09" is not a valid number`},
		{`ip.src == 10.0.0.300`, `          ^~~~~~~~~~`, "not a valid IPv4 address: host names are not resolved"},
		{`ip.src == "10.0.0.1"`, `          ^~~~~~~~~~`, "write it without quotes"},
		{`ip.src == websocket.opcode`, `          ^~~~~~~~~~~~~~~~`, "not of compatible types"},
		{`frame.time > 1`, `             ^`, "not a valid date and time"},
		{`frame.time_relative > "1"`, `                      ^~~`, "cannot be converted from a string"},
		{`websocket.masking_key == 0x1`, `                         ^~~`, "not a valid byte string"},
		{`websocket.opcode contains 1`, `^~~~~~~~~~~~~~~~`, "string(websocket.opcode)"},
		{`websocket.opcode matches "1"`, `^~~~~~~~~~~~~~~~`, "string(websocket.opcode)"},
		{`websocket.payload.text matches a`, `                               ^`, "a string in double quotes"},
		{`websocket.payload.text matches "("`, `                               ^~~`, "missing closing )"},
		{`websocket.payload.text matches "(?=a)"`, `                               ^~~~~~~`, "RE2's, which has no lookaround"},
		{`websocket.payload.text matches r"(a)\1"`, `                               ^~~~~~~~`, "RE2's, which has no backreferences"},
		{`websocket.payload.text == "a\qb"`, `                            ^~`, "no such escape sequence"},
		{`websocket.payload.text == "abc`, `                          ^~~~`, "the closing quote is missing"},
		{`websocket.payload.text == 'abc'`, `                          ^~~~~`, "a character constant is one byte"},
		{`len(websocket.payload)`, `^~~`, "a function is no test"},
		{`size(websocket.payload) == 1`, `^~~~`, "function size does not exist"},
		{`count() == 1`, `^~~~~~~`, "count wants 1 argument, not 0"},
		{`upper(tcp.port) == "A"`, `      ^~~~~~~~`, "upper wants a string"},
		{`max(tcp.port, ip.src) == 1`, `              ^~~~~~`, "must have the same type"},
		{`max(1, 2) == 1`, `    ^`, "max wants a field, not the constant 1"},
		{`tcp.port + 1`, `^~~~~~~~~~~~`, "a sum is no test"},
		{`ip.src + 1 == 2`, `         ^`, "not a valid IPv4 address"},
		{`websocket.mask & 1`, `^~~~~~~~~~~~~~`, "cannot be used with &"},
		{`any tcp.port`, `^~~`, `"any" stands before a comparison`},
		{`tcp.port in {}`, `             ^`, `"}" is unexpected here`},
		{`tcp.port in {80`, `               ^`, `ends where "}" is expected`},
		{`tcp.port in 80`, `            ^~`, `80 where "{" is expected`},
		{`tcp[0:2] == 00:50`, `^~~`, "the bytes of tcp are not kept"},
		{`frame contains "GET"`, `^~~~~`, "no value to compare with"},
		{`tcp.port[0] == 1`, `^~~~~~~~`, "cannot be sliced"},
		{`websocket.payload[a] == 1`, `                  ^`, `"a" is no slice`},
		{`websocket.payload[0 == 1`, `                        ^`, `"]" is expected`},
		{`ip.src#x == 10.0.0.1`, `       ^`, "a layer is a number"},
		{`@tcp.port == 01`, `^`, "raw values (@) and references ($) are not supported"},
		{"websocket ; tcp", `          ^`, "unexpected"},
		{"é == 1", `^`, "neither a field"},
		{"websocket.payload.text == \"é\" é", `                              ^`, "unexpected"},
		{strings.Repeat("(", 1000), strings.Repeat(" ", 200) + "^", "nested more than 200 deep"},
	} {
		_, err := dfilter.Compile(tc.filter, dfilter.Options{})
		var e *dfilter.Error
		if !errors.As(err, &e) {
			t.Errorf("%q: error %v", tc.filter, err)
			continue
		}
		if !strings.Contains(err.Error(), tc.message) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %q, want %q in it", tc.filter, err, tc.message)
		}
		if want := "    " + tc.filter + "\n    " + tc.caret; e.Caret() != want {
			t.Errorf("%q: points at\n%s\nwant\n%s", tc.filter, e.Caret(), want)
		}
	}
}
