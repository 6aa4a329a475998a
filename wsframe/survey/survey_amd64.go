package survey

import "golang.org/x/sys/cpu"

// vectors says that the processor has the instructions of survey_amd64.s.
var vectors = cpu.X86.HasAVX2 && cpu.X86.HasBMI2

// vectorLeast is the number of bytes from which on they serve.
const vectorLeast = 16

// wide says that it has those of wide_amd64.s.
var wide = vectors && cpu.X86.HasPOPCNT && cpu.X86.HasPCLMULQDQ &&
	cpu.X86.HasAVX512F && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512VL && cpu.X86.HasAVX512VBMI2

// wideMost is the number of bytes up to which they serve.
const wideMost = 128

// look tells of n bytes at p, at least vectorLeast, whether some are beyond ASCII,
// and whether some are control characters or a backslash: not 0 if so.
//
//go:noescape
func look(p *byte, n int) (beyond, odd uint32)

// unmask puts n bytes at src, xored with key, to dst, and looks at them.
//
//go:noescape
func unmask(dst, src *byte, n int, key uint32) (beyond, odd uint32)

// fill maps n bytes at p, at least vectorLeast and as many as the map has room for,
// and tells whether some are beyond ASCII or a backslash: not 0 if so. stops is
// the first word of a Map or Pair; the words of each meaning are size bytes behind
// those of the one before.
//
//go:noescape
func fill(stops *uint64, p *byte, n int, size uintptr) (complex uint32)

// lookWide is the kind of n bytes at p, wideMost at most.
//
//go:noescape
func lookWide(p *byte, n int) Kind

// unmaskWide puts n bytes at src, wideMost at most, xored with key, to dst, and
// returns their kind. It writes wideMost bytes: what is masked out of a store cannot
// be loaded again before it is in the cache.
//
//go:noescape
func unmaskWide(dst, src *byte, n int, key uint32) Kind

// outline makes o the outline of n bytes at p, as fillWords does.
//
//go:noescape
func outline(o *Outline, p *byte, n int) (marks int, ascii bool)
