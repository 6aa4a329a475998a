// Package html writes what was seen as one self-contained HTML file: the page of
// package page, and its data behind it. The file loads nothing and may be opened
// from disk.
//
// The data are DEFLATE streams (RFC 1951) in script elements that no browser
// runs. Base64 would make them a third longer; instead the file is windows-1252
// text, where each byte is a character, and four bytes are escaped, which is 1.6 %
// more. So the file has to be handed on as binary.
package html

import (
	"io"

	"github.com/klauspost/compress/flate"

	"wstap/report/page"
	"wstap/wsframe"
)

// level is the compression level: the best one. Deflating is a tenth of the
// run's time at most, and a file is written once and sent often.
const level = flate.BestCompression

// Writer is a Sink that writes the file. Data are written as they come; the
// memory taken does not grow with the capture beyond what the index holds.
type Writer struct {
	w       io.Writer
	bundle  *page.Bundle
	encoder *page.Encoder
	deflate *flate.Writer
	begun   bool
	err     error // the first; nothing is written behind it
}

var _ wsframe.Sink = (*Writer)(nil)

// New returns a Writer on w. It makes Write calls of some 32 KiB.
func New(w io.Writer, o page.Options) *Writer {
	x := &Writer{w: w}
	x.encoder = page.NewEncoder(o, func(b page.Batch) error { return x.block("batch", b.Data) })
	return x
}

// Emit implements wsframe.Sink.
func (x *Writer) Emit(e wsframe.Event) error {
	if err := x.begin(); err != nil {
		return err
	}
	return x.encoder.Emit(e)
}

// Close implements wsframe.Sink. It writes the index and the end of the page; it
// does not close the writer. A file that was not closed says so when opened.
func (x *Writer) Close() error {
	if err := x.begin(); err != nil {
		return err
	}
	if err := x.encoder.Close(); err != nil {
		return err
	}
	if err := x.block("index", x.encoder.AppendIndex(nil)); err != nil {
		return err
	}
	x.write(x.bundle.Tail)
	return x.err
}

// begin writes the page, once.
func (x *Writer) begin() error {
	if x.begun || x.err != nil {
		return x.err
	}
	x.begun = true
	if x.bundle, x.err = page.NewBundle(page.Assets()); x.err != nil {
		return x.err
	}
	x.write(x.bundle.Head)
	return x.err
}

// block writes data as an element that embedded.js finds by its name.
func (x *Writer) block(name string, data []byte) error {
	x.write([]byte(`<script type="application/octet-stream" data-wstap="` + name + `">`))
	if x.err == nil {
		x.err = x.compress(data)
	}
	x.write([]byte("</script>\n"))
	return x.err
}

func (x *Writer) compress(data []byte) (err error) {
	out := &escaper{w: x.w}
	if x.deflate == nil {
		if x.deflate, err = flate.NewWriter(out, level); err != nil {
			return err
		}
	} else {
		x.deflate.Reset(out)
	}
	if _, err := x.deflate.Write(data); err != nil {
		return err
	}
	if err := x.deflate.Close(); err != nil {
		return err
	}
	return out.flush()
}

func (x *Writer) write(b []byte) {
	if x.err == nil {
		_, x.err = x.w.Write(b)
	}
}
