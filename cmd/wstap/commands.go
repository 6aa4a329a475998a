package main

import (
	"io"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"wstap/report/detail"
	"wstap/report/text"
	"wstap/wsframe"
)

// root is the command line: the commands, with frames as the default.
func (p *program) root() *cobra.Command {
	var f flags
	root := &cobra.Command{
		Use:   "wstap",
		Short: "WebSocket traffic, frame by frame",
		Long: `wstap shows the WebSocket traffic in a capture file or on an interface: every
frame, who sent it and what it says, and how each connection began and ended.`,
		Example: `  wstap -r capture.pcapng                     the timeline of all frames
  wstap -r capture.pcapng 'websocket.opcode == "Text" && ip.addr == 10.9.0.2'
  sudo wstap -i eth0 -f "port 8080"           live, packets of port 8080`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          f.words,
	}
	version := root.Flags().Bool("version", false, "as the command of that name")
	root.Flags().Lookup("version").Hidden = true // a habit from tshark and tcpdump
	root.RunE = func(*cobra.Command, []string) error {
		if *version {
			return p.printVersion()
		}
		return p.run(&f, framesView(&f))
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetFlagErrorFunc(flagError)
	root.SetHelpFunc(help)
	root.SetHelpCommand(helpCommand())
	reads(root, &f)
	root.Flags().AddFlagSet(f.detail())
	root.AddCommand(p.frames(), p.messages(), p.connections(), p.follow(), p.stats(), p.fields(), p.diagnose(), p.explain(), p.report(), p.serve(), p.check(), p.interfaces(), p.version(),
		p.completion(), p.man())
	return root
}

// reads gives cmd the flags of the commands that read a capture.
func reads(cmd *cobra.Command, f *flags) { readsBy(cmd, f, f.input()) }

// readsBy is reads with the flags of input as the command has them.
func readsBy(cmd *cobra.Command, f *flags, input *pflag.FlagSet) {
	cmd.Flags().SortFlags = false
	cmd.Flags().AddFlagSet(input)
	cmd.Flags().AddFlagSet(f.output())
	completeFlags(cmd)
}

// noArgs refuses arguments.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return unexpected(cmd, args)
	}
	return nil
}

// framesView is the timeline, with the details that f asks for.
func framesView(f *flags) view {
	return view{brief: true, rows: true, lines: !f.tree && !f.hex, text: func(w io.Writer, o text.Options) wsframe.Sink {
		if f.tree || f.hex {
			return detail.New(w, detail.Options{Text: o, Tree: f.tree, Hex: f.hex})
		}
		return text.NewTimeline(w, o)
	}}
}

// frames is the timeline.
func (p *program) frames() *cobra.Command {
	var f flags
	cmd := &cobra.Command{
		Use:   "frames",
		Short: "a line per frame (the default)",
		Long: `frames prints the timeline: a line per frame, and among the frames what became
of the connection: connected, upgraded, refused, gap, violation, closed, reset.

A line holds packet number, time, connection, direction (→ from the client, ←
from the server), opcode, payload length, and what the frame says.`,
		Example: `  wstap -r capture.pcapng
  wstap -r capture.pcapng -V -x
  wstap -r capture.pcapng 'wstap.from == "server" && wstap.length > 1000'
  wstap -r capture.pcapng -e frame.number -e wstap.from -e wstap.summary
  wstap -r capture.pcapng -t ad --payload-limit none
  tcpdump -i eth0 -U -w - port 8080 | wstap -r -`,
		Args: f.words,
		RunE: func(*cobra.Command, []string) error { return p.run(&f, framesView(&f)) },
	}
	reads(cmd, &f)
	cmd.Flags().AddFlagSet(f.detail())
	return cmd
}
