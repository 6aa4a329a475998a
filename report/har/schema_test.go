package har_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// object is a JSON object that is checked; path names it in messages.
type object struct {
	t    *testing.T
	path string
	m    map[string]any
}

// field fails the test unless the object has a value of T under key.
func field[T any](o object, key string) T {
	o.t.Helper()
	v, ok := o.m[key].(T)
	if !ok {
		o.t.Errorf("%s.%s is %v (%T), want a %T", o.path, key, o.m[key], o.m[key], v)
	}
	return v
}

func (o object) object(key string) object {
	o.t.Helper()
	return object{o.t, o.path + "." + key, field[map[string]any](o, key)}
}

func (o object) list(key string) (all []object) {
	o.t.Helper()
	for i, v := range field[[]any](o, key) {
		path := fmt.Sprintf("%s.%s[%d]", o.path, key, i)
		m, ok := v.(map[string]any)
		if !ok {
			o.t.Errorf("%s is no object", path)
		}
		all = append(all, object{o.t, path, m})
	}
	return all
}

// integer is a whole number of at least least.
func (o object) integer(key string, least float64) {
	o.t.Helper()
	if v := field[float64](o, key); v != math.Trunc(v) || v < least {
		o.t.Errorf("%s.%s is %v", o.path, key, v)
	}
}

// optional is a string where it is there.
func (o object) optional(keys ...string) {
	o.t.Helper()
	for _, key := range keys {
		if _, ok := o.m[key]; ok {
			field[string](o, key)
		}
	}
}

// only allows no other keys, but for those of an underscore.
func (o object) only(keys ...string) {
	o.t.Helper()
	for key := range o.m {
		if !slices.Contains(keys, key) && !strings.HasPrefix(key, "_") {
			o.t.Errorf("%s.%s is not of HAR 1.2", o.path, key)
		}
	}
}

// validate holds text against HAR 1.2 (the WHATWG's and W3C's abandoned draft,
// which is what all tools read) and what Chromium adds for WebSockets.
func validate(t *testing.T, text []byte) (entries []object) {
	t.Helper()
	var top map[string]any
	if err := json.Unmarshal(text, &top); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	root := object{t, "har", top}
	root.only("log")
	log := root.object("log")
	log.only("version", "creator", "browser", "pages", "entries", "comment")
	if v := field[string](log, "version"); v != "1.2" {
		t.Errorf("version %s", v)
	}
	creator := log.object("creator")
	creator.only("name", "version", "comment")
	field[string](creator, "name")
	field[string](creator, "version")
	log.list("pages")
	log.optional("comment")
	entries = log.list("entries")
	for _, e := range entries {
		e.entry()
	}
	return entries
}

func (e object) entry() {
	e.t.Helper()
	e.only("startedDateTime", "time", "request", "response", "cache", "timings", "serverIPAddress", "connection", "comment")
	if _, err := time.Parse(time.RFC3339Nano, field[string](e, "startedDateTime")); err != nil {
		e.t.Error(err)
	}
	request := e.object("request")
	request.only("method", "url", "httpVersion", "cookies", "headers", "queryString", "headersSize", "bodySize", "comment")
	for _, key := range []string{"method", "url", "httpVersion"} {
		if field[string](request, key) == "" {
			e.t.Errorf("%s.%s is empty", request.path, key)
		}
	}
	request.pairs("cookies", "headers", "queryString")
	request.integer("headersSize", -1)
	request.integer("bodySize", -1)

	response := e.object("response")
	response.only("status", "statusText", "httpVersion", "cookies", "headers", "content", "redirectURL", "headersSize", "bodySize", "comment")
	response.integer("status", 0)
	for _, key := range []string{"statusText", "httpVersion", "redirectURL"} {
		field[string](response, key)
	}
	response.pairs("cookies", "headers")
	response.integer("headersSize", -1)
	response.integer("bodySize", -1)
	content := response.object("content")
	content.only("size", "mimeType", "text", "compression", "encoding", "comment")
	content.integer("size", 0)
	field[string](content, "mimeType")
	content.optional("text")

	if c := e.object("cache"); len(c.m) > 0 {
		e.t.Errorf("%s is not empty", c.path)
	}
	e.timings()
	if _, ok := e.m["serverIPAddress"]; ok {
		if _, err := netip.ParseAddr(field[string](e, "serverIPAddress")); err != nil {
			e.t.Error(err)
		}
	}
	if _, ok := e.m["connection"]; ok {
		if _, err := strconv.ParseUint(field[string](e, "connection"), 10, 16); err != nil {
			e.t.Error(err)
		}
	}
	e.optional("comment")
	for _, m := range e.list("_webSocketMessages") {
		m.message()
	}
	if field[string](e, "_resourceType") != "websocket" {
		e.t.Error("its type is not websocket")
	}
}

// timings hold the entry's time: each is known and positive, or -1 where it may
// be; ssl is part of connect, and blocked is a trifle of ours.
func (e object) timings() {
	e.t.Helper()
	t := e.object("timings")
	t.only("blocked", "dns", "connect", "ssl", "send", "wait", "receive", "comment")
	sum := 0.0
	for _, key := range []string{"blocked", "dns", "connect", "send", "wait", "receive"} {
		v := field[float64](t, key)
		if v < 0 && (v != -1 || key == "send" || key == "wait" || key == "receive") {
			e.t.Errorf("%s.%s is %v", t.path, key, v)
		}
		if key != "blocked" {
			sum += max(v, 0)
		}
	}
	if v := field[float64](t, "ssl"); v > field[float64](t, "connect") {
		e.t.Errorf("%s.ssl is %v, more than connect", t.path, v)
	}
	if field[float64](t, "blocked") != 0.01 {
		e.t.Errorf("%s.blocked is not 0.01", t.path)
	}
	if all := field[float64](e, "time"); math.Abs(all-sum) > 1e-6 {
		e.t.Errorf("%s.time is %v, its timings add up to %v", e.path, all, sum)
	}
}

func (o object) pairs(keys ...string) {
	o.t.Helper()
	for _, key := range keys {
		for _, p := range o.list(key) {
			p.only("name", "value", "path", "domain", "expires", "httpOnly", "secure", "comment")
			field[string](p, "name")
			field[string](p, "value")
		}
	}
}

func (m object) message() {
	m.t.Helper()
	if len(m.m) != 4 {
		m.t.Errorf("%s has %d keys", m.path, len(m.m))
	}
	if v := field[float64](m, "time"); v < 0 {
		m.t.Errorf("%s.time is %v", m.path, v)
	}
	data := field[string](m, "data")
	op := field[float64](m, "opcode")
	switch kind := field[string](m, "type"); {
	case kind == "error":
		if op != -1 || data == "" {
			m.t.Errorf("%s is an error row with opcode %v and text %q", m.path, op, data)
		}
	case kind != "send" && kind != "receive":
		m.t.Errorf("%s.type is %s", m.path, kind)
	case op != 1:
		if _, err := base64.StdEncoding.DecodeString(data); err != nil {
			m.t.Errorf("%s: %v", m.path, err)
		}
		fallthrough
	default:
		if op < 0 || op > 15 || op == 8 {
			m.t.Errorf("%s.opcode is %v", m.path, op)
		}
	}
}
