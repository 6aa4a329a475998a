package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"

	"golang.org/x/term"

	"wstap/capture"
	"wstap/report"
	"wstap/report/dfilter"
)

// program is one run and what it has of the world.
type program struct {
	args           []string
	stdout, stderr *os.File
	console        console // on stderr
	getenv         func(string) string
	now            func() time.Time
	stopped        func() bool // a signal asked for the end
}

// usageError is a fault in the command line.
type usageError struct{ text string }

func (e usageError) Error() string { return e.text }

func usagef(format string, args ...any) error {
	return usageError{fmt.Sprintf(format, args...)}
}

// toldError is an error that was told when it came.
type toldError struct{ error }

// Unwrap implements errors.
func (e toldError) Unwrap() error { return e.error }

// main runs the command line and returns the exit code.
func (p *program) main() int {
	p.console = console{w: p.stderr, width: func() int {
		width, _, err := term.GetSize(int(p.stderr.Fd()))
		if err != nil {
			return 0
		}
		return width
	}}
	err := p.execute()
	if err == nil || errors.Is(err, syscall.EPIPE) {
		return exitDone
	}
	if errors.Is(err, errFound) {
		return exitFound
	}
	var told toldError
	if !errors.As(err, &told) {
		p.complain(err.Error())
	}
	var usage usageError
	var filter *capture.FilterError
	var display *dfilter.Error
	switch {
	case errors.As(err, &display):
		p.point(display)
		return exitUsage
	case errors.As(err, &usage), errors.As(err, &filter):
		return exitUsage
	}
	return exitIO
}

func (p *program) execute() error {
	root := p.root()
	root.SetArgs(p.args)
	root.SetOut(p.stdout)
	root.SetErr(p.stderr)
	return root.Execute()
}

// complain writes one line to stderr. Messages may quote file names and what
// stood in a file that is no capture, so they are escaped.
func (p *program) complain(message string) {
	line := []byte("wstap: ")
	line, _, _ = p.escaper().Append(line, []byte(strings.ReplaceAll(message, "\n", "; ")), report.Unbounded)
	p.console.line(append(line, '\n'))
}

// escaper suits the locale, found as setlocale(3) does.
func (p *program) escaper() report.Escaper {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := p.getenv(name); v != "" {
			v = strings.ToUpper(v)
			return report.Escaper{ASCII: !strings.Contains(v, "UTF-8") && !strings.Contains(v, "UTF8")}
		}
	}
	return report.Escaper{ASCII: true}
}
