package dfilter_test

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"wstap/capture"
	"wstap/report"
	"wstap/report/dfilter"
	"wstap/wsframe"
	"wstap/wsframe/wsframetest"
)

// corpus is where the captures lie that tshark and wstap are compared on.
func corpus() string {
	if dir := os.Getenv("WSTAP_CORPUS"); dir != "" {
		return dir
	}
	return "../../../shared/corpus"
}

// captures hold WebSockets of every kind that tshark decodes rightly.
var captures = []string{
	"own/01-chromium-ws-plain-deflate/capture.pcapng",
	"own/23-python-ws-plain-ipv6/capture.pcap",
	"own/27-node-ws-plain-smallwindow/capture.pcap",
	"public/OISF__suricata-verify/tests/websocket-control-frag/input.pcap",
	"public/OISF__suricata-verify/tests/websocket-ping/input.pcap",
	"public/arkime__arkime/tests/pcap/arkime_synthetic.pcap",
	"public/zeek__zeek/testing/btest/Traces/http/websocket.pcap",
	"public/zeek__zeek/testing/btest/Traces/websocket/broker-websocket.pcap",
	"public/zeek__zeek/testing/btest/Traces/websocket/fragmented-http-reply.pcap",
	"public/zeek__zeek/testing/btest/Traces/websocket/jupyter-websocket.pcap",
	"public/zeek__zeek/testing/btest/Traces/websocket/message-too-big-status.pcap",
	"public/zeek__zeek/testing/btest/Traces/websocket/wstunnel-https.pcap",
	"public/zeek__zeek/testing/btest/Traces/websocket/wstunnel-ssh.pcap",
}

// filters reads testdata/filters.txt: one a line, # begins a comment.
func filters(t *testing.T) []string {
	t.Helper()
	f, err := os.Open("testdata/filters.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []string
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if line := strings.TrimSpace(lines.Text()); line != "" && !strings.HasPrefix(line, "#") {
			all = append(all, line)
		}
	}
	return all
}

// TestSelectsWhatTsharkSelects compares on the packets that complete one frame:
// of more, tshark tests the fields all together (TestFramesOfOnePacket). It merges the captures into one, so that one call
// of tshark answers for all. WSTAP_TSHARK=all takes every filter, which is two
// minutes; otherwise it is a sample.
func TestSelectsWhatTsharkSelects(t *testing.T) {
	for _, tool := range []string{"tshark", "mergecap"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(tool + " is not installed")
		}
	}
	args := []string{"-w", filepath.Join(t.TempDir(), "merged.pcapng")}
	for _, name := range captures {
		name = filepath.Join(corpus(), name)
		if _, err := os.Stat(name); err != nil {
			t.Skip("no corpus: ", err)
		}
		args = append(args, name)
	}
	if out, err := exec.Command("mergecap", args...).CombinedOutput(); err != nil {
		t.Fatalf("mergecap: %v\n%s", err, out)
	}
	all := filters(t)
	if os.Getenv("WSTAP_TSHARK") != "all" {
		var sample []string
		for i := 0; i < len(all); i += len(all)/6 + 1 {
			sample = append(sample, all[i])
		}
		t.Logf("%d of %d filters; WSTAP_TSHARK=all takes them all", len(sample), len(all))
		all = sample
	}
	ours, skip := selected(t, args[1], all)
	for i, filter := range all {
		t.Run(filter, func(t *testing.T) {
			t.Parallel()
			theirs := slices.DeleteFunc(tsharkSelects(t, args[1], filter), skip)
			if !slices.Equal(ours[i], theirs) {
				t.Errorf("selects %d packets, tshark %d; only we %v, only tshark %v", len(ours[i]), len(theirs), without(ours[i], theirs), without(theirs, ours[i]))
			}
		})
	}
}

// misread reports whether tshark takes the compressed bytes of m for its text:
// it never inflates fragmented messages, nor those that inflate to nothing.
func misread(m *wsframe.Message) bool {
	return m != nil && m.Compressed && (m.Frames > 1 || m.Length == 0)
}

// selected are the packets that complete one frame, if it passes the filters.
// Packets that tshark misreads are left out.
func selected(t *testing.T, name string, filters []string) (packets [][]uint64, skip func(uint64) bool) {
	t.Helper()
	x := &dfilter.Context{}
	var compiled []*dfilter.Filter
	for _, src := range filters {
		f, err := dfilter.Compile(src, dfilter.Options{})
		if err != nil {
			t.Fatalf("%s: %v", src, err)
		}
		f.Require(x)
		compiled = append(compiled, f)
	}
	packets = make([][]uint64, len(filters))
	frames := make(map[uint64]int)
	read(t, name, x, func(frame *wsframe.Frame) {
		n := frame.M.Packet
		frames[n]++
		if misread(frame.Message) {
			frames[n]++
		}
		for i, f := range compiled {
			if f.Match(x) {
				packets[i] = append(packets[i], n)
			}
		}
	})
	skip = func(n uint64) bool { return frames[n] > 1 }
	for i := range packets {
		packets[i] = slices.DeleteFunc(packets[i], skip)
		slices.Sort(packets[i])
	}
	return packets, skip
}

// read runs a capture through x, and calls visit at each frame.
func read(t testing.TB, name string, x *dfilter.Context, visit func(*wsframe.Frame)) {
	t.Helper()
	file, err := capture.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	history := &capture.History{Sequences: true}
	x.Packets = history
	wsframetest.Run(t, remembered{file, history, x}, visitor{x, visit}, wsframe.Options{})
}

// remembered is a source whose packets a History remembers.
type remembered struct {
	capture.Source
	history *capture.History
	x       *dfilter.Context
}

func (r remembered) Next() (capture.Packet, error) {
	p, err := r.Source.Next()
	if err == nil {
		r.history.Add(p)
		if p.Stamp.Packet == 1 {
			r.x.Observe(&report.Started{M: wsframe.Meta{Stamp: p.Stamp}})
		}
	}
	return p, err
}

type visitor struct {
	x     *dfilter.Context
	visit func(*wsframe.Frame)
}

func (v visitor) Emit(e wsframe.Event) error {
	v.x.Observe(e)
	if f, ok := e.(*wsframe.Frame); ok {
		v.visit(f)
	}
	return nil
}

func (visitor) Close() error { return nil }

func without(a, b []uint64) []uint64 {
	return slices.DeleteFunc(slices.Clone(a), func(n uint64) bool { return slices.Contains(b, n) })
}

func tsharkSelects(t *testing.T, name, filter string) []uint64 {
	t.Helper()
	cmd := exec.Command("tshark", "-n", "-r", name, "-o", "tcp.reassemble_out_of_order:TRUE",
		"-Y", "("+filter+") && count(websocket.fin) == 1", "-T", "fields", "-e", "frame.number")
	cmd.Env = append(os.Environ(), "TZ=UTC")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("tshark: %v\n%s", err, stderr.String())
	}
	var all []uint64
	for word := range strings.FieldsSeq(string(out)) {
		n, err := strconv.ParseUint(word, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, n)
	}
	return all
}
