package wsframe_test

import (
	"testing"
	"time"

	"wstap/capture"
	"wstap/reassembly"
	"wstap/wsframe"
)

// opened keeps the connections, and what their Opened said.
type opened struct {
	conns []*wsframe.Conn
	urls  []string
}

func (o *opened) Emit(e wsframe.Event) error {
	if e, ok := e.(*wsframe.Opened); ok {
		o.conns = append(o.conns, e.M.Conn)
		o.urls = append(o.urls, e.M.Conn.URL)
	}
	return nil
}

func (o *opened) Close() error { return nil }

// TestBriefConnectionsShareWhatTheyAgreedOn: the heads are there when Opened is
// emitted, and gone behind it; what frames are read by stays.
func TestBriefConnectionsShareWhatTheyAgreedOn(t *testing.T) {
	at := capture.Stamp{Time: time.Unix(1767225600, 5), Packet: 7}
	var o opened
	a := wsframe.NewAnalyzer(&o, wsframe.Options{Brief: true})
	for _, deflate := range []bool{true, true, false} {
		h := a.Open(&reassembly.Stream{})
		for _, c := range upgrade(deflate) {
			if err := h.Data(c.from, c.data, at); err != nil {
				t.Fatal(err)
			}
		}
	}
	x, y, plain := o.conns[0], o.conns[1], o.conns[2]
	if o.urls[0] == "" || x.URL != "" || x.Request != nil || x.Response != nil {
		t.Errorf("told of %q, kept %q, %v, %v", o.urls[0], x.URL, x.Request, x.Response)
	}
	if x.Upgrade != y.Upgrade || x.Upgrade == plain.Upgrade || x.Deflate == nil || plain.Deflate != nil {
		t.Errorf("kept %+v, %+v and %+v", x.Upgrade, y.Upgrade, plain.Upgrade)
	}
	if !x.Upgraded || x.Status != 101 || x.Via != "http/1.1" || x.Extensions != "permessage-deflate" || x.Accept != wsframe.AcceptValid {
		t.Errorf("kept %+v", x.Upgrade)
	}
	if d := x.Duration(at.Time.Add(time.Minute)); d != time.Minute {
		t.Errorf("open for %v", d)
	}
}
