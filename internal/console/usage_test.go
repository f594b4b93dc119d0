package console_test

import (
	"net/http"
	"net/netip"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/usage"
	"github.com/tokenry/tokenry/token"
)

// used records what was done with a token of acme, and writes it.
func (w *world) used(locator string, uses ...usage.Use) {
	w.Helper()
	l, err := token.ParseLocator(locator)
	must(w.T, err)
	var ws ledger.Workspace
	must(w.T, w.store.Read(w.ctx, func(r ledger.Reader) error {
		ws, err = r.Workspace(ledger.WorkspaceKey{Slug: "acme"})
		return err
	}))
	for _, u := range uses {
		u.Token, u.Workspace, u.Matched = l, ws.ID, true
		if u.At.IsZero() {
			u.At = w.at
		}
		if u.Secret == 0 {
			u.Secret = 1
		}
		if !u.Addr.IsValid() {
			u.Addr = netip.MustParseAddr("203.0.113.9")
		}
		if u.Code == "" {
			u.Code = api.CodeOK
		}
		u.Agent, u.Method = "curl/8.5 <b>"+hostile, http.MethodGet
		u.Path = "/v1/tickets?key=value"
		w.recorder.Record(u)
	}
	must(w.T, w.recorder.Flush(w.ctx))
}

// busy is a token that was used and refused.
func (w *world) busy() api.Token {
	w.Helper()
	chat := w.issue("workspace", "", "Chat").Token
	w.used(
		chat.Locator,
		usage.Use{Scopes: []string{"tickets:read"}, At: w.at.Add(-20 * 24 * time.Hour)},
		usage.Use{Scopes: []string{"tickets:read"}},
		usage.Use{Scopes: []string{"tickets:read"}},
		usage.Use{Code: api.CodeInsufficientScope, Scopes: []string{"tickets:write"}, RequestID: "req_1"},
		usage.Use{Code: api.CodeInsufficientScope, Scopes: []string{"tickets:write"}, RequestID: "req_2"},
		usage.Use{Code: api.CodeResourceDenied, Resource: "payments", RequestID: "req_3"},
	)
	return chat
}

func TestUseOfOneTokenIsShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	chat := w.busy()
	page := w.status(w.as("ada@example.com", list+"/"+chat.Locator), http.StatusOK)
	w.inert(page)
	w.labelled(page)
	w.shows(page, "2 requests allowed and 3 refused in the last 14 days", "03-14: 5 (3 refused)",
		"Why they were refused", "Missing scope", "Scopes it exercised", "tickets:read", "3 times",
		"The request needs tickets:write.", "The request was about payments.", "developer-tools?request=req_3#explain",
		"It works.", "Where it is used from", "203.0.113.9", "curl/8.5 &lt;b&gt;", "GET /v1/tickets", "2026-03-14")
	w.hides(page, "key=value", "named in missing")
}

func TestUseIsForThoseWhoMaySeeIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	chat := w.busy()
	for role, sees := range map[string]bool{"Viewer": false, "Team Member": false, "Workspace Manager": true, "Administrator": true} {
		who := string(role[0]|0x20) + "@example.com"
		w.member(who, role)
		for _, path := range []string{list + "/" + chat.Locator, "/workspace/acme/developer-tools"} {
			page := w.status(w.as(who, path), http.StatusOK)
			if sees {
				w.shows(page, "requests allowed", "203.0.113.9")
			} else {
				w.hides(page, "requests allowed", "203.0.113.9", "curl/8.5")
			}
		}
	}
	mine := w.issue("personal", "v@example.com", "Mine").Token
	w.used(mine.Locator, usage.Use{Addr: netip.MustParseAddr("198.51.100.4")})
	w.shows(w.status(w.as("v@example.com", list+"/"+mine.Locator), http.StatusOK), "1 request allowed", "198.51.100.4", "curl/8.5")
}

func TestUseOfAllTokensIsShownOverTwoSpans(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const tools = "/workspace/acme/developer-tools"
	empty := w.status(w.as("ada@example.com", tools), http.StatusOK)
	w.shows(empty, "No request in the last 14 days.", "None was used yet.", "No active token expires in the next 13 weeks.")
	w.busy()
	page := w.status(w.as("ada@example.com", tools), http.StatusOK)
	w.inert(page)
	w.shows(page, "2 requests allowed and 3 refused in the last 14 days", "Last refusals", "Chat", "from <code>203.0.113.9</code>")
	longer := w.status(w.as("ada@example.com", tools+"?days=90"), http.StatusOK)
	w.shows(longer, "3 requests allowed and 3 refused in the last 90 days", "02-22: 1")
}

func TestFirstUseIsWaitedFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	chat := w.issue("workspace", "", "Chat").Token
	waits := func(texts ...string) answer {
		w.Helper()
		a := w.status(w.as("ada@example.com", list+"/"+chat.Locator+"/first-use"), http.StatusOK)
		w.shows(a, texts...)
		return a
	}
	waits("Waiting for first use…", "every 3s")
	w.used(chat.Locator, usage.Use{Code: api.CodeInsufficientScope, Scopes: []string{"tickets:write", "users:read"}, RequestID: "req_1"})
	waits("every 3s", "Missing scope", "203.0.113.9", "The request needs tickets:write and users:read.")
	w.used(chat.Locator, usage.Use{})
	used := waits("It works.", "203.0.113.9", "curl/8.5 &lt;b&gt;")
	w.hides(used, "every 3s")
	w.used(chat.Locator, usage.Use{Code: api.CodeIPDenied, At: w.at.Add(time.Second)})
	waits("It works.", "curl/8.5 &lt;b&gt;") // a later refusal takes nothing back
}

func TestAReusedSecretIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	chat := w.issue("workspace", "", "Chat").Token
	w.used(chat.Locator, usage.Use{Code: api.CodeRetired, Addr: netip.MustParseAddr("192.0.2.66")})
	page := w.status(w.as("ada@example.com", list+"/"+chat.Locator), http.StatusOK)
	w.shows(page, "A retired secret was presented.", "192.0.2.66", "somebody still holds it, or found it")
}

func TestTheOldSecretCanGoOnceTheNewOneIsUsedInItsPlace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	chat := w.issue("workspace", "", "Chat").Token
	w.used(chat.Locator, usage.Use{})
	w.at = w.at.Add(time.Minute)
	_, err := w.RotateToken(w.ctx, w.root, "acme", chat.ID, api.RotateToken{Overlap: api.Some(api.Duration(24 * time.Hour))})
	must(t, err)
	says := func(words, others string) {
		t.Helper()
		page := w.status(w.as("ada@example.com", list+"/"+chat.Locator), http.StatusOK)
		w.shows(page, "Two secrets work now", words)
		w.hides(page, others)
	}
	says("The new secret was not used yet", "It can go.")
	w.at = w.at.Add(time.Minute)
	w.used(chat.Locator, usage.Use{Secret: 2})
	says("The old secret was not used since the new one is there. It can go.", "still in use")
	w.at = w.at.Add(time.Minute)
	w.used(chat.Locator, usage.Use{Secret: 1})
	says("The old secret is still in use.", "It can go.")
}
