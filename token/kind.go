package token

import "fmt"

// Kind says what a token's owner is. It is the letter that stands before the
// underscore of the token string. The zero value is no kind.
type Kind byte

// The kinds.
const (
	Personal  Kind = 'p' // owned by a member
	Service   Kind = 's' // owned by a service account
	Workspace Kind = 'w' // owned by the workspace, survives whoever made it
	Ephemeral Kind = 'e' // minted for one CI job
)

// Kinds returns every kind, in the order of the documentation.
func Kinds() []Kind { return []Kind{Personal, Service, Workspace, Ephemeral} }

// ParseKind returns the kind with this name, in lower case: "personal",
// "service", "workspace" or "ephemeral".
func ParseKind(s string) (Kind, error) {
	for _, k := range Kinds() {
		if k.String() == s {
			return k, nil
		}
	}
	return 0, errKindName
}

// Valid reports whether k is one of the kinds.
func (k Kind) Valid() bool {
	return k == Personal || k == Service || k == Workspace || k == Ephemeral
}

// String returns the kind's name, which is also its form in JSON.
func (k Kind) String() string {
	switch k {
	case Personal:
		return "personal"
	case Service:
		return "service"
	case Workspace:
		return "workspace"
	case Ephemeral:
		return "ephemeral"
	default:
		return fmt.Sprintf("Kind(%d)", byte(k))
	}
}

// MarshalText returns the kind's name. What is not a kind has none.
func (k Kind) MarshalText() ([]byte, error) {
	if !k.Valid() {
		return nil, errKindName
	}
	return []byte(k.String()), nil
}

// UnmarshalText is [ParseKind].
func (k *Kind) UnmarshalText(text []byte) error {
	parsed, err := ParseKind(string(text))
	if err != nil {
		return err
	}
	*k = parsed
	return nil
}
