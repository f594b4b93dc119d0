package foreign

import (
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/tokenry/tokenry/api"
)

// Kept is what the other system kept of one string.
type Kept struct {
	// Sum is the hash, and Beside what it needs beside the string; see [Origin].
	Sum    []byte
	Beside string
	// Hint is the part of the string that it is found by, or empty.
	Hint string
}

// maxSalt is the longest salt that stands beside a hash, in bytes.
const maxSalt = 128

// Read takes what an import says of one string; a field error says what is wrong.
func (f *Format) Read(in api.ImportToken) (k Kept, err error) {
	if k.Sum, k.Beside = f.readHash(in.Hash); k.Sum == nil {
		return k, api.FieldError("hash", "is not one of "+f.Hash+" in a form that is taken")
	}
	switch salted := f.Salt == api.SaltItem; {
	case salted && (in.Salt == "" || len(in.Salt) > maxSalt):
		return k, api.FieldError("salt", "is required: 1 to 128 bytes")
	case !salted && in.Salt != "":
		return k, api.FieldError("salt", "is taken only where the format's salt is item")
	case salted:
		k.Beside = in.Salt
	}
	switch {
	case f.ByHint() && len(in.Hint) != f.Hint.Take:
		return k, api.FieldError("hint", "must be the "+strconv.Itoa(f.Hint.Take)+" characters that the format names")
	case !f.ByHint() && in.Hint != "":
		return k, api.FieldError("hint", "is taken only where the format has one")
	}
	k.Hint = in.Hint
	if len(in.Start) > MaxStart || strings.ContainsFunc(in.Start, notPrintable) {
		return k, api.FieldError("start", "must be at most 16 printable ASCII characters")
	}
	return k, nil
}

// MaxStart is how much of the beginning of a string is shown at the most, in characters.
const MaxStart = 16

// shownBehind is how much is shown behind a prefix, however short a string is.
const shownBehind = 4

// Start is what is kept for people of what an import told of the beginning of a string, or
// the prefix where it told nothing: of the shortest string enough stays hidden.
func (s *Spec) Start(told string) string {
	if told == "" {
		return s.Prefix
	}
	return told[:min(len(told), max(len(s.Prefix)+shownBehind, s.Least-leastHashed))]
}

// readHash is the hash as bytes, and what is kept beside it; nil for what is none.
func (f *Format) readHash(text string) (sum []byte, beside string) {
	switch f.Hash {
	case api.HashBcrypt:
		if head, sum, ok := readBcrypt(text); ok {
			return sum, head
		}
		return nil, ""
	case api.HashArgon2id, api.HashScrypt:
		if m, ok := readModular(f.Hash, text); ok {
			return m.sum, m.head + "$" + strconv.Itoa(len(m.sum))
		}
		return nil, ""
	}
	return readBytes(text, f.size()), ""
}

// size is how many bytes a hash has.
func (f *Format) size() int {
	switch f.Hash {
	case api.HashSHA512, api.HashSHA3512, api.HashHMACSHA512:
		return 64
	case api.HashPBKDF2:
		return f.Length
	}
	return 32
}

// readBytes reads hex, base64 and base64url, with or without padding, of exactly n bytes.
// Their lengths differ, so that no text is two of them.
func readBytes(text string, n int) []byte {
	if len(text) == 2*n {
		if raw, err := hex.DecodeString(text); err == nil {
			return raw
		}
		return nil
	}
	plain := strings.TrimRight(text, "=")
	if len(text)-len(plain) > 2 {
		return nil
	}
	for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		if raw, err := enc.Strict().DecodeString(plain); err == nil && len(raw) == n && !strings.ContainsAny(plain, "\r\n") {
			return raw
		}
	}
	return nil
}
