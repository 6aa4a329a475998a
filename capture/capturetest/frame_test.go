package capturetest

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"
)

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestFrameExamples holds the encoder against the examples of RFC 6455, 5.7.
func TestFrameExamples(t *testing.T) {
	key := [4]byte{0x37, 0xfa, 0x21, 0x3d}
	hello := []byte("Hello")
	for _, c := range []struct {
		name string
		f    Frame
		want string
	}{
		{"unmasked text", Frame{Opcode: OpText, Payload: hello}, "81 05 48 65 6c 6c 6f"},
		{"masked text", Frame{Opcode: OpText, Masked: true, Key: key, Payload: hello}, "81 85 37 fa 21 3d 7f 9f 4d 51 58"},
		{"first fragment", Frame{Opcode: OpText, More: true, Payload: []byte("Hel")}, "01 03 48 65 6c"},
		{"last fragment", Frame{Payload: []byte("lo")}, "80 02 6c 6f"},
		{"ping", Frame{Opcode: OpPing, Payload: hello}, "89 05 48 65 6c 6c 6f"},
		{"masked pong", Frame{Opcode: OpPong, Masked: true, Key: key, Payload: hello}, "8a 85 37 fa 21 3d 7f 9f 4d 51 58"},
	} {
		if got := c.f.Append(nil); !bytes.Equal(got, unhex(t, c.want)) {
			t.Errorf("%s: % x, want %s", c.name, got, c.want)
		}
	}
	for _, c := range []struct {
		n    int
		form int
		want string
	}{
		{125, 0, "82 7d"}, {126, 0, "82 7e 00 7e"}, {256, 0, "82 7e 01 00"}, {65535, 0, "82 7e ff ff"},
		{65536, 0, "82 7f 00 00 00 00 00 01 00 00"}, {5, 16, "82 7e 00 05"}, {5, 64, "82 7f 00 00 00 00 00 00 00 05"},
	} {
		got := Frame{Opcode: OpBinary, Form: c.form, Payload: make([]byte, c.n)}.Append(nil)
		if want := unhex(t, c.want); !bytes.Equal(got[:len(got)-c.n], want) {
			t.Errorf("%d bytes, form %d: header % x, want % x", c.n, c.form, got[:len(got)-c.n], want)
		}
	}
}

func TestFrameDeclaredLength(t *testing.T) {
	n := uint64(1) << 63
	got := Frame{Opcode: OpBinary, Rsv: 4, Declared: &n, Payload: []byte("x")}.Append([]byte("before"))
	if want := append([]byte("before"), unhex(t, "c2 7f 80 00 00 00 00 00 00 00 78")...); !bytes.Equal(got, want) {
		t.Errorf("% x, want % x", got, want)
	}
}

// TestAcceptExample is the example of RFC 6455, 1.3.
func TestAcceptExample(t *testing.T) {
	if got := AcceptFor(Key); got != "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" {
		t.Error(got)
	}
}

func TestHead(t *testing.T) {
	h := NewRequest("POST", "/x", "h:1")
	h.Set("A: 1")
	h.Set("b: 2")
	h.Set("a: 3")
	h.Remove("B")
	h.Set("Note: one\r\n two")
	h.Body, h.Chunked = []byte("0123456789"), true
	h.Lower()
	want := "POST /x HTTP/1.1\r\nhost: h:1\r\na: 3\r\nnote: one\r\n two\r\n\r\n8\r\n01234567\r\n2\r\n89\r\n0\r\n\r\n"
	if got := string(h.Append(nil)); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
