//go:build !amd64

package survey

// Other processors take words, see unmaskWords and fillWords.
const (
	vectors     = false
	vectorLeast = 0
	wide        = false
	wideMost    = 0
)

func look(p *byte, n int) (beyond, odd uint32)                          { return 0, 0 }
func unmask(dst, src *byte, n int, key uint32) (beyond, odd uint32)     { return 0, 0 }
func fill(stops *uint64, p *byte, n int, size uintptr) (complex uint32) { return 0 }
func lookWide(p *byte, n int) Kind                                      { return Mixed }
func unmaskWide(dst, src *byte, n int, key uint32) Kind                 { return Mixed }
func outline(o *Outline, p *byte, n int) (marks int, ascii bool)        { return 0, false }
