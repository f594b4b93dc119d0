package tokens_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/office/officetest"
)

// finds wants a filter to find the tokens that were issued, in this order.
func finds(w *officetest.World, f api.TokenFilter, want ...authority.Issued) {
	w.Helper()
	got, _, err := w.ListTokens(w.Ctx, w.Root, "acme", f, authority.Page{})
	officetest.Must(w.T, err)
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
	officetest.Each(t, func(w *officetest.World) {
		in := api.CreateMember{Email: "eve@example.com", Name: api.Some("Eve Polastri"), ExternalID: api.Some("hr-7")}
		in.Role, in.Resources = api.Some("Team Member"), api.Some([]string{"*"})
		m, err := w.CreateMember(w.Ctx, w.Root, "acme", in)
		officetest.Must(w.T, err)
		w.Account("deployer", "tickets:read")
		first, service := w.Create(w.Person("eve@example.com"), officetest.Ask("personal", "")), w.Create(w.Root, officetest.Ask("service", "deployer"))
		_, err = w.RemoveMember(w.Ctx, w.Root, "acme", "eve@example.com", false)
		officetest.Must(w.T, err)
		_, err = w.RemoveServiceAccount(w.Ctx, w.Root, "acme", "deployer", false)
		officetest.Must(w.T, err)
		for _, owner := range []string{"eve@example.com", "EVE@example.com", m.Value.ID, "ext:hr-7"} {
			finds(w, api.TokenFilter{Owner: api.Some(owner)}, first)
		}
		for _, q := range []string{"polastri eve", "eve@", first.Token.ID, first.Token.Masked, "hr-7 pol"} {
			finds(w, api.TokenFilter{Query: api.Some(q)}, first)
		}
		for _, owner := range []string{"deployer", "deployer@acme.service", service.Token.Owner.ID} {
			finds(w, api.TokenFilter{Owner: api.Some(owner)}, service)
		}
		finds(w, api.TokenFilter{Query: api.Some("deployer@acme")}, service)

		in.ExternalID = api.Opt[string]{}
		_, err = w.CreateMember(w.Ctx, w.Root, "acme", in)
		officetest.Must(w.T, err)
		second := w.Create(w.Person("eve@example.com"), officetest.Ask("personal", ""))
		finds(w, api.TokenFilter{Owner: api.Some("eve@example.com")}, second, first)
		finds(w, api.TokenFilter{Owner: api.Some("eve@example.com"), Status: api.Some(api.StatusActive)}, second)
		finds(w, api.TokenFilter{Owner: api.Some("ext:hr-7")}, first)
	})
}

// TestWhoCameBackSeesNothingOfBefore: their own are those of their membership.
func TestWhoCameBackSeesNothingOfBefore(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		eve := w.Member("eve@example.com", "Team Member")
		w.Create(eve, officetest.Ask("personal", ""))
		_, err := w.RemoveMember(w.Ctx, w.Root, "acme", "eve@example.com", false)
		officetest.Must(w.T, err)
		eve = w.Member("eve@example.com", "Team Member")
		second := w.Create(eve, officetest.Ask("personal", ""))
		got, _, err := w.ListTokens(w.Ctx, eve, "acme", api.TokenFilter{Owner: api.Some("me")}, authority.Page{})
		officetest.Must(w.T, err)
		if len(got) != 1 || got[0].Locator != second.Token.Locator {
			w.Errorf("they see %d tokens", len(got))
		}
	})
}

func TestASearchIsBounded(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		const words = "a b c d e f g h i j k l m n o p q"
		_, _, err := w.ListTokens(w.Ctx, w.Root, "acme", api.TokenFilter{Query: api.Some(words)}, authority.Page{})
		w.Refused(err, api.CodeInvalidField)
		_, _, err = w.ListTokens(w.Ctx, w.Root, "acme", api.TokenFilter{Query: api.Some(strings.Repeat("x", 301))}, authority.Page{})
		w.Refused(err, api.CodeInvalidField)
		_, _, err = w.ListMembers(w.Ctx, w.Root, "acme", authority.Page{Text: words})
		w.Refused(err, api.CodeInvalidField)
		_, _, err = w.ListTokens(w.Ctx, w.Root, "acme", api.TokenFilter{Owner: api.Some("nobody@example.com")}, authority.Page{})
		w.Refused(err, api.CodeInvalidField)
	})
}
