package capture

import (
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

// pcapBytes is a pcap file of one record, built by hand and not by the Writer.
func pcapBytes(o binary.AppendByteOrder, magic uint32, minor uint16, network uint32, sec, frac, incl, orig uint32, data string) []byte {
	b := o.AppendUint32(nil, magic)
	b = o.AppendUint16(b, 2)
	b = o.AppendUint16(b, minor)
	for _, v := range []uint32{0, 0, 65535, network, sec, frac, incl, orig} {
		b = o.AppendUint32(b, v)
	}
	return append(b, data...)
}

func TestPcapForms(t *testing.T) {
	const sec = 1700000000
	for _, o := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
		for _, c := range []struct {
			name               string
			magic              uint32
			minor              uint16
			network            uint32
			frac, incl, orig   uint32
			wantNano, wantSize int
			wantLink           LinkType
		}{
			{"microseconds", pcapMagic, 4, 1, 123456, 3, 60, 123456000, 60, LinkEthernet},
			{"nanoseconds", pcapMagicNano, 4, 276, 123456789, 3, 3, 123456789, 3, LinkLinuxSLL2},
			{"frame check sequence and reserved bits", pcapMagic, 4, 0x2fff0071, 1, 3, 3, 1000, 3, LinkLinuxSLL},
			{"lengths exchanged, as before 2.3", pcapMagic, 2, 101, 0, 60, 3, 0, 60, LinkRaw},
			{"lengths in order at 2.3", pcapMagic, 3, 101, 0, 3, 60, 0, 60, LinkRaw},
			{"no length on the wire", pcapMagic, 4, 1, 0, 3, 0, 0, 3, LinkEthernet},
			{"a second and a half in the fraction", pcapMagic, 4, 1, 1500000, 3, 3, 1500000000, 3, LinkEthernet},
			{"a fraction that is none", pcapMagic, 4, 1, 1<<32 - 1, 3, 3, 1 << 22 * 1000, 3, LinkEthernet},
		} {
			got, err := readBytes(pcapBytes(o, c.magic, c.minor, c.network, sec, c.frac, c.incl, c.orig, "abc"))
			if err != io.EOF || len(got) != 1 {
				t.Errorf("%s, %s: %d packets, %v", c.name, o, len(got), err)
				continue
			}
			p := got[0]
			if want := time.Unix(sec, int64(c.wantNano)); !p.Time.Equal(want) || p.Time.Location() != time.UTC {
				t.Errorf("%s, %s: time %s, want %s", c.name, o, p.Time, want.UTC())
			}
			if p.Length != c.wantSize || p.Link != c.wantLink || string(p.Data) != "abc" || p.Packet != 1 {
				t.Errorf("%s, %s: %+v", c.name, o, p)
			}
		}
	}
}

func TestPcapRefused(t *testing.T) {
	le := binary.LittleEndian
	for _, c := range []struct {
		name   string
		bytes  []byte
		want   string
		offset int64
	}{
		{"Kuznetzov", pcapBytes(le, 0xa1b2cd34, 4, 1, 0, 0, 0, 0, ""), "a modified pcap (Kuznetzov's, magic 0xa1b2cd34): convert it with editcap", 0},
		{"0xa1e2cb12", pcapBytes(binary.BigEndian, 0xa1e2cb12, 4, 1, 0, 0, 0, 0, ""), "magic 0xa1e2cb12", 0},
		{"IXIA", pcapBytes(le, 0x1c0001ac, 4, 1, 0, 0, 0, 0, ""), "an IXIA hardware capture", 0},
		{"version", append(pcapBytes(le, pcapMagic, 4, 1, 0, 0, 0, 0, "")[:4:4], 3, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), "pcap version 3.1", 0},
		{"implausible length", pcapBytes(le, pcapMagic, 4, 1, 0, 0, maxPacket+1, 0, "x"), "damaged at byte 24, after packet 0: a packet of 16777217 bytes is not plausible", 24},
		{"files joined by cat", append(pcapBytes(le, pcapMagic, 4, 1, 0, 0, 0, 0, ""), pcapBytes(le, pcapMagic, 4, 1, 0, 0, 0, 0, "")...), "join captures with mergecap", 40},
	} {
		_, err := readBytes(c.bytes)
		var bad *FormatError
		if !errors.As(err, &bad) || !strings.Contains(err.Error(), c.want) || bad.Offset != c.offset {
			t.Errorf("%s: %v, want %q at %d", c.name, err, c.want, c.offset)
		}
	}
}
