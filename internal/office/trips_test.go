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

// counted is an office whose ways to PostgreSQL are counted.
type counted struct {
	*office.Office
	store *store.Store
	trips int
}

func newCounted(t *testing.T, url string, keys *token.Keyring) *counted {
	t.Helper()
	c := &counted{}
	var err error
	if c.store, err = store.Open(t.Context(), store.Options{URL: url, Trip: func() { c.trips++ }}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.store.Close() })
	c.Office = office.New(authority.Options{Store: c.store, Keys: keys, Now: time.Now, Rand: rand.Reader})
	if err := c.Prepare(t.Context(), token.DefaultPrefix); err != nil {
		t.Fatal(err)
	}
	return c
}

// begun makes a workspace with an account, and answers who may all there.
func (c *counted) begun(t *testing.T) authority.Caller {
	t.Helper()
	started, err := c.Bootstrap(t.Context(), office.Bootstrap{Email: "ada@example.com", Workspace: "acme"})
	if err != nil {
		t.Fatal(err)
	}
	by := storetest.Presenting(t, c.store, started.Token.Locator)
	var in api.CreateServiceAccount
	in.Name, in.Scopes, in.Resources = "ci", api.Some([]string{"tickets:*"}), api.Some([]string{"*"})
	if _, err := c.CreateServiceAccount(t.Context(), by, "acme", in); err != nil {
		t.Fatal(err)
	}
	return by
}

func (c *counted) made(t *testing.T, by authority.Caller) string {
	t.Helper()
	in := api.CreateToken{Kind: "service", Owner: "ci"}
	in.Label = api.Some("x")
	made, err := c.CreateToken(t.Context(), by, "acme", in)
	if err != nil {
		t.Fatal(err)
	}
	return made.Token.ID
}

func newKeys(t *testing.T) *token.Keyring {
	t.Helper()
	keys, err := token.GenerateKeyring(rand.Reader, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// TestAChangeBehindAnotherNodesTakesFewWays: what another node changed is forgotten, and
// nothing else, so that nodes which change things by turns do not read everything anew.
func TestAChangeBehindAnotherNodesTakesFewWays(t *testing.T) {
	t.Parallel()
	url, keys := storetest.Postgres(t), newKeys(t)
	nodes := []*counted{newCounted(t, url, keys), newCounted(t, url, keys)}
	by := nodes[0].begun(t)
	const most = 5 // as behind its own: where the audit goes on is told
	for turn := range 8 {
		n := nodes[turn%len(nodes)]
		n.trips = 0
		n.made(t, by)
		t.Logf("turn %d: %d ways", turn, n.trips)
		if turn >= len(nodes) && n.trips > most {
			t.Errorf("a token made behind another node's takes %d ways to the database, at most %d are meant", n.trips, most)
		}
	}
}

// TestAChangeTakesFewWays: how often a change goes to PostgreSQL and back while everybody
// waits for it, once who asks and where is known. It was 34 times for a revoke.
func TestAChangeTakesFewWays(t *testing.T) {
	t.Parallel()
	o := newCounted(t, storetest.Postgres(t), newKeys(t))
	by := o.begun(t)
	for _, verb := range []struct {
		name string
		most int
		do   func(id string) (string, error)
	}{
		{"create", 5, func(string) (string, error) {
			return o.made(t, by), nil
		}},
		{"edit", 6, func(id string) (string, error) {
			in := api.EditToken{}
			in.Label = api.Some("y")
			_, err := o.EditToken(t.Context(), by, "acme", id, in)
			return id, err
		}},
		{"disable", 6, func(id string) (string, error) {
			_, err := o.DisableToken(t.Context(), by, "acme", id, api.DisableToken{})
			return id, err
		}},
		{"revoke", 6, func(id string) (string, error) {
			_, err := o.RevokeToken(t.Context(), by, "acme", id, api.RevokeToken{})
			return id, err
		}},
	} {
		var ids [4]string
		for turn := range ids {
			if verb.name != "create" {
				ids[turn] = o.made(t, by)
			}
		}
		for turn, id := range ids {
			o.trips = 0
			if _, err := verb.do(id); err != nil {
				t.Fatalf("%s: %v", verb.name, err)
			}
			t.Logf("%s: %d ways", verb.name, o.trips)
			if turn > 0 && o.trips > verb.most {
				t.Errorf("%s takes %d ways to the database, at most %d are meant", verb.name, o.trips, verb.most)
			}
		}
	}
}
