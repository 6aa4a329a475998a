package main

import (
	"errors"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"wstap/report"
	"wstap/report/diagnose"
	"wstap/report/html"
	"wstap/report/page"
	"wstap/report/text"
	"wstap/wsframe"
)

// report writes the HTML page.
func (p *program) report() *cobra.Command {
	var f flags
	o := reporting{path: "report.html"}
	cmd := &cobra.Command{
		Use:   "report",
		Short: "all of it as a page: one HTML file to look at and to send",
		Long: `report writes an HTML file that any browser opens from disk: the verdict and the
findings of wstap diagnose, traffic over time, connections, frames, messages,
with filter and search. It needs no network and no other file. Secrets are
redacted as in har, and of each payload 64 KiB are kept (--payload-limit).

It is the same as -T html:FILE with any other command. Send the file as binary,
as attachments are: it is not UTF-8 text.`,
		Example: `  wstap report -r capture.pcapng
  wstap report -r capture.pcapng -o ticket.html 'ip.addr == 10.0.0.5'
  wstap report -r capture.pcapng -o - | gzip > ticket.html.gz
  sudo wstap report -i any -f "port 8080" -a duration:60
  wstap -r capture.pcapng -T text -T html:report.html`,
		Args: f.words,
		RunE: func(*cobra.Command, []string) error {
			if err := f.addOutput("html:" + o.path); err != nil {
				return usagef("-o %s: %v", o.path, err)
			}
			if err := p.run(&f, reportView); err != nil {
				return err
			}
			if o.path != "-" && !f.quiet {
				p.complain("wrote " + o.path)
			}
			return nil
		},
	}
	input := f.input()
	input.Lookup("option").Shorthand = "" // which is the file here
	readsBy(cmd, &f, input)
	cmd.Flags().AddFlagSet(o.flags(&f.keys))
	return cmd
}

// reporting is what report is asked for.
type reporting struct{ path string }

// flags defines that of report alone. Its letter is also that of tshark's
// preferences, which no one means for a file's name.
func (o *reporting) flags(keys *keyFlags) *pflag.FlagSet {
	s := pflag.NewFlagSet("report", pflag.ContinueOnError)
	s.VarPF(parsed(func(path string) error {
		if strings.HasPrefix(path, "tls.keylog_file:") || strings.HasPrefix(path, "ssl.keylog_file:") {
			return keys.setOption(path)
		}
		if path == "" {
			return errors.New("want a file's name, or - for stdout")
		}
		o.path = path
		return nil
	}), "output", "o", "write to `FILE`, not to report.html; - is stdout")
	return s
}

// reportView is the timeline, for other outputs beside the page.
var reportView = view{text: func(w io.Writer, o text.Options) wsframe.Sink { return text.NewTimeline(w, o) }}

// writesPage reports whether an output is a page.
func (f *flags) writesPage() bool {
	return slices.ContainsFunc(f.outputs, func(o outputSpec) bool { return o.format == "html" })
}

// page makes the sink of -T html.
func (f *flags) page(w io.Writer) wsframe.Sink { return html.New(w, f.pageOptions()) }

// pageOptions are those of a page, in a file or live.
func (f *flags) pageOptions() page.Options {
	o := page.Options{Version: buildVersion(), Name: filepath.Base(f.read), Kind: "file", Payload: f.payload, Secrets: f.secrets}
	switch {
	case f.iface != "":
		o.Name, o.Kind = f.iface, "live"
	case f.read == "-":
		o.Name = "standard input"
	}
	return o
}

// diagnosed gives a view that has no diagnosis one for its pages.
func (v view) diagnosed() view {
	var o diagnosing
	v.aside = true
	v.diagnosis = func(next wsframe.Sink, live bool) *diagnose.Diagnosis {
		o.opts.Live = live
		return diagnose.New(next, o.opts)
	}
	return v
}

// told is s without a diagnosis that only pages have asked for.
func (v view) told(s wsframe.Sink) wsframe.Sink {
	if !v.aside {
		return s
	}
	return report.Filter{Next: s, Keep: func(e wsframe.Event) bool {
		switch e.(type) {
		case *report.Finding, *report.Verdict:
			return false
		}
		return true
	}}
}
