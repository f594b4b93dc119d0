package server_test

import (
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/client"
	"github.com/tokenry/tokenry/internal/audit"
	"github.com/tokenry/tokenry/internal/clock/clocktest"
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
	// dialled are its clients by the address of a node: whoever asks again needs no new connection.
	dialled sync.Map
}

// slow is for what starts servers of the database itself.
func slow(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("starts and stops PostgreSQL itself")
	}
}

func startNodes(t *testing.T, n int) *nodes {
	t.Helper()
	return startNodesOn(t, storetest.Postgres(t), n)
}

func startNodesOn(t *testing.T, url string, n int, flags ...string) *nodes {
	t.Helper()
	keys := filepath.Join(t.TempDir(), "keys.json")
	if _, err := server.CreateKeyring(keys, rand.Reader, time.Now()); err != nil {
		t.Fatal(err)
	}
	ns := &nodes{T: t, url: url, cfg: settings(t, append(flags, "--database", url, "--keys", keys)...)}
	for range n {
		ns.all = append(ns.all, start(t, ns.cfg))
	}
	ns.owner, ns.secret = own(t, ns.all[0])
	return ns
}

// on is the Owner's client on a node.
func (ns *nodes) on(i int) *client.Client {
	ns.Helper()
	address := ns.all[i].BaseURL()
	if c, ok := ns.dialled.Load(address); ok {
		return c.(*client.Client) //nolint:errcheck // it holds nothing else
	}
	c, err := client.New(address, ns.secret)
	if err != nil {
		ns.Fatal(err)
	}
	ns.Cleanup(c.CloseIdleConnections)
	ns.dialled.Store(address, c)
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
	clocktest.Until(ns, func() bool { return ns.verified(i, secret) == want })
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
	slow(t)
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

// TestARevocationThatMayBeLostIsNotAnswered: its commit is visible, and the standby
// does not have it. Neither the call whose wait is broken off nor a second one, which
// finds the token revoked, says that it is revoked before the standby has it.
func TestARevocationThatMayBeLostIsNotAnswered(t *testing.T) {
	t.Parallel()
	slow(t)
	pg := storetest.OwnPostgres(t)
	standby := pg.Standby(t, "second")
	ns := startNodesOn(t, pg.URL(), 1)
	made := ns.token()
	standby.Stop(t, "immediate")
	revoke := func() chan int {
		answered := make(chan int, 1)
		go func() { answered <- ns.post("/v1/workspaces/acme/tokens/"+made.Token.ID+"/revoke", "{}") }()
		return answered
	}
	first := revoke()
	pg.BreakOff(t)
	if status := <-first; status != http.StatusServiceUnavailable {
		t.Errorf("a wait that was broken off was answered with %d", status)
	}
	second := revoke()
	clocktest.Until(t, func() bool { return len(second) > 0 || pg.Waiting(t) })
	select {
	case status := <-second:
		if status != http.StatusServiceUnavailable { // that says nothing either
			t.Fatalf("answered with %d from a commit that may be lost", status)
		}
		second = revoke()
	default:
	}
	standby.Start(t)
	clocktest.Until(t, func() bool { // it connects
		status := <-second
		if status != http.StatusOK && status != http.StatusServiceUnavailable {
			t.Fatalf("once the standby is back: %d", status)
		}
		if status != http.StatusOK {
			second = revoke()
		}
		return status == http.StatusOK
	})
	ns.soon(0, made.Secret, api.CodeRevoked)
}

// TestAHeadThatMayBeLostIsNotShown: somebody would note it, and take its absence after
// a failover for rows that were cut off.
func TestAHeadThatMayBeLostIsNotShown(t *testing.T) {
	t.Parallel()
	slow(t)
	pg := storetest.OwnPostgres(t)
	standby := pg.Standby(t, "second")
	ns := startNodesOn(t, pg.URL(), 1)
	standby.Stop(t, "immediate")
	for _, c := range ns.audit(server.ErrUnconfirmed) {
		if c.Head != "" || c.Broken != "" {
			t.Errorf("without the standby: %+v", c)
		}
	}
	standby.Start(t)
	for _, c := range ns.audit(nil) {
		if c.Head == "" || c.Broken != "" {
			t.Errorf("with the standby: %+v", c)
		}
	}
}

// audit is what is said of the audit of the database.
func (ns *nodes) audit(want error) []audit.Chain {
	ns.Helper()
	var chains []audit.Chain
	clocktest.Until(ns, func() (said bool) {
		var err error
		chains, err = server.VerifyAudit(ns.Context(), ns.cfg)
		if errors.Is(err, server.ErrUnconfirmed) && want == nil {
			return false // the standby connects
		}
		if !errors.Is(err, want) || len(chains) == 0 {
			ns.Fatalf("%d chains, %v", len(chains), err)
		}
		return true
	})
	return chains
}

// post calls a route once, as no client does that tries again.
func (ns *nodes) post(path, body string) (status int) {
	ns.Helper()
	req, err := http.NewRequestWithContext(ns.Context(), http.MethodPost, ns.all[0].BaseURL()+path, strings.NewReader(body))
	if err != nil {
		ns.Error(err)
		return 0
	}
	req.Header.Set("Authorization", "Bearer "+ns.secret)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		ns.Error(err)
		return 0
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}

// TestATokenOfANewPrefixIsKnownOnOlderNodes: the prefix is a setting, and nodes are
// restarted with it one after the other.
func TestATokenOfANewPrefixIsKnownOnOlderNodes(t *testing.T) {
	t.Parallel()
	ns := startNodes(t, 1)
	ns.cfg.Prefix = "newer"
	ns.all = append(ns.all, start(t, ns.cfg))
	made, err := ns.on(1).CreateToken(t.Context(), "acme", api.CreateToken{TokenFields: api.TokenFields{Label: api.Some("ci")}})
	if err != nil || !strings.HasPrefix(made.Secret, "newer") {
		t.Fatalf("%.6s, %v", made.Secret, err)
	}
	ns.wants(1, made.Secret, api.CodeOK)
	ns.soon(0, made.Secret, api.CodeOK)
	ns.wants(0, ns.secret, api.CodeOK)
}

// TestOneNodeDoesWhatOneDoesForAll, and another one when it has left.
func TestOneNodeDoesWhatOneDoesForAll(t *testing.T) {
	t.Parallel()
	ns := startNodes(t, 3)
	runs := func() (who []int) {
		for i, s := range ns.all {
			if _, figures := get(t, s.BaseURL()+"/metrics"); strings.Contains(figures, "\ntokenry_node_runs 1\n") {
				who = append(who, i)
			}
		}
		return who
	}
	for range len(ns.all) - 1 {
		var who []int
		clocktest.Until(t, func() bool { // nodes are asked one after the other, and one may take over between; two that go on never pass
			who = runs()
			return len(who) == 1
		})
		if err := ns.all[who[0]].stop(); err != nil {
			t.Fatal(err)
		}
		ns.all = slices.Delete(ns.all, who[0], who[0]+1)
	}
}

// TestANodeAsksTheOthersWhatTheyDecided: explain finds what another node accepted, until
// that one ends.
func TestANodeAsksTheOthersWhatTheyDecided(t *testing.T) {
	t.Parallel()
	ns := startNodes(t, 2)
	made := ns.token()
	v, err := ns.on(1).Verify(t.Context(), made.Secret)
	if err != nil || v.Code != api.CodeOK {
		t.Fatal(v.Code, err)
	}
	explain := func(id string) (api.Explanation, error) {
		return ns.owner.Explain(t.Context(), "acme", api.ExplainRequest{RequestID: id})
	}
	var x api.Explanation
	clocktest.Until(t, func() bool { // on a slow machine it may not have answered in time
		x, err = explain(v.RequestID)
		return err == nil || !strings.Contains(err.Error(), "in time")
	})
	if err != nil || !x.Allowed || x.Decision == nil || x.Decision.Code != api.CodeOK || x.Decision.Route != "verify" {
		t.Errorf("%+v, %v", x, err)
	}
	if err := ns.all[1].stop(); err != nil {
		t.Fatal(err)
	}
	clocktest.Until(t, func() bool { // the list is looked at in a moment
		_, err = explain(v.RequestID)
		return err == nil || !strings.Contains(err.Error(), "in time")
	})
	if !errors.Is(err, api.CodeNotFound) || !strings.Contains(err.Error(), "no node remembers") {
		t.Errorf("its node has ended: %v", err)
	}
}
