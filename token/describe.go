package token

import (
	"slices"
	"strconv"
	"strings"
)

// Format describes the token string to machines: to secret scanners, and to
// whoever reads /.well-known/token-format.
type Format struct {
	Prefixes []Prefix          `json:"prefixes"`
	Kinds    map[string]string `json:"kinds"` // letter → word
	Charset  string            `json:"charset"`
	Lengths  Lengths           `json:"lengths"`
	// RegularExpression is in the syntax of RE2. It finds every token string
	// with one of the prefixes, derived ones too; the checksum then removes the chance matches.
	RegularExpression string   `json:"regular_expression"`
	Checksum          Checksum `json:"checksum"`
	MaxLength         int      `json:"max_length"`
	Promise           string   `json:"promise"`
}

// Lengths are numbers of characters. Shortest and Longest are those of whole
// token strings with the prefixes described; derived ones are longer, up to MaxLength.
type Lengths struct {
	Locator  int `json:"locator"`
	Secret   int `json:"secret"`
	Check    int `json:"check"`
	Shortest int `json:"shortest"`
	Longest  int `json:"longest"`
}

// Checksum says how the last characters follow from those before.
type Checksum struct {
	Algorithm string `json:"algorithm"`
	Covers    string `json:"covers"`
	Encoding  string `json:"encoding"`
}

// Describe describes the token strings that begin with one of the prefixes,
// the current one first by custom. Repeated and invalid ones are left out; when
// none remains it is the [DefaultPrefix].
func Describe(prefixes ...Prefix) Format {
	prefixes = distinct(prefixes)
	return Format{
		Prefixes:          prefixes,
		Kinds:             kindLetters(),
		Charset:           "[A-Za-z0-9_]",
		Lengths:           lengthsOf(prefixes),
		RegularExpression: expression(prefixes),
		Checksum: Checksum{
			Algorithm: "CRC-32 (IEEE 802.3)",
			Covers:    "every byte before it, the prefix included",
			Encoding:  "base62 (0-9A-Za-z), left-padded with 0 to " + strconv.Itoa(CheckLength) + " characters",
		},
		MaxLength: MaxLength,
		Promise:   "opaque, [A-Za-z0-9_], at most 255 characters; everything else may change",
	}
}

func distinct(prefixes []Prefix) []Prefix {
	var kept []Prefix
	for _, p := range prefixes {
		if p.Valid() && !slices.Contains(kept, p) {
			kept = append(kept, p)
		}
	}
	if len(kept) == 0 {
		return []Prefix{DefaultPrefix}
	}
	return kept
}

func kindLetters() map[string]string {
	words := make(map[string]string)
	for _, k := range Kinds() {
		words[string(rune(k))] = k.String()
	}
	return words
}

func lengthsOf(prefixes []Prefix) Lengths {
	byLength := func(a, b Prefix) int { return len(a) - len(b) }
	rest := len("p_") + bodyLength
	return Lengths{
		Locator:  LocatorLength,
		Secret:   SecretLength,
		Check:    CheckLength,
		Shortest: len(slices.MinFunc(prefixes, byLength)) + rest,
		Longest:  len(slices.MaxFunc(prefixes, byLength)) + rest,
	}
}

// expression is safe to build by joining, since prefixes are letters and digits.
func expression(prefixes []Prefix) string {
	words := make([]string, len(prefixes))
	for i, p := range prefixes {
		words[i] = string(p)
	}
	choice := words[0]
	if len(words) > 1 {
		choice = "(?:" + strings.Join(words, "|") + ")"
	}
	longest := MaxLength - lengthsOf(prefixes).Shortest + bodyLength - len("d")
	unchecked, rest := strconv.Itoa(LocatorLength+SecretLength), strconv.Itoa(CheckLength-1)
	derived := strconv.Itoa(shortestDerived-CheckLength) + "," + strconv.Itoa(longest-CheckLength)
	return `\b` + choice + `[pswe](?:_[0-9A-Za-z]{` + unchecked + `}|d_[0-9A-Za-z]{` + derived + `})[0-4][0-9A-Za-z]{` + rest + `}\b`
}
