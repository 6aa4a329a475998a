package diagnose_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wstap/capture"
	"wstap/capture/capturetest"
	"wstap/reassembly"
	"wstap/reassembly/decrypt"
	"wstap/reassembly/reassemblytest"
	"wstap/report"
	"wstap/report/diagnose"
	"wstap/report/text"
	"wstap/wsframe"
)

var update = flag.Bool("update", false, "write the golden reports anew")

// findings keeps what is told, and hands it on.
type findings struct {
	next    wsframe.Sink
	all     []report.Finding
	early   []report.Finding
	verdict report.Verdict
}

func (f *findings) Emit(e wsframe.Event) error {
	switch e := e.(type) {
	case *report.Finding:
		if e.Early {
			f.early = append(f.early, *e)
		} else {
			f.all = append(f.all, *e)
		}
	case *report.Verdict:
		f.verdict = *e
	}
	if f.next == nil {
		return nil
	}
	return f.next.Emit(e)
}

func (f *findings) Close() error { return nil }

// codes lists the findings as "code" or "code N" where they were found N times.
func (f *findings) codes() []string {
	var all []string
	for _, x := range f.all {
		s := x.Code
		if x.Count > 1 {
			s += fmt.Sprintf(" %d", x.Count)
		}
		all = append(all, s)
	}
	slices.Sort(all)
	return all
}

// run sends packets through all floors.
func run(t testing.TB, packets []capture.Packet, o diagnose.Options, next wsframe.Sink) *findings {
	t.Helper()
	return runSource(t, capturetest.NewSource(packets), nil, o, next)
}

// runSource decrypts with keys besides, where there are any.
func runSource(t testing.TB, src capture.Source, keys *decrypt.KeyLog, o diagnose.Options, next wsframe.Sink) *findings {
	t.Helper()
	out := &findings{next: next}
	d := diagnose.New(out, o)
	tls := decrypt.New(wsframe.NewAnalyzer(d, wsframe.Options{}), keys, decrypt.Options{})
	a := reassembly.New(d.Handler(tls), reassembly.Options{})
	driver := reassemblytest.Driver{Assembler: a}
	var stats capture.Stats
	var last capture.Stamp
	driver.Run(t, src, func(p *capture.Packet) {
		if last.Packet == 0 {
			d.Emit(&report.Started{M: wsframe.Meta{Stamp: p.Stamp}})
		}
		last = p.Stamp
		stats.Packets++
		if len(p.Data) < p.Length {
			stats.Truncated++
		}
	}, func(_ *capture.Packet, kind capture.Kind) {
		if e, ok := driver.Decoder.ICMPError(); ok && kind == capture.KindOther {
			d.ICMP(e)
		}
	})
	if err := errors.Join(a.Close(), tls.Close()); err != nil {
		t.Fatal(err)
	}
	d.Decoded(driver.Decoder.Stats())
	if err := d.Emit(&report.Summary{M: wsframe.Meta{Stamp: last}, Capture: stats}); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	return out
}

// finds is what a scenario says it holds: lines "# finds: code, code 2".
func finds(text string) (all []string, told bool) {
	for line := range strings.Lines(text) {
		if list, ok := strings.CutPrefix(strings.TrimSpace(line), "# finds:"); ok {
			told = true
			for code := range strings.SplitSeq(list, ",") {
				if code = strings.TrimSpace(code); code != "" && code != "nothing" {
					all = append(all, code)
				}
			}
		}
	}
	slices.Sort(all)
	return all, told
}

// TestFindings holds each scenario against the findings that it names, and no
// other, and the report against its golden.
func TestFindings(t *testing.T) {
	const dir = "../../testdata/finding"
	paths, err := filepath.Glob(dir + "/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	shown := map[string]bool{}
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".txt")
		scenario, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		want, told := finds(string(scenario))
		for _, code := range want {
			shown[strings.Fields(code)[0]] = true
		}
		t.Run(name, func(t *testing.T) {
			if !told {
				t.Fatal("it does not say what is to be found")
			}
			packets := capturetest.Load(t, path)
			var out bytes.Buffer
			o := options(string(scenario))
			got := run(t, packets, o, diagnose.NewText(&out, text.Options{Width: 100}))
			if !slices.Equal(got.codes(), want) {
				t.Errorf("found %q, want %q\n%s", got.codes(), want, out.String())
			}
			checkFindings(t, got.all, uint64(len(packets)))
			golden := strings.TrimSuffix(path, ".txt") + ".golden"
			if *update {
				if err := os.WriteFile(golden, out.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			wantText, err := os.ReadFile(golden)
			if err != nil {
				t.Fatalf("%v (write it with -update, then read it)", err)
			}
			if out.String() != string(wantText) {
				t.Errorf("report differs\n--- got\n%s--- want\n%s", out.String(), wantText)
			}
			// The same packets twice, as -i any gives them, are no other story.
			doubled := run(t, capturetest.Double(packets, 1, 1, 1), o, nil)
			if !slices.Equal(doubled.codes(), want) {
				t.Errorf("each packet twice: found %q, want %q", doubled.codes(), want)
			}
			// Nor are other cuts, but for what is known by its packets alone.
			cut := run(t, capturetest.Recut(packets, 7, 1, 9), o, nil)
			if name != "joined-midstream" && !slices.Equal(cut.codes(), want) {
				t.Errorf("cut into other segments: found %q, want %q", cut.codes(), want)
			}
			o.Live = true
			if live := run(t, packets, o, nil); !slices.Equal(live.codes(), want) {
				t.Errorf("live: found %q, want %q", live.codes(), want)
			}
		})
	}
	for _, c := range diagnose.Codes() {
		if !shown[c.String()] {
			t.Errorf("no scenario shows %v", c)
		}
	}
}

// options are those of lines "# option: server 10.0.0.1:8080" and "expect a,b".
func options(text string) (o diagnose.Options) {
	for line := range strings.Lines(text) {
		value, ok := strings.CutPrefix(strings.TrimSpace(line), "# option: ")
		if !ok {
			continue
		}
		kind, value, _ := strings.Cut(value, " ")
		switch kind {
		case "server":
			o.Servers = append(o.Servers, netip.MustParseAddrPort(value))
		case "expect":
			o.Expect = strings.Split(value, ",")
		}
	}
	return o
}

// checkFindings holds what is true of every finding.
func checkFindings(t *testing.T, all []report.Finding, packets uint64) {
	t.Helper()
	for i, f := range all {
		if _, ok := diagnose.ParseCode(f.Code); !ok {
			t.Errorf("unknown code %q", f.Code)
		}
		if f.Text == "" || f.Advice == "" || f.Count == 0 {
			t.Errorf("%s: text %q, advice %q, count %d", f.Code, f.Text, f.Advice, f.Count)
		}
		if len(f.Packets) == 0 && f.Code != "no-websocket" {
			t.Errorf("%s: no evidence", f.Code)
		}
		for k, p := range f.Packets {
			if p == 0 || p > packets || k > 0 && f.Packets[k-1] >= p {
				t.Errorf("%s: evidence %d of %d packets", f.Code, f.Packets, packets)
				break
			}
		}
		if i > 0 && all[i-1].Severity < f.Severity {
			t.Errorf("%s before %s", all[i-1].Code, f.Code)
		}
	}
}
