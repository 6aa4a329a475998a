package main

import (
	"io"

	"github.com/spf13/cobra"

	"wstap/report/text"
	"wstap/wsframe"
)

// connections prints a row per connection.
func (p *program) connections() *cobra.Command {
	var f flags
	cmd := &cobra.Command{
		Use:   "connections",
		Short: "a row per connection: who, where, how much, how it ended",
		Long: `connections prints a row per WebSocket connection, refused upgrades among them:
client, server, status, frames and payload bytes each way, how long it was open,
who closed it, gaps and violations, and its URL. The table comes at the end.`,
		Example: `  wstap connections -r capture.pcapng
  wstap connections -r capture.pcapng -T jsonl | jq 'select(.type=="close")'`,
		Args: f.words,
		RunE: func(*cobra.Command, []string) error {
			return p.run(&f, view{
				text:  func(w io.Writer, o text.Options) wsframe.Sink { return text.NewConnections(w, o) },
				atEnd: true,
				none:  "connections prints no frames",
				keep: func(e wsframe.Event) bool {
					switch e.(type) {
					case *wsframe.Frame, *wsframe.Message:
						return false
					}
					return true
				},
			})
		},
	}
	reads(cmd, &f)
	return cmd
}
