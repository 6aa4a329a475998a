package reply

// maxAsked is how many requests of a side wait for their answers.
const maxAsked = 256

// Requests are the messages of one side whose id the other has not used since:
// at most 256, the oldest is forgotten for a new one. The zero value is ready.
type Requests[T any] struct {
	byID  map[string]T
	order []string // ids in byID, the oldest first; some twice
}

// Ask takes a message that may be a request.
func (r *Requests[T]) Ask(id string, of T) {
	if r.byID == nil {
		r.byID = make(map[string]T)
	}
	if _, again := r.byID[id]; !again {
		r.order = append(r.order, id)
	}
	r.byID[id] = of
	for len(r.byID) > maxAsked || len(r.order) > 2*maxAsked {
		delete(r.byID, r.order[0])
		r.order = append(r.order[:0], r.order[1:]...)
	}
}

// Answer takes a message of the other side, and reports which one it answers.
func (r *Requests[T]) Answer(id string) (of T, ok bool) {
	of, ok = r.byID[id]
	if !ok {
		return of, false
	}
	delete(r.byID, id)
	if len(r.byID) == 0 {
		r.order = r.order[:0]
	}
	return of, true
}
