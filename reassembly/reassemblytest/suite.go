package reassemblytest

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"wstap/capture"
	"wstap/reassembly"
)

// errFault is what the suites' handlers fail with.
var errFault = errors.New("handler failed on purpose")

// plays are the scripts that the suites feed, by what is odd about them.
var plays = []struct{ name, script string }{
	{"in order, closed by FIN", opening + `
		c PA 1 1 "GET / HTTP/1.1\r\n\r\n"
		s PA 1 19 "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
		c FA 19 43
		s FA 43 20`},
	{"half-close", opening + `
		c FA 1 1 "abc"
		s A  1 5 x*3000
		s FA 3001 5`},
	{"byte by byte", opening + `
		c A 1 1 "G"
		c A 2 1 "E"
		c A 3 1 "T"
		c A 4 1 " "`},
	{"gap", opening + `
		c A 1 1 "abc"
		c A 7 1 "ghi"
		s A 1 10 "xyz"
		+20s c A 10 4 "jkl"`},
	{"gap first of all", opening + `
		c A 4 1 "def"
		+60s c A 7 1 "ghi"`},
	{"a gap of a gigabyte", `
		c A 1 1 "abc"
		s A 1 4
		s A 1 1000000000
		s A 1 1000000000
		c A 1000000000 1 "d"
		c A 1000000001 1 "e"
		c A 1000000002 1 "f"
		c A 1000000003 1 "g"
		c A 1000000004 1 "h"`},
	{"truncated", opening + `
		c A 1 1 "abc" cut=1000
		s A 1 1004 cut=2000`},
	{"conflict", opening + `
		c A 4 1 "def"
		c A 4 1 "dXf"
		c A 1 1 "abc"`},
	{"reset", opening + `
		c A 1 1 "abc"
		s R 1`},
	{"port reused", opening + `
		c A 1 1 "abc"
		isn c 90000
		c S 0
		s SA 0 1
		c A 1 1 "abc"`},
	{"mid-stream, idle for days", `
		s A 1 1 "abc"
		port 40001
		+100h c A 1 1 "x"
		+1h   c A 2 1 "x"`},
	{"no timestamps", "notime" + opening + `
		c A 1 1 "abc"
		c A 7 1 "ghi"
		s A 1 10 "xyz"`},
	{"two at once", opening + `
		c A 1 1 "abc"
		port 40001` + opening + `
		c A 1 1 "def"
		port 40000
		c FA 4 1 "ghi"
		s FA 1 8
		port 40001
		c FA 4 1 "jkl"
		s FA 1 8`},
}

const opening = `
	c S  0   scale=7
	s SA 0 1 scale=7
	c A  1 1
`

// TestHandler checks that handlers made by fresh keep the contract of
// reassembly.Handler, whatever the traffic: they do not write to lent bytes,
// they do not fail, and they do not panic. The bytes lent to them are
// overwritten after each call, so that a test of the handler's own results
// shows if it has kept them. Each call of fresh makes a new handler.
func TestHandler(t *testing.T, fresh func() reassembly.Handler) {
	for _, p := range plays {
		t.Run(p.name, func(t *testing.T) {
			l := &lender{Handler: fresh(), t: t}
			if err := play(l, p.script); err != nil {
				t.Errorf("traffic is no reason to fail: %v", err)
			}
		})
	}
	t.Run("nothing at all", func(t *testing.T) {
		if err := play(fresh(), ""); err != nil {
			t.Error(err)
		}
	})
}

func play(h reassembly.Handler, script string) error {
	a := reassembly.New(h, reassembly.Options{})
	for _, s := range Script(script) {
		if err := a.Segment(&s); err != nil {
			return fmt.Errorf("packet %d: %w", s.Packet, err)
		}
	}
	return a.Close()
}

// TestDecorator checks a Handler around a Handler, as one that decrypts is:
// that it keeps the contract towards the inner one, tells it whatever it lets
// through once and in order, and returns what the inner one returns. wrap
// makes a new decorator around h.
func TestDecorator(t *testing.T, wrap func(h reassembly.Handler) reassembly.Handler) {
	TestHandler(t, func() reassembly.Handler { return wrap(&Recorder{}) })
	for _, p := range plays {
		t.Run("inner handler/"+p.name, func(t *testing.T) {
			r := &Recorder{}
			if err := play(wrap(r), p.script); err != nil {
				t.Error(err)
			}
			closed := map[uint64]bool{}
			for _, c := range r.Calls {
				switch c.Method {
				case "open":
					closed[c.Stream] = false
				case "close":
					closed[c.Stream] = true
				}
			}
			for stream, done := range closed {
				if !done {
					t.Errorf("stream %d was opened and never closed", stream)
				}
			}
			report(t, r)
			again := &Recorder{}
			if err := play(wrap(again), p.script); err != nil {
				t.Error(err)
			}
			if r.String() != again.String() {
				t.Errorf("other calls the second time:\n%s\nbefore:\n%s", again, r)
			}
			// The inner handler's answers: at each of its calls in turn it
			// ignores the stream, or fails.
			for n := 1; n <= len(r.Calls); n++ {
				for _, answer := range []error{reassembly.ErrIgnore, errFault} {
					answers(t, wrap, p.script, n, answer)
				}
			}
		})
	}
}

// answers plays script to a decorated Recorder that answers its nth call so.
func answers(t *testing.T, wrap func(reassembly.Handler) reassembly.Handler, script string, n int, answer error) {
	t.Helper()
	calls, method := 0, ""
	r := &Recorder{Answer: func(c Call) error {
		if calls++; calls != n {
			return nil
		}
		method = c.Method
		return answer
	}}
	err := play(wrap(r), script)
	switch {
	case answer == errFault && method != "open" && !errors.Is(err, errFault):
		t.Errorf("call %d, %s, failed, and the decorator returned %v", n, method, err)
	case (answer != errFault || method == "open") && err != nil:
		t.Errorf("call %d, %s, returned %v, and the decorator %v", n, method, answer, err)
	}
	report(t, r)
}

func report(t *testing.T, r *Recorder) {
	t.Helper()
	for _, f := range r.Faults {
		t.Error(f)
	}
}

// lender is a Handler that lends bytes to another, and takes them back: it
// looks whether they were written to, and overwrites them.
type lender struct {
	reassembly.Handler
	t *testing.T
}

func (l *lender) Open(s *reassembly.Stream) reassembly.StreamHandler {
	h := l.Handler.Open(s)
	if h == nil {
		return nil
	}
	return &lenderStream{h: h, t: l.t}
}

// lenderStream calls the optional methods too, where the handler has them.
type lenderStream struct {
	h reassembly.StreamHandler
	t *testing.T
}

func (l *lenderStream) Data(d reassembly.Direction, b []byte, at capture.Stamp) error {
	lent := append(make([]byte, 0, len(b)+16), b...)
	err := l.h.Data(d, lent, at)
	if !bytes.Equal(lent, b) || !bytes.Equal(lent[len(b):len(b)+16], make([]byte, 16)) {
		l.t.Errorf("packet %d: the handler has written to lent bytes", at.Packet)
	}
	for i := range lent {
		lent[i] = 0xdd
	}
	return err
}

func (l *lenderStream) Gap(d reassembly.Direction, g reassembly.Gap, at capture.Stamp) error {
	return l.h.Gap(d, g, at)
}

func (l *lenderStream) Close(why reassembly.Reason, at capture.Stamp) error {
	return l.h.Close(why, at)
}

func (l *lenderStream) FIN(d reassembly.Direction, at capture.Stamp) error {
	if h, ok := l.h.(reassembly.FINHandler); ok {
		return h.FIN(d, at)
	}
	return nil
}

func (l *lenderStream) Conflict(d reassembly.Direction, n int64, at capture.Stamp) error {
	if h, ok := l.h.(reassembly.ConflictHandler); ok {
		return h.Conflict(d, n, at)
	}
	return nil
}
