package capture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

// block is a pcapng block built by hand and not by the Writer: numbers of 2, 4
// and 8 bytes, and strings as they are, padded.
func block(o binary.AppendByteOrder, kind uint32, parts ...any) []byte {
	var body []byte
	for _, p := range parts {
		switch v := p.(type) {
		case uint16:
			body = o.AppendUint16(body, v)
		case uint32:
			body = o.AppendUint32(body, v)
		case int64:
			body = o.AppendUint64(body, uint64(v))
		case string:
			body = append(body, v...)
			body = append(body, make([]byte, -len(v)&3)...)
		}
	}
	total := uint32(len(body) + 12)
	b := o.AppendUint32(o.AppendUint32(nil, kind), total)
	return o.AppendUint32(append(b, body...), total)
}

func sectionBlock(o binary.AppendByteOrder) []byte {
	return block(o, blockSection, uint32(byteOrderMagic), uint16(1), uint16(0), int64(-1))
}

func interfaceBlock(o binary.AppendByteOrder, link LinkType, snap uint32, options ...any) []byte {
	return block(o, blockInterface, append([]any{uint16(link), uint16(0), snap}, options...)...)
}

func enhancedBlock(o binary.AppendByteOrder, id uint32, ticks uint64, length uint32, data string, options ...any) []byte {
	return block(o, blockEnhanced, append([]any{id, uint32(ticks >> 32), uint32(ticks), uint32(len(data)), length, data}, options...)...)
}

func TestPcapngForms(t *testing.T) {
	le, be := binary.LittleEndian, binary.BigEndian
	const us = 1_700_000_000_123_456
	at := time.UnixMicro(us).UTC()
	file := bytes.Join([][]byte{
		sectionBlock(le),
		interfaceBlock(le, LinkEthernet, 5,
			uint16(2), uint16(4), "eth0", uint16(3), uint16(6), "uplink", uint16(9), uint16(1), "\x09", uint16(14), uint16(8), int64(-3600), uint32(0)),
		block(le, 4, "names"), // Name Resolution Block
		enhancedBlock(le, 0, us*1000, 60, "abcde", uint16(1), uint16(3), "why", uint32(0)),
		block(le, blockSimple, uint32(60), "abcde"),
		block(le, blockSecrets, uint32(SecretTLS), uint32(9), "CLIENT_RA"),
		interfaceBlock(le, LinkLinuxSLL2, 0),
		block(le, blockPacket, uint16(1), uint16(7), uint32(us>>32), uint32(us&0xffffffff), uint32(3), uint32(3), "xyz"),
		block(le, 5, "statistics"),     // Interface Statistics Block
		block(le, 0x80000bad, "local"), // a block of private use
		sectionBlock(be),
		interfaceBlock(be, LinkRaw, 0, uint16(9), uint16(1), "\x8a"), // 2^-10 s
		enhancedBlock(be, 0, 3<<10|512, 2, "hi"),
		block(be, blockSimple, uint32(4), "abcd"),
		sectionBlock(le),
	}, nil)
	want := []Packet{
		{Stamp: Stamp{at.Add(-time.Hour), 1}, Data: []byte("abcde"), Link: LinkEthernet, Length: 60, Interface: 0},
		{Stamp: Stamp{time.Time{}, 2}, Data: []byte("abcde"), Link: LinkEthernet, Length: 60, Interface: 0},
		{Stamp: Stamp{at, 3}, Data: []byte("xyz"), Link: LinkLinuxSLL2, Length: 3, Interface: 1},
		{Stamp: Stamp{time.Unix(3, 5e8).UTC(), 4}, Data: []byte("hi"), Link: LinkRaw, Length: 2, Interface: 2},
		{Stamp: Stamp{time.Time{}, 5}, Data: []byte("abcd"), Link: LinkRaw, Length: 4, Interface: 2},
	}
	f, err := NewReader(bytes.NewReader(file), "test")
	got, err := drain(f, err)
	if err != io.EOF {
		t.Fatal(err)
	}
	samePackets(t, got, want)
	wantIfs := []Interface{
		{LinkEthernet, 5, "eth0", "uplink", Nanoseconds, -3600},
		{LinkLinuxSLL2, 0, "", "", Microseconds, 0},
		{LinkRaw, 0, "", "", 0x8a, 0},
	}
	for i, in := range f.Interfaces() {
		if in != wantIfs[i] {
			t.Errorf("interface %d: %+v, want %+v", i, in, wantIfs[i])
		}
	}
	if s := f.Secrets(); len(s) != 1 || s[0].Type != SecretTLS || string(s[0].Data) != "CLIENT_RA" {
		t.Errorf("secrets %+v", s)
	}
}

func TestPcapngDamaged(t *testing.T) {
	le := binary.LittleEndian
	start := append(sectionBlock(le), interfaceBlock(le, LinkEthernet, 0)...)
	whole := enhancedBlock(le, 0, 0, 3, "abc")
	wrongEnd := enhancedBlock(le, 0, 0, 3, "abc")
	wrongEnd[len(wrongEnd)-1] = 1
	skippedWrongEnd := block(le, 77, "abc")
	skippedWrongEnd[len(skippedWrongEnd)-4] = 1
	for _, c := range []struct {
		name  string
		block []byte
		want  string
	}{
		{"interface not described", enhancedBlock(le, 1, 0, 3, "abc"), "a packet of interface 1, which the file does not describe"},
		{"captured length beyond the block", block(le, blockEnhanced, uint32(0), uint32(0), uint32(0), uint32(9), uint32(9), "abc"), "a packet of 9 bytes in a block with room for 4"},
		{"lengths differ", wrongEnd, "the two lengths of a block differ"},
		{"lengths of a skipped block differ", skippedWrongEnd, "the two lengths of a block differ"},
		{"block shorter than a block", []byte{6, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0}, "a block cannot be 8 bytes long"},
		{"length not a multiple of 4", []byte{6, 0, 0, 0, 33, 0, 0, 0, 0, 0, 0, 0}, "a block cannot be 33 bytes long"},
		{"block too short for its type", block(le, blockEnhanced, uint32(0)), "a block is too short for its type"},
		{"packet of 4 GB", []byte{6, 0, 0, 0, 0xfc, 0xff, 0xff, 0xff, 0, 0, 0, 0}, "a block of 4294967292 bytes is not plausible"},
		{"section without byte order", block(le, blockSection, uint32(1), uint32(1), int64(0)), "a section header without a byte-order magic"},
		{"version of the future", block(le, blockSection, uint32(byteOrderMagic), uint16(2), uint16(0), int64(-1)), "pcapng version 2.0 is not known"},
		{"secrets beyond their block", block(le, blockSecrets, uint32(SecretTLS), uint32(99), "abc"), "decryption secrets longer than their block"},
		{"simple packet without an interface", append(sectionBlock(le), block(le, blockSimple, uint32(3), "abc")...), "a packet of interface 0, which the file does not describe"},
	} {
		file := bytes.Join([][]byte{start, whole, c.block, whole}, nil)
		got, err := readBytes(file)
		var bad *FormatError
		if !errors.As(err, &bad) || !strings.Contains(err.Error(), c.want) || len(got) != 1 || bad.Packets != 1 {
			t.Errorf("%s: %d packets, %v; want 1 and %q", c.name, len(got), err, c.want)
		}
		if bad != nil && (bad.Offset < int64(len(start)+len(whole)) || bad.Offset > int64(len(file)-len(whole))) {
			t.Errorf("%s: at byte %d", c.name, bad.Offset)
		}
	}
}

// Options with a length beyond their block end the options, not the reading.
func TestDamagedInterfaceOptions(t *testing.T) {
	le := binary.LittleEndian
	for _, options := range [][]any{
		{uint16(9), uint16(200), "\x03"},
		{uint16(9), uint16(0)},
		{uint16(14), uint16(4), uint32(1)},
		{uint16(2), uint16(65535)},
	} {
		file := bytes.Join([][]byte{sectionBlock(le), interfaceBlock(le, LinkRaw, 0, options...), enhancedBlock(le, 0, 1e6, 1, "x")}, nil)
		got, err := readBytes(file)
		if err != io.EOF || len(got) != 1 || !got[0].Time.Equal(time.Unix(1, 0)) {
			t.Errorf("options %v: %+v, %v", options, got, err)
		}
	}
}

// blocks repeats one block without holding it n times.
type blocks struct {
	head, block []byte
	n           int
	rest        []byte
}

func (b *blocks) Read(p []byte) (int, error) {
	switch {
	case len(b.rest) > 0:
	case len(b.head) > 0:
		b.rest, b.head = b.head, nil
	case b.n == 0:
		return 0, io.EOF
	default:
		b.rest = b.block
		b.n--
	}
	n := copy(p, b.rest)
	b.rest = b.rest[n:]
	return n, nil
}

func (b *blocks) Seek(int64, int) (int64, error) { return 0, errors.ErrUnsupported } // read without a goroutine

func TestInterfacesAreBounded(t *testing.T) {
	le := binary.LittleEndian
	_, err := drain(NewReader(&blocks{head: sectionBlock(le), block: interfaceBlock(le, LinkRaw, 0), n: maxInterfaces + 1}, "test"))
	if err == nil || !strings.Contains(err.Error(), "more than 65536 interfaces") {
		t.Error(err)
	}
}

func TestSecretsAreBounded(t *testing.T) {
	le := binary.LittleEndian
	secret := strings.Repeat("x", 1<<20)
	f, err := NewReader(&blocks{head: sectionBlock(le), block: block(le, blockSecrets, uint32(SecretTLS), uint32(len(secret)), secret), n: 100}, "test")
	if _, err := drain(f, err); err != io.EOF {
		t.Fatal(err)
	}
	kept := 0
	for _, s := range f.Secrets() {
		kept += len(s.Data)
	}
	if kept > maxSecrets || kept < maxSecrets-2*len(secret) {
		t.Errorf("%d bytes kept", kept)
	}
}

// A skipped block may be larger than memory.
func TestHugeUnknownBlock(t *testing.T) {
	le := binary.LittleEndian
	const size = 64 << 20
	head := append(sectionBlock(le), interfaceBlock(le, LinkRaw, 0)...)
	head = le.AppendUint32(le.AppendUint32(head, 0xbad), size)
	src := io.MultiReader(
		&blocks{head: head, block: make([]byte, 1<<16), n: size>>16 - 1},
		bytes.NewReader(append(le.AppendUint32(make([]byte, 1<<16-12), size), enhancedBlock(le, 0, 0, 1, "x")...)))
	f, err := NewReader(src, "test")
	got, err := drain(f, err)
	if err != io.EOF || len(got) != 1 {
		t.Fatalf("%d packets, %v", len(got), err)
	}
	if len(f.in.buf) > blockSize {
		t.Errorf("the buffer grew to %d bytes", len(f.in.buf))
	}
}

// A length alone makes nothing grow: the bytes have to come.
func TestDeclaredLengthAllocatesNothing(t *testing.T) {
	le := binary.LittleEndian
	ng := append(sectionBlock(le), interfaceBlock(le, LinkRaw, 0)...)
	for _, b := range [][]byte{
		pcapBytes(le, pcapMagic, 4, 1, 0, 0, maxPacket, maxPacket, "abc"),
		le.AppendUint64(le.AppendUint32(le.AppendUint32(ng, blockEnhanced), maxBlock), 0),
	} {
		f, err := NewReader(bytes.NewReader(b), "test")
		_, err = drain(f, err)
		var short *TruncatedError
		if !errors.As(err, &short) || len(f.in.buf) > blockSize {
			t.Errorf("%v, buffer of %d bytes", err, len(f.in.buf))
		}
	}
}
