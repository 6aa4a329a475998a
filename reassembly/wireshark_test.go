package reassembly_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"wstap/capture"
	"wstap/reassembly"
	"wstap/reassembly/reassemblytest"
)

// corpus is the directory of captures, or the test is skipped.
func corpus(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("WSTAP_CORPUS")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared", "corpus")
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skip("no corpus of captures; set WSTAP_CORPUS")
	}
	return dir
}

func captures(t *testing.T) (paths []string) {
	t.Helper()
	err := filepath.WalkDir(corpus(t), func(path string, e fs.DirEntry, err error) error {
		if strings.Contains(filepath.Base(path), ".pcap") || strings.HasSuffix(path, ".cap") {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

// feed runs a capture through an Assembler, and tells after each TCP packet
// which conversation it was put in. It stops where the file is damaged.
func feed(t *testing.T, path string, h reassembly.Handler, each func(a *reassembly.Assembler, s *capture.Segment)) {
	t.Helper()
	file, err := capture.Open(path)
	if err != nil {
		return
	}
	defer file.Close()
	a := reassembly.New(h, reassembly.Options{})
	var decoder capture.Decoder
	var s capture.Segment
	for {
		p, err := file.Next()
		if err != nil {
			break
		}
		if decoder.Decode(&p, &s) != capture.KindTCP {
			continue
		}
		if err := a.Segment(&s); err != nil {
			t.Fatal(err)
		}
		each(a, &s)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if n := reassembly.Queued(a); n != 0 {
		t.Errorf("%s: %d bytes queued after Close", path, n)
	}
}

// Every capture of the corpus gives the contract's calls, twice the same.
func TestCorpus(t *testing.T) {
	for _, path := range captures(t) {
		var transcript string
		for range 2 {
			r := &reassemblytest.Recorder{}
			feed(t, path, r, func(*reassembly.Assembler, *capture.Segment) {})
			for _, f := range r.Faults {
				t.Errorf("%s: %s", path, f)
			}
			if got := r.String(); transcript != "" && got != transcript {
				t.Errorf("%s: another transcript the second time", path)
			} else {
				transcript = got
			}
		}
	}
}

// Conversations are numbered as Wireshark's tcp.stream. It takes minutes,
// so WSTAP_TSHARK asks for it.
func TestNumbering(t *testing.T) {
	if os.Getenv("WSTAP_TSHARK") == "" {
		t.Skip("set WSTAP_TSHARK to compare with tshark")
	}
	tshark, err := exec.LookPath("tshark")
	if err != nil {
		t.Skip("no tshark")
	}
	var packets, same, files int
	for _, path := range captures(t) {
		want, err := tcpStreams(tshark, path)
		if err != nil || len(want) == 0 {
			continue
		}
		files++
		wrong := 0
		feed(t, path, &reassemblytest.Recorder{}, func(a *reassembly.Assembler, s *capture.Segment) {
			w, ok := want[s.Packet]
			if !ok {
				return // not TCP to tshark, as a fragment that it joined elsewhere
			}
			packets++
			if got, ok := reassembly.IndexOf(a, s); ok && got == w {
				same++
			} else if wrong++; wrong == 1 {
				t.Logf("%s: packet %d is of conversation %d, tshark says %d", path, s.Packet, got, w)
			}
		})
		if wrong > 0 {
			t.Errorf("%s: %d of %d differ", path, wrong, len(want))
		}
	}
	t.Logf("%d of %d packets in %d captures as tshark numbers them", same, packets, files)
}

// tcpStreams is tshark's tcp.stream by packet number; packets with several
// (tunnels, quotations in ICMP) are left out.
func tcpStreams(tshark, path string) (map[uint64]uint64, error) {
	cmd := exec.Command(tshark, "-r", path, "-n", "-T", "fields", "-e", "frame.number", "-e", "tcp.stream", "-Y", "tcp and not icmp and not icmpv6")
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) { // a cut file is no reason to leave out the rest
		return nil, err
	}
	streams := map[uint64]uint64{}
	r := bufio.NewReader(bytes.NewReader(out))
	for {
		line, err := r.ReadString('\n')
		if err == io.EOF {
			return streams, nil
		}
		number, stream, _ := strings.Cut(strings.TrimSpace(line), "\t")
		n, err1 := strconv.ParseUint(number, 10, 64)
		k, err2 := strconv.ParseUint(stream, 10, 64)
		if err1 == nil && err2 == nil {
			streams[n] = k
		}
	}
}
