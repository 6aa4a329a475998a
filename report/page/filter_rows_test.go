package page

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wstap/capture"
	"wstap/capture/capturetest"
	"wstap/report"
	"wstap/report/dfilter"
	"wstap/wsframe"
	"wstap/wsframe/wsframetest"
)

// ownFilters are on fields that dfilter's list for tshark does not have.
var ownFilters = []string{
	`wstap`, `wstap.conn == 1`, `wstap.conn > 1`, `wstap.client contains "10."`, `wstap.server matches ":80(80)?$"`, `wstap.url`, `wstap.url contains "chat"`, `wstap.subprotocol`, `wstap.extensions contains "deflate"`,
	`wstap.via == "http/1.1"`, `wstap.via == "midstream"`, `wstap.proxy`, `wstap.time > 0.001`, `wstap.time >= 0`, `wstap.from == "client"`, `wstap.from == "server" && websocket.mask`, `wstap.opcode == "text"`, `wstap.opcode matches "^re"`, `wstap.opcode in {"ping", "pong"}`,
	`wstap.first_packet == frame.number`, `wstap.first_packet < frame.number`, `wstap.length == 5`, `wstap.length > 125`, `wstap.length > 9007199254740993`, `wstap.missing`, `wstap.missing > 0`, `wstap.certainty != "exact"`, `wstap.index > 0`, `wstap.violation`, `wstap.violation == "rsv-set"`, `count(wstap.violation) > 1`,
	`wstap.rtt`, `wstap.rtt < 0.01`, `wstap.rtt > 0.0001`, `wstap.message`, `wstap.message contains "hello"`, `len(wstap.message) > 10`, `wstap.message[0] == "{"`, `wstap.message matches "h.l+o"`, `wstap.message_length > 10`, `wstap.message_frames > 1`, `wstap.compressed`, `wstap.compressed == 1`, `wstap.complete == 0`, `wstap.invalid_utf8 == 1`,
	`wstap.summary`, `wstap.summary contains "ping"`, `websocket[0] == 81`, `websocket[1:1] > 80`, `len(websocket) > 6`, `websocket[-4:] == websocket.masking_key`,
	`frame`, `frame.number % 2 == 0`, `frame.number in {5 .. 9, 12}`, `frame.time_relative > 0.01`, `frame.time_relative - 0.005 > 0`, `frame.time > "2020-01-01"`, `frame.time_epoch > 1700000000.5`, `string(frame.time) contains "20"`, `frame.time_delta_displayed == 0`, `websocket.opcode == 1 && frame.time_delta_displayed > 0.001`,
	`websocket.fragment`, `websocket.fragment == 7`, `count(websocket.fragment) == websocket.fragment.count`, `websocket.fragment.count == 3`, `websocket.reassembled.length > 5`, `websocket.decompression.failed.expert`, `websocket.payload.unknown`, `websocket.payload.unknown.expert`,
	`http`, `!http`, `http.host`, `http.upgrade == "websocket"`, `any http.connection contains "pgrade"`, `http.request.uri.path`, `http.request.uri.query contains "="`, `http.request.full_uri contains "http://"`, `http.request.version == "HTTP/1.1"`, `http.response.phrase == "Switching Protocols"`, `http.response.version`, `http.response.code != 101`, `http.sec_websocket_key`, `http.sec_websocket_protocol`, `count(http.sec_websocket_extensions) == 2`, `http.cookie || http.authorization || http.set_cookie`,
	`tls`, `tls.handshake.extensions_server_name`, `tcp.stream == 0`, `tcp.stream in {1, 2}`, `tcp.srcport < tcp.dstport`, `tcp.port == 80 || tcp.port == 8080`, `all tcp.port > 1000`, `max(tcp.srcport, tcp.dstport) == tcp.srcport`, `min(tcp.port) < 100`, `abs(0 - websocket.opcode) == 9`, `upper(wstap.from) == "CLIENT"`, `lower(http.upgrade) == "websocket"`, `string(ip.src) matches "\\.1$"`, `vals(websocket.opcode) contains "i"`, `hex(websocket.rsv) == "0x04"`, `dec(websocket.opcode) == "9"`,
	`ip.src == 10.0.0.0/8`, `ip.addr == 192.0.2.0/24`, `ip.src != ip.dst`, `ip.addr in {10.0.0.0 .. 10.0.0.255}`, `ip.host contains "10"`, `ip.src[0] == 0a`, `ip.version == 6`, `ipv6.addr == 2001:db8::/32`, `ipv6.src_host matches "^2001"`, `len(ipv6.src) == 16`, `ipv6.dst[0:2] == 20:01`, `ip.src & 255.0.0.0 == 10.0.0.0`,
	`websocket.payload.close.status_code in {1000 .. 1003}`, `websocket.payload.close.status_code + 1 == 1001`, `websocket.payload.close.reason matches "b.e"`, `websocket.payload.close && !websocket.payload.close.status_code`, `websocket.masking_key[0] & 80`, `websocket.masking_key & ff:00:00:00 == 00:00:00:00`, `-websocket.opcode < -8`, `websocket.opcode * 2 / 3 == 6`, `!(websocket.opcode == 1) xor websocket.fin`, `not wstap.rtt and wstap.length`,
}

// ofFrameBytes are fields of a frame's own payload, which batches do not have of
// fragments and of compressed frames.
func ofFrameBytes(filter string) bool {
	for _, name := range []string{"websocket.payload", "websocket.masked_payload", "websocket.payload.continue"} {
		for rest := filter; ; {
			_, after, ok := strings.Cut(rest, name)
			if !ok {
				break
			}
			if after == "" || after[0] != '.' && after[0] != '_' {
				return true
			}
			rest = after
		}
	}
	return false
}

// filterRun is what dfilter makes of a capture, and the capture as the page's
// data.
type filterRun struct {
	Index   json.RawMessage
	Batches []string
	Pass    []string // per filter, a character for each frame: 1, 0, or - where the page cannot know

	name    string
	filters []*dfilter.Filter
	texts   []string
	pass    [][]byte
	x       []*dfilter.Context
	encoder *Encoder
}

func newFilterRun(t *testing.T, name string, texts []string) *filterRun {
	t.Helper()
	r := &filterRun{name: name, texts: texts}
	for _, text := range texts {
		f, err := dfilter.Compile(text, dfilter.Options{})
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		x := &dfilter.Context{} // one each: frame.time_delta_displayed is of this filter's frames
		f.Require(x)
		r.filters, r.x = append(r.filters, f), append(r.x, x)
	}
	r.pass = make([][]byte, len(texts))
	r.encoder = NewEncoder(Options{Payload: report.LimitBytes(1 << 20), Secrets: true}, func(b Batch) error {
		r.Batches = append(r.Batches, base64.StdEncoding.EncodeToString(b.Data))
		return nil
	})
	return r
}

func (r *filterRun) Emit(e wsframe.Event) error {
	frame, _ := e.(*wsframe.Frame)
	for i, f := range r.filters {
		r.x[i].Observe(e)
		if frame == nil {
			continue
		}
		passes := byte('0')
		if f.Match(r.x[i]) {
			passes = '1'
			r.x[i].Shown()
		}
		m := frame.Message
		if frame.Opcode < 3 && (m == nil || m.Compressed || m.Frames > 1) && ofFrameBytes(r.texts[i]) {
			passes = '-'
		}
		if m != nil && report.Excerpts(m.Payload, m.AppendSummary(nil)) && strings.Contains(r.texts[i], "wstap.summary") {
			passes = '-'
		}
		r.pass[i] = append(r.pass[i], passes)
	}
	return r.encoder.Emit(e)
}

func (r *filterRun) Close() error {
	if err := r.encoder.Close(); err != nil {
		return err
	}
	r.Index = r.encoder.AppendIndex(nil)
	for _, p := range r.pass {
		r.Pass = append(r.Pass, string(p))
	}
	return nil
}

// eachCapture calls use for all captures that are kept as text, and for those of
// the corpus that are small and need no keys, with what runs one into a sink.
func eachCapture(t *testing.T, use func(name string, run func(wsframe.Sink))) {
	t.Helper()
	run := func(source capture.Source, first capture.Stamp) func(wsframe.Sink) {
		return func(s wsframe.Sink) {
			if err := s.Emit(&report.Started{M: wsframe.Meta{Stamp: first}}); err != nil {
				t.Fatal(err)
			}
			wsframetest.Run(t, source, s, wsframe.Options{Handshakes: true})
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	paths, err := filepath.Glob("../../testdata/scenario/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatal("no scenarios: ", err)
	}
	for _, path := range paths {
		if packets := capturetest.Load(t, path); len(packets) > 0 {
			use(filepath.Base(path), run(capturetest.NewSource(packets), packets[0].Stamp))
		}
	}
	corpus := os.Getenv("WSTAP_CORPUS")
	if corpus == "" {
		corpus = "../../../shared/corpus"
	}
	for _, name := range []string{
		"../../testdata/demo/signalling.pcapng", corpus + "/own/01-chromium-ws-plain-deflate/capture.pcapng",
		corpus + "/own/23-python-ws-plain-ipv6/capture.pcap", corpus + "/own/28-node-h2c-plaintext-continuation/capture.pcap",
	} {
		first, err := firstStamp(name)
		if err != nil {
			t.Logf("left out: %v", err)
			continue
		}
		file, err := capture.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		use(filepath.Base(filepath.Dir(name)), run(file, first))
		file.Close()
	}
}

// firstStamp is that of a capture's first packet.
func firstStamp(name string) (capture.Stamp, error) {
	file, err := capture.Open(name)
	if err != nil {
		return capture.Stamp{}, err
	}
	defer file.Close()
	p, err := file.Next()
	return p.Stamp, err
}

// TestSelectsWhatDfilterSelects holds the page's display filter against dfilter,
// frame for frame, over all captures that are kept as text.
func TestSelectsWhatDfilterSelects(t *testing.T) {
	t.Parallel()
	var texts []string
	for _, text := range append(dfilterTexts(t), ownFilters...) {
		text = strings.TrimSpace(text)
		if _, err := dfilter.Compile(text, dfilter.Options{}); err == nil && !strings.HasPrefix(text, "#") {
			texts = append(texts, text)
		}
	}
	var runs []*filterRun
	eachCapture(t, func(name string, run func(wsframe.Sink)) {
		r := newFilterRun(t, name, texts)
		run(r)
		runs = append(runs, r)
	})
	var got struct {
		Kept []bool
		Pass [][]string
	}
	runNode(t, `import {Store} from './store.js';
import {compileFilter} from './filter-compile.js';
import {kindFrame} from './batch.js';
export const main = ({texts, runs}) => {
  const filters = texts.map((text) => compileFilter(text, {utc: true}));
  const pass = runs.map((run) => {
    const store = new Store();
    store.setIndex(run.Index);
    for (const batch of run.Batches || []) store.addBatch(new Uint8Array(Buffer.from(batch, 'base64')));
    return filters.map((f) => {
      let out = '';
      if (f.error) return out;
      f.reset();
      for (let row = store.first; row < store.rows; row++) {
        const passes = f.test(store, row);
        if (store.kind(row) === kindFrame) out += passes ? '1' : '0';
      }
      return out;
    });
  });
  return {Kept: filters.map((f) => !f.error), Pass: pass};
};
`, map[string]any{"texts": texts, "runs": runs}, &got)
	// Lengths beyond 2^53 are rounded in the page, so that sums with them differ.
	frames, faults := 0, 0
	selective := 0
	for k, r := range runs {
		for i, text := range texts {
			if !got.Kept[i] {
				continue
			}
			mine, theirs := got.Pass[k][i], r.Pass[i]
			if strings.Contains(theirs, "1") && strings.Contains(theirs, "0") {
				selective++
			}
			if len(mine) != len(theirs) {
				t.Fatalf("%s has %d frames, in the page %d", r.name, len(theirs), len(mine))
			}
			for n := range mine {
				frames++
				if theirs[n] != '-' && mine[n] != theirs[n] && !(r.name == "length-2-to-the-63.txt" && strings.Contains(text, "ext_64 -")) {
					if faults++; faults <= 40 {
						t.Errorf("%s, frame %d: %q is %c, in dfilter %c", r.name, n, text, mine[n], theirs[n])
					}
					break
				}
			}
		}
	}
	if frames < 100000 || selective < 1000 {
		t.Errorf("%d frames looked at, %d filters that pass some", frames, selective)
	}
	t.Logf("%d filters, %d captures, %d frames looked at", len(texts), len(runs), frames)
}
