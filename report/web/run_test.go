package web

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"wstap/capture"
	"wstap/capture/capturetest"
	"wstap/reassembly"
	"wstap/reassembly/decrypt"
	"wstap/reassembly/reassemblytest"
	"wstap/report"
	"wstap/report/page"
	"wstap/wsframe"
)

// clock stands still, so far ahead that no deadline passes.
func clock() time.Time { return time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC) }

// whole keeps everything as it is.
var whole = page.Options{Name: "test", Kind: "file", Payload: report.NoLimit(), Secrets: true}

// run sends the events of packets to sink, and closes it. between is called
// after each packet.
func run(t testing.TB, src capture.Source, keys *decrypt.KeyLog, sink wsframe.Sink, between func()) {
	t.Helper()
	tls := decrypt.New(wsframe.NewAnalyzer(sink, wsframe.Options{Handshakes: true}), keys, decrypt.Options{})
	a := reassembly.New(tls, reassembly.Options{})
	var last capture.Stamp
	(&reassemblytest.Driver{Assembler: a}).Run(t, src, func(p *capture.Packet) {
		if last.Packet == 0 {
			if err := sink.Emit(&report.Started{M: wsframe.Meta{Stamp: p.Stamp}}); err != nil {
				t.Fatal(err)
			}
		}
		last = p.Stamp
	}, func(*capture.Packet, capture.Kind) { between() })
	if err := errors.Join(a.Close(), tls.Close()); err != nil {
		t.Fatal(err)
	}
	if err := sink.Emit(&report.Summary{M: wsframe.Meta{Stamp: last}}); err != nil {
		t.Fatal(err)
	}
	if err := sink.Close(); err != nil {
		t.Fatal(err)
	}
}

// example is a capture with the keys that lie beside it.
type example struct {
	name string
	open func(testing.TB) capture.Source
	keys *decrypt.KeyLog
}

// examples are all scenarios, the demo, and what the corpus has, if it is there.
func examples(t *testing.T) []example {
	t.Helper()
	var all []example
	scenarios, err := filepath.Glob("../../testdata/scenario/*.txt")
	if err != nil || len(scenarios) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, path := range scenarios {
		all = append(all, example{name: filepath.Base(path), open: func(t testing.TB) capture.Source {
			return capturetest.NewSource(capturetest.Load(t, path))
		}})
	}
	dir := os.Getenv("WSTAP_CORPUS")
	if dir == "" {
		dir = "../../../shared/corpus"
	}
	files, err := filepath.Glob(dir + "/own/*/capture.pcap*")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Logf("without captures of real peers: no corpus in %s (WSTAP_CORPUS names it)", dir)
	}
	files = append(files, "../../testdata/demo/signalling.pcapng")
	for _, path := range files {
		if info, err := os.Stat(path); err != nil || info.Size() > 256<<10 {
			continue // the large ones take seconds under the race detector
		}
		keys := new(decrypt.KeyLog)
		logs, _ := filepath.Glob(filepath.Dir(path) + "/*keys.log")
		for _, f := range logs {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			keys.AddSecrets(b)
		}
		all = append(all, example{name: filepath.Base(filepath.Dir(path)), keys: keys, open: func(t testing.TB) capture.Source {
			src, err := capture.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { src.Close() })
			return src
		}})
	}
	return all
}

// newFeed makes a Feed of a Hub, or fails.
func newFeed(t testing.TB, h *Hub, o page.Options) *Feed {
	t.Helper()
	f, err := NewFeed(h, FeedOptions{Page: o, Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// fill runs a capture into a Hub, with a batch for each number of packets.
func fill(t testing.TB, h *Hub, x example, o page.Options, packets int) {
	t.Helper()
	f := newFeed(t, h, o)
	n := 0
	run(t, x.open(t), x.keys, f, func() {
		if n++; n%packets == 0 {
			if err := f.flush(); err != nil {
				t.Fatal(err)
			}
		}
	})
}
