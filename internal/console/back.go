package console

import (
	"strconv"
	"strings"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/listing"
	"github.com/tokenry/tokenry/internal/phrase"
)

// backTo is where the visitor came from, or otherwise.
func (v *visit) backTo(otherwise listing.Place) listing.Place {
	if p, ok := listing.Back(v.q("from")); ok {
		return p
	}
	return otherwise
}

// onward is an address that leads back to where this page does.
func (v *visit) onward(href string) string { return listing.Carry(href, v.q("from")) }

// deeper is an address that leads back to this page, which leads back to where its reader
// came from.
func (v *visit) deeper(href string) string {
	if here := v.onward(v.r.URL.Path); here != v.r.URL.Path {
		return listing.Carry(href, here)
	}
	return href
}

// tokenBack is where what is done to a token leads afterwards.
func (v *visit) tokenBack(t api.Token) listing.Place {
	return v.backTo(listing.Place{Href: v.tokenPage(t.Locator), Name: "Token", Token: true})
}

// listBack is the list that led to a token, or else the one that it stands in.
func (v *visit) listBack(t api.Token) listing.Place {
	if p, ok := listing.List(v.q("from")); ok {
		return p
	}
	return v.listOf(t.Kind)
}

// listOf is the list that tokens of a kind stand in, for this visitor.
func (v *visit) listOf(kind string) listing.Place {
	switch {
	case v.session.Portal != "":
		return listing.Place{Href: "/settings/tokens", Name: "My tokens"}
	case kind == "workspace":
		return listing.Place{Href: v.ws("integration-tokens"), Name: "Integration tokens"}
	}
	return listing.Place{Href: v.ws("access-tokens"), Name: "Access tokens"}
}

// current says that an entry of the navigation is where the visitor is: whoever came from
// their own tokens is in none of them.
func (v *visit) current(l link) bool {
	p, ok := listing.List(v.q("from"))
	return l.key == v.section && !(ok && p.Name == "My tokens")
}

// undoable is what a list offers to take back: the token that was disabled, if nobody changed
// it since and the visitor may enable it.
func (v *visit) undoable() (at string, of api.Token, ok bool) {
	parts := strings.Split(v.q("undo"), "/")
	if v.q("did") != "disabled" || len(parts) != 3 {
		return "", of, false
	}
	revision, _ := strconv.ParseInt(parts[2], 10, 64) // what is no number is no revision
	of, err := v.auth.GetToken(v.ctx(), v.caller, parts[0], parts[1])
	if err != nil || of.Revision != revision {
		return "", of, false
	}
	can, err := v.auth.TokenAbilities(v.ctx(), v.caller, parts[0], []api.Token{of})
	t := table{Address: listing.At(*v.r.URL), workspace: parts[0]}
	return t.page(of, "enable"), of, err == nil && can[of.Locator].Enable
}

// undo is how the next page finds what was disabled.
func (v *visit) undo(t api.Token) string {
	return v.at.Slug + "/" + t.Locator + "/" + strconv.FormatInt(t.Revision, 10)
}

// backOf is where the form of a token leads back to.
func (v *visit) backOf(d draft) listing.Place {
	if d.Token == nil {
		return v.backTo(v.listOf(d.Owner))
	}
	p := v.tokenBack(*d.Token)
	if p.Token {
		p.Name = phrase.Cut(d.Token.Label, 40)
	}
	return p
}
