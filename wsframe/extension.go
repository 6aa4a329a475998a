package wsframe

import (
	"strconv"

	"github.com/gobwas/httphead"
)

// permessageDeflate is the extension's registered name (RFC 7692, 8.1).
const permessageDeflate = "permessage-deflate"

// Bounds on what a peer can make of the header that lists extensions.
const (
	maxExtensionBytes  = 4 << 10 // parsed; what real endpoints send has some 100
	maxExtensionFaults = 16      // told of one response
)

// negotiated is the permessage-deflate configuration that a 101 response
// agrees to, nil without one, and what is wrong with its extensions
// (RFC 6455, 9.1; RFC 7692, 5 and 7.1). req is nil where it was not seen.
// A faulty parameter is taken as absent: the decoder then assumes the largest
// window, which fits all.
func negotiated(req, resp *Head) (agreed *Deflate, faults []fault) {
	const name = "Sec-WebSocket-Extensions"
	if !resp.Has(name) {
		return nil, nil
	}
	options, ok := parseExtensions(resp.Joined(name))
	if !ok {
		faults = append(faults, fault{RuleExtensionParams, "extensions as RFC 6455, 9.1 writes them", found(resp, name)})
	}
	var offers []httphead.Option
	offered := make(map[string]bool)
	if req != nil {
		offers, _ = parseExtensions(req.Joined(name))
	}
	for _, o := range offers {
		offered[string(o.Name)] = true
	}
	for _, o := range options {
		if req != nil && !offered[string(o.Name)] {
			faults = append(faults, fault{RuleExtension, "one of " + found(req, name), quoted(string(o.Name))})
		}
		if string(o.Name) != permessageDeflate {
			continue
		}
		if agreed != nil {
			faults = append(faults, fault{RuleExtensionParams, permessageDeflate + " once", found(resp, name)})
			continue
		}
		var p deflateParams
		p, faults = parseDeflateParams(o, faults)
		if p.clientBits < 0 { // only an offer may leave the value out (RFC 7692, 7.1.2.2)
			faults = append(faults, fault{RuleExtensionParams, "client_max_window_bits=8 to 15", "no value"})
		}
		agreed = p.deflate()
		if f, bad := p.answers(offers); bad {
			faults = append(faults, f)
		}
	}
	return agreed, faults[:min(len(faults), maxExtensionFaults)]
}

// parseExtensions reads a Sec-WebSocket-Extensions header (RFC 6455, 9.1), as
// far as it can be read.
func parseExtensions(value string) (options []httphead.Option, ok bool) {
	options, ok = httphead.ParseOptions([]byte(value[:min(len(value), maxExtensionBytes)]), nil)
	return options, ok && len(value) <= maxExtensionBytes
}

// deflateParams are the parameters of one permessage-deflate offer or response
// (RFC 7692, 7.1). Bits are 0 where absent; clientBits is -1 without a value.
type deflateParams struct {
	clientFresh, serverFresh bool // ..._no_context_takeover
	clientBits, serverBits   int
}

// deflate is the configuration that a response of these parameters sets up.
func (p deflateParams) deflate() *Deflate {
	d := &Deflate{p.clientFresh, p.serverFresh, maxWindowBits, maxWindowBits}
	if p.clientBits > 0 {
		d.ClientMaxWindowBits = p.clientBits
	}
	if p.serverBits > 0 {
		d.ServerMaxWindowBits = p.serverBits
	}
	return d
}

// answers reports what is wrong with p as the answer to offers: it has to be
// an answer to at least one of them (RFC 7692, 5 and 7.1).
func (p deflateParams) answers(offers []httphead.Option) (why fault, bad bool) {
	for _, o := range offers {
		if string(o.Name) != permessageDeflate {
			continue
		}
		offer, faults := parseDeflateParams(o, nil)
		var f fault
		switch {
		case len(faults) > 0: // an offer that a server declines (RFC 7692, 7)
			f = faults[0]
		case offer.serverFresh && !p.serverFresh: // RFC 7692, 7.1.1.1
			f = fault{RuleExtensionParams, "server_no_context_takeover, as offered", "none"}
		case offer.serverBits > 0 && (p.serverBits == 0 || p.serverBits > offer.serverBits): // 7.1.2.1
			f = fault{RuleExtensionParams, "server_max_window_bits of " + strconv.Itoa(offer.serverBits) + " at most, as offered", bitsFound(p.serverBits)}
		case offer.clientBits == 0 && p.clientBits != 0: // 7.1.2.2
			f = fault{RuleExtensionParams, "no client_max_window_bits, since not offered", bitsFound(p.clientBits)}
		default:
			return fault{}, false
		}
		if !bad {
			why, bad = f, true
		}
	}
	return why, bad
}

// bitsFound is the value of a parameter for a fault's Found.
func bitsFound(bits int) string {
	switch {
	case bits == 0:
		return "none"
	case bits < 0:
		return "no value"
	}
	return strconv.Itoa(bits)
}

// parseDeflateParams reads the parameters of o, and appends what is wrong with
// them to faults. wsflate's parser is not used: it takes "0:" and "012" for
// numbers, takes an empty quoted value for none, lets a repeated
// client_max_window_bits without a value pass, and stops at the first fault.
func parseDeflateParams(o httphead.Option, faults []fault) (deflateParams, []fault) {
	var p deflateParams
	seen := make(map[string]bool, 4)
	o.Parameters.ForEach(func(key, value []byte) bool {
		k, v := string(key), string(value)
		bad := func(expected string) {
			found := k
			if value != nil {
				found += "=" + v
			}
			faults = append(faults, fault{RuleExtensionParams, expected, quoted(found)})
		}
		if seen[k] {
			bad(k + " once")
			return true
		}
		bits, ok := windowBits(v)
		switch k {
		case "client_no_context_takeover", "server_no_context_takeover":
			switch {
			case value != nil:
				bad(k + " without a value")
			case k[0] == 'c':
				p.clientFresh = true
			default:
				p.serverFresh = true
			}
		case "client_max_window_bits":
			switch {
			case value == nil:
				p.clientBits = -1
			case ok:
				p.clientBits = bits
			default:
				bad(k + "=8 to 15")
			}
		case "server_max_window_bits":
			if ok {
				p.serverBits = bits
			} else {
				bad(k + "=8 to 15")
			}
		default:
			bad("a parameter of permessage-deflate")
			return true
		}
		seen[k] = true
		return true
	})
	return p, faults
}

// windowBits reads 8 to 15, decimal, without leading zeros (RFC 7692, 7.1.2).
func windowBits(s string) (n int, ok bool) {
	switch {
	case len(s) == 1 && (s[0] == '8' || s[0] == '9'):
		return int(s[0] - '0'), true
	case len(s) == 2 && s[0] == '1' && s[1] >= '0' && s[1] <= '5':
		return 10 + int(s[1]-'0'), true
	}
	return 0, false
}
