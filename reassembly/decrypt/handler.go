// Package decrypt is a reassembly.Handler around another: it finds TLS in the
// streams (RFC 8446, RFC 5246), decrypts it with the secrets of key logs (RFC
// 9850), and hands the plaintext on through the same door. Streams that are not
// TLS pass untouched.
//
// Nothing is believed that is not authentic: each record's tag or MAC is
// checked. What can't be decrypted yet is held until its key is known; what was
// lost is told as a Gap, and records are found again behind it.
//
// It runs no goroutines and asks no clock.
package decrypt

import (
	"fmt"
	"time"

	"wstap/capture"
	"wstap/reassembly"
)

// Options tune a Handler; the zero value gives the defaults.
type Options struct {
	// Wait is how long, in packet time, a stream that has ended waits for its
	// key. Zero means until Close: a file may hold the keys behind the packets.
	// Live captures want some seconds, or the streams without keys pile up to
	// the bound on memory.
	Wait time.Duration
}

// Stats counts what a Handler did. Those of the second group are limits hit.
type Stats struct {
	Streams   uint64 // that carried TLS
	Decrypted uint64 // of these, those of which application data could be read
	Late      uint64 // of these, those whose key came after their data
	Resynced  uint64 // times that records were found again behind a loss
	Failed    uint64 // records that no key opened

	HoldLimit   uint64 // streams that held as many bytes for their key as one may
	HeldLimit   uint64 // streams whose held bytes were given up for younger ones
	SearchLimit uint64 // searches ended since they cost too much
}

// Handler decrypts. Not for concurrent use.
type Handler struct {
	inner reassembly.Handler
	keys  *KeyLog
	opts  Options
	stats Stats

	waiting  waitingList // sessions that hold bytes for their key
	held     int         // bytes in all of them
	tickets  origins
	spare    []*conn               // used up, to be used again, as are
	ended    []*session            // sessions of streams that have ended
	work     int64                 // what all searches together may still cost
	advanced uint64                // generation of keys that the waiting sessions have tried
	plain    [maxLayers + 1][]byte // scratch: the plaintext at hand, by layer
	swept    time.Time             // when the sessions that have waited too long were last looked for
}

var _ reassembly.Handler = (*Handler)(nil)

// New makes a Handler that hands plaintext to inner. With a nil KeyLog nothing
// is decrypted nor held: TLS is only recognized and described.
func New(inner reassembly.Handler, keys *KeyLog, o Options) *Handler {
	return &Handler{inner: inner, keys: keys, opts: o, work: totalGrant}
}

// Stats tells what was done so far.
func (h *Handler) Stats() Stats { return h.stats }

// Format implements fmt.Formatter, so that no verb prints what lies within.
func (h *Handler) Format(s fmt.State, _ rune) {
	fmt.Fprintf(s, "decrypt.Handler %+v", h.stats)
}

// Open implements reassembly.Handler.
func (h *Handler) Open(st *reassembly.Stream) reassembly.StreamHandler {
	var c *conn
	if n := len(h.spare) - 1; n >= 0 {
		c, h.spare = h.spare[n], h.spare[:n]
	} else {
		c = new(conn)
	}
	*c = conn{h: h, st: st}
	c.layer.conn = c
	return c
}

// Advance implements reassembly.Handler. New secrets take effect here, too, for
// the streams that wait for them.
func (h *Handler) Advance(now time.Time) error {
	if h.keys != nil && h.keys.generation != h.advanced {
		h.advanced = h.keys.generation
		for _, s := range h.waiting.all() {
			s.tried = h.keys.generation
			if err := h.settle(s, s.drain()); err != nil {
				return err
			}
		}
	}
	if h.opts.Wait > 0 && now.Sub(h.swept) >= h.opts.Wait/4 {
		h.swept = now
		for _, s := range h.waiting.all() {
			if s.closed && now.Sub(s.closedAt) > h.opts.Wait {
				if err := h.settle(s, s.finish()); err != nil {
					return err
				}
			}
		}
	}
	return h.inner.Advance(now)
}

// Close ends what is still held: no more keys will come. It must be called
// once, after the Assembler's Close, and hands on what was held back.
func (h *Handler) Close() error {
	for h.waiting.first != nil {
		s := h.waiting.first
		if err := h.settle(s, s.finish()); err != nil {
			return err
		}
		h.unhold(s)
	}
	return nil
}

// settle takes the result of what a session did outside of a call for its
// stream: that the inner handler wants no more of it is to be remembered.
func (h *Handler) settle(s *session, err error) error {
	if ignored(err) {
		s.conn.ignore()
		return nil
	}
	return err
}

// maxSpare is how many connections, and sessions, are kept to be used again.
const maxSpare = 256

// give takes back a conn that nobody calls any more.
func (h *Handler) give(c *conn) {
	if *c = (conn{}); len(h.spare) < maxSpare {
		h.spare = append(h.spare, c)
	}
}

// end takes back a session that nobody looks at any more.
func (h *Handler) end(s *session) {
	if s.clear(); len(h.ended) < maxSpare {
		h.ended = append(h.ended, s)
	}
}

// conn is one stream: its layers, the outermost being that of TCP, and behind
// the innermost the inner handler.
type conn struct {
	h       *Handler
	st      *reassembly.Stream
	layer   layer
	inner   reassembly.StreamHandler
	ignored bool
	secret  bool // TLS without a key: not for the inner handler
}

var (
	_ reassembly.StreamHandler   = (*conn)(nil)
	_ reassembly.FINHandler      = (*conn)(nil)
	_ reassembly.ConflictHandler = (*conn)(nil)
)

// Data implements reassembly.StreamHandler.
func (c *conn) Data(d reassembly.Direction, b []byte, at capture.Stamp) error {
	switch {
	case c.layer.mode == plainText && c.inner != nil:
		return c.inner.Data(d, b, at)
	case c.layer.mode == encrypted && c.h.keys == nil:
		s := c.layer.tls
		if s.passes(d, len(b)) {
			return nil
		}
		return c.took(s.takeData(d, b, at))
	}
	return c.take(item{kind: dataItem, dir: d, data: b, at: at})
}

// Gap implements reassembly.StreamHandler.
func (c *conn) Gap(d reassembly.Direction, g reassembly.Gap, at capture.Stamp) error {
	return c.take(item{kind: gapItem, dir: d, gap: g, at: at})
}

// FIN implements reassembly.FINHandler.
func (c *conn) FIN(d reassembly.Direction, at capture.Stamp) error {
	return c.take(item{kind: finItem, dir: d, at: at})
}

// Conflict implements reassembly.ConflictHandler.
func (c *conn) Conflict(d reassembly.Direction, n int64, at capture.Stamp) error {
	return c.take(item{kind: conflictItem, dir: d, gap: reassembly.Gap{Bytes: n}, at: at})
}

// Close implements reassembly.StreamHandler.
func (c *conn) Close(why reassembly.Reason, at capture.Stamp) error {
	err := c.take(item{kind: closeItem, why: why, at: at})
	if h := c.h; h != nil && h.keys == nil { // else it may hold what waits for its key
		for l := &c.layer; l != nil && l.tls != nil; {
			s := l.tls
			l = s.out
			h.end(s)
		}
		h.give(c)
	}
	return err
}

func (c *conn) take(i item) error {
	if c.ignored {
		return reassembly.ErrIgnore
	}
	return c.took(c.layer.take(i))
}

// took does what the outermost layer's result asks for, and returns it.
func (c *conn) took(err error) error {
	switch {
	case ignored(err):
		c.ignore()
	case c.layer.mode == plainText && c.inner != nil:
		if c.st.HandOver(c, c.inner) { // there is nothing left to do here
			c.h.give(c)
		}
	}
	return err
}

// ignore frees what is held of a stream that the inner handler does not want.
func (c *conn) ignore() {
	c.ignored = true
	for l := &c.layer; l != nil && l.tls != nil; l = l.tls.out {
		c.h.unhold(l.tls)
	}
	c.layer = layer{}
}

// deliver hands what lies in the innermost layer to the inner handler, which
// is opened with its first bytes.
func (c *conn) deliver(i item) error {
	if c.inner == nil && (i.kind == dataItem || i.kind == gapItem) {
		if c.inner = c.h.inner.Open(c.st); c.inner == nil {
			return reassembly.ErrIgnore
		}
	}
	if i.kind == closeItem && c.secret {
		if e, ok := c.h.inner.(reassembly.EncryptedHandler); ok {
			if err := e.Encrypted(c.st, i.why, i.at); err != nil {
				return err
			}
		}
	}
	if c.inner == nil {
		return nil
	}
	switch i.kind {
	case dataItem:
		return c.inner.Data(i.dir, i.data, i.at)
	case gapItem:
		return c.inner.Gap(i.dir, i.gap, i.at)
	case finItem:
		if f, ok := c.inner.(reassembly.FINHandler); ok {
			return f.FIN(i.dir, i.at)
		}
	case conflictItem:
		if f, ok := c.inner.(reassembly.ConflictHandler); ok {
			return f.Conflict(i.dir, i.gap.Bytes, i.at)
		}
	case closeItem:
		return c.inner.Close(i.why, i.at)
	}
	return nil
}
