package page

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"slices"
)

// table is a batch whose columns are read side by side.
type table struct {
	rows  int
	first uint64
	unit  int64
	col   [columnCount + 1]reader
	last  row
	items []json.RawMessage // the details that are left
	sized []sized           // the rows that are left
}

// sized is what the grouped columns have of a row.
type sized struct {
	summary uint64
	length  uint64
	payload []byte
}

// open reads the head of a batch.
func open(b []byte) (*table, error) {
	if len(b) < headLength || string(b[:4]) != magic {
		return nil, errBatch
	}
	le := binary.LittleEndian
	t := &table{rows: int(le.Uint32(b[4:])), first: uint64(le.Uint32(b[8:]))}
	t.last.time = int64(le.Uint64(b[12:]))
	n := int(le.Uint32(b[20:]))
	at := headLength + 5*n
	if t.rows > maxRows || n > columnCount || at > len(b) {
		return nil, errBatch
	}
	for i := range n {
		id, size := int(b[headLength+5*i]), int(le.Uint32(b[headLength+5*i+1:]))
		if id == 0 || id > columnCount || size > len(b)-at {
			return nil, errBatch
		}
		t.col[id].b = b[at : at+size]
		at += size
	}
	// A row takes a byte of the times, so that no few bytes stand for many rows.
	if at != len(b) || t.rows > len(t.col[colTime].b) {
		return nil, errBatch
	}
	for i := range t.col {
		t.col[i].absent = len(t.col[i].b) == 0
	}
	t.unit = int64(t.col[colTime].number())
	if err := t.ungroup(); err != nil {
		return nil, err
	}
	if d := t.col[colDetail].b; len(d) > 0 {
		if err := json.Unmarshal(d, &t.items); err != nil {
			return nil, errBatch
		}
	}
	return t, nil
}

// ungroup reads the grouped columns.
func (t *table) ungroup() error {
	t.sized = make([]sized, t.rows)
	order := make([]int, t.rows)
	for i := range t.sized {
		t.sized[i].summary, order[i] = t.col[colSummary].number(), i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(t.sized[a].summary, t.sized[b].summary) })
	for _, i := range order {
		row := &t.sized[i]
		row.length = t.col[colLength].number()
		size := t.col[colSize].number()
		if size == 0 {
			size = row.length
		} else {
			size--
		}
		row.payload = t.col[colPayload].bytes(size)
	}
	for _, id := range []int{colSummary, colLength, colSize, colPayload} {
		if t.col[id].failed {
			return errBatch
		}
	}
	return nil
}

func (t *table) column(id int) *reader { return &t.col[id] }

// next reads a row.
func (t *table) next() (row, error) {
	c := &t.col
	r := row{
		kind: Kind(c[colKind].byte()), bits: c[colBits].byte(), op: c[colOp].byte(), conn: int(c[colConn].number()),
		time: t.last.time + t.unit*unzigzag(c[colTime].number()), packet: t.last.packet + uint64(unzigzag(c[colPacket].number())),
		length: t.sized[0].length, summary: int(t.sized[0].summary), reply: c[colReply].number(), payload: t.sized[0].payload,
	}
	t.sized = t.sized[1:]
	if r.summary != 0 {
		r.ident = t.ident(r.payload)
	}
	if r.bits&bitMasked != 0 {
		copy(r.key[:], c[colKeys].bytes(4))
	}
	if r.bits&bitDetail != 0 {
		if len(t.items) == 0 {
			return r, errBatch
		}
		r.detail, t.items = t.items[0], t.items[1:]
	}
	for i := range c {
		if c[i].failed {
			return r, errBatch
		}
	}
	if r.conn < 0 || r.summary < 0 {
		return r, errBatch
	}
	t.last.time, t.last.packet = r.time, r.packet
	return r, nil
}

// ident reads the ident of a row with this payload.
func (t *table) ident(payload []byte) string {
	c := &t.col[colIdent]
	n := c.number()
	if n == 0 {
		return ""
	}
	at := c.number()
	if at == 0 {
		return string(c.bytes(n))
	}
	if size := uint64(len(payload)); at > size || n > size-at+1 {
		c.failed = true
		return ""
	}
	return string(payload[at-1:][:n])
}

// reader reads a column. One that is absent is all zero.
type reader struct {
	b              []byte
	absent, failed bool
}

func (c *reader) err() error {
	if c.failed {
		return errBatch
	}
	return nil
}

func (c *reader) byte() byte {
	if b := c.bytes(1); len(b) == 1 {
		return b[0]
	}
	return 0
}

func (c *reader) number() uint64 {
	if c.absent {
		return 0
	}
	v, n := binary.Uvarint(c.b)
	if n <= 0 {
		c.failed = true
		return 0
	}
	c.b = c.b[n:]
	return v
}

func (c *reader) text() []byte { return c.bytes(c.number()) }

func (c *reader) bytes(n uint64) []byte {
	switch {
	case c.absent && n <= 4: // keys that are all zero
		return nil
	case n > uint64(len(c.b)):
		c.failed = true
		return nil
	}
	b := c.b[:n:n]
	c.b = c.b[n:]
	return b
}
