package main

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"wstap/report"
	"wstap/report/replay"
	"wstap/report/text"
	"wstap/wsframe"
)

// following is what is followed, and in which form it is printed.
type following struct {
	number int   // of the connection; 0 for one named by its stream
	stream int64 // tcp.stream; -1 for one named by its number
	seen   bool  // a connection of the stream

	shapes [5]bool // by text.Shape
	from   string  // "client", "server", or "" for both
	replay string  // path
	sent   *replay.Writer
}

func (o *following) flags() *pflag.FlagSet {
	s := pflag.NewFlagSet("follow", pflag.ContinueOnError)
	s.SortFlags = false
	s.VarPF(parsed(o.setStream), "stream", "", "the connection in TCP stream `N`, not CONN")
	for i, usage := range []string{
		"each message below its length, as tshark does",
		"a hex dump, as tshark's",
		"a line of hex digits a message, as tshark's",
		"in YAML, as tshark's",
		"in JSON, text as text",
	} {
		s.BoolVar(&o.shapes[i], text.Shape(i).String(), false, usage)
	}
	s.VarPF(parsed(o.setFrom), "from", "", "only what `SIDE` client or server sent")
	s.StringVar(&o.replay, "replay", "", "what the client sent (or --from) to `FILE`, as sent")
	return s
}

func (o *following) setStream(s string) error {
	n, err := strconv.ParseUint(s, 10, 62)
	if err != nil {
		return errors.New("want the number of a TCP stream, from 0")
	}
	o.stream = int64(n)
	return nil
}

func (o *following) setFrom(s string) error {
	if s != "client" && s != "server" {
		return errors.New("want client or server")
	}
	o.from = s
	return nil
}

// streamWords is a filter for one TCP stream.
const streamWords = `^tcp\.stream *(?:==|eq) *([0-9]+)$`

// which takes the arguments: CONN, or a filter for one TCP stream.
func (o *following) which(args []string) error {
	words := strings.Join(args, " ")
	switch {
	case o.stream >= 0 && len(args) > 0:
		return usagef("--stream %d and %s: want one of them", o.stream, words)
	case o.stream >= 0:
		return nil
	case len(args) == 0:
		return usagef("which connection? give its number, as in wstap follow 1 -r FILE")
	}
	if m := regexp.MustCompile(streamWords).FindStringSubmatch(words); m != nil {
		if err := o.setStream(m[1]); err != nil {
			return usagef("%s: %v", words, err)
		}
		return nil
	}
	if len(args) > 1 {
		return usagef("follow takes no argument %q", args[1])
	}
	n, err := strconv.Atoi(strings.TrimPrefix(args[0], "#"))
	if err != nil || n < 1 {
		return usagef("connection %q: want its number, as in wstap follow 1 -r FILE", args[0])
	}
	o.number = n
	return nil
}

// replayFormat is the format of the output that --replay adds.
const replayFormat = "replay"

// outputs checks the flags of the form, and adds the output of --replay.
func (o *following) outputs(f *flags) error {
	shapes := 0
	for _, set := range o.shapes {
		if set {
			shapes++
		}
	}
	switch {
	case shapes > 1:
		return usagef("--ascii, --hex, --raw, --yaml and --json exclude each other")
	case shapes > 0 && !f.printsText():
		return usagef("--ascii, --hex, --raw, --yaml and --json shape the text: leave out -T, or add -T text")
	case o.replay == "":
		return nil
	}
	if shapes > 0 && len(f.outputs) == 0 {
		f.outputs = append(f.outputs, outputSpec{format: "text"})
	}
	spec := outputSpec{format: replayFormat, path: o.replay}
	if spec.path == "-" {
		spec.path = ""
	}
	for _, other := range f.outputs {
		if other.path == spec.path {
			return usagef("--replay %s: another output goes there already", o.replay)
		}
	}
	f.outputs = append(f.outputs, spec)
	return nil
}

// view is the conversation.
func (o *following) view(limit report.Limit) view {
	v := view{
		text: func(w io.Writer, opts text.Options) wsframe.Sink {
			for i, set := range o.shapes {
				if set {
					return text.NewShaped(w, text.Shape(i), limit)
				}
			}
			return text.NewConversation(w, opts)
		},
		formats: map[string]func(io.Writer, text.Options) wsframe.Sink{replayFormat: func(w io.Writer, _ text.Options) wsframe.Sink {
			from := wsframe.FromClient
			if o.from == wsframe.FromServer.String() {
				from = wsframe.FromServer
			}
			o.sent = replay.New(w, from)
			return o.sent
		}},
		keep: o.keep, selects: true,
		number: o.number,
	}
	if o.stream >= 0 {
		v.absent = func() string {
			if o.seen {
				return ""
			}
			return fmt.Sprintf("no WebSocket in TCP stream %d: wstap connections lists those there are", o.stream)
		}
	}
	if o.replay != "" {
		v.frameLimit = 16 << 20 // as much as is kept of a message
	}
	return v
}

// keep selects the events of the connection, and of the side that is wanted.
func (o *following) keep(e wsframe.Event) bool {
	c := e.Meta().Conn
	switch {
	case c == nil:
		return true
	case o.number > 0 && c.Number != o.number:
		return false
	case o.stream >= 0 && (c.Stream == nil || c.Stream.Index != uint64(o.stream)):
		return false
	}
	o.seen = true
	if o.from == "" {
		return true
	}
	var from wsframe.Direction
	switch e := e.(type) {
	case *wsframe.Frame:
		from = e.From
	case *wsframe.Message:
		from = e.From
	case *wsframe.Gap:
		from = e.From
	case *wsframe.Violation:
		from = e.From
	default:
		return true
	}
	return from.String() == o.from
}
