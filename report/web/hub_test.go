package web

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"wstap/capture"
	"wstap/report/page"
	"wstap/wsframe"
)

// batch publishes a batch of n rows with size bytes.
func batch(h *Hub, n, size int) {
	h.mu.Lock()
	first := h.next
	h.mu.Unlock()
	h.publish(&chunk{Batch: page.Batch{First: first, Rows: n, Data: make([]byte, size)}}, nil)
}

// TestHubAgainstModel: readers at their own pace, who may come back at any row,
// are told each batch that is kept, in order, and where some are gone that is
// said. What is kept is within the bounds, and is the newest.
func TestHubAgainstModel(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	limits := Limits{Rows: 100, Bytes: 1000}
	for range 200 {
		h := NewHub(limits)
		all := map[uint64]int{} // first row -> rows
		readers := make([]cursor, 3)
		check := func(c *cursor) {
			before := c.row
			n := h.take(c)
			if n.chunk == nil {
				if before < h.next {
					t.Fatalf("row %d of %d is not told", before, h.next)
				}
				return
			}
			if all[n.chunk.First] != n.chunk.Rows || c.row != n.chunk.end() {
				t.Fatalf("told %d rows from %d, and goes on at %d", n.chunk.Rows, n.chunk.First, c.row)
			}
			if n.skipped != (n.chunk.First > before) || n.skipped && n.chunk.First != h.first() {
				t.Fatalf("asked for row %d, told %d from %d on, skipped %t", before, n.chunk.Rows, n.chunk.First, n.skipped)
			}
		}
		for range 100 {
			switch reader := &readers[r.IntN(3)]; r.IntN(4) {
			case 0, 1:
				first, rows := h.next, 1+r.IntN(40)
				batch(h, rows, r.IntN(400))
				all[first] = rows
			case 2:
				check(reader)
			case 3:
				if r.IntN(5) == 0 {
					reader.row = uint64(r.IntN(int(h.next) + 10))
				}
				check(reader)
			}
			var bytes int64
			for _, c := range h.chunks {
				bytes += c.size()
			}
			if bytes != h.bytes || len(h.chunks) > 1 && (bytes > limits.Bytes || h.next-h.first() > uint64(limits.Rows)) {
				t.Fatalf("%d rows, %d bytes are kept, %d counted", h.next-h.first(), bytes, h.bytes)
			}
			if h.dropped.Rows != h.first() {
				t.Fatalf("%d rows are counted as dropped, %d are gone", h.dropped.Rows, h.first())
			}
		}
	}
}

// TestIndexAgainstModel: whatever a reader was told last, what it is told next
// makes its index the whole one.
func TestIndexAgainstModel(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 100 {
		h := NewHub(Limits{})
		model := map[string]string{}
		seen := make([]map[string]string, 3)
		readers := make([]cursor, 3)
		for range 60 {
			if r.IntN(2) == 0 {
				var keys, conns []string
				for range r.IntN(4) {
					key, value := fmt.Sprintf("key%d", r.IntN(5)), fmt.Sprint(r.IntN(100))
					if model[key] = value; !strings.Contains(strings.Join(keys, ","), key) {
						keys = append(keys, `"`+key+`":`+value)
					} else {
						keys = slices.DeleteFunc(keys, func(s string) bool { return strings.Contains(s, key) })
						keys = append(keys, `"`+key+`":`+value)
					}
				}
				for n := 1 + r.IntN(3); n < 8; n += 1 + r.IntN(4) {
					value := fmt.Sprintf(`{"conn":%d,"x":%d}`, n, r.IntN(100))
					model[fmt.Sprint("conn ", n)] = value
					conns = append(conns, value)
				}
				keys = append(keys, `"connections":[`+strings.Join(conns, ",")+`]`, `"strings":["not kept"]`)
				if err := h.update([]byte("{" + strings.Join(keys, ",") + "}")); err != nil {
					t.Fatal(err)
				}
			}
			i := r.IntN(3)
			n := h.take(&readers[i])
			if seen[i] == nil {
				seen[i] = map[string]string{}
			}
			apply(t, seen[i], n.index)
			for key, value := range model {
				if seen[i][key] != value {
					t.Fatalf("%s is %s, told as %s by %s", key, value, seen[i][key], n.index)
				}
			}
		}
	}
}

// apply applies a part of the index.
func apply(t *testing.T, to map[string]string, part []byte) {
	t.Helper()
	if part == nil {
		return
	}
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(part, &keys); err != nil {
		t.Fatalf("%s: %v", part, err)
	}
	for key, value := range keys {
		to[key] = string(value)
	}
	var conns []json.RawMessage
	if keys[connectionsKey] != nil {
		if err := json.Unmarshal(keys[connectionsKey], &conns); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range conns {
		var number struct{ Conn int }
		if err := json.Unmarshal(c, &number); err != nil {
			t.Fatal(err)
		}
		to[fmt.Sprint("conn ", number.Conn)] = string(c)
	}
}

func TestIndexIsBounded(t *testing.T) {
	h := NewHub(Limits{IndexBytes: 1000})
	for n := 1; n <= 100; n++ {
		h.know(&wsframe.Conn{Number: n, Upgrade: &wsframe.Upgrade{}})
		if err := h.update([]byte(fmt.Sprintf(`{"connections":[{"conn":%d,"pad":"%s"}]}`, n, strings.Repeat("x", 100)))); err != nil {
			t.Fatal(err)
		}
	}
	if h.index.bytes > 1000 || len(h.index.connections) != len(h.conns) || h.dropped.Connections+len(h.conns) != 100 {
		t.Errorf("%d bytes, %d connections, %d known, %d dropped", h.index.bytes, len(h.index.connections), len(h.conns), h.dropped.Connections)
	}
	if h.conn(100) == nil || h.conn(1) != nil {
		t.Error("not the oldest were forgotten")
	}
}

// TestLateReaderHasTheDictionary: batches that brought its strings may be gone.
func TestLateReaderHasTheDictionary(t *testing.T) {
	h := NewHub(Limits{Rows: 1})
	for i, s := range []string{"a", "b\n", "c"} {
		h.publish(&chunk{Batch: page.Batch{First: uint64(i), Rows: 1}}, []string{s})
	}
	var c cursor
	n := h.take(&c)
	var index struct{ Strings []string }
	if err := json.Unmarshal(n.index, &index); err != nil || !slices.Equal(index.Strings, []string{"a", "b\n", "c"}) {
		t.Errorf("index %s: %v", n.index, err)
	}
	if !n.skipped || n.chunk.First != 2 {
		t.Errorf("first row %d", n.chunk.First)
	}
}

// TestEndComesLast: it is told once, behind all rows.
func TestEndComesLast(t *testing.T) {
	h := NewHub(Limits{})
	batch(h, 1, 1)
	batch(h, 1, 1)
	h.end()
	var c cursor
	for i, want := range []bool{false, true, false} {
		if n := h.take(&c); n.ended != want {
			t.Errorf("take %d: ended %t", i, n.ended)
		}
	}
}

// TestStalledBrowserStallsNobody: one browser reads nothing while four times as
// much comes as its sockets and the Hub can hold; it is told then what it missed.
func TestStalledBrowserStallsNobody(t *testing.T) {
	const rows, size, batches = 10, 1 << 20, 64
	h := NewHub(Limits{Bytes: 4 << 20})
	s := serve(t, h, Options{})
	stalled := follow(t, s, "", 0)
	e, _ := stalled.next()
	var b told
	b.take(t, e)
	for range batches { // it has not read on: publishing waits for nobody
		batch(h, rows, size)
	}
	h.end()
	kept := h.bytes
	for !b.end {
		before := b.next
		e, ok := stalled.next()
		if !ok {
			t.Fatal("the stream broke off")
		}
		if e.name == "batch" {
			b.rows.Reset()
		}
		b.take(t, e)
		if b.next < before {
			t.Errorf("row %d after %d", b.next, before)
		}
	}
	if b.next != rows*batches || b.skips == 0 {
		t.Errorf("%d rows of %d, %d skips", b.next, rows*batches, b.skips)
	}
	if kept > 4<<20 {
		t.Errorf("%d bytes are kept", kept)
	}
	var dropped dropped
	if err := json.Unmarshal(b.index["dropped"], &dropped); err != nil || dropped.Rows != rows*(batches-4) {
		t.Errorf("index tells %s dropped: %v", b.index["dropped"], err)
	}
	shutdown(t, s)
}

// TestShutdownEndsAll: streams that wait, one that nobody reads, and a request
// that nobody sends.
func TestShutdownEndsAll(t *testing.T) {
	h := NewHub(Limits{})
	s := serve(t, h, Options{})
	waiting := follow(t, s, "", 0)
	waiting.next()
	follow(t, s, "", 0) // of which nothing is read
	silent, err := net.Dial("tcp", s.guard.host)
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	for range 64 {
		batch(h, 1, 1<<20)
	}
	shutdown(t, s)
}

// TestStreamsAreBounded: the seventeenth window is told so, and one that is
// closed makes room.
func TestStreamsAreBounded(t *testing.T) {
	h := NewHub(Limits{})
	s := serve(t, h, Options{})
	var all []*stream
	for range maxStreams {
		all = append(all, follow(t, s, "", 0))
	}
	w, body := get(t, s.URL()+"events", nil)
	if w.StatusCode != 503 {
		t.Errorf("%d %s", w.StatusCode, body)
	}
	all[0].body.Close()
	s.streams <- struct{}{} // as soon as there is room
	<-s.streams
	follow(t, s, "", 0)
	shutdown(t, s)
}

// TestFlushTellsInTime: rows at most every 100 ms, and the connection that they
// are of before them, whatever else of the index has to wait.
func TestFlushTellsInTime(t *testing.T) {
	h := NewHub(Limits{})
	now := clock()
	f, err := NewFeed(h, FeedOptions{Page: whole, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	conn := &wsframe.Conn{Number: 1, Upgrade: &wsframe.Upgrade{Upgraded: true}}
	var c cursor
	h.take(&c)
	for i, step := range []struct {
		event       wsframe.Event
		wait        time.Duration
		rows, index bool
	}{
		{&wsframe.Opened{M: wsframe.Meta{Conn: conn}}, time.Second, true, true},
		{&wsframe.Frame{M: wsframe.Meta{Conn: conn}, Opcode: wsframe.OpPing}, 99 * time.Millisecond, false, false},
		{&wsframe.Frame{M: wsframe.Meta{Conn: conn}, Opcode: wsframe.OpPing}, time.Millisecond, true, false},
		{&wsframe.Frame{M: wsframe.Meta{Conn: conn}, Opcode: wsframe.OpPing}, 400 * time.Millisecond, true, true},
		{&wsframe.Closed{M: wsframe.Meta{Conn: conn}}, 100 * time.Millisecond, true, true},
	} {
		if err := f.Emit(step.event); err != nil {
			t.Fatal(err)
		}
		now = now.Add(step.wait)
		if err := f.Flush(); err != nil {
			t.Fatal(err)
		}
		n := h.take(&c)
		if (n.chunk != nil) != step.rows || strings.Contains(string(n.index), `"conn":1`) != step.index {
			t.Errorf("step %d: rows %t, index %s", i, n.chunk != nil, n.index)
		}
	}
}

// TestStatsAreTold: what the kernel has dropped stands in the index while the
// capture runs.
func TestStatsAreTold(t *testing.T) {
	h := NewHub(Limits{})
	f, err := NewFeed(h, FeedOptions{Page: whole, Now: clock, Stats: func() capture.Stats {
		return capture.Stats{Packets: 7, Dropped: 2, InterfaceDropped: 1}
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Flush(); err != nil {
		t.Fatal(err)
	}
	var c cursor
	if got, want := string(h.take(&c).index), `"capture":{"packets":7,"dropped":2,"interface_dropped":1}`; !strings.Contains(got, want) {
		t.Errorf("index %s lacks %s", got, want)
	}
}
