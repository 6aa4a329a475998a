package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/term"

	"wstap/report"
	"wstap/report/har"
	"wstap/report/jsonl"
	"wstap/report/text"
	"wstap/wsframe"
)

// outputSpec is one -T.
type outputSpec struct {
	format string
	path   string // "" is standard output
}

// outputFormats are what -T takes.
var outputFormats = []string{"text", "fields", "csv", "json", "jsonl", "ek", "md", "har", "html"}

func (f *flags) addOutput(s string) error {
	format, path, hasPath := strings.Cut(s, ":")
	if !slices.Contains(outputFormats, format) {
		return errors.New("no such format: there are " + strings.Join(outputFormats, ", "))
	}
	if hasPath && path == "" {
		return fmt.Errorf("want a path behind the colon, as in %s:out.%[1]s", format)
	}
	if path == "-" {
		path = ""
	}
	for _, o := range f.outputs {
		if o.path == path && path == "" {
			return errors.New("two outputs to standard output: give one a path, as in -T jsonl:events.jsonl")
		}
		if o.path == path {
			return fmt.Errorf("two outputs to %s", path)
		}
	}
	f.outputs = append(f.outputs, outputSpec{format, path})
	return nil
}

// prints reports whether there are outputs of these formats only.
func (f *flags) prints(formats ...string) bool {
	return !slices.ContainsFunc(f.outputs, func(o outputSpec) bool { return !slices.Contains(formats, o.format) })
}

// output is a sink with the buffered file behind it.
type output struct {
	wsframe.Sink
	w     *report.Buffer
	queue *queue // between w and file; nil where nothing is live
	file  namedFile
	own   bool // opened here, to be closed here
	each  bool // flush after each event
}

// Emit implements wsframe.Sink.
func (o *output) Emit(e wsframe.Event) error {
	err := o.Sink.Emit(e)
	if err == nil && o.each {
		err = o.w.Flush()
	}
	return err
}

// emitter is s, or a sink that does the same with events: for an output that
// does nothing with them but hand them on, with a call less for each.
func emitter(s wsframe.Sink) wsframe.Sink {
	if o, ok := s.(*output); ok && !o.each {
		return o.Sink
	}
	return s
}

func (o *output) flush() error {
	err := o.w.Flush()
	if err == nil && o.queue != nil {
		err = o.queue.fault() // the reader may have gone while nothing was printed
	}
	return err
}

// Close ends the sink, flushes and closes the file.
func (o *output) Close() error {
	err := cmp.Or(o.Sink.Close(), o.w.Flush()) // the same one, where writing failed
	if o.queue != nil {
		err = cmp.Or(err, o.queue.Close())
	}
	if o.own {
		err = cmp.Or(err, o.file.Close())
	}
	return err
}

// open opens the outputs that f asks for, in the form that v gives text.
func (p *program) open(f *flags, v view, shown *display) ([]*output, error) {
	specs := f.outputs
	if len(specs) == 0 && f.write.path != "-" && v.begin == nil {
		specs = []outputSpec{{format: "text"}}
	}
	var all []*output
	for _, s := range specs {
		o, err := p.openOne(f, v, shown, s)
		if err != nil {
			for _, o := range all {
				o.Close()
			}
			return nil, err
		}
		all = append(all, o)
	}
	return all, nil
}

func (p *program) openOne(f *flags, v view, shown *display, s outputSpec) (*output, error) {
	o := &output{file: namedFile{p.stdout, "stdout"}, each: f.lineBuffered}
	if s.path != "" {
		if sameFile(s.path, f.read) {
			return nil, fmt.Errorf("%s is the capture that is read: write to another file", s.path)
		}
		file, err := os.Create(s.path)
		if err != nil {
			return nil, cannotWrite(s.path, err)
		}
		o.file, o.own = namedFile{file, s.path}, true
	}
	file := o.file.file
	terminal := term.IsTerminal(int(file.Fd()))
	o.each = o.each || terminal
	if f.iface != "" {
		o.queue = newQueue(o.file, o.file.name, queueBytes)
		o.w = report.NewBuffer(o.queue)
	} else {
		o.w = report.NewBuffer(o.file)
	}
	if open := v.formats[s.format]; open != nil {
		o.Sink = open(o.w, p.textOptions(f, file, terminal))
	} else if isTable(s.format) {
		o.Sink = f.table(o.w, s.format, v, shown)
		if v.messages {
			return o, nil // its rows are made of frames, which the view leaves out
		}
	} else if s.format == "har" {
		o.Sink = har.New(o.w, har.Options{Version: buildVersion(), Rows: f.harRows, Payload: f.payload, Secrets: f.secrets})
	} else if s.format == "html" {
		if o.Sink = f.page(o.w); !v.selects {
			return o, nil // it shows all that there is
		}
	} else if s.format == "md" {
		return nil, usagef("-T md: it is a format of wstap diagnose")
	} else if s.format == "jsonl" && v.cores > 1 && !o.each {
		o.Sink = jsonl.NewParallel(o.w, jsonl.Options{Payload: f.payload}, v.cores)
	} else if s.format == "jsonl" {
		o.Sink = jsonl.New(o.w, jsonl.Options{Payload: f.payload})
	} else {
		o.Sink = v.text(o.w, p.textOptions(f, file, terminal))
	}
	o.Sink = v.kept(o.Sink)
	if s.format != "html" {
		o.Sink = v.told(o.Sink)
	}
	return o, nil
}

// kept is s behind what v selects.
func (v view) kept(s wsframe.Sink) wsframe.Sink {
	if v.keep == nil {
		return s
	}
	return report.Filter{Keep: v.keep, Next: s}
}

func (p *program) textOptions(f *flags, file *os.File, terminal bool) text.Options {
	o := text.Options{
		Payload: f.payload,
		ASCII:   p.escaper().ASCII,
		Time:    f.timeFormat,
		Local:   time.Local,
		Color:   f.color == colorAlways,
	}
	if !terminal {
		// Not told the width, lines are of 160 columns; COLUMNS tells it, as it
		// does other programs whose output goes into a pipe or a page.
		if width, err := strconv.Atoi(p.getenv("COLUMNS")); err == nil && width >= 40 {
			o.Width = width
		}
		return o
	}
	if width, _, err := term.GetSize(int(file.Fd())); err == nil && width > 0 {
		o.Width = width
	}
	if f.color == colorAuto {
		o.Color = p.getenv("NO_COLOR") == "" && p.getenv("TERM") != "dumb"
	}
	return o
}

func sameFile(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil || !x.Mode().IsRegular() {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}
