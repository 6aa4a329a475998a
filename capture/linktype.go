package capture

import "strconv"

// LinkType is a link-layer header type, numbered as in the LINKTYPE_ registry
// of tcpdump.org (the numbers that pcap and pcapng files hold).
type LinkType uint32

// The link types that Decode understands.
const (
	LinkNull      LinkType = 0   // BSD loopback, 4-byte address family in host order
	LinkEthernet  LinkType = 1   // Ethernet II and 802.3
	LinkPPP       LinkType = 9   // PPP, with or without HDLC framing
	LinkRawBSD    LinkType = 12  // raw IP, as some BSDs number it
	LinkRawOpen   LinkType = 14  // raw IP, as OpenBSD numbers it
	LinkPPPHDLC   LinkType = 50  // PPP in HDLC-like framing
	LinkPPPoE     LinkType = 51  // PPPoE session, header first
	LinkRaw       LinkType = 101 // raw IPv4 or IPv6
	LinkCHDLC     LinkType = 104 // Cisco HDLC
	LinkLoop      LinkType = 108 // OpenBSD loopback, address family in network order
	LinkLinuxSLL  LinkType = 113 // Linux cooked capture v1
	LinkUser2     LinkType = 149 // macOS writes PKTAP with this number too
	LinkIPv4      LinkType = 228 // raw IPv4
	LinkIPv6      LinkType = 229 // raw IPv6
	LinkNFLOG     LinkType = 239 // Linux netfilter log
	LinkIPoIB     LinkType = 242 // IP over InfiniBand
	LinkPKTAP     LinkType = 258 // macOS per-packet metadata
	LinkLinuxSLL2 LinkType = 276 // Linux cooked capture v2: what `tcpdump -i any` writes
)

var linkNames = map[LinkType]string{
	LinkNull: "null", LinkEthernet: "ethernet", LinkPPP: "ppp", LinkRawBSD: "raw",
	LinkRawOpen: "raw", LinkPPPHDLC: "ppp_hdlc", LinkPPPoE: "ppp_ether", LinkRaw: "raw",
	LinkCHDLC: "c_hdlc", LinkLoop: "loop", LinkLinuxSLL: "linux_sll",
	LinkUser2: "user2", LinkNFLOG: "nflog", LinkIPoIB: "ipoib", LinkPKTAP: "pktap",
	LinkIPv4: "ipv4", LinkIPv6: "ipv6", LinkLinuxSLL2: "linux_sll2",
}

// String names l in lower case as libpcap does; unknown types as "linktype-N".
func (l LinkType) String() string {
	if n, ok := linkNames[l]; ok {
		return n
	}
	return "linktype-" + strconv.FormatUint(uint64(l), 10)
}
