package token

// Prefix is the word every token string of an instance begins with:
// [a-z][a-z0-9]{1,9}. The zero value is no prefix.
type Prefix string

// DefaultPrefix is the prefix of an instance that chose none.
const DefaultPrefix Prefix = "tky"

const (
	minPrefix = 2
	maxPrefix = 10
)

// ParsePrefix returns s as a prefix, or an error that is [ErrMalformed].
func ParsePrefix(s string) (Prefix, error) {
	if !isPrefix(s) {
		return "", errPrefix
	}
	return Prefix(s), nil
}

// Valid reports whether p has the shape of a prefix.
func (p Prefix) Valid() bool { return isPrefix(string(p)) }

func isPrefix[T text](s T) bool {
	if len(s) < minPrefix || len(s) > maxPrefix || !isLower(s[0]) {
		return false
	}
	for i := 1; i < len(s); i++ {
		if !isLower(s[i]) && !isDigit(s[i]) {
			return false
		}
	}
	return true
}
