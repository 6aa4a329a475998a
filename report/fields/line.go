package fields

import (
	"io"

	"wstap/report"
	"wstap/report/dfilter"
	"wstap/wsframe"
)

// Lines is a Sink that writes a line per frame: the columns as tshark -T fields
// prints them, or CSV. What a peer sent is escaped as report.Escaper does, so
// that each frame stays on its line and no byte steers a terminal. It makes one
// Write call a line.
type Lines struct {
	w        io.Writer
	row      row
	layout   Layout
	csv      bool
	messages bool
	escaper  report.Escaper
	begun    bool
	b, value []byte
}

var _ wsframe.Sink = (*Lines)(nil)

// NewLines returns a sink in the form of tshark -T fields.
func NewLines(w io.Writer, o Options) *Lines {
	l := &Lines{w: w, row: newRow(o.Columns, o), layout: o.Layout, messages: o.Messages}
	if l.layout.Separator == "" {
		l.layout.Separator = "\t"
	}
	if l.layout.Aggregator == "" {
		l.layout.Aggregator = ","
	}
	return l
}

// NewCSV returns a sink that writes CSV (RFC 4180, with bare line feeds), its
// first line the names of the columns. Spreadsheets take what begins with one
// of = + - @ for a formula: such text gets an apostrophe before it.
func NewCSV(w io.Writer, o Options) *Lines {
	if len(o.Columns) == 0 {
		o.Columns = csvColumns()
	}
	o.Layout.Header, o.Layout.Quote, o.Layout.Separator = true, '"', ","
	l := NewLines(w, o)
	l.csv = true
	return l
}

// Emit implements wsframe.Sink.
func (l *Lines) Emit(e wsframe.Event) error {
	if !l.row.wanted(e, l.messages) {
		return nil
	}
	if err := l.begin(); err != nil {
		return err
	}
	l.b = l.b[:0]
	for i := range l.row.cells {
		if i > 0 {
			l.b = append(l.b, l.layout.Separator...)
		}
		l.cell(&l.row.cells[i])
	}
	l.b = append(l.b, '\n')
	_, err := l.w.Write(l.b)
	return err
}

// Close implements wsframe.Sink. It does not close the writer.
func (l *Lines) Close() error { return l.begin() }

// begin writes what stands before the first row.
func (l *Lines) begin() error {
	if l.begun {
		return nil
	}
	l.begun = true
	l.b = l.b[:0]
	if l.layout.BOM {
		l.b = append(l.b, "\ufeff"...)
	}
	if l.layout.Header {
		for i := range l.row.cells {
			if i > 0 {
				l.b = append(l.b, l.layout.Separator...)
			}
			l.b = append(l.b, l.row.cells[i].field.Name...)
		}
		l.b = append(l.b, '\n')
	}
	if len(l.b) == 0 {
		return nil
	}
	_, err := l.w.Write(l.b)
	return err
}

// cell appends the values of one column.
func (l *Lines) cell(c *cell) {
	values := c.values
	if len(values) == 0 {
		return
	}
	switch l.layout.Occurrence {
	case 'f':
		values = values[:1]
	case 'l':
		values = values[len(values)-1:]
	}
	l.value = l.value[:0]
	for i := range values {
		if i > 0 {
			l.value = append(l.value, l.layout.Aggregator...)
		}
		text := l.row.printed(c.field, &values[i])
		if l.csv && i == 0 && c.field.Type == dfilter.String && formula(text) {
			l.value = append(l.value, '\'')
		}
		l.value, _, _ = l.escaper.Append(l.value, text, report.Unbounded)
	}
	quote := l.layout.Quote
	if quote == 0 || l.csv && !needsQuotes(l.value) {
		l.b = append(l.b, l.value...)
		return
	}
	l.b = append(l.b, quote)
	for _, b := range l.value {
		if b == quote {
			l.b = append(l.b, quote)
		}
		l.b = append(l.b, b)
	}
	l.b = append(l.b, quote)
}

// formula reports whether a spreadsheet may take text for a formula. Leading
// blanks do not stop it.
func formula(text []byte) bool {
	for _, b := range text {
		switch b {
		case '=', '+', '-', '@', '\t', '\r', '\n':
			return true
		case ' ':
			continue
		}
		// The full-width forms of the same signs, U+FF0B and its like.
		return len(text) >= 3 && b == 0xef
	}
	return false
}

// needsQuotes reports whether CSV quotes the value (RFC 4180, 2).
func needsQuotes(value []byte) bool {
	for _, b := range value {
		if b == '"' || b == ',' || b == '\n' || b == '\r' || b == '\'' {
			return true
		}
	}
	return false
}
