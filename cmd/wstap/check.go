package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"wstap/report"
	"wstap/report/diagnose"
	"wstap/wsframe/probe"
)

// checking is what check is asked for.
type checking struct {
	origin       string
	subprotocols []string
	headers      []string
	timeout      time.Duration
	insecure     bool
}

// check connects to a server, the one thing that wstap does on the network.
func (p *program) check() *cobra.Command {
	var o checking
	cmd := &cobra.Command{
		Use:   "check URL",
		Short: "connect to ws://HOST:PORT/PATH, and say which step fails",
		Long: `check connects to a WebSocket server and closes again: it resolves the name,
connects, speaks TLS for wss, upgrades, pings and closes, each step timed. A
failure is told as diagnose tells it, and gives exit 3. Proxies are taken from
HTTP_PROXY, HTTPS_PROXY and NO_PROXY. No other command sends to the network.`,
		Example: `  wstap check ws://10.0.0.5:8080/signal
  wstap check wss://chat.example.test/ --origin https://chat.example.test
  wstap check ws://10.0.0.5:8080/ --subprotocol mqtt -H "X-Token: secret"`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("which server? give its URL, as in wstap check ws://10.0.0.5:8080/signal")
			}
			return noArgs(cmd, args[1:])
		},
		RunE: func(_ *cobra.Command, args []string) error { return p.runCheck(&o, args[0]) },
	}
	s := cmd.Flags()
	s.SortFlags = false
	s.StringVar(&o.origin, "origin", "", "send `ORIGIN`, as a browser does for its page")
	s.StringSliceVar(&o.subprotocols, "subprotocol", nil, "offer `NAME,...`; repeatable")
	s.StringArrayVarP(&o.headers, "header", "H", nil, "send `\"NAME: VALUE\"` too; repeatable")
	s.DurationVar(&o.timeout, "timeout", 10*time.Second, "wait for `TIME` in each step, as in 5s")
	s.BoolVarP(&o.insecure, "insecure", "k", false, "do not verify the server's certificate")
	return cmd
}

// attempt is one check under way.
type attempt struct {
	p      *program
	o      *checking
	url    *url.URL
	path   report.Path
	server string // what errors name
	began  time.Time
}

// fault is a step that failed.
type fault struct {
	code diagnose.Code
	text string
}

func (f *fault) Error() string { return f.text }

func (p *program) runCheck(o *checking, raw string) error {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.Scheme != "ws" && u.Scheme != "wss" {
		return usagef("%q: want a URL, as in ws://10.0.0.5:8080/signal or wss://chat.example.test/", raw)
	}
	if o.timeout <= 0 {
		return usagef("--timeout: want more than 0")
	}
	header, err := o.header()
	if err != nil {
		return err
	}
	if u.Path == "" {
		u.Path = "/"
	}
	a := &attempt{p: p, o: o, url: u, path: report.Path{URL: u.String()}, began: p.now()}
	failed := a.run(header)
	out := diagnose.NewText(p.stdout, p.textOptions(&flags{}, p.stdout, term.IsTerminal(int(p.stdout.Fd()))))
	verdict := &report.Verdict{
		Text:  fmt.Sprintf("%s works: every step was reached, in %s", u, report.AppendDuration(nil, p.now().Sub(a.began))),
		Paths: []report.Path{a.path},
	}
	var f *fault
	if errors.As(failed, &f) {
		verdict.Text = f.text
		finding := &report.Finding{
			Severity: f.code.Severity(), Code: f.code.String(), Server: a.path.Server, Client: a.path.Client,
			Count: 1, Text: f.text, Advice: f.code.Advice(),
		}
		if err := out.Emit(finding); err != nil {
			return err
		}
	} else if failed != nil {
		return failed
	}
	if err := out.Emit(verdict); err != nil {
		return err
	}
	if f != nil && f.code.Severity() == report.Error {
		return errFound
	}
	return nil
}

// header is what -H and --origin add to the request.
func (o *checking) header() (http.Header, error) {
	h := http.Header{}
	for _, line := range o.headers {
		name, value, ok := strings.Cut(line, ":")
		if !ok || strings.TrimSpace(name) == "" || strings.ContainsAny(line, "\r\n") {
			return nil, usagef("-H %s: want \"NAME: VALUE\"", line)
		}
		h.Add(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	if o.origin != "" {
		h.Set("Origin", o.origin)
	}
	return h, nil
}

// step runs one step and notes how long it took.
func (a *attempt) step(name string, f func() (note string, err error)) error {
	start := a.p.now()
	note, err := f()
	took := a.p.now().Sub(start)
	s := report.Step{Name: name, Note: string(report.AppendDuration([]byte("in "), took))}
	if took >= time.Second {
		s.State = report.Slow
	}
	if note != "" {
		s.Note += ", " + note
	}
	if err != nil {
		s.State = report.Failed
	}
	a.path.Steps = append(a.path.Steps, s)
	return err
}

// run takes the steps until one fails. A *fault is what was found; any other
// error is one of ours.
func (a *attempt) run(header http.Header) error {
	target := a.url
	proxy, err := http.ProxyFromEnvironment(&http.Request{URL: proxied(a.url)})
	if err != nil {
		return usagef("the proxy in the environment: %v", err)
	}
	if proxy != nil {
		if proxy.Scheme != "http" {
			return usagef("proxy %s: only http:// proxies are known", proxy.Redacted())
		}
		target = proxy
	}
	conn, err := a.connect(target)
	if err != nil {
		return err
	}
	defer conn.Close()
	if proxy != nil {
		if err := a.tunnel(conn, proxy); err != nil {
			return err
		}
	}
	if a.url.Scheme == "wss" {
		secure := tls.Client(conn, &tls.Config{
			ServerName: a.url.Hostname(), NextProtos: []string{"http/1.1"}, InsecureSkipVerify: a.o.insecure,
		})
		if err := a.step("TLS", func() (string, error) { return a.secure(conn, secure) }); err != nil {
			return err
		}
		conn = secure
	}
	return a.speak(conn, header)
}

// proxied is the URL by which a proxy is chosen: ws goes the way of http.
func proxied(u *url.URL) *url.URL {
	c := *u
	c.Scheme = strings.Replace(u.Scheme, "ws", "http", 1)
	return &c
}

// connect resolves a name and connects to the first address that answers.
func (a *attempt) connect(u *url.URL) (net.Conn, error) {
	port := u.Port()
	if port == "" {
		port = map[string]string{"ws": "80", "wss": "443", "http": "80"}[u.Scheme]
	}
	var addrs []netip.Addr
	if addr, err := netip.ParseAddr(u.Hostname()); err == nil {
		addrs = []netip.Addr{addr}
	} else if err := a.step("name", func() (string, error) {
		ctx, cancel := context.WithTimeout(context.Background(), a.o.timeout)
		defer cancel()
		var err error
		if addrs, err = net.DefaultResolver.LookupNetIP(ctx, "ip", u.Hostname()); err != nil {
			return "", &fault{diagnose.HostUnreachable, fmt.Sprintf("The name %s cannot be resolved: %v.", u.Hostname(), err)}
		}
		for i := range addrs {
			addrs[i] = addrs[i].Unmap()
		}
		return strings.Trim(fmt.Sprint(addrs), "[]"), nil
	}); err != nil {
		return nil, err
	}
	var conn net.Conn
	var last error
	for _, addr := range addrs[:min(len(addrs), 4)] {
		last = a.step("TCP connect", func() (string, error) {
			a.server = net.JoinHostPort(addr.String(), port)
			a.path.Server, _ = netip.ParseAddrPort(a.server)
			var err error
			if conn, err = net.DialTimeout("tcp", a.server, a.o.timeout); err != nil {
				return "", a.unconnected(err)
			}
			a.path.Client = conn.LocalAddr().(*net.TCPAddr).AddrPort()
			return a.server, nil
		})
		if last == nil {
			break
		}
	}
	return conn, last
}

// unconnected says why there is no TCP connection.
func (a *attempt) unconnected(err error) error {
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return &fault{diagnose.PortClosed, fmt.Sprintf("Nothing listens on %s: it answers SYN with RST.", a.server)}
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EACCES):
		return &fault{diagnose.HostUnreachable, fmt.Sprintf("%s cannot be reached: %v.", a.server, errors.Unwrap(errors.Unwrap(err)))}
	case timedOut(err):
		return &fault{diagnose.PortFiltered, fmt.Sprintf("%s does not answer within %v.", a.server, a.o.timeout)}
	}
	return &fault{diagnose.HostUnreachable, fmt.Sprintf("%s: %v.", a.server, err)}
}

func timedOut(err error) bool {
	var e net.Error
	return errors.As(err, &e) && e.Timeout() || errors.Is(err, os.ErrDeadlineExceeded)
}

// tunnel asks a proxy for the way to the server (RFC 9110, 9.3.6).
func (a *attempt) tunnel(conn net.Conn, proxy *url.URL) error {
	host := a.url.Host
	if a.url.Port() == "" {
		host = net.JoinHostPort(a.url.Hostname(), map[string]string{"ws": "80", "wss": "443"}[a.url.Scheme])
	}
	return a.step("proxy tunnel", func() (string, error) {
		a.deadline(conn)
		req := &http.Request{Method: "CONNECT", URL: &url.URL{Opaque: host}, Host: host, Header: http.Header{}}
		if user := proxy.User; user != nil {
			password, _ := user.Password()
			basic := http.Request{Header: http.Header{}}
			basic.SetBasicAuth(user.Username(), password)
			req.Header.Set("Proxy-Authorization", basic.Header.Get("Authorization"))
		}
		if err := req.Write(conn); err != nil {
			return "", a.unanswered(err, "the CONNECT request")
		}
		// One byte at a time: what follows the head is the server's.
		resp, err := http.ReadResponse(bufio.NewReaderSize(oneByte{conn}, 16), req)
		if err != nil {
			return "", a.unanswered(err, "the CONNECT request")
		}
		if resp.StatusCode/100 != 2 {
			return resp.Status, &fault{diagnose.UpgradeRefused, fmt.Sprintf("The proxy %s refused a tunnel to %s with %s.", a.server, host, resp.Status)}
		}
		return resp.Status, nil
	})
}

// oneByte keeps a reader from reading ahead.
type oneByte struct{ r io.Reader }

func (o oneByte) Read(b []byte) (int, error) { return o.r.Read(b[:min(1, len(b))]) }

func (a *attempt) deadline(c net.Conn) {
	// An error shows in the next read.
	_ = c.SetDeadline(a.p.now().Add(a.o.timeout))
}

// secure is the TLS handshake.
func (a *attempt) secure(conn net.Conn, secure *tls.Conn) (string, error) {
	a.deadline(conn)
	err := secure.Handshake()
	if err == nil {
		s := secure.ConnectionState()
		return tls.VersionName(s.Version) + " " + tls.CipherSuiteName(s.CipherSuite), nil
	}
	var plain tls.RecordHeaderError
	switch {
	case errors.As(err, &plain):
		return "", &fault{diagnose.SchemeMismatch, fmt.Sprintf("TLS (wss://) was sent to %s, which answers with something that is not TLS.", a.server)}
	case timedOut(err):
		return "", a.unanswered(err, "the TLS ClientHello")
	}
	return "", &fault{diagnose.TLSFailed, fmt.Sprintf("The TLS handshake with %s failed: %v.", a.server, err)}
}

// unanswered says that nothing came back.
func (a *attempt) unanswered(err error, what string) error {
	how := fmt.Sprintf("never answered %s, for %v", what, a.o.timeout)
	if !timedOut(err) {
		how = "ended the connection instead of answering " + what
	}
	return &fault{diagnose.NoResponse, fmt.Sprintf("%s %s.", a.server, how)}
}

// speak upgrades, pings and closes.
func (a *attempt) speak(conn net.Conn, header http.Header) error {
	var client *probe.Client
	if err := a.step("upgrade", func() (string, error) {
		a.deadline(conn)
		var answer probe.Answer
		var err error
		client, answer, err = probe.Upgrade(conn, a.url, probe.Options{Header: header, Subprotocols: a.o.subprotocols})
		if err != nil {
			return "", a.notUpgraded(answer, err)
		}
		if answer.Subprotocol != "" {
			return "101, subprotocol " + answer.Subprotocol, nil
		}
		return "101", nil
	}); err != nil {
		return err
	}
	closed := false
	if err := a.step("ping", func() (string, error) {
		a.deadline(conn)
		var err error
		if closed, err = client.Ping([]byte("wstap")); err != nil {
			return "", &fault{diagnose.PongMissing, fmt.Sprintf("%s granted the upgrade and did not answer a Ping: %v.", a.server, err)}
		}
		if closed {
			return "the server closes instead", nil
		}
		return "", nil
	}); err != nil || closed {
		return err
	}
	return a.step("close", func() (string, error) {
		a.deadline(conn)
		code, err := client.Close()
		if err != nil {
			return "", &fault{diagnose.AbnormalClose, fmt.Sprintf("%s did not answer the Close frame: %v.", a.server, err)}
		}
		return fmt.Sprint(code), nil
	})
}

// notUpgraded says what is wrong with the answer.
func (a *attempt) notUpgraded(answer probe.Answer, err error) error {
	switch {
	case errors.Is(err, probe.ErrRefused):
		text := fmt.Sprintf("%s refused the upgrade with %d %s", a.server, answer.Status, http.StatusText(answer.Status))
		for _, f := range []struct{ name, value string }{
			{"Server: ", answer.Server}, {"Via: ", answer.Via}, {"Location: ", answer.Location}, {"it says: ", answer.Body},
		} {
			if f.value != "" {
				text += ", " + f.name + f.value
			}
		}
		return &fault{diagnose.UpgradeRefused, text + "."}
	case errors.Is(err, probe.ErrSubprotocol):
		return &fault{diagnose.SubprotocolMismatch, fmt.Sprintf("%s chose a subprotocol that was not offered: %v.", a.server, err)}
	case errors.Is(err, probe.ErrInvalid):
		return &fault{diagnose.UpgradeInvalid, fmt.Sprintf("%s answered 101 with a head that a client must not accept: %v.", a.server, err)}
	case errors.Is(err, probe.ErrNotHTTP):
		return &fault{diagnose.SchemeMismatch, fmt.Sprintf("%s answers with something that is not HTTP: %v.", a.server, err)}
	}
	if a.url.Scheme == "ws" && !timedOut(err) && a.speaksTLS() {
		return &fault{diagnose.SchemeMismatch, fmt.Sprintf("Plain HTTP (ws://) was sent to %s, which speaks TLS: use wss://%s.", a.server, a.url.Host)}
	}
	return a.unanswered(err, "the upgrade request")
}

// speaksTLS reports whether the server that hung up on plain HTTP answers a
// ClientHello: hanging up is all that many servers say.
func (a *attempt) speaksTLS() bool {
	conn, err := net.DialTimeout("tcp", a.server, a.o.timeout)
	if err != nil {
		return false
	}
	defer conn.Close()
	a.deadline(conn)
	// Who it is does not matter here, and nothing is sent behind the handshake.
	return tls.Client(conn, &tls.Config{ServerName: a.url.Hostname(), InsecureSkipVerify: true}).Handshake() == nil
}
