// Package token is the token string: its shape, its checksum, how one is drawn,
// how it is found in text, how it is shown, and under which key its digest is
// stored.
//
//	<prefix><kind>_<locator><secret><check>
//
//	<prefix><kind>d_<locator><terms, signature><check>    derived from it, see [Derive]
//
//	prefix   2–10 of [a-z0-9], the first a letter; one per instance
//	kind     one letter: p personal, s service, w workspace, e ephemeral
//	locator  12 of [0-9A-Za-z]; public, the token's name for its whole life
//	secret   32 of [0-9A-Za-z]; 190 bits
//	check    CRC-32 (IEEE) of every byte before it, 6 of [0-9A-Za-z]
//
// The laws of this package:
//
//   - There is one canonical form. Nothing is trimmed, folded or repaired; a
//     string is a token exactly as it stands or it is [ErrMalformed].
//   - The checksum is no proof. It spares a database look-up and lets scanners
//     tell tokens from noise; only a digest under a [Keyring] proves a token, and
//     only a signature by the key of its secret ([DerivationKey]) a derived one.
//   - Nothing that a keyring or a store holds suffices to derive a token; the secret
//     does, and nothing is derived from a derived one.
//   - A secret leaves through [Secret.Reveal] or not at all. Neither a verb of
//     fmt nor an encoder nor a log handler nor an error of this package shows
//     one, and the same holds for the keys of a [Keyring].
//   - A [Parsed] holds the public parts only: locator, kind, prefix.
//   - A key that is not there costs as much as one that is, and never matches.
//   - What was stored stays valid: the vectors in testdata are the contract. A
//     change here that breaks one of them breaks every token in the field.
//   - Randomness and time are given by the caller, always.
//
// Clients are promised less than this package knows: a token is opaque, of
// [A-Za-z0-9_], and at most [MaxLength] characters long.
package token
