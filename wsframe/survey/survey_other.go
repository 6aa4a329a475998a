//go:build !amd64

package survey

// Other processors take words, see unmaskWords and fillWords.
const (
	vectors     = false
	vectorLeast = 0
)

func look(p *byte, n int) (beyond, odd uint32)                          { return 0, 0 }
func unmask(dst, src *byte, n int, key uint32) (beyond, odd uint32)     { return 0, 0 }
func fill(stops *uint64, p *byte, n int, size uintptr) (complex uint32) { return 0 }
