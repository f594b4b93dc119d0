package server_test

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/client"
	"github.com/tokenry/tokenry/internal/clock/clocktest"
	"github.com/tokenry/tokenry/internal/config"
	"github.com/tokenry/tokenry/internal/server"
)

// rotated rotates the keyring of the nodes, and answers the settings of one that still
// has the old file.
func (ns *nodes) rotated() config.Config {
	ns.Helper()
	old := ns.cfg
	old.Keys = filepath.Join(ns.TempDir(), "old.json")
	b, err := os.ReadFile(ns.cfg.Keys)
	if err != nil {
		ns.Fatal(err)
	}
	if err := os.WriteFile(old.Keys, b, 0o600); err != nil {
		ns.Fatal(err)
	}
	if _, err := server.RotateKeyring(ns.cfg.Keys, rand.Reader, time.Now()); err != nil {
		ns.Fatal(err)
	}
	return old
}

// made makes a token on a node.
func (ns *nodes) made(i int) api.Issued {
	ns.Helper()
	out, err := ns.on(i).CreateToken(ns.Context(), "acme", api.CreateToken{TokenFields: api.TokenFields{Label: api.Some("ci")}})
	if err != nil {
		ns.Fatal(err)
	}
	return out
}

// tells asks a node until an answer of it says so.
func (ns *nodes) tells(i int, path, want string) {
	ns.Helper()
	clocktest.Until(ns, func() bool {
		_, body := get(ns.T, ns.all[i].BaseURL()+path)
		return strings.Contains(body, want)
	})
}

func (ns *nodes) current(i, key int) {
	ns.Helper()
	ns.tells(i, "/metrics", fmt.Sprintf("tokenry_key_current %d\n", key))
}

// TestAKeyIsCurrentOnceEveryLiveNodeHasIt: the keyring was rotated, and nodes are
// restarted with it one after the other. Nobody is ever given what another node cannot
// read.
func TestAKeyIsCurrentOnceEveryLiveNodeHasIt(t *testing.T) {
	t.Parallel()
	ns := startNodes(t, 1)
	ns.rotated()
	ns.all = append(ns.all, start(t, ns.cfg))
	ns.current(1, 1)
	command, err := server.Open(t.Context(), ns.cfg, server.Options{}) // which is no node
	if err != nil {
		t.Fatal(err)
	}
	if key := command.CurrentKey(); key != 1 {
		t.Errorf("a command makes things under key %d, which a node lacks", key)
	}
	if err := command.Close(); err != nil {
		t.Fatal(err)
	}
	early := ns.made(1)
	ns.wants(0, early.Secret, api.CodeOK)
	ns.wants(1, early.Secret, api.CodeOK)
	if err := ns.all[0].stop(); err != nil {
		t.Fatal(err)
	}
	ns.all[0] = start(t, ns.cfg)
	for i := range ns.all {
		ns.current(i, 2)
	}
	late := ns.made(0)
	for i := range ns.all {
		ns.wants(i, early.Secret, api.CodeOK)
		ns.wants(i, late.Secret, api.CodeOK)
	}
}

// TestANodeWithoutANeededKeyIsNotReady: it never calls a good token unknown, the others
// go back to a key that it has, and it is ready once nothing live is under the key.
func TestANodeWithoutANeededKeyIsNotReady(t *testing.T) {
	t.Parallel()
	ns := startNodes(t, 1)
	older := ns.token()
	old := ns.rotated()
	if err := ns.all[0].stop(); err != nil {
		t.Fatal(err)
	}
	ns.all[0] = start(t, ns.cfg)
	ns.current(0, 2)
	newer := ns.made(0)
	ns.all = append(ns.all, start(t, old))
	ns.wants(1, older.Secret, api.CodeOK)
	ns.wants(1, newer.Secret, api.CodeUnavailable)
	ns.wants(0, newer.Secret, api.CodeOK)
	if code, body := get(t, ns.all[1].BaseURL()+"/readyz"); code != http.StatusServiceUnavailable || !strings.Contains(body, `"key_missing"`) {
		t.Errorf("the node that lacks it: %d %s", code, body)
	}
	if code, body := get(t, ns.all[0].BaseURL()+"/readyz"); code != http.StatusOK {
		t.Errorf("the node that has it: %d %s", code, body)
	}
	ns.current(0, 1)
	ns.wants(1, ns.made(0).Secret, api.CodeOK)
	owner, err := client.New(ns.all[0].BaseURL(), ns.secret)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := owner.RevokeToken(t.Context(), "acme", newer.Token.ID, api.RevokeToken{}); err != nil {
		t.Fatal(err)
	}
	ns.all = append(ns.all, start(t, old))
	if code, body := get(t, ns.all[2].BaseURL()+"/readyz"); code != http.StatusOK {
		t.Errorf("a node that lacks a key which nothing live is under: %d %s", code, body)
	}
}

// TestNodesSayThatTheirRulesDiffer: it is told, and keeps nobody from serving.
func TestNodesSayThatTheirRulesDiffer(t *testing.T) {
	t.Parallel()
	ns := startNodes(t, 1)
	other := ns.cfg
	other.Rules = t.TempDir()
	const text = "workspace: '*'\nrules:\n  - {match: GET /a, scopes: []}\n"
	if err := os.WriteFile(filepath.Join(other.Rules, "api.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	ns.all = append(ns.all, start(t, other))
	for i := range ns.all {
		ns.tells(i, "/readyz", `"rules":"differ"`)
		ns.tells(i, "/metrics", "tokenry_rules_differ 1\n")
	}
	if err := ns.all[1].stop(); err != nil {
		t.Fatal(err)
	}
	ns.tells(0, "/metrics", "tokenry_rules_differ 0\n")
	if code, body := get(t, ns.all[0].BaseURL()+"/readyz"); code != http.StatusOK || strings.Contains(body, "differ") {
		t.Errorf("alone again: %d %s", code, body)
	}
}
