package insight_test

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
	"github.com/tokenry/tokenry/internal/office/officetest"
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
	officetest.Each(t, func(w *officetest.World) {
		for range 4 {
			w.Create(w.Root, officetest.Ask("personal", ""))
		}
		_, chains := w.Whole()
		all := chains["acme"]
		for links, want := range map[int64]audit.Chain{
			100:          {Name: "acme", Rows: all.Rows, Head: all.Head},
			all.Rows:     {Name: "acme", Rows: all.Rows, Head: all.Head},
			2:            {Name: "acme", Rows: 2, Skipped: all.Rows - 2, Head: all.Head},
			all.Rows - 1: {Name: "acme", Rows: all.Rows - 1, Skipped: 1, Head: all.Head},
		} {
			got, err := w.CheckAudit(w.Ctx, w.Root, "acme", links)
			officetest.Must(w.T, err)
			if got != want {
				w.Errorf("the last %d links: %+v, want %+v", links, got, want)
			}
		}
		instance, err := w.CheckAudit(w.Ctx, w.Root, "", 100)
		officetest.Must(w.T, err)
		if instance != chains["instance"] {
			w.Errorf("the instance: %+v, want %+v", instance, chains["instance"])
		}
		vera := w.Member("vera@example.com", "Viewer")
		for _, of := range []string{"acme", ""} {
			if _, err := w.CheckAudit(w.Ctx, vera, of, 100); err == nil {
				w.Errorf("a Viewer checks the chain of %q", of)
			}
		}
		for _, attack := range []struct{ statement, broken string }{
			{`UPDATE audit SET actor = 'eve' WHERE workspace = %d AND sequence = 4`, "row 4: its columns say other than its payload"},
			{`DELETE FROM audit WHERE workspace = %d AND sequence = 3`, "row 3 was removed"},
			{`DELETE FROM audit WHERE workspace = %d`, "every row after row 0 was removed"},
		} {
			_, err := w.Beside().ExecContext(w.Ctx, fmt.Sprintf(attack.statement, w.WorkspaceID()))
			officetest.Must(w.T, err)
			got, err := w.CheckAudit(w.Ctx, w.Root, "acme", 100)
			officetest.Must(w.T, err)
			if got.Broken != attack.broken {
				w.Errorf("%s: %q, want %q", attack.statement, got.Broken, attack.broken)
			}
		}
	})
}

func TestAuditVerifyNamesTheBrokenRow(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		for range 3 {
			w.Create(w.Root, officetest.Ask("personal", ""))
		}
		chains, err := audit.Verify(w.Ctx, w.Store, w.Keys)
		officetest.Must(w.T, err)
		heads := []string{chains[0].Head, chains[1].Head}
		w.Create(w.Root, officetest.Ask("personal", ""))
		_, err = audit.Verify(w.Ctx, w.Store, w.Keys, heads...)
		officetest.Must(w.T, err)

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
				_, err := audit.Verify(w.Ctx, tampered{w.Store, c.change}, w.Keys, heads...)
				if !errors.Is(err, audit.ErrBroken) || !strings.Contains(err.Error(), c.want) {
					t.Errorf("got %v, want it to name %q", err, c.want)
				}
			})
		}
	})
}

func TestBulkAndLookup(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		a, b := w.Create(w.Root, officetest.Scoped("workspace", "", "tickets:read")), w.Create(w.Root, officetest.Scoped("workspace", "", "tickets:read"))
		found, err := w.LookupTokens(w.Ctx, w.Root, "acme", api.LookupTokens{Text: "log: " + a.Secret.Reveal() + "\n" + b.Secret.Reveal()[:40]})
		officetest.Must(w.T, err)
		if len(found.Items) != 1 || found.Items[0].Secret != api.SecretCurrent || found.Items[0].Token.ID != a.Token.ID {
			w.Errorf("found: %+v", found.Items)
		}
		viewer := w.With(w.Create(w.Root, officetest.Scoped("personal", "", "tickets:read")))
		found, err = w.LookupTokens(w.Ctx, viewer, "acme", api.LookupTokens{Text: a.Secret.Reveal()})
		officetest.Must(w.T, err)
		if found.Items[0].Secret != api.SecretUnknown || found.Items[0].Token != nil {
			w.Errorf("without tokens:read: %+v", found.Items)
		}

		var results []api.BulkResult
		tell := func(r api.BulkResult) error { results = append(results, r); return nil }
		bulk := api.BulkTokens{Action: api.BulkRevoke, Filter: &api.TokenFilter{Kind: api.Some("workspace")}, DryRun: true}
		officetest.Must(w.T, w.BulkTokens(w.Ctx, w.Root, "acme", bulk, tell))
		w.Allow(a.Secret)
		if len(results) != 2 {
			w.Errorf("dry run: %+v", results)
		}
		bulk.DryRun = false
		officetest.Must(w.T, w.BulkTokens(w.Ctx, w.Root, "acme", bulk, tell))
		w.Deny(api.CodeRevoked, a.Secret)
		w.Deny(api.CodeRevoked, b.Secret)

		results = nil
		bulk = api.BulkTokens{Action: api.BulkRevoke, Filter: &api.TokenFilter{Kind: api.Some("personal")}}
		officetest.Must(w.T, w.BulkTokens(w.Ctx, w.Root, "acme", bulk, tell))
		w.Allow(w.Secret) // never the caller's own
		w.RefusedField(w.BulkTokens(w.Ctx, w.Root, "acme", api.BulkTokens{Action: "revoke", Filter: &api.TokenFilter{}}, tell), api.CodeInvalidField, "filter")
	})
}

func TestARetryMintsAFreshSecretInPlaceOfTheLostOne(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		c := w.Root
		c.Retry = authority.Retry{Key: "k1", Route: "POST /tokens", Body: [32]byte{1}}
		in := officetest.Scoped("workspace", "", "tickets:read")
		lost := w.Create(c, in)
		again := w.Create(c, in)
		if lost.Token.ID != again.Token.ID || lost.Secret.Equal(again.Secret) {
			w.Errorf("again: %+v", again.Token)
		}
		w.Deny(api.CodeUnknown, lost.Secret)
		other := c
		other.Retry.Body = [32]byte{2}
		_, err := w.CreateToken(w.Ctx, other, "acme", in)
		w.Refused(err, api.CodeIdempotencyKeyReused)
		officetest.Must(w.T, w.FirstUse(w.Ctx, again.Secret.Reveal()))
		_, err = w.CreateToken(w.Ctx, c, "acme", in)
		w.Refused(err, api.CodeIdempotencyKeyUsed)
	})
}

func TestRetireOnFirstUseEndsTheOldSecretWithTheFirstUseOfTheNew(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		old := w.Create(w.Root, officetest.Scoped("workspace", "", "tickets:read"))
		fresh, err := w.RotateToken(w.Ctx, w.Root, "acme", old.Token.ID, api.RotateToken{RetireOnFirstUse: true})
		officetest.Must(w.T, err)
		w.Allow(old.Secret)
		w.Allow(fresh.Secret) // committed before it is answered
		w.Deny(api.CodeRetired, old.Secret)
		w.Allow(fresh.Secret)
	})
}

func TestRecoverableSecretsAreSealedAndDestroyedWithThePolicy(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		i := w.Create(w.Root, officetest.Scoped("workspace", "", "tickets:read"))
		_, err := w.RevealToken(w.Ctx, w.Root, "acme", i.Token.ID)
		w.Refused(err, api.CodeNotRecoverable)
		recoverable(w, true)
		i = w.Create(w.Root, officetest.Scoped("workspace", "", "tickets:read"))
		shown, err := w.RevealToken(w.Ctx, w.Root, "acme", i.Token.ID)
		officetest.Must(w.T, err)
		if !shown.Secret.Equal(i.Secret) {
			w.Error("another secret was revealed")
		}
		manager := w.Member("mo@example.com", "Workspace Manager")
		_, err = w.RevealToken(w.Ctx, manager, "acme", i.Token.ID)
		w.Refused(err, api.CodeInsufficientScope)
		recoverable(w, false)
		got, err := w.GetToken(w.Ctx, w.Root, "acme", i.Token.ID)
		officetest.Must(w.T, err)
		if got.Recoverable {
			w.Error("a token whose copy was destroyed says that it is recoverable")
		}
		fresh, err := w.RotateToken(w.Ctx, w.Root, "acme", i.Token.ID, api.RotateToken{})
		officetest.Must(w.T, err)
		recoverable(w, true)
		_, err = w.RevealToken(w.Ctx, w.Root, "acme", i.Token.ID)
		w.Refused(err, api.CodeNotRecoverable) // nor was a copy made while the policy forbade it
		w.Allow(fresh.Secret)
	})
}

func recoverable(w *officetest.World, on bool) {
	w.Helper()
	var p api.PatchPolicy
	p.Recoverable = api.Some(on)
	officetest.Must(w.T, officetest.Second(w.EditPolicy(w.Ctx, w.Root, "acme", p)))
}

// TestAChainThatANodeCannotCheckIsNotCalledBroken: others have the key. One that was taken
// out of use is on no node, and the chain says so.
func TestAChainThatANodeCannotCheckIsNotCalledBroken(t *testing.T) {
	t.Parallel()
	officetest.Each(t, func(w *officetest.World) {
		newer, keys := w.Newer()
		_, err := newer.CreateToken(w.Ctx, w.Root, "acme", officetest.Ask("personal", ""))
		officetest.Must(w.T, err)
		_, err = w.CheckAudit(w.Ctx, w.Root, "acme", 100)
		w.Refused(err, api.CodeUnavailable)
		c, err := newer.CheckAudit(w.Ctx, w.Root, "acme", 100)
		if err != nil || c.Broken != "" {
			w.Errorf("where the key is: %+v, %v", c, err)
		}
		c, err = w.Over(officetest.WithoutFirst(w.T, keys)).CheckAudit(w.Ctx, w.Root, "acme", 100)
		if err != nil || c.Broken != "" || c.Unsure != "row 1: the keyring lacks its key" {
			w.Errorf("without a key that is dropped: %+v, %v", c, err)
		}
	})
}
