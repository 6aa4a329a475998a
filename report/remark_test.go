package report_test

import (
	"testing"

	"wstap/reassembly"
	"wstap/report"
	"wstap/wsframe"
)

func TestRemark(t *testing.T) {
	conn := func(u wsframe.Upgrade) wsframe.Meta { return wsframe.Meta{Conn: &wsframe.Conn{Upgrade: &u}} }
	for _, tc := range []struct {
		name string
		e    wsframe.Event
		want string
	}{
		{"upgraded", &wsframe.Opened{M: conn(wsframe.Upgrade{Upgraded: true, Status: 101})}, ""},
		{"refused", &wsframe.Opened{M: conn(wsframe.Upgrade{Status: 403, Body: "go away"})}, "upgrade refused with status 403: go away"},
		{"not answered", &wsframe.Opened{M: conn(wsframe.Upgrade{})}, "upgrade not answered"},
		{"mid-stream", &wsframe.Opened{M: conn(wsframe.Upgrade{Upgraded: true, Via: "midstream"})},
			"mid-stream: the upgrade was not captured, frames are recognized by their headers"},
		{"gap", &wsframe.Gap{From: wsframe.FromServer, Bytes: 1448, Cause: reassembly.Acked},
			"gap: 1 448 bytes from the server never captured, though the client acknowledged them"},
		{"cut", &wsframe.Gap{Bytes: 1, Cause: reassembly.Truncated}, "gap: 1 byte from the client cut by the snapshot length: capture again with -s 0"},
		{"violation", &wsframe.Violation{From: wsframe.FromServer, Rule: wsframe.RuleMaskPresent, Expected: "MASK 0", Found: "MASK 1"},
			"violation by the server of RFC 6455 5.1: a server masks no frame; expected MASK 0; found MASK 1"},
		{"frame", &wsframe.Frame{Opcode: wsframe.OpText}, ""},
		{"found again", &wsframe.Frame{Opcode: wsframe.OpText, Certainty: wsframe.Resynced}, "resynced: this text frame of the client was found again behind a gap"},
		{"message", &wsframe.Message{Complete: true}, ""},
		{"part of a message", &wsframe.Message{Why: wsframe.BytesMissing}, "message from the client is not whole: bytes missing"},
		{"closed", &wsframe.Closed{By: "server", How: "close frame", Code: 1000, Reason: "bye"}, `closed by the server with 1000 normal closure "bye"`},
		{"FIN", &wsframe.Closed{By: "client", How: "fin"}, "closed by the client with FIN, without a Close frame"},
		{"reset", &wsframe.Closed{By: "client", How: "rst"}, "reset by the client with RST, without a Close frame"},
		{"under way", &wsframe.Closed{By: "none", How: "capture ended"}, "still open when the capture ended"},
		{"other end", &wsframe.Closed{By: "none", How: "port reused"}, "ended: port reused"},
		{"tick", &wsframe.Tick{}, ""},
	} {
		if got := report.Remark(tc.e); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}
