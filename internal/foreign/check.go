package foreign

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tokenry/tokenry/api"
)

// Shortest is the least that a string of another system has, in characters.
const Shortest = 16

// Longest is the longest string of another system that is looked up, in bytes.
const Longest = 512

// The bounds of a format.
const (
	maxName       = 40
	maxPrefix     = 32
	maxSecret     = 4096 // characters of a key or a suffix
	leastHint     = 6
	leastHashed   = 12
	maxIterations = 1_000_000
	leastSum      = 16 // bytes
	maxSum        = 64
	bcryptLooks   = 72 // bytes of its input
)

var formatName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]*$`)

// Check says what is wrong with a format as a request has it, as a field error. A
// format that passes costs no more for a string than [Format.Sum] says.
func Check(f api.ImportFormat) error {
	for _, err := range []error{checkShape(f), checkHash(f), checkSalt(f), checkHint(f)} {
		if err != nil {
			return err
		}
	}
	return nil
}

func wrong(field, detail string) error { return api.FieldError("format."+field, detail) }

func checkShape(f api.ImportFormat) error {
	switch {
	case len(f.Name) > maxName || !formatName.MatchString(f.Name):
		return wrong("name", "must be 1 to 40 of [a-z0-9-], beginning with a letter or digit")
	case len(f.Prefix) > maxPrefix || strings.ContainsFunc(f.Prefix, notPrintable):
		return wrong("prefix", "must be at most 32 printable ASCII characters")
	case f.MinLength < max(Shortest, len(f.Prefix)+1):
		return wrong("min_length", "must be at least 16, and longer than the prefix")
	case f.MaxLength < f.MinLength || f.MaxLength > Longest:
		return wrong("max_length", "must be at least min_length and at most 512")
	case alphabetOf(f.Alphabet) == nil:
		return wrong("alphabet", "must be one of hex, base58, base62, base64url, printable")
	case len(f.Key) > maxSecret || !utf8.ValidString(f.Key):
		return wrong("key", "must be at most 4096 characters of UTF-8")
	case len(f.Suffix) > maxSecret || !utf8.ValidString(f.Suffix):
		return wrong("suffix", "must be at most 4096 characters of UTF-8")
	case !slices.Contains([]string{api.DecodeNone, api.DecodeHex, api.DecodeGrafanaAPIKey}, f.Decode):
		return wrong("decode_as", "must be left out, hex or grafana-api-key")
	}
	if !fits(f.Part, f.MinLength, leastHashed) {
		return wrong("part", "must leave at least 12 characters of the shortest string")
	}
	return nil
}

// fits says whether a part, which may be left out, has at least so many characters of
// every string that is at least so long.
func fits(p *api.Part, length, least int) bool {
	if p == nil {
		return true
	}
	if p.Skip < 0 || p.Take < 0 || p.Skip > Longest || p.Take > Longest {
		return false
	}
	if p.Take == 0 {
		return length-p.Skip >= least
	}
	return p.Take >= least && p.Skip+p.Take <= length
}

func checkHash(f api.ImportFormat) error {
	keyed := f.Hash == api.HashHMACSHA256 || f.Hash == api.HashHMACSHA512
	derives := f.Hash == api.HashPBKDF2
	switch {
	case !slices.Contains(hashes(), f.Hash):
		return wrong("hash", "must be one of "+strings.Join(hashes(), ", "))
	case keyed && f.Key == "":
		return wrong("key", "is required: the hash is an HMAC")
	case !keyed && f.Key != "":
		return wrong("key", "is of an HMAC alone")
	case derives && (f.Iterations < 1 || f.Iterations > maxIterations):
		return wrong("iterations", "must be 1 to 1000000")
	case derives && (f.Length < leastSum || f.Length > maxSum):
		return wrong("length", "must be 16 to 64 bytes")
	case !derives && (f.Iterations != 0 || f.Length != 0):
		return wrong("iterations", "and length are of pbkdf2-sha256 alone")
	case f.Hash == api.HashBcrypt && hashed(f) > bcryptLooks:
		return wrong("hash", "bcrypt looks at 72 bytes, and strings of this format may have more")
	}
	return nil
}

// hashed is the most bytes that are hashed of a string.
func hashed(f api.ImportFormat) int {
	n := f.MaxLength
	if f.Part != nil && f.Part.Take > 0 {
		n = f.Part.Take
	}
	return n + len(f.Suffix)
}

func hashes() []string {
	return []string{
		api.HashSHA256, api.HashSHA512, api.HashSHA3512, api.HashHMACSHA256, api.HashHMACSHA512,
		api.HashPBKDF2, api.HashBcrypt, api.HashArgon2id, api.HashScrypt,
	}
}

func checkSalt(f api.ImportFormat) error {
	wants := f.Hash == api.HashPBKDF2 && f.Decode != api.DecodeGrafanaAPIKey // that one has its own
	switch {
	case !wants && f.Salt != api.SaltNone:
		return wrong("salt", "is of pbkdf2-sha256 alone, and of no format that decodes grafana-api-key")
	case wants && f.Salt != api.SaltItem && f.Salt != api.SaltToken:
		return wrong("salt", "must be item or token")
	case (f.Salt == api.SaltToken) != (f.SaltPart != nil):
		return wrong("salt_part", "goes with the salt token, and with nothing else")
	case !fits(f.SaltPart, f.MinLength, 1):
		return wrong("salt_part", "must be a part of the shortest string")
	case f.Decode == api.DecodeGrafanaAPIKey && f.Hash != api.HashPBKDF2:
		return wrong("decode_as", "grafana-api-key goes with pbkdf2-sha256")
	}
	return nil
}

// byHint says whether each hash has a salt of its own, so that it cannot be looked up by.
func byHint(hash, salt string) bool {
	return salt == api.SaltItem || hash == api.HashBcrypt || hash == api.HashArgon2id || hash == api.HashScrypt
}

func checkHint(f api.ImportFormat) error {
	needs := byHint(f.Hash, f.Salt)
	switch {
	case needs && (f.Hint == nil || f.Hint.Take == 0):
		return wrong("hint", "is required: each hash has a salt of its own, so a part of the string that was kept in the clear must tell which to look at")
	case !needs && f.Hint != nil:
		return wrong("hint", "is needed only where each hash has a salt of its own")
	case needs && !fits(f.Hint, f.MinLength, leastHint):
		return wrong("hint", "must be at least 6 characters of the shortest string")
	}
	return nil
}
