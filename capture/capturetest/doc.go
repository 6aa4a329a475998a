// Package capturetest makes captures for tests: from scenario text or from Go
// calls, right to the byte and the same on each run, and mangles them into
// the same traffic arriving otherwise.
//
// Its frame encoder, compressor and packet builders share nothing with the
// packages under test, so that they can serve as an oracle: what was sent is
// told by Conn.Stream and Conn.Frames.
//
// # Scenarios
//
// A scenario is a text of lines. The comment at its head names the phenomenon.
// A # at the begin of a line or behind a space begins a comment.
//
//	# A message is lost between two others.
//	conn A 10.0.0.2:40000 > 10.0.0.1:8080
//	A open
//	A upgrade /chat
//	A > text "one"
//	lost A > text "two"
//	+20ms A > text "three"
//
// Settings hold for the packets behind them:
//
//	link ethernet|sll|sll2|null|loop|raw|rawbsd|ipv4|ipv6|ppp|ppphdlc|pppoe|chdlc
//	snaplen 96                     bytes kept of each packet
//	interface 1                    capture interface, 0 at first
//	start 2026-01-02T03:04:05Z     time of the next packet (this is the default)
//	step 1ms                       time between two packets
//	autoack on|off                 the receiver acknowledges each data segment
//
// Connections have a name, which begins their statements. Naming again, or
// the same addresses under another name, is another connection (reused ports):
//
//	conn NAME CLIENT > SERVER [isn=C,S] [mss=N] [window=N] [wscale=N|none]
//	          [capture=client|server] [LAYER...]
//	NAME open                      SYN, SYN-ACK, ACK
//	NAME upgrade TARGET [HEAD...]  request and 101, each acknowledged
//	NAME close [<]                 FINs; < lets the server begin
//	NAME > ITEM [+ ITEM...] [MODIFIER...]    the client sends
//	NAME < ITEM [+ ITEM...] [MODIFIER...]    the server sends
//
// Items joined by + travel in one payload, cut at the MSS:
//
//	"text\r\n"  "ab"*1000  hex 81 05 68  bytes 500    raw payload; bytes are incompressible
//	syn synack ack fin rst rstack                     flags
//	get TARGET [HEAD...]                              an upgrade request
//	101 [HEAD...]                                     the answer, with the Accept that is due
//	request METHOD TARGET [HEAD...]                   any request
//	response STATUS [HEAD...]                         any response
//	text|binary|cont|ping|pong [PAYLOAD] [FRAME...]   a frame
//	close [CODE] [PAYLOAD] [FRAME...]                 a Close frame
//	frame op=N [PAYLOAD] [FRAME...]                   any frame
//	again [N]                                         the last (N-th last) segment once more
//	icmp net|host|port|toobig|filtered|timeout [from=ADDR]   about the peer's last packet
//
// HEAD is any of: "Name: value" (replaces or adds a field line), also "Name:
// value" (adds a second one), -Name (removes it), body="...", chunked, lower
// (names in lower case), method=M, http=1.0, subprotocol=P, and deflate or
// deflate="PARAMETERS" (in a 101 and in upgrade these take effect).
//
// FRAME is any of: fin=0, rsv=N (RSV1 is 4), op=N, mask=none|auto|HEX (client
// frames are masked by default), len16, len64 (longer form of the length),
// length=N (declared, also 2^63), deflate, bfinal, stored (how the payload is
// compressed; continuation frames follow their message), nocontext (empties
// the sender's window first), fragments=N,M (cuts the payload on the wire into
// fragments).
//
// MODIFIER is any of: seq=+N|-N|N and ack= (relative to the number due, or
// absolute; a segment with seq= changes nothing in the sender's state and is
// not acknowledged), win=N, urg=N, flags=SFRPAUEW, noack, gro (not cut at the
// MSS), cut N,M (offsets), cut every N, cut frames, badsum, badopt (TCP
// option beyond the header), ipopt (IPv4 options, IPv6 hop-by-hop header),
// len0 (IP length 0), pad or pad=N (frame padded to 60 or N bytes), LAYER.
//
// LAYER is one of these, applied from left to right, innermost first; those
// of a connection come behind those of a packet:
//
//	vlan=N qinq=OUTER,INNER mpls=N,M pppoe=N llc ipip 6in4 inipv6 ah gre gre=KEY
//	gretap erspan=N vxlan=N geneve=N gtpu=N fragment=N
//
// Other statements:
//
//	udp SRC > DST PAYLOAD [LAYER...]    arp    packet PAYLOAD (with link-layer header)
//
// Before any statement may stand:
//
//	+20ms          time since the packet before, instead of the step
//	repeat N       the statement N times
//	lost           its data segments are not in the capture (of open, upgrade,
//	               close: nothing is)
//	twice          they are there twice
//	late N         they come behind the N packets that follow them
//	snap N         only N bytes of them are captured
//
// and lost#2, twice#1,3, late#2 N, snap#1 N mean these segments alone, counted
// from 1. Whatever happens to a packet on its way into the capture, the ends of
// the connection have received it.
//
// # Manglers
//
// Recut, Overlap, Coalesce, Reorder, Double, Wrap, Tag, Tunnel, FragmentIP,
// Noise, Snap, Lose, Strip and OneDirection take the packets of a capture and
// return those of another: the same traffic, arriving otherwise. They leave
// their input alone, return copies numbered from 1, keep the times unless they
// say otherwise, and depend on nothing but their arguments. Packets that hold
// no whole TCP segment within their reach (Ethernet, cooked, loopback or raw
// link, 802.1Q tags, IPv4 or IPv6; no fragments, no tunnels) pass through
// those that work on segments.
package capturetest
