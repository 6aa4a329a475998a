package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"wstap/capture"
	"wstap/report"
	"wstap/report/pcapng"
	"wstap/wsframe"
)

// writing is -w and what belongs to it.
type writing struct {
	path     string // "" writes no packets, "-" to standard output
	rotation pcapng.Rotation
	secrets  bool
	files    pcapng.Files // in place of path, where that is not a name
}

// flags defines the flags of -w.
func (w *writing) flags(s *pflag.FlagSet) {
	s.StringVarP(&w.path, "write-file", "w", "", "write the connections' packets to `FILE`, pcapng")
	s.VarPF(parsed(w.setRotation), "ring-buffer", "b", "-w in files of `LIMIT` filesize:KB, duration:S, ...")
	s.BoolVar(&w.secrets, "with-secrets", false, "-w with the TLS keys that the capture holds")
}

func (w *writing) setRotation(s string) error {
	kind, value, _ := strings.Cut(s, ":")
	r := &w.rotation
	switch kind {
	case "filesize":
		kB, err := positive(value)
		if err != nil || kB > 1<<40 {
			return errors.New("want a number of kB (1000 bytes) above 0")
		}
		r.Bytes = int64(kB) * 1000
	case "duration":
		sec, err := strconv.ParseFloat(value, 64)
		if err != nil || !(sec > 0 && sec < 1e9) {
			return errors.New("want a number of seconds above 0")
		}
		r.Duration = time.Duration(sec * float64(time.Second))
	case "packets":
		n, err := positive(value)
		if err != nil {
			return err
		}
		r.Packets = n
	case "files":
		n, err := positive(value)
		if err != nil || n > 1<<31 {
			return errors.New("want a number of files above 0")
		}
		r.Files = int(n)
	default:
		return errors.New("want filesize:KB, duration:SECONDS, packets:N or files:N")
	}
	return nil
}

// isSet reports whether any of its flags was given.
func (w *writing) isSet() bool {
	return w.path != "" || w.secrets || w.rotation != pcapng.Rotation{}
}

// check looks at what a single flag cannot know. printed are the outputs of -T.
func (w *writing) check(printed []outputSpec) error {
	switch {
	case w.path == "" && w.files == nil && (w.rotation != pcapng.Rotation{} || w.secrets):
		return usagef("-b and --with-secrets say how packets are written: name a file with -w FILE")
	case w.rotation.Files > 0 && !w.rotation.Rotates():
		return usagef("-b files:%d: say also when to go on in the next file, as in -b filesize:100000", w.rotation.Files)
	case w.path == "-" && w.rotation.Rotates():
		return usagef("-b needs files: name one with -w FILE")
	}
	for _, o := range printed {
		if w.path != "" && o.path == w.path || w.path == "-" && o.path == "" {
			return usagef("-w %s and -T %s would write to the same place: give one of them another path", w.path, o.format)
		}
	}
	return nil
}

// packetWriter is -w at work. Of a file that can be read twice it finds out first
// which packets are wanted; of anything else it holds them back.
type packetWriter struct {
	out       *pcapng.Output
	files     *captureFiles     // nil where the packets go elsewhere
	selection *pcapng.Selection // or
	hold      *pcapng.Hold
	again     func() (source, error) // opens the file once more
}

// openWriter returns nil where no packets are to be written.
func (p *program) openWriter(f *flags, src source) (*packetWriter, error) {
	if f.write.path == "" && f.write.files == nil {
		return nil, nil
	}
	if sameFile(f.write.path, f.read) {
		return nil, fmt.Errorf("%s is the capture that is read: write to another file", f.write.path)
	}
	o := pcapng.Options{Rotation: f.write.rotation, Application: "wstap", Interfaces: src.interfaces}
	if f.write.secrets && src.file != nil {
		o.Secrets = src.file.SecretsFrom
	}
	var own *captureFiles
	files := f.write.files
	if files == nil {
		own = &captureFiles{path: f.write.path, rotates: o.Rotates(), live: src.live, stdout: p.stdout}
		files = own
	}
	out, err := pcapng.NewOutput(files, o)
	if err != nil {
		return nil, err
	}
	w := &packetWriter{out: out, files: own}
	if src.waits {
		w.hold = pcapng.NewHold(out)
	} else {
		w.selection = pcapng.NewSelection()
		w.again = func() (source, error) { return p.openSource(f) }
	}
	return w, nil
}

// shown is the sink of the events that are shown, noted that of all.
func (w *packetWriter) shown() wsframe.Sink {
	if w.hold != nil {
		return w.hold.Shown()
	}
	return w.selection.Shown()
}

func (w *packetWriter) noted() wsframe.Sink {
	if w.hold != nil {
		return w.hold
	}
	return w.selection
}

// packet takes each packet, once its segment has been processed.
func (w *packetWriter) packet(r *run, pkt capture.Packet, kind capture.Kind) error {
	index, wanted := r.assembler.Conversation()
	if w.hold != nil {
		return w.hold.Packet(pkt, kind, index, wanted, r.decoder.Fragments())
	}
	w.selection.Packet(pkt.Stamp, kind == capture.KindTCP, index, r.decoder.Fragments())
	return nil
}

func (w *packetWriter) limits() []report.LimitHit {
	if w == nil {
		return nil
	}
	if w.hold != nil {
		return w.hold.Limits()
	}
	return w.selection.Limits()
}

// finish writes what is left to write, of a file all, up to packet last.
func (w *packetWriter) finish(last uint64) error {
	if w.selection == nil {
		return w.out.Close() // the hold was closed as a sink
	}
	src, err := w.again()
	if err != nil {
		return err
	}
	defer src.Close()
	readErr, err := w.selection.Write(src, last, w.out)
	return errors.Join(readErr, err, w.out.Close())
}

// captureFiles names and creates the files of -w. Where it goes on in new ones
// their names are made as dumpcap makes them, with the packet time in UTC in
// place of the clock's: out.pcapng becomes out_00001_20260102030405.pcapng.
type captureFiles struct {
	path    string
	rotates bool
	live    bool
	stdout  *os.File
	names   []string // of the files that are there, where they may be removed
	queue   *queue   // before the one file of a live capture
}

// Create implements pcapng.Files.
func (c *captureFiles) Create(n int, at time.Time) (io.WriteCloser, error) {
	if c.path == "-" {
		return c.queued(namedFile{c.stdout, "stdout"}), nil
	}
	name := c.path
	if c.rotates {
		ext := filepath.Ext(name)
		name = fmt.Sprintf("%s_%05d_%s%s", strings.TrimSuffix(name, ext), n, at.UTC().Format("20060102150405"), ext)
		c.names = append(c.names, name)
	}
	// Not os.Create: it asks to read as well, which a confined process may not.
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o666)
	if err != nil {
		return nil, cannotWrite(name, err)
	}
	return c.queued(namedFile{file, name}), nil
}

// queued puts a queue before f, which may be a pipe. Files that others follow
// are none.
func (c *captureFiles) queued(f namedFile) io.WriteCloser {
	if !c.live || c.rotates {
		return f
	}
	c.queue = newQueue(f, f.name, queueBytes)
	return queuedFile{c.queue, f}
}

// queuedFile is a file behind a queue.
type queuedFile struct {
	*queue
	file namedFile
}

// Close implements io.Closer.
func (f queuedFile) Close() error { return errors.Join(f.queue.Close(), f.file.Close()) }

// Remove implements pcapng.Files.
func (c *captureFiles) Remove(n int) error {
	if len(c.names) == 0 {
		return nil
	}
	name := c.names[0] // it is called for the oldest
	c.names = c.names[1:]
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return cannotWrite(name, err)
	}
	return nil
}

// namedFile is a file whose errors name it in one line.
type namedFile struct {
	file *os.File
	name string
}

// Write implements io.Writer.
func (f namedFile) Write(b []byte) (int, error) {
	n, err := f.file.Write(b)
	return n, cannotWrite(f.name, err)
}

// Close implements io.Closer.
func (f namedFile) Close() error { return cannotWrite(f.name, f.file.Close()) }

func cannotWrite(name string, err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		err = pathErr.Err
	}
	if err == nil {
		return nil
	}
	return fmt.Errorf("cannot write to %s: %w", name, err)
}
