package office_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/audit"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
)

// tampered is a store whose audit somebody changed behind its back.
type tampered struct {
	ledger.Store
	change func([]ledger.AuditRow) []ledger.AuditRow
}

func (s tampered) Read(ctx context.Context, f func(ledger.Reader) error) error {
	return s.Store.Read(ctx, func(r ledger.Reader) error {
		r.AuditReader = tamperedAudit{r.AuditReader, s.change}
		return f(r)
	})
}

type tamperedAudit struct {
	ledger.AuditReader
	change func([]ledger.AuditRow) []ledger.AuditRow
}

func (r tamperedAudit) AuditChain(ws, after int64, limit int) ([]ledger.AuditRow, error) {
	rows, err := r.AuditReader.AuditChain(ws, after, limit)
	if ws == 0 || after > 0 {
		return rows, err
	}
	return r.change(rows), err
}

func TestTheEndOfAChainIsChecked(t *testing.T) {
	each(t, func(w *world) {
		for range 4 {
			w.create(w.root, ask("personal", ""))
		}
		_, chains := w.whole()
		all := chains["acme"]
		for links, want := range map[int64]audit.Chain{
			100:          {Name: "acme", Rows: all.Rows, Head: all.Head},
			all.Rows:     {Name: "acme", Rows: all.Rows, Head: all.Head},
			2:            {Name: "acme", Rows: 2, Skipped: all.Rows - 2, Head: all.Head},
			all.Rows - 1: {Name: "acme", Rows: all.Rows - 1, Skipped: 1, Head: all.Head},
		} {
			got, err := w.CheckAudit(w.ctx, w.root, "acme", links)
			must(w.T, err)
			if got != want {
				w.Errorf("the last %d links: %+v, want %+v", links, got, want)
			}
		}
		instance, err := w.CheckAudit(w.ctx, w.root, "", 100)
		must(w.T, err)
		if instance != chains["instance"] {
			w.Errorf("the instance: %+v, want %+v", instance, chains["instance"])
		}
		vera := w.member("vera@example.com", "Viewer")
		for _, of := range []string{"acme", ""} {
			if _, err := w.CheckAudit(w.ctx, vera, of, 100); err == nil {
				w.Errorf("a Viewer checks the chain of %q", of)
			}
		}
		for _, attack := range []struct{ statement, broken string }{
			{`UPDATE audit SET actor = 'eve' WHERE workspace = %d AND sequence = 4`, "row 4: its columns say other than its payload"},
			{`DELETE FROM audit WHERE workspace = %d AND sequence = 3`, "row 3 was removed"},
			{`DELETE FROM audit WHERE workspace = %d`, "every row after row 0 was removed"},
		} {
			_, err := w.beside().ExecContext(w.ctx, fmt.Sprintf(attack.statement, w.workspaceID()))
			must(w.T, err)
			got, err := w.CheckAudit(w.ctx, w.root, "acme", 100)
			must(w.T, err)
			if got.Broken != attack.broken {
				w.Errorf("%s: %q, want %q", attack.statement, got.Broken, attack.broken)
			}
		}
	})
}

func TestAuditVerifyNamesTheBrokenRow(t *testing.T) {
	each(t, func(w *world) {
		for range 3 {
			w.create(w.root, ask("personal", ""))
		}
		chains, err := audit.Verify(w.ctx, w.store, w.keys)
		must(w.T, err)
		heads := []string{chains[0].Head, chains[1].Head}
		w.create(w.root, ask("personal", ""))
		_, err = audit.Verify(w.ctx, w.store, w.keys, heads...)
		must(w.T, err)

		for name, c := range map[string]struct {
			change func([]ledger.AuditRow) []ledger.AuditRow
			want   string
		}{
			"a changed payload": {func(rows []ledger.AuditRow) []ledger.AuditRow {
				rows[2].Payload = []byte(strings.Replace(string(rows[2].Payload), "token", "taken", 1))
				return rows
			}, "row 3"},
			"a changed column": {func(rows []ledger.AuditRow) []ledger.AuditRow {
				rows[1].Actor = "somebody@example.com"
				return rows
			}, "row 2"},
			"a removed row":  {func(rows []ledger.AuditRow) []ledger.AuditRow { return append(rows[:2:2], rows[3:]...) }, "row 3 was removed"},
			"reordered rows": {func(rows []ledger.AuditRow) []ledger.AuditRow { rows[2], rows[3] = rows[3], rows[2]; return rows }, "row 3"},
			"a swapped place": {func(rows []ledger.AuditRow) []ledger.AuditRow {
				rows[3].Payload, rows[3].PayloadDigest = rows[4].Payload, rows[4].PayloadDigest
				return rows
			}, "row 4"},
			"a removed payload": {func(rows []ledger.AuditRow) []ledger.AuditRow {
				rows[2].Payload, rows[2].Salt = nil, nil
				return rows
			}, "row 3: its payload was removed"},
			"a cut tail":   {func(rows []ledger.AuditRow) []ledger.AuditRow { return rows[:3] }, "expected head"},
			"nothing left": {func([]ledger.AuditRow) []ledger.AuditRow { return nil }, "expected head"},
		} {
			w.Run(name, func(t *testing.T) {
				_, err := audit.Verify(w.ctx, tampered{w.store, c.change}, w.keys, heads...)
				if !errors.Is(err, audit.ErrBroken) || !strings.Contains(err.Error(), c.want) {
					t.Errorf("got %v, want it to name %q", err, c.want)
				}
			})
		}
	})
}

func TestBulkAndLookup(t *testing.T) {
	each(t, func(w *world) {
		a, b := w.create(w.root, scoped("workspace", "", "tickets:read")), w.create(w.root, scoped("workspace", "", "tickets:read"))
		found, err := w.LookupTokens(w.ctx, w.root, "acme", api.LookupTokens{Text: "log: " + a.Secret.Reveal() + "\n" + b.Secret.Reveal()[:40]})
		must(w.T, err)
		if len(found.Items) != 1 || found.Items[0].Secret != api.SecretCurrent || found.Items[0].Token.ID != a.Token.ID {
			w.Errorf("found: %+v", found.Items)
		}
		viewer := w.with(w.create(w.root, scoped("personal", "", "tickets:read")))
		found, err = w.LookupTokens(w.ctx, viewer, "acme", api.LookupTokens{Text: a.Secret.Reveal()})
		must(w.T, err)
		if found.Items[0].Secret != api.SecretUnknown || found.Items[0].Token != nil {
			w.Errorf("without tokens:read: %+v", found.Items)
		}

		var results []api.BulkResult
		tell := func(r api.BulkResult) error { results = append(results, r); return nil }
		bulk := api.BulkTokens{Action: api.BulkRevoke, Filter: &api.TokenFilter{Kind: api.Some("workspace")}, DryRun: true}
		must(w.T, w.BulkTokens(w.ctx, w.root, "acme", bulk, tell))
		w.allow(a.Secret)
		if len(results) != 2 {
			w.Errorf("dry run: %+v", results)
		}
		bulk.DryRun = false
		must(w.T, w.BulkTokens(w.ctx, w.root, "acme", bulk, tell))
		w.deny(api.CodeRevoked, a.Secret)
		w.deny(api.CodeRevoked, b.Secret)

		results = nil
		bulk = api.BulkTokens{Action: api.BulkRevoke, Filter: &api.TokenFilter{Kind: api.Some("personal")}}
		must(w.T, w.BulkTokens(w.ctx, w.root, "acme", bulk, tell))
		w.allow(w.secret) // never the caller's own
		w.refusedField(w.BulkTokens(w.ctx, w.root, "acme", api.BulkTokens{Action: "revoke", Filter: &api.TokenFilter{}}, tell), api.CodeInvalidField, "filter")
	})
}

func TestARetryMintsAFreshSecretInPlaceOfTheLostOne(t *testing.T) {
	each(t, func(w *world) {
		c := w.root
		c.Retry = authority.Retry{Key: "k1", Route: "POST /tokens", Body: [32]byte{1}}
		in := scoped("workspace", "", "tickets:read")
		lost := w.create(c, in)
		again := w.create(c, in)
		if lost.Token.ID != again.Token.ID || lost.Secret.Equal(again.Secret) {
			w.Errorf("again: %+v", again.Token)
		}
		w.deny(api.CodeUnknown, lost.Secret)
		other := c
		other.Retry.Body = [32]byte{2}
		_, err := w.CreateToken(w.ctx, other, "acme", in)
		w.refused(err, api.CodeIdempotencyKeyReused)
		must(w.T, w.FirstUse(w.ctx, again.Secret.Reveal()))
		_, err = w.CreateToken(w.ctx, c, "acme", in)
		w.refused(err, api.CodeIdempotencyKeyUsed)
	})
}

func TestRetireOnFirstUseEndsTheOldSecretWithTheFirstUseOfTheNew(t *testing.T) {
	each(t, func(w *world) {
		old := w.create(w.root, scoped("workspace", "", "tickets:read"))
		fresh, err := w.RotateToken(w.ctx, w.root, "acme", old.Token.ID, api.RotateToken{RetireOnFirstUse: true})
		must(w.T, err)
		w.allow(old.Secret)
		w.allow(fresh.Secret) // committed before it is answered
		w.deny(api.CodeRetired, old.Secret)
		w.allow(fresh.Secret)
	})
}

func TestRecoverableSecretsAreSealedAndDestroyedWithThePolicy(t *testing.T) {
	each(t, func(w *world) {
		i := w.create(w.root, scoped("workspace", "", "tickets:read"))
		_, err := w.RevealToken(w.ctx, w.root, "acme", i.Token.ID)
		w.refused(err, api.CodeNotRecoverable)
		w.recoverable(true)
		i = w.create(w.root, scoped("workspace", "", "tickets:read"))
		shown, err := w.RevealToken(w.ctx, w.root, "acme", i.Token.ID)
		must(w.T, err)
		if !shown.Secret.Equal(i.Secret) {
			w.Error("another secret was revealed")
		}
		manager := w.member("mo@example.com", "Workspace Manager")
		_, err = w.RevealToken(w.ctx, manager, "acme", i.Token.ID)
		w.refused(err, api.CodeInsufficientScope)
		w.recoverable(false)
		got, err := w.GetToken(w.ctx, w.root, "acme", i.Token.ID)
		must(w.T, err)
		if got.Recoverable {
			w.Error("a token whose copy was destroyed says that it is recoverable")
		}
		fresh, err := w.RotateToken(w.ctx, w.root, "acme", i.Token.ID, api.RotateToken{})
		must(w.T, err)
		w.recoverable(true)
		_, err = w.RevealToken(w.ctx, w.root, "acme", i.Token.ID)
		w.refused(err, api.CodeNotRecoverable) // nor was a copy made while the policy forbade it
		w.allow(fresh.Secret)
	})
}

func (w *world) recoverable(on bool) {
	w.Helper()
	var p api.PatchPolicy
	p.Recoverable = api.Some(on)
	must(w.T, third(w.EditPolicy(w.ctx, w.root, "acme", p)))
}
