package wsframe

// closeCodeValid reports whether an endpoint may send code in a Close frame
// (RFC 6455, 7.4.1 and 7.4.2, and the IANA registry for 1012 to 1014). 1004 is
// reserved; 1005, 1006 and 1015 are for local use only.
func closeCodeValid(code uint16) bool {
	switch {
	case code >= 1000 && code <= 1003, code >= 1007 && code <= 1014:
		return true
	}
	return code >= 3000 && code <= 4999
}

// CloseCodeName is the name of a close code in the IANA registry (RFC 6455,
// 11.7), in lower case; "private use" for 4000 to 4999, "" without one.
func CloseCodeName(code uint16) string {
	switch code {
	case 1000:
		return "normal closure"
	case 1001:
		return "going away"
	case 1002:
		return "protocol error"
	case 1003:
		return "unsupported data"
	case 1004:
		return "reserved"
	case 1005:
		return "no status received"
	case 1006:
		return "abnormal closure"
	case 1007:
		return "invalid frame payload data"
	case 1008:
		return "policy violation"
	case 1009:
		return "message too big"
	case 1010:
		return "mandatory extension"
	case 1011:
		return "internal error"
	case 1012:
		return "service restart"
	case 1013:
		return "try again later"
	case 1014:
		return "bad gateway"
	case 1015:
		return "tls handshake"
	case 3000:
		return "unauthorized"
	case 3003:
		return "forbidden"
	case 3008:
		return "timeout"
	}
	if code >= 4000 && code <= 4999 {
		return "private use"
	}
	return ""
}
