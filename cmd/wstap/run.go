package main

import (
	"io"
	"runtime"
	"time"

	"golang.org/x/term"

	"wstap/capture"
	"wstap/reassembly"
	"wstap/report"
	"wstap/report/diagnose"
	"wstap/report/text"
	"wstap/wsframe"
)

// view is what a command makes of the events.
type view struct {
	// text makes the sink that prints for people.
	text func(io.Writer, text.Options) wsframe.Sink
	// formats make the sinks of the formats that the command writes its own way.
	formats map[string]func(io.Writer, text.Options) wsframe.Sink
	// messages is true where tables have a row per message, not per frame.
	messages bool
	// none says why there are no tables; "" where there are.
	none string
	// keep selects the events of all outputs; nil keeps all.
	keep func(wsframe.Event) bool
	// brief is true where text says all that it has to say of an upgrade at once.
	brief bool
	// lines is true where text shows of a payload what fits into a line.
	lines bool
	// rows is true where text has a row per frame, in which the message that it
	// completes is told, and looks at no other.
	rows bool
	// atEnd is true where text prints only when all was read.
	atEnd bool
	// number is that of the one connection that is wanted; 0 wants all.
	number int
	// absent says, at the end, that what is wanted is not there; "" otherwise.
	absent func() string
	// frameLimit bounds the payload bytes kept of a frame; 0 is the default.
	frameLimit int
	// cores is how many may work at the output; 0 where lines have to come at once.
	cores int
	// diagnosis makes the sink that looks for what is wrong; nil leaves it out.
	diagnosis func(next wsframe.Sink, live bool) *diagnose.Diagnosis
	// aside is true where only pages tell the diagnosis, and it decides nothing.
	aside bool
	// begin makes a sink that looks on beside the outputs, once all is open. Where
	// it is set there is no output unless one is asked for.
	begin func(source) (flushSink, error)
	// selects is true where keep selects what was asked for, pages included, not
	// what a format has use for.
	selects bool
}

// flushSink is a Sink that holds back.
type flushSink interface {
	wsframe.Sink
	Flush() error
}

// run is one pass over a capture.
type run struct {
	p       *program
	f       *flags
	judges  bool // diagnose is asked: it tells its state, and decides the exit code
	source  source
	into    capture.IntoSource // the same
	outputs []*output
	sink    wsframe.Sink
	writer  *packetWriter // nil without -w
	beside  flushSink     // nil without
	keys    *keys

	decoder   capture.Decoder
	segment   capture.Segment // of the latest packet; a new one each would cost an allocation
	assembler *reassembly.Assembler
	analyzer  *wsframe.Analyzer
	diagnosis *diagnose.Diagnosis // nil where nothing is diagnosed
	progress  *progress
	monitor   *monitor
	file      *capture.File                // nil where somebody looks at each packet as it comes
	ahead     [stopPackets]capture.Decoded // filled by decodeAhead, again and again
	history   *capture.History             // nil where no field of packets is asked for

	passed    uint64        // packets after the capture filter
	bytes     uint64        // of these, on the wire, in a live capture
	first     capture.Stamp // the first packet
	last      capture.Stamp // the latest
	flushed   time.Time     // packet time of the last flush
	idleSince time.Time     // when live capture fell silent, zero while it has not
	deadline  time.Time     // when live capture ends, zero for never
}

// flushEvery is how much packet time may pass before what was printed is
// written out, where packets come as they happen: far below the 200 ms that
// people notice, and at a million packets a second still rare.
const flushEvery = 10 * time.Millisecond

// stopPackets is how many packets of a file are read between two questions
// whether a signal asked for the end: 20 microseconds.
const stopPackets = 64

// run reads the capture that f names and prints it as v has it.
func (p *program) run(f *flags, v view) error {
	if err := f.check(); err != nil {
		return err
	}
	if err := f.checkTables(v); err != nil {
		return err
	}
	if v.diagnosis == nil && f.writesPage() {
		v = v.diagnosed()
	}
	shown, err := p.display(f)
	if err != nil {
		return err
	}
	src, err := p.openSource(f)
	if err != nil {
		return err
	}
	defer src.Close()
	secrets, err := p.openKeys(f, src)
	if err != nil {
		return err
	}
	defer secrets.close()
	if !src.waits {
		v.cores = runtime.GOMAXPROCS(0)
	}
	outputs, err := p.open(f, v, shown)
	if err != nil {
		return err
	}
	var tee report.Tee
	for _, o := range outputs {
		tee = append(tee, o)
	}
	writer, err := p.openWriter(f, src)
	if err != nil {
		tee.Close()
		return err
	}
	if writer != nil {
		tee = append(tee, v.told(v.kept(writer.shown())))
	}
	var beside flushSink
	if v.begin != nil {
		if beside, err = v.begin(src); err != nil {
			tee.Close()
			return err
		}
		tee = append(tee, beside)
	}
	if err := p.confine(f, src); err != nil { // before the first packet is looked at
		tee.Close()
		return err
	}
	r := &run{
		p: p, f: f, beside: beside, judges: v.diagnosis != nil && !v.aside,
		source: src, into: capture.Into(src.Source), outputs: outputs, writer: writer, keys: secrets,
		sink: shown.sink(tee.Sink()), history: shown.history(),
	}
	if writer != nil {
		r.sink = report.Tee{r.sink, v.told(writer.noted())}
	}
	if v.diagnosis != nil {
		r.diagnosis = v.diagnosis(r.sink, src.live)
		r.sink = r.diagnosis
	}
	options := wsframe.Options{
		Ports: f.ports, FrameLimit: v.frameLimit, Handshakes: shown.filter != nil || v.keep != nil || v.begin != nil || f.writesPage(),
	}
	if r.diagnosis == nil && r.writer == nil && r.history == nil { // nobody looks at packets beside the events
		options.Cores = v.cores
	}
	// Text is all that listens.
	alone := f.prints("text") && r.diagnosis == nil && r.writer == nil && r.beside == nil && shown.filter == nil
	options.Once = v.rows && alone
	options.Summaries = v.lines && alone
	options.Excerpts = v.lines && alone && !f.payload.IsSet()
	options.Brief = v.brief && r.writer == nil && shown.filter == nil && f.prints("text", "jsonl")
	r.analyzer = wsframe.NewAnalyzer(emitter(r.sink), options)
	handler := secrets.around(r.analyzer, src.live)
	if r.diagnosis != nil {
		handler = r.diagnosis.Handler(handler) // it looks at TLS from outside
	}
	r.assembler = reassembly.New(handler, src.reassembly())
	r.progress = p.newProgress(f, v, src)
	r.monitor = r.newMonitor(v)
	if src.live {
		// A terminal that is stopped must not stop capture by a notice to it.
		notices := newQueue(p.stderr, "stderr", noticeBytes)
		notices.lossy = true
		p.console.w = notices
		defer func() {
			p.console.w = p.stderr
			notices.Close()
		}()
	}
	for _, q := range r.queues() {
		q.stalled = func(pending int) { r.monitor.stalled(q.name, pending) }
	}

	if r.history == nil && r.writer == nil && f.stopAfter == 0 && f.captureFilter == "" {
		r.file = src.file
	}
	readErr, sinkErr := r.read()
	if sinkErr == nil {
		sinkErr = r.finish()
	}
	p.console.clear()
	if err := r.sink.Close(); sinkErr == nil {
		sinkErr = err
	}
	if r.writer != nil && sinkErr == nil {
		sinkErr = r.writer.finish(r.last.Packet)
	}
	if sinkErr != nil {
		return sinkErr
	}
	if r.judges { // it has said what there was, or was not
		if readErr == nil && r.diagnosis.HasErrors() {
			return errFound
		}
		return readErr
	}
	if readErr == nil || r.analyzer.Stats().Connections > 0 { // why nothing was found is clear
		r.tell(v)
	}
	return readErr
}

// read passes packets on until the source ends, or until it is time to stop.
// It tells errors of reading from those of the sinks.
func (r *run) read() (readErr, sinkErr error) {
	if r.source.live && r.f.stopAfter > 0 {
		r.deadline = r.p.now().Add(r.f.stopAfter)
	}
	var stopping bool
	var stopped time.Time
	pkt := &capture.Packet{} // filled anew each time
	for r.f.count == 0 || r.passed < r.f.count {
		if (r.source.waits || r.passed%stopPackets == 0) && !stopping && r.p.stopped() {
			if !r.source.live {
				return nil, nil
			}
			// What came before Ctrl-C may still lie in the kernel's buffer.
			stopping, stopped = true, r.p.now()
		}
		if r.file != nil && r.passed > 0 { // packet tells of the first
			all, err := r.decodeAhead()
			if err != nil {
				return nil, err
			}
			if all {
				continue
			}
		}
		err := r.into.NextInto(pkt)
		if stopping && (err != nil || pkt.Time.After(stopped)) {
			return nil, nil
		}
		if err != nil {
			switch err {
			case capture.ErrIdle:
				if done, err := r.idle(); done || err != nil {
					return nil, err
				}
				continue
			case io.EOF:
				return nil, nil
			}
			return err, nil
		}
		if r.f.stopAfter != 0 && r.overdue(pkt.Time) {
			return nil, nil
		}
		if err := r.packet(pkt); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// overdue reports whether -a duration has run out at packet time now.
func (r *run) overdue(now time.Time) bool {
	if r.source.live {
		return now.After(r.deadline)
	}
	return r.passed > 0 && now.Sub(r.first.Time) > r.f.stopAfter
}

func (r *run) packet(pkt *capture.Packet) error {
	if r.passed == 0 {
		r.first = pkt.Stamp
		if err := r.sink.Emit(&report.Started{M: wsframe.Meta{Stamp: pkt.Stamp}}); err != nil {
			return err
		}
	}
	r.passed++
	r.last = pkt.Stamp
	if r.source.live {
		r.bytes += uint64(pkt.Length)
		r.idleSince = time.Time{}
	}
	if err := r.keys.poll(pkt.Time); err != nil {
		return err
	}
	if r.history != nil {
		r.history.Add(*pkt)
	}
	var err error
	kind := r.decoder.Decode(pkt, &r.segment)
	if kind == capture.KindTCP {
		err = r.assembler.Segment(&r.segment)
	} else {
		if kind == capture.KindOther && r.diagnosis != nil {
			if e, ok := r.decoder.ICMPError(); ok {
				r.diagnosis.ICMP(e)
			}
		}
		err = r.assembler.Advance(pkt.Time)
	}
	if err == nil && r.writer != nil {
		err = r.writer.packet(r, *pkt, kind)
	}
	if err != nil {
		return err
	}
	return r.progressed()
}

// progressed shows from time to time how far reading has come.
func (r *run) progressed() error {
	if now := r.last.Time; r.source.waits && now.Sub(r.flushed) >= flushEvery {
		r.flushed = now
		r.monitor.look()
		return r.flush()
	}
	if r.passed%progressPackets == 0 {
		r.progress.update()
		if r.beside != nil {
			return r.beside.Flush()
		}
	}
	return nil
}

// idle is called when the source has nothing for the moment.
func (r *run) idle() (done bool, err error) {
	if err := r.flush(); err != nil {
		return false, err
	}
	if !r.source.live {
		return false, nil // packets of a pipe may come hours after they happened
	}
	r.monitor.look()
	now := r.p.now()
	if r.idleSince.IsZero() {
		r.idleSince = now
	}
	if err := r.keys.poll(now); err != nil {
		return false, err
	}
	if !r.last.Time.IsZero() {
		err = r.assembler.Advance(r.last.Time.Add(now.Sub(r.idleSince)))
	}
	return !r.deadline.IsZero() && now.After(r.deadline), err
}

func (r *run) flush() error {
	for _, o := range r.outputs {
		if err := o.flush(); err != nil {
			return err
		}
	}
	if r.beside != nil {
		if err := r.beside.Flush(); err != nil {
			return err
		}
	}
	if r.writer != nil {
		return r.writer.out.Flush()
	}
	return nil
}

// queues are those between printing and files; there are none where nothing is
// live.
func (r *run) queues() (all []*queue) {
	for _, o := range r.outputs {
		if o.queue != nil {
			all = append(all, o.queue)
		}
	}
	if r.writer != nil && r.writer.files != nil && r.writer.files.queue != nil {
		all = append(all, r.writer.files.queue)
	}
	return all
}

// finish ends the streams and sums up.
func (r *run) finish() error {
	r.keys.take() // those behind the last packet
	if err := r.assembler.Close(); err != nil {
		return err
	}
	if err := r.keys.finish(); err != nil {
		return err
	}
	if err := r.analyzer.Flush(); err != nil {
		return err
	}
	if r.diagnosis != nil {
		r.diagnosis.Decoded(r.decoder.Stats())
	}
	return r.sink.Emit(r.summary())
}

// newProgress returns the progress line of a run, nil where there is none: for
// live capture and pipes, and where lines for people go to the same terminal.
func (p *program) newProgress(f *flags, v view, src source) *progress {
	file := src.file
	if file == nil || f.noProgress || f.quiet || !term.IsTerminal(int(p.stderr.Fd())) {
		return nil
	}
	if term.IsTerminal(int(p.stdout.Fd())) && !v.atEnd {
		return nil
	}
	if _, size := file.Position(); size == 0 {
		return nil
	}
	return &progress{console: &p.console, now: p.now, position: file.Position, start: p.now()}
}
