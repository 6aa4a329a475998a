package dfilter

import (
	"bufio"
	"os"
	"strings"
	"testing"

	"wstap/capture"
	"wstap/wsframe"
)

// FuzzParse prints and reads trees back, and holds filters that compile against
// the laws of logic, at a frame and at a connection without one.
func FuzzParse(f *testing.F) {
	if file, err := os.Open("testdata/filters.txt"); err == nil {
		for lines := bufio.NewScanner(file); lines.Scan(); {
			f.Add(strings.TrimSpace(lines.Text()))
		}
		file.Close()
	}
	for _, s := range []string{
		`1024 < tcp.srcport <= 65535`, `(ip == 1) == 2`, `a ^^ b xor c`, `all -{1 + - 2} in {-1 .. {2}, "x" 'y'}`,
		`tcp[0,-1,2:,:3,-4-5]#[1,2:]`, `string(ip.src)[0:3][0] == r"a\"\b"`, `max(1,2,{3})&4`, `"\x00\377\u00e9"`, `--1 == -tcp.port`,
		`websocket.payload & 00:ff`, `frame.time in {"2020-01-01" .. 2021-01-01}`, `ip.src&10.0.0.0/8`, `x not in{1}`,
	} {
		f.Add(s)
	}
	frame := &wsframe.Frame{
		M: wsframe.Meta{Stamp: capture.Stamp{Packet: 7}, Conn: &wsframe.Conn{Upgrade: &wsframe.Upgrade{}}}, Opcode: wsframe.OpPong, Masked: true,
		Header: []byte{0x8a, 0x83, 1, 2, 3, 4}, Length: 3, Payload: []byte("abc"),
	}
	f.Fuzz(func(t *testing.T, src string) {
		tree, err := parse(src)
		if err != nil {
			if err.Pos < 0 || err.Pos > len(src) || err.Len < 1 || err.Message == "" {
				t.Fatalf("%q: %+v", src, err)
			}
			err.Expr = src
			err.Caret()
			return
		}
		printed := tree.String()
		again, err := parse(printed)
		if err != nil {
			if strings.Contains(err.Message, "nested") || strings.Contains(err.Message, "terms") {
				return // brackets that were not written count too
			}
			t.Fatalf("%q is printed as %q, which is refused: %v", src, printed, err)
		}
		if again.String() != printed {
			t.Fatalf("%q is printed as %q, and that as %q", src, printed, again)
		}
		one, err := compile(src, Options{})
		two, err2 := compile(printed, Options{})
		if (err == nil) != (err2 == nil) {
			t.Fatalf("%q: %v, printed as %q: %v", src, err, printed, err2)
		}
		if err != nil {
			return
		}
		not, err := compile("!("+printed+")", Options{})
		if err != nil {
			return
		}
		x := &Context{Packets: &capture.History{}}
		one.Require(x)
		for _, move := range []func(){
			func() { x.Observe(frame) },
			func() { x.connection(&frame.M) },
			func() { x.connection(&wsframe.Meta{}) },
		} {
			move()
			want := one.Match(x)
			if one.Match(x) != want || two.Match(x) != want || not.Match(x) == want {
				t.Fatalf("%q: %t, again %t, printed as %q %t, negated %t", src, want, one.Match(x), printed, two.Match(x), not.Match(x))
			}
		}
	})
}
