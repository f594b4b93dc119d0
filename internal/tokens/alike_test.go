package tokens_test

import (
	"fmt"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/office/officetest"
)

// TestAPartOfANameFindsOwnersAndMakers: all whom it means, together and in their order, and
// a whole address that one alone.
func TestAPartOfANameFindsOwnersAndMakers(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		people := map[string]authority.Caller{}
		for email, name := range map[string]string{"eve@example.com": "Eve Polastri", "steve@example.com": "Steve Martin"} {
			in := api.CreateMember{Email: email, Name: api.Some(name)}
			in.Role, in.Resources = api.Some("Owner"), api.Some([]string{"*"})
			_, err := w.CreateMember(w.Ctx, w.Root, "acme", in)
			officetest.Must(w.T, err)
			people[email] = w.Person(email)
		}
		w.Account("eventer", "tickets:read")
		eve, steve := w.Create(people["eve@example.com"], officetest.Ask("personal", "")), w.Create(people["steve@example.com"], officetest.Ask("personal", ""))
		service := w.Create(people["steve@example.com"], officetest.Ask("service", "eventer"))
		w.Create(w.Root, officetest.Scoped("workspace", "", "tickets:read"))

		for part, want := range map[string][]authority.Issued{
			"polastri": {eve}, "EVE": {service, steve, eve}, "eve@example.com": {eve}, "example.com eve": {steve, eve}, "eventer": {service}, "event": {service},
		} {
			finds(w, api.TokenFilter{Owner: api.Some(part)}, want...)
		}
		finds(w, api.TokenFilter{Owner: api.Some("eve"), Kind: api.Some("personal"), Query: api.Some("steve")}, steve)
		for part, want := range map[string][]authority.Issued{
			"polastri": {eve}, "steve": {service, steve}, "eve": {service, steve, eve}, "eve@example.com": {eve}, "EVE@example.com": {eve}, "%": nil,
		} {
			finds(w, api.TokenFilter{CreatedBy: api.Some(part)}, want...)
		}
		finds(w, api.TokenFilter{CreatedBy: api.Some("eve"), Kind: api.Some("service")}, service)
		finds(w, api.TokenFilter{CreatedBy: api.Some("eve"), Owner: api.Some("martin")}, steve)
		page, next, err := w.ListTokens(w.Ctx, w.Root, "acme", api.TokenFilter{CreatedBy: api.Some("eve")}, authority.Page{Limit: 2})
		if err != nil || len(page) != 2 || page[1].Locator != steve.Token.Locator || next == 0 {
			w.Errorf("a page of them: %v, %d, %v", page, next, err)
		}
		rest, next, err := w.ListTokens(w.Ctx, w.Root, "acme", api.TokenFilter{CreatedBy: api.Some("eve")}, authority.Page{Limit: 2, After: next})
		if err != nil || len(rest) != 1 || rest[0].Locator != eve.Token.Locator || next != 0 {
			w.Errorf("the rest: %v, %d, %v", rest, next, err)
		}
	})
}

// TestAPartOfANameEndsNothing: what ends tokens asks for whole names.
func TestAPartOfANameEndsNothing(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		eve := w.Create(w.Member("eve@example.com", "Owner"), officetest.Ask("personal", ""))
		bulk := func(f api.TokenFilter) error {
			return w.BulkTokens(w.Ctx, w.Root, "acme", api.BulkTokens{Action: api.BulkRevoke, Filter: &f}, func(api.BulkResult) error { return nil })
		}
		w.RefusedField(bulk(api.TokenFilter{Owner: api.Some("ev")}), api.CodeInvalidField, "owner")
		officetest.Must(w.T, bulk(api.TokenFilter{CreatedBy: api.Some("ev")}))
		w.Allow(eve.Secret)
		officetest.Must(w.T, bulk(api.TokenFilter{CreatedBy: api.Some("eve@example.com")}))
		w.Deny(api.CodeRevoked, eve.Secret)
	})
}

// TestAPartOfVeryManyNamesIsRefused, in the field that it stands in, and whoever sees only
// their own learns from it nothing of others.
func TestAPartOfVeryManyNamesIsRefused(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		w.WriteRole(officetest.Acme(), "Alone", "tickets:read")
		vera := w.Member("vera@example.org", "Alone")
		for i := range 21 {
			w.Account(fmt.Sprintf("job-%02d", i), "tickets:read")
		}
		ask := func(c authority.Caller, f api.TokenFilter) error {
			_, _, err := w.ListTokens(w.Ctx, c, "acme", f, authority.Page{})
			return err
		}
		for field, f := range map[string]api.TokenFilter{"owner": {Owner: api.Some("job")}, "created_by": {CreatedBy: api.Some("job")}} {
			w.RefusedField(ask(w.Root, f), api.CodeInvalidField, field)
			officetest.Must(w.T, ask(vera, f))
		}
		officetest.Must(w.T, ask(w.Root, api.TokenFilter{Owner: api.Some("job-0"), CreatedBy: api.Some("job-1")}))
		w.RefusedField(ask(w.Root, api.TokenFilter{Owner: api.Some("nobody")}), api.CodeInvalidField, "owner")
		w.RefusedField(ask(w.Root, api.TokenFilter{Owner: api.Some(" ")}), api.CodeInvalidField, "owner")
	})
}
