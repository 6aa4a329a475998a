package main

import (
	"github.com/spf13/cobra"

	"wstap/report"
)

// follow prints one connection as a conversation.
func (p *program) follow() *cobra.Command {
	var f flags
	o := following{stream: -1}
	cmd := &cobra.Command{
		Use:   "follow CONN",
		Short: "one connection as a conversation, payloads whole",
		Long: `follow prints one connection as a conversation: the upgrade with its headers,
then every message whole, text as it is and binary as a hex dump. CONN is its
number in the timeline and in the table of connections; tcp.stream==N is
Wireshark's. The shapes are those of tshark -z follow, and JSON: the messages
of both sides, joined, unmasked and inflated.`,
		Example: `  wstap follow 2 -r capture.pcapng
  wstap follow tcp.stream==7 -r capture.pcapng --json
  wstap follow 2 -r capture.pcapng --replay sent.bin   # nc HOST PORT <sent.bin`,
		Args: func(_ *cobra.Command, args []string) error { return o.which(args) },
		RunE: func(*cobra.Command, []string) error {
			if err := o.outputs(&f); err != nil {
				return err
			}
			err := p.run(&f, o.view(f.payload))
			if err == nil && o.sent != nil && o.sent.Omitted() > 0 && !f.quiet {
				p.complain(report.Count(o.sent.Omitted(), "frame") + " left out of " + o.replay + ": not all of their bytes are known")
			}
			return err
		},
	}
	reads(cmd, &f)
	cmd.Flags().AddFlagSet(o.flags())
	// It fails only for a flag that is not there, which a test would show.
	_ = cmd.RegisterFlagCompletionFunc("from", cobra.FixedCompletions([]string{"client", "server"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}
