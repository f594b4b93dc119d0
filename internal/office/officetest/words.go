package officetest

import (
	"strings"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/token"
)

// Patch is an edit of a token.
func Patch(f func(*api.TokenFields)) api.EditToken {
	var in api.EditToken
	f(&in.TokenFields)
	return in
}

// RoleOn are rights by one role on some resources.
func RoleOn(name string, resources ...string) api.Rights {
	return api.Rights{Role: api.Some(name), Resources: api.Some(resources)}
}

// Years is further than any policy reaches.
const Years = 10 * 365 * 24 * time.Hour

// Acme is the workspace of the world.
func Acme() authority.Where { return authority.Where{Workspace: "acme"} }

// Instance is the place that is no workspace.
func Instance() authority.Where { return authority.Where{Instance: true} }

// Hook is an endpoint for some events.
func Hook(events ...string) api.CreateWebhook {
	return api.CreateWebhook{URL: "https://hooks.example.com/x", Events: events}
}

// Ask is a request for a token with a label.
func Ask(kind, owner string) api.CreateToken {
	in := api.CreateToken{Kind: kind, Owner: owner}
	in.Label = api.Some("test")
	return in
}

// Scoped is ask with scopes on the entire portfolio.
func Scoped(kind, owner string, scopes ...string) api.CreateToken {
	in := Ask(kind, owner)
	in.Scopes, in.Resources = api.Some(scopes), api.Some([]string{"*"})
	return in
}

// Page is the part of a list after a row.
func Page(after int64) authority.Page { return authority.Page{After: after} }

// BootstrapAgain sets up what is set up.
func BootstrapAgain() office.Bootstrap {
	return office.Bootstrap{Email: "eve@example.com", Workspace: "evil"}
}

// ContainsAny says whether one of some parts is in a text.
func ContainsAny(text string, parts ...string) bool {
	for _, p := range parts {
		if strings.Contains(text, p) {
			return true
		}
	}
	return false
}

// Locator is that of an issued token.
func Locator(w *World, i authority.Issued) token.Locator {
	w.Helper()
	l, err := token.ParseLocator(i.Token.Locator)
	Must(w.T, err)
	return l
}

// In is a workspace as a place.
func In(ws string) authority.Where { return authority.Where{Workspace: ws} }

// Day is one of the clock.
const Day = 24 * time.Hour

// As lets a caller act as a member.
func As(c authority.Caller, member string) authority.Caller {
	c.ActAs = member
	return c
}

// Inheriting is a request for a token that leaves its rights to its owner.
func Inheriting(owner string) api.CreateToken { return Ask("personal", owner) }

// Third is the error of a verb that answers two things.
func Third[A, B any](_ A, _ B, err error) error { return err }

// Second is the error of a verb that answers one thing.
func Second[A any](_ A, err error) error { return err }

// Told is all that an answer says.
func Told(err error) string {
	if err == nil {
		return "ok"
	}
	e := api.AsError(err)
	return string(e.Code) + " " + e.Field + " " + e.Message
}

// Alike says that answers do not tell one case from another.
func Alike(w *World, what string, answers []string) {
	w.Helper()
	for _, a := range answers[1:] {
		if a != answers[0] {
			w.Errorf("%s: %q and %q", what, answers[0], a)
		}
	}
}

// Rights are scopes on the entire portfolio.
func Rights(scopes ...string) api.Rights {
	return api.Rights{Scopes: api.Some(scopes), Resources: api.Some([]string{"*"})}
}
