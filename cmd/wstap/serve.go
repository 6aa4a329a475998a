package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"wstap/report/page"
	"wstap/report/web"
	"wstap/wsframe"
)

// serving is what serve is asked for, and what it runs.
type serving struct {
	listen  string
	browser bool

	p       *program
	f       *flags
	hub     *web.Hub
	server  *web.Server // nil until the capture is open
	packets *web.Packets
}

// serve shows the page live.
func (p *program) serve() *cobra.Command {
	var f flags
	o := serving{p: p, f: &f}
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "the page of report, live in your browser",
		Long: `serve opens a page in your browser that shows a capture while it is read, and
after: all that wstap report puts into a file, as it happens. The page's address
is printed too; only this machine can reach it, and only who knows it. Ctrl-C
ends. A display filter given here is applied before anything reaches the page.`,
		Example: `  wstap serve -r capture.pcapng
  sudo wstap serve -i any -f "port 8080"
  wstap serve -r capture.pcapng --open=false --listen 127.0.0.1:8090
  ssh server tcpdump -i any -s 0 -U -w - port 8080 | wstap serve -r -`,
		Args: f.words,
		RunE: func(*cobra.Command, []string) error { return o.run() },
	}
	reads(cmd, &f)
	cmd.Flags().AddFlagSet(o.flags())
	// It fails only for a flag that is not there, which a test would show.
	_ = cmd.RegisterFlagCompletionFunc("listen", cobra.NoFileCompletions)
	return cmd
}

// flags defines those of serve alone.
func (o *serving) flags() *pflag.FlagSet {
	s := pflag.NewFlagSet("serve", pflag.ContinueOnError)
	s.SortFlags = false
	s.StringVar(&o.listen, "listen", "127.0.0.1:0", "listen on `ADDR:PORT` of this host; 0: any port")
	s.BoolVar(&o.browser, "open", true, "open the page in a browser; --open=false does not")
	return s
}

// run serves until a signal comes.
func (o *serving) run() error {
	listener, err := web.Listen(o.listen)
	var bad *web.AddressError
	switch {
	case errors.As(err, &bad):
		return usagef("--listen %v", err)
	case err != nil:
		return err
	}
	o.hub = web.NewHub(web.Limits{})
	o.hold()
	view := view{atEnd: true}.diagnosed()
	view.begin = func(src source) (flushSink, error) {
		options := web.FeedOptions{Page: o.f.pageOptions(), Now: o.p.now}
		if src.waits {
			options.Page.Kind = "live" // a pipe too: the page follows the newest row
		}
		if src.live {
			options.Stats = src.stats
		}
		feed, err := web.NewFeed(o.hub, options)
		if err != nil {
			return nil, err
		}
		o.server = web.Serve(o.hub, listener, o.options(src))
		o.p.tellURL(o.server.URL())
		if o.browser {
			o.p.browse(o.server.Ticket())
		}
		return feed, nil
	}
	err = o.p.run(o.f, view)
	if o.server == nil {
		listener.Close()
		return err
	}
	if err != nil && !errors.Is(err, syscall.EPIPE) {
		o.p.complain(err.Error()) // the page shows what was whole
		err = toldError{err}
	}
	for !o.p.stopped() {
		time.Sleep(20 * time.Millisecond)
	}
	return errors.Join(err, o.shutdown())
}

// farewell is how long browsers may take to hear the rest.
const farewell = 2 * time.Second

func (o *serving) shutdown() error {
	ctx, cancel := context.WithTimeout(context.Background(), farewell)
	defer cancel()
	return o.server.Shutdown(ctx)
}

// hold keeps packets of a capture that cannot be read twice, for exports; -w
// does it already where it is given.
func (o *serving) hold() {
	if !o.f.write.isSet() && (o.f.iface != "" || o.f.read == "-") {
		o.packets = web.NewPackets(o.hub)
		o.f.write.files, o.f.write.rotation = o.packets, web.Rotation
	}
}

// options are those of the server.
func (o *serving) options(src source) web.Options {
	options := web.Options{Assets: page.Assets(), Now: o.p.now, Local: time.Local}
	switch {
	case o.packets != nil:
		options.Export = o.packets.Export
	case src.waits && o.f.write.path != "":
		options.NoExport = "the packets are in " + o.f.write.path
	case src.waits:
		options.NoExport = "a named pipe cannot be read again: keep its packets with -w FILE"
	default:
		options.Export = o.export
	}
	return options
}

// export reads the file again, as wstap follow with -w does.
func (o *serving) export(ctx context.Context, w io.Writer, conns []int) error {
	wanted := map[int]bool{}
	for _, n := range conns {
		wanted[n] = true
	}
	out := &firstError{w: w}
	f := *o.f
	f.quiet, f.outputs = true, nil
	f.write = writing{path: "-", files: web.Single{W: out}, secrets: f.write.secrets}
	again := *o.p
	again.stopped = func() bool { return ctx.Err() != nil }
	err := again.run(&f, view{keep: func(e wsframe.Event) bool {
		c := e.Meta().Conn
		return len(conns) == 0 || c == nil || wanted[c.Number]
	}})
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case out.err != nil || out.n == 0:
		return errors.Join(out.err, err)
	}
	return nil // what could not be read was told when the page began
}

// firstError is a writer that remembers what went wrong.
type firstError struct {
	w   io.Writer
	n   int64
	err error
}

// Write implements io.Writer.
func (f *firstError) Write(b []byte) (int, error) {
	n, err := f.w.Write(b)
	f.n += int64(n)
	if f.err == nil {
		f.err = err
	}
	return n, err
}

// tellURL prints the address of the page, which is needed even with -q.
func (p *program) tellURL(url string) {
	fmt.Fprintf(p.stderr, "wstap: %s (Ctrl-C ends)\n", url)
}
