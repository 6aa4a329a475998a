package capturetest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"wstap/capture"
)

// TestTsharkReadsScenarios writes all scenarios into one pcapng file, each
// with client ports of its own, and holds what tshark says about it against
// what was sent: no malformed packet and no bad checksum but where one is
// meant, and each frame with its opcode, FIN, mask and RSV bits.
func TestTsharkReadsScenarios(t *testing.T) {
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Skip("tshark is not installed")
	}
	badSum := map[string]bool{"bad-checksums": true}
	malformed := map[string]bool{"length-2-to-the-63": true}
	// Where tshark does not find the frames that were sent.
	const (
		midstream = "it wants to see the upgrade"
		lossy     = "it stops at the first gap"
		oneWay    = "it wants to see both heads"
		truncated = "it takes cut packets for whole ones"
	)
	blind := map[string]string{
		"midstream-plain": midstream, "midstream-deflate": midstream, "midstream-port-80": midstream, "midstream-inside-frame": midstream,
		"lost-deflate-takeover": lossy, "lost-inside-payload": lossy, "lost-over-boundary": lossy, "lost-to-the-end": lossy,
		"one-direction-client": oneWay, "one-direction-server": oneWay,
		"truncated-head": truncated, "truncated-snaplen": truncated,
		"connect-tunnel":                   "it does not look into CONNECT tunnels",
		"bad-checksums":                    "it was told to check them, and drops the segment",
		"client-frames-before-101":         "it takes the early frame for HTTP",
		"fin-inside-frame":                 "the frame is not whole",
		"violation-upgrade-header-missing": "it goes by the Upgrade field",
	}

	var all []capture.Packet
	var scenarios []*Scenario
	var ends []int // number of the last packet of each scenario
	links := make(map[capture.LinkType]int)
	for i, path := range scenarioFiles(t) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(path), ".txt")
		s, err := Parse(name, strings.NewReplacer(":40000 ", fmt.Sprintf(":%d ", 20000+2*i), ":40001 ", fmt.Sprintf(":%d ", 20001+2*i)).Replace(string(text)))
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range s.Packets() {
			if _, ok := links[p.Link]; !ok {
				links[p.Link] = len(links)
			}
			p.Interface = links[p.Link]
			all = append(all, p)
		}
		scenarios, ends = append(scenarios, s), append(ends, len(all))
	}
	file := filepath.Join(t.TempDir(), "all.pcapng")
	var b bytes.Buffer
	if err := WritePcapng(&b, clone(all)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	fields := []string{"frame.number", "_ws.malformed", "ip.checksum.status", "tcp.checksum.status", "udp.checksum.status",
		"tcp.srcport", "websocket.opcode", "websocket.fin", "websocket.mask", "websocket.rsv"}
	args := []string{"-r", file, "-T", "fields", "-o", "tcp.reassemble_out_of_order:TRUE", "-o", "tcp.check_checksum:TRUE",
		"-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE"}
	for _, f := range fields {
		args = append(args, "-e", f)
	}
	out, err := exec.Command("tshark", args...).Output()
	if err != nil {
		t.Fatal(err)
	}
	rows := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if len(rows) != len(all) {
		t.Fatalf("tshark read %d packets of %d", len(rows), len(all))
	}
	seen := make(map[string][2][]string) // by scenario and direction
	at := 0
	for i, row := range rows {
		for i >= ends[at] {
			at++
		}
		name := scenarios[at].Name
		v := strings.Split(row, "\t")
		if v[1] != "" && !malformed[name] {
			t.Errorf("%s: packet %s is malformed", name, v[0])
		}
		for n := 2; n <= 4; n++ {
			if strings.Contains(v[n], "0") && !badSum[name] {
				t.Errorf("%s: packet %s: %s is bad", name, v[0], fields[n])
			}
		}
		if v[6] == "" {
			continue
		}
		d := FromServer
		if port, _ := strconv.Atoi(v[5]); port >= 20000 {
			d = FromClient
		}
		f := seen[name]
		ops, fins, masks, rsvs := strings.Split(v[6], ","), strings.Split(v[7], ","), strings.Split(v[8], ","), strings.Split(v[9], ",")
		for i := range ops {
			f[d] = append(f[d], fmt.Sprint(ops[i], " ", fins[i], masks[i], " ", rsvs[i]))
		}
		seen[name] = f
	}
	for _, s := range scenarios {
		if len(s.Conns()) > 1 {
			continue // rows are told apart by scenario and direction only
		}
		equal, report := true, ""
		for d := range Direction(2) {
			var want []string
			for _, f := range s.Conns()[0].Frames(d) {
				bit := map[bool]string{true: "1", false: "0"}
				want = append(want, fmt.Sprintf("%d %s%s 0x%02x", f.Opcode, bit[!f.More], bit[f.Masked], f.Rsv))
			}
			equal = equal && fmt.Sprint(seen[s.Name][d]) == fmt.Sprint(want)
			report += fmt.Sprintf("\ndirection %d: tshark %v\n             sent   %v", d, seen[s.Name][d], want)
		}
		if why := blind[s.Name]; equal != (why == "") {
			t.Errorf("%s: equal: %v, expected exception: %q%s", s.Name, equal, why, report)
		}
	}
}
