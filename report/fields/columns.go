package fields

import (
	"fmt"

	"wstap/report"
	"wstap/report/dfilter"
)

// UnknownFieldError names a column that there is no field for.
type UnknownFieldError struct {
	Name string
	// Near is the field that may be meant; "" without one.
	Near string
}

// Error implements error.
func (e *UnknownFieldError) Error() string {
	if e.Near == "" {
		return fmt.Sprintf("no such field %s: wstap fields lists those there are", e.Name)
	}
	return fmt.Sprintf("no such field %s: did you mean %s?", e.Name, e.Near)
}

// Columns finds the fields of these names. The error is an *UnknownFieldError.
func Columns(names []string) ([]*dfilter.Field, error) {
	var all []*dfilter.Field
	for _, name := range names {
		f := dfilter.Lookup(name)
		if f == nil {
			return nil, &UnknownFieldError{Name: name, Near: dfilter.Suggest(name)}
		}
		all = append(all, f)
	}
	return all, nil
}

// csvColumns are the columns of a table that nobody chose columns for.
func csvColumns() []*dfilter.Field {
	all, _ := Columns([]string{
		"frame.number", "frame.time", "frame.time_relative", "wstap.conn", "wstap.from", "wstap.client", "wstap.server",
		"wstap.opcode", "websocket.fin", "wstap.length", "wstap.missing", "wstap.compressed", "wstap.summary", "wstap.message",
		"websocket.payload.close.status_code", "websocket.payload.close.reason", "wstap.violation",
	})
	return all
}

// cell is what a row holds of one column.
type cell struct {
	field  *dfilter.Field
	values []dfilter.Value
}

// row is a sink's view of the frame at hand, reused from frame to frame.
type row struct {
	x     *dfilter.Context
	own   bool // nobody else keeps x up to date
	cells []cell
	limit report.Limit
	text  []byte
}

func newRow(columns []*dfilter.Field, o Options) row {
	r := row{x: o.Context, limit: o.Payload}
	if r.x == nil {
		r.x, r.own = &dfilter.Context{}, true
	}
	for _, f := range columns {
		r.x.Require(f)
		r.cells = append(r.cells, cell{field: f})
	}
	return r
}

// fill takes the values of the frame that x stands at.
func (r *row) fill() {
	for i := range r.cells {
		c := &r.cells[i]
		c.values = c.field.Append(r.x, c.values[:0])
		for j := range c.values {
			if v := &c.values[j]; v.Type == dfilter.Bytes || v.Type == dfilter.String {
				v.Octets = v.Octets[:r.limit.Cut(len(v.Octets))]
			}
		}
	}
}

// printed is a value as tshark prints it, valid until the next call.
func (r *row) printed(f *dfilter.Field, v *dfilter.Value) []byte {
	r.text = f.AppendText(r.text[:0], v)
	return r.text
}
