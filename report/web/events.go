package web

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// maxStreams bounds the event streams that are open at a time.
const maxStreams = 16

// patience is how long a browser may take to read what was written to it. One
// that takes longer is cut off, and comes back where it was.
const patience = 30 * time.Second

// events is the stream of server-sent events (the HTML standard's EventSource):
// `index` with what changed, `batch` with rows, `match` with those of them that
// pass ?filter=, `skip` where rows are gone that were not told, and `end` when no
// more will come. The id of a batch is the number of the row behind it, so that
// Last-Event-ID goes on where a connection broke; ?after= says the same for one
// that is new.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	var m *matcher
	if q := r.URL.Query().Get("filter"); q != "" {
		var err error
		if m, err = s.compile(q); err != nil {
			refuseFilter(w, err)
			return
		}
	}
	select {
	case s.streams <- struct{}{}:
		defer func() { <-s.streams }()
	default:
		refuse(w, http.StatusServiceUnavailable, "the page is open in too many windows: close one")
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	out := &eventWriter{w: bufio.NewWriterSize(w, 64<<10), control: http.NewResponseController(w), now: s.opts.Now}
	if r.Method == http.MethodHead {
		return
	}
	at := cursor{row: lastRow(r)}
	if m != nil && !s.catchUp(m, at.row, r) {
		return
	}
	for {
		stopping := s.isStopping() // before it looks: what came by then is told
		n := s.hub.take(&at)
		if err := out.tell(&n, m); err != nil {
			return
		}
		if !n.empty() {
			continue
		}
		if stopping {
			return
		}
		select {
		case <-n.changed:
		case <-s.stopping:
		case <-r.Context().Done():
			return
		}
	}
}

// catchUp lets m see what a browser that comes back had before: what a filter
// makes of a row may depend on those before it.
func (s *Server) catchUp(m *matcher, row uint64, r *http.Request) bool {
	if row == 0 {
		return true
	}
	if !s.enter(r) {
		return false
	}
	defer s.leave()
	chunks, _, _, _ := s.hub.snapshot()
	for _, c := range chunks {
		if c.end() > row {
			break
		}
		if _, err := m.match(c); err != nil || r.Context().Err() != nil {
			return false
		}
	}
	return true
}

// lastRow is where a browser that has had rows before wants to go on.
func lastRow(r *http.Request) uint64 {
	for _, s := range []string{r.Header.Get("Last-Event-ID"), r.URL.Query().Get("after")} {
		if n, err := strconv.ParseUint(s, 10, 64); err == nil {
			return n
		}
	}
	return 0
}

// eventWriter writes one event after the other.
type eventWriter struct {
	w       *bufio.Writer
	control *http.ResponseController
	now     func() time.Time
}

// tell writes n, and what m says of its rows.
func (e *eventWriter) tell(n *news, m *matcher) error {
	if n.empty() {
		return nil
	}
	if err := e.control.SetWriteDeadline(e.now().Add(patience)); err != nil {
		return err
	}
	if n.index != nil {
		e.json("index", n.index)
	}
	if n.skipped {
		e.json("skip", strconv.AppendUint([]byte(`{"first":`), n.chunk.First, 10), '}')
	}
	if n.chunk != nil {
		e.batch(n.chunk)
		if m != nil {
			found, err := m.match(n.chunk)
			if err != nil {
				return err
			}
			b, _ := json.Marshal(found) // numbers and base64 cannot fail
			e.json("match", b)
		}
	}
	if n.ended {
		e.json("end", []byte("{}"))
	}
	if err := e.w.Flush(); err != nil {
		return err
	}
	return e.control.Flush()
}

// json writes an event whose data is JSON, which has no line ends.
func (e *eventWriter) json(name string, data []byte, more ...byte) {
	e.w.WriteString("event: " + name + "\ndata: ")
	e.w.Write(append(data, more...))
	e.w.WriteString("\n\n")
}

func (e *eventWriter) batch(c *chunk) {
	e.w.WriteString("event: batch\nid: " + strconv.FormatUint(c.end(), 10) + "\ndata: ")
	b := base64.NewEncoder(base64.StdEncoding, e.w)
	b.Write(c.Data)
	b.Close()
	e.w.WriteString("\n\n")
}
