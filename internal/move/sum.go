package move

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math/bits"
)

// Sum is what the rows of a table come to, in whatever order they were read: how many
// there are, and the SHA-256 of each, added.
type Sum struct {
	Rows  int64
	lanes [4]uint64
}

// with is the sum with one row more, its values in an order that is the same on both sides.
func (s Sum) with(row []value) Sum {
	h := sha256.New()
	for _, v := range row {
		h.Write(v.canonical(nil)) // a hash takes everything
	}
	s.Rows++
	sum, carry := h.Sum(nil), uint64(0)
	for i := range s.lanes {
		s.lanes[i], carry = bits.Add64(s.lanes[i], binary.LittleEndian.Uint64(sum[8*i:]), carry)
	}
	return s
}

// String is the sum in hexadecimal digits.
func (s Sum) String() string {
	var b []byte
	for _, lane := range s.lanes {
		b = binary.BigEndian.AppendUint64(b, lane)
	}
	return hex.EncodeToString(b)
}
