// Package pcapng writes the packets of the connections that are shown, all of
// them: TCP handshake, upgrade, frames, bare ACKs, retransmissions, the IP
// fragments of a segment, the closing handshake. What was found is written as
// comments on the packets that it was found at.
//
// That a TCP stream is a WebSocket is known at its upgrade, and that a display
// filter shows it at its first frame that matches, when its first packets are
// long past. A Selection over a capture that can be read twice finds out first,
// and then picks. A Hold, for pipes and live capture, keeps packets back until it
// is known.
package pcapng

import (
	"fmt"
	"io"
	"time"

	"wstap/capture"
)

// Rotation says when to go on in a new file; the zero value never does. Where
// several limits are set, the one reached first counts.
type Rotation struct {
	Bytes    int64         // before a packet that follows this many bytes
	Duration time.Duration // of packet time since the file's first packet
	Packets  uint64        // in a file
	// Files is how many files are kept: the oldest is removed. 0 keeps all.
	Files int
}

// Rotates reports whether there will be more than one file.
func (r Rotation) Rotates() bool { return r.Bytes > 0 || r.Duration > 0 || r.Packets > 0 }

// Files are where an Output writes.
type Files interface {
	// Create begins file n, from 1; its first packet is of the given time. What
	// is there under its name is overwritten.
	Create(n int, at time.Time) (io.WriteCloser, error)
	// Remove deletes file n.
	Remove(n int) error
}

// Options shape an Output.
type Options struct {
	Rotation
	// Application is told as the file's writer.
	Application string
	// Interfaces tells those of the source, known so far: the file's are the
	// same, in the same order.
	Interfaces func() []capture.Interface
	// Secrets tells the decryption secrets of the source from number n on, known
	// so far. nil leaves them out.
	Secrets func(n int) []capture.Secret
}

// Output writes packets into pcapng files. The bytes depend on nothing but what
// is written. It hands on whole blocks only, so that a file is readable whenever
// its writer is killed.
type Output struct {
	files   Files
	opts    Options
	file    io.WriteCloser
	w       *capture.Writer
	buf     []byte // whole blocks
	n       int    // of the file
	bytes   int64  // in the file, buf among them
	packets uint64 // in the file
	since   time.Time
	known   []capture.Interface
	ifaces  int // of known, those in the file
	secrets int // in the file
	written uint64
}

// NewOutput makes an Output. Without rotation its file is created at once, or
// the error returned; else each with its first packet.
func NewOutput(files Files, o Options) (*Output, error) {
	out := &Output{files: files, opts: o}
	if !o.Rotates() {
		return out, out.create(time.Time{})
	}
	return out, nil
}

// flushBytes is how much is written at once. All of it is whole blocks.
const flushBytes = 64 << 10

// Write takes one block from the capture.Writer.
func (o *Output) Write(block []byte) (int, error) {
	o.buf = append(o.buf, block...)
	o.bytes += int64(len(block))
	if len(o.buf) < flushBytes {
		return len(block), nil
	}
	return len(block), o.Flush()
}

// Flush writes what is held back to the file.
func (o *Output) Flush() error {
	if len(o.buf) == 0 {
		return nil
	}
	_, err := o.file.Write(o.buf)
	o.buf = o.buf[:0]
	return err
}

// Packet writes a packet, with comments.
func (o *Output) Packet(p capture.Packet, comments ...string) error {
	if o.w == nil || o.full(p.Time) {
		if err := o.next(p.Time); err != nil {
			return err
		}
	}
	if err := o.describe(p.Interface); err != nil {
		return err
	}
	if o.packets == 0 {
		o.since = p.Time
	}
	o.packets++
	o.written++
	return o.w.WritePacket(p, comments...)
}

// Written counts the packets in all files.
func (o *Output) Written() uint64 { return o.written }

// full reports whether a packet of the given time goes into a new file.
func (o *Output) full(at time.Time) bool {
	r := o.opts.Rotation
	return o.packets > 0 && (r.Bytes > 0 && o.bytes >= r.Bytes || r.Packets > 0 && o.packets >= r.Packets ||
		r.Duration > 0 && at.Sub(o.since) >= r.Duration)
}

// next ends the file and begins another.
func (o *Output) next(at time.Time) error {
	if err := o.closeFile(); err != nil {
		return err
	}
	if err := o.create(at); err != nil {
		return err
	}
	if keep := o.opts.Files; keep > 0 && o.n > keep {
		return o.files.Remove(o.n - keep)
	}
	return nil
}

func (o *Output) create(at time.Time) error {
	file, err := o.files.Create(o.n+1, at)
	if err != nil {
		return err
	}
	o.n++
	o.file, o.bytes, o.packets, o.ifaces, o.secrets = file, 0, 0, 0, 0
	o.w = capture.NewWriter(o, capture.WriterOptions{Application: o.opts.Application})
	return o.describe(-1)
}

// describe writes the interfaces and secrets that the file lacks. Both come
// before the packets that need them.
func (o *Output) describe(iface int) error {
	if iface >= len(o.known) || iface < 0 {
		o.known = o.opts.Interfaces()
	}
	if iface >= len(o.known) {
		return fmt.Errorf("a packet of interface %d: the source tells of %d", iface, len(o.known))
	}
	if o.opts.Secrets != nil {
		for _, s := range o.opts.Secrets(o.secrets) {
			if err := o.w.WriteSecret(s); err != nil {
				return err
			}
			o.secrets++
		}
	}
	for ; o.ifaces < len(o.known); o.ifaces++ {
		if _, err := o.w.AddInterface(o.known[o.ifaces]); err != nil {
			return err
		}
	}
	return nil
}

func (o *Output) closeFile() error {
	if o.file == nil {
		return nil
	}
	err := o.Flush()
	if cerr := o.file.Close(); err == nil {
		err = cerr
	}
	o.file, o.w = nil, nil
	return err
}

// Close ends the file.
func (o *Output) Close() error { return o.closeFile() }
