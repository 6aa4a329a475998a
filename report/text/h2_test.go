package text_test

import (
	"net/netip"
	"strings"
	"testing"

	"wstap/capture"
	"wstap/reassembly"
	"wstap/report/text"
	"wstap/wsframe"
)

// TestH2Rows: what the rows of a WebSocket in an HTTP/2 stream say of it.
func TestH2Rows(t *testing.T) {
	c := &wsframe.Conn{
		Number: 1,
		Stream: &reassembly.Stream{},
		Upgrade: &wsframe.Upgrade{
			Via: "h2", H2Stream: 13, URL: "wss://a/", Status: 200, Upgraded: true, Partial: true,
			Request: &wsframe.Head{}, Response: &wsframe.Head{Status: 200},
		},
	}
	c.Stream.SetOrigin(netip.MustParseAddrPort("203.0.113.7:4711"))
	m := wsframe.Meta{Stamp: capture.Stamp{Packet: 9}, Conn: c}
	var timeline, table strings.Builder
	for _, sink := range []wsframe.Sink{text.NewTimeline(&timeline, text.Options{}), text.NewConnections(&table, text.Options{})} {
		for _, e := range []wsframe.Event{&wsframe.Opened{M: m}, &wsframe.Closed{M: m, By: "server", How: "rst_stream", H2Error: "CANCEL"}} {
			if err := sink.Emit(e); err != nil {
				t.Fatal(err)
			}
		}
		if err := sink.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{
		"HTTP/2 stream 13", "on behalf of 203.0.113.7:4711", "upgraded", "header fields lost with earlier packets",
		"by server with RST_STREAM CANCEL, without a Close frame",
	} {
		if !strings.Contains(timeline.String(), want) {
			t.Errorf("%q is missing in\n%s", want, timeline.String())
		}
	}
	if !strings.Contains(table.String(), "server RST_STREAM") {
		t.Errorf("the table does not say how it ended:\n%s", table.String())
	}
}
