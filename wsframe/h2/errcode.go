package h2

import "strconv"

// ErrCode is the reason of a RST_STREAM or GOAWAY frame (RFC 9113, 7).
type ErrCode uint32

// String is the code's name in the IANA registry, or its number in hex.
func (e ErrCode) String() string {
	names := [...]string{
		"NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED",
		"FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR", "ENHANCE_YOUR_CALM",
		"INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED",
	}
	if int64(e) < int64(len(names)) {
		return names[e]
	}
	return "0x" + strconv.FormatUint(uint64(e), 16)
}
