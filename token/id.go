package token

// ID is how a token is named where people read: the address of its owner, an
// underscore and the locator. The address is for reading, and may be another when
// the token has another owner; the locator is what names it.
func ID(owner string, l Locator) string { return owner + "_" + l.String() }

// LocatorOf returns the locator of a token ID, and whatever else it is given as it
// is: a locator names a token as well. What it returns may be none, which is for
// [ParseLocator] to say.
func LocatorOf(id string) string {
	if n := len(id) - LocatorLength; n > 0 && id[n-1] == '_' {
		return id[n:]
	}
	return id
}

// Heads returns what token strings with one of these prefixes begin with, for
// programs that look for words before they look for shapes.
func Heads(prefixes ...Prefix) []string {
	var out []string
	for _, p := range prefixes {
		for _, k := range Kinds() {
			head := string(p) + string(rune(k))
			out = append(out, head+"_", head+string(derivedMark)+"_")
		}
	}
	return out
}

// Keeps reports whether a string keeps the promise that every token string keeps,
// today's and tomorrow's: characters of [A-Za-z0-9_], one at least and [MaxLength]
// at most. It is what whoever sends a token may go by, so that an older program
// sends the tokens of a newer server; a server goes by [Parse].
func Keeps(s string) bool {
	if s == "" || len(s) > MaxLength {
		return false
	}
	for i := range len(s) {
		if !isWord(s[i]) {
			return false
		}
	}
	return true
}
