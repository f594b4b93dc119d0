package server_test

import (
	"crypto/rand"
	"path/filepath"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/client"
	"github.com/tokenry/tokenry/internal/config"
	"github.com/tokenry/tokenry/internal/server"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

// nodes are servers on one PostgreSQL database, with one keyring.
type nodes struct {
	*testing.T
	url string
	cfg config.Config
	all []running
	// owner is the first Owner's client on the first node, secret that token.
	owner  *client.Client
	secret string
}

func startNodes(t *testing.T, n int) *nodes {
	t.Helper()
	url, keys := storetest.Postgres(t), filepath.Join(t.TempDir(), "keys.json")
	if _, err := server.CreateKeyring(keys, rand.Reader, time.Now()); err != nil {
		t.Fatal(err)
	}
	ns := &nodes{T: t, url: url, cfg: settings(t, "--database", url, "--keys", keys)}
	for range n {
		ns.all = append(ns.all, start(t, ns.cfg))
	}
	ns.owner, ns.secret = own(t, ns.all[0])
	return ns
}

// on is the Owner's client on a node.
func (ns *nodes) on(i int) *client.Client {
	ns.Helper()
	c, err := client.New(ns.all[i].BaseURL(), ns.secret)
	if err != nil {
		ns.Fatal(err)
	}
	return c
}

// verified is what a node says of a token.
func (ns *nodes) verified(i int, secret string) api.Code {
	ns.Helper()
	v, err := ns.on(i).Verify(ns.Context(), secret)
	if err != nil {
		ns.Fatal(err)
	}
	return v.Code
}

// TestARevocationIsKnownOnEveryNodeBeforeItIsAnswered: each node has verified the
// token from memory just before.
func TestARevocationIsKnownOnEveryNodeBeforeItIsAnswered(t *testing.T) {
	t.Parallel()
	ns := startNodes(t, 3)
	for range 10 {
		made, err := ns.owner.CreateToken(t.Context(), "acme", api.CreateToken{TokenFields: api.TokenFields{Label: api.Some("ci")}})
		if err != nil {
			t.Fatal(err)
		}
		for i := range ns.all {
			if code := ns.verified(i, made.Secret); code != api.CodeOK {
				t.Fatalf("node %d says %s of a new token", i, code)
			}
		}
		if _, err := ns.owner.RevokeToken(t.Context(), "acme", made.Token.ID, api.RevokeToken{}); err != nil {
			t.Fatal(err)
		}
		for i := range ns.all {
			if code := ns.verified(i, made.Secret); code != api.CodeRevoked {
				t.Errorf("node %d says %s of a revoked token", i, code)
			}
		}
	}
}
