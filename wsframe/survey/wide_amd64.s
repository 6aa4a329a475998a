#include "go_asm.h"
#include "textflag.h"

// 64 bytes at once, with the instructions of AVX-512. What is behind the last byte is
// masked out of a load, which then neither touches nor tells it: so there is no
// branch on how many bytes are left, which is often mispredicted.

DATA byte<>+0(SB)/1, $0x20 // the first printable character
DATA byte<>+1(SB)/1, $0x5f // how many of them there are
DATA byte<>+2(SB)/1, $0x5c // backslash
DATA byte<>+3(SB)/1, $0x22 // quotation mark
DATA byte<>+4(SB)/1, $0x0f
DATA byte<>+5(SB)/1, $0x40
DATA byte<>+6(SB)/1, $0xc3 // the first byte of U+00C0
DATA byte<>+7(SB)/1, $0x09 // how many are from there to that of U+02FF
DATA byte<>+8(SB)/1, $0xc0 // signed, continuation bytes are less, and nothing else is
GLOBL byte<>(SB), RODATA|NOPTR, $9

// Masks CX bytes: K1 has the first 64 of them, K2 those behind.
#define MASKS \
	XORL    BX, BX     \
	MOVQ    $-1, DX    \
	BZHIQ   CX, DX, AX \
	SUBQ    $64, CX    \
	CMOVQLT BX, CX     \
	BZHIQ   CX, DX, BX \
	KMOVQ   AX, K1     \
	KMOVQ   BX, K2

// The kind of the bytes of Z0 and Z1 that are not masked out, in AX; others are 0.
// Where all are ASCII it says whether one is odd: a backslash, or not less than 0x5f
// above 0x20, without a sign. What is beyond ASCII is not less either. Where there is
// such, all is Latin if the only odd bytes are first bytes of its letters, each with a
// continuation byte right behind it, and these.
#define KIND \
	VPBROADCASTB byte<>+0(SB), Z2   \
	VPBROADCASTB byte<>+1(SB), Z3   \
	VPBROADCASTB byte<>+2(SB), Z4   \
	VPORQ        Z0, Z1, Z5         \
	VPMOVB2M     Z5, K5             \
	VPCMPEQB     Z4, Z0, K3         \
	VPCMPEQB     Z4, Z1, K4         \
	VPSUBB       Z2, Z0, Z6         \
	VPSUBB       Z2, Z1, Z7         \
	VPCMPUB      $5, Z3, Z6, K1, K1 \ // not less
	VPCMPUB      $5, Z3, Z7, K2, K2 \
	KORQ         K3, K1, K1         \
	KORQ         K4, K2, K2         \
	KORTESTQ     K5, K5             \
	JNZ          beyond             \
	KORTESTQ     K1, K2             \
	SETEQ        AX                 \
	ADDL         $const_ASCII, AX   \
	JMP          told               \
beyond: \
	VPBROADCASTB byte<>+6(SB), Z2   \
	VPBROADCASTB byte<>+7(SB), Z3   \
	VPBROADCASTB byte<>+8(SB), Z4   \
	VPCMPB       $1, Z4, Z0, K3     \ // less
	VPCMPB       $1, Z4, Z1, K4     \
	VPSUBB       Z2, Z0, Z0         \
	VPSUBB       Z2, Z1, Z1         \
	VPCMPUB      $1, Z3, Z0, K5     \
	VPCMPUB      $1, Z3, Z1, K6     \
	KMOVQ        K5, AX             \
	KMOVQ        K6, BX             \
	KORQ         K3, K5, K5         \
	KORQ         K4, K6, K6         \
	KXORQ        K1, K5, K1         \
	KXORQ        K2, K6, K2         \
	KMOVQ        K3, CX             \
	KMOVQ        K4, DX             \
	ADDQ         AX, AX             \ // one place on, from word to word
	ADCQ         BX, BX             \
	SBBQ         SI, SI             \ // not 0 where the last one has none behind it
	XORQ         AX, CX             \
	XORQ         BX, DX             \
	ORQ          CX, SI             \
	ORQ          DX, SI             \
	SETEQ        AX                 \
	KORTESTQ     K1, K2             \
	SETEQ        BX                 \
	ANDL         BX, AX             \ // Latin is 1
told: \
	VZEROUPPER

// func lookWide(p *byte, n int) Kind
TEXT ·lookWide(SB), NOSPLIT, $0-17
	MOVQ       p+0(FP), SI
	MOVQ       n+8(FP), CX
	MASKS
	VMOVDQU8.Z (SI), K1, Z0
	VMOVDQU8.Z 64(SI), K2, Z1
	KIND
	MOVB       AX, ret+16(FP)
	RET

// func unmaskWide(dst, src *byte, n int, key uint32) Kind
TEXT ·unmaskWide(SB), NOSPLIT, $0-33
	MOVQ         dst+0(FP), DI
	MOVQ         src+8(FP), SI
	MOVQ         n+16(FP), CX
	MOVL         key+24(FP), R8
	VPBROADCASTD R8, Z2
	MASKS
	VMOVDQU8.Z   (SI), K1, Z0
	VMOVDQU8.Z   64(SI), K2, Z1
	VPXORD       Z2, Z0, Z0
	VPXORD       Z2, Z1, Z1
	VMOVDQU64    Z0, (DI)
	VMOVDQU64    Z1, 64(DI)
	VMOVDQU8.Z   Z0, K1, Z0
	VMOVDQU8.Z   Z1, K2, Z1
	KIND
	MOVB         AX, ret+32(FP)
	RET

// The places of the bits of a word.
DATA places<>+0(SB)/8, $0x0706050403020100
DATA places<>+8(SB)/8, $0x0f0e0d0c0b0a0908
DATA places<>+16(SB)/8, $0x1716151413121110
DATA places<>+24(SB)/8, $0x1f1e1d1c1b1a1918
DATA places<>+32(SB)/8, $0x2726252423222120
DATA places<>+40(SB)/8, $0x2f2e2d2c2b2a2928
DATA places<>+48(SB)/8, $0x3736353433323130
DATA places<>+56(SB)/8, $0x3f3e3d3c3b3a3938
GLOBL places<>(SB), RODATA|NOPTR, $64

// Prefixes of x: the product without carries by all ones, which X5 is, sums up the
// bits at or below each. odd is all ones where the words before have an odd number of
// bits, and is made so for the next.
#define PREFIXES(x, odd) \
	VMOVQ      x, X1          \
	VPCLMULQDQ $0, X5, X1, X1 \
	VMOVQ      X1, x          \
	XORQ       odd, x         \
	MOVQ       x, odd         \
	SARQ       $63, odd

// func outline(o *Outline, p *byte, n int) (marks int, ascii bool)
//
// What fillWords does, a word at a time. Between words, R10 and R11 are all ones
// within a string, or what is nested, and R12 and R13 are the last bits of the marks
// and of stop. K6 has what is beyond ASCII, K7 backslashes.
TEXT ·outline(SB), NOSPLIT, $0-33
	MOVQ            o+0(FP), DI
	MOVQ            p+8(FP), SI
	MOVQ            n+16(FP), CX
	LEAQ            Outline_Marks(DI), R9
	VBROADCASTI32X4 ·upper(SB), Z8
	VBROADCASTI32X4 ·lower(SB), Z9
	VPBROADCASTB    byte<>+4(SB), Z10
	VPBROADCASTB    byte<>+3(SB), Z11
	VPBROADCASTB    byte<>+2(SB), Z12
	VPBROADCASTB    byte<>+5(SB), Z6
	VMOVDQU64       places<>(SB), Z7
	VPCMPEQD        X5, X5, X5
	KXORQ           K6, K6, K6
	KXORQ           K7, K7, K7
	XORL            R10, R10
	XORL            R11, R11
	XORL            R12, R12
	XORL            R13, R13

next:
	MOVQ       $-1, AX
	BZHIQ      CX, AX, AX // all of 64 or more
	KMOVQ      AX, K1
	VMOVDQU8.Z (SI), K1, Z0
	VMOVDQU64  Z0, Outline_Text(DI)
	VPCMPEQB   Z0, Z11, K2
	VPCMPEQB   Z0, Z12, K3
	VPMOVB2M   Z0, K4
	KORQ       K3, K7, K7
	KORQ       K4, K6, K6
	VPSRLW     $4, Z0, Z2  // the meaning of each byte, as in survey_amd64.s
	VPANDD     Z10, Z2, Z2
	VPSHUFB    Z2, Z8, Z2
	VPSHUFB    Z0, Z9, Z3
	VPANDD     Z2, Z3, Z3
	VPTESTMB   Z3, Z3, K3
	VPMOVB2M   Z3, K4
	VPADDB     Z3, Z3, Z3
	VPMOVB2M   Z3, K5
	KMOVQ      K2, DX      // quotation marks
	KMOVQ      K3, AX      // ends
	KMOVQ      K4, R8      // opens
	KMOVQ      K5, R15     // closes

	// Most often, the marks are all brackets, and those ends that a quotation mark
	// is beside. Told now, they are known long before what follows is, which then only
	// has to hold.
	MOVQ          DX, BX
	SHRQ          $1, BX
	LEAQ          (DX)(DX*1), R14
	ORQ           R14, BX
	ANDQ          AX, BX
	ORQ           R8, BX
	ORQ           R15, BX
	ANDNQ         BX, DX, BX
	KMOVQ         BX, K1
	VPCOMPRESSB.Z Z7, K1, Z0
	VMOVDQU64     Z0, (R9)

	MOVQ  DX, R14
	PREFIXES(R14, R10) // strings
	ANDNQ AX, DX, AX
	ANDNQ AX, R14, AX
	ANDQ  AX, R8
	ANDQ  AX, R15
	MOVQ  R8, BX
	ORQ   R15, BX
	PREFIXES(BX, R11)  // flat

	ANDQ  DX, R14
	XORQ  R14, DX
	ORQ   R15, DX
	ANDQ  BX, DX       // stop
	XORQ  BX, R15
	ANDQ  R15, AX      // marks
	ANDQ  BX, R14
	ANDNQ R8, BX, R8
	ORQ   R8, R14      // begin
	LEAQ  (R12)(AX*2), R8
	ANDNQ R14, R8, R8
	JNZ   none
	LEAQ  (R13)(DX*2), R8
	ANDNQ R8, AX, R8
	JNZ   none
	MOVQ  AX, R12
	SHRQ  $63, R12
	MOVQ  DX, R13
	SHRQ  $63, R13

	KMOVQ    AX, K2
	KXORQ    K1, K2, K1
	KORTESTQ K1, K1
	JNZ      others

told:
	POPCNTQ AX, AX
	ADDQ    AX, R9
	VPADDB  Z6, Z7, Z7
	ADDQ    $64, SI
	ADDQ    $64, DI
	SUBQ    $64, CX
	JA      next

	VZEROUPPER
	KORTESTQ K6, K6
	SETEQ    ascii+32(FP)
	KORTESTQ K7, K7
	JNZ      none
	MOVQ     o+0(FP), DI
	ADDQ     $Outline_Marks, DI
	SUBQ     DI, R9
	MOVQ     R9, marks+24(FP)
	RET

others:
	VPCOMPRESSB.Z Z7, K2, Z0
	VMOVDQU64     Z0, (R9)
	JMP           told

none:
	VZEROUPPER
	MOVQ $0, marks+24(FP)
	RET
