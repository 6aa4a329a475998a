package web

import (
	"encoding/json"
	"errors"
	"net/http"

	"wstap/report/dfilter"
)

// maxHeavy is how many filters and exports are worked on at a time: the capture
// needs a processor too.
const maxHeavy = 2

// filtered is the answer to a filter.
type filtered struct {
	matched
	// Notes say what the filter could not look at.
	Notes []string `json:"notes,omitempty"`
}

// refusal is the answer to a filter that is no filter.
type refusal struct {
	Error struct {
		Message string `json:"message"`
		// At is the byte of the filter at which the fault begins, Length its length.
		At     int `json:"at"`
		Length int `json:"length"`
		// Caret is the filter with a line below it that points at the fault.
		Caret string `json:"caret"`
	} `json:"error"`
}

// filter says which of the rows that are kept a display filter shows.
func (s *Server) filter(w http.ResponseWriter, r *http.Request) {
	m, err := s.compile(r.URL.Query().Get("q"))
	if err != nil {
		refuseFilter(w, err)
		return
	}
	if !s.enter(r) {
		return
	}
	defer s.leave()
	chunks, first, next, notes := s.hub.snapshot()
	all := filtered{matched{First: first, Rows: int(next - first), Bits: make([]byte, (next-first+7)/8)}, notes}
	for _, c := range chunks {
		found, err := m.match(c)
		if err != nil {
			refuseFilter(w, err)
			return
		}
		for i := range uint64(found.Rows) {
			if found.Bits[i/8]>>(i%8)&1 != 0 {
				all.add(c.First + i)
			}
		}
		for _, row := range found.Late {
			all.add(row)
		}
		if r.Context().Err() != nil {
			return // nobody waits for it any more
		}
	}
	writeJSON(w, http.StatusOK, all)
}

// enter waits for a slot; it is false where the browser went away before.
func (s *Server) enter(r *http.Request) bool {
	select {
	case s.heavy <- struct{}{}:
		return true
	case <-r.Context().Done():
		return false
	}
}

func (s *Server) leave() { <-s.heavy }

// compile makes a matcher of a filter.
func (s *Server) compile(filter string) (*matcher, error) {
	return newMatcher(s.hub, filter, dfilter.Options{Local: s.opts.Local})
}

// refuseFilter says what is wrong with a filter, and where.
func refuseFilter(w http.ResponseWriter, err error) {
	var fault *dfilter.Error
	if !errors.As(err, &fault) {
		refuse(w, http.StatusInternalServerError, err.Error())
		return
	}
	var answer refusal
	answer.Error.Message, answer.Error.At, answer.Error.Length = fault.Message, fault.Pos, fault.Len
	answer.Error.Caret = fault.Caret()
	writeJSON(w, http.StatusBadRequest, answer)
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		refuse(w, http.StatusInternalServerError, err.Error())
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(b)
}
