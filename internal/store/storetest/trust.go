package storetest

import (
	"encoding/json"
	"net/netip"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/policy"
	"github.com/tokenry/tokenry/token"
)

// trustCases are about rules of trust and what was exchanged under them.
func trustCases() map[string]func(w *world) {
	return map[string]func(w *world){
		"a rule of trust keeps every field":                 trustFields,
		"rules are listed by account, and deleted ones not": trustLists,
		"an ID token is used once in a workspace":           exchanges,
		"exchanges are forgotten by their end":              exchangesForgotten,
		"an ephemeral token ends for good with its end":     ephemeral,
	}
}

func fullTrustRule(id, workspace, account ledger.ID) ledger.TrustRule {
	return ledger.TrustRule{
		ID: id, Workspace: workspace, ServiceAccount: account, PublicID: "trl_full", Label: "Bücher", System: "github",
		Issuer: "https://token.example.com", Audience: "https://tokens.example.com", Claims: map[string][]string{"b": {"x*"}, "/a~1b": {"y", "z"}},
		Keys: json.RawMessage(`{"keys": []}`), Grants: []grant.Statement{{Scopes: []string{}, Resources: []string{"a"}}},
		AllowedIPs: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}, RateLimit: &policy.KeptLimit{Requests: 3, Window: api.Duration(time.Minute)},
		Lifetime: 15 * time.Minute, CreatedBy: "ada@example.com", CreatedWith: token.Locator([]byte("0123456789AB")), CreatedAt: at(1), Ending: at(2),
		Revision: 9,
	}
}

func (w *world) putTrustRule(ws, account ledger.ID, name string, change func(*ledger.TrustRule)) ledger.TrustRule {
	w.Helper()
	r := ledger.TrustRule{ID: w.newID(), Workspace: ws, ServiceAccount: account, PublicID: name, Claims: map[string][]string{"sub": {"x"}}, Lifetime: time.Minute, CreatedAt: at(0)}
	if change != nil {
		change(&r)
	}
	w.do(func(tx ledger.Tx) error { return tx.PutTrustRule(r) })
	return r
}

func trustFields(w *world) {
	ws := w.putWorkspace(nil).ID
	account := w.putAccount(ws, nil).ID
	r := fullTrustRule(w.newID(), ws, account)
	plain := w.putTrustRule(ws, account, "trl_plain", nil)
	w.do(func(tx ledger.Tx) error { return tx.PutTrustRule(plain) }, func(tx ledger.Tx) error { return tx.PutTrustRule(r) })
	w.read(func(rd ledger.Reader) {
		found(w.T, r)(rd.TrustRule(ws, "trl_full"))
		found(w.T, plain)(rd.TrustRule(ws, "trl_plain"))
		missing[ledger.TrustRule](w.T)(rd.TrustRule(ws+1, "trl_full"))
		missing[ledger.TrustRule](w.T)(rd.TrustRule(ws, "TRL_FULL"))
		found(w.T, []ledger.TrustRule{r})(rd.TrustRulesEnding(ledger.Range{Limit: 5}))
	})
	r.DeletedAt = at(3)
	w.do(func(tx ledger.Tx) error { return tx.PutTrustRule(full(w.T, r)) })
	w.read(func(rd ledger.Reader) {
		missing[ledger.TrustRule](w.T)(rd.TrustRule(ws, "trl_full"))
		found(w.T, []ledger.TrustRule{r})(rd.TrustRulesEnding(ledger.Range{}))
		found(w.T, []ledger.TrustRule(nil))(rd.TrustRulesEnding(ledger.Range{After: r.ID}))
	})
}

func trustLists(w *world) {
	ws, elsewhere := w.putWorkspace(nil).ID, w.putWorkspace(nil).ID
	one, two := w.putAccount(ws, nil).ID, w.putAccount(ws, nil).ID
	a, b, c := w.putTrustRule(ws, one, "a", nil), w.putTrustRule(ws, two, "b", nil), w.putTrustRule(ws, one, "c", nil)
	w.putTrustRule(ws, one, "d", func(r *ledger.TrustRule) { r.DeletedAt = at(1) })
	w.putTrustRule(elsewhere, 99, "e", nil)
	w.read(func(r ledger.Reader) {
		found(w.T, []ledger.TrustRule{a, b, c})(r.TrustRules(ws, 0, ledger.Range{}))
		found(w.T, []ledger.TrustRule{a, c})(r.TrustRules(ws, one, ledger.Range{}))
		found(w.T, []ledger.TrustRule{b})(r.TrustRules(ws, 0, ledger.Range{After: a.ID, Limit: 1}))
	})
	w.do(func(tx ledger.Tx) error { return tx.DeleteTrustRule(a.ID) }, func(tx ledger.Tx) error { return tx.DeleteTrustRule(a.ID) },
		func(tx ledger.Tx) error { return tx.DeleteServiceAccount(two) })
	w.read(func(r ledger.Reader) { found(w.T, []ledger.TrustRule{c})(r.TrustRules(ws, 0, ledger.Range{})) })
}

func exchange(ws, rule ledger.ID, used byte, end int) ledger.Exchange {
	return ledger.Exchange{Workspace: ws, Used: []byte{used, 0, 0xff}, Rule: rule, Token: token.Locator([]byte("0123456789AB")), At: at(0), EndsAt: at(end), KeptUntil: at(end)}
}

func exchanges(w *world) {
	x, y, z := exchange(1, 7, 1, 2), exchange(2, 7, 1, 1), exchange(1, 8, 2, 1)
	for _, e := range []ledger.Exchange{x, y, z} {
		w.do(func(tx ledger.Tx) error { return tx.PutExchange(e) })
	}
	w.read(func(r ledger.Reader) {
		found(w.T, x)(r.Exchange(1, x.Used))
		found(w.T, y)(r.Exchange(2, y.Used))
		missing[ledger.Exchange](w.T)(r.Exchange(3, x.Used))
		missing[ledger.Exchange](w.T)(r.Exchange(1, []byte{1, 0}))
		found(w.T, []ledger.Exchange{y, x})(r.ExchangesOf(7, at(0), 0))
		found(w.T, []ledger.Exchange{x})(r.ExchangesOf(7, at(1), 0))
		found(w.T, []ledger.Exchange{y})(r.ExchangesOf(7, at(0), 1))
		found(w.T, int64(1))(r.CountExchanges(7, at(1)))
	})
}

func exchangesForgotten(w *world) {
	for i := range 5 {
		w.do(func(tx ledger.Tx) error { return tx.PutExchange(exchange(1, 7, byte(i), i)) })
	}
	for _, want := range []int{2, 1, 0} {
		w.do(func(tx ledger.Tx) error {
			n, err := tx.DeleteExchanges(at(3), 2)
			if n != want {
				w.Errorf("%d were forgotten, want %d", n, want)
			}
			return err
		})
	}
	w.read(func(r ledger.Reader) {
		found(w.T, []ledger.Exchange{exchange(1, 7, 3, 3), exchange(1, 7, 4, 4)})(r.ExchangesOf(7, at(-1), 0))
	})
}

// ephemeral: any other kind is brought back after its end, so it stays.
func ephemeral(w *world) {
	ws := w.putWorkspace(nil).ID
	put := func(kind token.Kind, end int) ledger.ID {
		return w.putToken(ws, func(t *ledger.Token) { t.Kind, t.ExpiresAt = kind, at(end) }).ID
	}
	over := put(token.Ephemeral, 1)
	put(token.Ephemeral, 3)
	put(token.Service, 1)
	w.read(func(r ledger.Reader) {
		ts, err := r.EndedTokens(ws, at(2), 9)
		if err != nil || len(ts) != 1 || ts[0].ID != over {
			w.Errorf("%v, %v", ts, err)
		}
	})
}
