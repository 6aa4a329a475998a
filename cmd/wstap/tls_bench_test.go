package main

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"wstap/capture"
	"wstap/capture/capturetest"
)

// BenchmarkTLS prints the timeline of the same session plain and over TLS 1.3,
// and tells the payload read in a second of CPU time, and TLS's share of the
// plain figure. The whole process is measured, start-up too.
func BenchmarkTLS(b *testing.B) {
	for _, size := range []int{150, 1400, 16000} {
		plain, secret, keys := sessionTwice(b, size)
		dir := b.TempDir()
		log := filepath.Join(dir, "keys.log")
		if err := os.WriteFile(log, keys, 0o600); err != nil {
			b.Fatal(err)
		}
		var speed [2]float64
		for i, run := range []struct {
			name    string
			packets []capture.Packet
		}{{"plain", plain}, {"tls", secret}} {
			file := filepath.Join(dir, run.name+".pcap")
			writeCapture(b, file, run.packets)
			b.Run(fmt.Sprintf("%d bytes a message/%s", size, run.name), func(b *testing.B) {
				var cpu time.Duration
				for b.Loop() {
					cpu += cpuOf(b, "wstap", "-r", file, "--keylog", log)
				}
				speed[i] = float64(sessionBytes) * float64(b.N) / cpu.Seconds() / 1e6
				b.ReportMetric(speed[i], "MB/cpu-s")
				if i == 1 {
					b.ReportMetric(speed[1]/speed[0], "of-plain")
				}
			})
		}
	}
}

// cpuOf runs this binary as wstap and returns the CPU time that it took.
func cpuOf(b *testing.B, args ...string) time.Duration {
	b.Helper()
	exe, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Args = args
	if err := cmd.Run(); err != nil {
		b.Fatal(err)
	}
	return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
}

func writeCapture(b *testing.B, path string, packets []capture.Packet) {
	b.Helper()
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	w := bufio.NewWriter(f)
	if err := capturetest.WritePcap(w, packets); err != nil {
		b.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		b.Fatal(err)
	}
}

// sessionBytes is how much payload a session carries.
const sessionBytes = 64 << 20

// sessionTwice makes a session of sessionBytes, plain and over TLS 1.3, and the
// key log of the latter. Each message is a write, and so a record.
func sessionTwice(b *testing.B, size int) (plain, secret []capture.Packet, keys []byte) {
	b.Helper()
	writes := []struct {
		from capturetest.Direction
		data []byte
	}{
		{capturetest.FromClient, capturetest.Upgrade("/", "h").Append(nil)},
		{capturetest.FromServer, capturetest.Switching(capturetest.Key).Append(nil)},
	}
	for total := 0; total < sessionBytes; total += size {
		f := capturetest.Frame{Opcode: capturetest.OpText, Payload: bytes.Repeat([]byte("a"), size)}
		w := writes[1]
		w.data = f.Append(nil)
		writes = append(writes, w)
	}
	trace := capturetest.NewTrace()
	conn := trace.Conn(capturetest.Config{})
	conn.Open()
	for _, w := range writes {
		conn.Send(w.from, capturetest.Segment{Payload: w.data})
	}
	plain = trace.Packets()

	trace = capturetest.NewTrace()
	conn = trace.Conn(capturetest.Config{})
	conn.Open()
	var log bytes.Buffer
	client, server := net.Pipe()
	down := &wire{Conn: server, send: func(p []byte) { conn.Send(capturetest.FromServer, capturetest.Segment{Payload: p}) }}
	up := &wire{Conn: client, send: func(p []byte) { conn.Send(capturetest.FromClient, capturetest.Segment{Payload: p}) }}
	c := tls.Client(up, &tls.Config{InsecureSkipVerify: true, KeyLogWriter: &log, MinVersion: tls.VersionTLS13})
	s := tls.Server(down, &tls.Config{Certificates: []tls.Certificate{certificate(b)}, SessionTicketsDisabled: true, DynamicRecordSizingDisabled: true})
	ends := []*tls.Conn{c, s}
	for _, w := range writes {
		done := make(chan error, 1)
		go func() {
			_, err := io.ReadFull(ends[1-w.from], make([]byte, len(w.data)))
			done <- err
		}()
		if _, err := ends[w.from].Write(w.data); err != nil {
			b.Fatal(err)
		}
		if err := <-done; err != nil {
			b.Fatal(err)
		}
	}
	return plain, trace.Packets(), log.Bytes()
}

// wire notes what is written, in the order in which it is: the pipe hands over
// one write at a time.
type wire struct {
	net.Conn
	send func([]byte)
}

func (w *wire) Write(p []byte) (int, error) {
	w.send(p)
	return w.Conn.Write(p)
}

func certificate(b testing.TB) tls.Certificate {
	b.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		b.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}
