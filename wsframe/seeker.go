package wsframe

import (
	"bytes"
	"slices"

	"wstap/capture"
)

// seeker searches one direction for frame boundaries. Its offsets count all
// bytes since the search began, those that were never captured too: a gap of
// known size does not break a chain that reaches over it.
type seeker struct {
	rules
	a          *Analyzer // whose bounds it keeps
	held       []packet
	end        int64 // offset behind the last byte, captured or not
	scanned    int64 // positions before it were looked at
	cost       int   // of held: captured bytes, and packetCost for each packet
	seen       uint64
	candidates []candidate
	due        int64 // no candidate goes on before the bytes reach beyond it
	oldest     int64 // no candidate begins before it
	changed    bool  // candidates did, since best was asked last
}

// packet is the bytes of one packet, own copy.
type packet struct {
	off  int64
	data []byte
	at   capture.Stamp
	// size is how long the packet was, where data is but a piece of it: what
	// its ends are worth.
	size int
}

// packetCost is what a packet costs beside its bytes. It counts against the
// bounds, or packets of one byte would cost a hundred times what is counted.
const packetCost = 128

func (p *packet) end() int64 { return p.off + int64(len(p.data)) }

func newSeeker(a *Analyzer, r rules) *seeker { return &seeker{a: a, rules: r} }

// add takes the bytes of one packet and follows the chains into them.
func (k *seeker) add(b []byte, at capture.Stamp) { k.append(b, at, len(b)) }

// append is add for a piece of a packet of that size.
func (k *seeker) append(b []byte, at capture.Stamp, size int) {
	k.held = append(k.held, packet{k.end, bytes.Clone(b), at, size})
	k.end += int64(len(b))
	k.hold(len(b) + packetCost)
	k.seen += uint64(len(b))
	k.a.marks.begin(k.scanned, k.end)
	k.follow()
	k.scan()
	k.trim()
}

// skip passes over n bytes that were never captured. Chains whose next header
// was among them are lost.
func (k *seeker) skip(n int64) {
	k.end += n
	k.scanned = k.end
	k.drop(func(c *candidate) bool { return c.next < k.end })
	k.trim()
}

// hold accounts for n more bytes.
func (k *seeker) hold(n int) {
	k.cost += n
	k.a.buffered += n
}

// release gives up what is held; the seeker is not used any more.
func (k *seeker) release() { k.hold(-k.cost) }

// at is what is held from off on, at most limit bytes, joined over packets.
// more is true where the bytes may yet come.
func (k *seeker) at(off int64, limit int) (b []byte, more bool) {
	i := len(k.held) - 1 // mostly in the latest packet
	if i < 0 || off < k.held[i].off || off >= k.held[i].end() {
		var found bool
		i, found = slices.BinarySearchFunc(k.held, off, func(p packet, off int64) int {
			switch {
			case p.end() <= off:
				return -1
			case p.off > off:
				return 1
			}
			return 0
		})
		if !found {
			return nil, off >= k.end
		}
	}
	b = k.held[i].data[off-k.held[i].off:]
	b = b[:len(b):len(b)] // held bytes are not written to
	for i++; len(b) < limit && i < len(k.held) && k.held[i].off == k.held[i-1].end(); i++ {
		b = append(b, k.held[i].data...)
	}
	return b, i == len(k.held) && k.held[i-1].end() == k.end
}

// trim lets go of bytes that no candidate needs, and of the older half of the
// candidates where they need too much.
func (k *seeker) trim() {
	if k.cost > maxSeek {
		k.a.stats.SeekLimit++
		half := k.held[len(k.held)/2].off
		k.drop(func(c *candidate) bool { return c.start < half })
	}
	if k.a.buffered > k.a.maxBuffered {
		k.a.stats.BufferLimit++
		k.drop(func(*candidate) bool { return true })
		k.scanned = k.end
	}
	from := k.scanned
	if len(k.candidates) > 0 {
		from = min(from, k.oldest)
	}
	n := 0
	for n < len(k.held) && k.held[n].end() <= from {
		k.hold(-len(k.held[n].data) - packetCost)
		k.held[n] = packet{}
		n++
	}
	k.held = k.held[n:]
}

// best is the earliest chain that is believed; atEnd asks less of those that
// end with the last byte held, since nothing more will come.
func (k *seeker) best(atEnd bool) (c candidate, found bool) {
	if !k.changed && !atEnd {
		return candidate{}, false // as before
	}
	k.changed = false
	for i := range k.candidates {
		o := &k.candidates[i]
		trust := trustAnywhere
		if o.atPacket {
			trust = trustAtPacket
			if atEnd && o.next == k.end {
				trust = trustAtEnd
			}
		}
		if o.bits >= trust && (!found || o.start < c.start) {
			c, found = *o, true
		}
	}
	return c, found
}

// from lists what is held from off on, packet by packet.
func (k *seeker) from(off int64) (all []packet) {
	for _, p := range k.held {
		if p.end() <= off {
			continue
		}
		if p.off < off {
			p.data, p.off = p.data[off-p.off:], off
		}
		all = append(all, p)
	}
	return all
}
