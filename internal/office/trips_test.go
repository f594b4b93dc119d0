package office_test

import (
	"crypto/rand"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/store"
	"github.com/tokenry/tokenry/internal/store/storetest"
	"github.com/tokenry/tokenry/token"
)

// TestAChangeTakesFewWays: how often a change goes to PostgreSQL and back while everybody
// waits for it, once who asks and where is known. It was 34 times for a revoke.
func TestAChangeTakesFewWays(t *testing.T) {
	t.Parallel()
	var trips int
	s, err := store.Open(t.Context(), store.Options{URL: storetest.Postgres(t), Trip: func() { trips++ }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	keys, err := token.GenerateKeyring(rand.Reader, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	o := office.New(authority.Options{Store: s, Keys: keys, Now: time.Now, Rand: rand.Reader})
	if err := o.Prepare(t.Context(), token.DefaultPrefix); err != nil {
		t.Fatal(err)
	}
	started, err := o.Bootstrap(t.Context(), office.Bootstrap{Email: "ada@example.com", Workspace: "acme"})
	if err != nil {
		t.Fatal(err)
	}
	by := storetest.Presenting(t, s, started.Token.Locator)
	var in api.CreateServiceAccount
	in.Name, in.Scopes, in.Resources = "ci", api.Some([]string{"tickets:*"}), api.Some([]string{"*"})
	if _, err := o.CreateServiceAccount(t.Context(), by, "acme", in); err != nil {
		t.Fatal(err)
	}
	for _, verb := range []struct {
		name string
		most int
		do   func(id string) (string, error)
	}{
		{"create", 7, func(string) (string, error) {
			in := api.CreateToken{Kind: "service", Owner: "ci"}
			in.Label = api.Some("x")
			made, err := o.CreateToken(t.Context(), by, "acme", in)
			return made.Token.ID, err
		}},
		{"edit", 7, func(id string) (string, error) {
			in := api.EditToken{}
			in.Label = api.Some("y")
			_, err := o.EditToken(t.Context(), by, "acme", id, in)
			return id, err
		}},
		{"disable", 7, func(id string) (string, error) {
			_, err := o.DisableToken(t.Context(), by, "acme", id, api.DisableToken{})
			return id, err
		}},
		{"revoke", 7, func(id string) (string, error) {
			_, err := o.RevokeToken(t.Context(), by, "acme", id, api.RevokeToken{})
			return id, err
		}},
	} {
		var ids [4]string
		for turn := range ids {
			if verb.name != "create" {
				in := api.CreateToken{Kind: "service", Owner: "ci"}
				in.Label = api.Some("x")
				made, err := o.CreateToken(t.Context(), by, "acme", in)
				if err != nil {
					t.Fatal(err)
				}
				ids[turn] = made.Token.ID
			}
		}
		for turn, id := range ids {
			trips = 0
			if _, err := verb.do(id); err != nil {
				t.Fatalf("%s: %v", verb.name, err)
			}
			t.Logf("%s: %d ways", verb.name, trips)
			if turn > 0 && trips > verb.most {
				t.Errorf("%s takes %d ways to the database, at most %d are meant", verb.name, trips, verb.most)
			}
		}
	}
}
