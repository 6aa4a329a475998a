package main

import (
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"wstap/report/text"
	"wstap/wsframe"
)

// follow prints one connection as a conversation.
func (p *program) follow() *cobra.Command {
	var f flags
	cmd := &cobra.Command{
		Use:   "follow CONN",
		Short: "one connection as a conversation, payloads whole",
		Long: `follow prints one connection as a conversation: the upgrade with its headers,
then every message whole, text as it is and binary as a hex dump. CONN is its
number in the timeline and in the table of connections.`,
		Example: `  wstap follow 2 -r capture.pcapng
  wstap follow 2 -r capture.pcapng --payload-limit 1000`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("which connection? give its number, as in wstap follow 1 -r FILE")
			}
			return noArgs(cmd, args[1:])
		},
		RunE: func(_ *cobra.Command, args []string) error {
			number, err := strconv.Atoi(strings.TrimPrefix(args[0], "#"))
			if err != nil || number < 1 {
				return usagef("connection %q: want its number, as in wstap follow 1 -r FILE", args[0])
			}
			return p.run(&f, followView(number))
		},
	}
	reads(cmd, &f)
	return cmd
}

func followView(number int) view {
	return view{
		text: func(w io.Writer, o text.Options) wsframe.Sink { return text.NewConversation(w, o) },
		keep: func(e wsframe.Event) bool {
			c := e.Meta().Conn
			return c == nil || c.Number == number
		},
		number: number,
	}
}
