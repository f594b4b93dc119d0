package office_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
)

// finds wants a filter to find the tokens that were issued, in this order.
func (w *world) finds(f api.TokenFilter, want ...authority.Issued) {
	w.Helper()
	got, _, err := w.ListTokens(w.ctx, w.root, "acme", f, authority.Page{})
	must(w.T, err)
	var found, wanted []string
	for _, t := range got {
		found = append(found, t.Locator)
	}
	for _, i := range want {
		wanted = append(wanted, i.Token.Locator)
	}
	if !slices.Equal(found, wanted) {
		w.Errorf("%+v finds %v, want %v", f, found, wanted)
	}
}

// TestTokensOfSomebodyWhoWasRemovedAreFound: by whatever they were called, and
// together with those of whoever came back under that name.
func TestTokensOfSomebodyWhoWasRemovedAreFound(t *testing.T) {
	each(t, func(w *world) {
		in := api.CreateMember{Email: "eve@example.com", Name: api.Some("Eve Polastri"), ExternalID: api.Some("hr-7")}
		in.Role, in.Resources = api.Some("Team Member"), api.Some([]string{"*"})
		m, _, err := w.CreateMember(w.ctx, w.root, "acme", in)
		must(w.T, err)
		w.account("deployer", "tickets:read")
		first, service := w.create(w.person("eve@example.com"), ask("personal", "")), w.create(w.root, ask("service", "deployer"))
		_, _, _, err = w.RemoveMember(w.ctx, w.root, "acme", "eve@example.com", false)
		must(w.T, err)
		_, _, _, err = w.RemoveServiceAccount(w.ctx, w.root, "acme", "deployer", false)
		must(w.T, err)
		for _, owner := range []string{"eve@example.com", "EVE@example.com", m.ID, "ext:hr-7"} {
			w.finds(api.TokenFilter{Owner: api.Some(owner)}, first)
		}
		for _, q := range []string{"polastri eve", "eve@", first.Token.ID, first.Token.Masked, "hr-7 pol"} {
			w.finds(api.TokenFilter{Query: api.Some(q)}, first)
		}
		for _, owner := range []string{"deployer", "deployer@acme.service", service.Token.Owner.ID} {
			w.finds(api.TokenFilter{Owner: api.Some(owner)}, service)
		}
		w.finds(api.TokenFilter{Query: api.Some("deployer@acme")}, service)

		in.ExternalID = api.Opt[string]{}
		_, _, err = w.CreateMember(w.ctx, w.root, "acme", in)
		must(w.T, err)
		second := w.create(w.person("eve@example.com"), ask("personal", ""))
		w.finds(api.TokenFilter{Owner: api.Some("eve@example.com")}, second, first)
		w.finds(api.TokenFilter{Owner: api.Some("eve@example.com"), Status: api.Some(api.StatusActive)}, second)
		w.finds(api.TokenFilter{Owner: api.Some("ext:hr-7")}, first)
	})
}

// TestWhoCameBackSeesNothingOfBefore: their own are those of their membership.
func TestWhoCameBackSeesNothingOfBefore(t *testing.T) {
	each(t, func(w *world) {
		eve := w.member("eve@example.com", "Team Member")
		w.create(eve, ask("personal", ""))
		_, _, _, err := w.RemoveMember(w.ctx, w.root, "acme", "eve@example.com", false)
		must(w.T, err)
		eve = w.member("eve@example.com", "Team Member")
		second := w.create(eve, ask("personal", ""))
		got, _, err := w.ListTokens(w.ctx, eve, "acme", api.TokenFilter{Owner: api.Some("me")}, authority.Page{})
		must(w.T, err)
		if len(got) != 1 || got[0].Locator != second.Token.Locator {
			w.Errorf("they see %d tokens", len(got))
		}
	})
}

func TestASearchIsBounded(t *testing.T) {
	each(t, func(w *world) {
		const words = "a b c d e f g h i j k l m n o p q"
		_, _, err := w.ListTokens(w.ctx, w.root, "acme", api.TokenFilter{Query: api.Some(words)}, authority.Page{})
		w.refused(err, api.CodeInvalidField)
		_, _, err = w.ListTokens(w.ctx, w.root, "acme", api.TokenFilter{Query: api.Some(strings.Repeat("x", 301))}, authority.Page{})
		w.refused(err, api.CodeInvalidField)
		_, _, err = w.ListMembers(w.ctx, w.root, "acme", authority.Page{Text: words})
		w.refused(err, api.CodeInvalidField)
		_, _, err = w.ListTokens(w.ctx, w.root, "acme", api.TokenFilter{Owner: api.Some("nobody@example.com")}, authority.Page{})
		w.refused(err, api.CodeInvalidField)
	})
}
