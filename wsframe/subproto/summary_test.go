package subproto

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"
)

// Summary is what a message's user sees: as wsframe asks for it.
func Summary(kind Kind, payload []byte, subprotocol string) string {
	b := make([]byte, 0, shortBytes)
	if kind == Text {
		if b, ok := AppendShort(b, payload); ok {
			return string(b)
		}
	}
	return string(AppendSummary(b, kind, payload, subprotocol))
}

func TestSummary(t *testing.T) {
	tests := []struct {
		name        string
		kind        Kind
		payload     string
		subprotocol string
		want        string
	}{
		{name: "nothing", payload: "", want: ""},
		{name: "blank text", payload: " \r\n ", want: ""},

		// Objects: the name.
		{name: "signalling", payload: `{"message":"getUserData","data":[{"type":"x"}]}`, want: "getUserData"},
		{name: "signalling, data first", payload: `{"data":[{"message":"inner"}],"message":"getVersion"}`, want: "getVersion"},
		{name: "id", payload: `{"message":"getVersion","id":1}`, want: "getVersion #1"},
		{name: "id string", payload: `{"type":"subscribe","id":"a-1"}`, want: "subscribe #a-1"},
		{name: "id before name", payload: `{"id":7,"method":"Page.enable"}`, want: "Page.enable #7"},
		{name: "id rank", payload: `{"seq":9,"type":"x","requestId":"r"}`, want: "x #r"},
		{name: "id null", payload: `{"type":"x","id":null}`, want: "x"},
		{name: "id too long", payload: `{"type":"x","id":"` + strings.Repeat("i", 41) + `"}`, want: "x"},
		{name: "rank, not order", payload: `{"name":"bob","event":"join"}`, want: "join"},
		{name: "first of repeated keys", payload: `{"type":"a","type":"b"}`, want: "a"},
		{name: "message beside type", payload: `{"type":"error","message":"not allowed here"}`, want: "error not allowed here"},
		{name: "message beside name", payload: `{"message":"join","name":"bob"}`, want: "join"},
		{name: "prose alone", payload: `{"message":"hello there"}`, want: "hello there"},
		{name: "capital keys", payload: `{"Type":"Tick","Id":3}`, want: "Tick #3"},
		{name: "other case is another key", payload: `{"TYPE":"x"}`, want: "{TYPE}"},
		{name: "topic", payload: `{"topic":"room:1","event":"phx_join","payload":{},"ref":"1"}`, want: "phx_join room:1 #1"},
		{name: "string before number", payload: `{"op":0,"t":"MESSAGE_CREATE","s":1,"d":{"id":"1"}}`, want: "MESSAGE_CREATE"},
		{name: "number", payload: `{"t":null,"s":null,"op":10,"d":{"heartbeat_interval":41250}}`, want: "op 10"},
		{name: "a time is no name", payload: `{"t":1700000000,"v":2}`, want: "{t, v}"},
		{name: "empty string is no name", payload: `{"type":"","event":"x"}`, want: "x"},
		{name: "nested", payload: `{"header":{"msg_type":"status"},"content":{}}`, want: "status"},
		{name: "nested id", payload: `{"header":{"type":"status","id":4}}`, want: "status #4"},
		{name: "nested under a long key", payload: `{"aVeryLongEnvelopeKey":{"type":"status"}}`, want: "status"},
		{name: "array value is not looked into", payload: `{"data":[{"type":"x"}]}`, want: "{data}"},
		{name: "keys", payload: `{"a":1,"b":[{"type":"x"}],"c":true}`, want: "{a, b, c}"},
		{name: "many keys", payload: `{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1}`, want: "{a, b, c, d, e, f, …}"},
		{name: "keys and id", payload: `{"id":5,"ok":true}`, want: "{id, ok} #5"},
		{name: "empty object", payload: `{ }`, want: "{}"},
		{name: "whitespace", payload: " \n{\t\"type\" :\r\n \"x\" } ", want: "x"},
		{name: "binary object", kind: Binary, payload: `{"type":"x"}`, want: "x"},
		{name: "graphql-ws", payload: `{"id":"1","type":"subscribe","payload":{"query":"subscription { a }"}}`, subprotocol: "graphql-transport-ws", want: "subscribe #1"},
		{name: "janus", payload: `{"janus":"keepalive","session_id":1,"transaction":"sBJNyUhH6Vc6"}`, want: "keepalive #sBJNyUhH6Vc6"},

		// JSON-RPC.
		{name: "rpc call", payload: `{"jsonrpc":"2.0","method":"subtract","params":[42,23],"id":1}`, want: "subtract #1"},
		{name: "rpc result", payload: `{"jsonrpc":"2.0","result":{"type":"x"},"id":1}`, want: "result #1"},
		{name: "rpc error", payload: `{"jsonrpc":"2.0","error":{"code":-32601,"message":"Method not found"},"id":"1"}`, want: "error -32601 Method not found #1"},
		{name: "error string", payload: `{"error":"bad token"}`, want: "error bad token"},
		{name: "error null", payload: `{"error":null,"result":1,"id":2}`, want: "result #2"},

		// Escapes.
		{name: "escaped value", payload: `{"type":"a\"b\\c\/d\u00e9\ud83d\ude00"}`, want: `a"b\c/dé😀`},
		{name: "escaped quote in a value before", payload: `{"x":"\\\"type\":\"no\"","type":"yes"}`, want: "yes"},
		{name: "value that ends in a backslash", payload: `{"x":"\\","type":"yes"}`, want: "yes"},
		{name: "half a surrogate", payload: `{"type":"\ud83dx"}`, want: "\ufffdx"},
		{name: "bad escape", payload: `{"type":"\q\u12"}`, want: `\q\u12`},
		{name: "control bytes stay", payload: `{"type":"a\u001b[2Jb\n"}`, want: "a\x1b[2Jb\n"},

		// Cut off.
		{name: "cut in value", payload: `{"type":"getUser`, want: "getUser"},
		{name: "cut in nested", payload: `{"type":"x","data":{"a":[1,2`, want: "x"},
		{name: "cut behind brace", payload: `{`, want: "{"},
		{name: "cut behind key", payload: `{"type`, want: `{"type`},
		{name: "cut in number", payload: `{"type":"x","id":12`, want: "x #12"},

		// Not JSON after all.
		{name: "braces", payload: "{hello} world", want: "{hello} world"},
		{name: "log line", payload: "[info] started", want: "[info] started"},
		{name: "binary brace", kind: Binary, payload: "{\x00\x01", want: ""},

		// Arrays.
		{name: "empty array", payload: `[]`, want: "[]"},
		{name: "first string", payload: `["EVENT",{"kind":1}]`, want: "EVENT"},
		{name: "string behind number", payload: `[340,{"a":[]},"ticker","XBT/USD"]`, want: "ticker"},
		{name: "object behind number", payload: `[1,{"type":"x"}]`, want: "x"},
		{name: "objects", payload: `[{"type":"a"},{"type":"b"}]`, want: "a"},
		{name: "numbers", payload: `[1,2,3]`, want: "[1, …]"},
		{name: "string of json", payload: `["{\"type\":\"x\",\"id\":3}"]`, want: "x #3"},
		{name: "phoenix", payload: `["3","4","room:lobby","new_msg",{"body":"hi"}]`, want: "new_msg room:lobby #4"},
		{name: "phoenix heartbeat", payload: `[null,"2","phoenix","heartbeat",{}]`, want: "heartbeat phoenix #2"},
		{name: "wamp hello", payload: `[1,"realm1",{}]`, subprotocol: "wamp.2.json", want: "HELLO realm1"},
		{name: "wamp call", payload: `[48,7814135,{},"com.myapp.add",[1]]`, subprotocol: "wamp.2.json", want: "CALL com.myapp.add #7814135"},
		{name: "wamp unknown type", payload: `[99,"x"]`, subprotocol: "wamp.2.json", want: "x"},
		{name: "ocpp call", payload: `[2,"19223201","BootNotification",{}]`, subprotocol: "ocpp1.6", want: "BootNotification #19223201"},
		{name: "ocpp result", payload: `[3,"19223201",{"status":"Accepted"}]`, subprotocol: "ocpp2.0.1", want: "result #19223201"},
		{name: "ocpp error", payload: `[4,"1","NotImplemented","",{}]`, subprotocol: "ocpp1.6", want: "error NotImplemented #1"},

		// Engine.IO and Socket.IO.
		{name: "engine.io open", payload: `0{"sid":"abc","upgrades":[]}`, want: "engine.io open"},
		{name: "engine.io ping", payload: `2`, want: "engine.io ping"},
		{name: "engine.io pong", payload: `3`, want: "engine.io pong"},
		{name: "engine.io probe", payload: `2probe`, want: "engine.io ping"},
		{name: "engine.io upgrade", payload: `5`, want: "engine.io upgrade"},
		{name: "socket.io event", payload: `42["chat","hello"]`, want: "chat"},
		{name: "socket.io event, namespace, ack", payload: `42/admin,13["kick",{}]`, want: "kick /admin #13"},
		{name: "socket.io binary event", payload: `451-["upload",{"_placeholder":true,"num":0}]`, want: "upload"},
		{name: "socket.io ack", payload: `4313[]`, want: "socket.io ack #13"},
		{name: "socket.io connect", payload: `40`, want: "socket.io connect"},
		{name: "socket.io connect, namespace", payload: `40/admin,{"sid":"x"}`, want: "socket.io connect /admin"},
		{name: "socket.io disconnect", payload: `41`, want: "socket.io disconnect"},
		{name: "socket.io connect error", payload: `44{"message":"Not authorized"}`, want: "socket.io connect_error Not authorized"},
		{name: "number", payload: `1024`, want: "1024"},
		{name: "42 alone", payload: `42`, want: "42"},
		{name: "digit and words", payload: `4 apples`, want: "4 apples"},

		// SockJS.
		{name: "sockjs open", payload: "o", want: "sockjs open"},
		{name: "sockjs heartbeat", payload: "h", want: "sockjs heartbeat"},
		{name: "sockjs message", payload: `a["{\"type\":\"rec\",\"address\":\"x\"}"]`, want: "rec"},
		{name: "sockjs close", payload: `c[3000,"Go away!"]`, want: "sockjs close 3000 Go away!"},
		{name: "not sockjs", payload: "ok", want: "ok"},

		// SignalR.
		{name: "signalr handshake", payload: "{\"protocol\":\"json\",\"version\":1}\x1e", want: "handshake json"},
		{name: "signalr answer", payload: "{}\x1e", want: "handshake"},
		{name: "signalr invocation", payload: "{\"type\":1,\"invocationId\":\"0\",\"target\":\"Send\",\"arguments\":[]}\x1e", want: "Send #0"},
		{name: "signalr ping", payload: "{\"type\":6}\x1e", want: "ping"},
		{name: "signalr two", payload: "{\"type\":6}\x1e{\"type\":7}\x1e", want: "ping"},
		{name: "other objects ended by 0x1e", payload: "{\"type\":\"x\"}\x1e", want: "x"},

		// STOMP, SIP, XML.
		{name: "stomp send", payload: "SEND\ndestination:/queue/a\nreceipt:1\n\nhello\x00", want: "SEND /queue/a"},
		{name: "stomp subscribe, crlf", payload: "SUBSCRIBE\r\nid:sub-0\r\ndestination:/topic/x\r\n\r\n\x00", want: "SUBSCRIBE /topic/x #sub-0"},
		{name: "stomp error", payload: "ERROR\nmessage:no\n\n\x00", want: "ERROR no"},
		{name: "stomp heartbeat", payload: "\n", subprotocol: "v12.stomp", want: "stomp heartbeat"},
		{name: "stomp in binary", kind: Binary, payload: "CONNECTED\nversion:1.2\n\n\x00", want: "CONNECTED"},
		{name: "a stomp word in prose", payload: "SEND me", want: "SEND me"},
		{name: "sip request", payload: "REGISTER sip:example.com SIP/2.0\r\nVia: x\r\n", subprotocol: "sip", want: "REGISTER sip:example.com"},
		{name: "sip response", payload: "SIP/2.0 200 OK\r\nVia: x\r\nCSeq: 4711 INVITE\r\n", subprotocol: "sip", want: "200 OK (INVITE)"},
		{name: "sip keep-alive", payload: "\r\n\r\n", subprotocol: "sip", want: "sip keep-alive"},
		{name: "xmpp", payload: `<open xmlns="urn:ietf:params:xml:ns:xmpp-framing"/>`, subprotocol: "xmpp", want: "<open>"},
		{name: "xml declaration", payload: "<?xml version='1.0'?>\n<presence/>", want: "<presence>"},
		{name: "less than", payload: "< 3", want: "< 3"},

		// Binary.
		{name: "mqtt connect by magic", kind: Binary, payload: "\x10\x10\x00\x04MQTT\x04\x02\x00\x3c\x00\x04abcd", want: "CONNECT"},
		{name: "mqtt publish", kind: Binary, payload: "\x30\x07\x00\x03a/bhi", subprotocol: "mqtt", want: "PUBLISH a/b"},
		{name: "mqtt publish, cut topic", kind: Binary, payload: "\x30\x80\x01\x00\x7fa/b", subprotocol: "mqttv3.1", want: "PUBLISH a/b"},
		{name: "mqtt pingreq", kind: Binary, payload: "\xc0\x00", subprotocol: "mqtt", want: "PINGREQ"},
		{name: "mqtt reserved", kind: Binary, payload: "\x00\x00", subprotocol: "mqtt", want: ""},
		{name: "png", kind: Binary, payload: "\x89PNG\r\n\x1a\n\x00", want: "png image"},
		{name: "mp4", kind: Binary, payload: "\x00\x00\x00\x1cftypiso5", want: "mp4"},
		{name: "wave", kind: Binary, payload: "RIFF\x24\x00\x00\x00WAVEfmt ", want: "riff WAVE"},
		{name: "unknown", kind: Binary, payload: "\x08\x96\x01", want: ""},
		{name: "binary text", kind: Binary, payload: "hello", want: ""},

		// Any text.
		{name: "words", payload: "  hello world\r\nsecond line", want: "hello world"},
		{name: "long text", payload: strings.Repeat("é", 100), want: strings.Repeat("é", 79) + "…"},
		{name: "exactly 80", payload: strings.Repeat("é", 80), want: strings.Repeat("é", 80)},
		{name: "invalid utf-8 stays", payload: "a\xff\xfeb", want: "a\xff\xfeb"},
		{name: "long name", payload: `{"type":"` + strings.Repeat("x", 200) + `","id":1}`, want: strings.Repeat("x", 79) + "…"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Summary(tt.kind, []byte(tt.payload), tt.subprotocol); got != tt.want {
				t.Errorf("Summary(%q) = %q, want %q", tt.payload, got, tt.want)
			}
		})
	}
}

// A name is found behind as much data as is looked at, and not beyond.
func TestSummaryLooksAtABoundedPart(t *testing.T) {
	at := func(n int) string {
		return Summary(Text, []byte(`{"data":"`+strings.Repeat("a", n)+`","type":"late"}`), "")
	}
	if got := at(maxScan - 100); got != "late" {
		t.Errorf("name within the bound: %q", got)
	}
	if got := at(maxScan); got != "{data}" {
		t.Errorf("name beyond the bound: %q", got)
	}
}

func BenchmarkSummary(b *testing.B) {
	for name, payload := range map[string]string{
		"json100": `{"message":"setRemoteSDP","id":12,"data":[{"sdp":"v=0 o=- 46117317 2 IN IP4 127.0.0.1","n":1}]}`,
		"json4k":  `{"type":"x","data":[` + strings.Repeat(`{"a":"some text","b":12},`, 160) + `{}]}`,
		"rpc":     `{"jsonrpc":"2.0","id":123456,"result":{"ok":true}}`,
		"text":    "hello world, this is a chat line of about one hundred bytes, which nobody needs to read to its end",
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(payload)))
			b.ReportAllocs()
			p, dst := []byte(payload), []byte(nil)
			for b.Loop() {
				var ok bool
				if dst, ok = AppendShort(dst[:0], p); !ok {
					dst = AppendSummary(dst, Text, p, "")
				}
			}
		})
	}
}

// Whatever the payload is, a summary is short, the same each time, and that of
// valid UTF-8 is valid.
func FuzzSummary(f *testing.F) {
	for _, s := range []string{
		`{"message":"getUserData","data":[]}`, `{"type":"\ud83d\ude00","id":"1"`, `[null,"1","a","b",{}]`,
		`42/a,1["x"]`, `a["{\"type\":1}"]`, "SEND\ndestination:x\n\n", "SIP/2.0 200 OK\r\nCSeq: 1 A\r\n",
		"\x10\x10\x00\x04MQTT", "{\"type\":1,\"target\":\"x\"}\x1e", "<?xml?><a b='c'/>", `c[1`, `45-`, `{"a":{"type":"`,
	} {
		f.Add([]byte(s), true, "")
		f.Add([]byte(s), false, "mqtt")
		f.Add([]byte(s), true, "wamp.2.json")
	}
	f.Fuzz(func(t *testing.T, payload []byte, isText bool, subprotocol string) {
		kind := Binary
		if isText {
			kind = Text
		}
		before := bytes.Clone(payload)
		got := Summary(kind, payload, subprotocol)
		if n := utf8.RuneCountInString(got); n > maxRunes {
			t.Errorf("%d runes: %q", n, got)
		}
		if len(got) > 4*maxRunes {
			t.Errorf("%d bytes: %q", len(got), got)
		}
		if kind == Text && utf8.Valid(payload) && len(payload) <= maxScan && !utf8.ValidString(got) {
			t.Errorf("invalid UTF-8 made of valid: %q", got)
		}
		if !bytes.Equal(payload, before) {
			t.Error("the payload was written to")
		}
		if again := Summary(kind, payload, subprotocol); again != got {
			t.Errorf("%q, then %q", got, again)
		}
	})
}
