package stats

import (
	"bytes"
	"encoding/json"
	"io"
)

// writeJSON writes the figures as one object.
func writeJSON(w io.Writer, m *model) error {
	return encode(w, m, "  ")
}

// writeJSONLines writes an object a line, that of all last.
func writeJSONLines(w io.Writer, m *model) error {
	for i := range m.Connections {
		if err := encode(w, &m.Connections[i], ""); err != nil {
			return err
		}
	}
	return encode(w, &m.All, "")
}

func encode(w io.Writer, v any, indent string) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", indent)
	if err := e.Encode(v); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}
