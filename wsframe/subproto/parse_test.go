package subproto

import (
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for _, tc := range []struct {
		name, payload, subprotocol string
		want                       Info
	}{
		{"name and id", `{"type":"getVersion","id":1}`, "", Info{Name: "getVersion", ID: "1"}},
		{"id alone", `{"id":"a-1","x":[]}`, "", Info{Name: "{id, x}", ID: "a-1"}},
		{"no id", `{"message":"ping","data":[]}`, "", Info{Name: "ping"}},
		{"JSON-RPC request", `{"jsonrpc":"2.0","method":"sum","id":3}`, "", Info{Name: "sum", ID: "3", Request: true}},
		{"a method that is no JSON-RPC", `{"method":"sum","id":3}`, "", Info{Name: "sum", ID: "3"}},
		{"JSON-RPC result", `{"jsonrpc":"2.0","result":6,"id":3}`, "", Info{Name: "result", ID: "3", Reply: true}},
		{"JSON-RPC error", `{"error":{"code":-1,"message":"no"},"id":3}`, "", Info{Name: "error -1 no", ID: "3", Reply: true}},
		{"OCPP call", `[2,"19","BootNotification",{}]`, "ocpp1.6", Info{Name: "BootNotification", ID: "19", Request: true}},
		{"OCPP result", `[3,"19",{}]`, "ocpp1.6", Info{Name: "result", ID: "19", Reply: true}},
		{"Phoenix", `["1","2","room:1","phx_join",{}]`, "", Info{Name: "phx_join room:1", ID: "2"}},
		{"Phoenix reply", `["1","2","room:1","phx_reply",{}]`, "", Info{Name: "phx_reply room:1", ID: "2", Reply: true}},
		{"Socket.IO event", `4212["get",{}]`, "", Info{Name: "get", ID: "12"}},
		{"Socket.IO ack", `4312[{}]`, "", Info{Name: "socket.io ack", ID: "12", Reply: true}},
		{"prose", "hello\nthere", "", Info{Name: "hello", Excerpt: true}},
		{"a name so long that the id is cut", `{"type":"` + strings.Repeat("n", 90) + `","id":5}`, "",
			Info{Name: strings.Repeat("n", 80), ID: "5"}},
		{"nothing", "", "", Info{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := Parse(Text, []byte(tc.payload), tc.subprotocol)
			if got != tc.want {
				t.Errorf("got %+v, want %+v", got, tc.want)
			}
			// The two ways of saying it agree.
			whole := got.Name
			if got.ID != "" {
				whole = strings.TrimSpace(whole + " #" + got.ID)
			}
			if s := Summary(Text, []byte(tc.payload), tc.subprotocol); s != whole && !strings.HasSuffix(s, "…") {
				t.Errorf("the summary is %q, name and id are %q", s, whole)
			}
		})
	}
}
