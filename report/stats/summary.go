package stats

import (
	"time"

	"wstap/wsframe"
)

// model sums up.
func (w *Writer) model() *model {
	m := &model{Connections: []connModel{}}
	all := w.rest
	for _, k := range w.kept {
		m.Connections = append(m.Connections, k.model())
		all.merge(&k.figures)
	}
	span := time.Duration(0)
	if !w.first.IsZero() && !w.last.IsZero() {
		span = max(0, w.last.Sub(w.first))
	}
	m.All = allModel{
		Type: "stats", Connections: uint64(len(w.kept)) + w.more, Refused: all.refused, MostOpen: w.most,
		Capture: span.Seconds(), Told: len(w.kept), Open: durations(&all.open), figuresModel: all.model(span),
	}
	m.All.Handshake.TCP = durations(&all.tcp)
	m.All.Handshake.TLS = durations(&all.tls)
	m.All.Handshake.Upgrade = durations(&all.upgrade)
	return m
}

func (k *entry) model() connModel {
	m := connModel{
		Type: "stats", Conn: k.number, TCPStream: k.stream, Client: endpoint(k.client), Server: endpoint(k.server),
		Via: k.via, URL: head(k.url), Status: k.status, Subprotocol: head(k.proto), Open: single(&k.open),
		Handshake:    handshakeModel{TCP: single(&k.tcp), TLS: single(&k.tls), Upgrade: single(&k.upgrade)},
		figuresModel: k.figures.model(time.Duration(k.open.max)),
	}
	if k.how != "" {
		m.Close = &closeModel{By: k.by, Code: k.code, How: k.how}
	}
	return m
}

func endpoint(e wsframe.Endpoint) endpointModel {
	m := endpointModel{Port: e.Port(), endpoint: e}
	if e.Addr().IsValid() {
		m.IP = e.Addr().String()
	}
	return m
}

// model tells the figures; rates are over span.
func (f *figures) model(span time.Duration) figuresModel {
	m := figuresModel{Names: []nameModel{}, Silences: []silenceModel{}, Gaps: f.gaps, Violations: f.violations}
	for d, s := range m.sides() {
		from := &f.sides[d]
		*s = from.model(span)
		s.Pings, s.AppPings = f.pings[d].model(), f.appPings[d].model()
		if r := &f.replies[d]; r.latency.n > 0 {
			x := r.slowest
			s.Replies = &replyModel{
				Latency: durations(&r.latency),
				Slowest: exchangeModel{foreign(x.name), foreign(x.id), x.took.Seconds(), x.asked, x.served},
			}
		}
	}
	for _, c := range f.names.sorted() {
		m.Names = append(m.Names, nameModel{
			Name:   foreign(c.name),
			Client: nameCountModel{c.messages[wsframe.FromClient], c.bytes[wsframe.FromClient]},
			Server: nameCountModel{c.messages[wsframe.FromServer], c.bytes[wsframe.FromServer]},
		})
	}
	for _, s := range f.silences {
		m.Silences = append(m.Silences, silenceModel{s.conn, s.lasted.Seconds(), s.after, s.before})
	}
	return m
}

func (s *side) model(span time.Duration) sideModel {
	m := sideModel{
		Frames: s.allFrames(), ByOpcode: map[string]uint64{}, PayloadBytes: s.payload, opcodes: s.frames,
		Messages: s.messages, Incomplete: s.incomplete, MessageBytes: s.data,
		TCP: tcpModel{s.segments, s.retransmitted, s.outOfOrder, s.missing},
	}
	for op, n := range s.frames {
		if n > 0 {
			m.ByOpcode[wsframe.OpcodeName(wsframe.Opcode(op))] = n
		}
	}
	if span > 0 {
		m.FrameRate = float64(m.Frames) / span.Seconds()
		m.ByteRate = float64(s.payload) / span.Seconds()
	}
	if d := &s.sizes; d.n > 0 {
		m.Size = &sizeModel{d.n, d.min, d.quantile(50), d.quantile(95), d.max, d.mean()}
	}
	if s.deflated > 0 {
		m.Compression = &compressionModel{Messages: s.deflated, WireBytes: s.deflatedWire, Bytes: s.deflatedData}
		if s.deflatedWire > 0 {
			m.Compression.Ratio = float64(s.deflatedData) / float64(s.deflatedWire)
		}
	}
	return m
}

func (p *pings) model() *pingModel {
	if p.sent == 0 && p.unsolicited == 0 {
		return nil
	}
	return &pingModel{
		Sent: p.sent, Answered: p.answered, Skipped: p.skipped, Unsolicited: p.unsolicited,
		Unanswered: p.sent - p.answered - p.skipped, Trip: durations(&p.trip),
	}
}

// durations tells a distribution of nanoseconds; nil where there are none.
func durations(d *distribution) *durModel {
	if d.n == 0 {
		return nil
	}
	seconds := func(ns uint64) float64 { return time.Duration(ns).Seconds() }
	return &durModel{
		d.n, seconds(d.min), seconds(d.quantile(50)), seconds(d.quantile(95)), seconds(d.max), d.mean() / 1e9,
	}
}

// single is the one duration of a connection's own, in seconds.
func single(d *distribution) *float64 {
	if d.n == 0 {
		return nil
	}
	s := time.Duration(d.max).Seconds()
	return &s
}
