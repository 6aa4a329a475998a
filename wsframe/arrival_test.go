package wsframe_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"testing"

	"wstap/capture"
	"wstap/capture/capturetest"
	"wstap/wsframe"
	"wstap/wsframe/wsframetest"
)

// seeds is how many random arrivals each trace is tried with: a few in `make
// test`, a thousand in `make fuzz`.
func seeds(t *testing.T) uint64 {
	n, err := strconv.ParseUint(os.Getenv("WSTAP_SEEDS"), 10, 64)
	if err != nil {
		return 2
	}
	return n
}

// trace is traffic in which nothing is lost, cut or forged.
type trace struct {
	name    string
	packets []capture.Packet
}

// healthy are the traces that every arrival is tried on.
func healthy(t *testing.T) []trace {
	var all []trace
	for _, name := range []string{
		"plain-session", "signalling-session", "head-single-bytes", "frames-in-101-segment",
		"keep-alive-before-upgrade", "pipelined-before-upgrade", "interim-responses", "chunked-before-upgrade",
		"connect-tunnel", "unauthorized-then-101", "ping-between-fragments", "empty-final-fragment", "length-forms",
		"deflate-takeover", "deflate-fragments", "deflate-small-windows", "deflate-bfinal", "close-both",
		"two-connections", "half-close", "violation-invalid-utf8", "violation-message-interleaved", "wraparound",
	} {
		path := filepath.Join("../testdata/scenario", name+".txt")
		all = append(all, trace{name, capturetest.Load(t, path)})
	}
	for _, name := range plainCases {
		if p := ownCapture(t, name); p != nil {
			all = append(all, trace{name, p})
		}
	}
	return all
}

// corpus is the folder of captures that lies beside the project.
func corpus() string {
	if dir := os.Getenv("WSTAP_CORPUS"); dir != "" {
		return dir
	}
	return "../../shared/corpus"
}

// ownCapture reads a capture of the corpus; nil where it is absent.
func ownCapture(t *testing.T, name string) []capture.Packet {
	paths, _ := filepath.Glob(filepath.Join(corpus(), "own", name, "capture.pcap*"))
	if len(paths) == 0 {
		t.Logf("%s: not there, left out", name)
		return nil
	}
	f, err := capture.Open(paths[0])
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []capture.Packet
	for {
		p, err := f.Next()
		if err != nil {
			return all
		}
		p.Data = append([]byte(nil), p.Data...)
		all = append(all, p)
	}
}

// arrivals are the ways in which the same traffic may arrive. None of them
// changes a byte of a stream.
var arrivals = map[string]func(p []capture.Packet, seed uint64) []capture.Packet{
	"cut into single bytes": func(p []capture.Packet, s uint64) []capture.Packet { return capturetest.Recut(p, s, 1, 1) },
	"cut anew":              func(p []capture.Packet, s uint64) []capture.Packet { return capturetest.Recut(p, s, 1, 97) },
	"reordered by a path": func(p []capture.Packet, s uint64) []capture.Packet {
		return capturetest.Reorder(p, s, capturetest.Disorder{Window: 64, ByIndex: true})
	},
	"reordered by a merge": func(p []capture.Packet, s uint64) []capture.Packet {
		return capturetest.Reorder(p, s, capturetest.Disorder{Window: 64})
	},
	"captured twice": func(p []capture.Packet, s uint64) []capture.Packet { return capturetest.Double(p, s, 1, 0) },
	"doubled later":  func(p []capture.Packet, s uint64) []capture.Packet { return capturetest.Double(p, s, 0.3, 64) },
	"overlapping":    capturetest.Overlap,
	"wrapping":       capturetest.Wrap,
	"tagged":         func(p []capture.Packet, s uint64) []capture.Packet { return capturetest.Tag(p, 100, 7) },
	"in VXLAN": func(p []capture.Packet, s uint64) []capture.Packet {
		return capturetest.Tunnel(p, capturetest.VXLAN(5))
	},
	"in fragments": func(p []capture.Packet, s uint64) []capture.Packet { return capturetest.FragmentIP(p, 512) },
	"among noise":  capturetest.Noise,
	"all at once": func(p []capture.Packet, s uint64) []capture.Packet {
		p = capturetest.Wrap(p, s)
		p = capturetest.Recut(p, s, 1, 700)
		p = capturetest.Overlap(p, s)
		p = capturetest.Double(p, s, 0.2, 16)
		p = capturetest.Noise(p, s)
		p = capturetest.Reorder(p, s, capturetest.Disorder{Window: 16, ByIndex: true})
		return capturetest.Tag(p, 100)
	},
}

// TestArrival: the same traffic, however it arrives, gives the same events.
func TestArrival(t *testing.T) {
	for _, tr := range healthy(t) {
		want := eventsOf(t, tr.packets)
		for name, mangle := range arrivals {
			t.Run(tr.name+"/"+name, func(t *testing.T) {
				for seed := uint64(1); seed <= seeds(t); seed++ {
					p := mangle(tr.packets, seed)
					for i := range p {
						p[i].Packet = uint64(i + 1)
					}
					if got := eventsOf(t, p); got != want {
						t.Fatalf("seed %d: events differ\n%s", seed, diff(want, got))
					}
				}
			})
		}
	}
}

var numbers = regexp.MustCompile(`^#(\d+) (?:opened stream \d+ )?`)

// eventsOf lists the events of each connection, those of each direction in
// their order: what may not depend on arrival.
func eventsOf(t *testing.T, p []capture.Packet) string {
	t.Helper()
	var rec wsframetest.Recorder
	wsframetest.Run(t, capturetest.NewSource(p), &rec, wsframe.Options{})
	who := make(map[string]string) // connection number -> its ends and URL
	lists := make(map[string][]string)
	for _, line := range rec.Lines {
		m := numbers.FindStringSubmatch(line)
		rest := strings.TrimPrefix(line, m[0])
		if strings.Contains(m[0], "opened") {
			who[m[1]] = rest
			rest = "opened"
		}
		side, _, _ := strings.Cut(rest, " ")
		key := who[m[1]] + "\n  " + side
		lists[key] = append(lists[key], "    "+rest)
	}
	var out []string
	for key, list := range lists {
		out = append(out, key+"\n"+strings.Join(list, "\n"))
	}
	sort.Strings(out)
	return strings.Join(out, "\n")
}

// diff shows where two lists of lines part.
func diff(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range w {
		if i == len(g) || w[i] != g[i] {
			lo := max(0, i-3)
			return fmt.Sprintf("--- want\n%s\n--- got\n%s", strings.Join(w[lo:min(len(w), i+6)], "\n"),
				strings.Join(g[min(lo, len(g)):min(len(g), i+6)], "\n"))
		}
	}
	return "--- got more\n" + strings.Join(g[len(w):], "\n")
}
