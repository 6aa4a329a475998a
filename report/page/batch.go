package page

import (
	"bytes"
	"encoding/binary"
	"slices"

	"wstap/wsframe"
)

// A batch is, little-endian: the magic number; u32 rows; u32 number of the first
// row; u64 nanoseconds since 1970 that times count from; u32 columns; for each
// u8 its id and u32 its length; then the columns, the payloads last. Columns that
// are all zero are left out.
const (
	magic      = "WSB1"
	headLength = len(magic) + 4 + 4 + 8 + 4
)

// The columns' ids. All have a value per row unless said otherwise; "v" is an
// unsigned LEB128 number, "z" a signed one in zigzag. "Grouped" is not in the
// order of rows but of summaries, and of rows within the same: messages of one
// name are alike, so that side by side they compress to a fifth less.
const (
	colKind     = 1  // u8
	colBits     = 2  // u8
	colOp       = 3  // u8: opcode, RSV bits in the high nibble
	colConn     = 4  // v: connection number, 0 none
	colTime     = 5  // v unit in ns first; z: units since the row before
	colPacket   = 6  // z: since the row before
	colLength   = 7  // v, grouped: payload length that the frame declares; bytes of a gap
	colSize     = 8  // v, grouped: bytes among the payloads, plus 1; 0 where it is the length
	colSummary  = 9  // v: 0 none, else 1 + index into the strings
	colStrings  = 10 // v index of the first, v count; each v length, UTF-8
	colDetail   = 11 // a JSON array with an object for each row that has bitDetail
	colPayload  = 12 // grouped
	colKeys     = 13 // 4 bytes for each row that has bitMasked
	colReply    = 14 // v: 0 none, else 1 + rows back to the request
	colIdent    = 15 // for each row with a summary: v length; unless that is 0, v place in the payload plus 1, or 0 and the text
	columnCount = 15
)

// maxIdentAt is how far into a payload its ident is looked for.
const maxIdentAt = 4096

// row is what goes into the columns. Its bytes are lent.
type row struct {
	kind    Kind
	bits    byte
	op      byte
	conn    int
	time    int64 // ns since 1970
	packet  uint64
	length  uint64
	payload []byte
	summary int
	ident   string
	reply   uint64
	key     [4]byte
	detail  []byte // a JSON object; empty without
}

// sizes are what the grouped columns are made of.
type sizes struct {
	summary int
	length  uint64 // that the frame declares
	from    int    // in the payloads, while they are in the order of rows
	to      int
}

// columns collects rows until they are handed on.
type columns struct {
	rows    int
	base    int64
	times   []int64 // since the row before
	sizes   []sizes
	last    row
	nonzero [columnCount + 1]bool
	col     [columnCount + 1][]byte
	strings []string // new in this batch
	known   int      // strings before them
	out     []byte
	grouped []byte // scratch
}

// add appends a row.
func (c *columns) add(r *row) {
	if c.rows == 0 {
		c.base, c.last = r.time, row{time: r.time}
	}
	c.times = append(c.times, r.time-c.last.time)
	c.byte(colKind, byte(r.kind))
	c.byte(colBits, r.bits)
	c.byte(colOp, r.op)
	c.number(colConn, uint64(r.conn))
	c.number(colPacket, zigzag(int64(r.packet-c.last.packet)))
	at := len(c.col[colPayload])
	c.sizes = append(c.sizes, sizes{r.summary, r.length, at, at + len(r.payload)})
	c.number(colSummary, uint64(r.summary))
	c.number(colReply, r.reply)
	if r.summary != 0 {
		c.ident(r)
	}
	if r.bits&bitMasked != 0 {
		c.bytes(colKeys, r.key[:])
	}
	if len(r.detail) > 0 {
		c.byte(colDetail, ',')
		c.bytes(colDetail, r.detail)
	}
	c.bytes(colPayload, r.payload)
	c.last.time, c.last.packet = r.time, r.packet
	c.rows++
}

// ident appends where in the payload the ident stands: it would take as much
// again if it were written out, since it compresses least of all.
func (c *columns) ident(r *row) {
	c.number(colIdent, uint64(len(r.ident)))
	if r.ident == "" {
		return
	}
	i := bytes.Index(r.payload[:min(len(r.payload), maxIdentAt)], []byte(r.ident))
	c.number(colIdent, uint64(i+1))
	if i < 0 {
		c.bytes(colIdent, []byte(r.ident))
	}
}

func (c *columns) byte(id int, b byte) {
	c.col[id] = append(c.col[id], b)
	c.nonzero[id] = c.nonzero[id] || b != 0
}

func (c *columns) number(id int, n uint64) {
	c.col[id] = binary.AppendUvarint(c.col[id], n)
	c.nonzero[id] = c.nonzero[id] || n != 0
}

func (c *columns) bytes(id int, b []byte) {
	c.col[id] = append(c.col[id], b...)
	c.nonzero[id] = c.nonzero[id] || len(b) > 0
}

func (c *columns) text(id int, s string) {
	c.col[id] = append(binary.AppendUvarint(c.col[id], uint64(len(s))), s...)
}

func zigzag(n int64) uint64   { return uint64(n)<<1 ^ uint64(n>>63) }
func unzigzag(n uint64) int64 { return int64(n>>1) ^ -int64(n&1) }

// full reports whether the batch is to be handed on before another row.
func (c *columns) full() bool {
	return c.rows >= maxRows || len(c.col[colPayload])+len(c.col[colDetail]) >= maxBatchBytes
}

// group fills the grouped columns.
func (c *columns) group() {
	slices.SortStableFunc(c.sizes, func(a, b sizes) int { return a.summary - b.summary })
	payloads := append(c.grouped[:0], c.col[colPayload]...)
	c.grouped, c.col[colPayload] = payloads, c.col[colPayload][:0]
	for _, s := range c.sizes {
		c.number(colLength, s.length)
		if size := uint64(s.to - s.from); size != s.length {
			c.number(colSize, size+1)
		} else {
			c.number(colSize, 0)
		}
		c.bytes(colPayload, payloads[s.from:s.to])
	}
}

// batch lays the rows out; first is the number of the first. The bytes are valid
// until the next call.
func (c *columns) batch(first uint64) []byte {
	c.group()
	unit := timeUnit(c.times)
	c.number(colTime, uint64(unit))
	for _, d := range c.times {
		c.number(colTime, zigzag(d/unit))
	}
	if len(c.strings) > 0 {
		c.number(colStrings, uint64(c.known))
		c.number(colStrings, uint64(len(c.strings)))
		for _, s := range c.strings {
			c.text(colStrings, s)
		}
	}
	if len(c.col[colDetail]) > 0 {
		c.col[colDetail][0] = '['
		c.byte(colDetail, ']')
	}

	var order []int
	for id := 1; id <= columnCount; id++ {
		if c.nonzero[id] && id != colPayload {
			order = append(order, id)
		}
	}
	if c.nonzero[colPayload] {
		order = append(order, colPayload)
	}
	b := append(c.out[:0], magic...)
	b = binary.LittleEndian.AppendUint32(b, uint32(c.rows))
	b = binary.LittleEndian.AppendUint32(b, uint32(first))
	b = binary.LittleEndian.AppendUint64(b, uint64(c.base))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(order)))
	for _, id := range order {
		b = append(b, byte(id))
		b = binary.LittleEndian.AppendUint32(b, uint32(len(c.col[id])))
	}
	for _, id := range order {
		b = append(b, c.col[id]...)
	}
	c.out = b
	return b
}

// reset empties the columns.
func (c *columns) reset() {
	for i := range c.col {
		c.col[i] = c.col[i][:0]
		c.nonzero[i] = false
	}
	c.known += len(c.strings)
	c.rows, c.times, c.sizes, c.strings = 0, c.times[:0], c.sizes[:0], c.strings[:0]
}

// timeUnit is the coarsest unit that all differences are multiples of: most
// captures have microseconds, which take a byte or two less a row.
func timeUnit(all []int64) int64 {
	unit := int64(1_000_000)
	for _, d := range all {
		for unit > 1 && d%unit != 0 {
			unit /= 1000
		}
	}
	return unit
}

// opByte is a frame's opcode and RSV bits in a byte.
func opByte(op wsframe.Opcode, rsv uint8) byte { return byte(op)&15 | rsv<<4 }
