package capturetest

import (
	"fmt"
	"net/netip"
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

var linkTypes = map[string]capture.LinkType{
	"ethernet": capture.LinkEthernet, "sll": capture.LinkLinuxSLL, "sll2": capture.LinkLinuxSLL2,
	"null": capture.LinkNull, "loop": capture.LinkLoop, "raw": capture.LinkRaw, "rawbsd": capture.LinkRawBSD,
	"ipv4": capture.LinkIPv4, "ipv6": capture.LinkIPv6, "ppp": capture.LinkPPP,
	"ppphdlc": capture.LinkPPPHDLC, "pppoe": capture.LinkPPPoE, "chdlc": capture.LinkCHDLC,
}

// setting changes how the packets that follow are written.
func (s *Scenario) setting(l *line, word string) (err error) {
	value, valueErr := l.bare("value of " + word)
	switch word {
	case "link", "snaplen", "start", "step", "interface", "autoack":
		if valueErr != nil {
			return valueErr
		}
	default:
		return fmt.Errorf("unknown statement or connection %s", word)
	}
	switch word {
	case "link":
		link, ok := linkTypes[value]
		if !ok {
			return fmt.Errorf("unknown link type %s", value)
		}
		s.trace.Link = link
	case "snaplen":
		s.trace.Snaplen, err = small(value, maxSnaplen)
	case "start":
		s.trace.Clock, err = time.Parse(time.RFC3339Nano, value)
		if err != nil || s.trace.Clock.Year() < 1970 || s.trace.Clock.Year() > 2100 {
			return fmt.Errorf("bad time %s: write 2026-01-02T03:04:05Z", value)
		}
		s.trace.Clock = s.trace.Clock.UTC()
	case "step":
		s.trace.Step, err = duration(value)
	case "interface":
		s.trace.Interface, err = small(value, 1000)
	case "autoack":
		if value != "on" && value != "off" {
			return fmt.Errorf("on or off expected, found %s", value)
		}
		s.autoAck = value == "on"
	}
	return err
}

// flow reads "ADDR:PORT > ADDR:PORT".
func (l *line) flow() (src, dst netip.AddrPort, err error) {
	if src, err = netip.ParseAddrPort(l.next().text); err != nil {
		return src, dst, fmt.Errorf("address and port expected, as 10.0.0.2:40000 or [fd00::2]:40000")
	}
	if !l.word(">") {
		return src, dst, fmt.Errorf("> expected, found %s", found(l.peek()))
	}
	if dst, err = netip.ParseAddrPort(l.next().text); err != nil {
		return src, dst, fmt.Errorf("address and port expected behind >")
	}
	if src.Addr().BitLen() != dst.Addr().BitLen() || src.Addr().Zone()+dst.Addr().Zone() != "" {
		return src, dst, fmt.Errorf("addresses of one IP version and without zone expected")
	}
	return src, dst, nil
}

// conn declares a connection.
func (s *Scenario) conn(l *line) (err error) {
	name, err := l.bare("name of the connection")
	if err != nil {
		return err
	}
	var c Config
	if c.Client, c.Server, err = l.flow(); err != nil {
		return err
	}
	for l.more() {
		k := l.peek()
		n := 0
		if e, ok, err := l.encap(); err != nil {
			return err
		} else if ok {
			c.Encap = append(c.Encap, e)
			continue
		}
		switch l.next(); {
		case k.key == "isn":
			a, b, _ := strings.Cut(k.text, ",")
			for d, v := range []string{a, b} {
				if n, err = small(v, 1<<32-1); err != nil {
					return err
				}
				c.ISN[d] = uint32(n)
			}
		case k.key == "mss":
			c.MSS, err = small(k.text, 1<<16-1)
		case k.key == "window":
			n, err = small(k.text, 1<<16-1)
			c.Window = uint16(n)
		case k.key == "wscale" && k.text == "none":
			c.Scale = -1
		case k.key == "wscale":
			n, err = small(k.text, 14)
			c.Scale = int8(n)
		case k.key == "capture" && (k.text == "client" || k.text == "server"):
			c.OneWay = true
			if k.text == "server" {
				c.Only = FromServer
			}
		default:
			return fmt.Errorf("unknown property %s of a connection", k)
		}
		if err != nil {
			return err
		}
	}
	s.conns[name] = s.trace.Conn(c)
	s.order = append(s.order, s.conns[name])
	return nil
}

// udp sends one UDP datagram.
func (s *Scenario) udp(l *line, p *prefix) error {
	src, dst, err := l.flow()
	if err != nil {
		return err
	}
	payload, _, err := l.payload()
	if err != nil {
		return err
	}
	if len(payload) > 60_000 {
		return fmt.Errorf("UDP payload over 60000 bytes")
	}
	ip := ipHeader{src: src.Addr(), dst: dst.Addr(), proto: protoUDP, id: uint16(s.trace.bytes)}
	var encaps []Encap
	for l.more() {
		e, ok, err := l.encap()
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		encaps = append(encaps, e)
	}
	s.trace.Datagram(ip.datagram(encodeUDP(src, dst, payload)), encaps, p.arrivalOf(1))
	return nil
}

// encap takes the next token if it names a layer around the packet.
func (l *line) encap() (_ Encap, ok bool, err error) {
	k := l.peek()
	name := k.key
	if name == "" {
		name = k.text
	}
	if k.quoted {
		return nil, false, nil
	}
	limits := map[string]uint64{"vlan": 4095, "qinq": 4095, "mpls": 1<<20 - 1, "gre": 1<<32 - 1, "erspan": 1023,
		"vxlan": 1<<24 - 1, "geneve": 1<<24 - 1, "gtpu": 1<<32 - 1, "pppoe": 1<<16 - 1, "fragment": 1 << 16,
		"gretap": 0, "ipip": 0, "6in4": 0, "inipv6": 0, "ah": 0, "llc": 0}
	limit, ok := limits[name]
	if !ok {
		return nil, false, nil
	}
	l.at++
	ids := []int{1}
	if k.key != "" {
		if ids, err = numbers(k.text, limit); err != nil {
			return nil, false, err
		}
	}
	id := uint32(ids[0])
	switch name {
	case "vlan", "qinq":
		tags := make([]uint16, len(ids))
		for i, n := range ids {
			tags[i] = uint16(n)
		}
		return VLAN(tags...), true, nil
	case "mpls":
		labels := make([]uint32, len(ids))
		for i, n := range ids {
			labels[i] = uint32(n)
		}
		return MPLS(labels...), true, nil
	case "gre":
		if k.key == "" {
			id = 0
		}
		return GRE(id), true, nil
	case "gretap":
		return GRETAP(), true, nil
	case "erspan":
		return ERSPAN(uint16(id)), true, nil
	case "vxlan":
		return VXLAN(id), true, nil
	case "geneve":
		return Geneve(id), true, nil
	case "gtpu":
		return GTPU(id), true, nil
	case "pppoe":
		return PPPoE(uint16(id)), true, nil
	case "fragment":
		return Fragment(int(id)), true, nil
	case "ipip", "6in4":
		return IPIP(), true, nil
	case "inipv6":
		return InIPv6(), true, nil
	case "ah":
		return AH(), true, nil
	}
	return LLC(), true, nil
}
