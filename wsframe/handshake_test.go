package wsframe

import (
	"reflect"
	"strings"
	"testing"
)

// The example of RFC 6455, 1.3.
const exampleKey, exampleAccept = "dGhlIHNhbXBsZSBub25jZQ==", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

// upgradeRequest is a right upgrade request, with the changes of edit: "Name:
// value" sets a field, "-Name" takes it out, "+Name: value" adds one more.
func upgradeRequest(edit ...string) *Head {
	h := testHead("Host: example.com", "Upgrade: websocket", "Connection: keep-alive, Upgrade",
		"Sec-WebSocket-Key: "+exampleKey, "Sec-WebSocket-Version: 13")
	h.Method, h.Target = "GET", "/chat"
	return edited(h, edit)
}

// upgradeResponse is the right answer to upgradeRequest, changed alike.
func upgradeResponse(edit ...string) *Head {
	h := testHead("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Accept: "+exampleAccept)
	h.Status = 101
	return edited(h, edit)
}

func edited(h *Head, edit []string) *Head {
	for _, e := range edit {
		name, value, _ := strings.Cut(strings.TrimLeft(e, "+-"), ": ")
		if e[0] != '+' {
			var kept []Field
			for _, f := range h.Fields {
				if f.Name != name {
					kept = append(kept, f)
				}
			}
			h.Fields = kept
		}
		if e[0] != '-' {
			h.Fields = append(h.Fields, Field{name, value})
		}
	}
	return h
}

func codes(faults []fault) string {
	var all []string
	for _, f := range faults {
		all = append(all, f.Rule.Code)
	}
	return strings.Join(all, " ")
}

func TestAcceptKey(t *testing.T) {
	if got := acceptKey(exampleKey); string(got[:]) != exampleAccept {
		t.Errorf("%q, want %q", got, exampleAccept)
	}
}

func TestCheckRequest(t *testing.T) {
	tests := []struct {
		name   string
		h      *Head
		is     bool
		faults string
	}{
		{"right", upgradeRequest(), true, ""},
		{"any case", upgradeRequest("Upgrade: WebSocket", "Connection: upgrade"), true, ""},
		{"no upgrade", testHead("Host: a"), false, ""},
		{"another upgrade", testHead("Upgrade: h2c", "Connection: Upgrade"), false, ""},
		{"upgrade stripped", upgradeRequest("-Upgrade", "-Connection"), true, "upgrade-header connection-header"},
		{"connection close", upgradeRequest("Connection: close"), true, "connection-header"},
		{"key missing", upgradeRequest("-Sec-WebSocket-Key"), true, "key-invalid"},
		{"key of 15 bytes", upgradeRequest("Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAA"), true, "key-invalid"},
		{"key of 17 bytes", upgradeRequest("Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAAA="), true, "key-invalid"},
		{"key not base64", upgradeRequest("Sec-WebSocket-Key: ?Ghl!HNhbXBsZSBub25jZQ=="), true, "key-invalid"},
		{"key twice", upgradeRequest("+Sec-WebSocket-Key: " + exampleKey), true, "key-invalid"},
		{"version 8", upgradeRequest("Sec-WebSocket-Version: 8"), true, "version-unsupported"},
		{"version missing", upgradeRequest("-Sec-WebSocket-Version"), true, "version-unsupported"},
		{"host missing", upgradeRequest("-Host"), true, "host-missing"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			is, faults := checkRequest(tt.h)
			if is != tt.is || codes(faults) != tt.faults {
				t.Errorf("%v %v, want %v %q", is, faults, tt.is, tt.faults)
			}
		})
	}
	h := upgradeRequest()
	h.Method, h.Proto = "POST", "HTTP/1.0"
	want := []fault{{RuleHTTPMethod, "GET", "POST"}, {RuleHTTPVersion, "HTTP/1.1 or higher", "HTTP/1.0"}}
	if _, faults := checkRequest(h); !reflect.DeepEqual(faults, want) {
		t.Errorf("%v, want %v", faults, want)
	}
}

func TestCheckResponse(t *testing.T) {
	tests := []struct {
		name      string
		req, resp *Head
		accept    Accept
		protocol  string
		faults    string
	}{
		{"right", upgradeRequest(), upgradeResponse(), AcceptValid, "", ""},
		{"accept wrong", upgradeRequest(), upgradeResponse("Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA="), AcceptWrong, "", "accept-wrong"},
		{"accept in other case", upgradeRequest(), upgradeResponse("Sec-WebSocket-Accept: " + strings.ToLower(exampleAccept)), AcceptWrong, "", "accept-wrong"},
		{"accept missing", upgradeRequest(), upgradeResponse("-Sec-WebSocket-Accept"), AcceptMissing, "", "accept-missing"},
		{"accept without a key", upgradeRequest("-Sec-WebSocket-Key"), upgradeResponse(), AcceptUnknown, "", ""},
		{"request not seen", nil, upgradeResponse("Sec-WebSocket-Protocol: a", "Sec-WebSocket-Extensions: x"), AcceptUnknown, "a", ""},
		{"upgrade missing", upgradeRequest(), upgradeResponse("-Upgrade", "-Connection"), AcceptValid, "", "upgrade-header connection-header"},
		{"subprotocol", upgradeRequest("Sec-WebSocket-Protocol: a, b"), upgradeResponse("Sec-WebSocket-Protocol: b"), AcceptValid, "b", ""},
		{"subprotocols in two fields", upgradeRequest("Sec-WebSocket-Protocol: a", "+Sec-WebSocket-Protocol: b"), upgradeResponse("Sec-WebSocket-Protocol: b"), AcceptValid, "b", ""},
		{"subprotocol in other case", upgradeRequest("Sec-WebSocket-Protocol: a"), upgradeResponse("Sec-WebSocket-Protocol: A"), AcceptValid, "A", "subprotocol-unoffered"},
		{"subprotocol not asked for", upgradeRequest(), upgradeResponse("Sec-WebSocket-Protocol: a"), AcceptValid, "a", "subprotocol-unoffered"},
		{"two subprotocols chosen", upgradeRequest("Sec-WebSocket-Protocol: a, b"), upgradeResponse("Sec-WebSocket-Protocol: a, b"), AcceptValid, "a, b", "subprotocol-unoffered"},
		{"extension not asked for", upgradeRequest(), upgradeResponse("Sec-WebSocket-Extensions: permessage-deflate"), AcceptValid, "", "extension-unoffered"},
		{"refused", upgradeRequest(), &Head{Status: 403}, AcceptUnknown, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := checkResponse(tt.req, tt.resp)
			if r.Accept != tt.accept || r.Subprotocol != tt.protocol || codes(r.Faults) != tt.faults {
				t.Errorf("%+v", r)
			}
		})
	}
}

func TestNegotiatedDeflate(t *testing.T) {
	const pmd = "permessage-deflate"
	plain := Deflate{ClientMaxWindowBits: 15, ServerMaxWindowBits: 15}
	tests := []struct {
		name, offer, answer string
		want                *Deflate
		faults              int
	}{
		{"none", pmd, "", nil, 0},
		{"plain", pmd, pmd, &plain, 0},
		{"chromium and most servers", pmd + "; client_max_window_bits", pmd, &plain, 0},
		{"all", pmd + "; client_max_window_bits=12; server_max_window_bits=11; server_no_context_takeover; client_no_context_takeover",
			pmd + "; client_max_window_bits=9; server_max_window_bits=10; server_no_context_takeover; client_no_context_takeover",
			&Deflate{true, true, 9, 10}, 0},
		{"quoted values", pmd + "; server_max_window_bits=\"10\"", pmd + "; server_max_window_bits=\"10\"", &Deflate{false, false, 15, 10}, 0},
		{"server limits itself unasked", pmd, pmd + "; server_max_window_bits=8; server_no_context_takeover", &Deflate{false, true, 15, 8}, 0},
		{"server forbids takeover to the client unasked", pmd, pmd + "; client_no_context_takeover", &Deflate{true, false, 15, 15}, 0},
		{"second offer", pmd + "; server_max_window_bits=10, " + pmd, pmd, &plain, 0},
		{"another extension beside", "x-a, " + pmd, "x-a; p=1, " + pmd, &plain, 0},
		{"another extension alone", "x-a", "x-a", nil, 0},

		{"client bits not offered", pmd, pmd + "; client_max_window_bits=10", &Deflate{false, false, 10, 15}, 1},
		{"client bits without a value", pmd + "; client_max_window_bits", pmd + "; client_max_window_bits", &plain, 1},
		{"server bits offered, not answered", pmd + "; server_max_window_bits=10", pmd, &plain, 1},
		{"server bits above the offer", pmd + "; server_max_window_bits=10", pmd + "; server_max_window_bits=11", &Deflate{false, false, 15, 11}, 1},
		{"no takeover offered, not answered", pmd + "; server_no_context_takeover", pmd, &plain, 1},
		{"unknown parameter", pmd, pmd + "; level=9", &plain, 1},
		{"repeated parameter", pmd, pmd + "; server_max_window_bits=9; server_max_window_bits=10", &Deflate{false, false, 15, 9}, 1},
		{"repeated parameter without a value", pmd + "; client_max_window_bits", pmd + "; client_max_window_bits; client_max_window_bits=9", &plain, 2},
		{"bits 7", pmd, pmd + "; server_max_window_bits=7", &plain, 1},
		{"bits 16", pmd, pmd + "; server_max_window_bits=16", &plain, 1},
		{"bits with a leading zero", pmd, pmd + "; server_max_window_bits=09", &plain, 1},
		{"bits that only look like a number", pmd, pmd + "; server_max_window_bits=\"0:\"", &plain, 1},
		{"bits without a value", pmd, pmd + "; server_max_window_bits", &plain, 1},
		{"flag with a value", pmd, pmd + "; server_no_context_takeover=1", &plain, 1},
		{"flag with an empty value", pmd, pmd + "; server_no_context_takeover=\"\"", &plain, 1},
		{"twice", pmd, pmd + ", " + pmd + "; server_max_window_bits=9", &plain, 1},
		{"not parseable", pmd, pmd + "; =", nil, 1},
		{"not parseable behind it", pmd, pmd + ", =", &plain, 1},
		{"client bits not offered and without a value", pmd, pmd + "; client_max_window_bits", &plain, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			resp := upgradeResponse()
			if tt.answer != "" {
				resp = upgradeResponse("Sec-WebSocket-Extensions: " + tt.answer)
			}
			r := checkResponse(upgradeRequest("Sec-WebSocket-Extensions: "+tt.offer), resp)
			if !reflect.DeepEqual(r.Deflate, tt.want) || len(r.Faults) != tt.faults {
				t.Errorf("%+v, faults %v; want %+v, %d", r.Deflate, r.Faults, tt.want, tt.faults)
			}
			for _, f := range r.Faults {
				if f.Rule != RuleExtensionParams || f.Expected == "" || f.Found == "" {
					t.Errorf("%+v", f)
				}
			}
			if r.Extensions != tt.answer {
				t.Errorf("extensions %q", r.Extensions)
			}
		})
	}
}

// A head may hold thousands of extensions and parameters; the faults stay few
// and short.
func TestLongExtensions(t *testing.T) {
	for _, value := range []string{
		"permessage-deflate; server_max_window_bits=" + strings.Repeat("0", maxHeadBytes),
		"permessage-deflate" + strings.Repeat("; a", maxHeadBytes/3),
		strings.Repeat("permessage-deflate,", maxHeadBytes/19),
		strings.Repeat("x,", maxHeadBytes/2),
		"permessage-deflate; a=\"" + strings.Repeat("\\\"", maxHeadBytes/2),
	} {
		for _, offer := range []string{value, "y"} {
			r := checkResponse(upgradeRequest("Sec-WebSocket-Extensions: "+offer), upgradeResponse("Sec-WebSocket-Extensions: "+value))
			if n := len(r.Faults); n == 0 || n > maxExtensionFaults {
				t.Errorf("%d faults of %.40q", n, value)
			}
			for _, f := range r.Faults {
				if len(f.Expected)+len(f.Found) > 1000 {
					t.Errorf("a fault of %d bytes", len(f.Expected)+len(f.Found))
				}
			}
		}
	}
}

func TestRequestURL(t *testing.T) {
	tests := []struct {
		target, host string
		tls          bool
		want         string
	}{
		{"/chat?x=1", "example.com", false, "ws://example.com/chat?x=1"},
		{"/chat", "example.com:8443", true, "wss://example.com:8443/chat"},
		{"/", "[::1]:8080", false, "ws://[::1]:8080/"},
		{"http://other.example/a?b", "example.com", false, "ws://other.example/a?b"},
		{"ws://other.example", "example.com", false, "ws://other.example/"},
		{"http://other.example?q", "", false, "ws://other.example/?q"},
		{"/go?to=http://other.example/", "example.com", false, "ws://example.com/go?to=http://other.example/"},
		{"chat?to=http://x", "example.com", false, "ws://example.com/chat?to=http://x"},
		{"*", "example.com", false, "ws://example.com/"},
		{"/chat", "", false, "ws:///chat"},
	}
	for _, tt := range tests {
		h := testHead()
		if h.Target = tt.target; tt.host != "" {
			h.Fields = []Field{{"Host", tt.host}}
		}
		if got := requestURL(h, tt.tls); got != tt.want {
			t.Errorf("%q at %q: %q, want %q", tt.target, tt.host, got, tt.want)
		}
	}
}

// Nothing that a peer can put into the headers makes parameters that the
// inflater cannot work with, or faults without words.
func FuzzCheckResponse(f *testing.F) {
	f.Add("permessage-deflate; client_max_window_bits", "permessage-deflate; client_max_window_bits=9", "a")
	f.Add("permessage-deflate; server_max_window_bits=10, x", "permessage-deflate; a=\"\\\"\", x", "a, b")
	f.Add("", "permessage-deflate;;=", "")
	f.Fuzz(func(t *testing.T, offer, answer, protocol string) {
		req := upgradeRequest("Sec-WebSocket-Extensions: "+offer, "Sec-WebSocket-Protocol: "+protocol)
		r := checkResponse(req, upgradeResponse("Sec-WebSocket-Extensions: "+answer, "Sec-WebSocket-Protocol: "+protocol))
		if d := r.Deflate; d != nil {
			for _, bits := range []int{d.ClientMaxWindowBits, d.ServerMaxWindowBits} {
				if bits < 8 || bits > 15 {
					t.Errorf("%+v", *d)
				}
			}
		}
		for _, fault := range r.Faults {
			if fault.Rule.Code == "" || fault.Expected == "" || fault.Found == "" {
				t.Errorf("%+v", fault)
			}
		}
		if got := checkResponse(req, &Head{Status: 200}); len(got.Faults) != 0 || got.Deflate != nil {
			t.Errorf("refused, and %+v", got)
		}
	})
}
