package listing

import (
	"net/url"
	"strings"

	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/token"
)

// from is the parameter of an address that says where its reader came from.
const from = "from"

// longest is how much of an address is carried on; a longer one is not, rather than in part.
const longest = 1500

// Place is a list, or the page of one token.
type Place struct {
	Href, Name string
	// Token says that it is the page of one token.
	Token bool
}

// Back reads where somebody says that they came from. An address is what anybody wrote, so
// that only lists and the pages of tokens are places to go back to: whatever else it names is none.
func Back(address string) (Place, bool) {
	if len(address) > longest || !strings.HasPrefix(address, "/") || door.SafeNext(address) != address {
		return Place{}, false
	}
	u, err := url.Parse(address)
	if err != nil || strings.Contains(u.EscapedPath(), "%") || u.JoinPath().Path != u.Path {
		return Place{}, false
	}
	p := Place{Href: address}
	parts := strings.Split(u.Path, "/")[1:]
	switch {
	case u.Path == "/settings/tokens":
		p.Name = "My tokens"
	case u.Path == "/instance/people":
		p.Name = "People"
	case u.Path == "/instance/webhooks", len(parts) == 4 && parts[0] == "workspace" && parts[2] == "settings" && parts[3] == "webhooks":
		p.Name = "Webhooks"
	case parts[0] != "workspace":
	case len(parts) == 3:
		p.Name = map[string]string{"access-tokens": "Access tokens", "integration-tokens": "Integration tokens", "developer-tools": "Developer tools",
			"advice": "Advice", "members": "Members", "service-accounts": "Service accounts"}[parts[2]]
	case len(parts) == 4 && parts[2] == "access-tokens" && names(parts[3]):
		p.Name, p.Token = "Token", true
	}
	return p, p.Name != ""
}

// names says that a name below the list of tokens is that of a token.
func names(id string) bool {
	_, err := token.ParseLocator(token.LocatorOf(id))
	return err == nil
}

// List is the list that led to a place, over the page of a token if need be.
func List(address string) (Place, bool) {
	p, ok := Back(address)
	if ok && p.Token {
		u, _ := url.Parse(address) // it was read above
		p, ok = Back(u.Query().Get(from))
	}
	return p, ok && !p.Token
}

// Carry is an address of ours with where its reader came from, where that is a place to
// go back to.
func Carry(href, address string) string {
	if _, ok := Back(address); !ok {
		return href
	}
	return with(href, from, address)
}

// Leading is an address that leads back to this list, where that is narrowed or gone on with.
func (a Address) Leading(href string) string {
	if here := a.Here(); here != a.URL.Path {
		return Carry(href, here)
	}
	return href
}

// Undo is a place whose page offers to take back what was done to a token.
func (p Place) Undo(token string) string { return with(p.Href, "undo", token) }

// UndoAll is one whose page offers to take back what was done to several.
func (p Place) UndoAll(tokens []string) string {
	if len(tokens) == 0 {
		return p.Href
	}
	return p.Undo(strings.Join(tokens, " "))
}

func with(href, name, value string) string {
	u, err := url.Parse(href)
	if err != nil {
		return href
	}
	q := u.Query()
	q.Set(name, value)
	u.RawQuery = q.Encode()
	return u.String()
}
