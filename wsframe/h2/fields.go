package h2

import (
	"errors"

	"golang.org/x/net/http2/hpack"
)

// Bounds of header compression.
const (
	// maxTable bounds the dynamic table (RFC 7541, 4.2), in bytes as HPACK counts
	// them. The largest that browsers and servers ask for is 64 KiB.
	maxTable     = 64 << 10
	initialTable = 4096 // RFC 9113, 6.5.2

	maxFields     = 256      // kept of a block
	maxFieldBytes = 64 << 10 // of names and values
)

// fieldReader decodes the header blocks of one direction (RFC 7541).
//
// A loss takes entries of the dynamic table with it. New ones are put before
// the old (RFC 7541, 2.3.2), so that an index that reaches no farther than what
// was put there since is right, and any other is unknown: that is how an empty
// table behaves, which is therefore what is gone on with.
type fieldReader struct {
	dec *hpack.Decoder
	// lossy: the table may lack entries that the peer has.
	lossy bool
	// size is that of the table, as the peer said last, where told.
	size uint32
	told bool
	list *fieldList
}

// fieldList is a block's outcome.
type fieldList struct {
	fields  []Field
	bytes   int
	unknown int
	broken  bool
	cut     bool // there were more fields, or more bytes, than are kept
}

// reset forgets the table, since a block was not read whole.
func (r *fieldReader) reset() {
	r.dec, r.lossy = nil, true
}

// start makes a decoder: most directions never need one.
func (r *fieldReader) start() {
	size := r.size
	if !r.told || r.lossy && size > initialTable {
		// What is evicted too early becomes unknown. What is kept for too long,
		// since an update was lost, could become wrong.
		size = initialTable
	}
	r.dec = hpack.NewDecoder(size, r.add)
}

// add takes a field from the decoder.
func (r *fieldReader) add(f hpack.HeaderField) {
	l := r.list
	if f.Name == "" { // the stand-in for one whose name is unknown
		l.unknown++
		return
	}
	if len(l.fields) == maxFields || l.bytes+len(f.Name)+len(f.Value) > maxFieldBytes {
		l.cut = true
		return
	}
	l.bytes += len(f.Name) + len(f.Value)
	l.fields = append(l.fields, Field{f.Name, f.Value})
}

// read decodes a block. It takes field by field, so that one that is unknown
// does not hide the others, and the table stays as the peer's.
func (r *fieldReader) read(b []byte) fieldList {
	if r.dec == nil {
		r.start()
	}
	var l fieldList
	r.list = &l
	for len(b) > 0 {
		f, ok := splitField(b)
		if !ok {
			l.broken = true
			break
		}
		if err := r.field(f, b[:f.length]); err != nil {
			l.broken = true
			break
		}
		b = b[f.length:]
	}
	r.list = nil
	if r.dec.Close() != nil { // never: only whole representations were written
		l.broken = true
	}
	return l
}

// field decodes one representation.
func (r *fieldReader) field(f field, b []byte) error {
	if f.kind == sizeUpdate {
		r.size, r.told = uint32(min(f.index, maxTable)), true
		r.dec.SetMaxDynamicTableSize(r.size)
		return nil
	}
	_, err := r.dec.Write(b)
	var index hpack.InvalidIndexError
	var decoding hpack.DecodingError
	if !r.lossy || !errors.As(err, &decoding) || !errors.As(decoding.Err, &index) {
		return err
	}
	// What it refers to is unknown. It takes its place in the table, so that
	// later indexes count on, under a name that no field has.
	if f.kind != literalIndexed {
		r.list.unknown++
		return nil
	}
	_, err = r.dec.Write(append([]byte{0x40, 0}, b[f.value:]...))
	return err
}

// kind is a kind of field representation (RFC 7541, 6).
type kind uint8

const (
	indexed        kind = iota
	literalIndexed      // put into the dynamic table
	literal             // not, or never
	sizeUpdate
)

// field is the layout of a representation.
type field struct {
	kind   kind
	index  uint64 // or the size of an update
	value  int    // where a literal's value begins
	length int    // of the whole, in bytes
}

// splitField finds out how long the representation is that b begins with. ok
// is false where b is too short, or an integer too long.
func splitField(b []byte) (f field, ok bool) {
	bits := uint(4)
	switch {
	case b[0]&0x80 != 0:
		f.kind, bits = indexed, 7
	case b[0]&0x40 != 0:
		f.kind, bits = literalIndexed, 6
	case b[0]&0x20 != 0:
		f.kind, bits = sizeUpdate, 5
	default:
		f.kind = literal
	}
	n := 0
	if f.index, n = integer(b, bits); n == 0 {
		return f, false
	}
	if f.kind == indexed || f.kind == sizeUpdate {
		f.length = n
		return f, true
	}
	if f.index == 0 {
		name := text(b[n:])
		if name == 0 {
			return f, false
		}
		n += name
	}
	f.value = n
	value := text(b[n:])
	f.length = n + value
	return f, value > 0
}

// integer reads an integer with an n-bit prefix (RFC 7541, 5.1) and returns the
// bytes that it takes: 0 where b is too short or the value passes 32 bits.
func integer(b []byte, n uint) (v uint64, length int) {
	if len(b) == 0 {
		return 0, 0
	}
	top := uint64(1)<<n - 1
	if v = uint64(b[0]) & top; v < top {
		return v, 1
	}
	for i := 1; i < len(b) && i <= 5; i++ {
		v += uint64(b[i]&0x7f) << (7 * (i - 1))
		if b[i]&0x80 == 0 {
			return v, i + 1
		}
	}
	return 0, 0
}

// text is the length of a string literal (RFC 7541, 5.2); 0 where b is too
// short for it.
func text(b []byte) int {
	v, n := integer(b, 7)
	if n == 0 || v > uint64(len(b)-n) {
		return 0
	}
	return n + int(v)
}
