package main

import (
	"cmp"
	"time"

	"wstap/capture"
	"wstap/reassembly"
)

// source is where packets come from, with what the loop has to know of it.
type source struct {
	capture.Source
	stats func() capture.Stats
	// interfaces describes those seen so far.
	interfaces func() []capture.Interface
	file       *capture.File // nil for live capture
	live       bool
	waits      bool // packets come as they happen: live or through a pipe
}

// openSource opens what -r or -i names, behind the capture filter of -f.
func (p *program) openSource(f *flags) (source, error) {
	if f.iface != "" {
		return p.openLive(f)
	}
	file, err := capture.Open(f.read)
	if err != nil {
		return source{}, err
	}
	_, size := file.Position()
	s := source{Source: file, stats: file.Stats, interfaces: file.Interfaces, file: file, waits: size == 0}
	if f.captureFilter == "" {
		return s, nil
	}
	filtered, err := capture.NewFilterSource(file, f.captureFilter)
	if err != nil {
		file.Close()
		return source{}, err
	}
	s.Source = filtered
	return s, nil
}

func (p *program) openLive(f *flags) (source, error) {
	live, err := capture.OpenLive(capture.LiveOptions{
		Interface:   f.iface,
		Filter:      f.captureFilter,
		Snaplen:     f.snaplen,
		BufferBytes: cmp.Or(f.bufferMiB, defaultBufferMiB) << 20,
		Promiscuous: !f.noPromiscuous,
		Notify: func(s capture.InterfaceState) {
			if !f.quiet {
				p.complain(f.iface + " is " + s.String())
			}
		},
	})
	if err != nil {
		return source{}, err
	}
	if !f.quiet {
		p.complain("capturing on " + f.iface + ", end with Ctrl-C")
	}
	return source{Source: live, stats: live.Stats, interfaces: live.Interfaces, live: true, waits: true}, nil
}

// reassembly is how long to wait for lost bytes: what is live cannot hold back
// ten seconds of traffic behind one hole.
func (s source) reassembly() reassembly.Options {
	if s.live {
		return reassembly.Options{AckedWait: time.Second, HoleWait: 5 * time.Second}
	}
	return reassembly.Options{}
}
