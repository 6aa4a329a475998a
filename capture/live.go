//go:build cgo

package capture

import (
	"errors"
	"fmt"
	"math"
	"net"
	"os"
	"time"

	"github.com/google/gopacket/pcap"
)

// The limits of a live capture.
const (
	// maxSnaplen is libpcap's own maximum, in bytes. It holds any segment that
	// an interface with receive offload merges (64 KiB).
	maxSnaplen = 262144
	// defaultBuffer holds two seconds of 20 000 packets of 1 kB, with room; the
	// 2 MiB that libpcap asks for by itself kept 1856 of them.
	defaultBuffer = 64 << 20
	// defaultPoll is how long the kernel may hold a packet back to hand over
	// several at once. A shorter one costs wakeups, a longer one is felt.
	defaultPoll = 100 * time.Millisecond
	// stateInterval is how often a silent interface is asked whether it is up.
	stateInterval = time.Second
)

// Live captures on an interface. It is a Source.
//
// All its methods are for one goroutine: libpcap's handle is not to be closed
// or asked while another reads it. To stop, let that goroutine see a flag when
// Next returns, which it does at least once per LiveOptions.Poll.
type Live struct {
	handle  *pcap.Handle // nil once closed
	iface   Interface
	index   int // the system's number of the interface; 0 for "any"
	poll    time.Duration
	notify  func(InterfaceState)
	state   InterfaceState
	asked   time.Time  // when state was last found out
	drained bool       // the interface is gone, and its last packets were waited for
	stats   Stats      // Dropped and InterfaceDropped as of the last Stats
	kernel  pcap.Stats // libpcap's own counters as of then
}

var _ Source = (*Live)(nil)

// OpenLive begins to capture. The packets that arrive from now on wait in the
// kernel's buffer for Next. Where the filter is at fault, and nothing else, the
// error is a *FilterError.
func OpenLive(o LiveOptions) (*Live, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	h, err := activate(o)
	if err != nil {
		return nil, err
	}
	if o.Filter != "" {
		if err := h.SetBPFFilter(o.Filter); err != nil {
			h.Close()
			return nil, &FilterError{Expr: o.Filter, Err: err}
		}
	}
	l := &Live{
		handle: h,
		iface: Interface{
			Name: o.Interface, Link: linkOf(h), SnapLen: uint32(h.SnapLen()), Resolution: Nanoseconds,
		},
		poll: o.Poll, notify: o.Notify, asked: time.Now(),
	}
	if ifc, err := net.InterfaceByName(o.Interface); err == nil {
		l.index = ifc.Index
	}
	return l, nil
}

// withDefaults is o with its zero fields filled in, or an error that names the
// field that is out of range.
func (o LiveOptions) withDefaults() (LiveOptions, error) {
	if o.Snaplen == 0 {
		o.Snaplen = maxSnaplen
	}
	if o.BufferBytes == 0 {
		o.BufferBytes = defaultBuffer
	}
	if o.Poll == 0 {
		o.Poll = defaultPoll
	}
	switch {
	case o.Interface == "": // libpcap would take it for "any"
		return o, errors.New("no interface given")
	case o.Snaplen < 1 || o.Snaplen > maxSnaplen:
		return o, fmt.Errorf("snapshot length of %d bytes: 1 to %d are possible", o.Snaplen, maxSnaplen)
	case o.BufferBytes < 0 || o.BufferBytes > math.MaxInt32:
		return o, fmt.Errorf("kernel buffer of %d bytes: up to %d are possible", o.BufferBytes, math.MaxInt32)
	case o.Poll < time.Millisecond || o.Poll > 10*time.Second: // below 1 ms libpcap would block for good
		return o, fmt.Errorf("poll interval of %v: 1ms to 10s are possible", o.Poll)
	}
	return o, nil
}

// activate opens the handle. Immediate mode stays off: it would cut the
// kernel's ring down to a few packets, where blocks of them survive a stall.
func activate(o LiveOptions) (*pcap.Handle, error) {
	in, err := pcap.NewInactiveHandle(o.Interface)
	if err != nil {
		return nil, fmt.Errorf("cannot capture on %s: %w", o.Interface, err)
	}
	defer in.CleanUp()
	promiscuous := o.Promiscuous && o.Interface != anyDevice
	// Poll is never 0: with that, or with pcap.BlockForever, Close would wait
	// for the next packet.
	if err := errors.Join(in.SetSnapLen(o.Snaplen), in.SetPromisc(promiscuous),
		in.SetTimeout(o.Poll), in.SetBufferSize(o.BufferBytes)); err != nil {
		return nil, fmt.Errorf("cannot capture on %s: %w", o.Interface, err)
	}
	h, err := in.Activate()
	if err == nil {
		return h, nil
	}
	// gopacket does not export what Activate fails with; these are its words.
	switch err.Error() {
	case "Cannot set as promisc", "unknown activated error: -11":
		if promiscuous {
			o.Promiscuous = false
			return activate(o)
		}
	case "No Such Device":
		return nil, noSuchInterface(o.Interface)
	case "Interface Not Up":
		return nil, fmt.Errorf("interface %s is down: bring it up with `ip link set %s up`", o.Interface, o.Interface)
	case "Permission Denied":
		return nil, permissionError(o.Interface)
	}
	return nil, fmt.Errorf("cannot capture on %s: %w", o.Interface, in.Error())
}

// permissionError names the way to the permission that is missing. Without it
// libpcap cannot tell that there is no such interface either, so that is looked
// up first.
func permissionError(name string) error {
	if _, err := net.InterfaceByName(name); err != nil && name != anyDevice {
		return noSuchInterface(name)
	}
	if os.Geteuid() == 0 { // root without the capability: a container
		return fmt.Errorf("no permission to capture on %s: start the container with --cap-add=NET_RAW --cap-add=NET_ADMIN", name)
	}
	binary, err := os.Executable()
	if err != nil {
		binary = os.Args[0]
	}
	return fmt.Errorf("no permission to capture on %s: run `sudo setcap cap_net_raw,cap_net_admin+ep %s` once, or run as root", name, binary)
}

// linkOf is the link type of h in the LINKTYPE_ numbering. gopacket keeps only
// the low eight bits of it, under which SLL2 (276) would read as 20; the names
// of the types that the interface offers bring the rest back.
func linkOf(h *pcap.Handle) LinkType {
	low := h.LinkType()
	link := LinkType(low)
	if offered, err := h.ListDataLinks(); err == nil {
		for _, o := range offered {
			if n := pcap.DatalinkNameToVal(o.Name); n >= 0 && uint8(n) == uint8(low) {
				link = LinkType(n)
			}
		}
	}
	// Raw IP is the one type here whose DLT_ number varies between systems, and
	// is another than the one for files.
	if link == LinkRawBSD || link == LinkRawOpen {
		return LinkRaw
	}
	return link
}

// Next implements Source. The packet's time is the kernel's, in nanoseconds.
// The error is ErrIdle when none came within LiveOptions.Poll; it wraps
// ErrInterfaceGone when the interface was removed. An interface that goes down
// is no error: capture goes on when it is up again.
func (l *Live) Next() (Packet, error) {
	if l.handle == nil {
		return Packet{}, os.ErrClosed
	}
	data, info, err := l.handle.ZeroCopyReadPacketData()
	if err == pcap.NextErrorTimeoutExpired {
		l.watch()
		return Packet{}, ErrIdle
	}
	if err != nil && l.gone() && !l.drained {
		// The kernel still holds the packets of its last poll interval; they can
		// be read once it has handed the block over.
		l.drained = true
		time.Sleep(2 * l.poll)
		return l.Next()
	}
	if err != nil {
		return Packet{}, l.readError(err)
	}
	if l.state != InterfaceUp {
		l.watch()
	}
	l.stats.Packets++
	if len(data) < info.Length {
		l.stats.Truncated++
	}
	return Packet{
		Stamp:  Stamp{Time: info.Timestamp.UTC(), Packet: l.stats.Packets},
		Data:   data,
		Link:   l.iface.Link,
		Length: info.Length,
	}, nil
}

// watch looks after the state of the interface: libpcap is silent about one
// that has gone down.
func (l *Live) watch() {
	if l.notify == nil || l.index == 0 || time.Since(l.asked) < stateInterval {
		return
	}
	l.asked = time.Now()
	if s, ok := interfaceState(l.index); ok && s != l.state {
		l.state = s
		l.notify(s)
	}
}

// gone reports whether the interface was removed.
func (l *Live) gone() bool {
	if l.index == 0 {
		return false
	}
	_, there := interfaceState(l.index)
	return !there
}

// readError says why reading failed.
func (l *Live) readError(err error) error {
	if l.gone() {
		return fmt.Errorf("capture on %s ended: %w", l.iface.Name, ErrInterfaceGone)
	}
	if err == pcap.NextErrorReadError { // which says no more than that
		err = l.handle.Error()
	}
	return fmt.Errorf("capture on %s ended: %w", l.iface.Name, err)
}

// Link is the link type of all packets.
func (l *Live) Link() LinkType { return l.iface.Link }

// Interfaces describes the one interface.
func (l *Live) Interfaces() []Interface {
	return []Interface{l.iface}
}

// Stats counts up to now, after Close up to then. On the loopback interface the
// kernel counts each packet it drops twice, coming and going.
func (l *Live) Stats() Stats {
	if l.handle == nil {
		return l.stats // asking a closed handle would crash
	}
	if k, err := l.handle.Stats(); err == nil {
		// libpcap's counters are of 32 bits and wrap.
		l.stats.Dropped += uint64(uint32(k.PacketsDropped - l.kernel.PacketsDropped))
		l.stats.InterfaceDropped += uint64(uint32(k.PacketsIfDropped - l.kernel.PacketsIfDropped))
		l.kernel = *k
	}
	return l.stats
}

// Close ends the capture. Packets still in the kernel's buffer are lost.
func (l *Live) Close() error {
	if l.handle != nil {
		l.Stats()
		l.handle.Close()
		l.handle = nil
	}
	return nil
}
