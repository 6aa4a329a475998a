package capturetest

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"wstap/capture"
)

// linkTypes are the values of link.
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
			c.MSS, err = small(k.text, maxPayload)
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
