package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"math/rand"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"wstap/capture"
	"wstap/capture/capturetest"
	"wstap/report/browsertest"
	"wstap/wsframe"
	"wstap/wsframe/wsframetest"
)

// chatter writes a pcap file of about n frames into dir: JSON messages both
// ways on 20 connections.
func chatter(t *testing.T, dir string, n int) string {
	t.Helper()
	name := filepath.Join(dir, fmt.Sprintf("%d.pcap", n))
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := rand.New(rand.NewSource(8))
	words := strings.Fields("hello there how are you please call me back when the build is green again thanks")
	trace := capturetest.NewTrace()
	var conns []*capturetest.Conn
	for i := range 20 {
		c := trace.Conn(capturetest.Config{NoAck: true, Client: netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, byte(2 + i)}), 40000)})
		c.Open()
		c.Upgrade("/chat", "", "")
		conns = append(conns, c)
	}
	for i := range n {
		text := ""
		for range 3 + r.Intn(20) {
			text += words[r.Intn(len(words))] + " "
		}
		trace.Wait(time.Duration(r.ExpFloat64() * 2e6))
		conns[r.Intn(len(conns))].Text(capturetest.Direction(r.Intn(2)), fmt.Sprintf(`{"type":"message","id":"%08x","room":"room-%d","from":{"user":%d,"name":"user %d"},"sent":%d,"text":%q}`,
			r.Uint32(), r.Intn(30), r.Intn(500), r.Intn(500), 1700000000000+i*2, text))
	}
	if err := trace.Err(); err != nil {
		t.Fatal(err)
	}
	if err := capturetest.WritePcap(f, trace.Packets()); err != nil {
		t.Fatal(err)
	}
	return name
}

// payloadSize is a sink that compresses the payloads of all messages, joined,
// as gzip -6 does.
type payloadSize struct {
	frames int
	out    bytes.Buffer
	zip    *gzip.Writer
}

// Emit implements wsframe.Sink.
func (s *payloadSize) Emit(e wsframe.Event) error {
	switch e := e.(type) {
	case *wsframe.Frame:
		s.frames++
		if e.Opcode.IsControl() {
			s.zip.Write(e.Payload)
		}
	case *wsframe.Message:
		s.zip.Write(e.Payload)
	}
	return nil
}

// Close implements wsframe.Sink.
func (s *payloadSize) Close() error { return s.zip.Close() }

// TestPageFigures measures what is promised of the page, and fails
// nowhere: `make page-figures` prints it. Each time is the least of several, as
// other programs run besides. CAPTURES names more captures, for sizes.
func TestPageFigures(t *testing.T) {
	if os.Getenv("WSTAP_PAGE_FIGURES") == "" {
		t.Skip("measures for minutes: make page-figures")
	}
	dir := t.TempDir()
	small, large := chatter(t, dir, 100_000), chatter(t, dir, 1_000_000)
	browser := browsertest.Start(t)
	empty := filepath.Join(dir, "empty.pcap")
	if err := os.WriteFile(empty, session(t, -1), 0o600); err != nil {
		t.Fatal(err)
	}
	page := func(name string) (string, int64) {
		out := filepath.Join(dir, filepath.Base(name)+".html")
		if said, err := wstap(t, "report", "-q", "--no-redact", "-r", name, "-o", out).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, said)
		}
		info, err := os.Stat(out)
		if err != nil {
			t.Fatal(err)
		}
		return out, info.Size()
	}
	_, fixed := page(empty)
	fmt.Printf("page without data: %d bytes\n", fixed)
	for _, name := range append([]string{small, large}, strings.Fields(os.Getenv("CAPTURES"))...) {
		_, size := page(name)
		src, err := capture.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		s := &payloadSize{}
		s.zip, _ = gzip.NewWriterLevel(&s.out, 6)
		wsframetest.Run(t, src, s, wsframe.Options{})
		s.zip.Close()
		fmt.Printf("%-28s %8d frames, payloads gzipped %9d, data %9d: %.2f times; with the page %.2f\n", filepath.Base(filepath.Dir(name))+"/"+filepath.Base(name), s.frames, s.out.Len(), size-fixed,
			float64(size-fixed)/float64(s.out.Len()), float64(size)/float64(s.out.Len()))
	}
	for _, name := range []string{small, large} {
		out, _ := page(name)
		least := map[string]float64{}
		for range 5 {
			p := browser.New(t)
			p.Call("Page.addScriptToEvaluateOnNewDocument", browsertest.Object{"source": watchFirst}, nil)
			p.Go(browsertest.FileURL(out))
			p.Until(loaded + ` && window.firstRow`)
			var seen map[string]float64
			p.Eval(`({'first paint': performance.getEntriesByName('first-contentful-paint')[0].startTime, 'first rows': firstRow, 'all rows': performance.now()})`, &seen)
			for what, ms := range seen {
				if old, ok := least[what]; !ok || ms < old {
					least[what] = ms
				}
			}
			p.Call("Page.close", nil, nil)
		}
		fmt.Printf("%s: %s\n", filepath.Base(name), figures(least))
	}
	out, _ := page(large)
	p := browser.Open(t, browsertest.FileURL(out))
	p.Until(loaded)
	p.Call("HeapProfiler.collectGarbage", nil, nil)
	var memory map[string]float64
	p.Eval(`(() => ({'JS heap MiB': performance.memory.usedJSHeapSize / 2 ** 20}))()`, &memory)
	fmt.Printf("1,000,000 frames in memory: %s\n", figures(memory))
	for name, script := range map[string]string{"wheel, 100 px a frame": wheelScript, "thumb dragged to the end": dragScript} {
		best := map[string]float64{}
		for range 5 {
			var times []float64
			p.Eval(script, &times)
			f := percentiles(times)
			if best["p95"] == 0 || f["p95"] < best["p95"] {
				best = f
			}
		}
		fmt.Printf("%s: ms a frame: %s\n", name, figures(best))
	}
	for _, text := range []string{`websocket.opcode == 1 && websocket.mask == 1`, `frame.number > 500000 && ip.src == 10.0.0.9`, `websocket.payload.text contains "room-7"`, `green again`, `/room-[12]\d","from/`} {
		best := -1.0
		var count string
		for range 3 {
			filter(p, "")
			p.Press("Escape")
			p.Until(loaded)
			var ms float64
			p.Eval(fmt.Sprintf(filterScript, mustJSON(text)), &ms)
			if best < 0 || ms < best {
				best = ms
			}
			count = p.Text(counted + ` + ' ' + document.querySelector('.fault:not([hidden])')`)
		}
		fmt.Printf("filter %-60s %6.0f ms (%s)\n", text, best, count)
	}
}

func mustJSON(text string) []byte {
	b, _ := json.Marshal(text) // a string always is one
	return b
}

// figures prints names and numbers, in the order of names.
func figures(m map[string]float64) string {
	var parts []string
	for _, name := range []string{"first paint", "first rows", "all rows", "p50", "p95", "longest", "frames", "JS heap MiB"} {
		if v, ok := m[name]; ok {
			parts = append(parts, fmt.Sprintf("%s %.1f", name, v))
		}
	}
	return strings.Join(parts, ", ")
}

// percentiles are those of times between frames, in milliseconds.
func percentiles(times []float64) map[string]float64 {
	sorted := slices.Sorted(slices.Values(times))
	n := len(sorted)
	return map[string]float64{"p50": sorted[n/2], "p95": sorted[n*95/100], "longest": sorted[n-1], "frames": float64(n)}
}

// watchFirst notes when the first rows stand in the table.
const watchFirst = `new MutationObserver((_, observer) => {
	if (!document.querySelector('#frames-grid .scroller .row .c-data')) return;
	observer.disconnect();
	requestAnimationFrame(() => { setTimeout(() => { window.firstRow = performance.now(); }, 0); });
}).observe(document, {childList: true, subtree: true});`

// wheelScript scrolls as a wheel does, and returns the times between frames.
const wheelScript = `new Promise((done) => {
	const scroller = document.querySelector('#frames-grid .scroller');
	scroller.scrollTop = 0;
	const times = [];
	let last = 0;
	const step = (now) => {
		if (last) times.push(now - last);
		last = now;
		if (times.length === 300) return done(times);
		scroller.scrollTop += 100;
		requestAnimationFrame(step);
	};
	requestAnimationFrame(step);
})`

// dragScript moves through all rows in 300 frames, as the thumb does.
const dragScript = `new Promise((done) => {
	const scroller = document.querySelector('#frames-grid .scroller');
	const times = [];
	let last = 0;
	const step = (now) => {
		if (last) times.push(now - last);
		last = now;
		if (times.length === 300) return done(times);
		scroller.scrollTop = scroller.scrollHeight * times.length / 299;
		requestAnimationFrame(step);
	};
	requestAnimationFrame(step);
})`

// filterScript applies a filter, and returns how long it took over all rows.
const filterScript = `new Promise((done) => {
	const box = document.querySelector('#filter');
	const begun = performance.now();
	box.value = %s;
	box.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', bubbles: true, cancelable: true}));
	const look = () => {
		if (document.querySelector('#toolbar progress').classList.contains('idle')) done(performance.now() - begun);
		else setTimeout(look, 4);
	};
	setTimeout(look, 0);
})`
