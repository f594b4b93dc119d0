package exports

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tokenry/tokenry/api"
)

// System is a token system whose exports are read.
type System struct {
	// Name is what it is called by; Title is for people, with versions where they matter.
	Name, Title string
	// Secret says what the system hashes along and keeps outside of its table; empty where
	// it does not.
	Secret string
	// Warn is what must be known before its tokens are imported, or empty.
	Warn string

	format api.ImportFormat
	// behind is what stands behind a prefix of one's own; zero where there is none.
	behind behind
	// put puts the secret into the format; nil where there is none.
	put func(f *api.ImportFormat, secret string) error

	columns columns
	rules   []rule
}

// behind is what the characters behind a prefix are: how many, and of which alphabet.
type behind struct {
	least, most int
	alphabet    string
}

// columns are those of the system's table, by its own names: one, or several apart by
// commas of which the first that says something counts. One with a ? before it may be
// missing; the others must be there.
type columns struct {
	hash, salt, hint, start, label, user, id, rights, created, expires string
	// plain says that the column of the hash holds the token strings themselves.
	plain bool
	// shown is how many characters of the start are taken at the most.
	shown int
}

// rule is why a row becomes no token: it is left out, or something is wrong with it.
type rule struct {
	column      string
	when        func(cell string) bool
	left, wrong string
}

// What a cell may say. What is neither yes nor no counts for what ends a token.
func isSet(s string) bool   { return s != "" }
func isEmpty(s string) bool { return s == "" }
func isOn(s string) bool {
	return s != "" && !slices.Contains([]string{"0", "f", "false"}, strings.ToLower(s))
}
func isOff(s string) bool {
	return s != "" && !slices.Contains([]string{"1", "t", "true"}, strings.ToLower(s))
}

// Find is the system of a name.
func Find(name string) (System, bool) {
	for _, s := range Systems() {
		if s.Name == name {
			return s, true
		}
	}
	return System{}, false
}

// Names are those that [Find] knows.
func Names() []string {
	var names []string
	for _, s := range Systems() {
		names = append(names, s.Name)
	}
	return names
}

// Format is how the system's strings are told from what it kept: under another name, and
// with a prefix of one's own, where these are given, and with the secret that it needs.
func (s System) Format(name, prefix, secret string) (api.ImportFormat, error) {
	f := s.format
	if f.Name = s.Name; name != "" {
		f.Name = name
	}
	if prefix != "" {
		if s.behind.least == 0 {
			return f, fmt.Errorf("strings of %s have no prefix of one's own", s.Title)
		}
		f.Prefix, f.Alphabet = prefix, s.behind.alphabet
		f.MinLength, f.MaxLength = max(leastString, len(f.Prefix)+s.behind.least), min(mostString, len(f.Prefix)+s.behind.most)
	}
	return f, s.lock(&f, secret)
}

// lock puts the secret into a format.
func (s System) lock(f *api.ImportFormat, secret string) error {
	switch {
	case s.put == nil && secret != "":
		return fmt.Errorf("%s hashes no secret along, so no key is taken", s.Title)
	case s.put == nil:
		return nil
	case secret == "":
		return fmt.Errorf("%s hashes a secret along: give %s in a file (--key-file)", s.Title, s.Secret)
	}
	return s.put(f, secret)
}

// hmacKey is for systems that hash by an HMAC.
func hmacKey(f *api.ImportFormat, secret string) error {
	f.Key = secret
	return nil
}

// gitlabKey appends the first 32 bytes of db_key_base to what is hashed.
func gitlabKey(f *api.ImportFormat, secret string) error {
	const taken = 32
	if len(secret) < taken {
		return errors.New("db_key_base has 32 characters at the least, and the file has fewer")
	}
	f.Suffix = secret[:taken]
	return nil
}
