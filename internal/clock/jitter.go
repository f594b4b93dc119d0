package clock

import (
	"encoding/binary"
	"io"
	"time"
)

// Jitter lengthens a pause by up to a fifth, so that what failed together does not come back
// together. Without randomness it is as long as it was.
func Jitter(rand io.Reader, d time.Duration) time.Duration {
	var b [2]byte
	if _, err := io.ReadFull(rand, b[:]); err != nil {
		return d
	}
	return d + time.Duration(float64(d)/5*float64(binary.BigEndian.Uint16(b[:]))/65535)
}
