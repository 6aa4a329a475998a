package web

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"wstap/report"
	"wstap/report/dfilter"
	"wstap/report/page"
	"wstap/wsframe"
)

// ownFilters are of fields that only wstap has, and of state.
var ownFilters = []string{
	"wstap.conn == 1", "wstap.from == client", `wstap.summary contains "e"`, "wstap.violation", `wstap.violation contains "utf"`,
	"wstap.rtt > 0", "wstap.index > 0", "wstap.missing > 0", "wstap.compressed", "wstap.message_length > 20", "wstap.message_frames > 1",
	"wstap.time > 0.5", "wstap.first_packet < frame.number", `wstap.certainty == "resynced"`, `wstap.certainty == "midstream"`,
	"frame.time_relative > 0.01", "frame.time_delta_displayed > 0.001", "websocket.fragment", "http.response.code != 101", "wstap.opcode == close",
	`wstap.message matches "[0-9]"`, "!wstap.complete", "wstap.invalid_utf8 == 1", "tls", `wstap.via == "h2"`, "wstap.deflate or websocket.pmc == 1",
	"websocket[0] & 0x80", "wstap.url", "not websocket.mask",
}

// filters are those of ours that need no headers of packets.
func filters(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("../dfilter/testdata/filters.txt")
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, line := range append(strings.Split(string(text), "\n"), ownFilters...) {
		if line == "" || line[0] == '#' {
			continue
		}
		f, err := dfilter.Compile(line, dfilter.Options{})
		var x dfilter.Context
		if err == nil {
			f.Require(&x)
		}
		if err == nil && !x.NeedsPackets() {
			all = append(all, line)
		}
	}
	if len(all) < 150 {
		t.Fatalf("only %d filters", len(all))
	}
	return all
}

// key is what says which event a row is of.
func key(r *page.Row) string {
	s := fmt.Sprintf("%d", r.Kind)
	if r.Event == nil {
		return s
	}
	m := r.Event.Meta()
	number := 0
	if m.Conn != nil {
		number = m.Conn.Number
	}
	s += fmt.Sprintf(" #%d @%d", number, m.Packet)
	switch e := r.Event.(type) {
	case *wsframe.Frame:
		s += fmt.Sprintf(" %v %v %d %d-%d", e.From, e.Opcode, e.Length, e.First.Packet, e.Index)
	case *wsframe.Violation:
		s += e.Rule.Code + e.Found
	}
	return s
}

// TestFilterIsThatOfTheCommandLine holds what a matcher finds among the rows
// that are kept against the rows that -Y leaves of the same capture.
func TestFilterIsThatOfTheCommandLine(t *testing.T) {
	all := filters(t)
	shown := 0
	for i, x := range examples(t) {
		hub := NewHub(Limits{})
		fill(t, hub, x, whole, 1+i%5)
		var some []string
		for j := i % 16; j < len(all); j += 16 {
			some = append(some, all[j])
		}
		for j, want := range passing(t, x, some) {
			got := matching(t, hub, some[j])
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("%s: %s\nfinds\n%s\nwant\n%s", x.name, some[j], strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			shown += len(got)
		}
	}
	if shown < 1000 {
		t.Errorf("all filters together show only %d rows", shown)
	}
}

// matching are the rows of hub that pass the filter.
func matching(t *testing.T, hub *Hub, filter string) (found []string) {
	t.Helper()
	m, err := newMatcher(hub, filter, dfilter.Options{})
	if err != nil {
		t.Fatalf("%s: %v", filter, err)
	}
	dec := page.NewDecoder(hub.conn)
	chunks, _, _, _ := hub.snapshot()
	var rows []page.Row
	for _, c := range chunks {
		more, err := dec.Decode(c.Data)
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, more...)
		got, err := m.match(c)
		if err != nil {
			t.Fatal(err)
		}
		numbers := got.Late
		for i := range got.Rows {
			if got.Bits[i/8]>>(i%8)&1 != 0 {
				numbers = append(numbers, got.First+uint64(i))
			}
		}
		for _, n := range numbers {
			found = append(found, key(&rows[n]))
		}
	}
	return found
}

// passing are, for each filter, the rows of what -Y lets through.
func passing(t *testing.T, x example, filters []string) [][]string {
	t.Helper()
	found := make([][]string, len(filters))
	var tee report.Tee
	for i, filter := range filters {
		f, err := dfilter.Compile(filter, dfilter.Options{})
		if err != nil {
			t.Fatal(err)
		}
		dec := page.NewDecoder(nil)
		encoder := page.NewEncoder(whole, func(b page.Batch) error {
			rows, err := dec.Decode(b.Data)
			for j := range rows {
				found[i] = append(found[i], key(&rows[j]))
			}
			return err
		})
		tee = append(tee, dfilter.NewSink(f, &dfilter.Context{}, encoder))
	}
	run(t, x.open(t), x.keys, tee, func() {})
	return found
}
