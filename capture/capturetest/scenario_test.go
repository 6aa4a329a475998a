package capturetest

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"wstap/capture"
)

const scenarioDir = "../../testdata/scenario"

func scenarioFiles(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob(scenarioDir + "/*.txt")
	if err != nil || len(files) < 45 {
		t.Fatalf("%d scenario files in %s (%v)", len(files), scenarioDir, err)
	}
	return files
}

// TestScenarioFiles: every file compiles to the same packets each time, with
// a title, and with ascending numbers and times.
func TestScenarioFiles(t *testing.T) {
	for _, path := range scenarioFiles(t) {
		s := LoadScenario(t, path)
		if !regexp.MustCompile(`^[A-Z0-9].*[.]$`).MatchString(strings.ToUpper(s.Title[:1]) + s.Title[1:]) {
			t.Errorf("%s: title %q is no sentence", path, s.Title)
		}
		if !regexp.MustCompile(`^[a-z0-9-]+$`).MatchString(s.Name) {
			t.Errorf("%s: name", path)
		}
		pkts := s.Packets()
		if len(pkts) == 0 || !same(pkts, Load(t, path)) {
			t.Errorf("%s: %d packets, or two runs differ", path, len(pkts))
		}
		for i, p := range pkts {
			if p.Packet != uint64(i+1) || i > 0 && p.Time.Before(pkts[i-1].Time) || p.Length < len(p.Data) {
				t.Errorf("%s: packet %d: number %d at %v, %d of %d bytes", path, i+1, p.Packet, p.Time, len(p.Data), p.Length)
			}
		}
	}
}

// TestScenarioTruth: where nothing is forged, lost, cut or hidden in a tunnel,
// the packets hold exactly what Stream tells.
func TestScenarioTruth(t *testing.T) {
	other := regexp.MustCompile(`^(tunnel|midstream|truncated|lost-|one-dir|port-reuse|overlap-|retransmitted|ip6?-frag|keep-alive-byte|far-future|tcp-fast-open|urgent|syn-ack-first|link-ppp|link-chdlc|ethernet-llc|port-|host-)`)
	for _, path := range scenarioFiles(t) {
		s := LoadScenario(t, path)
		if !other.MatchString(s.Name) || s.Name == "lost-then-retransmitted" {
			check(t, s.Name, s.Packets(), s.Conns())
		}
	}
}

// parse compiles text or fails the test.
func parse(t *testing.T, text string) *Scenario {
	t.Helper()
	s, err := Parse("t", text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const connA = "conn A 10.0.0.2:40000 > 10.0.0.1:8080 isn=1000,2000\n"

// TestReadmeExample: the example in the README compiles.
func TestReadmeExample(t *testing.T) {
	text, err := os.ReadFile("../../testdata/README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, example, _ := strings.Cut(string(text), "```\n")
	example, _, _ = strings.Cut(example, "```")
	if s := parse(t, example); len(s.Packets()) < 20 || s.Title == "" {
		t.Errorf("%d packets, title %q", len(s.Packets()), s.Title)
	}
}

// TestStatements shows single statements as the packets that they become:
// flags, sequence and acknowledgment number less the ISN, payload.
func TestStatements(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"open", "A open", `[S] 0 - ""; [S.] 0 1 ""; [.] 1 1 ""`},
		{"data and its ack", `A open
			A > "ab" + hex 63 + "d"*2`, `[S] 0 - ""; [S.] 0 1 ""; [.] 1 1 ""; [P.] 1 1 "abcdd"; [.] 1 6 ""`},
		{"cut", `autoack off
			A > syn
			A > "abcdef" cut 1,4`, `[S] 0 - ""; [.] 1 0 "a"; [.] 2 0 "bcd"; [P.] 5 0 "ef"`},
		{"cut every", `A > "abc" cut every 2 noack`, `[.] 0 0 "ab"; [P.] 2 0 "c"`},
		{"cut frames", `A < text "a" + text "b" + ping cut frames noack`, "[.] 0 0 \"\\x81\\x01a\"; [.] 3 0 \"\\x81\\x01b\"; [P.] 6 0 \"\\x89\\x00\""},
		{"mss", `conn A 10.0.0.2:40000 > 10.0.0.1:8080 isn=1000,2000 mss=2
			A > "abc" noack`, `[.] 0 0 "ab"; [P.] 2 0 "c"`},
		{"gro", `conn A 10.0.0.2:40000 > 10.0.0.1:8080 isn=1000,2000 mss=2
			A > "abc" noack gro`, `[P.] 0 0 "abc"`},
		{"forged", `A > "X" seq=-1
			A > "Y" seq=+100
			A > rst seq=7000 ack=+5
			A > ack`, `[P.] -1 0 "X"; [P.] 100 0 "Y"; [R] 6000 - ""; [.] 0 0 ""`},
		{"fast open", `A > syn + "data"
			A < synack
			A > again`, `[S] 0 - "data"; [S.] 0 5 ""; [P.] 1 1 "data"`},
		{"flags", `A > "x" flags=SFU urg=3 noack`, `[FSU] 0 - "x"`},
		{"fin with data", `A > "x" + fin`, `[FP.] 0 0 "x"; [.] 0 2 ""`},
		{"lost", `lost A > "x"
			A > "y" noack`, `[.] 0 1 ""; [P.] 1 0 "y"`},
		{"lost segment", `autoack off
			lost#2,3 A > "abcd" cut every 1`, `[.] 0 0 "a"; [P.] 3 0 "d"`},
		{"lost open", `lost A open
			A > ack`, `[.] 1 1 ""`},
		{"late", `autoack off
			late 2 A > "a"
			A > "b"
			A > "c"
			A > "d"`, `[P.] 1 0 "b"; [P.] 2 0 "c"; [P.] 0 0 "a"; [P.] 3 0 "d"`},
		{"late behind its ack", `late 1 A > "a"`, `[.] 0 1 ""; [P.] 0 0 "a"`},
		{"twice", `twice A > "a" noack`, `[P.] 0 0 "a"; [P.] 0 0 "a"`},
		{"repeat", `repeat 2 A > "a" noack`, `[P.] 0 0 "a"; [P.] 1 0 "a"`},
		{"simultaneous open", `A > syn
			A < syn
			A > synack
			A < synack
			A > ack`, `[S] 0 - ""; [S] 0 - ""; [S.] 0 1 ""; [S.] 0 1 ""; [.] 1 1 ""`},
		{"one way", `conn A 10.0.0.2:40000 > 10.0.0.1:8080 isn=1000,2000 capture=server
			A open
			A > "x"
			A < "y"`, `[S.] 0 1 ""; [.] 1 2 ""; [P.] 1 2 "y"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := parse(t, connA+c.text)
			var got []string
			for _, p := range s.Packets() {
				got = append(got, describe(t, p))
			}
			if g := strings.Join(got, "; "); g != c.want {
				t.Errorf("got  %s\nwant %s", g, c.want)
			}
		})
	}
}

func TestTimes(t *testing.T) {
	s := parse(t, "start 2026-03-04T05:06:07.5Z\nstep 2ms\n"+connA+"autoack off\n+1s A > ack\nA > ack\n+20ms A > ack\n+1s\nlate 1 A > ack\n+5ms repeat 2 A > ack")
	start := time.Date(2026, 3, 4, 5, 6, 7, 500e6, time.UTC)
	want := []time.Duration{1000, 1002, 1022, 2022, 2027, 2032}
	for i, p := range s.Packets() {
		if got := p.Time.Sub(start); got != want[i]*time.Millisecond {
			t.Errorf("packet %d at %v, want %v", i+1, got, want[i]*time.Millisecond)
		}
	}
}

// TestFramesTold: what the scenario says about frames is in Frames, and the
// offsets there lead to their bytes.
func TestFramesTold(t *testing.T) {
	s := parse(t, connA+`A open
A upgrade /x deflate="server_no_context_takeover"
A > text "one" + ping mask=none + text "compressed, compressed" deflate fragments=3
A < text "a" fin=0 deflate
A < ping
A < cont "b"
A < text "forged" seq=+0
A < frame op=11 len64 "x" rsv=2`)
	c := s.Conn("A")
	for d, want := range [2]int{4, 4} {
		frames := c.Frames(Direction(d))
		if len(frames) != want {
			t.Fatalf("direction %d: %d frames, want %d", d, len(frames), want)
		}
		for i, f := range frames {
			if got := c.Stream(Direction(d))[f.Begin:f.End]; !bytes.Equal(got, f.Append(nil)) {
				t.Errorf("direction %d, frame %d: % x in the stream, % x told", d, i, got, f.Append(nil))
			}
		}
	}
	client, server := c.Frames(FromClient), c.Frames(FromServer)
	if client[1].Masked || !client[0].Masked || client[0].Key == client[2].Key {
		t.Error("masks of the client's frames")
	}
	whole := append(bytes.Clone(client[2].Payload), client[3].Payload...)
	if client[2].Rsv != 4 || !client[2].More || client[3].Rsv != 0 || string(inflate(t, whole, nil)) != "compressed, compressed" {
		t.Errorf("fragments %+v", client[2:])
	}
	whole = append(bytes.Clone(server[0].Payload), server[2].Payload...)
	if string(server[2].Plain) != "b" || string(inflate(t, whole, nil)) != "ab" {
		t.Errorf("flushed fragments %+v", server)
	}
	if f := server[3]; f.Opcode != 11 || f.Form != 64 || f.Rsv != 2 {
		t.Errorf("frame %+v", f)
	}
}

func TestParseErrors(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"nonsense", "1: unknown statement or connection nonsense"},
		{"# fine\n\nlink token-ring", "3: unknown link type token-ring"},
		{connA + "A", "2: open, upgrade, close, > or < expected, found the end of the line"},
		{connA + "A > ", "2: something to send expected, found the end of the line"},
		{connA + "A > \"abc", "2: bad or unended string"},
		{connA + "A > \"a\" \"b\"x", "2: space missing behind the string"},
		{connA + "A > \"a\" + ", "2: something to send expected"},
		{connA + "A > + \"a\"", "2: nothing before +"},
		{connA + "A > \"a\" ping", "2: + or a modifier expected, found ping"},
		{connA + "A > \"a\"*99999999", "2: bad repetition"},
		{connA + "A > text \"a\" fin=2", "2: number 2 is over 1"},
		{connA + "A > text mask=12", "2: mask: none, auto or 8 hex digits expected"},
		{connA + "A > hex 1", "2: pairs of hex digits expected, found 1"},
		{connA + "A > ack seq=x", `2: bad sequence number "x"`},
		{connA + "A > ack flags=SQ", "2: unknown flag Q"},
		{connA + "A > \"abc\" cut x", "2: cut: offsets, every N or frames expected"},
		{connA + "A > again", "2: only 0 segments sent so far"},
		{connA + "A < icmp port", "2: no packet yet that an ICMP error could quote"},
		{connA + "A > syn\nA < icmp nothing", "3: unknown ICMP error nothing"},
		{connA + "late x A > ack", `2: bad number "x"`},
		{connA + "lost", "2: statement missing"},
		{connA + "+20 A > ack", `2: bad duration "20"`},
		{connA + "A open now", "2: unexpected now"},
		{connA + "A > ack vlan=5000", "2: number 5000 is over 4095"},
		{"link raw\n" + connA + "A > ack vlan=5", "3: link type raw cannot carry ethertype 0x8100"},
		{"conn A 10.0.0.2:1 > [::1]:2", "1: addresses of one IP version"},
		{"conn A 10.0.0.2 > 10.0.0.1:2", "1: address and port expected"},
		{"conn A 10.0.0.2:1 > 10.0.0.1:2 color=red", "1: unknown property color=red"},
		{connA + "repeat 100000 A > \"x\"*65000 gro", "2: more than 32 MiB of packets"},
		{connA + "A > ack vxlan vxlan vxlan vxlan vxlan vxlan vxlan vxlan vxlan", "2: more than 8 layers"},
	} {
		_, err := Parse("t", c.text)
		if err == nil || !strings.HasPrefix(err.Error(), "t:"+c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q:\ngot  %v\nwant t:%s", c.text, err, c.want)
		}
	}
}

// FuzzParse: what compiles, compiles to the same packets again and can be
// written and mangled; what does not, says in which line.
func FuzzParse(f *testing.F) {
	for _, path := range scenarioFiles(f) {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Add(connA + "A > ack fragment=8 vxlan fragment=8 seq=-1 urg=65535 len0 pad=2000")
	f.Add("interface 7\nlink ppp\n" + connA + "twice#1 late#2 3 snap 1 A < text \"a\" bfinal fragments=0,1,9 length=2^63 + ping\nA < icmp toobig")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Parse("t", text)
		if err != nil {
			if !regexp.MustCompile(`^t:\d+: .`).MatchString(err.Error()) {
				t.Fatalf("error without a line: %v", err)
			}
			return
		}
		pkts := s.Packets()
		if again, err := Parse("t", text); err != nil || !same(pkts, again.Packets()) {
			t.Fatalf("two runs differ (%v)", err)
		}
		for i, p := range pkts {
			if p.Packet != uint64(i+1) || p.Length < len(p.Data) {
				t.Fatalf("packet %d: number %d, %d of %d bytes", i+1, p.Packet, len(p.Data), p.Length)
			}
		}
		if len(pkts) > 2000 {
			return
		}
		sent := payloadBytes(pkts)
		cut := Reorder(Wrap(Recut(pkts, 1, 1, 50), 2), 3, Disorder{Window: 64, Control: true})
		if got := payloadBytes(cut); got != sent {
			t.Fatalf("%d bytes of payload mangled, %d sent", got, sent)
		}
		FragmentIP(Tag(Noise(Coalesce(pkts, 3000), 4), 5), 64)
	})
}

// payloadBytes counts the payload of all segments.
func payloadBytes(pkts []capture.Packet) (n int) {
	for _, p := range pkts {
		if v, ok := look(p); ok {
			n += len(v.payload)
		}
	}
	return n
}

func TestSourceTakesBytesBack(t *testing.T) {
	pkts, _ := sessions()
	src := NewSource(pkts)
	var kept []byte
	for i := range pkts {
		p, err := src.Next()
		if err != nil || !bytes.Equal(p.Data, pkts[i].Data) || p.Stamp != pkts[i].Stamp {
			t.Fatalf("packet %d: %v", i+1, err)
		}
		if i == 0 {
			kept = p.Data
		} else if i == 1 && bytes.Equal(kept, pkts[0].Data) {
			t.Error("the first packet's bytes are still whole after the second call")
		}
	}
	if _, err := src.Next(); !errors.Is(err, io.EOF) {
		t.Errorf("error %v at the end", err)
	}
	if err := src.Close(); err != nil {
		t.Error(err)
	}
}

func TestWriteRefusesMixedLinks(t *testing.T) {
	pkts := []capture.Packet{{Link: capture.LinkEthernet}, {Link: capture.LinkRaw}}
	if WritePcap(io.Discard, pkts) == nil || WritePcapng(io.Discard, pkts) == nil {
		t.Error("two link types on one interface were written")
	}
	pkts[1].Interface = 2
	if err := WritePcapng(io.Discard, pkts); err != nil {
		t.Error(err)
	}
}
