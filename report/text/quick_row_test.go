package text_test

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"wstap/capture"
	"wstap/report"
	"wstap/report/text"
	"wstap/wsframe"
)

// TestQuickRowsAreTheSame holds quick rows against the way that all others are
// made, by random frames: nearly all of them quick, or so but for one thing.
func TestQuickRowsAreTheSame(t *testing.T) {
	formats := []string{"r", "r", "r", "r", ".3", "d", "u", "e.9"}
	for seed := range uint64(80) {
		r := rand.New(rand.NewPCG(seed, 7))
		format, err := report.ParseTimeFormat(formats[r.IntN(len(formats))])
		if err != nil {
			t.Fatal(err)
		}
		o := text.Options{Time: format, Width: []int{0, 0, 60, 80, 100 + r.IntN(100)}[r.IntN(5)], Color: r.IntN(10) == 0, ASCII: r.IntN(10) == 0}
		if r.IntN(10) == 0 {
			o.Payload = report.LimitBytes(r.IntN(100))
		}
		quick, slow := text.NewRows(o), text.NewRows(o).Slow()
		g := &frames{Rand: r, start: time.Unix(1767225600, r.Int64N(1e9))}
		if r.IntN(10) == 0 {
			g.start = time.Time{}
		}
		started := &report.Started{M: wsframe.Meta{Stamp: capture.Stamp{Time: g.start}}}
		if r.IntN(10) > 0 {
			quick.Append(nil, started)
			slow.Append(nil, started)
		}
		var got []byte
		for range 200 {
			f := g.frame()
			if r.IntN(50) == 0 { // a new beginning
				started.M.Time = []time.Time{g.start, f.M.Time, {}}[r.IntN(3)]
				quick.Append(nil, started)
				slow.Append(nil, started)
			}
			if r.IntN(4) == 0 {
				got = make([]byte, r.IntN(100), 100+r.IntN(300)) // full at any place of the row
			}
			before := len(got)
			got = quick.Append(got, f)
			plain := *f
			plain.Simple = false
			if f.Message != nil {
				m := *f.Message
				m.Plain = false
				plain.Message = &m
			}
			if want := slow.Append(nil, &plain); string(got[before:]) != string(want) {
				t.Fatalf("seed %d, %+v: %+v, %+v\ngot  %q\nwant %q", seed, o, f, f.Message, got[before:], want)
			}
		}
	}
}

// TestQuickRowsAtTheEdge: whatever fits to the last column is shown whole.
func TestQuickRowsAtTheEdge(t *testing.T) {
	o := text.Options{Width: 120}
	quick, slow := text.NewRows(o), text.NewRows(o).Slow()
	at := wsframe.Meta{Stamp: capture.Stamp{Packet: 1000, Time: time.Unix(1767225600, 0)}, Conn: &wsframe.Conn{Number: 1, Upgrade: &wsframe.Upgrade{}}}
	started := &report.Started{M: at}
	quick.Append(nil, started)
	slow.Append(nil, started)
	for n := range 100 {
		for _, format := range []string{`{"type":"xy","a":"%s"}`, `{"type":"x","a":"%s"}`, "%s", `{"type":"%s"}`, `{"type":"zoë","a":"%s"}`} {
			payload := []byte(fmt.Sprintf(format, strings.Repeat("z", n)))
			m := &wsframe.Message{M: at, Opcode: wsframe.OpText, Frames: 1, Complete: true, Length: uint64(len(payload)), Payload: payload}
			f := &wsframe.Frame{M: at, Fin: true, Opcode: wsframe.OpText, Length: m.Length, Payload: payload, Message: m}
			want := slow.Append(nil, f)
			f.Simple, m.Plain, m.Latin = true, plain(payload), latin(payload)
			if got := quick.Append(nil, f); string(got) != string(want) {
				t.Errorf("got  %q\nwant %q", got, want)
			}
		}
	}
}

// frames makes frames up.
type frames struct {
	*rand.Rand
	start  time.Time
	latest capture.Stamp
}

// rarely is true in one of n cases.
func (g *frames) rarely(n int) bool { return g.IntN(n) == 0 }

// number is of any length up to so many digits.
func (g *frames) number(digits int) uint64 {
	return g.Uint64N(uint64(math.Pow10(1 + g.IntN(digits))))
}

func (g *frames) frame() *wsframe.Frame {
	payload := g.payload()
	op := wsframe.OpText
	if g.rarely(4) {
		op = wsframe.OpBinary
	} else if g.rarely(10) {
		op = wsframe.Opcode(g.IntN(11))
	}
	at := wsframe.Meta{
		Stamp: capture.Stamp{Packet: g.number(9), Time: g.start.Add(time.Duration(g.number(14)))},
		Conn:  &wsframe.Conn{Number: int(g.number(7)), Upgrade: &wsframe.Upgrade{}},
	}
	if !g.rarely(3) { // behind the one before, as packets are
		at.Packet = g.latest.Packet + g.number(3)
		at.Time = g.latest.Time.Add(time.Duration(g.number(8)))
	}
	g.latest = at.Stamp
	switch g.IntN(20) {
	case 0:
		at.Packet, at.Conn.Number = g.number(10), int(g.number(9))
	case 1:
		at.Time = g.start.Add(time.Duration(g.number(18)) - time.Duration(g.number(14)))
	case 2:
		at.Time = time.Time{}
	case 3:
		at.Conn = nil
	}
	m := &wsframe.Message{
		M: at, From: wsframe.Direction(g.IntN(2)), Opcode: op, Frames: 1, Complete: true,
		WireLength: uint64(len(payload)), Length: uint64(len(payload)), Payload: payload,
		Plain: op == wsframe.OpText && plain(payload),
	}
	f := &wsframe.Frame{M: at, From: m.From, Fin: true, Opcode: op, Length: m.Length, Payload: payload, Message: m}
	switch g.IntN(20) {
	case 0:
		m.Compressed, f.Rsv, f.Length = true, 4, g.number(8)
		m.WireLength = f.Length
		m.Inferred = g.rarely(2)
	case 1:
		m.Length += g.number(8)
		f.Length = m.Length
	case 2:
		f.Rsv = uint8(g.IntN(8))
	case 3:
		m.Complete, m.Why = false, wsframe.Incomplete(1+g.IntN(7))
	case 4:
		f.Missing, f.Length = 3, f.Length+3
	case 5:
		f.Certainty = wsframe.Certainty(g.IntN(3))
	case 6:
		f.Fin = false
	case 7:
		m.Frames = 1 + g.IntN(3)
		f.Opcode = wsframe.OpContinuation
	case 8:
		m.InvalidUTF8 = true
	case 9:
		f.Message = nil
	default:
		f.Simple = at.Conn != nil && (op == wsframe.OpText || op == wsframe.OpBinary) && utf8.Valid(payload)
		m.Latin = f.Simple && op == wsframe.OpText && !m.Plain && latin(payload)
	}
	return f
}

// payload is JSON, or prose.
func (g *frames) payload() []byte {
	if g.rarely(10) {
		return nil
	}
	var b strings.Builder
	if !g.rarely(3) {
		key := []string{"type", "op", "e", "x y"}[g.IntN(4)]
		fmt.Fprintf(&b, `{"%s":"%s"`, key, g.words(1))
		for i := range g.IntN(12) {
			fmt.Fprintf(&b, `,"%c":%d`, 'a'+i, g.number(9))
		}
		fmt.Fprintf(&b, `,"text":"%s"}`, g.words(g.IntN(20)))
	} else {
		b.WriteString(g.words(g.IntN(30)))
	}
	if g.rarely(20) {
		b.WriteString("  ")
	}
	return []byte(b.String())
}

func (g *frames) words(n int) string {
	words := []string{"works", "hear", "it", "volume", "offer", "me", "a", ""}
	if g.rarely(4) {
		words = append(words, "zoë", "café", "naïve", "… and", "“so”", "日本", "e\u0301", `\n`, `\u202e`, "\x1b[0m", "\u00ad", "\x80", "\n", "😀")
	}
	var all []string
	for range n {
		all = append(all, words[g.IntN(len(words))])
	}
	return strings.Join(all, " ")
}

// plain is what wsframe.Message.Plain says.
func plain(b []byte) bool {
	return !bytes.ContainsFunc(b, func(r rune) bool { return r < ' ' || r > '~' || r == '\\' })
}

// latin is what wsframe.Message.Latin says.
func latin(b []byte) bool {
	return !bytes.ContainsFunc(b, func(r rune) bool { return !plain([]byte(string(r))) && (r < 0xc0 || r > 0x2ff) })
}
