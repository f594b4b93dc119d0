package scim

import (
	"errors"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/ledger"
)

// FuzzFilter: whatever is sent as a filter or a path is read or refused with a kind, and one
// that is read can be asked of every resource.
func FuzzFilter(f *testing.F) {
	for _, text := range []string{
		`userName eq "a@b.example" and not (active eq "False" or emails[type eq "work" and value co "x"].value sw "y")`, `meta.created ge "2026-01-01T00:00:00Z"`,
		`members[value eq "usr_1"]`, `urn:ietf:params:scim:schemas:core:2.0:User:name.givenName`, `emails[type eq "other"].value`, `((((`, `a eq "\`, `id eq null`,
	} {
		f.Add(text)
	}
	email := "a@b.example"
	fr := frame{base: "https://t.example/scim/v2"}
	m := api.Member{ID: "usr_1", Address: email, Email: &email, Name: "Ada Lovelace", Active: true}
	user := fr.user(m, []document{{"value": "role_1", "display": "Viewer", "type": "direct"}})
	group := fr.group(ledger.Role{Name: "Viewer"}, []ledger.Member{{UserPublicID: "usr_1", UserEmail: email}})
	f.Fuzz(func(t *testing.T, text string) {
		for _, c := range []struct {
			of []attribute
			d  document
		}{{userAttributes(), user}, {groupAttributes(), group}} {
			read, err := readFilter(text, c.of)
			if err == nil {
				read.match(c.d)
			}
			at, failed := readPath(text, c.of)
			if failed == nil && at.among != nil {
				at.among(c.d)
			}
			for _, err := range []error{err, failed} {
				if k := (cause{}); err != nil && !errors.As(err, &k) {
					t.Errorf("%q: %v", text, err)
				}
			}
		}
	})
}

// FuzzPatch: a body is read or refused as the caller's fault, and what it comes to is the
// same each time.
func FuzzPatch(f *testing.F) {
	for _, body := range []string{
		`{"Operations":[{"op":"Replace","path":"active","value":"False"},{"op":"add","value":{"name.givenName":"Ada","displayName":"x"}}]}`,
		`{"Operations":[{"op":"Remove","path":"members","value":[{"$ref":null,"value":"usr_1"}]},{"op":"replace","value":{"members":["usr_2"]}}]}`,
		`{"userName":"a@b.example","name":{"familyName":"x"},"members":[{"value":"usr_1"}]}`,
	} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		w, err := readUserPatch([]byte(body))
		again, _ := readUserPatch([]byte(body)) // the same as before
		if err == nil && (w.name("Ada Lovelace") != again.name("Ada Lovelace") || (w.active == nil) != (again.active == nil)) {
			t.Errorf("%q comes to two things", body)
		}
		_, posted := readUser([]byte(body))
		g, grouped := readGroupPatch([]byte(body))
		if grouped == nil {
			g.apply([]string{"usr_1", "usr_2"}, func(id string) document { return document{"value": id} })
		}
		_, put := readGroup([]byte(body))
		for _, err := range []error{err, posted, grouped, put} {
			if e := api.AsError(err); err != nil && e.Status() != 400 {
				t.Errorf("%q: %v", body, err)
			}
		}
	})
}
