package capture

import "net/netip"

// view is a packet from some header on.
type view struct {
	b    []byte // what was captured of it
	wire int    // its length on the wire in bytes, at least len(b)
}

// skip is v behind its first n bytes, which the caller knows to be there.
func (v view) skip(n int) view { return view{v.b[n:], v.wire - n} }

// trim is v without what follows its first n bytes: padding, a trailer.
func (v view) trim(n int) view {
	if n >= v.wire {
		return v
	}
	return view{v.b[:min(n, len(v.b))], n}
}

// extend is v with the length that its IP header declares. Where that is more
// than the packet had on the wire, the header is believed: the packet was cut
// by something that did not keep its length (a mirroring switch, a tool that
// cut the file), and the difference is data that was sent.
func (v view) extend(n int) view {
	return view{v.b[:min(n, len(v.b))], n}
}

// short is the verdict on a packet that ends within the next n bytes.
func (v view) short(n int) Kind {
	if v.wire >= n {
		return KindTruncated
	}
	return KindMalformed
}

// walk is one packet's way down through its headers. Each method takes a view
// that begins with the header that it is named after.
type walk struct {
	d        *Decoder
	s        *Segment
	at       Stamp
	src, dst netip.Addr // of the innermost IP header so far
	depth    uint8      // tunnels entered
}

// enter notes that a tunnel begins, and reports whether to follow it.
func (w *walk) enter() bool {
	if w.depth >= MaxTunnels {
		w.d.stats.TooDeep++
		return false
	}
	w.depth++
	return true
}
