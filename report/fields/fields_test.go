package fields_test

import (
	"io"
	"testing"

	"wstap/report/fields"
	"wstap/report/sinktest"
	"wstap/wsframe"
)

func TestSinks(t *testing.T) {
	all, err := fields.Columns([]string{"frame.number", "frame.time", "websocket.payload", "websocket.payload.text", "wstap.message",
		"wstap.summary", "websocket.masked_payload", "http.request.uri", "wstap.violation", "tcp.port", "wstap.subprotocol",
		"websocket.payload.close.reason", "wstap.url", "websocket.fragment", "wstap.rtt", "ip.addr", "ipv6.addr"})
	if err != nil {
		t.Fatal(err)
	}
	chosen := fields.Options{Columns: all}
	for name, open := range map[string]func(io.Writer) wsframe.Sink{
		"fields":       func(w io.Writer) wsframe.Sink { return fields.NewLines(w, chosen) },
		"csv":          func(w io.Writer) wsframe.Sink { return fields.NewCSV(w, chosen) },
		"default csv":  func(w io.Writer) wsframe.Sink { return fields.NewCSV(w, fields.Options{}) },
		"json":         func(w io.Writer) wsframe.Sink { return fields.NewJSON(w, chosen) },
		"json, all":    func(w io.Writer) wsframe.Sink { return fields.NewJSON(w, fields.Options{}) },
		"ek":           func(w io.Writer) wsframe.Sink { return fields.NewEK(w, chosen) },
		"ek, all":      func(w io.Writer) wsframe.Sink { return fields.NewEK(w, fields.Options{}) },
		"ek, messages": func(w io.Writer) wsframe.Sink { return fields.NewEK(w, fields.Options{Messages: true}) },
	} {
		t.Run(name, func(t *testing.T) { sinktest.Run(t, open) })
	}
}
