package foreign

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"slices"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/token"
)

// Format tells the strings of one other system. It never changes, and may be used by any
// number of goroutines. Printed, it shows its Spec: what is secret of it stands behind a
// function, which nothing that prints looks into.
type Format struct {
	Spec
	open func() opened
}

// opened is what a format has that is in no row.
type opened struct {
	naming      []byte
	key, suffix string
}

// Names is for what [token.Keyring.Derive] makes the key that locators are worked out with.
const Names = "imported token names"

// New makes a format that has been checked: naming is the key [Names] of Spec.Naming,
// key and suffix are what it has sealed. A Spec without a recipe gets its own.
func New(s Spec, naming []byte, key, suffix string) *Format {
	o := opened{naming, key, suffix}
	f := &Format{Spec: s, open: func() opened { return o }}
	if f.Recipe == "" {
		f.Recipe = f.recipe()
	}
	return f
}

// recipe stands for what is hashed of a string and how, whatever its format is called:
// two formats with the same recipe give the same string the same name. It tells nothing
// of the secrets in it to whoever does not have the naming key.
func (f *Format) recipe() string {
	o := f.open()
	text, err := json.Marshal(struct {
		Part       Part   `json:"part"`
		SaltPart   Part   `json:"salt_part"`
		Hint       Part   `json:"hint"`
		Decode     string `json:"decode"`
		Hash       string `json:"hash"`
		Salt       string `json:"salt"`
		Key        []byte `json:"key"`
		Suffix     []byte `json:"suffix"`
		Iterations int    `json:"iterations"`
		Length     int    `json:"length"`
	}{f.Part, f.SaltPart, f.Hint, f.Decode, f.Hash, f.Salt, []byte(o.key), []byte(o.suffix), f.Iterations, f.Length})
	if err != nil {
		panic("foreign: a recipe of texts and numbers cannot be written: " + err.Error())
	}
	return base64.RawURLEncoding.EncodeToString(f.mac("recipe", text))[:22]
}

// mac is an HMAC-SHA-256 under the naming key; no two uses of it have one value.
func (f *Format) mac(use string, parts ...[]byte) []byte {
	h := hmac.New(sha256.New, f.open().naming)
	for _, p := range append([][]byte{[]byte(use), []byte(f.Recipe)}, parts...) {
		_, _ = h.Write([]byte{byte(len(p) >> 8), byte(len(p))})
		_, _ = h.Write(p)
	}
	return h.Sum(nil)
}

// Slow says that the hash is slow on purpose, so that only so many may be worked out at
// a time.
func (s *Spec) Slow() bool { return Slow(s.Hash) }

// Slow says that of a hash by its name.
func Slow(hash string) bool {
	return slices.Contains([]string{api.HashPBKDF2, api.HashBcrypt, api.HashArgon2id, api.HashScrypt}, hash)
}

// ByHint says that a string's rows are found by its hint, because each hash has a salt
// of its own; else they are found by the hash.
func (f *Format) ByHint() bool { return byHint(f.Hash, f.Salt) }

// SameHint is how many tokens may have one hint.
const SameHint = 4

// ByHash is the locator of the token that has a hash.
func (f *Format) ByHash(sum []byte) token.Locator {
	return token.DerivedLocator([16]byte(f.mac("hash", sum)))
}

// HintOf is the hint of a string.
func (f *Format) HintOf(s string) (string, bool) { return f.Hint.of(s) }

// ByHintAt is the locator of the i-th token that has a hint, up to [SameHint].
func (f *Format) ByHintAt(hint string, i int) token.Locator {
	return token.DerivedLocator([16]byte(f.mac("hint", []byte(hint), []byte{byte(i)})))
}

// Presented is what the digest of a token is made of whose hash is sum. It is no string
// that could be presented, and needs the naming key.
func (f *Format) Presented(sum []byte) string {
	return "hash:" + f.Recipe + ":" + base64.RawURLEncoding.EncodeToString(f.mac("presented", sum))
}

// Direct is the same of a token whose string was seen: no slow hash is needed for it.
func (f *Format) Direct(s string) string {
	return "direct:" + f.Recipe + ":" + base64.RawURLEncoding.EncodeToString(f.mac("direct", []byte(s)))
}

// hashedOf is what is hashed of a string, and with what salt where the string has it.
func (f *Format) hashedOf(s string) (part, salt string, ok bool) {
	if part, ok = f.Part.of(s); !ok {
		return "", "", false
	}
	switch f.Decode {
	case api.DecodeHex:
		raw, err := hex.DecodeString(part)
		if err != nil {
			return "", "", false
		}
		part = string(raw)
	case api.DecodeGrafanaAPIKey:
		var key struct {
			K string `json:"k"`
			N string `json:"n"`
		}
		raw, err := base64.StdEncoding.DecodeString(part)
		if err != nil || json.Unmarshal(raw, &key) != nil || key.K == "" || key.N == "" {
			return "", "", false
		}
		return key.K + f.open().suffix, key.N, true
	}
	if f.Salt == api.SaltToken {
		if salt, ok = f.SaltPart.of(s); !ok {
			return "", "", false
		}
	}
	return part + f.open().suffix, salt, true
}
