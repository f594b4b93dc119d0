package server_test

import (
	"crypto/rand"
	"errors"
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
	return startNodesOn(t, storetest.Postgres(t), n)
}

func startNodesOn(t *testing.T, url string, n int) *nodes {
	t.Helper()
	keys := filepath.Join(t.TempDir(), "keys.json")
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
	if refused, ok := errors.AsType[*api.Error](err); ok {
		return refused.Code
	}
	if err != nil {
		ns.Fatal(err)
	}
	return v.Code
}

func (ns *nodes) wants(i int, secret string, want api.Code) {
	ns.Helper()
	if code := ns.verified(i, secret); code != want {
		ns.Errorf("node %d says %s, want %s", i, code, want)
	}
}

// soon asks until a node says so.
func (ns *nodes) soon(i int, secret string, want api.Code) {
	ns.Helper()
	for ns.verified(i, secret) != want && ns.Context().Err() == nil {
	}
}

func (ns *nodes) token() api.Issued {
	ns.Helper()
	made, err := ns.owner.CreateToken(ns.Context(), "acme", api.CreateToken{TokenFields: api.TokenFields{Label: api.Some("ci")}})
	if err != nil {
		ns.Fatal(err)
	}
	return made
}

func (ns *nodes) revoke(made api.Issued) {
	ns.Helper()
	if _, err := ns.owner.RevokeToken(ns.Context(), "acme", made.Token.ID, api.RevokeToken{}); err != nil {
		ns.Fatal(err)
	}
}

// TestARevocationIsKnownOnEveryNodeBeforeItIsAnswered: each node has verified the
// token from memory just before.
func TestARevocationIsKnownOnEveryNodeBeforeItIsAnswered(t *testing.T) {
	t.Parallel()
	ns := startNodes(t, 3)
	for range 10 {
		made := ns.token()
		for i := range ns.all {
			ns.wants(i, made.Secret, api.CodeOK)
		}
		ns.revoke(made)
		for i := range ns.all {
			ns.wants(i, made.Secret, api.CodeRevoked)
		}
	}
}

// TestNobodyExitsWhenTheDatabaseRestarts: verification of a known token goes on within
// a second of its return, on every node.
func TestNobodyExitsWhenTheDatabaseRestarts(t *testing.T) {
	t.Parallel()
	pg := storetest.OwnPostgres(t)
	ns := startNodesOn(t, pg.URL(), 2)
	made := ns.token()
	for i := range ns.all {
		ns.wants(i, made.Secret, api.CodeOK)
	}
	pg.Stop(t, "immediate")
	for i := range ns.all {
		ns.soon(i, made.Secret, api.CodeUnavailable) // without a lease it proves nothing
	}
	pg.Start(t)
	for i := range ns.all {
		ns.soon(i, made.Secret, api.CodeOK)
	}
	ns.revoke(made)
	for i := range ns.all {
		ns.wants(i, made.Secret, api.CodeRevoked)
	}
}
