package page

import (
	"encoding/base64"
	"path/filepath"
	"slices"
	"testing"

	"wstap/capture/capturetest"
	"wstap/report"
	"wstap/wsframe"
	"wstap/wsframe/wsframetest"
)

// plainSession is the page of a session, in batches of few rows.
func plainSession(t *testing.T) storeInput {
	t.Helper()
	in := storeInput{Batches: []string{}}
	e := NewEncoder(Options{Payload: report.NoLimit()}, func(b Batch) error {
		in.Batches = append(in.Batches, base64.StdEncoding.EncodeToString(b.Data))
		return nil
	})
	n := 0
	wsframetest.Run(t, capturetest.NewSource(capturetest.Load(t, filepath.Join("../../testdata/scenario", "plain-session.txt"))), watcher(func(ev wsframe.Event) {
		if err := e.Emit(ev); err != nil {
			t.Fatal(err)
		}
		if n++; n%3 == 0 {
			if err := e.Flush(); err != nil {
				t.Fatal(err)
			}
		}
	}), wsframe.Options{Handshakes: true})
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	in.Index = e.AppendIndex(nil)
	return in
}

// TestViewShowsWhatWasChosen compares the list that is computed in slices, while
// batches arrive and choices change, with one look at every row.
func TestViewShowsWhatWasChosen(t *testing.T) {
	const script = `import {State} from './state.js';
import {Store} from './store.js';
import {View} from './view.js';

const compile = (text, store) => text === 'bad' ? {kind: 'filter', error: {message: 'bad', at: 0, length: 3}}
  : text === '' ? {kind: 'none', error: null} : {kind: 'text', error: null, test: (row) => store.length(row) % 2 === 0};

function plain(store, state) {
  const out = [];
  for (let i = 0; i < store.rows; i++) {
    const kind = store.kind(i);
    const frame = kind === 0;
    const lifecycle = !frame && kind !== 6;
    const control = frame && (store.op(i) & 8) !== 0;
    if (state.conns.size && !state.conns.has(store.conn(i))) continue;
    if (state.range && (store.time(i) < state.range[0] || store.time(i) > state.range[1])) continue;
    if (state.show === 'control' && !control && !lifecycle) continue;
    if (state.show === 'sent' && (lifecycle || (store.bits(i) & 1))) continue;
    if (state.show === 'received' && (lifecycle || !(store.bits(i) & 1))) continue;
    if (state.mode === 'messages' && state.show !== 'control' && (control || (frame && !(store.bits(i) & 8)))) continue;
    if (state.filter !== '' && store.length(i) % 2 !== 0) continue;
    out.push(i);
  }
  return out;
}

const settled = async (view) => {
  do await new Promise((resolve) => setTimeout(resolve, 0)); while (!view.done || view.abort);
};

export async function main({index, batches}) {
  const wrong = [];
  let looked = 0;
  let shown = 0;
  for (const show of ['all', 'sent', 'received', 'control']) {
    for (const mode of ['frames', 'messages']) {
      for (const choice of [{}, {conns: new Set([1])}, {range: [0, 1500]}, {filter: 'even'}]) {
        const store = new Store();
        const state = new State();
        const view = new View(store, state, compile);
        store.setIndex(index);
        batches.forEach((batch, k) => {
          store.addBatch(new Uint8Array(Buffer.from(batch, 'base64')));
          if (k === 1) state.set({show, mode, ...choice});
        });
        await settled(view);
        const got = Array.from(view.list.subarray(0, view.count));
        const want = plain(store, state);
        looked++;
        shown += want.length;
        if (got.join() !== want.join()) wrong.push([show, mode, Object.keys(choice), got.join(), want.join()].join(' '));
        for (let i = 0; i <= store.rows; i++) {
          const at = want.findIndex((row) => row >= i);
          if (view.find(i) !== (at < 0 ? want.length : at)) wrong.push('find ' + i);
        }
        state.set({filter: 'bad'});
        await settled(view);
        if (view.count !== got.length || !view.query.error) wrong.push('a fault in the filter changed the rows');
      }
    }
  }
  return {wrong, looked, shown};
}
`
	in := plainSession(t)
	var got struct {
		Wrong         []string
		Looked, Shown int
	}
	runNode(t, script, in, &got)
	if len(got.Wrong) > 0 {
		t.Errorf("%q", got.Wrong)
	}
	if got.Looked != 32 || got.Shown < 32 {
		t.Errorf("%d lists with %d rows were compared", got.Looked, got.Shown)
	}
}

// TestViewWaitsForTheServersWord shows rows that a live server's filter passes
// when it has said so, in order, also those it says of late.
func TestViewWaitsForTheServersWord(t *testing.T) {
	const script = `import {ServedQuery} from './served.js';
import {State} from './state.js';
import {Store} from './store.js';
import {View} from './view.js';

const bits = (first, rows, shown) => {
  const bytes = new Uint8Array(Math.ceil(rows / 8));
  for (const row of shown) bytes[(row - first) >> 3] |= 1 << ((row - first) & 7);
  return {first, rows, bits: Buffer.from(bytes).toString('base64')};
};
const pause = () => new Promise((resolve) => setTimeout(resolve, 5));

export async function main({index, batches}) {
  const store = new Store();
  const state = new State();
  const view = new View(store, state, (text) => ({kind: text === '' ? 'none' : 'filter', error: null, test: () => true}));
  const query = new ServedQuery('q', bits(0, 3, [1]));
  let tell = null;
  view.setFeed({unfilter() {}, filter(text, done) { done(query); }, onMatch(listener) { tell = listener; }});
  const list = async () => {
    await pause();
    return Array.from(view.list.subarray(0, view.count)).join();
  };
  store.setIndex(index);
  const out = [];
  state.set({filter: 'q'});
  for (const batch of batches) store.addBatch(new Uint8Array(Buffer.from(batch, 'base64')));
  out.push(await list());
  query.add(bits(3, 3, [4]));
  tell([]);
  out.push(await list());
  query.add(bits(6, store.rows - 6, [6]));
  tell([0, 4]);
  out.push(await list());
  state.set({filter: ''});
  out.push(String((await list()).split(',').length === store.rows));
  return out;
}
`
	var got []string
	runNode(t, script, plainSession(t), &got)
	if want := []string{"1", "1,4", "0,1,4,6", "true"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestTrafficCountsEveryFrame counts into bins that begin far too small.
func TestTrafficCountsEveryFrame(t *testing.T) {
	const script = `import {State} from './state.js';
import {Store} from './store.js';
import {Traffic} from './tally.js';

export async function main({index, batches}) {
  const store = new Store();
  const state = new State();
  const traffic = new Traffic(store, state);
  store.setIndex({...index, ended: ''});
  let frames = [0, 0];
  let bytes = [0, 0];
  for (const batch of batches) {
    store.addBatch(new Uint8Array(Buffer.from(batch, 'base64')));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  for (let i = 0; i < store.rows; i++) {
    if (store.kind(i) !== 0) continue;
    frames[store.bits(i) & 1]++;
    bytes[store.bits(i) & 1] += store.length(i);
  }
  const sum = (bins) => bins.reduce((a, b) => a + b, 0);
  const {whole} = traffic;
  const lanes = [...whole.lanes.values()];
  const wrong = [];
  for (const side of [0, 1]) {
    if (sum(whole.frames[side]) !== frames[side]) wrong.push('frames ' + sum(whole.frames[side]) + ' of ' + frames[side]);
    if (sum(whole.bytes[side]) !== bytes[side]) wrong.push('bytes ' + sum(whole.bytes[side]) + ' of ' + bytes[side]);
    if (sum(lanes.map((lane) => sum(lane.frames[side]))) !== frames[side]) wrong.push('frames of connections');
  }
  if (frames[0] === 0 || frames[1] === 0) wrong.push('no frames');
  if (whole.end !== store.time(store.rows - 1)) wrong.push('ends at ' + whole.end);
  state.set({range: [0, store.time(3)]});
  await new Promise((resolve) => setTimeout(resolve, 5));
  const early = sum(traffic.shown.frames[0]) + sum(traffic.shown.frames[1]);
  if (early === 0 || early >= frames[0] + frames[1]) wrong.push(early + ' frames in the range');
  return wrong;
}
`
	var wrong []string
	runNode(t, script, plainSession(t), &wrong)
	if len(wrong) > 0 {
		t.Errorf("%q", wrong)
	}
}

// TestScrollPositionsReachEveryRow holds the map between a list and the element
// that stands for it: it rises, turns back, is exact at both ends and leads to
// every row of a million in a thousandth of the height.
func TestScrollPositionsReachEveryRow(t *testing.T) {
	const script = `import {maxHeight, ScrollMap} from './scroll.js';
export function main() {
  const wrong = [];
  for (const rows of [0, 1, 30, 1000, 363636, 400000, 1e6, 1e7]) {
    for (const viewport of [22, 500, 2000]) {
      const map = new ScrollMap(rows * 22, viewport);
      const name = rows + ' rows in ' + viewport + ' px: ';
      if (map.height > maxHeight) wrong.push(name + 'too high');
      if (map.toVirtual(map.physicalEnd) !== map.end) wrong.push(name + 'the last row is out of reach');
      let last = -1;
      for (let k = 0; k <= 1000; k++) {
        const virtual = (map.end * k) / 1000;
        const physical = map.toPhysical(virtual);
        if (physical < last || physical > map.physicalEnd) wrong.push(name + 'falls at ' + virtual);
        if (Math.abs(map.toVirtual(physical) - virtual) > 0.01) wrong.push(name + 'does not turn back at ' + virtual);
        last = physical;
      }
      let position = map.end / 2;
      const top = Math.round(map.toPhysical(position));
      const down = map.moved(position, top, top + 22, viewport);
      if (map.end > 100 && Math.abs(down - position - 22) > 1) wrong.push(name + 'a small step is not exact');
      if (map.moved(viewport, viewport / 2, 0, viewport) !== 0) wrong.push(name + 'the first row is out of reach');
    }
  }
  return wrong;
}
`
	var wrong []string
	runNode(t, script, nil, &wrong)
	if len(wrong) > 0 {
		t.Errorf("%q", wrong)
	}
}

func TestStateSurvivesInTheAddress(t *testing.T) {
	const script = `import {State, stateFromHash, stateToHash} from './state.js';
export function main(hashes) {
  return hashes.map((hash) => {
    const state = new State();
    state.set(stateFromHash(hash));
    return stateToHash(state);
  });
}
`
	tests := []struct{ name, hash, want string }{
		{"nothing chosen", "", ""},
		{"defaults are left out", "#row=-1&show=all&mode=frames&time=relative", ""},
		{"everything", "#row=5&conn=1,22&range=0.500000-2.250000&filter=a+%3D%3D+%22%26%23%22&show=sent&mode=messages&time=delta&pane=hex", "#row=5&conn=1%2C22&range=0.500000-2.250000&filter=a+%3D%3D+%22%26%23%22&show=sent&mode=messages&time=delta&pane=hex"},
		{"what is not understood is absent", "#row=1e9&conn=x,-1,2&range=3-1&show=<b>&mode=&pane=../x&other=1", "#conn=2"},
		{"not a list of keys", "#%%%=&=&", ""},
	}
	var in, got []string
	for _, tc := range tests {
		in = append(in, tc.hash)
	}
	runNode(t, script, in, &got)
	for i, tc := range tests {
		if got[i] != tc.want {
			t.Errorf("%s: %q became %q, want %q", tc.name, tc.hash, got[i], tc.want)
		}
	}
}

// TestVisibleEscapesAsTheTerminalDoes holds the page's text against Escaper.
func TestVisibleEscapesAsTheTerminalDoes(t *testing.T) {
	const script = `import {decodeText, visible} from './text.js';
export function main(all) {
  return all.map((bytes) => visible(decodeText(new Uint8Array(Buffer.from(bytes, 'base64')), false)));
}
`
	texts := []string{
		"", "plain {\"a\":1}", "a\nb\r\tc", "\x00\x1b[31mred\x7f", "caf\u00e9 \u4f60\u597d \U0001f600", "\u202eevil\u2066x\u200b\ufeff", "\u0085\u009b",
		"\u2028\u2029", "\U000e0001\ue000", "\xff\xfea\xc3", "\xe2\x82", "\xf0\x9f\x98", "\xed\xa0\x80", "\xc0\xaf", "a\u0301\u0302\u0303b", "back\\slash \\n", "</script><!--",
	}
	in := make([][]byte, len(texts))
	for i, text := range texts {
		in[i] = []byte(text)
	}
	var got []string
	runNode(t, script, in, &got)
	for i, text := range texts {
		want, _, _ := report.Escaper{}.Append(nil, []byte(text), report.Unbounded)
		if got[i] != string(want) {
			t.Errorf("%q is shown as %q, in a terminal as %q", text, got[i], want)
		}
	}
}
