package capture

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"unicode/utf8"
)

// convertFix is the advice for captures in formats that other programs read.
const convertFix = "save it as pcap or pcapng with Wireshark or tshark -r FILE -w NEW.pcapng"

// captureFix is the advice for what holds no packets.
const captureFix = "record packets with tcpdump -w FILE or Wireshark"

// lookalikes are the formats that people take for a capture, by their first bytes.
var lookalikes = []struct{ magic, what, fix string }{
	{"snoop\x00\x00\x00", "a Solaris snoop capture", convertFix},
	{"GMBU", "a Microsoft Network Monitor 2 capture", convertFix},
	{"RTSS", "a Microsoft Network Monitor 1 capture", convertFix},
	{"TRSNIFF data", "a Sniffer capture", convertFix},
	{"XCP\x00", "a Sniffer (Windows) capture", convertFix},
	{"iptrace ", "an AIX iptrace capture", convertFix},
	{"btsnoop\x00", "a Bluetooth (btsnoop) capture", captureFix},
	{"ObserverPktBuffe", "a Network Instruments Observer capture", convertFix},
	{"LOGG", "a Vector BLF log", convertFix},
	{"\x1f\x8b", "gzip data", "unpack it with gunzip"},
	{"\x28\xb5\x2f\xfd", "zstd data", "unpack it with unzstd"},
	{"\xfd7zXZ\x00", "xz data", "unpack it with unxz"},
	{"BZh", "bzip2 data", "unpack it with bunzip2"},
	{"\x04\x22\x4d\x18", "lz4 data", "unpack it with lz4 -d"},
	{"PK\x03\x04", "a zip archive", "unpack it with unzip"},
	{"7z\xbc\xaf\x27\x1c", "a 7z archive", "unpack it with 7z x"},
	{"\x7fELF", "a program (ELF)", captureFix},
	{"MZ", "a program (Windows)", captureFix},
	{"#!", "a script", captureFix},
	{"%PDF-", "a PDF document", captureFix},
	{"\x89PNG", "a picture (PNG)", captureFix},
	{"\xff\xd8\xff", "a picture (JPEG)", captureFix},
	{"SQLite format 3\x00", "an SQLite database", captureFix},
	{"-----BEGIN ", "a key or certificate (PEM)", captureFix},
}

// The lines of what is text, as regular expressions. They are compiled where a
// file is no capture: each start would pay for them.
const (
	keyLogLine = `(?m)^(# SSL/TLS secrets log file|CLIENT_RANDOM [0-9a-fA-F]|RSA (Session-ID|[0-9a-fA-F])|[A-Z_]+_(TRAFFIC_)?SECRET(_\d+)? [0-9a-fA-F])`
	dumpLine   = `(?m)^(\d\d\d\d-\d\d-\d\d )?\d\d:\d\d:\d\d\.\d+ (IP6? |ARP|[a-z0-9]+ +(In|Out) )`
	tableLine  = `(?m)^ *\d+ +\d+\.\d+ +\S+ (→|->) \S+ `
)

// describe says in words what the beginning of a file that is no capture is,
// and what to do about it. name is only asked for its extension.
func describe(head []byte, name string) string {
	what, fix := identify(head, name)
	return what + ": " + fix
}

func identify(head []byte, name string) (what, fix string) {
	if len(head) == 0 {
		return "it is empty", captureFix
	}
	if what, ok := isModifiedPcap(head); ok {
		return what, "convert it with editcap FILE NEW.pcapng"
	}
	for _, k := range lookalikes {
		if bytes.HasPrefix(head, []byte(k.magic)) {
			return k.what, k.fix
		}
	}
	if len(head) >= 262 && string(head[257:262]) == "ustar" {
		return "a tar archive", "unpack it with tar -xf"
	}
	if text, ok := asText(head); ok {
		return identifyText(text)
	}
	switch strings.ToLower(filepath.Ext(name)) {
	case ".etl":
		return "by its name a Windows event trace (ETL)", "convert it with etl2pcapng FILE NEW.pcapng"
	case ".erf":
		return "by its name an Endace ERF capture", convertFix
	}
	if isERF(head) {
		return "it looks like an Endace ERF capture", convertFix
	}
	return fmt.Sprintf("unknown data that begins with % x", head[:min(len(head), 8)]), captureFix
}

// asText reports whether b is text, in UTF-8, and cuts what precedes it.
func asText(b []byte) (string, bool) {
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	for cut := 0; cut < utf8.UTFMax && !utf8.Valid(b); cut++ { // the end may split a character
		b = b[:max(len(b)-1, 0)]
	}
	if !utf8.Valid(b) || bytes.ContainsFunc(b, func(r rune) bool {
		return r < ' ' && !strings.ContainsRune("\t\n\r\f\x1b", r)
	}) {
		return "", false
	}
	return strings.TrimLeft(string(b), " \t\r\n"), true
}

func identifyText(text string) (what, fix string) {
	lower := strings.ToLower(text)
	switch {
	case strings.HasPrefix(lower, "<!doctype html"), strings.HasPrefix(lower, "<html"):
		return "an HTML page", "the download gave a web page instead of the file, or " + captureFix
	case strings.Contains(lower, "<pdml"), strings.Contains(lower, "<psml"):
		return "packets printed as XML (PDML)", "use the capture that they were printed from"
	case strings.HasPrefix(text, "<"):
		return "XML", captureFix
	case strings.HasPrefix(text, "{"), strings.HasPrefix(text, "["):
		switch {
		case strings.Contains(text, `"log"`) && (strings.Contains(text, `"creator"`) || strings.Contains(text, `"entries"`)):
			return "a HAR file (a browser's record, without packets)", captureFix
		case strings.Contains(text, `"_index": "packets-`), strings.Contains(text, `"_index":"packets-`):
			return "packets printed as JSON", "use the capture that they were printed from"
		}
		return "JSON", captureFix
	case matches(keyLogLine, text):
		return "a TLS key log", "give it with --keylog and the capture with -r"
	case matches(dumpLine, text), matches(tableLine, text):
		return "packets printed as text", "use the capture that they were printed from, or tcpdump -w FILE"
	}
	return "text", captureFix
}

func matches(line, text string) bool { return regexp.MustCompile(line).MatchString(text) }

// isERF recognizes an Extensible Record Format record, which has no magic, by
// a time between 2000 and 2040, a known type and lengths that agree.
func isERF(b []byte) bool {
	if len(b) < 16 {
		return false
	}
	sec := binary.LittleEndian.Uint32(b[4:])
	kind := b[8] & 0x7f
	length := binary.BigEndian.Uint16(b[10:])
	return sec >= 946684800 && sec < 2208988800 && kind >= 1 && kind <= 48 && length > 16 && length%8 == 0
}
