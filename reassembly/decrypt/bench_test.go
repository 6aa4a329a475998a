package decrypt

import (
	"fmt"
	"testing"
	"time"

	"wstap/capture"
	"wstap/reassembly"
)

// sink is a Handler that looks at nothing.
type sink struct{}

func (sink) Open(*reassembly.Stream) reassembly.StreamHandler              { return sink{} }
func (sink) Advance(time.Time) error                                       { return nil }
func (sink) Data(reassembly.Direction, []byte, capture.Stamp) error        { return nil }
func (sink) Gap(reassembly.Direction, reassembly.Gap, capture.Stamp) error { return nil }
func (sink) Close(reassembly.Reason, capture.Stamp) error                  { return nil }

// BenchmarkTLS13 is the decryption of records of several sizes, each in
// segments of an Ethernet's size.
func BenchmarkTLS13(b *testing.B) {
	for _, id := range []uint16{0x1301, 0x1302, 0x1303} {
		for _, size := range []int{100, 1300, 16000} {
			b.Run(fmt.Sprintf("%s/%d", suite13(id).name, size), func(b *testing.B) {
				keys := new(KeyLog)
				fmt.Fprintf(logWriter{keys}, "SERVER_TRAFFIC_SECRET_0 %064x %x\n", 0, secretOf(id, 5))
				s := newSealer(b, id, secretOf(id, 5), 0)
				var w wire
				for range 4 << 20 / size {
					w = append(w, piece{reassembly.FromServer, s.seal(typeApplication, make([]byte, size), 0)})
				}
				w = w.cut(1448)
				h := New(sink{}, keys, Options{})
				b.SetBytes(4 << 20)
				for b.Loop() {
					s := h.Open(stream())
					for i := range w {
						if i == 0 {
							for _, p := range []piece{{reassembly.FromClient, hello(msgClientHello, [32]byte{}, 0)}, {reassembly.FromServer, hello(msgServerHello, [32]byte{}, id)}} {
								if err := s.Data(p.dir, p.data, stamp(0)); err != nil {
									b.Fatal(err)
								}
							}
						}
						if err := s.Data(reassembly.FromServer, w[i].data, capture.Stamp{}); err != nil {
							b.Fatal(err)
						}
					}
					if h.Stats().Failed > 0 {
						b.Fatal("not all was opened")
					}
				}
			})
		}
	}
}
