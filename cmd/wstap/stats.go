package main

import (
	"io"

	"github.com/spf13/cobra"

	"wstap/report/stats"
	"wstap/report/text"
	"wstap/wsframe"
)

// stats prints figures.
func (p *program) stats() *cobra.Command {
	var f flags
	cmd := &cobra.Command{
		Use:   "stats",
		Short: "figures: frames, bytes, sizes, round trips, silences",
		Long: `stats prints figures of each connection and of all: frames and messages by
opcode and by name, bytes and rates each way, message sizes, compression,
handshake times, round trips of pings (by opcode, and by the names ping and
pong), how long answers took where messages carry an id, the longest silences.
They come at the end. Above 512 different sizes or times, medians and 95 % are
within 0.4 %; all else is exact.`,
		Example: `  wstap stats -r capture.pcapng
  wstap stats -r capture.pcapng -T json | jq .all.from_server.message_size`,
		Args: f.words,
		RunE: func(*cobra.Command, []string) error { return p.run(&f, statsView) },
	}
	reads(cmd, &f)
	return cmd
}

var statsView = view{
	text: statsSink(stats.Text),
	formats: map[string]func(io.Writer, text.Options) wsframe.Sink{
		"json":  statsSink(stats.JSON),
		"jsonl": statsSink(stats.JSONLines),
	},
	atEnd: true,
	none:  "stats prints no frames",
}

func statsSink(format stats.Format) func(io.Writer, text.Options) wsframe.Sink {
	return func(w io.Writer, o text.Options) wsframe.Sink {
		return stats.New(w, stats.Options{Format: format, ASCII: o.ASCII})
	}
}
