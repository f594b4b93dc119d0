package console

import (
	"strconv"
	"strings"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/listing"
	"github.com/tokenry/tokenry/internal/phrase"
)

// leading is an address that leads back to this list, as it is narrowed.
func (v *visit) leading(href string) string { return listing.At(*v.R.URL).Leading(href) }

// memberBack, accountsBack and hooksBack are the lists that led to one of theirs.
func (v *visit) memberBack() listing.Place {
	return v.BackTo(listing.Place{Href: v.WS("members"), Name: "Members"})
}

func (v *visit) accountsBack() listing.Place {
	return v.BackTo(listing.Place{Href: v.WS("service-accounts"), Name: "Service accounts"})
}

func (v *visit) hooksBack(h hooks) listing.Place {
	return v.BackTo(listing.Place{Href: h.base, Name: "Webhooks"})
}

// tokenBack is where what is done to a token leads afterwards.
func (v *visit) tokenBack(t api.Token) listing.Place {
	return v.BackTo(listing.Place{Href: v.tokenPage(t.Locator), Name: "Token", Token: true})
}

// listBack is the list that led to a token, or else the one that it stands in.
func (v *visit) listBack(t api.Token) listing.Place {
	if p, ok := listing.List(v.Q("from")); ok {
		return p
	}
	return v.listOf(t.Kind)
}

// listOf is the list that tokens of a kind stand in, for this visitor.
func (v *visit) listOf(kind string) listing.Place {
	switch {
	case v.Session.Portal != "":
		return listing.Place{Href: "/settings/tokens", Name: "My tokens"}
	case kind == "workspace":
		return listing.Place{Href: v.WS("integration-tokens"), Name: "Integration tokens"}
	}
	return listing.Place{Href: v.WS("access-tokens"), Name: "Access tokens"}
}

// current says that an entry of the navigation is where the visitor is: whoever came from
// their own tokens is in none of them.
func (v *visit) current(l link) bool {
	p, ok := listing.List(v.Q("from"))
	return l.key == v.Section && !(ok && p.Name == "My tokens")
}

// undoable is what a list offers to take back: the token that was disabled, if nobody changed
// it since and the visitor may enable it.
func (v *visit) undoable() (at string, of api.Token, ok bool) {
	parts := strings.Split(v.Q("undo"), "/")
	if v.Q("did") != "disabled" || len(parts) != 3 {
		return "", of, false
	}
	revision, _ := strconv.ParseInt(parts[2], 10, 64) // what is no number is no revision
	of, err := v.Office.GetToken(v.Ctx(), v.Caller, parts[0], parts[1])
	if err != nil || of.Revision != revision {
		return "", of, false
	}
	can, err := v.Office.TokenAbilities(v.Ctx(), v.Caller, parts[0], []api.Token{of})
	t := table{Address: listing.At(*v.R.URL), workspace: parts[0]}
	return t.page(of, "enable"), of, err == nil && can[of.Locator].Enable
}

// undo is how the next page finds what was disabled.
func (v *visit) undo(t api.Token) string {
	return v.At.Slug + "/" + t.Locator + "/" + strconv.FormatInt(t.Revision, 10)
}

// backOf is where the form of a token leads back to.
func (v *visit) backOf(d draft) listing.Place {
	if d.Token == nil {
		return v.BackTo(v.listOf(d.Owner))
	}
	p := v.tokenBack(*d.Token)
	if p.Token {
		p.Name = phrase.Cut(d.Token.Label, 40)
	}
	return p
}
