//go:build cgo

package capture

import (
	"bytes"
	"fmt"
	"os"
	"runtime"

	"github.com/google/gopacket"
	"github.com/google/gopacket/pcap"
)

// Filter is a capture filter (pcap-filter(7)), compiled for one link type.
type Filter struct{ bpf *pcap.BPF }

// CompileFilter compiles expr for packets of the given link type and snapshot
// length in bytes; 0 stands for no limit. A bad expression gives a
// *FilterError. Host names in it are looked up in the network.
func CompileFilter(expr string, link LinkType, snaplen int) (*Filter, error) {
	h, err := emptyCapture(link, snaplen)
	if err != nil {
		return nil, fmt.Errorf("capture filter %q: link type %s: %w", expr, link, err)
	}
	defer h.Close()
	bpf, err := h.NewBPF(expr)
	if err != nil {
		return nil, &FilterError{Expr: expr, Err: err}
	}
	return &Filter{bpf}, nil
}

// emptyCapture is a handle of libpcap for the link type. pcap.NewBPF takes
// that as a uint8, which SLL2 (276) does not fit; a capture file takes any, and
// in the numbering that files use. So libpcap reads the header of one from us.
func emptyCapture(link LinkType, snaplen int) (*pcap.Handle, error) {
	const unlimited = 262144 // what libpcap makes of 0
	if snaplen <= 0 || snaplen > unlimited {
		snaplen = unlimited
	}
	var header bytes.Buffer
	_, err := NewWriter(&header, WriterOptions{Format: PCAP}).AddInterface(Interface{Link: link, SnapLen: uint32(snaplen)})
	if err != nil {
		return nil, err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	defer w.Close()
	if _, err := w.Write(header.Bytes()); err != nil { // 24 bytes: a pipe has room for them
		return nil, err
	}
	// By name, so that libpcap opens it for itself: OpenOfflineFile would have
	// both libpcap and r close the same descriptor.
	return pcap.OpenOffline(fmt.Sprintf("/dev/fd/%d", r.Fd()))
}

// Match reports whether p passes the filter.
func (f *Filter) Match(p Packet) bool {
	if len(p.Data) == 0 {
		return false // libpcap is handed a pointer to the first byte
	}
	ok := f.bpf.Matches(gopacket.CaptureInfo{Timestamp: p.Time, CaptureLength: len(p.Data), Length: p.Length}, p.Data)
	runtime.KeepAlive(f) // the program is freed with f.bpf
	return ok
}
