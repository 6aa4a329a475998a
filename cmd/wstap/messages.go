package main

import (
	"io"

	"github.com/spf13/cobra"

	"wstap/report/text"
	"wstap/wsframe"
)

// messages prints a line per message.
func (p *program) messages() *cobra.Command {
	var f flags
	cmd := &cobra.Command{
		Use:   "messages",
		Short: "a line per message: fragments joined, inflated",
		Long: `messages prints a line per message, its fragments joined and inflated, below
the lines that say who is connected to whom. Pings, pongs and closes are frames:
they are in the timeline.`,
		Example: `  wstap messages -r capture.pcapng
  wstap messages -r capture.pcapng -T jsonl | jq 'select(.type=="message")'`,
		Args: f.words,
		RunE: func(*cobra.Command, []string) error {
			return p.run(&f, view{
				text:     func(w io.Writer, o text.Options) wsframe.Sink { return text.NewMessages(w, o) },
				messages: true,
				brief:    true,
				lines:    true,
				keep: func(e wsframe.Event) bool {
					_, frame := e.(*wsframe.Frame)
					return !frame
				},
			})
		},
	}
	reads(cmd, &f)
	return cmd
}
