package subproto

import "bytes"

// magics are the first bytes of formats that travel in binary messages.
var magics = [...]struct{ prefix, name string }{
	{"\x89PNG\r\n\x1a\n", "png image"},
	{"\xff\xd8\xff", "jpeg image"},
	{"GIF8", "gif image"},
	{"\x1aE\xdf\xa3", "webm or matroska"},
	{"OggS", "ogg"},
	{"FLV\x01", "flv"},
	{"\x1f\x8b\x08", "gzip"},
	{"\x28\xb5\x2f\xfd", "zstd"},
	{"PK\x03\x04", "zip"},
	{"RFB 00", "vnc handshake"},
	{"SSH-2.0-", "ssh handshake"},
}

// magic names the format of a binary payload, which is not empty, by its first
// bytes.
func magic(l *line, b []byte) {
	for _, m := range magics {
		if b[0] == m.prefix[0] && bytes.HasPrefix(b, []byte(m.prefix)) {
			l.word(m.name)
			return
		}
	}
	switch {
	case len(b) >= 8 && string(b[4:8]) == "ftyp", len(b) >= 8 && string(b[4:8]) == "moof":
		l.word("mp4")
	case len(b) >= 12 && string(b[:4]) == "RIFF":
		l.word("riff")
		l.bytes(bytes.TrimSpace(b[8:12]))
	case len(b) >= 8 && b[0] == 0x10 && (bytes.Contains(b[:min(len(b), 11)], []byte("\x00\x04MQTT")) || bytes.Contains(b[:min(len(b), 13)], []byte("\x00\x06MQIsdp"))):
		mqtt(l, b)
	default:
		stomp(l, b, "")
	}
}
