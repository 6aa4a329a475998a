#include "textflag.h"

// Each routine takes its last bytes as a vector that ends with them, some of them
// again, so that nothing beyond is touched: 32 bytes of 32 or more, 16 of less.

// What a byte is, by its upper four bits and by its lower four: a bit that both
// have. 0x80: { [. 0x40: } ]. 0x01: blanks of 0x09 to 0x0d. 0x02: 0x1e.
// 0x04: blank, quotation mark, comma. 0x08: colon.
DATA ·upper+0(SB)/8, $0xc000c00008040201
DATA ·upper+8(SB)/8, $0
GLOBL ·upper(SB), RODATA|NOPTR, $16
DATA ·lower+0(SB)/8, $0x0000000000040004
DATA ·lower+8(SB)/8, $0x0002410480090100
GLOBL ·lower(SB), RODATA|NOPTR, $16

DATA bytes<>+0(SB)/4, $0x0f0f0f0f
DATA bytes<>+4(SB)/4, $0x22222222 // quotation mark
DATA bytes<>+8(SB)/4, $0x5c5c5c5c // backslash
DATA bytes<>+12(SB)/4, $0x20202020
DATA bytes<>+16(SB)/4, $0x7f7f7f7f
GLOBL bytes<>(SB), RODATA|NOPTR, $20

// Looks at the vector x: what is beyond ASCII goes to the top bits of beyond, what
// is a control character or a backslash to odd. Signed, 0x20 exceeds more than
// the control characters, but nothing else that is ASCII.
#define LOOK(x, t, u, space, del, slash, beyond, odd) \
	VPOR     x, beyond, beyond \
	VPCMPGTB x, space, t       \
	VPCMPEQB x, del, u         \
	VPOR     t, odd, odd       \
	VPCMPEQB x, slash, t       \
	VPOR     u, odd, odd       \
	VPOR     t, odd, odd

#define CONSTANTS \
	VPBROADCASTD bytes<>+12(SB), Y8  \
	VPBROADCASTD bytes<>+16(SB), Y9  \
	VPBROADCASTD bytes<>+8(SB), Y10 \
	VPXOR        Y0, Y0, Y0          \
	VPXOR        Y1, Y1, Y1

// func look(p *byte, n int) (beyond, odd uint32)
TEXT ·look(SB), NOSPLIT, $0-24
	MOVQ p+0(FP), SI
	MOVQ n+8(FP), CX
	CONSTANTS
	SUBQ $32, CX
	JB   short
	XORQ AX, AX
	JMP  next

loop:
	VMOVDQU (SI)(AX*1), Y2
	LOOK(Y2, Y3, Y4, Y8, Y9, Y10, Y0, Y1)
	ADDQ $32, AX

next:
	CMPQ AX, CX
	JB   loop
	VMOVDQU (SI)(CX*1), Y2
	LOOK(Y2, Y3, Y4, Y8, Y9, Y10, Y0, Y1)
	JMP  done

short:
	VMOVDQU (SI), X2
	LOOK(X2, X3, X4, X8, X9, X10, X0, X1)
	VMOVDQU 16(SI)(CX*1), X2
	LOOK(X2, X3, X4, X8, X9, X10, X0, X1)

done:
	VPMOVMSKB Y0, AX
	VPMOVMSKB Y1, BX
	VZEROUPPER
	MOVL AX, beyond+16(FP)
	MOVL BX, odd+20(FP)
	RET

// func unmask(dst, src *byte, n int, key uint32) (beyond, odd uint32)
TEXT ·unmask(SB), NOSPLIT, $0-40
	MOVQ         dst+0(FP), DI
	MOVQ         src+8(FP), SI
	MOVQ         n+16(FP), DX
	MOVL         key+24(FP), R8
	VMOVD        R8, X5
	VPBROADCASTD X5, Y5
	LEAL         (DX*8), CX
	RORL         CX, R8     // as the key falls on the last vector
	VMOVD        R8, X6
	VPBROADCASTD X6, Y6
	CONSTANTS
	SUBQ $32, DX
	JB   short
	XORQ AX, AX
	JMP  next

loop:
	VPXOR   (SI)(AX*1), Y5, Y2
	VMOVDQU Y2, (DI)(AX*1)
	LOOK(Y2, Y3, Y4, Y8, Y9, Y10, Y0, Y1)
	ADDQ    $32, AX

next:
	CMPQ AX, DX
	JB   loop
	VPXOR   (SI)(DX*1), Y6, Y2
	VMOVDQU Y2, (DI)(DX*1)
	LOOK(Y2, Y3, Y4, Y8, Y9, Y10, Y0, Y1)
	JMP  done

short:
	VPXOR   (SI), X5, X2
	VMOVDQU X2, (DI)
	LOOK(X2, X3, X4, X8, X9, X10, X0, X1)
	VPXOR   16(SI)(DX*1), X6, X2
	VMOVDQU X2, 16(DI)(DX*1)
	LOOK(X2, X3, X4, X8, X9, X10, X0, X1)

done:
	VPMOVMSKB Y0, AX
	VPMOVMSKB Y1, BX
	VZEROUPPER
	MOVL AX, beyond+32(FP)
	MOVL BX, odd+36(FP)
	RET

// The meaning of each byte of x, as above. VPSHUFB gives 0 for bytes beyond ASCII.
#define MEANING(x, t, meaning) \
	VPSRLW  $4, x, t             \
	VPAND   Y10, t, t            \
	VPSHUFB t, Y8, t             \
	VPSHUFB x, Y9, meaning       \
	VPAND   t, meaning, meaning

// Joins the bits of two vectors to a word of a map. The second begins R8 bytes
// behind the first; the first R9 bytes have words of their own already.
#define JOIN(first, second, word) \
	SHLXQ R8, second, second \
	ORQ   second, first      \
	SHRXQ R9, first, first   \
	MOVQ  first, word

// func fill(stops *uint64, p *byte, n int, size uintptr) (complex uint32)
TEXT ·fill(SB), NOSPLIT, $0-36
	MOVQ           stops+0(FP), DI
	MOVQ           p+8(FP), SI
	MOVQ           n+16(FP), DX
	MOVQ           size+24(FP), R10
	LEAQ           (R10)(R10*2), R11
	VBROADCASTI128 ·upper(SB), Y8
	VBROADCASTI128 ·lower(SB), Y9
	VPBROADCASTD   bytes<>+0(SB), Y10
	VPBROADCASTD   bytes<>+4(SB), Y11
	VPBROADCASTD   bytes<>+8(SB), Y12
	VPXOR          Y13, Y13, Y13
	VPXOR          Y7, Y7, Y7          // top bits of all bytes seen, and backslashes
	MOVQ           $32, R8
	XORQ           R9, R9

next:
	CMPQ    DX, $64
	JB      last
	VMOVDQU (SI), Y0
	VMOVDQU 32(SI), Y1

map:
	VPOR Y0, Y7, Y7
	VPOR Y1, Y7, Y7
	MEANING(Y0, Y2, Y3)
	MEANING(Y1, Y2, Y4)

	VPCMPEQB  Y0, Y11, Y2
	VPCMPEQB  Y0, Y12, Y0
	VPOR      Y0, Y7, Y7
	VPOR      Y2, Y0, Y0
	VPCMPEQB  Y1, Y11, Y2
	VPCMPEQB  Y1, Y12, Y1
	VPOR      Y1, Y7, Y7
	VPOR      Y2, Y1, Y1
	VPMOVMSKB Y0, AX
	VPMOVMSKB Y1, BX
	JOIN(AX, BX, (DI))

	VPCMPEQB  Y3, Y13, Y0
	VPCMPEQB  Y4, Y13, Y1
	VPMOVMSKB Y0, AX
	VPMOVMSKB Y1, BX
	NOTL      AX
	NOTL      BX
	JOIN(AX, BX, (DI)(R10*1))

	VPMOVMSKB Y3, AX
	VPMOVMSKB Y4, BX
	JOIN(AX, BX, (DI)(R10*2))

	VPADDB    Y3, Y3, Y3
	VPADDB    Y4, Y4, Y4
	VPMOVMSKB Y3, AX
	VPMOVMSKB Y4, BX
	JOIN(AX, BX, (DI)(R11*1))

	ADDQ $8, DI
	ADDQ $64, SI
	SUBQ $64, DX
	JA   next

	XORL BX, BX
	MOVQ BX, (DI)
	MOVQ BX, (DI)(R10*1)
	MOVQ BX, (DI)(R10*2)
	MOVQ BX, (DI)(R11*1)
	VPMOVMSKB Y7, AX
	VZEROUPPER
	MOVL AX, complex+32(FP)
	RET

last:
	// DX bytes are left. Where there are 64 before their end, take those.
	MOVQ    n+16(FP), AX
	CMPQ    AX, $64
	JB      only
	VMOVDQU -64(SI)(DX*1), Y0
	VMOVDQU -32(SI)(DX*1), Y1
	MOVQ    $64, R9
	SUBQ    DX, R9
	JMP     map

only:
	MOVQ    DX, R8
	SUBQ    $32, R8
	JB      half
	VMOVDQU (SI), Y0
	VMOVDQU (SI)(R8*1), Y1
	JMP     map

half:
	ADDQ    $16, R8
	VMOVDQU (SI), X0
	VMOVDQU (SI)(R8*1), X1
	JMP     map
