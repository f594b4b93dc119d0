package token

import (
	"crypto/sha256"
	"crypto/subtle"
)

// Digest is the HMAC-SHA-256 of a whole token string under a key of a
// [Keyring]. It is what the store keeps of a secret.
type Digest [sha256.Size]byte

// Equal compares in constant time. Digests are compared with it and not
// with ==, which would tell by its time how many leading bytes were right.
func (d Digest) Equal(other Digest) bool {
	return subtle.ConstantTimeCompare(d[:], other[:]) == 1
}

// mac is HMAC-SHA-256 (RFC 2104) under one key. It is composed here of plain
// hashes, because crypto/hmac takes six allocations for each digest.
type mac struct {
	inner, outer [sha256.BlockSize]byte // the key, padded and masked
}

// newMAC takes a key of at most one block.
func newMAC(key []byte) mac {
	var m mac
	copy(m.inner[:], key)
	copy(m.outer[:], key)
	for i := range m.inner {
		m.inner[i] ^= 0x36
		m.outer[i] ^= 0x5c
	}
	return m
}

// sum allocates nothing as long as s is no longer than a token may be.
func (m *mac) sum(s string) Digest {
	var room [sha256.BlockSize + MaxLength]byte
	inner := sha256.Sum256(append(append(room[:0], m.inner[:]...), s...))

	var outer [sha256.BlockSize + sha256.Size]byte
	copy(outer[:], m.outer[:])
	copy(outer[sha256.BlockSize:], inner[:])
	return sha256.Sum256(outer[:])
}
