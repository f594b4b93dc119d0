package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	stdlog "log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/client"
	"github.com/tokenry/tokenry/internal/clock/clocktest"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

// replica is one with a token of a workspace that may verify, at an address.
func (ns *nodes) replica(url, token string) *client.Replica {
	ns.Helper()
	r, err := client.NewReplica(url, token)
	if err != nil {
		ns.Fatal(err)
	}
	ns.Cleanup(func() {
		ctx, done := context.WithTimeout(context.WithoutCancel(ns.Context()), 5*time.Second)
		defer done()
		_ = r.Close(ctx) // its server may be gone
	})
	clocktest.Until(ns, func() bool { return r.Stats().Fresh })
	return r
}

// verifier is a token of a workspace that may verify.
func (ns *nodes) verifier(workspace string) string {
	ns.Helper()
	in := api.CreateToken{Kind: "workspace"}
	in.Label, in.Scopes, in.Resources = api.Some("verifier"), api.Some([]string{"tokens:verify"}), api.Some([]string{"*"})
	return ns.madeIn(workspace, in).Secret
}

func (ns *nodes) madeIn(workspace string, in api.CreateToken) api.Issued {
	ns.Helper()
	made, err := ns.owner.CreateToken(ns.Context(), workspace, in)
	if err != nil {
		ns.Fatal(err)
	}
	return made
}

// warm asks until the replica answers from memory.
func (ns *nodes) warm(r *client.Replica, secret string) {
	ns.Helper()
	for hits := r.Stats().Hits; r.Stats().Hits == hits; {
		if v, err := r.Verify(ns.Context(), secret); err != nil || !v.Allowed {
			ns.Fatal(v.Code, err)
		}
	}
}

// TestReplicasAmongNodes: a token is revoked on one node, and known from memory in programs that
// hold leases of each, one of them behind a balancer without stickiness.
func TestReplicasAmongNodes(t *testing.T) {
	t.Parallel()
	ns := startNodes(t, 2)
	var turn atomic.Int64
	balancer := httptest.NewServer(&httputil.ReverseProxy{ErrorLog: stdlog.New(io.Discard, "", 0), Rewrite: func(r *httputil.ProxyRequest) {
		to, err := url.Parse(ns.all[int(turn.Add(1))%len(ns.all)].BaseURL())
		if err != nil {
			t.Error(err)
		}
		r.SetURL(to)
	}})
	t.Cleanup(balancer.Close)
	verifier := ns.verifier("acme")
	replicas := []*client.Replica{
		ns.replica(ns.all[0].BaseURL(), verifier), ns.replica(ns.all[1].BaseURL(), verifier), ns.replica(balancer.URL, verifier),
		ns.replica(ns.all[1].BaseURL(), ns.secret),
	}
	for range 10 {
		made := ns.token()
		for _, r := range replicas {
			ns.warm(r, made.Secret)
		}
		ns.revoke(made)
		for i, r := range replicas {
			if v, err := r.Verify(t.Context(), made.Secret); err != nil || v.Code != api.CodeRevoked {
				t.Errorf("replica %d says %s, %v", i, v.Code, err)
			}
		}
	}
}

// hostile attaches and never applies anything, at a node.
func (ns *nodes) hostile(i int, token string) {
	ns.Helper()
	req, err := http.NewRequestWithContext(ns.Context(), http.MethodPost, ns.all[i].BaseURL()+"/v1/replica", strings.NewReader("{}"))
	if err != nil {
		ns.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		ns.Fatal(err)
	}
	defer resp.Body.Close()
	var told api.ReplicaTold
	if err := json.NewDecoder(resp.Body).Decode(&told); err != nil || told.LeaseMS == 0 {
		ns.Fatal(resp.Status, told, err)
	}
}

// TestAHostileReplicaHoldsUpItsOwnTenantAlone, and that for a lease: on the node that it is
// attached to and on another, and where one process has the database alone.
func TestAHostileReplicaHoldsUpItsOwnTenantAlone(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]func(*testing.T) *nodes{
		"SQLite": func(t *testing.T) *nodes { t.Helper(); return alone(t, "--lease", "5s") },
		"PostgreSQL": func(t *testing.T) *nodes {
			t.Helper()
			return startNodesOn(t, storetest.Postgres(t), 2, "--lease", "5s")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ns := begin(t)
			if _, err := ns.owner.CreateWorkspace(t.Context(), api.CreateWorkspace{Slug: "globex"}); err != nil {
				t.Fatal(err)
			}
			plain := api.CreateToken{Kind: "workspace"}
			plain.Label, plain.Scopes = api.Some("plain"), api.Some([]string{"tickets:read"})
			mine, theirs := ns.madeIn("acme", plain), ns.madeIn("globex", plain)
			verifier := ns.verifier("globex")
			last := len(ns.all) - 1
			ns.hostile(last, verifier)
			held := make(chan error, 1)
			go func() {
				_, err := ns.owner.RevokeToken(t.Context(), "globex", theirs.Token.ID, api.RevokeToken{})
				held <- err
			}()
			ns.secret = verifier // who may ask about it
			ns.soon(0, theirs.Secret, api.CodeRevoked)
			if _, err := ns.owner.RevokeToken(t.Context(), "acme", mine.Token.ID, api.RevokeToken{}); err != nil {
				t.Fatal(err)
			}
			select {
			case err := <-held:
				t.Error("its own tenant's was not held up", err)
			default:
			}
			if err := <-held; err != nil {
				t.Error(err)
			}
		})
	}
}

// alone is a server on SQLite.
func alone(t *testing.T, flags ...string) *nodes {
	t.Helper()
	ns := &nodes{T: t, cfg: settings(t, append(flags, "--data", t.TempDir())...)}
	ns.all = []running{start(t, ns.cfg)}
	ns.owner, ns.secret = own(t, ns.all[0])
	return ns
}

// TestAReplicaResumesAtItsNode: the database was away for longer than its lease, and it answers
// from the memory of before.
func TestAReplicaResumesAtItsNode(t *testing.T) {
	t.Parallel()
	ns := alone(t)
	var away atomic.Bool
	to, err := url.Parse(ns.all[0].BaseURL())
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(to)
	proxy.ErrorLog = stdlog.New(io.Discard, "", 0)
	link := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if away.Load() {
			panic(http.ErrAbortHandler)
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(link.Close)
	r := ns.replica(link.URL, ns.verifier("acme"))
	kept, gone := ns.token(), ns.token()
	ns.warm(r, kept.Secret)
	ns.warm(r, gone.Secret)
	away.Store(true)
	ns.revoke(gone)
	if v, err := r.Verify(t.Context(), kept.Secret); !errors.Is(err, api.CodeUnavailable) {
		t.Errorf("without a lease it says %s, %v", v.Code, err)
	}
	away.Store(false)
	clocktest.Until(t, func() bool { return r.Stats().Fresh })
	asked := r.Stats().Asked
	if v, err := r.Verify(t.Context(), kept.Secret); err != nil || !v.Allowed || r.Stats().Asked != asked {
		t.Errorf("what it knew before is %s, %v, and was asked about", v.Code, err)
	}
	if v, err := r.Verify(t.Context(), gone.Secret); err != nil || v.Code != api.CodeRevoked {
		t.Errorf("what was revoked meanwhile is %s, %v", v.Code, err)
	}
}
