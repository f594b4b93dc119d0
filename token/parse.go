package token

import (
	"errors"
	"fmt"
)

// The lengths of the parts of a token string, in characters.
const (
	LocatorLength = 12
	SecretLength  = 32
	CheckLength   = 6

	// LocatorDigits is LocatorLength as a literal of SQL, which cannot count.
	LocatorDigits = "12"

	// MaxLength is the longest that a token string will ever be; today's are
	// much shorter. A field, column or header that takes as much is safe.
	MaxLength = 255
)

const (
	bodyLength = LocatorLength + SecretLength + CheckLength // all after the underscore
	shortest   = minPrefix + len("p_") + bodyLength
	longest    = maxPrefix + len("p_") + bodyLength
)

// ErrMalformed is the error of every string that is not a token, or not the
// part of one that it was given for. Ask with [errors.Is]: the errors that are
// returned add the reason, never a character of the input.
var ErrMalformed = errors.New("token: malformed")

// The reasons are made once, so that refusing allocates nothing.
var (
	errLength    = fmt.Errorf("%w: wrong length", ErrMalformed)
	errSeparator = fmt.Errorf("%w: no underscore in its place", ErrMalformed)
	errPrefix    = fmt.Errorf("%w: a prefix is [a-z][a-z0-9]{1,9}", ErrMalformed)
	errKind      = fmt.Errorf("%w: the letter before the underscore is no kind", ErrMalformed)
	errCharset   = fmt.Errorf("%w: a character outside [0-9A-Za-z]", ErrMalformed)
	errChecksum  = fmt.Errorf("%w: the checksum does not match", ErrMalformed)
	errLocator   = fmt.Errorf("%w: a locator is 12 of [0-9A-Za-z]", ErrMalformed)
	errDerived   = fmt.Errorf("%w: no terms and signature behind the locator", ErrMalformed)
	errKindName  = fmt.Errorf("%w: a kind is personal, service, workspace or ephemeral", ErrMalformed)
)

// Parsed is the public anatomy of a well-formed token string. There is no
// secret in it: it may be logged, stored and shown.
type Parsed struct {
	Prefix  Prefix
	Kind    Kind
	Locator Locator
	// Derived says that it is of a string which somebody derived of the token's.
	Derived bool `json:",omitzero"`
}

// Parse takes a token string apart. It accepts the one canonical form and
// answers everything else with an error that is [ErrMalformed]. That a string
// is well-formed says nothing about whether such a token was ever issued.
//
// Parse allocates nothing, whatever it answers. The Prefix of the answer is a
// part of s: clone it to keep it for longer than s.
func Parse(s string) (Parsed, error) { return parse(s) }

func parse[T text](s T) (Parsed, error) {
	if len(s) < shortest || len(s) > longest {
		return Parsed{}, errLength
	}
	sep := len(s) - bodyLength - 1
	if err := checkHead(s, sep); err != nil {
		return Parsed{}, err
	}
	if err := checkBody(s, sep+1); err != nil {
		return Parsed{}, err
	}
	p := Parsed{Prefix: Prefix(s[:sep-1]), Kind: Kind(s[sep-1])}
	copy(p.Locator[:], s[sep+1:])
	return p, nil
}

// checkHead reports what is wrong with s up to its underscore, which has to be
// at sep.
func checkHead[T text](s T, sep int) error {
	switch {
	case s[sep] != '_':
		return errSeparator
	case !isPrefix(s[:sep-1]):
		return errPrefix
	case !Kind(s[sep-1]).Valid():
		return errKind
	}
	return nil
}

// checkBody reports what is wrong with s from its locator on.
func checkBody[T text](s T, locator int) error {
	end := len(s) - CheckLength
	crc, _ := scan(crcStart, s[:locator])
	crc, ok := scan(crc, s[locator:end])
	if !ok {
		return errCharset
	}
	if check := checkOf(crc); string(s[end:]) != string(check[:]) {
		return errChecksum
	}
	return nil
}
