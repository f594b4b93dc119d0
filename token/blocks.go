package token

import (
	"encoding/binary"
	"math/bits"
	"strings"
)

// Bytes are written in base62 by blocks: 8 bytes as a number in 11 characters, the
// highest digit first, and what remains in as few as hold it.
const (
	blockBytes = 8
	blockChars = 11
)

// charsFor is how many characters so many bytes take.
func charsFor(n int) int { return [...]int{0, 2, 3, 5, 6, 7, 9, 10, blockChars}[n] }

// bytesIn is how many bytes stand in so many characters of a block; 0 for a number that
// no block has.
func bytesIn(chars int) int {
	for n := 1; n <= blockBytes; n++ {
		if charsFor(n) == chars {
			return n
		}
	}
	return 0
}

func appendBlocks(dst, raw []byte) []byte {
	for len(raw) > 0 {
		n := min(len(raw), blockBytes)
		var wide [blockBytes]byte
		copy(wide[blockBytes-n:], raw[:n])
		v := binary.BigEndian.Uint64(wide[:])
		var chars [blockChars]byte
		c := charsFor(n)
		for i := c - 1; i >= 0; i-- {
			chars[i] = alphabet[v%uint64(base)]
			v /= uint64(base)
		}
		dst, raw = append(dst, chars[:c]...), raw[n:]
	}
	return dst
}

// blocks reads what appendBlocks wrote; false for what it cannot have written.
func blocks(s string) (raw []byte, ok bool) {
	raw = make([]byte, 0, len(s)*blockBytes/blockChars+1)
	for s != "" {
		chars := s[:min(len(s), blockChars)]
		s = s[len(chars):]
		n := bytesIn(len(chars))
		v, fits := number(chars)
		if n == 0 || !fits || n < blockBytes && v>>(8*n) != 0 {
			return nil, false
		}
		var wide [blockBytes]byte
		binary.BigEndian.PutUint64(wide[:], v)
		raw = append(raw, wide[blockBytes-n:]...)
	}
	return raw, true
}

// number reads base62; false when it is more than 64 bits hold.
func number(chars string) (v uint64, ok bool) {
	for i := range len(chars) {
		digit := strings.IndexByte(alphabet, chars[i])
		hi, lo := bits.Mul64(v, uint64(base))
		if v = lo + uint64(digit); digit < 0 || hi != 0 || v < lo {
			return 0, false
		}
	}
	return v, true
}
