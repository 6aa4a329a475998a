package jsonl

import (
	"net/netip"

	"wstap/report"
)

func (w *Encoder) finding(f *report.Finding) {
	w.begin("finding", &f.M)
	w.own(`,"severity":"` + f.Severity.String() + `"`)
	w.text(`,"code":`, f.Code)
	w.unsigned(`,"count":`, f.Count)
	w.optional(`,"client":`, f.Client)
	w.optional(`,"server":`, f.Server)
	if f.First.Packet != 0 {
		w.unsigned(`,"first_packet":`, f.First.Packet)
	}
	w.list(`,"packets":`, f.Packets)
	w.list(`,"tcp_streams":`, f.Streams)
	w.head(`,"text":`, f.Text)
	w.head(`,"advice":`, f.Advice)
	if f.Early {
		w.own(`,"early":true`)
	}
}

func (w *Encoder) verdict(v *report.Verdict) {
	w.begin("verdict", &v.M)
	w.head(`,"text":`, v.Text)
	w.own(`,"servers":[`)
	for i, s := range v.Servers {
		if i > 0 {
			w.own(",")
		}
		w.own("{")
		w.head(`"text":`, s.Text)
		w.optional(`,"server":`, s.Server)
		w.unsigned(`,"connections":`, s.Connections)
		w.unsigned(`,"healthy":`, s.Healthy)
		w.own("}")
	}
	w.own(`],"paths":[`)
	for i := range v.Paths {
		if i > 0 {
			w.own(",")
		}
		w.path(&v.Paths[i])
	}
	w.own("]")
	if v.Untold > 0 {
		w.unsigned(`,"untold":`, v.Untold)
	}
}

// path is the way of one connection, step by step.
func (w *Encoder) path(p *report.Path) {
	w.unsigned(`{"tcp_stream":`, p.Stream)
	if p.Conn != 0 {
		w.integer(`,"conn":`, int64(p.Conn))
	}
	w.optional(`,"client":`, p.Client)
	w.optional(`,"server":`, p.Server)
	w.head(`,"url":`, p.URL)
	w.own(`,"steps":[`)
	for i, s := range p.Steps {
		if i > 0 {
			w.own(",")
		}
		w.own(`{"name":"` + s.Name + `","state":"` + s.State.String() + `"`)
		if s.At.Packet != 0 {
			w.unsigned(`,"packet":`, s.At.Packet)
		}
		w.head(`,"note":`, s.Note)
		w.own("}")
	}
	w.own("]}")
}

// optional appends an endpoint, unless it is the zero value.
func (w *Encoder) optional(key string, e netip.AddrPort) {
	if e.IsValid() {
		w.endpoint(key, e)
	}
}

// list appends an array of numbers.
func (w *Encoder) list(key string, all []uint64) {
	w.own(key)
	w.own("[")
	for i, n := range all {
		if i > 0 {
			w.own(",")
		}
		w.unsigned("", n)
	}
	w.own("]")
}
