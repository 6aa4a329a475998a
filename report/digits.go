package report

import "math/bits"

// Digits is a number below 10^8 in decimal: eight digits, 0 to 9 each, the first
// in the lowest byte. A loop over digits is mispredicted wherever a number is
// longer or shorter than the one before; this has none.
type Digits uint64

// zeros and spaces are eight of these characters.
const (
	zeros  = 0x3030303030303030
	spaces = 0x2020202020202020
)

// DigitsOf returns those of n, which is below 10^8. It divides all parts at once,
// by multiplying: 10486 / 2^20 is 1/100 for what is below 10^4, and 103 / 2^10
// is 1/10 for what is below 100.
func DigitsOf(n uint32) Digits {
	hi := n / 10000
	x := uint64(hi) | uint64(n-hi*10000)<<32
	q := x * 10486 >> 20 & 0x0000007f0000007f
	x = q | (x-q*100)<<16
	q = x * 103 >> 10 & 0x000f000f000f000f
	return Digits(q | (x-q*10)<<8)
}

// Zeros is the number of zeros before the first other digit, and at most 7.
func (d Digits) Zeros() uint {
	return uint(bits.TrailingZeros64(uint64(d)|1<<56)) >> 3
}

// Right is d in ASCII, with spaces in place of so many leading zeros.
func (d Digits) Right(zeros uint) uint64 {
	return uint64(d) | spaces | (spaces>>1)<<(zeros*8&63)
}

// Left is d in ASCII without so many leading zeros, and with as many spaces
// behind.
func (d Digits) Left(zeros uint) uint64 {
	return bits.RotateLeft64(d.Right(zeros), -int(zeros*8))
}

// Numeral is a number below 1000 in decimal, four characters, the first in the
// lowest byte: three columns, right-aligned, and a space.
type Numeral uint32

// NumeralZeros makes zeros of the spaces before a Numeral, by or.
const NumeralZeros Numeral = 0x303030

// Left is n from its first digit on, of digits columns, and spaces behind them, 3
// or more.
func (n Numeral) Left() (text uint64, digits uint) {
	skip := uint(bits.TrailingZeros32(uint32(n^spaces&(1<<32-1)))) &^ 7 // all spaces are no Numeral
	return (uint64(n) | spaces>>32<<32) >> (skip & 31), 3 - skip/8
}

// Numerals are those of 0 to 999. To look one up takes fewer instructions than
// DigitsOf, none of which waits for the one before.
type Numerals [1000]Numeral

// NewNumerals returns them.
func NewNumerals() *Numerals {
	var all Numerals
	for i := range all {
		d := DigitsOf(uint32(i))
		all[i] = Numeral(d.Right(d.Zeros())>>40) | ' '<<24
	}
	return &all
}
