package main

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"wstap/report"
	"wstap/report/dfilter"
	"wstap/report/fields"
)

// The kernel's buffer of a live capture, in MiB.
const (
	defaultBufferMiB = 64
	maxBufferMiB     = 2047 // libpcap counts its bytes in an int
)

// flags are those of the commands that read a capture.
type flags struct {
	read, iface   string
	captureFilter string
	count         uint64
	stopAfter     time.Duration
	stopPackets   uint64
	snaplen       int
	bufferMiB     int
	noPromiscuous bool
	noDrop        bool
	ports         map[uint16]bool
	keys          keyFlags

	display string           // display filter
	columns []*dfilter.Field // of tables
	layout  fields.Layout

	outputs      []outputSpec
	write        writing
	harRows      int
	secrets      bool // left in what is redacted otherwise
	timeFormat   report.TimeFormat
	payload      report.Limit
	color        colorMode
	quiet        bool
	lineBuffered bool
	noProgress   bool
	samples      time.Duration
	tree, hex    bool
}

// input defines the flags that say what is read, by tshark's letters.
func (f *flags) input() *pflag.FlagSet {
	s := pflag.NewFlagSet("input", pflag.ContinueOnError)
	s.SortFlags = false
	s.StringVarP(&f.read, "read-file", "r", "", "read `FILE`: pcap, pcapng, .gz, .zst; - is stdin")
	s.StringVarP(&f.iface, "interface", "i", "", "capture on `INTERFACE`; any stands for all")
	s.StringVarP(&f.captureFilter, "capture-filter", "f", "", "only packets that match `FILTER`, as in tcpdump")
	s.StringVarP(&f.display, "display-filter", "Y", "", "only frames that match `FILTER`, as in tshark")
	s.VarPF(parsed(f.setCount), "count", "c", "stop after `N` packets")
	s.VarPF(parsed(f.setAutostop), "autostop", "a", "stop after `LIMIT`: duration:SECONDS or packets:N")
	s.IntVarP(&f.snaplen, "snapshot-length", "s", 0, "capture `BYTES` of each packet at most (0: all)")
	s.IntVarP(&f.bufferMiB, "buffer-size", "B", 0, "let the kernel buffer `MIB` MiB (0: 64)")
	s.BoolVarP(&f.noPromiscuous, "no-promiscuous-mode", "p", false, "capture only what is for this host")
	s.BoolVar(&f.noDrop, "no-drop", false, "live, keep the privileges that only opening needs")
	s.VarPF(parsed(f.setDecodeAs), "decode-as", "d", "take `PORT` for WebSocket: tcp.port==N,websocket")
	f.keys.add(s)
	return s
}

// output defines the flags that say what is printed.
func (f *flags) output() *pflag.FlagSet {
	s := pflag.NewFlagSet("output", pflag.ContinueOnError)
	s.SortFlags = false
	s.VarPF(parsed(f.addOutput), "format", "T", "write `FORMAT` text, jsonl, html, ... to :PATH")
	f.write.flags(s)
	s.IntVar(&f.harRows, "har-limit", 0, "`N` messages of each connection in har (0: 2000)")
	s.BoolVar(&f.secrets, "no-redact", false, "leave passwords and tokens in har and html")
	s.VarPF(parsed(f.addColumn), "field", "e", "a column of -T fields, csv, json, ek: `FIELD`")
	s.VarPF(parsed(f.layout.Set), "table-option", "E", "`OPTION` of fields, csv, as in tshark: header=y")
	s.VarPF(parsed(f.setTimeFormat), "time-format", "t", "times as `FORMAT` r, a, ad, d, e, u, ud; .3 for ms")
	s.VarPF(parsed(f.setPayloadLimit), "payload-limit", "", "at most `N|none` bytes of each payload")
	s.VarPF(parsed(f.setColor), "color", "", "`WHEN` to use colors: auto, always or never")
	s.BoolVarP(&f.quiet, "quiet", "q", false, "no summary, hints and status on standard error")
	s.BoolVarP(&f.lineBuffered, "line-buffered", "l", false, "write out each line at once")
	s.BoolVar(&f.noProgress, "no-progress", false, "no status on a terminal while it works")
	s.Lookup("no-progress").Hidden = true // -q is for people; this is for scripts that want the summary
	s.DurationVar(&f.samples, "samples", 0, "live, write counters to standard error every `TIME`")
	s.Lookup("samples").Hidden = true // for watching wstap, not traffic
	s.BoolP("no-resolve", "n", true, "accepted: names are never resolved")
	s.Lookup("no-resolve").Hidden = true // there is nothing to choose
	return s
}

// detail defines the flags that show frames to the bit.
func (f *flags) detail() *pflag.FlagSet {
	s := pflag.NewFlagSet("detail", pflag.ContinueOnError)
	s.SortFlags = false
	s.BoolVarP(&f.tree, "tree", "V", false, "a tree of each frame: every bit, with its RFC")
	s.BoolVarP(&f.hex, "hexdump", "x", false, "a hex dump of each frame: header and payload")
	return s
}

// parsed is a flag whose argument is parsed by a function.
type parsed func(string) error

// Set implements pflag.Value.
func (p parsed) Set(s string) error { return p(s) }

// String implements pflag.Value.
func (p parsed) String() string { return "" }

// Type implements pflag.Value.
func (p parsed) Type() string { return "string" }

func (f *flags) setCount(s string) (err error) {
	f.count, err = positive(s)
	return err
}

func positive(s string) (uint64, error) {
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil || n == 0 {
		return 0, errors.New("want a whole number above 0")
	}
	return n, nil
}

func (f *flags) setTimeFormat(s string) (err error) {
	f.timeFormat, err = report.ParseTimeFormat(s)
	return err
}

func (f *flags) setPayloadLimit(s string) (err error) {
	f.payload, err = report.ParseLimit(s)
	return err
}

func (f *flags) setAutostop(s string) (err error) {
	kind, value, _ := strings.Cut(s, ":")
	switch kind {
	case "packets":
		f.stopPackets, err = positive(value)
		return err
	case "duration":
		sec, err := strconv.ParseFloat(value, 64)
		if err != nil || !(sec > 0 && sec < 1e9) {
			return errors.New("want a number of seconds above 0")
		}
		f.stopAfter = time.Duration(sec * float64(time.Second))
		return nil
	}
	return errors.New("want duration:SECONDS or packets:N")
}

func (f *flags) setDecodeAs(s string) error {
	errSyntax := errors.New("want tcp.port==N,websocket")
	selector, protocol, _ := strings.Cut(s, ",")
	value, ok := strings.CutPrefix(selector, "tcp.port==")
	if !ok || protocol != "websocket" {
		return errSyntax
	}
	port, err := strconv.ParseUint(value, 10, 16)
	if err != nil || port == 0 {
		return errSyntax
	}
	if f.ports == nil {
		f.ports = make(map[uint16]bool)
	}
	f.ports[uint16(port)] = true
	return nil
}

// colorMode says when colors are used; the zero value leaves it to the terminal.
type colorMode uint8

const (
	colorAuto colorMode = iota
	colorAlways
	colorNever
)

func (f *flags) setColor(s string) error {
	switch s {
	case "auto":
		f.color = colorAuto
	case "always":
		f.color = colorAlways
	case "never":
		f.color = colorNever
	default:
		return errors.New("want auto, always or never")
	}
	return nil
}

// check looks at what a single flag cannot know.
func (f *flags) check() error {
	switch {
	case f.read == "" && f.iface == "":
		return usagef("nothing to read: give a capture file with -r FILE, or an interface with -i INTERFACE (wstap interfaces lists them)")
	case f.read != "" && f.iface != "":
		return usagef("-r and -i exclude each other: read a file or capture from an interface")
	case f.snaplen < 0:
		return usagef("-s %d: want a number of bytes, 0 for whole packets", f.snaplen)
	case (f.tree || f.hex) && !f.printsText():
		return usagef("-V and -x shape the text: leave out -T, or add -T text")
	case f.harRows < 0:
		return usagef("--har-limit %d: want a number of messages, 0 for 2000", f.harRows)
	case f.bufferMiB < 0 || f.bufferMiB > maxBufferMiB:
		return usagef("-B %d: want a number of MiB, up to %d", f.bufferMiB, maxBufferMiB)
	}
	if f.stopPackets > 0 && (f.count == 0 || f.stopPackets < f.count) {
		f.count = f.stopPackets
	}
	return f.write.check(f.outputs)
}
