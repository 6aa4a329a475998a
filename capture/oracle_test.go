package capture

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// corpusDir is where the captures are, or the test is skipped.
func corpusDir(t *testing.T) string {
	dir := os.Getenv("WSTAP_CORPUS")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared", "corpus")
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skip("no corpus: set WSTAP_CORPUS to its directory")
	}
	return dir
}

// seen is a segment as both sides describe it.
type seen struct {
	ports    string
	src, dst string // of tshark: all addresses of the packet, joined by commas
	length   int
	short    int // how much more the IP header declares than the packet had on the wire
}

// TestDecodeAgainstTshark compares every TCP segment of the corpus with what
// tshark shows. It takes a sample; WSTAP_TSHARK=all takes every capture (a few
// minutes), WSTAP_TSHARK=PATTERN those whose path contains it.
//
// These differ by right:
//   - segments over 64 KiB, which tshark 4.0 takes for malformed;
//   - segments quoted in ICMP, sFlow or OpenFlow, which were not sent there;
//   - heads of fragments that never became whole, and headers that were cut
//     short or contradict themselves: tshark shows them without a length;
//   - packets shorter than their IP header says: tshark believes the packet,
//     although the next segment's sequence number, where there is one, agrees
//     with the header.
func TestDecodeAgainstTshark(t *testing.T) {
	dir := corpusDir(t)
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Skip("tshark is not installed")
	}
	if testing.Short() {
		t.Skip("runs tshark")
	}
	which := os.Getenv("WSTAP_TSHARK")
	var captures, segments, differ, short int
	for i, path := range corpusFiles(t, dir) {
		if which == "" && i%60 != 0 || which != "" && which != "all" && !strings.Contains(path, which) {
			continue
		}
		got, skip := decodeFile(path)
		if len(got) == 0 && which == "" {
			continue
		}
		want, err := tsharkSegments(path)
		if err != nil {
			continue // not a capture
		}
		captures++
		segments += len(want)
		numbers := map[uint64]bool{}
		for n := range got {
			numbers[n] = true
		}
		for n := range want {
			numbers[n] = true
		}
		for _, n := range slices.Sorted(maps.Keys(numbers)) {
			g, w := got[n], want[n]
			switch {
			case skip[n], w == nil && g.length > 65535:
			case g == nil || w == nil || g.ports != w.ports || g.length-g.short != w.length ||
				!strings.Contains(","+w.src+",", ","+g.src+",") || !strings.Contains(","+w.dst+",", ","+g.dst+","):
				differ++
				t.Errorf("%s: packet %d:\n got  %+v\n want %+v", path, n, g, w)
			case g.short > 0:
				short++
			}
		}
	}
	t.Logf("%d captures, %d segments: %d shorter than their IP header says, %d differ", captures, segments, short, differ)
}

// corpusFiles lists the files of the corpus in order.
func corpusFiles(t *testing.T, dir string) (files []string) {
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// decodeFile lists the segments of a capture by packet number, and the packets
// whose link type is not understood.
func decodeFile(path string) (found map[uint64]*seen, skip map[uint64]bool) {
	found, skip = map[uint64]*seen{}, map[uint64]bool{}
	f, err := Open(path)
	if err != nil {
		return found, skip
	}
	defer f.Close()
	var d Decoder
	var s Segment
	for {
		p, err := f.Next()
		if errors.Is(err, ErrIdle) {
			continue
		}
		if err != nil {
			return found, skip
		}
		links := d.Stats().UnknownLink
		switch d.Decode(&p, &s) {
		case KindTCP:
			found[s.Packet] = &seen{
				ports: fmt.Sprintf("%d>%d seq %d ack %d flags %#02x", s.Src.Port(), s.Dst.Port(), s.Seq, s.Ack, uint8(s.Flags)),
				src:   s.Src.Addr().String(), dst: s.Dst.Addr().String(), length: len(s.Payload) + s.Missing,
				short: max(0, s.Missing-max(0, p.Length-len(p.Data))),
			}
		case KindUnknown:
			skip[p.Packet] = d.Stats().UnknownLink > links
		}
	}
}

// tsharkSegments is the same by tshark. Of several values of a field (a tunnel)
// the last is taken.
func tsharkSegments(path string) (map[uint64]*seen, error) {
	cmd := exec.Command("tshark", "-n", "-r", path, "-Y", "tcp.len",
		"-o", "tcp.desegment_tcp_streams:FALSE", "-o", "tcp.analyze_sequence_numbers:FALSE", "-T", "fields",
		"-e", "frame.number", "-e", "ip.src", "-e", "ip.dst", "-e", "ipv6.src", "-e", "ipv6.dst", "-e", "tcp.srcport", "-e", "tcp.dstport",
		"-e", "tcp.seq_raw", "-e", "tcp.ack_raw", "-e", "tcp.len", "-e", "tcp.flags", "-e", "frame.protocols")
	out, err := cmd.Output()
	if err != nil && len(out) == 0 {
		return nil, err
	}
	found := map[uint64]*seen{}
	for line := range strings.Lines(string(out)) {
		c := strings.Split(strings.TrimRight(line, "\n"), "\t")
		if len(c) != 12 {
			return nil, fmt.Errorf("tshark: %q", line)
		}
		above, _, _ := strings.Cut(c[11], ":tcp")
		if strings.Contains(above, ":icmp") || strings.Contains(above, ":sflow") {
			continue
		}
		last := func(i int) string { return c[i][strings.LastIndexByte(c[i], ',')+1:] }
		number := func(i int) uint64 {
			n, e := strconv.ParseUint(last(i), 0, 64)
			err = errors.Join(err, e)
			return n
		}
		found[number(0)] = &seen{
			ports: fmt.Sprintf("%d>%d seq %d ack %d flags %#02x", number(5), number(6), number(7), number(8), uint8(number(10))),
			src:   c[1] + "," + c[3], dst: c[2] + "," + c[4], length: int(number(9)),
		}
		if err != nil {
			return nil, fmt.Errorf("tshark: %q: %w", line, err)
		}
	}
	return found, nil
}

// TestEncapsulationsAgainstTshark shows that the packets which the other tests
// are built of are what tshark takes them for, too.
func TestEncapsulationsAgainstTshark(t *testing.T) {
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Skip("tshark is not installed")
	}
	if testing.Short() {
		t.Skip("runs tshark")
	}
	s := testSegment(false)
	f := encodeSegment(&s)
	byLink := map[LinkType][]string{}
	packets := map[string]Packet{}
	add := func(name string, p Packet) {
		packets[name] = p
		byLink[p.Link] = append(byLink[p.Link], name)
	}
	for _, m := range []map[string]wrap{tags, overIP, tunnels, ipTunnels} {
		for _, name := range slices.Sorted(maps.Keys(m)) {
			add(name, links["ethernet"](m[name](f)))
		}
	}
	for _, m := range []map[string]func(frame) Packet{links, ipLinks} {
		for _, name := range slices.Sorted(maps.Keys(m)) {
			add(name, m[name](f))
		}
	}
	for link, names := range byLink {
		b := be32s(0xa1b2c3d4, 0x00020004, 0, 0, 262144, uint32(link))
		for i, name := range names {
			n := uint32(len(packets[name].Data))
			b = join(b, be32s(uint32(i), 0, n, n), packets[name].Data)
		}
		path := filepath.Join(t.TempDir(), "encapsulations.pcap")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		found, err := tsharkSegments(path)
		if err != nil {
			t.Fatal(err)
		}
		got, _ := decodeFile(path)
		for i, name := range names {
			n := uint64(i + 1)
			switch name {
			case "0x9200", "VXLAN 8472", "pseudowire", "pseudowire CW", "pseudowire in 4x":
				continue // tshark does not look into these unless it is told to
			}
			if found[n] == nil || got[n] == nil || found[n].ports != got[n].ports || found[n].length != got[n].length {
				t.Errorf("%v, %s:\n got  %+v\n want %+v", link, name, got[n], found[n])
			}
		}
	}
}
