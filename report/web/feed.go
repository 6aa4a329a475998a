package web

import (
	"slices"
	"strconv"
	"time"

	"wstap/capture"
	"wstap/report"
	"wstap/report/page"
	"wstap/wsframe"
)

// FeedOptions shape a Feed.
type FeedOptions struct {
	Page page.Options
	// Now tells the time, by which rows are handed on in batches of some 100 ms.
	// It is asked in Flush only.
	Now func() time.Time
	// Stats tells what was captured and dropped so far; nil tells nothing. It is
	// asked in Flush only.
	Stats func() capture.Stats
}

// payloadBytes is how much is kept of each payload, unless told otherwise.
const payloadBytes = 64 << 10

// How often browsers are told.
const (
	rowsEvery  = 100 * time.Millisecond
	indexEvery = 500 * time.Millisecond // what has changed of connections may be long
)

// Feed is the Sink that fills a Hub. It runs where the capture is read, and
// waits for nobody.
type Feed struct {
	hub     *Hub
	opts    FeedOptions
	encoder *page.Encoder
	pending originals // of the rows that are not handed on yet
	told    time.Time // when rows were handed on
	indexed time.Time // when the index was
	news    bool      // of it, which is not to wait
	stats   capture.Stats
	known   map[*wsframe.Conn]facts // those that are open, as the Hub knows them
	latest  *wsframe.Conn           // of the event before
	facts   facts                   // of that
}

var _ wsframe.Sink = (*Feed)(nil)

// NewFeed makes the Sink that fills h. There is one for a Hub.
func NewFeed(h *Hub, o FeedOptions) (*Feed, error) {
	if !o.Page.Payload.IsSet() {
		o.Page.Payload = report.LimitBytes(payloadBytes)
	}
	f := &Feed{hub: h, opts: o, known: map[*wsframe.Conn]facts{}}
	f.encoder = page.NewEncoder(o.Page, f.batch)
	return f, h.update(f.encoder.AppendIndex(nil)) // browsers that come early see what is read
}

// Emit implements wsframe.Sink.
func (f *Feed) Emit(e wsframe.Event) error {
	switch e := e.(type) {
	case *report.Started:
		f.hub.start(e.M.Stamp)
	case *wsframe.Opened, *wsframe.Closed, *report.Finding:
		f.news = true
	}
	f.know(e)
	if frame, ok := e.(*wsframe.Frame); ok {
		f.pending.add(f.encoder.Rows(), frame, f.opts.Page.Payload)
	}
	if err := f.encoder.Emit(e); err != nil {
		return err
	}
	if _, ok := e.(*report.Summary); ok {
		return f.flush()
	}
	return nil
}

// Close implements wsframe.Sink: browsers are told that no more will come.
func (f *Feed) Close() error {
	err := f.encoder.Close()
	if err == nil {
		err = f.index()
	}
	f.hub.end()
	return err
}

// Flush hands on what came, if that was not done a moment ago. It is to be
// called again while nothing comes.
func (f *Feed) Flush() error {
	now := f.opts.Now()
	if now.Sub(f.told) < rowsEvery {
		return nil
	}
	f.told = now
	if f.news || now.Sub(f.indexed) >= indexEvery {
		f.news, f.indexed = false, now
		f.tellStats()
		if err := f.index(); err != nil { // first, so that rows have their connections
			return err
		}
	}
	return f.encoder.Flush()
}

// flush hands on all.
func (f *Feed) flush() error {
	if err := f.encoder.Flush(); err != nil {
		return err
	}
	return f.index()
}

// batch takes a batch of the encoder, which lends it.
func (f *Feed) batch(b page.Batch) error {
	b.Data = slices.Clone(b.Data)
	strings := b.Strings
	b.Strings = nil
	f.hub.publish(&chunk{Batch: b, originals: f.pending}, strings)
	f.pending = originals{}
	return nil
}

// index hands on what has changed of the index.
func (f *Feed) index() error {
	if changes := f.encoder.AppendChanges(nil); changes != nil {
		return f.hub.update(changes)
	}
	return nil
}

// tellStats puts into the index what was dropped so far, before any rows are.
func (f *Feed) tellStats() {
	if f.opts.Stats == nil {
		return
	}
	s := f.opts.Stats()
	if s == f.stats {
		return
	}
	f.stats = s
	b := strconv.AppendUint([]byte(`{"packets":`), s.Packets, 10)
	b = strconv.AppendUint(append(b, `,"dropped":`...), s.Dropped, 10)
	b = strconv.AppendUint(append(b, `,"interface_dropped":`...), s.InterfaceDropped, 10)
	f.hub.set("capture", append(b, '}'))
}
