package pcapng_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"wstap/capture"
	"wstap/capture/capturetest"
	"wstap/reassembly"
	"wstap/reassembly/reassemblytest"
	"wstap/report"
	"wstap/report/pcapng"
	"wstap/wsframe"
	"wstap/wsframe/wsframetest"
)

// memory are files in memory, by number. It keeps what each call of Write left.
type memory struct {
	files  map[int]*bytes.Buffer
	writes []int // sizes of file 1 after each Write
	times  []time.Time
}

func (m *memory) Create(n int, at time.Time) (io.WriteCloser, error) {
	if m.files == nil {
		m.files = make(map[int]*bytes.Buffer)
	}
	m.files[n] = new(bytes.Buffer)
	m.times = append(m.times, at)
	return &memoryFile{m, m.files[n]}, nil
}

func (m *memory) Remove(n int) error {
	delete(m.files, n)
	return nil
}

type memoryFile struct {
	m *memory
	b *bytes.Buffer
}

func (f *memoryFile) Write(b []byte) (int, error) {
	n, err := f.b.Write(b)
	f.m.writes = append(f.m.writes, f.b.Len())
	return n, err
}

func (f *memoryFile) Close() error { return nil }

// interfaces are those of the packets.
func interfaces(pkts []capture.Packet) func() []capture.Interface {
	var all []capture.Interface
	for _, p := range pkts {
		for len(all) <= p.Interface {
			all = append(all, capture.Interface{Link: p.Link, SnapLen: 262144, Name: fmt.Sprint("if", len(all))})
		}
	}
	return func() []capture.Interface { return all }
}

func all(wsframe.Event) bool { return true }

func only(numbers ...int) func(wsframe.Event) bool {
	return func(e wsframe.Event) bool {
		return e.Meta().Conn != nil && slices.Contains(numbers, e.Meta().Conn.Number)
	}
}

// pass sends pkts through the analysis, to sink, and calls each behind.
func pass(t *testing.T, pkts []capture.Packet, sink wsframe.Sink, each func(capture.Packet, capture.Kind, uint64, bool, []uint64)) {
	t.Helper()
	assembler := reassembly.New(wsframe.NewAnalyzer(sink, wsframe.Options{}), reassembly.Options{})
	d := reassemblytest.Driver{Assembler: assembler}
	d.Run(t, capturetest.NewSource(pkts), nil, func(p *capture.Packet, kind capture.Kind) {
		index, wanted := assembler.Conversation()
		each(*p, kind, index, wanted, d.Decoder.Fragments())
	})
	if err := assembler.Close(); err != nil {
		t.Fatal(err)
	}
}

// selected writes the connections of the events that show accepts, as from a
// file.
func selected(t *testing.T, pkts []capture.Packet, show func(wsframe.Event) bool, r pcapng.Rotation) *memory {
	t.Helper()
	m := new(memory)
	out, err := pcapng.NewOutput(m, pcapng.Options{Rotation: r, Application: "wstap", Interfaces: interfaces(pkts)})
	if err != nil {
		t.Fatal(err)
	}
	s := pcapng.NewSelection()
	sink := report.Tee{report.Filter{Keep: show, Next: s.Shown()}, s}
	pass(t, pkts, sink, func(p capture.Packet, kind capture.Kind, index uint64, _ bool, fragments []uint64) {
		s.Packet(p.Stamp, kind == capture.KindTCP, index, fragments)
	})
	last := uint64(0)
	if len(pkts) > 0 {
		last = pkts[len(pkts)-1].Stamp.Packet
	}
	if readErr, err := s.Write(capturetest.NewSource(pkts), last, out); readErr != nil || err != nil {
		t.Fatal(readErr, err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	return m
}

// held writes them as from a pipe.
func held(t *testing.T, pkts []capture.Packet, show func(wsframe.Event) bool) (*memory, *pcapng.Hold) {
	t.Helper()
	m := new(memory)
	out, err := pcapng.NewOutput(m, pcapng.Options{Application: "wstap", Interfaces: interfaces(pkts)})
	if err != nil {
		t.Fatal(err)
	}
	h := pcapng.NewHold(out)
	sink := report.Tee{report.Filter{Keep: show, Next: h.Shown()}, h}
	pass(t, pkts, sink, func(p capture.Packet, kind capture.Kind, index uint64, wanted bool, fragments []uint64) {
		if err := h.Packet(p, kind, index, wanted, fragments); err != nil {
			t.Fatal(err)
		}
	})
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	return m, h
}

// read is a file's packets.
func read(t *testing.T, file []byte) (pkts []capture.Packet) {
	t.Helper()
	f, err := capture.NewReader(bytes.NewReader(file), "test")
	if err != nil {
		t.Fatal(err)
	}
	for {
		p, err := f.Next()
		if err == io.EOF {
			return pkts
		}
		if err != nil {
			t.Fatal(err)
		}
		p.Data = slices.Clone(p.Data)
		pkts = append(pkts, p)
	}
}

// numbers are the numbers in the original of the packets of a part of it, in
// order.
func numbers(t *testing.T, original, part []capture.Packet) (n []uint64) {
	t.Helper()
	i := 0
	for _, p := range part {
		for i < len(original) && !(original[i].Time.Equal(p.Time) && bytes.Equal(original[i].Data, p.Data)) {
			i++
		}
		if i == len(original) {
			t.Fatalf("packet %d of the file is not in the original, or not in its order", p.Stamp.Packet)
		}
		if o := original[i]; o.Length != p.Length || o.Link != p.Link || o.Interface != p.Interface {
			t.Errorf("packet %d was %v, is %v", o.Stamp.Packet, o, p)
		}
		n = append(n, original[i].Stamp.Packet)
		i++
	}
	return n
}

func events(t *testing.T, pkts []capture.Packet) string {
	t.Helper()
	var r wsframetest.Recorder
	wsframetest.Run(t, capturetest.NewSource(pkts), &r, wsframe.Options{})
	return streamNumber.Replace(r.String())
}

// streamNumber: tcp.stream counts anew in what was written.
var streamNumber = strings.NewReplacer("stream 0", "stream", "stream 1", "stream", "stream 2", "stream", "stream 3", "stream", "stream 4", "stream")

func scenarioFiles(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../../testdata/scenario/*.txt")
	if err != nil || len(files) < 20 {
		t.Fatal(len(files), err)
	}
	return files
}

// TestRoundTrip: what was written gives the same events, a second time the same
// bytes, and from a pipe the same packets.
func TestRoundTrip(t *testing.T) {
	for _, file := range scenarioFiles(t) {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			pkts := capturetest.Load(t, file)
			written := selected(t, pkts, all, pcapng.Rotation{}).files[1].Bytes()
			again := selected(t, pkts, all, pcapng.Rotation{}).files[1].Bytes()
			if !bytes.Equal(written, again) {
				t.Error("a second run gives other bytes")
			}
			part := read(t, written)
			chosen := numbers(t, pkts, part)
			if got, want := events(t, part), events(t, pkts); got != want {
				t.Errorf("packets %v give\n%swant\n%s", chosen, got, want)
			}
			m, h := held(t, pkts, all)
			for _, l := range h.Limits() {
				if l.Count > 0 {
					return // what waits too long comes in another order
				}
			}
			if piped := numbers(t, pkts, read(t, m.files[1].Bytes())); !slices.Equal(piped, chosen) {
				t.Errorf("from a pipe packets %v, from a file %v", piped, chosen)
			}
		})
	}
}

// three are connections that take turns: two with WebSockets, one without.
const three = `conn A 10.0.0.2:40000 > 10.0.0.1:8080
conn B 10.0.0.3:40001 > 10.0.0.1:8080
conn C 10.0.0.4:40002 > 10.0.0.1:80
A open
B open
C open
A upgrade /a
B upgrade /b
A > text "one"
B > text "two"
A < text "three"
B < text "four"
A close <
B close <
`

func threePackets(t *testing.T) []capture.Packet {
	t.Helper()
	s, err := capturetest.Parse("three", three)
	if err != nil {
		t.Fatal(err)
	}
	return s.Packets()
}

// TestOnlyShownConnections: all packets of the shown connections and no other,
// as tshark tells them by tcp.stream.
func TestOnlyShownConnections(t *testing.T) {
	tshark, err := exec.LookPath("tshark")
	if err != nil {
		t.Skip("tshark is not installed")
	}
	pkts := threePackets(t)
	original := filepath.Join(t.TempDir(), "in.pcapng")
	var in bytes.Buffer
	if err := capturetest.WritePcapng(&in, pkts); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(original, in.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		show   []int
		filter string
	}{{[]int{1, 2}, "tcp.stream in {0,1}"}, {[]int{1}, "tcp.stream==0"}, {[]int{2}, "tcp.stream==1"}} {
		out, err := exec.Command(tshark, "-r", original, "-Y", tc.filter, "-T", "fields", "-e", "frame.number").Output()
		if err != nil {
			t.Fatal(err)
		}
		want := strings.Fields(string(out))
		if len(want) < 10 {
			t.Fatalf("tshark finds %v", want)
		}
		file := selected(t, pkts, only(tc.show...), pcapng.Rotation{}).files[1].Bytes()
		if got := fmt.Sprint(numbers(t, pkts, read(t, file))); got != fmt.Sprint(want) {
			t.Errorf("connections %v: packets %v, tshark has %v", tc.show, got, want)
		}
		m, _ := held(t, pkts, only(tc.show...))
		if got := fmt.Sprint(numbers(t, pkts, read(t, m.files[1].Bytes()))); got != fmt.Sprint(want) {
			t.Errorf("connections %v from a pipe: packets %v, tshark has %v", tc.show, got, want)
		}
	}
	if n := len(read(t, selected(t, pkts, only(), pcapng.Rotation{}).files[1].Bytes())); n != 0 {
		t.Errorf("of no connection %d packets", n)
	}
}

// TestFragmentsOfSegments: the IP fragments that made a segment are written,
// those of other traffic are not.
func TestFragmentsOfSegments(t *testing.T) {
	for _, name := range []string{"ip-fragments", "ip6-fragments"} {
		pkts := capturetest.Load(t, "../../testdata/scenario/"+name+".txt")
		file := selected(t, pkts, all, pcapng.Rotation{}).files[1].Bytes()
		if n := len(read(t, file)); n != len(pkts) {
			t.Errorf("%s: %d packets of %d are written", name, n, len(pkts))
		}
		if n := len(read(t, selected(t, pkts, only(), pcapng.Rotation{}).files[1].Bytes())); n != 0 {
			t.Errorf("%s: %d packets of no connection", name, n)
		}
	}
}

// TestCommentsAreOnTheirPackets as tshark reads them.
func TestCommentsAreOnTheirPackets(t *testing.T) {
	tshark, err := exec.LookPath("tshark")
	if err != nil {
		t.Skip("tshark is not installed")
	}
	for _, tc := range []struct{ scenario, want string }{
		{"refused-403", "wstap: upgrade refused with status 403"},
		{"hang-up-without-byte", "wstap: upgrade not answered"},
		{"close-body-1-byte", "wstap: violation by the client of RFC 6455 5.5.1"},
		{"fin-without-close-frame", "with FIN, without a Close frame"},
	} {
		pkts := capturetest.Load(t, "../../testdata/scenario/"+tc.scenario+".txt")
		var named uint64 // the packet of the first event with a remark
		sink := observer(func(e wsframe.Event) {
			if named == 0 && strings.Contains("wstap: "+report.Remark(e), tc.want) {
				named = e.Meta().Packet
			}
		})
		wsframetest.Run(t, capturetest.NewSource(pkts), sink, wsframe.Options{})
		h, _ := held(t, pkts, all)
		for how, file := range map[string][]byte{
			"file": selected(t, pkts, all, pcapng.Rotation{}).files[1].Bytes(),
			"pipe": h.files[1].Bytes(),
		} {
			name := filepath.Join(t.TempDir(), "x.pcapng")
			if err := os.WriteFile(name, file, 0o666); err != nil {
				t.Fatal(err)
			}
			out, err := exec.Command(tshark, "-r", name, "-Y", "frame.comment", "-T", "fields", "-e", "frame.number", "-e", "frame.comment").Output()
			if err != nil {
				t.Fatal(err)
			}
			if named == 0 || !strings.Contains(string(out), fmt.Sprintf("%d\t", named)) || !strings.Contains(string(out), tc.want) {
				t.Errorf("%s, %s: want %q on packet %d, tshark shows\n%s", tc.scenario, how, tc.want, named, out)
			}
		}
	}
}

type observer func(wsframe.Event)

func (o observer) Emit(e wsframe.Event) error { o(e); return nil }
func (observer) Close() error                 { return nil }

// TestReadableWheneverKilled: after each write, and so after none is finished,
// the file holds whole blocks.
func TestReadableWheneverKilled(t *testing.T) {
	pkts := capturetest.Load(t, "../../testdata/scenario/ip-fragments.txt")
	for len(pkts) < 4000 { // of the last connection's packets, beyond several buffers
		p := pkts[len(pkts)-1]
		p.Stamp.Packet++
		pkts = append(pkts, p)
	}
	m := selected(t, pkts, all, pcapng.Rotation{})
	if len(m.writes) < 3 {
		t.Fatalf("%d writes", len(m.writes))
	}
	for _, size := range m.writes {
		read(t, m.files[1].Bytes()[:size]) // fails where it is cut
	}
}

func TestRotation(t *testing.T) {
	pkts := threePackets(t)
	whole := read(t, selected(t, pkts, all, pcapng.Rotation{}).files[1].Bytes())
	for _, tc := range []struct {
		name string
		r    pcapng.Rotation
		kept int // files, 0 for any number above 2
	}{
		{"by size", pcapng.Rotation{Bytes: 500}, 0},
		{"by packets", pcapng.Rotation{Packets: 4}, (len(whole) + 3) / 4},
		{"by time", pcapng.Rotation{Duration: 4 * time.Millisecond}, 0},
		{"in a ring", pcapng.Rotation{Packets: 4, Files: 2}, 2},
	} {
		m := selected(t, pkts, all, tc.r)
		if tc.kept == 0 && len(m.files) < 3 || tc.kept > 0 && len(m.files) != tc.kept {
			t.Errorf("%s: %d files", tc.name, len(m.files))
		}
		var parts []capture.Packet
		for n := 1; n <= len(m.times); n++ {
			if m.files[n] == nil {
				continue
			}
			part := read(t, m.files[n].Bytes())
			if len(part) == 0 || !part[0].Time.Equal(m.times[n-1]) {
				t.Errorf("%s: file %d has %d packets, named by %v", tc.name, n, len(part), m.times[n-1])
			}
			parts = append(parts, part...)
		}
		want := numbers(t, pkts, whole)
		if got := numbers(t, pkts, parts); !slices.Equal(got, want[len(want)-len(got):]) || tc.r.Files == 0 && len(got) != len(want) {
			t.Errorf("%s: packets %v of %v", tc.name, got, want)
		}
	}
}

// TestSecretsGoIntoEachFile, before the packets, if they are asked for.
func TestSecretsGoIntoEachFile(t *testing.T) {
	pkts := threePackets(t)
	known := []capture.Secret{{Type: capture.SecretTLS, Data: []byte("CLIENT_RANDOM 00 11\n")}}
	m := new(memory)
	out, err := pcapng.NewOutput(m, pcapng.Options{
		Rotation: pcapng.Rotation{Packets: 2}, Interfaces: interfaces(pkts),
		Secrets: func(n int) []capture.Secret { return known[n:] },
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range pkts[:4] {
		if i == 3 { // the source has come upon another
			known = append(known, capture.Secret{Type: capture.SecretTLS, Data: []byte("CLIENT_RANDOM 22 33\n")})
		}
		if err := out.Packet(p); err != nil {
			t.Fatal(err)
		}
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	for n, want := range map[int]int{1: 1, 2: 2} {
		f, err := capture.NewReader(bytes.NewReader(m.files[n].Bytes()), "test")
		if err != nil {
			t.Fatal(err)
		}
		for err == nil {
			_, err = f.Next()
		}
		if got := f.Secrets(); err != io.EOF || !slices.EqualFunc(got, known[:want], func(x, y capture.Secret) bool { return x.Type == y.Type && bytes.Equal(x.Data, y.Data) }) {
			t.Errorf("file %d: %v, secrets %v", n, err, got)
		}
	}
}
