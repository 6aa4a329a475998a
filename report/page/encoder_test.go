package page

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"wstap/capture"
	"wstap/reassembly"
	"wstap/report"
	"wstap/report/sinktest"
	"wstap/wsframe"
)

// talk makes the events of a connection.
type talk struct {
	conn   *wsframe.Conn
	at     capture.Stamp
	events []wsframe.Event
}

func newTalk(number int) *talk {
	start := capture.Stamp{Time: time.Unix(1700000000, 0), Packet: 1}
	client, server := netip.MustParseAddrPort("10.0.0.1:40000"), netip.MustParseAddrPort("10.0.0.2:80")
	c := &wsframe.Conn{
		Number: number,
		Stream: reassembly.NewStream(uint64(number), client, server, reassembly.Handshake{}),
		Upgrade: &wsframe.Upgrade{
			Via: "http/1.1", Status: 101, Upgraded: true, Requested: start, Responded: start,
			Client: client, Server: server,
		},
	}
	t := &talk{conn: c, at: start}
	t.events = append(t.events, &wsframe.Opened{M: t.meta()})
	return t
}

func (t *talk) meta() wsframe.Meta {
	t.at.Packet++
	t.at.Time = t.at.Time.Add(time.Millisecond)
	return wsframe.Meta{Stamp: t.at, Conn: t.conn}
}

func (t *talk) control(from wsframe.Direction, op wsframe.Opcode, payload string) {
	m := t.meta()
	t.events = append(t.events, &wsframe.Frame{M: m, From: from, First: m.Stamp, Fin: true, Opcode: op, Length: uint64(len(payload)), Payload: []byte(payload)})
}

func (t *talk) text(from wsframe.Direction, payload string) *wsframe.Message {
	m := t.meta()
	n := uint64(len(payload))
	msg := &wsframe.Message{M: m, From: from, First: m.Stamp, Opcode: wsframe.OpText, Frames: 1, WireLength: n, Length: n, Payload: []byte(payload), Complete: true}
	f := &wsframe.Frame{M: m, From: from, First: m.Stamp, Fin: true, Opcode: wsframe.OpText, Length: n, Payload: []byte(payload), Message: msg}
	t.events = append(t.events, f, msg)
	return msg
}

func (t *talk) closed() {
	t.events = append(t.events, &wsframe.Closed{M: t.meta(), By: "client", How: "fin"})
}

// TestRepliesAreFound: pongs, by opcode and by name, and answers by id.
func TestRepliesAreFound(t *testing.T) {
	const client, server = wsframe.FromClient, wsframe.FromServer
	c := newTalk(1)                                            // row 0
	c.control(server, wsframe.OpPing, "a")                     // 1
	c.text(client, `{"method":"get","id":7,"jsonrpc":"2.0"}`)  // 2
	c.control(client, wsframe.OpPong, "a")                     // 3: 1
	c.text(server, `{"id":7,"result":1,"jsonrpc":"2.0"}`)      // 4: 2
	c.text(client, `{"type":"ping"}`)                          // 5
	c.control(client, wsframe.OpPong, "nobody asked for this") // 6
	c.text(server, `{"type":"pong"}`)                          // 7: 5
	c.text(client, `{"id":7,"result":1,"jsonrpc":"2.0"}`)      // 8: an answer to nothing
	c.closed()
	rows, index := decodeAll(t, Options{}, c.events)
	var got []int
	for i, r := range rows {
		if r.Reply == 0 {
			got = append(got, -1)
		} else {
			got = append(got, i-int(r.Reply)+1)
		}
	}
	if want := "[-1 -1 -1 1 2 -1 -1 5 -1 -1]"; fmt.Sprint(got) != want {
		t.Errorf("answers to %v, want %s", got, want)
	}
	if rows[2].Summary != "get" || rows[2].Ident != "7" || rows[4].Ident != "7" || rows[1].Summary != "" {
		t.Errorf("summaries %q %q %q", rows[2].Summary, rows[2].Ident, rows[4].Ident)
	}
	trip, _ := json.Marshal(index["connections"].([]any)[0].(map[string]any)["rtt"])
	if want := `{"max":2000000,"median":2000000,"min":2000000,"n":2}`; string(trip) != want {
		t.Errorf("round trips %s, want %s", trip, want)
	}
}

// TestNoSecretGetsOut: neither by a payload, whole or cut in two, nor by what
// the index quotes; all of it does where that is asked for.
func TestNoSecretGetsOut(t *testing.T) {
	const secret = "hunter2hunter2"
	c := newTalk(1)
	target := "/chat?access_token=" + secret
	c.conn.URL, c.conn.Subprotocol = "ws://example.test"+target, "bearer, "+secret
	c.conn.Body = "password=" + secret
	fields := []wsframe.Field{{Name: "Cookie", Value: secret}, {Name: "Referer", Value: "http://x/?token=" + secret}}
	c.conn.Request = &wsframe.Head{Method: "GET", Target: target, Fields: fields}
	c.conn.Response = &wsframe.Head{Phrase: "token=" + secret, Fields: []wsframe.Field{{Name: "Set-Cookie", Value: secret}}}
	c.text(wsframe.FromClient, `{"type":"login","password":"`+secret+`"}`)
	c.text(wsframe.FromClient, `{"message":"password=`+secret+`"}`)
	c.control(wsframe.FromClient, wsframe.OpPing, "token="+secret)
	for i, part := range []string{`{"password":"` + secret[:7], secret[7:] + `"}`} {
		m := c.meta()
		c.events = append(c.events, &wsframe.Frame{M: m, First: m.Stamp, Opcode: wsframe.Opcode(1 - i), Length: uint64(len(part)), Payload: []byte(part), Index: i})
	}
	m := c.meta()
	c.events = append(c.events,
		&wsframe.Frame{M: m, First: m.Stamp, Fin: true, Opcode: wsframe.OpClose, Length: 22, Payload: []byte("\x03\xe8token=" + secret), Code: 1000, Reason: []byte("token=" + secret)},
		&wsframe.Violation{M: m, Rule: wsframe.RuleMaskPresent, Found: "token=" + secret},
		&report.Finding{M: m, Text: "it says token=" + secret, Advice: "token=" + secret, Early: true},
		&wsframe.Closed{M: m, By: "client", How: "close frame", Code: 1000, Reason: "token=" + secret},
		&report.Verdict{M: m, Text: "token=" + secret, Servers: []report.ServerVerdict{{Text: "token=" + secret}},
			Paths: []report.Path{{URL: c.conn.URL, Steps: []report.Step{{Note: "token=" + secret}}}}})

	for _, secrets := range []bool{false, true} {
		var out bytes.Buffer
		e := NewEncoder(Options{Secrets: secrets}, func(b Batch) error { out.Write(b.Data); return nil })
		for _, ev := range c.events {
			e.Emit(ev)
			out.Write(e.AppendChanges(nil))
		}
		e.Close()
		out.Write(e.AppendIndex(nil))
		if n := bytes.Count(out.Bytes(), []byte(secret[:7])); (n > 0) != secrets {
			i := bytes.Index(out.Bytes(), []byte(secret[:7]))
			t.Errorf("secrets %v: %d times there, first in %q", secrets, n, out.Bytes()[max(0, i-60):max(0, i)])
		}
	}
}

// TestPayloadsAreCut: between characters, and saying so.
func TestPayloadsAreCut(t *testing.T) {
	c := newTalk(1)
	c.text(wsframe.FromServer, strings.Repeat("\u00e9", 100))
	rows, _ := decodeAll(t, Options{Payload: report.LimitBytes(7)}, c.events)
	msg := rows[1].Event.(*wsframe.Frame).Message
	if string(msg.Payload) != "\u00e9\u00e9\u00e9" || msg.Length != 200 {
		t.Errorf("%q of %d", msg.Payload, msg.Length)
	}
}

// TestMemoryIsBounded: by strings, connections and findings, which are counted
// beyond their bounds.
func TestMemoryIsBounded(t *testing.T) {
	e := NewEncoder(Options{}, func(Batch) error { return nil })
	const beyond = 5
	conn := newTalk(1).conn
	for i := range maxStrings + beyond {
		c := newTalk(1)
		c.text(wsframe.FromClient, fmt.Sprintf(`{"type":"name %d"}`, i))
		for _, ev := range c.events[1:] {
			ev.Meta().Conn = conn
			e.Emit(ev)
		}
	}
	for i := range maxConnections + beyond {
		c := newTalk(2 + i)
		c.closed()
		for _, ev := range c.events {
			e.Emit(ev)
		}
	}
	for range maxFindings + beyond {
		e.Emit(&report.Finding{})
	}
	x := e.index
	if x.limits.strings != beyond || x.limits.connections != beyond+1 || x.limits.findings != beyond {
		t.Errorf("counted beyond the bounds %+v", x.limits)
	}
	if len(x.strings) != maxStrings || len(x.conns) != maxConnections || len(x.findings) != maxFindings || len(e.open) != 1 {
		t.Errorf("%d strings, %d connections, %d findings, %d open", len(x.strings), len(x.conns), len(x.findings), len(e.open))
	}
	if e.Conn(2) == nil || e.Conn(2+maxConnections+beyond-1) != nil {
		t.Error("the first connections are kept")
	}
}

// TestChangesTellWhatChanged, and nothing twice.
func TestChangesTellWhatChanged(t *testing.T) {
	e := NewEncoder(Options{}, func(Batch) error { return nil })
	told := func() string {
		var index struct {
			Connections []struct {
				Conn   int
				Closed *struct{ How string }
			}
			Findings []struct{ Text string }
			Verdict  *struct{ Text string }
		}
		if b := e.AppendChanges(nil); b != nil {
			if err := json.Unmarshal(b, &index); err != nil {
				t.Fatal(err)
			}
		}
		s := ""
		for _, c := range index.Connections {
			s += fmt.Sprint(c.Conn, " ")
			if c.Closed != nil {
				s += c.Closed.How + " "
			}
		}
		for _, f := range index.Findings {
			s += f.Text + " "
		}
		if index.Verdict != nil {
			s += index.Verdict.Text
		}
		return strings.TrimSpace(s)
	}
	a, b := newTalk(1), newTalk(2)
	a.closed()
	early, late := &report.Finding{Text: "early", Early: true}, &report.Finding{Text: "late"}
	for i, step := range []struct {
		events []wsframe.Event
		want   string
	}{
		{nil, ""}, {a.events[:1], "1"}, {b.events, "2"}, {[]wsframe.Event{early, early}, "early early"}, {nil, ""},
		{a.events[1:], "1 fin"}, {[]wsframe.Event{late, &report.Verdict{Text: "bad"}}, "late bad"}, {nil, ""},
	} {
		for _, ev := range step.events {
			e.Emit(ev)
		}
		if got := told(); got != step.want {
			t.Errorf("step %d: told %q, want %q", i, got, step.want)
		}
	}
}

// TestMedianOfManyRoundTrips: it is near, and the rest is exact.
func TestMedianOfManyRoundTrips(t *testing.T) {
	var all trips
	for i := range 10000 {
		all.add(time.Duration(i*7919%10000) * time.Microsecond)
	}
	if m := all.median(); m < 4*time.Millisecond || m > 6*time.Millisecond || len(all.kept) > maxTrips {
		t.Errorf("median %v of %d kept", m, len(all.kept))
	}
	if all.n != 10000 || all.min != 0 || all.max != 9999*time.Microsecond {
		t.Errorf("%d from %v to %v", all.n, all.min, all.max)
	}
}

// TestIndexIsJSON whatever peers sent.
func TestIndexIsJSON(t *testing.T) {
	rows, index := decodeAll(t, Options{Version: "1", Name: "a\xff.pcap"}, sinktest.Events())
	if len(index["connections"].([]any)) != 8 || index["rows"].(float64) != float64(len(rows)) || index["summary"] == nil {
		t.Errorf("%d rows, %v", len(rows), index)
	}
}

// FuzzDecode: what is no batch is an error, and never more.
func FuzzDecode(f *testing.F) {
	e := NewEncoder(Options{}, func(b Batch) error { f.Add(bytes.Clone(b.Data)); return nil })
	for _, ev := range sinktest.Events() {
		e.Emit(ev)
	}
	e.Close()
	f.Fuzz(func(t *testing.T, b []byte) {
		rows, err := NewDecoder(nil).Decode(b)
		if err == nil && len(rows) > maxRows {
			t.Errorf("%d rows", len(rows))
		}
	})
}

// FuzzColumns: rows of any values come back as they were.
func FuzzColumns(f *testing.F) {
	f.Add([]byte("\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09abc"), uint8(3))
	f.Fuzz(func(t *testing.T, b []byte, n uint8) {
		take := func(n int) []byte {
			n = min(n, len(b))
			v := b[:n]
			b = b[n:]
			return v
		}
		number := func() (v uint64) {
			for _, c := range take(int(append(take(1), 0)[0] & 7)) {
				v = v<<8 | uint64(c)
			}
			return v
		}
		var c columns
		var rows []row
		for range n {
			r := row{
				kind: Kind(number()), bits: byte(number()) &^ bitDetail, op: byte(number()), conn: int(number() & 0xffff), time: int64(number()),
				packet: number(), length: number(), summary: int(number() & 0xff), reply: number(), payload: take(int(number() & 0xff)),
			}
			if r.bits&bitMasked != 0 {
				copy(r.key[:], take(4))
			}
			if r.summary != 0 {
				r.ident = string(take(int(number() & 15)))
			}
			if number()&1 != 0 {
				r.bits |= bitDetail
				r.detail = fmt.Appendf(nil, `{"index":%d}`, number())
			}
			rows = append(rows, r)
			c.add(&r)
		}
		table, err := open(c.batch(0))
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range rows {
			got, err := table.next()
			if err != nil {
				t.Fatal(i, err)
			}
			if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
				t.Errorf("row %d\n%+v\nwant\n%+v", i, got, want)
			}
		}
	})
}
