package reassembly_test

import (
	"strings"
	"testing"

	"wstap/capture"
	"wstap/reassembly"
	"wstap/reassembly/reassemblytest"
)

// handshake is how most scripts begin: packets 1 to 3.
const handshake = `
	c S  0   scale=7
	s SA 0 1 scale=7
	c A  1 1
`

// phenomena are what networks and capture points do to segments, each with
// the calls that it must lead to. A line of want is a call; see Recorder.
var phenomena = []struct{ name, script, want string }{
	{"in order", handshake + `
		c PA 1 1 "GET"
		s A  1 4
		s PA 1 4 "OK"
		c A  4 3
		c FA 4 3
		s FA 3 5
		c A  5 4`, `
		0 open #1
		0 client "GET" #4
		0 server "OK" #6
		0 client fin #8
		0 close fin by client #9`},
	{"bare handshake", handshake + `
		c FA 1 1
		s FA 1 2`, ``},
	{"refused", `
		c S  0
		s RA 0 1`, ``},
	{"out of order", handshake + `
		c A 4 1 "def"
		c A 7 1 "ghi"
		c A 1 1 "abc"
		s A 1 10`, `
		0 open #1
		0 client "abc" #6
		0 client "def" #4
		0 client "ghi" #5
		0 close capture ended #7`},
	{"retransmission", handshake + `
		c A 1 1 "abc"
		c A 1 1 "abc"
		c A 2 1 "bcd"
		c A 1 1 "a"`, `
		0 open #1
		0 client "abc" #4
		0 client "d" #6
		0 close capture ended #7`},
	{"overlap on both sides of what is queued", handshake + `
		c A 5 1 "ef"
		c A 3 1 "cdefgh"
		c A 1 1 "abcd"`, `
		0 open #1
		0 client "ab" #6
		0 client "cd" #5
		0 client "ef" #4
		0 client "gh" #5
		0 close capture ended #6`},
	{"conflict: the first copy wins", handshake + `
		c A 4 1 "def"
		c A 3 1 "cDEfg"
		c A 1 1 "ab"`, `
		0 open #1
		0 client conflict 2 #5
		0 client "ab" #6
		0 client "c" #5
		0 client "def" #4
		0 client "g" #5
		0 close capture ended #6`},
	{"bytes handed on are not compared", handshake + `
		c A 1 1 "abc"
		c A 1 1 "XYZdef"`, `
		0 open #1
		0 client "abc" #4
		0 client "def" #5
		0 close capture ended #5`},
	{"wraparound at 2^32", `
		isn c 4294967293
		isn s 4294967295
		c S  0
		s SA 0 1
		c A  1 1 "abcdef"
		c A  10 1 "j"
		c A  7 1 "ghi"
		s A  1 11 "xyz"
		c FA 11 4
		s FA 4 12`, `
		0 open #1
		0 client "abcdef" #3
		0 client "ghi" #5
		0 client "j" #4
		0 server "xyz" #6
		0 client fin #7
		0 close fin by client #8`},
	{"SYN-ACK first", `
		s SA 0 1
		c S  0
		c A  1 1 "abc"
		s A  1 4 "xyz"`, `
		0 open #1
		0 client "abc" #3
		0 server "xyz" #4
		0 close capture ended #4`},
	{"SYN-ACK behind the server's second segment", `
		c S  0
		c A  1 1
		s A  4 1 "def"
		s A  1 1 "abc"
		s SA 0 1`, `
		0 open #1
		0 server "abc" #4
		0 server "def" #3
		0 close capture ended #5`},
	{"simultaneous open", `
		c S  0
		s S  0
		s SA 0 1
		c SA 0 1
		c A  1 1 "abc"
		s A  1 4 "xyz"`, `
		0 open #1
		0 client "abc" #5
		0 server "xyz" #6
		0 close capture ended #6`},
	{"split handshake", `
		c S  0
		s S  0
		c SA 0 1
		s A  1 1
		c A  1 1 "abc"
		s A  1 4 "xyz"`, `
		0 open #1
		0 client "abc" #5
		0 server "xyz" #6
		0 close capture ended #6`},
	{"TCP fast open", `
		c S  0 "GET"
		s SA 0 4 "OK"
		c A  4 3
		c A  4 3 "more"`, `
		0 open #1
		0 client "GET" #1
		0 server "OK" #2
		0 client "more" #4
		0 close capture ended #4`},
	{"TCP fast open, data refused and sent again", `
		c S  0 "GET"
		s SA 0 1
		c A  1 1 "GET"
		s A  1 4 "OK"`, `
		0 open #1
		0 client "GET" #1
		0 server "OK" #4
		0 close capture ended #4`},
	{"keep-alive byte", handshake + `
		c A 1 1 "abc"
		s A 1 4
		+60s c A 3 1 "\x00"
		s A 1 4
		+60s c A 3 1
		s A 1 4
		c A 4 1 "def"`, `
		0 open #1
		0 client "abc" #4
		0 client "def" #10
		0 close capture ended #10`},
	{"keep-alive byte before any data", handshake + `
		+60s c A 0 1 "\x00"
		s A 1 1
		c A 1 1 "abc"`, `
		0 open #1
		0 client "abc" #6
		0 close capture ended #6`},
	{"zero-window probe", handshake + `
		c A 1 1 "abc"
		s A 1 4 win=0
		+1s c A 4 1 "d"
		s A 1 4 win=0
		+1s c A 4 1 "d"
		s A 1 5 win=100
		c A 5 1 "ef"`, `
		0 open #1
		0 client "abc" #4
		0 client "d" #6
		0 client "ef" #10
		0 close capture ended #10`},
	{"FIN out of order", handshake + `
		c FA 4 1 "def"
		c A  1 1 "abc"
		s A  1 8
		s FA 1 8`, `
		0 open #1
		0 client "abc" #5
		0 client "def" #4
		0 client fin #4
		0 close fin by client #7`},
	{"bare FIN out of order", handshake + `
		c FA 4 1
		c A  1 1 "abc"
		s FA 1 5`, `
		0 open #1
		0 client "abc" #5
		0 client fin #4
		0 close fin by client #6`},
	{"half-close, the other side goes on", handshake + `
		c FA 1 1 "abc"
		s A  1 5
		s A  1 5 "xyz"
		c A  5 4
		s FA 4 5 "end"`, `
		0 open #1
		0 client "abc" #4
		0 client fin #4
		0 server "xyz" #6
		0 server "end" #8
		0 close fin by client #8`},
	{"half-close before any data", handshake + `
		c FA 1 1
		s A  1 2
		s A  1 2 "xyz"
		s FA 4 2`, `
		0 open #1
		0 server "xyz" #6
		0 client fin #4
		0 close fin by client #7`},
	{"FIN while the other side's first byte is missing", handshake + `
		c A  4 1 "def"
		s FA 1 1
		c A  1 1 "abc"
		c FA 7 2`, `
		0 open #1
		0 client "abc" #6
		0 client "def" #4
		0 server fin #5
		0 close fin by server #7`},
	{"data behind the FIN", handshake + `
		c FA 1 1 "abc"
		c A  4 1 "def"
		c A  5 1 "ghi"`, `
		0 open #1
		0 client "abc" #4
		0 client fin #4
		0 close capture ended #6`},
	{"FIN in the middle of what is queued", handshake + `
		c A  4 1 "def"
		c F  5
		c A  1 1 "abc"
		c FA 7 1`, `
		0 open #1
		0 client "abc" #6
		0 client "def" #4
		0 client fin #7
		0 close capture ended #7`},
	{"FIN not captured", handshake + `
		c A  1 1 "abc"
		s A  1 5
		s FA 1 5`, `
		0 open #1
		0 client "abc" #4
		0 server fin #6
		0 close capture ended #6`},
	{"RST at the next sequence number", handshake + `
		c A  1 1 "abc"
		s RA 1 4`, `
		0 open #1
		0 client "abc" #4
		0 close rst by server #5`},
	{"RST behind bytes that come later", handshake + `
		c A  1 1 "abc"
		c RA 7 1
		c A  4 1 "def"
		s A  1 7`, `
		0 open #1
		0 client "abc" #4
		0 client "def" #6
		0 close rst by client #5`},
	{"RST within the window, refuted", handshake + `
		c A  1 1 "abc"
		c R  100
		+1s c A 4 1 "def"
		+40s c A 7 1 "ghi"`, `
		0 open #1
		0 client "abc" #4
		0 client "def" #6
		0 client "ghi" #7
		0 close capture ended #7`},
	{"RST within the window, believed after a while", handshake + `
		c A  1 1 "abc"
		c R  100
		port 40001
		+31s c S 0`, `
		0 open #1
		0 client "abc" #4
		0 close rst by client #5`},
	{"old RST", handshake + `
		c A 1 1 "abc"
		s A 1 4
		c R 1
		+40s c A 4 1 "def"`, `
		0 open #1
		0 client "abc" #4
		0 client "def" #7
		0 close capture ended #7`},
	{"forged RST outside the window", handshake + `
		c A 1 1 "abc"
		c R 100000000
		+40s c A 4 1 "def"`, `
		0 open #1
		0 client "abc" #4
		0 client "def" #6
		0 close capture ended #6`},
	{"data crossing an RST", handshake + `
		c A 1 1 "abc"
		s R 1
		c A 4 1 "def"
		c R 4`, `
		0 open #1
		0 client "abc" #4
		0 close rst by server #5`},
	{"port reused, new ISN", handshake + `
		c A 1 1 "abc"
		isn c 70000
		isn s 90000
		c S  0
		s SA 0 1
		c A  1 1 "xyz"`, `
		0 open #1
		0 client "abc" #4
		0 close port reused #5
		1 open #5
		1 client "xyz" #7
		1 close capture ended #7`},
	{"port reused after FIN, same ISN", handshake + `
		c FA 1 1 "abc"
		s FA 1 5
		c S  0
		s SA 0 1
		c A  1 1 "xyz"`, `
		0 open #1
		0 client "abc" #4
		0 client fin #4
		0 close fin by client #5
		1 open #6
		1 client "xyz" #8
		1 close capture ended #8`},
	{"SYN again", handshake + `
		c A 1 1 "abc"
		c S 0
		c A 4 1 "def"`, `
		0 open #1
		0 client "abc" #4
		0 client "def" #6
		0 close capture ended #6`},
	{"forged SYN: the stream goes on under another number", handshake + `
		c A 1 1 "abc"
		s A 1 4
		isn c 3000000000
		c S 0
		isn c 1000
		s A 1 4
		c A 4 1 "def"
		s A 1 7 "xyz"`, `
		0 open #1
		0 client "abc" #4
		0 close port reused #6
		1 open #6
		1 client "def" #8
		1 server "xyz" #9
		1 close capture ended #9`},
	{"far-future byte", handshake + `
		c A 1 1 "abc"
		c A 900000000 1 "X"
		c A 4 1 "def"
		s A 1 7`, `
		0 open #1
		0 client "abc" #4
		0 client "def" #6
		0 close capture ended #7`},
	{"far-future byte, again and again", handshake + `
		c A 1 1 "abc"
		c A 900000000 1 "X"
		c A 900000000 1 "X"
		c A 900000000 1 "X"
		c A 900000000 1 "X"
		c A 900000000 1 "X"
		c A 4 1 "def"`, `
		0 open #1
		0 client "abc" #4
		0 client "def" #10
		0 close capture ended #10`},
	{"a long stretch missing, outside the window", handshake + `
		c A 1 1 "abc"
		c A 100000000 1 "a"
		c A 100000001 1 "b"
		c A 100000002 1 "c"
		c A 100000003 1 "d"
		c A 100000004 1 "e"`, `
		0 open #1
		0 client "abc" #4
		0 client gap 99999999 closed #8
		0 client "d" #8
		0 client "e" #9
		0 close capture ended #9`},
	{"forged ACK far ahead", handshake + `
		c A 1 1 "abc"
		s A 1 900000000
		c A 4 1 "def"
		s A 1 7`, `
		0 open #1
		0 client "abc" #4
		0 client "def" #6
		0 close capture ended #7`},
	{"ACK before its data", handshake + `
		s A 1 4 "OK"
		c A 1 1 "GET"
		c A 4 3`, `
		0 open #1
		0 client "GET" #5
		0 server "OK" #4
		0 close capture ended #6`},
	{"FIN before the data that it answers", handshake + `
		s FA 1 4
		c A 1 1 "GET"`, `
		0 open #1
		0 client "GET" #5
		0 server fin #4
		0 close capture ended #5`},
	{"mutual wrong ACKs", handshake + `
		c A 1 4 "abc"
		s A 1 4 "xyz"
		c A 4 4 "def"`, `
		0 open #1
		0 client "abc" #4
		0 server "xyz" #5
		0 client "def" #6
		0 close capture ended #6`},
	{"one direction only", `
		c S 0
		c A 1 1
		c A 1 1 "GET"
		c A 4 100
		c A 4 100 "more"
		c FA 8 200`, `
		0 open #1
		0 client "GET" #3
		0 client "more" #5
		0 client fin #6
		0 server gap 199 acked #6
		0 close capture ended #6`},
	{"one direction only, the other's", `
		s SA 0 1
		s A 1 4 "OK"
		s A 3 8 "OK"`, `
		0 open #1
		0 server "OK" #2
		0 server "OK" #3
		0 client gap 7 acked #3
		0 close capture ended #3`},
	{"gap by ACK, after a while", handshake + `
		c A 1 1 "abc"
		c A 7 1 "ghi"
		s A 1 10 "OK"
		+11s c A 10 3 "jkl"`, `
		0 open #1
		0 client "abc" #4
		0 client gap 3 acked #6
		0 client "ghi" #5
		0 server "OK" #6
		0 client "jkl" #7
		0 close capture ended #7`},
	{"gap by time", handshake + `
		c A 1 1 "abc"
		c A 7 1 "ghi"
		+31s c A 10 1 "jkl"`, `
		0 open #1
		0 client "abc" #4
		0 client gap 3 limit #5
		0 client "ghi" #5
		0 client "jkl" #6
		0 close capture ended #6`},
	{"gap at the end", handshake + `
		c A 1 1 "abc"
		c A 7 1 "ghi"`, `
		0 open #1
		0 client "abc" #4
		0 client gap 3 closed #5
		0 client "ghi" #5
		0 close capture ended #5`},
	{"gap first of all", handshake + `
		c A 4 1 "def"
		s A 1 7`, `
		0 open #1
		0 client gap 3 acked #5
		0 client "def" #4
		0 close capture ended #5`},
	{"tail lost", handshake + `
		c A 1 1 "abc"
		s A 1 104
		+11s s A 1 104`, `
		0 open #1
		0 client "abc" #4
		0 client gap 100 acked #5
		0 close capture ended #6`},
	{"lost up to the FIN", handshake + `
		c A  1 1 "abc"
		c FA 7 1
		s A  1 8
		+11s s FA 1 8`, `
		0 open #1
		0 client "abc" #4
		0 client gap 3 acked #6
		0 client fin #5
		0 close fin by client #7`},
	{"truncated", handshake + `
		c A 1 1 "abc" cut=7
		c A 11 1 "def"
		s A 1 14`, `
		0 open #1
		0 client "abc" #4
		0 client gap 7 truncated #4
		0 client "def" #5
		0 close capture ended #6`},
	{"truncated, all of it", handshake + `
		c A 1 1 cut=7
		c FA 8 1`, `
		0 open #1
		0 client gap 7 truncated #4
		0 client fin #5
		0 close capture ended #5`},
	{"truncated, overlapping what was handed on", handshake + `
		c A 1 1 "abc" cut=7
		c A 6 1 "xx" cut=8
		c A 9 1 "xx" cut=8`, `
		0 open #1
		0 client "abc" #4
		0 client gap 7 truncated #4
		0 client gap 5 truncated #5
		0 client gap 3 truncated #6
		0 close capture ended #6`},
	{"truncated, overlapping what is queued", handshake + `
		c A 4 1 "de" cut=6
		c A 2 1 "bc" cut=20
		c A 1 1 "abc"`, `
		0 open #1
		0 client "a" #6
		0 client "bc" #5
		0 client "de" #4
		0 client gap 6 truncated #4
		0 client gap 12 truncated #5
		0 close capture ended #6`},
	{"mid-stream", `
		s A 50 60 "abc"
		c A 60 53 "xyz"
		s A 53 63 "def"`, `
		0 open #1
		0 client "abc" #1
		0 server "xyz" #2
		0 client "def" #3
		0 close capture ended #3`},
	{"mid-stream, one side 3 GB on before its first byte is seen", `
		c A 1 1 "a"
		c A 2 1000000000 "b"
		c A 3 2000000000 "c"
		c A 4 3000000000 "d"
		s A 3000000000 5 "xyz"
		c A 5 3000000003 "e"`, `
		0 open #1
		0 client "a" #1
		0 client "b" #2
		0 client "c" #3
		0 client "d" #4
		0 server "xyz" #5
		0 client "e" #6
		0 close capture ended #6`},
	{"no timestamps", `
		notime` + handshake + `
		c A 4 1 "def"
		c A 1 1 "abc"
		s A 1 7
		c FA 7 1
		s FA 1 8`, `
		0 open #1
		0 client "abc" #5
		0 client "def" #4
		0 client fin #7
		0 close fin by client #8`},
	{"no timestamps, a gap", `
		notime` + handshake + `
		c A 4 1 "def"
		s A 1 7` + strings.Repeat("\nc A 7 1", 64) + `
		c A 7 1 "ghi"`, `
		0 open #1
		0 client gap 3 acked #5
		0 client "def" #4
		0 client "ghi" #70
		0 close capture ended #70`},
	{"times going back: waiting begins anew", handshake + `
		-1h c A 4 1 "def"
		s A 1 7
		c A 1 1 "abc"`, `
		0 open #1
		0 client "abc" #6
		0 client "def" #4
		0 close capture ended #6`},
	{"idle for hours, kept alive", handshake + `
		c A 1 1 "abc"
		+2h c A 3 1
		s A 1 4
		+2h c A 4 1 "def"`, `
		0 open #1
		0 client "abc" #4
		0 client "def" #7
		0 close capture ended #7`},
	{"one time a month ahead", handshake + `
		c A 1 1 "abc"
		port 40001
		+720h c S 0
		port 40000
		-720h c A 4 1 "def"
		c A 7 1 "ghi"`, `
		0 open #1
		0 client "abc" #4
		0 client "def" #6
		0 client "ghi" #7
		0 close capture ended #7`},
	{"idle for a day", handshake + `
		c A 1 1 "abc"
		port 40001
		+24h c S 0
		port 40000
		c A 4 1 "def"`, `
		0 open #1
		0 client "abc" #4
		0 close timeout #6
		2 open #6
		2 client "def" #6
		2 close capture ended #6`},
}

func TestPhenomena(t *testing.T) {
	for _, p := range phenomena {
		t.Run(p.name, func(t *testing.T) {
			r := &reassemblytest.Recorder{}
			run(t, r, reassemblytest.Script(p.script))
			compare(t, r, p.want)
		})
	}
}

// run feeds segments to a new Assembler and closes it.
func run(t *testing.T, h reassembly.Handler, segments []capture.Segment) *reassembly.Assembler {
	t.Helper()
	a := reassembly.New(h, reassembly.Options{})
	for i := range segments {
		if err := a.Segment(&segments[i]); err != nil {
			t.Fatalf("packet %d: %v", segments[i].Packet, err)
		}
		if err := reassembly.Check(a); err != nil {
			t.Fatalf("packet %d: %v", segments[i].Packet, err)
		}
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if n := reassembly.Queued(a); n != 0 {
		t.Errorf("%d bytes queued after Close", n)
	}
	return a
}

// compare checks a transcript, and that the contract was kept.
func compare(t *testing.T, r *reassemblytest.Recorder, want string) {
	t.Helper()
	for _, f := range r.Faults {
		t.Error(f)
	}
	var lines []string
	for _, l := range strings.Split(want, "\n") {
		if l = strings.TrimSpace(l); l != "" {
			lines = append(lines, l)
		}
	}
	want = strings.Join(lines, "\n")
	if got := strings.TrimSuffix(r.String(), "\n"); got != want {
		t.Errorf("calls:\n%s\nwant:\n%s", got, want)
	}
}
