package httpapi_test

import (
	"strings"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
)

// A signed-in person has no API token, so the door of this package is closed to
// them; the console asks the authority in their name. This is the matrix there:
// the verbs of tokens, under the three values of personal_tokens.

// deed is what a person tries; own is a token of theirs, bea somebody else's.
type deed struct {
	title string
	try   func(w *world, c authority.Caller, own, bea string) error
}

func newToken(kind, owner string) api.CreateToken {
	in := api.CreateToken{Kind: kind, Owner: owner}
	in.Label = api.Some("x")
	if kind == "workspace" {
		in.Scopes, in.Resources = api.Some([]string{"tickets:read"}), api.Some([]string{"*"})
	}
	return in
}

func creating(kind, owner string) func(*world, authority.Caller, string, string) error {
	return func(w *world, c authority.Caller, _, _ string) error {
		_, err := w.CreateToken(w.Context(), c, "acme", newToken(kind, owner))
		return err
	}
}

func deeds() []deed {
	out := []deed{
		{"create one's own", creating("personal", "")},
		{"create somebody else's", creating("personal", "bea@example.com")},
		{"create a service account's", creating("service", "robot")},
		{"create the workspace's", creating("workspace", "")},
		{"list", func(w *world, c authority.Caller, _, _ string) error {
			_, _, err := w.ListTokens(w.Context(), c, "acme", api.TokenFilter{}, authority.Page{})
			return err
		}},
		{"reset one's own access token", func(w *world, c authority.Caller, _, _ string) error {
			_, err := w.ResetAccessToken(w.Context(), c, "acme", "me")
			return err
		}},
		{"reset somebody else's access token", func(w *world, c authority.Caller, _, _ string) error {
			_, err := w.ResetAccessToken(w.Context(), c, "acme", "bea@example.com")
			return err
		}},
	}
	for _, v := range tokenVerbs() {
		out = append(out,
			deed{v.title + " one's own", func(w *world, c authority.Caller, own, _ string) error { return v.try(w, c, own) }},
			deed{v.title + " somebody else's", func(w *world, c authority.Caller, _, bea string) error { return v.try(w, c, bea) }})
	}
	return out
}

type tokenVerb struct {
	title string
	try   func(w *world, c authority.Caller, id string) error
}

func tokenVerbs() []tokenVerb {
	return []tokenVerb{
		{"show", func(w *world, c authority.Caller, id string) error {
			_, err := w.GetToken(w.Context(), c, "acme", id)
			return err
		}},
		{"relabel", func(w *world, c authority.Caller, id string) error {
			in := api.EditToken{}
			in.Label = api.Some("y")
			_, err := w.EditToken(w.Context(), c, "acme", id, in)
			return err
		}},
		{"widen", func(w *world, c authority.Caller, id string) error {
			in := api.EditToken{}
			in.Scopes, in.Resources = api.Some([]string{"*"}), api.Some([]string{"*"})
			_, err := w.EditToken(w.Context(), c, "acme", id, in)
			return err
		}},
		{"disable", func(w *world, c authority.Caller, id string) error {
			_, err := w.DisableToken(w.Context(), c, "acme", id, api.DisableToken{})
			return err
		}},
		{"enable", func(w *world, c authority.Caller, id string) error {
			_, err := w.EnableToken(w.Context(), c, "acme", id)
			return err
		}},
		{"rotate", func(w *world, c authority.Caller, id string) error {
			_, err := w.RotateToken(w.Context(), c, "acme", id, api.RotateToken{})
			return err
		}},
		{"transfer to a service account", func(w *world, c authority.Caller, id string) error {
			_, err := w.TransferToken(w.Context(), c, "acme", id, api.TransferToken{Owner: "robot"})
			return err
		}},
		{"revoke", func(w *world, c authority.Caller, id string) error {
			_, err := w.RevokeToken(w.Context(), c, "acme", id, api.RevokeToken{})
			return err
		}},
		{"delete", func(w *world, c authority.Caller, id string) error {
			_, err := w.DeleteToken(w.Context(), c, "acme", id, api.RevokeToken{})
			return err
		}},
	}
}

const personsHead = `# What signed-in persons may do with tokens. One line a deed, one column a person.
#
# + done                  - a scope is missing        ^ more than the caller's own rights
# 0 not found             ! forbidden by the policy personal_tokens
# i not active: a deactivated member may do nothing
#
# Each group is Viewer, Team Member, Workspace Manager, Administrator, Owner, CI Token, then an instance
# administrator who is no member, a deactivated member, and the Owner of another workspace.
# The groups are the values of personal_tokens: members, managers, nobody.
#
# Written by go test ./internal/httpapi -run Matrix -update; every changed line is a changed law.
#
# members   managers  nobody
`

func TestMatrixOfSignedInPersons(t *testing.T) {
	t.Parallel()
	o := newFirm(t)
	rows, titles := map[string][]string{}, []string{}
	for _, policy := range []string{api.PersonalMembers, api.PersonalManagers, api.PersonalNobody} {
		w := o.open(t)
		w.as(w.root, "PATCH", ws+"/policy", object{"personal_tokens": policy}).is(200)
		stage := w.rehearse()
		for _, d := range deeds() {
			rows[d.title] = append(rows[d.title], tryAll(w, stage, o, d))
		}
	}
	for _, d := range deeds() {
		titles = append(titles, d.title)
	}
	g := openLedger(t, "matrix_persons.txt", personsHead, titles)
	for _, title := range titles {
		g.line(t, title, strings.Join(rows[title], " "))
	}
}

// tryAll lets every person try a deed.
func tryAll(w *world, stage *rehearsal, o *firm, d deed) string {
	w.Helper()
	var row strings.Builder
	for _, who := range persons() {
		before := stage.granted.Load()
		v := w.tried(d.try(w, w.person(who), o.own[who], o.ids["acme/bea"]))
		if v != "+" && stage.granted.Load() != before {
			w.Errorf("%s: %s was refused, and changed something", d.title, who)
		}
		row.WriteString(v)
	}
	return row.String()
}

func persons() []string {
	var out []string
	for _, role := range roles() {
		out = append(out, spelled(role)+"@example.com")
	}
	return append(out, "root@example.com", "gone@example.com", "gil@example.com")
}

// hire adds those who stand apart and gives everybody a token of their own.
func (o *firm) hire(w *world) {
	w.Helper()
	w.play([]step{
		{"POST", "/v1/workspaces/globex/members", onAll(object{"email": "root@example.com", "role": "Viewer"}), 201, nil},
		{"POST", "/v1/instance/admins", object{"user": "root@example.com"}, 200, nil},
		{"POST", ws + "/members", onAll(object{"email": "gone@example.com", "role": "Owner"}), 201, nil},
	})
	for _, who := range persons() {
		at := "acme"
		if who == "root@example.com" || who == "gil@example.com" {
			at = "globex"
		}
		o.own[who] = w.issue(at, object{"label": "own", "owner": who}).Token.ID
	}
	w.as(w.root, "POST", ws+"/members/gone@example.com/deactivate", nil).is(200)
}

func (w *world) tried(err error) string {
	w.Helper()
	if err == nil {
		return "+"
	}
	e := api.AsError(err)
	if e.Code == api.CodeOwnerInactive {
		return "i"
	}
	v := verdict(e.Code, e.Field)
	if len(v) > 1 {
		w.Errorf("%v", err)
	}
	return v
}
