package roster

import (
	"net/mail"
	"strings"
	"unicode/utf8"

	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/input"
)

const (
	maxEmail = 254 // bytes (RFC 5321 section 4.5.3.1.3, without the brackets)
	maxName  = 200 // characters
)

// check says what is wrong with a row; empty when it is well.
func (r Row) check() string {
	for _, cell := range []struct{ name, text string }{{"email", r.Email}, {"name", r.Name}, {"role", r.Role}} {
		if input.Formula(cell.text) { // here, or in the next table that it is copied to
			return "the " + cell.name + " begins like a formula of a spreadsheet"
		}
	}
	switch {
	case r.Email == "":
		return "the email is missing"
	case !plainEmail(r.Email):
		return shown(r.Email) + " is no plain e-mail address"
	case r.Role == "":
		return "the role is missing"
	case utf8.RuneCountInString(r.Name) > maxName:
		return "the name has more than 200 characters"
	}
	for _, resource := range r.Resources {
		if !grant.ValidResourcePattern(resource) {
			return shown(resource) + " is no resource; a name, a beginning with * behind it, or * for all"
		}
	}
	return ""
}

// plainEmail says whether s is an address alone, in ASCII.
func plainEmail(s string) bool {
	a, err := mail.ParseAddress(s)
	odd := func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`"(),:;<>[\]/?#%`, r) }
	return err == nil && a.Name == "" && a.Address == s && len(s) <= maxEmail && !strings.ContainsFunc(s, odd)
}
