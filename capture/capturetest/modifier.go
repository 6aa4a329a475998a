package capturetest

import (
	"fmt"
	"strings"

	"wstap/capture"
)

// modifier takes the next tokens if they modify the segments of a statement.
func (o *sending) modifier(l *line) (ok bool, err error) {
	s := &o.segment
	if e, ok, err := l.encap(); ok || err != nil {
		s.Encap = append(s.Encap, e)
		return ok, err
	}
	k := l.peek()
	if k.quoted {
		return false, nil
	}
	n := 0
	switch name := k.key; name {
	case "seq":
		s.Seq, err = relative(k.text)
	case "ack":
		s.Ack, err = relative(k.text)
	case "win":
		n, err = small(k.text, 1<<16-1)
		w := uint16(n)
		s.Window = &w
	case "urg":
		n, err = small(k.text, 1<<16-1)
		s.Urgent = uint16(n)
	case "pad":
		s.Pad, err = small(k.text, 2000)
	case "flags":
		var f capture.Flags
		if f, err = parseFlags(k.text); err == nil {
			o.flags = &f
		}
	case "":
		switch k.text {
		case "noack":
			o.noAck = true
		case "gro":
			o.gro = true
		case "badsum":
			s.BadSum = true
		case "badopt":
			s.BadOptions = true
		case "ipopt":
			s.IPOptions = true
		case "len0":
			s.ZeroLength = true
		case "pad":
			s.Pad = 60
		case "cut":
			l.at++
			return true, o.cut(l)
		default:
			return false, nil
		}
	default:
		return false, nil
	}
	l.at++
	return true, err
}

// cut reads what follows the word cut.
func (o *sending) cut(l *line) (err error) {
	if l.word("frames") {
		o.cutFrames = true
		return nil
	}
	if l.word("every") {
		if o.every, err = small(l.next().text, maxText); err == nil && o.every == 0 {
			err = fmt.Errorf("cut every 0")
		}
		return err
	}
	if o.cuts, err = numbers(l.next().text, maxText); err != nil {
		return fmt.Errorf("cut: offsets, every N or frames expected: %w", err)
	}
	return nil
}

func parseFlags(s string) (f capture.Flags, err error) {
	for _, c := range s {
		i := strings.IndexRune("FSRPAUEW", c)
		if i < 0 {
			return 0, fmt.Errorf("unknown flag %c: F S R P A U E W are known", c)
		}
		f |= 1 << i
	}
	return f, nil
}
