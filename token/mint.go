package token

import (
	"errors"
	"fmt"
	"io"
)

var (
	errParts = errors.New("token: mint: the prefix, kind or locator is not valid")
	errStuck = errors.New("token: the source of randomness repeats itself")
)

// Mint draws 32 fresh characters for the token with this locator and returns
// the whole token string. The locator comes from [NewLocator] when a token is
// created, and from the token when it is rotated. In production rand is
// crypto/rand.Reader; when it fails there is no token.
func Mint(rand io.Reader, p Prefix, k Kind, l Locator) (Secret, error) {
	if !p.Valid() || !k.Valid() || !allBase62(l[:]) {
		return Secret{}, errParts
	}
	var secret [SecretLength]byte
	if err := draw(rand, secret[:]); err != nil {
		return Secret{}, err
	}
	s := append(head(p, k, l), secret[:]...)
	crc, _ := scan(crcStart, s)
	check := checkOf(crc)
	return NewSecret(string(append(s, check[:]...))), nil
}

// head returns a token string up to its secret, with room for the rest.
func head(p Prefix, k Kind, l Locator) []byte {
	s := make([]byte, 0, longest)
	s = append(s, p...)
	s = append(s, byte(k), '_')
	return append(s, l.String()...)
}

const (
	// fair is the number of byte values that base62 divides evenly. A byte at
	// or above it is thrown away: taking it modulo 62 as well would make the
	// first eight characters a quarter more likely than the others.
	fair = 256 / int(base) * int(base)

	// maxRounds ends the wait for usable bytes. A fair source needs more than
	// ten rounds about once in 10¹³ draws, a stuck one would go on for ever.
	maxRounds = 64
)

// draw fills dst with uniform characters of base62.
func draw(rand io.Reader, dst []byte) error {
	var raw [SecretLength]byte
	filled := 0
	for range maxRounds {
		fresh := raw[:min(len(dst)-filled, len(raw))]
		if _, err := io.ReadFull(rand, fresh); err != nil {
			return fmt.Errorf("token: read randomness: %w", err)
		}
		for _, b := range fresh {
			if int(b) < fair {
				dst[filled] = alphabet[b%base]
				filled++
			}
		}
		if filled == len(dst) {
			return nil
		}
	}
	return errStuck
}
