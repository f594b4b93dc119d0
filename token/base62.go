package token

import "hash/crc32"

// text is what token strings are read from. Both halves compile to code of
// their own, so that looking into a string or a buffer copies neither.
type text interface{ string | []byte }

// alphabet is base62 in the order of the digits' values.
const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

const base = byte(len(alphabet))

func isDigit(c byte) bool { return c-'0' < 10 }
func isLower(c byte) bool { return c-'a' < 26 }
func isWord(c byte) bool  { return isBase62(c) || c == '_' }

// Bit c of digits and bit c-64 of letters are set for the characters of base62.
const (
	digits  uint64 = (1<<10 - 1) << '0'
	letters uint64 = (1<<26-1)<<('A'-64) | (1<<26-1)<<('a'-64)
)

// base62Bit answers in bit 0, the others mean nothing. It has no branch, because
// secrets are random and a processor cannot learn to predict them.
func base62Bit(c byte) uint64 { return digits>>c | letters>>(c-64) }

func isBase62(c byte) bool { return base62Bit(c)&1 != 0 }

func allBase62[T text](s T) bool {
	for i := 0; i < len(s); i++ {
		if !isBase62(s[i]) {
			return false
		}
	}
	return true
}

// crcStart is the CRC-32 of nothing, as scan continues it.
const crcStart = ^uint32(0)

// scan continues a CRC-32 (IEEE) over s and reports whether s is all base62. It
// does both at once, as the second costs nothing while the first waits for its table.
// crc32.Update would make s escape to the heap: an allocation for each token.
func scan[T text](crc uint32, s T) (uint32, bool) {
	ok := uint64(1)
	for i := 0; i < len(s); i++ {
		c := s[i]
		crc = crc32.IEEETable[byte(crc)^c] ^ crc>>8
		ok &= base62Bit(c)
	}
	return crc, ok != 0
}

// checkOf returns the check characters for a CRC that scan has ended with: its
// complement in base62, with zeros in front. It is at most 4gfFC3, so that the
// first character is 0–4.
func checkOf(crc uint32) [CheckLength]byte {
	var check [CheckLength]byte
	crc = ^crc
	for i := CheckLength - 1; i >= 0; i-- {
		check[i] = alphabet[crc%uint32(base)]
		crc /= uint32(base)
	}
	return check
}
