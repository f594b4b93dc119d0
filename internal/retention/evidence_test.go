package retention_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/audit"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/internal/retention"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

// TestEvidenceIsNotErased: a row that somebody changed is not sealed as Tokenry's own work,
// whatever was changed of it, erased already or not, with a salt or from before there was one.
// Nobody is erased by halves: the person is there as before.
func TestEvidenceIsNotErased(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		statement string
		unsalt    bool
	}{
		"an actor":                 {`UPDATE audit SET actor = 'eve' WHERE workspace = @ws AND sequence = @n`, false},
		"a payload":                {`UPDATE audit SET payload = replace(payload, 'member', 'manner') WHERE workspace = @ws AND sequence = @n`, true},
		"a hash":                   {`UPDATE audit SET hash = payload_digest WHERE workspace = @ws AND sequence = @n`, true},
		"the row before is gone":   {`DELETE FROM audit WHERE workspace = @ws AND sequence = @n - 1`, false},
		"another place":            {`UPDATE audit SET sequence = sequence + 100 WHERE workspace = @ws AND sequence >= @n`, false},
		"a seal that is none":      {`UPDATE audit SET erasure = hash WHERE workspace = @ws AND sequence = @n`, false},
		"a payload and its digest": {`UPDATE audit SET salt = NULL, payload = '@lie', payload_digest = x'@digest' WHERE workspace = @ws AND sequence = @n`, false},
	} {
		w := officetest.NewWorld(t, storetest.SQLite(t))
		w.MemberOf("acme", "bob@example.com", "Viewer", "*")
		if c.unsalt {
			unsalted(w)
		}
		officetest.Must(t, officetest.Second(w.DeactivateUser(w.Ctx, w.Root, "bob@example.com")))
		n, row := rowAbout(w, "member.created")
		lie := strings.Replace(string(row.Payload), `"actor":"ada@example.com"`, `"actor":"ada@example.com","ip":"203.0.113.9"`, 1)
		statement := strings.NewReplacer("@ws", fmt.Sprint(w.WorkspaceID()), "@n", fmt.Sprint(n), "@lie", lie, "@digest", fmt.Sprintf("%x", audit.Digest(nil, []byte(lie)))).Replace(c.statement)
		officetest.Must(t, officetest.Second(w.Beside().ExecContext(w.Ctx, statement)))
		if _, err := w.EraseUser(w.Ctx, w.Root, "bob@example.com", false); !errors.Is(err, audit.ErrBroken) {
			t.Errorf("%s: %v", what, err)
		}
		if v, err := w.GetUser(w.Ctx, w.Root, "bob@example.com"); err != nil || v.ErasedAt != nil {
			t.Errorf("%s, and the person: %+v, %v", what, v, err)
		}
		if _, err := audit.Verify(w.Ctx, w.Store, w.Keys); !errors.Is(err, audit.ErrBroken) {
			t.Errorf("%s, and the evidence is gone: %v", what, err)
		}
	}
}

// rowAbout is the last row of acme with an action.
func rowAbout(w *officetest.World, action string) (n int64, row ledger.AuditRow) {
	w.Helper()
	officetest.Must(w.T, w.Store.Read(w.Ctx, func(r ledger.Reader) error {
		rows, err := r.AuditChain(w.WorkspaceID(), 0, 0)
		for _, x := range rows {
			if x.Action == action {
				n, row = x.Sequence, x
			}
		}
		return err
	}))
	return n, row
}

// TestASealIsNotRenewedOverWhatWasChangedUnderIt: one row is about two people, and both are
// erased, one after the other; in between somebody changes what was left of it.
func TestASealIsNotRenewedOverWhatWasChangedUnderIt(t *testing.T) {
	t.Parallel()
	for _, tampered := range []bool{false, true} {
		w := officetest.NewWorld(t, storetest.SQLite(t))
		w.Member("eve@example.com", "Owner")
		in := api.CreateMember{Email: "bob@example.com", Rights: officetest.RoleOn("Viewer", "*")}
		officetest.Must(t, officetest.Second(w.CreateMember(w.Ctx, w.Person("eve@example.com"), "acme", in)))
		erase := func(who string) error {
			officetest.Must(t, officetest.Second(w.DeactivateUser(w.Ctx, w.Root, who)))
			return officetest.Second(w.EraseUser(w.Ctx, w.Root, who, false))
		}
		officetest.Must(t, erase("bob@example.com"))
		n, _ := rowAbout(w, "member.created")
		if tampered {
			officetest.Must(t, officetest.Second(w.Beside().ExecContext(w.Ctx, fmt.Sprintf(`UPDATE audit SET action = 'member.edited' WHERE workspace = %d AND sequence = %d`, w.WorkspaceID(), n))))
		}
		err := erase("eve@example.com")
		if _, broken := audit.Verify(w.Ctx, w.Store, w.Keys); errors.Is(broken, audit.ErrBroken) != tampered || errors.Is(err, audit.ErrBroken) != tampered {
			t.Errorf("changed in between %t: erased with %v, and the audit: %v", tampered, err, broken)
		}
	}
}

// TestTheFirstRowBehindAnAnchorIsErased: what it follows is the anchor, and no row.
func TestTheFirstRowBehindAnAnchorIsErased(t *testing.T) {
	t.Parallel()
	w := officetest.NewWorld(t, storetest.SQLite(t))
	keeps(w, "acme", 10)
	w.Clock.Pass(11 * officetest.Day)
	w.MemberOf("acme", "bob@example.com", "Viewer", "*")
	purge(w)
	heads, chains := w.Whole()
	n, _ := rowAbout(w, "member.created")
	if n != chains["acme"].Purged+1 {
		t.Fatalf("row %d is not the first after %d", n, chains["acme"].Purged)
	}
	officetest.Must(t, officetest.Second(w.DeactivateUser(w.Ctx, w.Root, "bob@example.com")))
	officetest.Must(t, officetest.Second(w.EraseUser(w.Ctx, w.Root, "bob@example.com", false)))
	w.Whole(heads...)
	if got := mentions(w, "bob@example.com"); got != nil {
		t.Errorf("bob is yet in %v", got)
	}
}

// TestWhoWroteARuleOfTrustIsForgotten, and the rule holds on; another's stays as it is.
func TestWhoWroteARuleOfTrustIsForgotten(t *testing.T) {
	t.Parallel()
	w := officetest.NewWorld(t, storetest.SQLite(t))
	w.MemberOf("acme", "bob@example.com", "Viewer", "*")
	w.Account("ci", "tickets:read")
	errs, err := w.Store.Batch(w.Ctx, []func(ledger.Tx) error{func(tx ledger.Tx) error {
		s, err := tx.ServiceAccount(w.WorkspaceID(), ledger.ServiceAccountKey{Name: "ci"})
		for i, by := range []string{"bob@example.com", "not-bob@example.com"} {
			rule := ledger.TrustRule{
				ID: ledger.ID(900 + i), Workspace: s.Workspace, ServiceAccount: s.ID, PublicID: fmt.Sprint("trr_", i), Label: fmt.Sprint("rule ", i), System: "oidc",
				Issuer: "https://id.example", Audience: "x", Claims: map[string][]string{"sub": {"a"}}, Lifetime: time.Minute, CreatedBy: by, CreatedAt: w.Clock.Now(), Revision: 1,
			}
			err = errors.Join(err, tx.PutTrustRule(rule))
		}
		return err
	}})
	officetest.Must(t, errors.Join(append(errs, err)...))
	officetest.Must(t, officetest.Second(w.DeactivateUser(w.Ctx, w.Root, "bob@example.com")))
	would, err := w.EraseUser(w.Ctx, w.Root, "bob@example.com", true)
	officetest.Must(t, err)
	did, err := w.EraseUser(w.Ctx, w.Root, "bob@example.com", false)
	officetest.Must(t, err)
	if would.Value.Mentions != 1 || did.Value.Mentions != 1 {
		t.Errorf("mentions: %d would be, %d were", would.Value.Mentions, did.Value.Mentions)
	}
	officetest.Must(t, w.Store.Read(w.Ctx, func(r ledger.Reader) error {
		for id, want := range map[string]string{"trr_0": "erased", "trr_1": "not-bob@example.com"} {
			rule, err := r.TrustRule(w.WorkspaceID(), id)
			if err != nil || rule.CreatedBy != want || (rule.Revision == 1) != (want != "erased") {
				t.Errorf("%s is by %q at %d, %v", id, rule.CreatedBy, rule.Revision, err)
			}
		}
		return nil
	}))
	w.Whole()
}

// TestAPurgeEndsWhereItIsStopped, says why, and goes on from there.
func TestAPurgeEndsWhereItIsStopped(t *testing.T) {
	t.Parallel()
	w := officetest.NewWorld(t, storetest.SQLite(t))
	keeps(w, "acme", 10)
	i := w.Create(w.Root, officetest.Ask("personal", ""))
	officetest.Must(t, officetest.Second(w.DeleteToken(w.Ctx, w.Root, "acme", i.Token.ID, api.RevokeToken{})))
	w.Clock.Pass(11 * officetest.Day)
	enough := errors.New("enough for now")
	done, err := w.Purge(w.Ctx, func(context.Context) error { return enough })
	if !errors.Is(err, enough) || done.Tokens != 1 || done.AuditEvents != 0 {
		t.Errorf("stopped: %+v, %v", done, err)
	}
	if done := purge(w); done.Tokens != 0 || done.AuditEvents == 0 {
		t.Errorf("and on: %+v", done)
	}
	w.Whole()
}

// TestWhoMayBeErased is a person who acts nowhere any more.
func TestWhoMayBeErased(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		u  api.User
		ok bool
	}{
		"deactivated":                         {api.User{Workspaces: []string{"acme"}}, true},
		"deactivated, an administrator":       {api.User{InstanceAdmin: true}, true},
		"active in no workspace":              {api.User{Active: true}, true},
		"active in one":                       {api.User{Active: true, Workspaces: []string{"acme"}}, false},
		"an active administrator of no place": {api.User{Active: true, InstanceAdmin: true}, false},
	} {
		if err := retention.MayErase(c.u); (err == nil) != c.ok || !c.ok && !errors.Is(err, api.CodeStillActive) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
