package capture

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// What is written is what is read, over sections and interfaces.
func TestWriteSections(t *testing.T) {
	var file bytes.Buffer
	w := NewWriter(&file, WriterOptions{Application: "wstap", Comment: "two sections"})
	ifaces := []Interface{
		{Link: LinkEthernet, SnapLen: 4, Name: "eth0", Description: "uplink", Resolution: Nanoseconds},
		{Link: LinkLinuxSLL2, Name: "any", Resolution: Microseconds, Offset: -7200},
		{Link: LinkRaw, Resolution: 0x80 | 30},
	}
	at := time.Date(2026, 1, 2, 3, 4, 5, 123456000, time.UTC)
	var want []Packet
	write := func(p Packet, comments ...string) {
		t.Helper()
		p.Packet = uint64(len(want) + 1)
		p.Link = ifaces[p.Interface].Link
		if err := w.WritePacket(p, comments...); err != nil {
			t.Fatal(err)
		}
		want = append(want, p)
	}
	add := func(in Interface, index int) {
		t.Helper()
		if i, err := w.AddInterface(in); err != nil || i != index {
			t.Fatal(i, err)
		}
	}
	add(ifaces[0], 0)
	if err := w.WriteSecret(Secret{SecretTLS, []byte("CLIENT_RANDOM 0 0\n")}); err != nil {
		t.Fatal(err)
	}
	write(Packet{Stamp: Stamp{Time: at}, Data: []byte("abcd"), Length: 9}, "a comment", "", strings.Repeat("ü", 40000))
	write(Packet{Data: []byte("abcd"), Length: 9}) // a Simple Packet Block
	add(ifaces[1], 1)
	write(Packet{Stamp: Stamp{Time: at}, Data: []byte("x"), Length: 1, Interface: 1})
	if err := w.BeginSection(true); err != nil {
		t.Fatal(err)
	}
	if err := w.WritePacket(Packet{Interface: 0}); err == nil {
		t.Error("a packet of another section's interface was written")
	}
	add(ifaces[2], 2)
	write(Packet{Stamp: Stamp{Time: at}, Data: []byte("yz"), Length: 2, Interface: 2})
	f, err := NewReader(bytes.NewReader(file.Bytes()), "test")
	got, err := drain(f, err)
	if err != io.EOF {
		t.Fatal(err)
	}
	samePackets(t, got, want)
	if !slices.Equal(f.Interfaces(), ifaces) {
		t.Errorf("interfaces %+v", f.Interfaces())
	}
	if s := f.Secrets(); len(s) != 1 || string(s[0].Data) != "CLIENT_RANDOM 0 0\n" {
		t.Errorf("secrets %+v", s)
	}
}

func TestWriteRefuses(t *testing.T) {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	ng := NewWriter(io.Discard, WriterOptions{})
	pcap := NewWriter(io.Discard, WriterOptions{Format: PCAP})
	for _, w := range []*Writer{ng, pcap} {
		if _, err := w.AddInterface(Interface{Link: LinkRaw, Resolution: 19}); err != nil {
			t.Fatal(err)
		}
	}
	_, second := pcap.AddInterface(Interface{Link: LinkRaw})
	_, link := ng.AddInterface(Interface{Link: 1 << 16})
	for _, c := range []struct {
		name string
		err  error
		want string
	}{
		{"second interface", second, "a pcap file has one interface: write pcapng"},
		{"link type", link, "link type 65536 does not fit"},
		{"secret in pcap", pcap.WriteSecret(Secret{}), "a pcap file has no blocks: write pcapng"},
		{"interface", ng.WritePacket(Packet{Interface: 1}), "interface 1, which was not added"},
		{"before 1970", pcap.WritePacket(Packet{Stamp: Stamp{at.AddDate(-70, 0, 0), 5}}), "packet 5: its time 1956-01-01T00:00:00Z cannot be written"},
		{"after 2106", pcap.WritePacket(Packet{Stamp: Stamp{at.AddDate(100, 0, 0), 5}}), "beyond what pcap can hold"},
		{"clock too fine", ng.WritePacket(Packet{Stamp: Stamp{at, 5}}), "cannot be written"},
		{"too long", ng.WritePacket(Packet{Data: make([]byte, maxPacket+1)}), "holds at most"},
	} {
		if c.err == nil || !strings.Contains(c.err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, c.err, c.want)
		}
	}
}

// full fails the nth Write, as a full disk does.
type full struct{ n int }

func (f *full) Write(p []byte) (int, error) {
	if f.n--; f.n < 0 {
		return 0, errNoSpace
	}
	return len(p), nil
}

var errNoSpace = errors.New("no space left on device")

func TestWriteFailureIsReturned(t *testing.T) {
	for _, opts := range []WriterOptions{{}, {Format: PCAP}} {
		for n := range 4 {
			w := NewWriter(&full{n}, opts)
			_, err := w.AddInterface(Interface{Link: LinkRaw})
			for range 4 {
				if err == nil {
					err = w.WritePacket(Packet{Stamp: Stamp{Time: time.Unix(1, 0)}})
				}
			}
			if !errors.Is(err, errNoSpace) {
				t.Errorf("%s, write %d: %v", opts.Format, n+1, err)
			}
		}
	}
}

// Wireshark's tools read what is written, comments too.
func TestWriteForTshark(t *testing.T) {
	tshark, err := exec.LookPath("tshark")
	if err != nil {
		t.Skip("tshark is not installed")
	}
	if testing.Short() {
		t.Skip("runs tshark")
	}
	for _, w := range writings[3:] {
		path := filepath.Join(t.TempDir(), "x")
		var file bytes.Buffer
		wr := NewWriter(&file, w.opts)
		if _, err := wr.AddInterface(Interface{Link: LinkRaw, Name: "tun0"}); err != nil {
			t.Fatal(err)
		}
		if w.opts.Format == PCAPNG {
			if err := wr.WriteSecret(Secret{SecretTLS, []byte("CLIENT_RANDOM 00 00\n")}); err != nil {
				t.Fatal(err)
			}
		}
		at := time.Unix(1_700_000_000, 123456000)
		if err := wr.WritePacket(Packet{Stamp: Stamp{Time: at}, Data: []byte("\x45abc"), Length: 77}, "why so"); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, file.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(tshark, "-r", path, "-T", "fields", "-E", "separator=|",
			"-e", "frame.time_epoch", "-e", "frame.len", "-e", "frame.cap_len", "-e", "frame.comment").Output()
		if err != nil {
			t.Fatal(w.name, err)
		}
		want := "1700000000.123456000|77|4|"
		if w.opts.Format == PCAPNG {
			want += "why so"
		}
		if got := strings.TrimSuffix(string(out), "\n"); got != want {
			t.Errorf("%s: %q, want %q", w.name, got, want)
		}
	}
}
