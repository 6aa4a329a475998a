package capture

// FilterSource passes on those packets of another Source that match a capture
// filter. They keep their numbers, so that packet 4711 is packet 4711 in
// Wireshark too.
type FilterSource struct {
	src  IntoSource
	expr string
	// filters holds one per link type, as a filter is compiled to offsets into
	// the link layer. It is nil where the expression makes no sense for that.
	filters map[LinkType]*Filter
}

var _ Source = (*FilterSource)(nil)

// NewFilterSource compiles expr for the link types that src is known to have.
// Where it is not known yet, as on a pipe, expr has to make sense for Ethernet
// or Linux cooked captures. A bad expression gives a *FilterError.
func NewFilterSource(src Source, expr string) (*FilterSource, error) {
	f := &FilterSource{src: Into(src), expr: expr, filters: make(map[LinkType]*Filter)}
	links := []LinkType{LinkEthernet, LinkLinuxSLL2}
	if d, ok := src.(interface{ Interfaces() []Interface }); ok {
		if known := d.Interfaces(); len(known) > 0 {
			links = links[:0]
			for _, in := range known {
				links = append(links, in.Link)
			}
		}
	}
	var first error
	for _, l := range links {
		if _, err := f.compile(l); err != nil && first == nil {
			first = err
		}
	}
	for _, c := range f.filters {
		if c != nil {
			return f, nil
		}
	}
	return nil, first
}

// compile returns the filter for a link type, or nil if there cannot be one.
func (f *FilterSource) compile(l LinkType) (*Filter, error) {
	c, ok := f.filters[l]
	if ok {
		return c, nil
	}
	c, err := CompileFilter(f.expr, l, 0)
	f.filters[l] = c
	return c, err
}

// maxMisses is after how many packets that do not match Next returns ErrIdle,
// so that who reads a busy source can stop.
const maxMisses = 4096

// Next returns the next packet that matches, or the other Source's error.
// Packets of a link type for which the expression makes no sense do not match.
// Where many in a row do not, it returns ErrIdle.
func (f *FilterSource) Next() (p Packet, err error) {
	err = f.NextInto(&p)
	return p, err
}

// NextInto implements IntoSource; see Next.
func (f *FilterSource) NextInto(p *Packet) error {
	for range maxMisses {
		if err := f.src.NextInto(p); err != nil {
			return err
		}
		c, ok := f.filters[p.Link]
		if !ok {
			c, _ = f.compile(p.Link)
		}
		if c != nil && c.Match(*p) {
			return nil
		}
	}
	return ErrIdle
}

// Close closes the other Source.
func (f *FilterSource) Close() error { return f.src.Close() }
