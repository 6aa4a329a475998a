package capturetest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wstap/capture"
)

// Scenario is a capture written as text. The package documentation describes
// the language.
type Scenario struct {
	Name string
	// Title is the comment at the head of the text: the phenomenon.
	Title string

	trace   *Trace
	conns   map[string]*Conn
	order   []*Conn
	autoAck bool
}

// Parse compiles a scenario. An error names it and the line.
func Parse(name, text string) (*Scenario, error) {
	s := &Scenario{Name: name, trace: NewTrace(), conns: make(map[string]*Conn), autoAck: true}
	s.trace.limit = maxScenario
	head := true
	for i, l := range strings.Split(text, "\n") {
		comment, isComment := strings.CutPrefix(strings.TrimSpace(l), "#")
		if head = head && isComment; head {
			s.Title = strings.TrimSpace(s.Title + " " + strings.TrimSpace(comment))
		}
		toks, err := tokenize(l)
		if err == nil && len(toks) > 0 {
			if err = s.exec(&line{toks: toks}); err == nil {
				err = s.trace.Err()
			}
		}
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, i+1, err)
		}
	}
	return s, nil
}

// Packets are the packets of the capture: the caller's own copies, numbered
// from 1, in order of arrival.
func (s *Scenario) Packets() []capture.Packet { return s.trace.Packets() }

// Conns are the connections in order of their conn lines. What they sent is
// the truth that a reader of the packets is to find.
func (s *Scenario) Conns() []*Conn { return s.order }

// Conn is the connection of that name, the last one if the name was given
// twice; nil without one.
func (s *Scenario) Conn(name string) *Conn { return s.conns[name] }

// LoadScenario parses the file at path, or fails the test.
func LoadScenario(t testing.TB, path string) *Scenario {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	s, err := Parse(strings.TrimSuffix(filepath.Base(path), ".txt"), string(b))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Load returns the packets of the scenario file at path, or fails the test.
func Load(t testing.TB, path string) []capture.Packet {
	t.Helper()
	return LoadScenario(t, path).Packets()
}

// prefix is what stands before a statement's subject.
type prefix struct {
	arrival Arrival
	only    map[string][]int // segments that lost, twice, late, snap are for
	repeat  int
}

// arrivalOf is how segment n (from 1) of the statement arrives.
func (p *prefix) arrivalOf(n int) Arrival {
	on := func(word string) bool {
		for _, m := range p.only[word] {
			if m == n {
				return true
			}
		}
		return len(p.only[word]) == 0
	}
	var a Arrival
	a.Lost = p.arrival.Lost && on("lost")
	a.Twice = p.arrival.Twice && on("twice")
	if on("late") {
		a.Late = p.arrival.Late
	}
	if on("snap") {
		a.Snap = p.arrival.Snap
	}
	return a
}

// exec runs one line.
func (s *Scenario) exec(l *line) error {
	p := prefix{repeat: 1}
	var wait time.Duration
	for l.more() {
		word, segments, marked := strings.Cut(l.peek().text, "#")
		var err error
		switch {
		case l.peek().quoted || l.peek().key != "":
			return fmt.Errorf("statement expected, found %s", found(l.peek()))
		case strings.HasPrefix(word, "+") && len(word) > 1:
			var d time.Duration
			d, err = duration(word[1:])
			wait += d
			l.next()
		case word == "lost" || word == "twice":
			p.arrival.Lost = p.arrival.Lost || word == "lost"
			p.arrival.Twice = p.arrival.Twice || word == "twice"
			l.next()
		case word == "late" || word == "snap" || word == "repeat":
			l.next()
			var n int
			n, err = small(l.next().text, 100_000)
			switch word {
			case "late":
				p.arrival.Late = n
			case "snap":
				p.arrival.Snap = n
			case "repeat":
				p.repeat = n
			}
		default:
			return s.repeat(l, &p, wait)
		}
		if err == nil && marked {
			if p.only == nil {
				p.only = make(map[string][]int)
			}
			p.only[word], err = numbers(segments, 1<<20)
		}
		if err != nil {
			return err
		}
	}
	if p.repeat != 1 || p.arrival != (Arrival{}) {
		return fmt.Errorf("statement missing")
	}
	s.trace.Wait(wait)
	return nil
}

// repeat runs the statement at l as often as p says, after wait each time.
func (s *Scenario) repeat(l *line, p *prefix, wait time.Duration) error {
	begin := l.at
	for range p.repeat {
		l.at = begin
		if wait > 0 {
			s.trace.Wait(wait)
		}
		if err := s.statement(l, p); err != nil {
			return err
		}
		if l.more() {
			return fmt.Errorf("unexpected %s", found(l.peek()))
		}
		if err := s.trace.Err(); err != nil {
			return err
		}
	}
	return nil
}

// statement runs one statement once.
func (s *Scenario) statement(l *line, p *prefix) error {
	word, err := l.bare("statement")
	if err != nil {
		return err
	}
	if c, ok := s.conns[word]; ok {
		return s.connection(l, c, p)
	}
	switch word {
	case "conn":
		return s.conn(l)
	case "udp":
		return s.udp(l, p)
	case "arp":
		b := []byte{0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1, 10, 0, 0, 2, 0, 0, 0, 0, 0, 0, 10, 0, 0, 1}
		s.trace.Datagram(Datagram{EtherType: etherARP, Body: b}, nil, p.arrivalOf(1))
		return nil
	case "packet":
		b, _, err := l.payload()
		s.trace.Raw(b, p.arrivalOf(1))
		return err
	}
	return s.setting(l, word)
}
