package fields

import (
	"io"
	"strconv"
	"strings"
	"time"

	"wstap/report"
	"wstap/report/dfilter"
	"wstap/wsframe"
)

// JSON is a Sink that writes the frames as tshark -T json writes packets: one
// array of objects. Chosen columns have arrays of strings; without a choice
// all fields that a frame has are there, in an object per protocol, as a
// string or, where there are several, an array.
type JSON struct {
	w      io.Writer
	layers layers
	begun  bool
	b      []byte
}

// EK is a Sink that writes the frames for Elasticsearch's bulk interface, as
// tshark -T ek writes packets: two lines each.
type EK struct {
	w      io.Writer
	layers layers
	b      []byte
}

var (
	_ wsframe.Sink = (*JSON)(nil)
	_ wsframe.Sink = (*EK)(nil)
)

// layers is what JSON and EK have in common.
type layers struct {
	row      row
	chosen   bool // the columns were
	messages bool
}

func newLayers(o Options) layers {
	columns := o.Columns
	if len(columns) == 0 {
		columns = everything()
	}
	return layers{newRow(columns, o), len(o.Columns) > 0, o.Messages}
}

// everything are the fields that are printed where none was chosen: not those
// that repeat others.
func everything() []*dfilter.Field {
	var all []*dfilter.Field
	for _, f := range dfilter.Fields() {
		switch {
		case f.Type == dfilter.Protocol, strings.HasSuffix(f.Name, "host") && f.Name != "http.host",
			f.Name == "websocket.masked_payload", f.Name == "wstap.message":
			continue
		}
		all = append(all, f)
	}
	return all
}

// NewJSON returns a sink in the form of tshark -T json.
func NewJSON(w io.Writer, o Options) *JSON { return &JSON{w: w, layers: newLayers(o)} }

// NewEK returns a sink in the form of tshark -T ek.
func NewEK(w io.Writer, o Options) *EK { return &EK{w: w, layers: newLayers(o)} }

// Emit implements wsframe.Sink.
func (j *JSON) Emit(e wsframe.Event) error {
	if !j.layers.row.wanted(e, j.layers.messages) {
		return nil
	}
	j.b = append(j.b[:0], ",\n"...)
	if !j.begun {
		j.begun = true
		j.b = append(j.b[:0], "[\n"...)
	}
	j.b = append(j.b, "  {\n    \"_index\": "...)
	j.b = appendIndex(j.b, e.Meta().Time)
	j.b = append(j.b, ",\n    \"_type\": \"doc\",\n    \"_score\": null,\n    \"_source\": {\n      \"layers\": {"...)
	if j.layers.chosen {
		j.columns()
	} else {
		j.all()
	}
	j.b = append(j.b, "\n      }\n    }\n  }"...)
	_, err := j.w.Write(j.b)
	return err
}

// Close ends the array. It does not close the writer.
func (j *JSON) Close() error {
	end := "\n]\n"
	if !j.begun {
		end = "[\n]\n"
	}
	_, err := io.WriteString(j.w, end)
	return err
}

func (j *JSON) columns() {
	first := true
	for i := range j.layers.row.cells {
		c := &j.layers.row.cells[i]
		if len(c.values) == 0 || j.layers.row.repeated(i) {
			continue
		}
		j.line(8, first)
		first = false
		j.b = append(append(append(j.b, '"'), c.field.Name...), "\": ["...)
		for k := range c.values {
			j.line(10, k == 0)
			j.b = report.AppendJSON(j.b, j.layers.row.printed(c.field, &c.values[k]))
		}
		j.b = append(j.b, "\n        ]"...)
	}
}

// line begins a line that is indented by n spaces, and ends the one before.
func (j *JSON) line(n int, first bool) {
	if !first {
		j.b = append(j.b, ',')
	}
	j.b = append(j.b, '\n')
	for range n {
		j.b = append(j.b, ' ')
	}
}

func (j *JSON) all() {
	protocol := ""
	first := true
	for i := range j.layers.row.cells {
		c := &j.layers.row.cells[i]
		if len(c.values) == 0 {
			continue
		}
		if name := protocolOf(c.field); name != protocol {
			if protocol != "" {
				j.b = append(j.b, "\n        }"...)
			}
			j.line(8, protocol == "")
			j.b = append(append(append(j.b, '"'), name...), "\": {"...)
			protocol, first = name, true
		}
		j.line(10, first)
		first = false
		j.b = append(append(append(j.b, '"'), c.field.Name...), "\": "...)
		j.b = j.layers.value(j.b, c, func(b []byte, v *dfilter.Value) []byte {
			return report.AppendJSON(b, j.layers.shown(c.field, v))
		})
	}
	if protocol != "" {
		j.b = append(j.b, "\n        }"...)
	}
}

// Emit implements wsframe.Sink.
func (k *EK) Emit(e wsframe.Event) error {
	if !k.layers.row.wanted(e, k.layers.messages) {
		return nil
	}
	at := e.Meta().Time
	k.b = append(k.b[:0], `{"index":{"_index":`...)
	k.b = appendIndex(k.b, at)
	k.b = append(k.b, ",\"_type\":\"doc\"}}\n{"...)
	if !at.IsZero() {
		k.b = append(k.b, `"timestamp":"`...)
		k.b = strconv.AppendInt(k.b, at.UnixMilli(), 10)
		k.b = append(k.b, `",`...)
	}
	k.b = append(k.b, `"layers":{`...)
	if k.layers.chosen {
		k.columns()
	} else {
		k.all()
	}
	k.b = append(k.b, "}}\n"...)
	_, err := k.w.Write(k.b)
	return err
}

// Close implements wsframe.Sink. It does not close the writer.
func (k *EK) Close() error { return nil }

func (k *EK) columns() {
	first := true
	for i := range k.layers.row.cells {
		c := &k.layers.row.cells[i]
		if len(c.values) == 0 || k.layers.row.repeated(i) {
			continue
		}
		if !first {
			k.b = append(k.b, ',')
		}
		first = false
		k.b = append(k.b, '"')
		k.b = appendKey(k.b, c.field.Name)
		k.b = append(k.b, `":[`...)
		for n := range c.values {
			if n > 0 {
				k.b = append(k.b, ',')
			}
			k.b = report.AppendJSON(k.b, k.layers.row.printed(c.field, &c.values[n]))
		}
		k.b = append(k.b, ']')
	}
}

func (k *EK) all() {
	protocol := ""
	for i := range k.layers.row.cells {
		c := &k.layers.row.cells[i]
		if len(c.values) == 0 {
			continue
		}
		name := protocolOf(c.field)
		switch {
		case name == protocol:
			k.b = append(k.b, ',')
		case protocol != "":
			k.b = append(k.b, "},"...)
		}
		if name != protocol {
			k.b = append(append(append(k.b, '"'), name...), `":{`...)
			protocol = name
		}
		k.b = append(append(append(k.b, '"'), name...), '_')
		k.b = appendKey(k.b, c.field.Name)
		k.b = append(k.b, `":`...)
		k.b = k.layers.value(k.b, c, func(b []byte, v *dfilter.Value) []byte {
			switch v.Type {
			case dfilter.Boolean:
				return strconv.AppendBool(b, v.Num != 0)
			case dfilter.AbsoluteTime:
				return time.Unix(0, int64(v.Num)).UTC().AppendFormat(b, `"2006-01-02T15:04:05.000000000Z"`)
			}
			return report.AppendJSON(b, k.layers.shown(c.field, v))
		})
	}
	if protocol != "" {
		k.b = append(k.b, '}')
	}
}

// value appends the values of c: one by itself, several as an array.
func (l *layers) value(b []byte, c *cell, one func([]byte, *dfilter.Value) []byte) []byte {
	if len(c.values) == 1 {
		return one(b, &c.values[0])
	}
	b = append(b, '[')
	for i := range c.values {
		if i > 0 {
			b = append(b, ',')
		}
		b = one(b, &c.values[i])
	}
	return append(b, ']')
}

// shown is a value as tshark shows it in trees: bytes with colons, and labels
// without a value.
func (l *layers) shown(f *dfilter.Field, v *dfilter.Value) []byte {
	switch v.Type {
	case dfilter.Bytes:
		l.row.text = dfilter.AppendColons(l.row.text[:0], v.Octets)
		return l.row.text
	case dfilter.None:
		return nil
	}
	return l.row.printed(f, v)
}

// repeated reports whether an earlier column is the same field: keys are unique.
func (r *row) repeated(i int) bool {
	for j := range r.cells[:i] {
		if r.cells[j].field == r.cells[i].field {
			return true
		}
	}
	return false
}

// protocolOf is the part of a field's name before the first point.
func protocolOf(f *dfilter.Field) string {
	name, _, _ := strings.Cut(f.Name, ".")
	return name
}

// appendKey appends a field's name as EK has it: points are underscores.
func appendKey(b []byte, name string) []byte {
	for _, c := range []byte(name) {
		if c == '.' {
			c = '_'
		}
		b = append(b, c)
	}
	return b
}

// appendIndex appends the name of the index that a frame goes to, one a day.
func appendIndex(b []byte, at time.Time) []byte {
	if at.IsZero() {
		return append(b, `"packets"`...)
	}
	return at.UTC().AppendFormat(b, `"packets-2006-01-02"`)
}
