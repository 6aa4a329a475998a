// Package reply matches answers to what they answer: pongs to pings, and
// messages to those of the other side that carry the same id. What is attached
// to a request, a time or a row of a table, comes back with its answer.
package reply

import "strings"

// maxWaiting is how many pings wait for their pongs, and maxBody how many bytes
// of each are compared: all that a control frame may have (RFC 6455, 5.5).
const (
	maxWaiting = 64
	maxBody    = 125
)

// Pings are the pings of one side that were not answered yet: at most 64, the
// oldest is forgotten for a new one. The zero value is ready.
type Pings[T any] struct{ waiting []ping[T] } // the latest last

type ping[T any] struct {
	body string
	of   T
}

// Send takes a ping. The body is lent.
func (p *Pings[T]) Send(body []byte, of T) {
	if len(p.waiting) == maxWaiting {
		p.waiting = append(p.waiting[:0], p.waiting[1:]...)
	}
	p.waiting = append(p.waiting, ping[T]{string(body[:min(len(body), maxBody)]), of})
}

// Answer takes a pong: it answers the latest ping with the same body. The
// skipped pings before that one will not be answered any more, as is allowed
// (RFC 6455, 5.5.3). ok is false where it answers none.
func (p *Pings[T]) Answer(body []byte) (of T, skipped int, ok bool) {
	for i := len(p.waiting) - 1; i >= 0; i-- {
		sent := p.waiting[i]
		if sent.body != string(body[:min(len(body), maxBody)]) {
			continue
		}
		p.waiting = append(p.waiting[:0], p.waiting[i+1:]...)
		return sent.of, i, true
	}
	return of, 0, false
}

// Heartbeat reports whether a message is a ping or a pong by its name: that of
// an application, of Engine.IO, or of MQTT (3.12, 3.13).
func Heartbeat(name string) (ping, pong bool) {
	name = strings.TrimPrefix(name, "engine.io ")
	switch {
	case strings.EqualFold(name, "ping"), name == "PINGREQ":
		return true, false
	case strings.EqualFold(name, "pong"), name == "PINGRESP":
		return false, true
	}
	return false, false
}
