package fields_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"wstap/capture"
	"wstap/report"
	"wstap/report/dfilter"
	"wstap/report/fields"
	"wstap/wsframe"
	"wstap/wsframe/wsframetest"
)

// TestPrintsWhatTsharkPrints compares tshark -T fields on the packets that
// complete one frame.
func TestPrintsWhatTsharkPrints(t *testing.T) {
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Skip("tshark is not installed")
	}
	dir := os.Getenv("WSTAP_CORPUS")
	if dir == "" {
		dir = "../../../shared/corpus"
	}
	columns := strings.Fields(`frame.number frame.time frame.time_epoch frame.time_relative frame.time_delta frame.len frame.cap_len
		eth.src eth.dst eth.addr eth.type ip.src ip.dst ip.addr ip.host ip.version ip.hdr_len ip.dsfield ip.len ip.id ip.flags ip.flags.df
		ip.frag_offset ip.ttl ip.proto ip.checksum ipv6.src ipv6.addr ipv6.tclass ipv6.flow ipv6.plen ipv6.nxt ipv6.hlim
		tcp.srcport tcp.dstport tcp.port tcp.stream tcp.len tcp.seq tcp.seq_raw tcp.nxtseq tcp.ack tcp.ack_raw tcp.hdr_len tcp.flags
		tcp.flags.fin tcp.flags.push tcp.window_size_value tcp.checksum tcp.urgent_pointer websocket.fin websocket.rsv websocket.pmc
		websocket.opcode websocket.mask websocket.payload_length websocket.payload_length_ext_16 websocket.payload_length_ext_64
		websocket.masking_key websocket.payload.text websocket.payload.close websocket.payload.close.status_code
		websocket.payload.close.reason websocket.payload.ping websocket.payload.pong`)
	for _, name := range []string{
		"own/01-chromium-ws-plain-deflate/capture.pcapng",
		"own/23-python-ws-plain-ipv6/capture.pcap",
		"public/zeek__zeek/testing/btest/Traces/websocket/broker-websocket.pcap",
		"public/OISF__suricata-verify/tests/websocket-control-frag/input.pcap",
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(dir, name)
			if _, err := os.Stat(path); err != nil {
				t.Skip("no corpus: ", err)
			}
			ours := rows(t, path, columns)
			args := []string{"-n", "-r", path, "-o", "tcp.reassemble_out_of_order:TRUE", "-Y", "count(websocket.fin) == 1", "-T", "fields"}
			for _, c := range columns {
				args = append(args, "-e", c)
			}
			cmd := exec.Command("tshark", args...)
			cmd.Env = append(os.Environ(), "TZ=UTC")
			out, err := cmd.Output()
			if err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(string(out)) {
				theirs := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
				mine, ok := ours[theirs[0]]
				if !ok {
					continue // its message is one that tshark cannot inflate
				}
				for i, c := range columns {
					if before, _, ok := strings.Cut(mine[i], `\x00`); ok {
						mine[i] = before // where tshark ends strings
					}
					if mine[i] != theirs[i] {
						t.Errorf("packet %s: %s is %q, in tshark %q", theirs[0], c, mine[i], theirs[i])
					}
				}
				delete(ours, theirs[0])
			}
			if len(ours) > 0 {
				t.Errorf("%d frames that tshark does not have", len(ours))
			}
		})
	}
}

// rows are the lines of the packets with one frame, by their first column.
func rows(t *testing.T, path string, columns []string) map[string][]string {
	t.Helper()
	file, err := capture.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	x := &dfilter.Context{}
	history := &capture.History{Sequences: true}
	x.Packets = history
	var o fields.Options
	o.Context = x
	if o.Columns, err = fields.Columns(columns); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	seen := make(map[string]int)
	sink := &selecting{x, fields.NewLines(&out, o)}
	wsframetest.Run(t, remembered{file, history, x}, sink, wsframe.Options{})
	all := make(map[string][]string)
	for line := range strings.Lines(out.String()) {
		row := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if seen[row[0]]++; seen[row[0]] == 1 {
			all[row[0]] = row
		}
	}
	for n, count := range seen {
		if count > 1 {
			delete(all, n)
		}
	}
	return all
}

// selecting leaves out the frames whose text tshark does not inflate: those
// of fragmented messages, and those that inflate to nothing.
type selecting struct {
	x    *dfilter.Context
	next wsframe.Sink
}

func (s *selecting) Emit(e wsframe.Event) error {
	s.x.Observe(e)
	if f, ok := e.(*wsframe.Frame); ok && f.Message != nil && f.Message.Compressed && (f.Message.Frames > 1 || f.Message.Length == 0) {
		return nil
	}
	return s.next.Emit(e)
}

func (s *selecting) Close() error { return s.next.Close() }

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
