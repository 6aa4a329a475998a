package jsonl_test

import (
	"net/netip"
	"strings"
	"testing"

	"wstap/capture"
	"wstap/reassembly"
	"wstap/report/jsonl"
	"wstap/wsframe"
)

// TestH2Keys: what a WebSocket in an HTTP/2 stream, behind a proxy, has more.
func TestH2Keys(t *testing.T) {
	c := &wsframe.Conn{
		Number: 1,
		Stream: &reassembly.Stream{},
		Upgrade: &wsframe.Upgrade{
			Via: "h2", H2Stream: 13, Status: 200, Upgraded: true, Partial: true,
			Response: &wsframe.Head{Status: 200, Fields: []wsframe.Field{{Name: ":status", Value: "200"}}},
		},
	}
	c.Stream.SetOrigin(netip.MustParseAddrPort("203.0.113.7:4711"))
	m := wsframe.Meta{Stamp: capture.Stamp{Packet: 9}, Conn: c}
	var out strings.Builder
	w := jsonl.New(&out, jsonl.Options{})
	for _, e := range []wsframe.Event{
		&wsframe.Opened{M: m},
		&wsframe.Closed{M: m, By: "server", How: "rst_stream", H2Error: "CANCEL"},
	} {
		if err := w.Emit(e); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{
		`"h2_stream":13`, `"via":"h2"`, `"proxied_client":{"ip":"203.0.113.7","port":4711}`, `"headers_partial":true`,
		`"response_headers":[[":status","200"]]`, `"how":"rst_stream","h2_error":"CANCEL"`,
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%s is missing in\n%s", want, out.String())
		}
	}
}
