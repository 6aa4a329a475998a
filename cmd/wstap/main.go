// Wstap shows the WebSocket traffic in a capture file or on an interface.
//
// This package only wires: it reads flags, connects a capture.Source over
// reassembly and wsframe to the sinks of report, and is the only place that
// exits, catches signals and looks at the clock.
package main

import (
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"
)

// Exit codes.
const (
	exitDone  = 0 // also on SIGINT and SIGTERM, and when nothing was found
	exitUsage = 1 // a bad flag, argument or filter
	exitIO    = 2 // input or output failed
	exitFound = 3 // diagnose found an error
)

func main() {
	boundMemory()
	// A reader that goes away (`wstap ... | head`) is seen as EPIPE.
	signal.Ignore(syscall.SIGPIPE)

	var stop atomic.Bool
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	go func() {
		<-signals
		stop.Store(true)
		signal.Stop(signals) // the next one ends us at once
	}()

	p := program{
		args:    os.Args[1:],
		stdout:  os.Stdout,
		stderr:  os.Stderr,
		getenv:  os.Getenv,
		now:     time.Now,
		stopped: stop.Load,
	}
	os.Exit(p.main())
}
