package main

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"wstap/report"
	"wstap/report/diagnose"
	"wstap/report/text"
	"wstap/wsframe"
)

// errFound is the end of a diagnosis that found an error: it was printed.
var errFound = errors.New("an error was found")

// diagnosing is what diagnose is asked for.
type diagnosing struct{ opts diagnose.Options }

// diagnose says whether traffic is flowing, and if not, which step stopped.
func (p *program) diagnose() *cobra.Command {
	var f flags
	var o diagnosing
	cmd := &cobra.Command{
		Use:   "diagnose",
		Short: "is traffic flowing, and if not, which step stopped",
		Long: `diagnose says in its first line whether WebSocket traffic is flowing. Then come
findings by weight, each with the packets that show it and what to check next,
and the steps of single connections. It exits with 3 when a finding is an error.
wstap explain CODE tells more of a finding.`,
		Example: `  wstap diagnose -r capture.pcapng
  wstap diagnose -r capture.pcapng --server 10.0.0.5:8080
  wstap diagnose -r capture.pcapng --expect hello,ready -T md >ticket.md
  sudo wstap diagnose -i any -f "port 8080" -a duration:60`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error { return p.run(&f, o.view()) },
	}
	reads(cmd, &f)
	cmd.Flags().AddFlagSet(o.flags())
	return cmd
}

// flags defines those of diagnose alone.
func (o *diagnosing) flags() *pflag.FlagSet {
	s := pflag.NewFlagSet("diagnose", pflag.ContinueOnError)
	s.SortFlags = false
	s.VarPF(parsed(o.addServer), "server", "", "look only at `ADDR:PORT`; repeatable")
	s.VarPF(parsed(o.addPort), "port", "", "look only at servers on `PORT`; repeatable")
	s.VarPF(parsed(o.setExpect), "expect", "", "messages `NAME,...` that must come, or signalling")
	return s
}

func (o *diagnosing) addServer(s string) error {
	server, err := netip.ParseAddrPort(s)
	if err != nil || server.Port() == 0 {
		return errors.New("want an address and a port, as in 10.0.0.5:8080 or [fd00::1]:8080: names are not resolved")
	}
	o.opts.Servers = append(o.opts.Servers, server)
	return nil
}

func (o *diagnosing) addPort(s string) error {
	port, err := strconv.ParseUint(s, 10, 16)
	if err != nil || port == 0 {
		return errors.New("want a port, 1 to 65535")
	}
	o.opts.Servers = append(o.opts.Servers, netip.AddrPortFrom(netip.Addr{}, uint16(port)))
	return nil
}

func (o *diagnosing) setExpect(s string) error {
	for name := range strings.SplitSeq(s, ",") {
		if name = strings.TrimSpace(name); name == "" {
			return fmt.Errorf("want names with commas between, or %s", diagnose.ProfileSignalling)
		}
		o.opts.Expect = append(o.opts.Expect, name)
	}
	return nil
}

// view is the diagnosis, in each format.
func (o *diagnosing) view() view {
	return view{
		text: func(w io.Writer, t text.Options) wsframe.Sink { return diagnose.NewText(w, t) },
		formats: map[string]func(io.Writer, text.Options) wsframe.Sink{
			"json": func(w io.Writer, _ text.Options) wsframe.Sink { return diagnose.NewJSON(w) },
			"md":   func(w io.Writer, _ text.Options) wsframe.Sink { return diagnose.NewMarkdown(w) },
		},
		keep: func(e wsframe.Event) bool {
			switch e.(type) {
			case *report.Started, *report.Finding, *report.Verdict, *report.Summary:
				return true
			}
			return false
		},
		atEnd: true,
		diagnosis: func(next wsframe.Sink, live bool) *diagnose.Diagnosis {
			opts := o.opts
			opts.Live = live
			return diagnose.New(next, opts)
		},
	}
}

// state shows on a terminal what a live diagnosis knows so far. What is printed
// next goes over it.
func (r *run) state(now time.Time) {
	if !r.judges || r.f.quiet || now.Sub(r.stated) < time.Second || !term.IsTerminal(int(r.p.stderr.Fd())) {
		return
	}
	r.stated = now
	fmt.Fprintf(r.p.stderr, "%s\x1b[K\r", r.diagnosis.State())
}

// clearState takes the state line away before the verdict is printed.
func (r *run) clearState() {
	if !r.stated.IsZero() {
		fmt.Fprint(r.p.stderr, "\x1b[K")
	}
}
