package redact_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"wstap/report/redact"
)

const jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"

func TestSecret(t *testing.T) {
	for _, name := range []string{
		"password", "sipPassword", "sip_password", "PASSWD", "secret", "clientSecret", "token", "access_token", "refreshToken",
		"X-Auth-Token", "Authorization", "Proxy-Authorization", "Cookie", "Set-Cookie", "apiKey", "x-api-key", "pwd", "credential",
	} {
		if !redact.Secret(name) {
			t.Errorf("%s is no secret", name)
		}
	}
	for _, name := range []string{"", "passwordHint2", "tokens_used", "user", "message", "passenger", "compass", "Host", "Sec-WebSocket-Key"} {
		if redact.Secret(name) {
			t.Errorf("%s is secret", name)
		}
	}
}

func TestText(t *testing.T) {
	for _, tc := range []struct {
		name, text, want string
		n                int
	}{
		{"nothing", `{"user":"ann","n":1}`, `{"user":"ann","n":1}`, 0},
		{"value", `{"user":"ann","password":"hunter2"}`, `{"user":"ann","password":"[redacted]"}`, 1},
		{"spaces stay", "{ \"password\" :\n \"hunter2\" , \"x\": 1}", "{ \"password\" :\n \"[redacted]\" , \"x\": 1}", 1},
		{"at any depth", `{"data":[{"sip":{"sipPassword":"p","uri":"u"}}]}`, `{"data":[{"sip":{"sipPassword":"[redacted]","uri":"u"}}]}`, 1},
		{"number", `{"pin":1234,"x":1}`, `{"pin":"[redacted]","x":1}`, 1},
		{"object", `{"token":{"a":["}"],"b":{}},"x":1}`, `{"token":"[redacted]","x":1}`, 1},
		{"null and booleans tell nothing", `{"token":null,"secret":true}`, `{"token":null,"secret":true}`, 0},
		{"empty", `{"password":""}`, `{"password":""}`, 0},
		{"escaped quote", `{"password":"a\"b","x":"y"}`, `{"password":"[redacted]","x":"y"}`, 1},
		{"escaped backslash at the end", `{"password":"a\\","x":"y"}`, `{"password":"[redacted]","x":"y"}`, 1},
		{"JSON in a string", `{"body":"{\"password\":\"a\\\"b\",\"x\":1}"}`, `{"body":"{\"password\":\"[redacted]\",\"x\":1}"}`, 1},
		{"JSON in a string in a string", `["{\"b\":\"{\\\"password\\\":\\\"p\\\"}\"}"]`, `["{\"b\":\"{\\\"password\\\":\\\"[redacted]\\\"}\"}"]`, 1},
		{"number in a string", `["{\"pin\":12}"]`, `["{\"pin\":\"[redacted]\"}"]`, 1},
		{"string ends before its inner value", `{"a":"{\"password\":\"x","b":"y"}`, `{"a":"{\"password\":\"[redacted]","b":"y"}`, 1},
		{"cut short", `{"a":1,"password":"hunt`, `{"a":1,"password":"[redacted]`, 1},
		{"cut before the value", `{"a":1,"password":`, `{"a":1,"password":`, 0},
		{"behind a lone quote", `5" wide, {"password":"x"}`, `5" wide, {"password":"[redacted]"}`, 1},
		{"Socket.IO", `42["login",{"password":"x"}]`, `42["login",{"password":"[redacted]"}]`, 1},
		{"several", `{"password":"a","token":"b"}`, `{"password":"[redacted]","token":"[redacted]"}`, 2},
		{"twice", `{"password":"[redacted]"}`, `{"password":"[redacted]"}`, 0},
		{"SIP", "REGISTER sip:x SIP/2.0\r\nAuthorization: Digest username=\"a\", response=\"b\"\r\nTo: <x>\r\n", "REGISTER sip:x SIP/2.0\r\nAuthorization: [redacted]\r\nTo: <x>\r\n", 1},
		{"SIP in JSON", `{"sip":"REGISTER\r\nAuthorization: Digest r=\"b\"\r\nTo: x"}`, `{"sip":"REGISTER\r\nAuthorization: [redacted]\r\nTo: x"}`, 1},
		{"STOMP", "CONNECT\nlogin:a\npasscode:b\n\n\x00", "CONNECT\nlogin:a\npasscode:[redacted]\n\n\x00", 1},
		{"form", "user=a&password=b&x=1", "user=a&password=[redacted]&x=1", 1},
		{"token in a URL in JSON", `{"u":"https://x/?a=1&access_token=abc"}`, `{"u":"https://x/?a=1&access_token=[redacted]"}`, 1},
		{"JWT", "auth " + jwt + " ok", "auth [redacted] ok", 1},
		{"JWT under a secret key", `{"token":"` + jwt + `"}`, `{"token":"[redacted]"}`, 1},
		{"bearer", `["Bearer abcdefgh1234"]`, `["Bearer [redacted]"]`, 1},
		{"a bearer of news", "the bearer of news", "the bearer of news", 0},
		{"not UTF-8", "\xff\"password\":\"\xfe\"", "\xff\"password\":\"[redacted]\"", 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			before := strings.Clone(tc.text)
			got, n := redact.Text([]byte(tc.text))
			if string(got) != tc.want || n != tc.n {
				t.Errorf("%s gives\n%s, %d taken out; want\n%s, %d", before, got, n, tc.want, tc.n)
			}
			again, n := redact.Text(got)
			if n != 0 || !bytes.Equal(again, got) {
				t.Errorf("a second time %d are taken out: %s", n, again)
			}
		})
	}
}

func TestURL(t *testing.T) {
	for in, want := range map[string]string{
		"ws://h/p?x=1":                      "ws://h/p?x=1",
		"ws://h/p?token=abc&x=1":            "ws://h/p?token=[redacted]&x=1",
		"ws://h/p?x=1&access%5Ftoken=a%26b": "ws://h/p?x=1&access%5Ftoken=[redacted]",
		"ws://ann:pw@h/p":                   "ws://ann:[redacted]@h/p",
		"ws://h/p?mail=a:b@c":               "ws://h/p?mail=a:b@c",
		"ws://h/" + jwt + "/x":              "ws://h/[redacted]/x",
		"/p?sipPassword=x":                  "/p?sipPassword=[redacted]",
		"ws://h/p#id_token=abc&state=1":     "ws://h/p#id_token=[redacted]&state=1",
	} {
		if got, _ := redact.URL(in); got != want {
			t.Errorf("%s gives %s, want %s", in, got, want)
		}
	}
}

func TestField(t *testing.T) {
	for _, tc := range []struct{ name, value, want string }{
		{"Host", "example.test", "example.test"},
		{"Cookie", "a=b", "[redacted]"},
		{"set-cookie", "a=b; Path=/", "[redacted]"},
		{"AUTHORIZATION", "Basic eA==", "[redacted]"},
		{"Authorization", "", ""},
		{"Referer", "https://h/?token=x&y=1", "https://h/?token=[redacted]&y=1"},
		{"Sec-WebSocket-Protocol", "chat, superchat", "chat, superchat"},
		{"Sec-WebSocket-Protocol", "chat, " + jwt, "chat, [redacted]"},
		{"Sec-WebSocket-Protocol", "access_token, abc,v1", "access_token, [redacted],v1"},
		{"Sec-WebSocket-Protocol", "base64url.bearer.authorization.k8s.io.ZXlKaGJHY2lPaUpTVXpJMU5pSXNJbX, v4", "[redacted], v4"},
		{"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQ=="},
	} {
		if got, _ := redact.Field(tc.name, tc.value); got != tc.want {
			t.Errorf("%s: %s gives %q, want %q", tc.name, tc.value, got, tc.want)
		}
	}
}

// FuzzText: what is JSON stays JSON with the same shape, no secret of its keys
// is left, and a second run finds nothing.
func FuzzText(f *testing.F) {
	f.Add(`{"password":"a\\","data":[{"token":{"x":1}}],"b":"{\"secret\":\"s\"}"}`)
	f.Add("a=b&token=c\r\ncookie: x\n\\ncookie: y\\n")
	f.Add(`{"a\"b":"token=\\\"x"}`)
	f.Fuzz(func(t *testing.T, s string) {
		out, n := redact.Text([]byte(s))
		if n == 0 && string(out) != s {
			t.Fatalf("changed without a count: %q to %q", s, out)
		}
		var before, after any
		if json.Unmarshal([]byte(s), &before) != nil {
			return
		}
		if err := json.Unmarshal(out, &after); err != nil {
			t.Fatalf("%v: %q became %q", err, s, out)
		}
		check(t, after)
	})
}

// check looks for secrets that are left.
func check(t *testing.T, v any) {
	t.Helper()
	switch v := v.(type) {
	case map[string]any:
		for name, value := range v {
			raw, _ := json.Marshal(name)
			if plain := string(raw) == `"`+name+`"`; plain && redact.Secret(name) {
				switch value := value.(type) {
				case string:
					if value != redact.Mark && value != "" {
						t.Errorf("%s is left: %q", name, value)
					}
				case nil, bool:
				default:
					t.Errorf("%s is left: %v", name, value)
				}
				continue
			}
			check(t, value)
		}
	case []any:
		for _, value := range v {
			check(t, value)
		}
	}
}
