// Package subproto says in one short line what a WebSocket message is, for
// people who read a timeline.
//
// What the line holds, by what the payload is:
//
//   - A JSON object: its name, its topic or channel, and "#" with its id (id,
//     requestId, req, seq, ref, transaction). The name is the string under the
//     first of the keys message, type, event, method, action, op, cmd, command,
//     kind, name, msg, t, and the rarer ones of nameRank; "type message" where
//     message stands beside one of the eight behind it. Without a name: error
//     with its text, or result (JSON-RPC); a number of up to six digits with its
//     key ("op 10"); the name in the first object within; the keys.
//   - A JSON array: what Phoenix, WAMP and OCPP put there, else its first
//     string, or the name of its first object.
//   - Engine.IO, Socket.IO, SockJS and SignalR frames: the name of the message
//     within, or the packet's type.
//   - STOMP, SIP, MQTT: command or type with its target; XML: the first element.
//   - Any other text: its beginning, to the end of the line.
//   - Any other binary payload: the format that its first bytes name, else
//     nothing. Nothing is guessed from statistics.
package subproto

import (
	"bytes"
	"slices"
	"strings"
)

// Kind is the kind of a message's payload (RFC 6455, 5.6).
type Kind uint8

// The kinds.
const (
	Text Kind = iota
	Binary
)

// Bounds.
const (
	maxRunes = 80       // of a summary
	maxScan  = 64 << 10 // bytes of a payload that are looked at
	// maxNamed is the number of bytes that are looked at once a name is known.
	// A larger message may hold its id, or a better name, behind them.
	maxNamed = 4 << 10
)

// AppendSummary appends to dst what the message is, in at most 80 characters;
// nothing where there is nothing to say. subprotocol is the one that the handshake
// agreed on, "" if none or unknown. The payload may be cut off anywhere.
//
// The result holds what the peer sent, control characters too: escape it
// before it reaches a terminal. All of dst's capacity may be written to. Nothing is
// allocated for most payloads, since a timeline asks for each message.
// AppendShort, where it is asked first, takes a fraction of the time.
func AppendSummary(dst []byte, kind Kind, payload []byte, subprotocol string) []byte {
	dst = slices.Grow(dst, shortBytes)
	l := line{b: dst, start: len(dst)}
	l.message(kind, payload, subprotocol)
	return l.end()
}

// message collects the summary of a message.
func (l *line) message(kind Kind, payload []byte, subprotocol string) {
	b := payload[:min(len(payload), maxScan)]
	switch {
	case len(b) == 0:
	case kind == Binary && isProtocol(subprotocol, "mqtt"):
		mqtt(l, b)
	case json(l, b, subprotocol):
	case kind == Binary:
		magic(l, b)
	default:
		text(l, b, subprotocol)
	}
}

// text summarizes a text that is no JSON: the first recognizer that knows it does.
func text(l *line, b []byte, subprotocol string) {
	switch { // calls by name, not through a table, leave l on the stack
	case socketIO(l, b), sockJS(l, b), stomp(l, b, subprotocol), sip(l, b, subprotocol), xml(l, b):
	default:
		words(l, b)
	}
}

// json summarizes a JSON object or array.
func json(l *line, b []byte, subprotocol string) bool {
	b = b[skipBlank(b, 0):]
	switch byteAt(b, 0) {
	case '{':
		if b[len(b)-1] != recordSeparator || !signalR(l, b) {
			object(l, b)
		}
	case '[':
		array(l, b, subprotocol)
	default:
		return false
	}
	return l.n > 0
}

// words takes the beginning of the first line that is not blank.
func words(l *line, b []byte) {
	l.excerpt = true
	b = bytes.TrimLeft(b, " \t\r\n")
	if i := bytes.IndexAny(b[:min(len(b), 4*maxRunes)], "\r\n"); i >= 0 {
		b = b[:i]
	}
	l.add(bytes.TrimRight(b, " \t"))
}

// isProtocol reports whether a subprotocol is name, or name with a version
// ("mqttv3.1", "v12.stomp", "ocpp1.6", "wamp.2.json"). Registered names are
// lower-case, and matched as they stand (RFC 6455, 11.5).
func isProtocol(subprotocol, name string) bool {
	i := strings.Index(subprotocol, name)
	return i == 0 || i > 0 && subprotocol[i-1] == '.'
}
