package office_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

// questions are what pages ask, each answered as text with its error.
func questions(w *officetest.World, tokenID string) map[string]func(a *office.Office, c authority.Caller) (any, error) {
	ctx, page := w.Ctx, authority.Page{Effective: true}
	return map[string]func(a *office.Office, c authority.Caller) (any, error){
		"the workspace": func(a *office.Office, c authority.Caller) (any, error) { return a.GetWorkspace(ctx, c, "acme") },
		"another one":   func(a *office.Office, c authority.Caller) (any, error) { return a.GetWorkspace(ctx, c, "globex") },
		"workspaces": func(a *office.Office, c authority.Caller) (any, error) {
			rows, next, err := a.ListWorkspaces(ctx, c, page)
			return []any{rows, next}, err
		},
		"homes":  func(a *office.Office, c authority.Caller) (any, error) { return a.Homes(ctx, c) },
		"policy": func(a *office.Office, c authority.Caller) (any, error) { return a.GetPolicy(ctx, c, "acme") },
		"members": func(a *office.Office, c authority.Caller) (any, error) {
			rows, next, err := a.ListMembers(ctx, c, "acme", page)
			return []any{rows, next}, err
		},
		"a member": func(a *office.Office, c authority.Caller) (any, error) {
			return a.GetMember(ctx, c, "acme", "eve@example.com")
		},
		"oneself": func(a *office.Office, c authority.Caller) (any, error) { return a.GetMember(ctx, c, "acme", "me") },
		"nobody": func(a *office.Office, c authority.Caller) (any, error) {
			return a.GetMember(ctx, c, "acme", "x@example.com")
		},
		"accounts": func(a *office.Office, c authority.Caller) (any, error) {
			rows, next, err := a.ListServiceAccounts(ctx, c, "acme", page)
			return []any{rows, next}, err
		},
		"tokens": func(a *office.Office, c authority.Caller) (any, error) {
			rows, next, err := a.ListTokens(ctx, c, "acme", api.TokenFilter{}, page)
			return []any{rows, next}, err
		},
		"a token": func(a *office.Office, c authority.Caller) (any, error) { return a.GetToken(ctx, c, "acme", tokenID) },
		"roles":   func(a *office.Office, c authority.Caller) (any, error) { return a.ListRoles(ctx, c, officetest.Acme()) },
		"scopes": func(a *office.Office, c authority.Caller) (any, error) {
			return a.ListScopes(ctx, c, officetest.Acme())
		},
		"webhooks": func(a *office.Office, c authority.Caller) (any, error) {
			rows, next, err := a.ListWebhooks(ctx, c, officetest.Acme(), page)
			return []any{rows, next}, err
		},
		"people": func(a *office.Office, c authority.Caller) (any, error) {
			rows, next, err := a.ListUsers(ctx, c, page)
			return []any{rows, next}, err
		},
		"administrators": func(a *office.Office, c authority.Caller) (any, error) { return a.ListAdmins(ctx, c) },
	}
}

// What a page is told while it sits at one snapshot is what anybody is told who asks each
// question alone: of stopped people, tokens of many secrets, names that are being deleted,
// and what the caller may not see.
func TestWhoSitsIsToldWhatAnybodyIsTold(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	w.Workspace("globex")
	root := w.Person("ada@example.com")
	eve := w.Member("eve@example.com", "Viewer")
	admin := w.Member("admin@example.com", "Administrator")
	stopped := w.Member("off@example.com", "Viewer")
	w.Account("ci", "tickets:read", "bills:read")
	w.WriteScope(officetest.Acme(), "bills:read", api.PutScope{})
	i := w.Create(w.Root, officetest.Ask("service", "ci"))
	for range 8 {
		officetest.Must(t, officetest.Second(w.RotateToken(w.Ctx, w.Root, "acme", i.Token.ID, api.RotateToken{Overlap: api.Some(api.Day)})))
	}
	hers := w.Create(eve, officetest.Inheriting(""))
	officetest.Must(t, officetest.Second(w.DisableToken(w.Ctx, admin, "acme", hers.Token.ID, api.DisableToken{})))
	officetest.Must(t, officetest.Second(w.DeactivateMember(w.Ctx, admin, "acme", "off@example.com", false)))
	officetest.Must(t, officetest.Second(w.DisableServiceAccount(w.Ctx, admin, "acme", "ci", false)))
	w.Listener(officetest.Acme())
	w.Cut(w.Stopper(), func(ctx context.Context) error {
		return officetest.Second(w.DeleteScope(ctx, w.Root, officetest.Acme(), "bills:read"))
	})
	asks := questions(w, i.Token.ID)
	answers := func(a *office.Office, c authority.Caller) map[string]string {
		out := map[string]string{}
		for name, ask := range asks {
			v, err := ask(a, c)
			out[name] = officetest.Told(err)
			if err == nil {
				out[name] = cmp.Diff(nil, v)
			}
		}
		return out
	}
	for name, c := range map[string]authority.Caller{"an administrator of the instance": root, "a Viewer": eve, "an Administrator": admin, "who is stopped": stopped, "a token": w.Root, "nobody": {}} {
		alone := answers(w.Office, c)
		for _, at := range []string{"acme", "globex", ""} {
			officetest.Must(t, w.Sit(w.Ctx, c, at, func(a *office.Office) error {
				for range 2 { // the second time from what is remembered
					if got := answers(a, c); !cmp.Equal(got, alone) {
						t.Errorf("%s at %q: %s", name, at, cmp.Diff(alone, got))
					}
				}
				return nil
			}))
		}
	}
}

// A verification reads what is stored, and tells what there is not from what nobody can
// tell: a node that is unsure of its history answers neither.
func TestWhatAVerificationReadsIsSure(t *testing.T) {
	t.Parallel()
	w, nodes := officetest.AmongNodes(t)
	w.Account("ci", "tickets:read")
	i := w.Create(w.Root, officetest.Ask("service", "ci"))
	f, revision, err := w.VerifyToken(w.Ctx, officetest.Locator(w, i))
	now, failed := w.Revision(w.Ctx)
	if err != nil || failed != nil || revision != now || len(f.Secrets) != 1 || f.Owner.Type != verify.OwnerServiceAccount {
		t.Fatalf("the token at %d: %+v, %v", revision, f, err)
	}
	o, _, err := w.VerifyOwner(w.Ctx, f.Owner)
	if err != nil || o.Address != "ci@acme.service" || !o.Active {
		t.Errorf("its owner: %+v, %v", o, err)
	}
	ws, _, err := w.VerifyWorkspace(w.Ctx, f.Workspace)
	if err != nil || ws.Slug != "acme" || ws.Suspended || ws.NamesAny {
		t.Errorf("its workspace: %+v, %v", ws, err)
	}
	w.Fill(1, func(tx ledger.Tx, id ledger.ID, _ int) error { // from before that was refused
		return tx.PutResource(ledger.Resource{ID: 9000, Workspace: id, Name: "any", CreatedAt: w.Clock.Now()})
	})
	if ws, _, err = w.VerifyWorkspace(w.Ctx, f.Workspace); err != nil || !ws.NamesAny {
		t.Errorf("it names any: %t, %v", ws.NamesAny, err)
	}
	if slugs, err := w.NamesAny(w.Ctx); err != nil || !cmp.Equal(slugs, []string{"acme"}) {
		t.Errorf("any is a resource of %v, %v", slugs, err)
	}
	ask := func() map[string]error {
		_, _, none := w.VerifyToken(w.Ctx, token.Locator([]byte("000000000000")))
		_, _, owner := w.VerifyOwner(w.Ctx, verify.OwnerKey{Type: verify.OwnerMember, ID: 1 << 40})
		_, _, place := w.VerifyWorkspace(w.Ctx, 1<<40)
		return map[string]error{"a token": none, "an owner": owner, "a workspace": place}
	}
	for name, err := range ask() {
		if !errors.Is(err, verify.ErrNotFound) {
			t.Errorf("%s that there is not: %v", name, err)
		}
	}
	nodes.Unsure = ledger.ErrStoreUnavailable
	for name, err := range ask() {
		if errors.Is(err, verify.ErrNotFound) || api.AsError(err).Code != api.CodeUnavailable {
			t.Errorf("%s that nobody can tell of: %v", name, err)
		}
	}
	if _, _, err := w.VerifyToken(w.Ctx, officetest.Locator(w, i)); api.AsError(err).Code != api.CodeUnavailable {
		t.Errorf("one that there may be: %v", err)
	}
}
