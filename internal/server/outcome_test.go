package server_test

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/client"
	"github.com/tokenry/tokenry/internal/server"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

// unconfirmed is a server whose database takes a change about "unconfirmed", and
// says nothing of it.
func unconfirmed(t *testing.T, cut *storetest.Cutter) (c *client.Client, post func(key string) (api.Problem, string)) {
	t.Helper()
	keys := filepath.Join(t.TempDir(), "keys.json")
	if _, err := server.CreateKeyring(keys, rand.Reader, time.Now()); err != nil {
		t.Fatal(err)
	}
	cut.Delivered, cut.About = true, "unconfirmed"
	s := start(t, settings(t, "--database", cut.Listen(t, storetest.Postgres(t)), "--keys", keys))
	c, secret := own(t, s)
	return c, func(key string) (p api.Problem, retryAfter string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.BaseURL()+"/v1/workspaces/acme/tokens", strings.NewReader(`{"label":"unconfirmed"}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+secret)
		req.Header.Set("Content-Type", "application/json")
		if key != "" {
			req.Header.Set("Idempotency-Key", key)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatalf("no answer: %v", err)
		}
		defer resp.Body.Close()
		if err := json.NewDecoder(resp.Body).Decode(&p); err != nil {
			t.Fatal(err)
		}
		return p, resp.Header.Get("Retry-After")
	}
}

// made is how many tokens came of it. A change waits for the lock until the database
// is done with the one that nobody heard of.
func made(t *testing.T, c *client.Client) (n int) {
	t.Helper()
	if _, err := c.PutScope(t.Context(), "", "tickets:read", api.PutScope{}); err != nil {
		t.Fatal(err)
	}
	for tok, err := range c.Tokens(t.Context(), "", api.TokenFilter{}) {
		if err != nil {
			t.Fatal(err)
		}
		if tok.Label == "unconfirmed" {
			n++
		}
	}
	return n
}

// TestAnAnswerThatWasNotConfirmedArrives: the change was made, and nobody can know.
// A call without a key is not told to try again, or it would be made twice.
func TestAnAnswerThatWasNotConfirmedArrives(t *testing.T) {
	t.Parallel()
	cut := &storetest.Cutter{}
	c, post := unconfirmed(t, cut)
	cut.Arm()
	p, again := post("")
	if p.Status != http.StatusServiceUnavailable || p.Code != api.CodeOutcomeUnknown || again != "" || p.RetryAfter != 0 {
		t.Errorf("without a key: %d %s, to be tried again after %q, %d", p.Status, p.Code, again, p.RetryAfter)
	}
	if n := made(t, c); n != 1 {
		t.Errorf("%d tokens were made", n)
	}
	cut.Arm()
	if p, again = post("k1"); p.Code != api.CodeOutcomeUnknown || again == "" {
		t.Errorf("with a key: %s, to be tried again after %q", p.Code, again)
	}
	if p, _ = post("k1"); p.Code != "" {
		t.Errorf("again with the key: %s", p.Code)
	}
	if n := made(t, c); n != 2 {
		t.Errorf("%d tokens were made, want one more", n)
	}
}

// TestADatabaseThatGoesSilentIsGivenUpInTime: the connection stays open, and no
// answer comes. The caller's does, long before its connection ends.
func TestADatabaseThatGoesSilentIsGivenUpInTime(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("waits until the server gives up on a commit")
	}
	cut := &storetest.Cutter{Silent: true}
	c, post := unconfirmed(t, cut)
	cut.Arm()
	if p, again := post(""); p.Code != api.CodeOutcomeUnknown || again != "" {
		t.Errorf("answered %s, to be tried again after %q", p.Code, again)
	}
	if n := made(t, c); n != 1 {
		t.Errorf("%d tokens were made", n)
	}
}
