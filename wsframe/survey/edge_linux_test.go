package survey

import (
	"math/rand/v2"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// TestNothingBeyondIsTouched puts texts at both ends of a page whose neighbors
// may not be touched.
func TestNothingBeyondIsTouched(t *testing.T) {
	page := os.Getpagesize()
	pages := func() []byte {
		b, err := unix.Mmap(-1, 0, 3*page, unix.PROT_NONE, unix.MAP_PRIVATE|unix.MAP_ANON)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { unix.Munmap(b) })
		if err := unix.Mprotect(b[page:2*page], unix.PROT_READ|unix.PROT_WRITE); err != nil {
			t.Fatal(err)
		}
		return b[page : 2*page : 2*page]
	}
	src, dst := pages(), pages()
	r := rand.New(rand.NewPCG(5, 6))
	for n := range 2 * Window {
		for _, at := range []int{0, page - n} {
			s, d := src[at:at+n], dst[at:at+n]
			copy(s, text(r, n))
			Of(s)
			Unmask(d, s, [4]byte{1, 2, 3, 4})
			Unmask(d[:n:n], s, [4]byte{1, 2, 3, 4})
			new(Map).Fill(s)
			new(Pair).Fill(s[:min(n, PairWindow)])
			if n > 1 {
				s[0], s[n-1] = '{', '}'
				new(Outline).Fill(s)
			}
		}
	}
}
