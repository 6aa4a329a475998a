package subproto

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestOpaque(t *testing.T) {
	zeros := strings.Repeat("\x00", 2*OpaqueHead)
	tests := []struct {
		name, payload, subprotocol string
		want                       bool
	}{
		{name: "zeros", payload: zeros, want: true},
		{name: "picture", payload: "\x89PNG\r\n\x1a\n" + zeros, want: true},
		{name: "delete", payload: strings.Repeat("\x7f", OpaqueHead), want: true},
		{name: "text", payload: strings.Repeat("words\t\r\n", OpaqueHead)},
		{name: "control characters behind the head", payload: strings.Repeat("a", OpaqueHead) + zeros},
		{name: "object", payload: "{\x00" + zeros},
		{name: "array behind blanks", payload: "\r\n [\x00" + zeros},
		{name: "stomp", payload: "SEND\ndestination:/q\n\n" + zeros},
		{name: "stomp with carriage returns", payload: "ACK\r\nid:1\r\n\r\n" + zeros},
		{name: "like stomp", payload: "SENT\ndestination:/q\n\n" + zeros, want: true},
		{name: "mqtt, agreed on", payload: "\x30\x7f" + zeros, subprotocol: "mqtt"},
	}
	for _, test := range tests {
		if got := Opaque([]byte(test.payload), test.subprotocol); got != test.want {
			t.Errorf("%s: %v", test.name, got)
		}
	}
}

// TestOpaqueHeadDecides: what follows the head of an opaque payload changes
// nothing in its summary.
func TestOpaqueHeadDecides(t *testing.T) {
	beginnings := []string{"", "{", " \n[", "\x10\x0c\x00\x04MQTT\x04", "SEND\n", "MESSAGE\r\n", "CONNECTED\n\n", "RIFF\x00\x00\x00\x00WAVE", "\x00\x00\x00 ftyp", "\x1f\x8b\x08"}
	for _, m := range magics {
		beginnings = append(beginnings, m.prefix)
	}
	const letters = "\x00\x01\x1b\x7f\xff\n\n:{}\"ainot"
	r := rand.New(rand.NewPCG(1, 2))
	opaque := 0
	for range 20000 {
		b := []byte(beginnings[r.IntN(len(beginnings))])
		for n := OpaqueHead + r.IntN(200); len(b) < n; {
			if r.IntN(8) == 0 {
				b = append(b, "destination:"...)
			}
			b = append(b, letters[r.IntN(len(letters))])
		}
		subprotocol := []string{"", "v12.stomp", "mqtt"}[r.IntN(3)]
		if !Opaque(b, subprotocol) {
			continue
		}
		opaque++
		whole, head := AppendSummary(nil, Binary, b, subprotocol), AppendSummary(nil, Binary, b[:OpaqueHead], subprotocol)
		if !bytes.Equal(whole, head) {
			t.Fatalf("%q: %q, of its head %q", b, whole, head)
		}
	}
	if opaque < 5000 {
		t.Errorf("%d payloads were opaque", opaque)
	}
}
