package page

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wstap/capture/capturetest"
	"wstap/report"
	"wstap/wsframe"
	"wstap/wsframe/wsframetest"
)

// storeScript puts batches into a Store and tells every row that it has then,
// asking in an order in which the batches alternate.
const storeScript = `import {Store} from './store.js';
const hex = (bytes) => Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');
export function main(input) {
  return input.map(({index, batches}) => {
    const store = new Store();
    store.setIndex(index);
    for (const batch of batches) store.addBatch(new Uint8Array(Buffer.from(batch, 'base64')));
    const order = [...Array(store.rows).keys()].sort((a, b) => a % 7 - b % 7);
    const out = [];
    for (const i of order) {
      const key = store.key(i);
      out[i] = [i, store.kind(i), store.bits(i), store.op(i), store.conn(i), store.timeNs(i), store.packet(i), store.length(i), store.size(i),
        store.summary(i), store.reply(i), hex(store.payload(i)), key === null ? '' : hex(key), JSON.stringify(store.detail(i))].join('|');
    }
    return out;
  });
}
`

type storeInput struct {
	Index   json.RawMessage `json:"index"`
	Batches []string        `json:"batches"`
}

// TestStoreReadsWhatTheEncoderWrote cuts batches of one to nine rows, so that
// strings, replies and keys lie in other batches than those that need them.
func TestStoreReadsWhatTheEncoderWrote(t *testing.T) {
	scenarios, err := filepath.Glob("../../testdata/scenario/*.txt")
	if err != nil || len(scenarios) == 0 {
		t.Fatal("no scenarios", err)
	}
	var in []storeInput
	var want [][]string
	scenarios = slices.DeleteFunc(scenarios, func(path string) bool {
		// Its lengths of 2^63 are rounded: numbers in JavaScript are exact to 2^53.
		return filepath.Base(path) == "length-2-to-the-63.txt"
	})
	for _, path := range scenarios {
		one := storeInput{Batches: []string{}}
		rows := []string{}
		var dictionary []string
		e := NewEncoder(Options{Payload: report.NoLimit()}, func(b Batch) error {
			one.Batches = append(one.Batches, base64.StdEncoding.EncodeToString(b.Data))
			dictionary = append(dictionary, b.Strings...)
			rows = append(rows, tableRows(t, b.Data, b.First, dictionary)...)
			return nil
		})
		n := 0
		wsframetest.Run(t, capturetest.NewSource(capturetest.Load(t, path)), watcher(func(ev wsframe.Event) {
			if err := e.Emit(ev); err != nil {
				t.Fatal(err)
			}
			if n++; n%(1+n%9) == 0 {
				if err := e.Flush(); err != nil {
					t.Fatal(err)
				}
			}
		}), wsframe.Options{Handshakes: true})
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		one.Index = e.AppendIndex(nil)
		in = append(in, one)
		want = append(want, rows)
	}
	var got [][]string
	runNode(t, storeScript, in, &got)
	for i, path := range scenarios {
		if !slices.Equal(got[i], want[i]) {
			t.Errorf("%s:\n%s\nwant\n%s", filepath.Base(path), strings.Join(got[i], "\n"), strings.Join(want[i], "\n"))
		}
	}
}

// tableRows tells the rows of a batch as storeScript does.
func tableRows(t *testing.T, batch []byte, first uint64, dictionary []string) []string {
	t.Helper()
	table, err := open(batch)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for i := range table.rows {
		r, err := table.next()
		if err != nil {
			t.Fatal(err)
		}
		summary, key, detail := "", "", "null"
		if r.summary != 0 {
			summary = dictionary[r.summary-1]
			if r.ident != "" {
				summary += " #" + r.ident
			}
		}
		if r.bits&bitMasked != 0 {
			key = fmt.Sprintf("%x", r.key)
		}
		if len(r.detail) > 0 {
			var b bytes.Buffer
			if err := json.Compact(&b, r.detail); err != nil {
				t.Fatal(err)
			}
			detail = b.String()
		}
		all = append(all, fmt.Sprint(first+uint64(i), "|", int(r.kind), "|", r.bits, "|", r.op, "|", r.conn, "|", r.time, "|", r.packet, "|", r.length, "|", len(r.payload),
			"|", summary, "|", r.reply, "|", fmt.Sprintf("%x", r.payload), "|", key, "|", detail))
	}
	return all
}

// TestStoreRefusesBrokenBatches cuts a batch short at every byte and turns
// each: it has to be refused or read, in either case without running away.
func TestStoreRefusesBrokenBatches(t *testing.T) {
	var batch []byte
	e := NewEncoder(Options{}, func(b Batch) error {
		batch = bytes.Clone(b.Data)
		return nil
	})
	path := filepath.Join("../../testdata/scenario", "plain-session.txt")
	wsframetest.Run(t, capturetest.NewSource(capturetest.Load(t, path)), e, wsframe.Options{Handshakes: true})
	if err := e.Flush(); err != nil {
		t.Fatal(err)
	}
	const script = `import {BatchError, decodeBatch} from './batch.js';
export function main(input) {
  const whole = new Uint8Array(Buffer.from(input, 'base64'));
  const other = [];
  const broken = [];
  for (let i = 0; i < whole.length; i++) {
    broken.push(whole.slice(0, i));
    const turned = whole.slice();
    turned[i] ^= 0xff;
    broken.push(turned);
  }
  for (const bytes of broken) {
    try {
      decodeBatch(bytes, 0n);
    } catch (fault) {
      if (!(fault instanceof BatchError)) other.push(String(fault));
    }
  }
  return {rows: decodeBatch(whole, 0n).rows, other};
}
`
	var got struct {
		Rows  int
		Other []string
	}
	runNode(t, script, base64.StdEncoding.EncodeToString(batch), &got)
	if got.Rows == 0 || len(got.Other) > 0 {
		t.Errorf("%d rows; other faults than BatchError: %q", got.Rows, got.Other)
	}
}
