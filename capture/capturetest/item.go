package capturetest

import (
	"fmt"
	"net/netip"
	"strconv"

	"wstap/capture"
)

// flagItems are the words that stand for flags.
var flagItems = map[string]capture.Flags{
	"syn": capture.SYN, "synack": capture.SYN | capture.ACK, "ack": capture.ACK,
	"fin": capture.FIN | capture.ACK, "rst": capture.RST, "rstack": capture.RST | capture.ACK,
}

// item reads one thing to send.
func (o *sending) item(l *line) error {
	s := &o.segment
	if b, ok, err := l.payload(); ok || err != nil {
		s.Payload = append(s.Payload, b...)
		return err
	}
	k := l.peek()
	word, err := l.bare("something to send")
	if err != nil {
		return err
	}
	if f, ok := flagItems[word]; ok {
		s.Flags |= f
		return nil
	}
	if op, ok := frameItems[word]; ok {
		return o.frame(l, word, op)
	}
	switch word {
	case "again":
		o.again = 1
		if n, err := strconv.Atoi(l.peek().text); err == nil && n > 0 {
			o.again = n
			l.at++
		}
		return nil
	case "icmp":
		if o.icmp, err = l.bare("kind of ICMP error"); err != nil {
			return err
		}
		if k := l.peek(); k.key == "from" {
			l.at++
			if o.router, err = netip.ParseAddr(k.text); err != nil || o.router.Zone() != "" {
				return fmt.Errorf("bad address %s", k.text)
			}
		}
		return nil
	case "get", "request", "response", "101":
		return o.head(l, word)
	}
	return fmt.Errorf("unknown item %s", k)
}
