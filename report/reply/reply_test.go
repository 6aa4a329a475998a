package reply

import (
	"fmt"
	"testing"
)

func TestPingsThatWaitAreBounded(t *testing.T) {
	var p Pings[int]
	for i := range 10 * maxWaiting {
		p.Send(fmt.Append(make([]byte, 2*maxBody), i), i)
	}
	if len(p.waiting) != maxWaiting || len(p.waiting[0].body) > maxBody {
		t.Errorf("%d pings wait, of %d bytes", len(p.waiting), len(p.waiting[0].body))
	}
}

// A pong answers the latest ping of the same body; those before it are skipped.
func TestPongsAnswerTheLatestPing(t *testing.T) {
	var p Pings[int]
	for i, body := range []string{"a", "b", "a", "c"} {
		p.Send([]byte(body), i)
	}
	if _, _, ok := p.Answer([]byte("d")); ok {
		t.Error("a pong that nobody asked for answers")
	}
	if of, skipped, ok := p.Answer([]byte("a")); of != 2 || skipped != 2 || !ok {
		t.Errorf("answers %d, skipping %d, %v", of, skipped, ok)
	}
	if _, _, ok := p.Answer([]byte("b")); ok {
		t.Error("a skipped ping is answered")
	}
	if of, skipped, ok := p.Answer([]byte("c")); of != 3 || skipped != 0 || !ok {
		t.Errorf("answers %d, skipping %d, %v", of, skipped, ok)
	}
}

func TestRequestsThatWaitAreBounded(t *testing.T) {
	var r Requests[int]
	for i := range 10 * maxAsked {
		r.Ask(fmt.Sprint(i), i)
		if i%3 == 0 { // and again
			r.Ask(fmt.Sprint(i), i)
			r.Answer(fmt.Sprint(i))
		}
	}
	if len(r.byID) > maxAsked || len(r.order) > 2*maxAsked {
		t.Errorf("%d requests wait, %d in order", len(r.byID), len(r.order))
	}
	const latest = 10*maxAsked - 2 // the last that was not answered
	_, old := r.Answer("1")
	if of, ok := r.Answer(fmt.Sprint(latest)); old || !ok || of != latest {
		t.Error("the oldest are remembered, or the latest are not")
	}
	if _, ok := r.Answer(fmt.Sprint(latest)); ok {
		t.Error("a request is answered twice")
	}
}

func TestHeartbeatsHaveNames(t *testing.T) {
	for name, want := range map[string][2]bool{
		"ping": {true, false}, "Pong": {false, true}, "engine.io ping": {true, false}, "PINGREQ": {true, false},
		"PINGRESP": {false, true}, "pingpong": {}, "": {},
	} {
		if ping, pong := Heartbeat(name); ping != want[0] || pong != want[1] {
			t.Errorf("%q: %v %v", name, ping, pong)
		}
	}
}
