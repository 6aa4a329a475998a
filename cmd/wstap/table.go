package main

import (
	"errors"
	"io"

	"wstap/report/fields"
	"wstap/wsframe"
)

// addColumn takes one -e.
func (f *flags) addColumn(name string) error {
	columns, err := fields.Columns([]string{name})
	var unknown *fields.UnknownFieldError
	switch {
	case errors.As(err, &unknown) && unknown.Near != "":
		return errors.New("no such field: did you mean " + unknown.Near + "?")
	case err != nil:
		return errors.New("no such field: wstap fields lists those there are")
	}
	f.columns = append(f.columns, columns...)
	return nil
}

// isTable reports whether a format has a row per frame.
func isTable(format string) bool {
	return format == "fields" || format == "csv" || format == "json" || format == "ek"
}

// checkTables looks at what -e, -E and -T say together, and whether v has rows.
func (f *flags) checkTables(v view) error {
	if len(f.columns) > 0 && len(f.outputs) == 0 {
		f.outputs = []outputSpec{{format: "fields"}}
	}
	tables, lines := false, false
	for _, o := range f.outputs {
		if v.none != "" && isTable(o.format) && v.formats[o.format] == nil {
			return usagef("-T %s: %s, of which this format has rows: use wstap frames", o.format, v.none)
		}
		tables = tables || isTable(o.format)
		lines = lines || o.format == "fields" || o.format == "csv"
		if o.format == "fields" && len(f.columns) == 0 {
			return usagef("-T fields: which? give each with -e, as in -e frame.number -e websocket.opcode")
		}
	}
	switch {
	case len(f.columns) > 0 && !tables:
		return usagef("-e chooses the columns of -T fields, csv, json and ek: give one of them")
	case f.layout != (fields.Layout{}) && !lines:
		return usagef("-E shapes -T fields and csv: give one of them")
	}
	return nil
}

// table makes the sink of a format that has a row per frame.
func (f *flags) table(w io.Writer, format string, v view, d *display) wsframe.Sink {
	d.tables = true
	o := fields.Options{Columns: f.columns, Context: d.x, Payload: f.payload, Messages: v.messages, Layout: f.layout}
	switch format {
	case "csv":
		return fields.NewCSV(w, o)
	case "json":
		return fields.NewJSON(w, o)
	case "ek":
		return fields.NewEK(w, o)
	}
	return fields.NewLines(w, o)
}
