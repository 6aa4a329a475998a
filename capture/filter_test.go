//go:build cgo

package capture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// tcp4 is an IPv4 TCP segment between two ports, without options.
func tcp4(src, dst uint16) []byte {
	b := make([]byte, 40)
	b[0], b[3], b[8], b[9] = 0x45, 40, 64, 6
	copy(b[12:], []byte{10, 0, 0, 1, 10, 0, 0, 2})
	binary.BigEndian.PutUint16(b[20:], src)
	binary.BigEndian.PutUint16(b[22:], dst)
	b[32] = 5 << 4
	return b
}

func TestFilterByLinkType(t *testing.T) {
	http, other := tcp4(40000, 80), tcp4(40000, 81)
	for link, head := range map[LinkType]string{
		LinkEthernet:  strings.Repeat("\x02", 12) + "\x08\x00",
		LinkNull:      "\x02\x00\x00\x00",
		LinkRaw:       "",
		LinkRawBSD:    "",
		LinkIPv4:      "",
		LinkLinuxSLL:  "\x00\x00\x00\x01\x00\x06" + strings.Repeat("\x02", 8) + "\x08\x00",
		LinkLinuxSLL2: "\x08\x00\x00\x00\x00\x00\x00\x02\x00\x01\x00\x06" + strings.Repeat("\x02", 8),
	} {
		f, err := CompileFilter("tcp port 80 and host 10.0.0.2", link, 0)
		if err != nil {
			t.Errorf("%s: %v", link, err)
			continue
		}
		for _, c := range []struct {
			ip   []byte
			want bool
		}{{http, true}, {other, false}} {
			data := append([]byte(head), c.ip...)
			if got := f.Match(Packet{Data: data, Length: len(data), Link: link}); got != c.want {
				t.Errorf("%s: Match = %v, want %v", link, got, c.want)
			}
		}
		if f.Match(Packet{Link: link}) {
			t.Errorf("%s: a packet without bytes matches", link)
		}
	}
}

func TestFilterErrors(t *testing.T) {
	for _, c := range []struct{ expr, want string }{
		{"tcp port", "syntax error"},
		{"websocket", "-Y"},
		{"tcp.port == 80", "-Y"},
		{"port 99999", "99999"},
	} {
		_, err := CompileFilter(c.expr, LinkEthernet, 0)
		var bad *FilterError
		if !errors.As(err, &bad) || bad.Expr != c.expr || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v, want %q", c.expr, err, c.want)
		}
	}
}

// Each interface of a file is filtered by its own link type, and packets keep
// their numbers.
func TestFilterSource(t *testing.T) {
	le := binary.LittleEndian
	ether := strings.Repeat("\x02", 12) + "\x08\x00"
	file := bytes.Join([][]byte{
		sectionBlock(le),
		interfaceBlock(le, LinkEthernet, 0),
		interfaceBlock(le, LinkRaw, 0),
		interfaceBlock(le, 147, 0), // private use: libpcap has no filters for it
		enhancedBlock(le, 0, 0, 54, ether+string(tcp4(1, 81))),
		enhancedBlock(le, 0, 0, 54, ether+string(tcp4(1, 80))),
		enhancedBlock(le, 1, 0, 40, string(tcp4(1, 80))),
		enhancedBlock(le, 2, 0, 40, string(tcp4(1, 80))),
		enhancedBlock(le, 1, 0, 40, string(tcp4(80, 1))),
	}, nil)
	in, err := NewReader(bytes.NewReader(file), "test")
	if err != nil {
		t.Fatal(err)
	}
	f, err := NewFilterSource(in, "tcp port 80")
	if err != nil {
		t.Fatal(err)
	}
	var numbers []uint64
	for {
		p, err := f.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		numbers = append(numbers, p.Packet)
	}
	if len(numbers) != 3 || numbers[0] != 2 || numbers[1] != 3 || numbers[2] != 5 {
		t.Errorf("packets %v, want [2 3 5]", numbers)
	}
	var bad *FilterError
	if _, err := NewFilterSource(in, "tcp prot 80"); !errors.As(err, &bad) {
		t.Errorf("a bad expression: %v", err)
	}
	// Of a pipe nothing is known yet: what holds for cooked captures is taken.
	pipe, err := NewReader(io.MultiReader(), "pipe")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := NewFilterSource(pipe, "inbound"); err != nil {
		t.Error(err)
	}
	if _, err := NewFilterSource(pipe, "tcp prot 80"); !errors.As(err, &bad) {
		t.Errorf("a bad expression: %v", err)
	}
}

// The filter lets through as many packets as tcpdump does.
func TestFilterAsTcpdump(t *testing.T) {
	tcpdump, err := exec.LookPath("tcpdump")
	if err != nil {
		t.Skip("tcpdump is not installed")
	}
	own := filepath.Join(corpusDir(t), "own")
	paths, err := filepath.Glob(filepath.Join(own, "*", "capture.pcap"))
	if err != nil || len(paths) == 0 {
		t.Fatal(paths, err)
	}
	const expr = "tcp port 443 and greater 100"
	for _, path := range paths[:min(len(paths), 8)] {
		out, err := exec.Command(tcpdump, "-n", "-r", path, "-w", "-", expr).Output()
		if err != nil {
			t.Fatal(err)
		}
		want, err := readBytes(out)
		if err != io.EOF {
			t.Fatal(err)
		}
		in, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		f, err := NewFilterSource(in, expr)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for ; ; n++ {
			p, err := f.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if n < len(want) && !bytes.Equal(p.Data, want[n].Data) {
				t.Fatalf("%s: packet %d is not tcpdump's", path, p.Packet)
			}
		}
		if n != len(want) {
			t.Errorf("%s: %d packets, tcpdump has %d", path, n, len(want))
		}
		f.Close()
	}
}

func BenchmarkFilter(b *testing.B) {
	f, err := CompileFilter("tcp port 80", LinkRaw, 0)
	if err != nil {
		b.Fatal(err)
	}
	p := Packet{Data: tcp4(1, 80), Length: 40, Link: LinkRaw}
	b.ReportAllocs()
	for b.Loop() {
		if !f.Match(p) {
			b.Fatal("no match")
		}
	}
}
