package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"wstap/capture"
	"wstap/capture/capturetest"
	"wstap/report/dfilter"
	"wstap/report/page"
	"wstap/report/pcapng"
)

func TestFilterAnswers(t *testing.T) {
	hub := NewHub(Limits{})
	x := example{open: func(t testing.TB) capture.Source {
		return capturetest.NewSource(capturetest.Load(t, "../../testdata/scenario/ping-between-fragments.txt"))
	}}
	redacting := page.Options{Name: "test", Kind: "file"}
	fill(t, hub, x, redacting, 1)
	s := serve(t, hub, Options{})

	w, body := get(t, s.URL()+"filter?q=websocket.opcode+%3E+8", nil)
	var got filtered
	if err := json.Unmarshal([]byte(body), &got); err != nil || w.StatusCode != 200 {
		t.Fatalf("%s: %s: %v", w.Status, body, err)
	}
	m, err := newMatcher(hub, "websocket.opcode > 8", dfilter.Options{})
	if err != nil {
		t.Fatal(err)
	}
	chunks, first, next, _ := hub.snapshot()
	shown := make([]bool, next)
	for _, c := range chunks {
		found, err := m.match(c)
		if err != nil {
			t.Fatal(err)
		}
		for i := range found.Rows {
			shown[c.First+uint64(i)] = found.Bits[i/8]>>(i%8)&1 != 0
		}
		for _, n := range found.Late {
			shown[n] = true
		}
	}
	if got.First != first || got.Rows != len(shown) || len(got.Bits) != (len(shown)+7)/8 || len(got.Notes) > 0 || !slices.Contains(shown, true) {
		t.Errorf("%+v for %d rows", got, len(shown))
	}
	for i, want := range shown {
		if is := got.Bits[i/8]>>(i%8)&1 != 0; is != want {
			t.Errorf("row %d: %t", i, is)
		}
	}

	for _, c := range []struct {
		q       string
		at      int
		length  int
		message string
	}{
		{"", 0, 1, "empty"},
		{"websocket.opcode == frog", 20, 4, "frog"},
		{"websocket.opcde", 0, 15, "websocket.opcode"},
		{"tcp.seq > 1", 0, 11, "give this filter to wstap serve with -Y"},
	} {
		for _, path := range []string{"filter?q=", "events?filter="} {
			if c.q == "" && path != "filter?q=" {
				continue // no filter at all
			}
			w, body := get(t, s.URL()+path+strings.ReplaceAll(c.q, " ", "+"), nil)
			var got refusal
			if err := json.Unmarshal([]byte(body), &got); err != nil || w.StatusCode != 400 {
				t.Errorf("%s%s: %s: %s", path, c.q, w.Status, body)
				continue
			}
			if e := got.Error; e.At != c.at || e.Length != c.length || !strings.Contains(e.Message, c.message) || !strings.Contains(e.Caret, "^") {
				t.Errorf("%s%s: %+v", path, c.q, e)
			}
		}
	}
}

// TestFilterSaysWhatItDidNotSee: rows that are gone, values that are redacted.
func TestFilterSaysWhatItDidNotSee(t *testing.T) {
	hub := NewHub(Limits{Rows: 4})
	x := example{open: func(t testing.TB) capture.Source {
		src, err := capture.Open("../../testdata/demo/signalling.pcapng")
		if err != nil {
			t.Fatal(err)
		}
		return src
	}}
	fill(t, hub, x, page.Options{Name: "test", Kind: "file"}, 1)
	s := serve(t, hub, Options{})
	_, body := get(t, s.URL()+"filter?q=websocket", nil)
	var got filtered
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	if notes := strings.Join(got.Notes, "; "); got.First == 0 || !strings.Contains(notes, "older rows gone") || !strings.Contains(notes, "--no-redact") {
		t.Errorf("rows from %d, %q", got.First, got.Notes)
	}
}

// TestExportThatFails: nobody takes a part for the whole.
func TestExportThatFails(t *testing.T) {
	fault := errors.New("the disk is on fire")
	for _, c := range []struct {
		name   string
		export func(context.Context, io.Writer, []int) error
		status int
		body   string
		broken bool
	}{
		{"whole", func(_ context.Context, w io.Writer, conns []int) error {
			if !slices.Equal(conns, []int{3, 1}) {
				return fault
			}
			_, err := io.WriteString(w, "packets")
			return err
		}, 200, "packets", false},
		{"at once", func(context.Context, io.Writer, []int) error { return fault }, 500, "fire", false},
		{"in the middle", func(_ context.Context, w io.Writer, _ []int) error {
			w.Write(make([]byte, 1<<20))
			return fault
		}, 200, "", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := serve(t, NewHub(Limits{}), Options{Export: c.export})
			r, err := http.Get(s.URL() + "export?format=pcapng&conns=3,1")
			if err != nil {
				t.Fatal(err)
			}
			defer r.Body.Close()
			b, err := io.ReadAll(r.Body)
			if r.StatusCode != c.status || c.broken != (err != nil) || !bytes.Contains(b, []byte(c.body)) {
				t.Errorf("%s, %d bytes: %v", r.Status, len(b), err)
			}
			if file := r.Header.Get("Content-Disposition"); (c.status == 200) != strings.Contains(file, "attachment") {
				t.Errorf("Content-Disposition: %q", file)
			}
		})
	}
}

// TestPacketsAreExported: of the connections wanted, over several files, of
// which the oldest are gone.
func TestPacketsAreExported(t *testing.T) {
	all := capturetest.Load(t, "../../testdata/scenario/two-connections.txt")
	hub := NewHub(Limits{})
	fill(t, hub, example{open: func(testing.TB) capture.Source { return capturetest.NewSource(all) }}, whole, 1)
	for _, c := range []struct {
		name     string
		rotation pcapng.Rotation
		conns    []int
		want     func(i int, f capture.Flow) bool
	}{
		{"all", pcapng.Rotation{}, nil, func(int, capture.Flow) bool { return true }},
		{"in many files", pcapng.Rotation{Packets: 3}, nil, func(int, capture.Flow) bool { return true }},
		{"the last files", pcapng.Rotation{Packets: 3, Files: 2}, nil, func(i int, _ capture.Flow) bool {
			return i >= (len(all)-1)/3*3-3
		}},
		{"the second connection", pcapng.Rotation{Packets: 3}, []int{2}, func(_ int, f capture.Flow) bool {
			client := hub.conn(2).Stream.Client()
			return f.Src == client || f.Dst == client
		}},
		{"a connection that is not known", pcapng.Rotation{}, []int{77}, func(int, capture.Flow) bool { return false }},
	} {
		t.Run(c.name, func(t *testing.T) {
			kept := NewPackets(hub)
			out, err := pcapng.NewOutput(kept, pcapng.Options{Rotation: c.rotation, Application: "test", Interfaces: func() []capture.Interface {
				return []capture.Interface{{Link: all[0].Link}}
			}})
			if err != nil {
				t.Fatal(err)
			}
			var want [][]byte
			var dec capture.Decoder
			var seg capture.Segment
			for i, p := range all {
				if err := out.Packet(p); err != nil {
					t.Fatal(err)
				}
				if dec.Decode(&p, &seg); c.want(i, seg.Flow()) {
					want = append(want, p.Data)
				}
			}
			if err := out.Flush(); err != nil { // it goes on: it is not closed
				t.Fatal(err)
			}
			var b bytes.Buffer
			if err := kept.Export(context.Background(), &b, c.conns); err != nil {
				t.Fatal(err)
			}
			var got [][]byte
			if len(want) > 0 {
				src, err := capture.NewReader(&b, "export")
				if err != nil {
					t.Fatal(err)
				}
				for {
					p, err := src.Next()
					if err == io.EOF {
						break
					}
					if err != nil {
						t.Fatal(err)
					}
					got = append(got, bytes.Clone(p.Data))
				}
			}
			if !slices.EqualFunc(got, want, bytes.Equal) {
				t.Errorf("%d packets, want %d", len(got), len(want))
			}
		})
	}
}
