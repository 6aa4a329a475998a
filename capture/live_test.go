//go:build cgo && linux

package capture

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// patience bounds every wait of these tests, so that a fault is a failure and
// not a hang. Nothing is measured by it.
const patience = 20 * time.Second

// inNamespace runs f on a thread with a network namespace of its own, which
// holds a loopback interface that is up, and nothing else. What f starts with
// ip, and the sockets it opens, are in the namespace; it ends with the thread.
func inNamespace(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("live capture needs root: skipped")
	}
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip("ip (iproute2) is not installed: skipped")
	}
	t.Parallel() // these tests wait most of the time
	// A subtest runs on a goroutine of its own. It never unlocks the thread, so
	// that the runtime throws the thread away, and with it the namespace.
	t.Run("namespace", func(t *testing.T) {
		runtime.LockOSThread()
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			t.Skipf("no network namespace to be had (%v): skipped", err)
		}
		ipCommand(t, "link set lo up")
		l, err := OpenLive(LiveOptions{Interface: "lo"})
		if err != nil && strings.HasPrefix(err.Error(), "no permission") {
			t.Skipf("%v: skipped", err)
		} else if err != nil {
			t.Fatal(err)
		}
		l.Close()
		f(t)
	})
}

// ipCommand runs ip(8) with the given words.
func ipCommand(t *testing.T, words string) {
	t.Helper()
	if out, err := exec.Command("ip", strings.Fields(words)...).CombinedOutput(); err != nil {
		t.Fatalf("ip %s: %v\n%s", words, err, out)
	}
}

// addVeth makes the pair v0, v1 whose ends are up, with a neighbor 10.9.0.2 behind
// v0 that never answers.
func addVeth(t *testing.T) {
	t.Helper()
	ipCommand(t, "link add v0 type veth peer name v1")
	ipCommand(t, "addr add 10.9.0.1/24 dev v0")
	ipCommand(t, "link set v1 up")
	ipCommand(t, "link set v0 up")
	ipCommand(t, "neigh add 10.9.0.2 lladdr 02:00:00:00:00:02 dev v0")
}

// openLive is OpenLive that must succeed; it is closed with the test.
func openLive(t *testing.T, o LiveOptions) *Live {
	t.Helper()
	l, err := OpenLive(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// sendUDP sends each text to the UDP address as one datagram.
func sendUDP(t *testing.T, to string, texts ...string) {
	t.Helper()
	addr, err := net.ResolveUDPAddr("udp", to)
	if err != nil {
		t.Fatal(err)
	}
	// Not DialUDP: on its socket a refusal (nobody listens) comes back in place
	// of the next datagram.
	c, err := net.ListenUDP("udp", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, s := range texts {
		if _, err := c.WriteToUDP([]byte(s), addr); err != nil {
			t.Fatal(err)
		}
	}
}

// nextLive reads until a packet or an error other than ErrIdle comes.
func nextLive(t *testing.T, l *Live) (Packet, error) {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); {
		p, err := l.Next()
		if !errors.Is(err, ErrIdle) {
			return p, err
		}
	}
	t.Fatal("nothing came")
	return Packet{}, nil
}

// expectUDP reads packets until their ends have been the texts, in order.
func expectUDP(t *testing.T, l *Live, texts ...string) (last Packet) {
	t.Helper()
	for _, want := range texts {
		for {
			p, err := nextLive(t, l)
			if err != nil {
				t.Fatalf("waiting for %q: %v", want, err)
			}
			if strings.HasSuffix(string(p.Data), want) {
				last = p
				break
			}
		}
	}
	return last
}

func TestLiveLoopback(t *testing.T) {
	inNamespace(t, func(t *testing.T) {
		before := time.Now()
		l := openLive(t, LiveOptions{Interface: "lo", Filter: "udp dst port 4711"})
		sendUDP(t, "127.0.0.1:4711", "one")
		sendUDP(t, "127.0.0.1:4712", "not this")
		sendUDP(t, "127.0.0.1:4711", "two", "three")
		for i, want := range []string{"one", "two", "three"} {
			p, err := nextLive(t, l)
			if err != nil {
				t.Fatal(err)
			}
			if got := string(p.Data[min(len(p.Data), 14+20+8):]); got != want {
				t.Errorf("packet %d carries %q, want %q", i+1, got, want)
			}
			if p.Packet != uint64(i+1) || p.Link != LinkEthernet || p.Length != len(p.Data) {
				t.Errorf("packet %d is number %d, link %v, %d of %d bytes", i+1, p.Packet, p.Link, len(p.Data), p.Length)
			}
			if p.Time.Location() != time.UTC || p.Time.Before(before) || p.Time.After(time.Now()) {
				t.Errorf("packet %d has time %v", i+1, p.Time)
			}
		}
		if _, err := l.Next(); !errors.Is(err, ErrIdle) {
			t.Errorf("with no packet there, Next gives %v", err)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		if got := l.Stats(); got != (Stats{Packets: 3}) {
			t.Errorf("after Close, Stats are %+v", got)
		}
		if _, err := l.Next(); !errors.Is(err, os.ErrClosed) {
			t.Errorf("after Close, Next gives %v", err)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
}

// Truncation is counted, and the length on the wire is kept.
func TestLiveSnaplen(t *testing.T) {
	inNamespace(t, func(t *testing.T) {
		l := openLive(t, LiveOptions{Interface: "lo", Snaplen: 50, Filter: "udp"})
		want := Interface{Name: "lo", Link: LinkEthernet, SnapLen: 50, Resolution: Nanoseconds}
		if got := l.Interfaces(); !slices.Equal(got, []Interface{want}) {
			t.Errorf("Interfaces are %+v", got)
		}
		sendUDP(t, "127.0.0.1:4711", "0123456789", "012")
		long := expectUDP(t, l, "01234567")
		if len(long.Data) != 50 || long.Length != 52 {
			t.Errorf("%d of %d bytes, want 50 of 52", len(long.Data), long.Length)
		}
		expectUDP(t, l, "012")
		if got := l.Stats(); got.Packets != 2 || got.Truncated != 1 {
			t.Errorf("Stats are %+v", got)
		}
	})
}

// The pseudo-interface sees all of them, cooked, and outlives any of them.
func TestLiveAny(t *testing.T) {
	inNamespace(t, func(t *testing.T) {
		addVeth(t)
		l := openLive(t, LiveOptions{Interface: "any", Promiscuous: true})
		if l.Link() != LinkLinuxSLL {
			t.Errorf("link type is %v", l.Link())
		}
		sendUDP(t, "127.0.0.1:4711", "by lo")
		sendUDP(t, "10.9.0.2:4711", "by v0")
		expectUDP(t, l, "by lo", "by v0")
		ipCommand(t, "link del v0")
		sendUDP(t, "127.0.0.1:4711", "still there")
		if p := expectUDP(t, l, "still there"); p.Link != LinkLinuxSLL {
			t.Errorf("packet has link type %v", p.Link)
		}
	})
}

// libpcap does not say that an interface went down; it is told all the same,
// and what comes when it is up again is captured.
func TestLiveDownAndUp(t *testing.T) {
	inNamespace(t, func(t *testing.T) {
		addVeth(t)
		var told []InterfaceState
		l := openLive(t, LiveOptions{Interface: "v0", Poll: 20 * time.Millisecond,
			Notify: func(s InterfaceState) { told = append(told, s) }})
		// A state between may be told: the system takes up to a second to notice
		// that there is a carrier.
		until := func(want InterfaceState) {
			t.Helper()
			for end := time.Now().Add(patience); len(told) == 0 || told[len(told)-1] != want; {
				if _, err := l.Next(); err != nil && !errors.Is(err, ErrIdle) {
					t.Fatal(err)
				}
				if time.Now().After(end) {
					t.Fatalf("told %v, and not that it is %v", told, want)
				}
			}
		}
		ipCommand(t, "link set v0 down")
		until(InterfaceDown)
		ipCommand(t, "link set v0 up")
		until(InterfaceUp)
		ipCommand(t, "neigh replace 10.9.0.2 lladdr 02:00:00:00:00:02 dev v0")
		sendUDP(t, "10.9.0.2:4711", "again")
		expectUDP(t, l, "again")
		ipCommand(t, "link set v1 down")
		until(InterfaceNoCarrier)
	})
}

func TestLiveInterfaceRemoved(t *testing.T) {
	inNamespace(t, func(t *testing.T) {
		addVeth(t)
		l := openLive(t, LiveOptions{Interface: "v0"})
		sendUDP(t, "10.9.0.2:4711", "the last")
		ipCommand(t, "link del v0")
		expectUDP(t, l, "the last") // what was captured before comes first
		for {
			if _, err := nextLive(t, l); err != nil {
				if !errors.Is(err, ErrInterfaceGone) || err.Error() != "capture on v0 ended: interface removed" {
					t.Errorf("error is %v", err)
				}
				break
			}
		}
		if l.Stats().Packets == 0 {
			t.Error("Stats are lost with the interface")
		}
	})
}

// A full buffer loses packets, and says so.
func TestLiveDropsAreCounted(t *testing.T) {
	inNamespace(t, func(t *testing.T) {
		l := openLive(t, LiveOptions{Interface: "lo", BufferBytes: 1 << 18, Filter: "udp dst port 4711"})
		const sent = 2000
		texts := make([]string, sent)
		for i := range texts {
			texts[i] = strings.Repeat("x", 1000)
		}
		sendUDP(t, "127.0.0.1:4711", texts...)
		for {
			if _, err := l.Next(); errors.Is(err, ErrIdle) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
		}
		s := l.Stats()
		// The kernel counts a dropped packet of the loopback once or twice.
		if s.Packets == 0 || s.Packets == sent || s.Packets+s.Dropped < sent || s.Dropped > 2*(sent-s.Packets) {
			t.Errorf("of %d packets, Stats are %+v", sent, s)
		}
		if l.Stats() != s {
			t.Errorf("asked again, Stats are %+v after %+v", l.Stats(), s)
		}
	})
}

func TestOpenLiveErrors(t *testing.T) {
	inNamespace(t, func(t *testing.T) {
		addVeth(t)
		ipCommand(t, "link set v1 down")
		for name, c := range map[string]struct {
			options LiveOptions
			want    string
		}{
			"no such interface":   {LiveOptions{Interface: "eth7"}, "no such interface eth7: there are lo, v1, v0"},
			"down":                {LiveOptions{Interface: "v1"}, "interface v1 is down: bring it up with `ip link set v1 up`"},
			"none":                {LiveOptions{}, "no interface given"},
			"negative snaplen":    {LiveOptions{Interface: "lo", Snaplen: -1}, "snapshot length of -1 bytes: 1 to 262144 are possible"},
			"buffer over 2 GiB":   {LiveOptions{Interface: "lo", BufferBytes: 1 << 31}, "kernel buffer of 2147483648 bytes: up to 2147483647 are possible"},
			"poll that blocks":    {LiveOptions{Interface: "lo", Poll: time.Microsecond}, "poll interval of 1µs: 1ms to 10s are possible"},
			"misspelled filter":   {LiveOptions{Interface: "lo", Filter: "tcp prot 80"}, `bad capture filter "tcp prot 80": syntax error`},
			"display filter":      {LiveOptions{Interface: "lo", Filter: "tcp.port == 80"}, `bad capture filter "tcp.port == 80": syntax error (this looks like a display filter: give it to -Y)`},
			"filter on any":       {LiveOptions{Interface: "any", Filter: "tcp or"}, `bad capture filter "tcp or": syntax error`},
			"promiscuous and bad": {LiveOptions{Interface: "lo", Promiscuous: true, Filter: "("}, `bad capture filter "(": syntax error`},
		} {
			l, err := OpenLive(c.options)
			if err == nil {
				l.Close()
			}
			if err == nil || err.Error() != c.want {
				t.Errorf("%s: error is %v\nwant %s", name, err, c.want)
			}
			var bad *FilterError
			if isFilter := c.options.Filter != ""; errors.As(err, &bad) != isFilter || isFilter && bad.Expr != c.options.Filter {
				t.Errorf("%s: error is a %T", name, err)
			}
		}
	})
}

// Who may not capture is told how to be allowed, and is not told so about an
// interface that is not there.
func TestOpenLiveWithoutPermission(t *testing.T) {
	inNamespace(t, func(t *testing.T) {
		header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
		var none [2]unix.CapUserData // version 3 takes two of them
		// Capabilities are those of the thread, which ends with this test.
		if err := unix.Capset(&header, &none[0]); err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]string{
			"lo":   "no permission to capture on lo: start the container with --cap-add=NET_RAW --cap-add=NET_ADMIN",
			"any":  "no permission to capture on any: start the container with --cap-add=NET_RAW --cap-add=NET_ADMIN",
			"eth7": "no such interface eth7: there are lo",
		} {
			if _, err := OpenLive(LiveOptions{Interface: name}); err == nil || err.Error() != want {
				t.Errorf("%s: error is %v", name, err)
			}
		}
	})
}

func TestDevices(t *testing.T) {
	inNamespace(t, func(t *testing.T) {
		addVeth(t)
		ipCommand(t, "link set v1 down")
		devices, err := Devices()
		if err != nil {
			t.Fatal(err)
		}
		// Neither the local address of v0 nor whether it is running is settled
		// at once.
		found := map[string]string{}
		for _, d := range devices {
			first := "no address"
			if len(d.Addresses) > 0 {
				first = d.Addresses[0].String()
			}
			found[d.Name] = fmt.Sprintf("%s, up %t, loopback %t", first, d.Up, d.Loopback)
		}
		want := map[string]string{
			"lo":  "127.0.0.1/8, up true, loopback true",
			"v0":  "10.9.0.1/24, up true, loopback false",
			"v1":  "no address, up false, loopback false",
			"any": "no address, up true, loopback false",
		}
		if !maps.Equal(found, want) {
			t.Errorf("there are %v", found)
		}
	})
}
