package html

import (
	"bytes"
	"errors"
	"io"

	"github.com/klauspost/compress/flate"
)

// blocks are the bytes in the elements of a name, as a browser gets them.
func blocks(file []byte, name string) (all [][]byte, err error) {
	tag := []byte(`<script type="application/octet-stream" data-wstap="` + name + `">`)
	for {
		_, rest, ok := bytes.Cut(file, tag)
		if !ok {
			return all, nil
		}
		text, after, ok := bytes.Cut(rest, []byte("</script>"))
		if !ok {
			return nil, errors.New("a script element that does not end")
		}
		packed, err := unescape(text)
		if err != nil {
			return nil, err
		}
		data, err := io.ReadAll(flate.NewReader(bytes.NewReader(packed)))
		if err != nil {
			return nil, err
		}
		all = append(all, data)
		file = after
	}
}

var errEscape = errors.New("an escape without what it escapes")

// unescape is the inverse of an escaper, as container.js has it.
func unescape(text []byte) ([]byte, error) {
	out := make([]byte, 0, len(text))
	for {
		i := bytes.IndexByte(text, escape)
		if i < 0 {
			return append(out, text...), nil
		}
		if i+1 == len(text) {
			return nil, errEscape
		}
		out = append(append(out, text[:i]...), text[i+1]-64)
		text = text[i+2:]
	}
}
