package jsonl

import (
	"io"

	"wstap/wsframe"
)

// Parallel is a Sink that writes what Lines of an Encoder would, and formats on
// other cores. Frames and messages are copied into sheets; whichever core is
// free makes a sheet's lines, also the caller's own where the others are behind;
// the caller writes them in their order. It is for files: what is printed comes
// late, up to sheetsAhead sheets.
type Parallel struct {
	w    io.Writer
	own  *Encoder // the caller's
	rest []*Encoder

	sheet *sheet      // being filled; nil before the first
	ahead []*sheet    // full and not written, in order
	free  []*sheet    // written
	work  chan *sheet // full and not begun; nil before the first
	err   error
}

var _ wsframe.Sink = (*Parallel)(nil)

// sheetsAhead is how many sheets may wait for being formatted and written.
const sheetsAhead = 4

// NewParallel returns a Sink that writes to w, unbuffered, and formats on so
// many cores, the caller's one of them. The others are called in when the
// first sheet is full, and end at Close.
func NewParallel(w io.Writer, o Options, cores int) *Parallel {
	p := &Parallel{w: w, own: NewEncoder(o)}
	for range cores - 1 {
		p.rest = append(p.rest, NewEncoder(o))
	}
	return p
}

// Emit implements wsframe.Sink.
func (p *Parallel) Emit(e wsframe.Event) error {
	if p.sheet == nil {
		p.sheet = p.blank()
	}
	switch e := e.(type) {
	case *wsframe.Frame:
		if e.Opcode.IsControl() { // has a payload, and is rare
			p.sheet.now(p.own, e)
		} else {
			p.sheet.frame(e)
		}
	case *wsframe.Message:
		if len(e.Payload) > maxCopied {
			p.sheet.now(p.own, e)
		} else {
			p.sheet.message(e)
		}
	default:
		p.sheet.now(p.own, e)
	}
	if !p.sheet.full() {
		return nil
	}
	p.hand()
	return p.err
}

// Close implements wsframe.Sink. It does not close the writer.
func (p *Parallel) Close() error {
	if p.sheet != nil && p.err == nil {
		p.sheet.format(p.own)
		p.sheet.done <- struct{}{}
		p.ahead = append(p.ahead, p.sheet)
	}
	for len(p.ahead) > 0 {
		p.proceed()
	}
	if p.work != nil {
		close(p.work)
		p.work = nil
	}
	return p.err
}

// hand hands the full sheet to whoever is free, and takes a blank one.
func (p *Parallel) hand() {
	if p.work == nil {
		p.work = make(chan *sheet, sheetsAhead)
		for _, enc := range p.rest {
			go func() {
				for s := range p.work {
					s.format(enc)
					s.done <- struct{}{}
				}
			}()
		}
	}
	p.work <- p.sheet // never blocks: ahead is as short
	p.ahead = append(p.ahead, p.sheet)
	p.sheet = nil
	for len(p.ahead) > 0 {
		select {
		case <-p.ahead[0].done:
			p.write()
			continue
		default:
		}
		if len(p.ahead) < sheetsAhead {
			break
		}
		p.proceed()
	}
	p.sheet = p.blank()
}

// proceed waits for the first sheet, and does work meanwhile if there is some.
func (p *Parallel) proceed() {
	select {
	case <-p.ahead[0].done:
		p.write()
	default:
		select {
		case s := <-p.work:
			s.format(p.own)
			s.done <- struct{}{}
		case <-p.ahead[0].done:
			p.write()
		}
	}
}

// write writes the first sheet, which is done.
func (p *Parallel) write() {
	s := p.ahead[0]
	p.ahead = append(p.ahead[:0], p.ahead[1:]...)
	if p.err == nil && len(s.out) > 0 {
		_, p.err = p.w.Write(s.out)
	}
	p.free = append(p.free, s)
}

// blank returns an empty sheet.
func (p *Parallel) blank() *sheet {
	if n := len(p.free); n > 0 {
		s := p.free[n-1]
		p.free = p.free[:n-1]
		s.clear()
		return s
	}
	return newSheet()
}
