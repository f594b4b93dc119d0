package office_test

import (
	"context"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
)

// keepsSecrets says whether secrets may be kept in acme, or in all workspaces.
func (w *world) keepsSecrets(ctx context.Context, ws string, v api.Opt[bool]) error {
	patch := api.PatchPolicy{Recoverable: v}
	if ws == "" {
		return third(w.EditInstancePolicy(ctx, w.root, patch))
	}
	return third(w.EditPolicy(ctx, w.root, ws, patch))
}

func (w *world) reveal(ws string, i authority.Issued) error {
	_, err := w.RevealToken(w.ctx, w.root, ws, i.Token.ID)
	return err
}

// sealed counts the copies of a token's secrets, and says whether its row lets there be any.
func (w *world) sealed(i authority.Issued) (n int, may bool) {
	w.Helper()
	must(w.T, w.store.Read(w.ctx, func(r ledger.Reader) error {
		t, err := r.Token(locator(w, i))
		if err != nil {
			return err
		}
		secrets, err := r.Secrets(t.ID)
		for _, s := range secrets {
			if s.Sealed != nil {
				n++
			}
		}
		may = t.Recoverable
		return err
	}))
	return n, may
}

func (w *world) destroyed(what string, i authority.Issued, want bool) {
	w.Helper()
	if n, may := w.sealed(i); (n == 0 && !may) != want {
		w.Errorf("%s: %d copies, recoverable %v", what, n, may)
	}
}

// TestSealedCopiesAreDestroyedInPieces: nothing is shown from the first commit on,
// nothing new is kept, and the policy is not turned back before the last copy is gone,
// also when the program was killed in between.
func TestSealedCopiesAreDestroyedInPieces(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		cut := w.stopper()
		must(w.T, w.keepsSecrets(w.ctx, "acme", api.Some(true)))
		one, two := w.create(w.root, scoped("workspace", "", "tickets:read")), w.create(w.root, scoped("workspace", "", "tickets:read"))
		must(w.T, w.reveal("acme", one))
		w.cut(cut, func(ctx context.Context) error { return w.keepsSecrets(ctx, "acme", api.Some(false)) })
		w.destroyed("before it was rewritten", one, false)
		w.refused(w.reveal("acme", one), api.CodeNotRecoverable)
		w.refusedField(w.keepsSecrets(w.ctx, "acme", api.Some(true)), api.CodeBeingDeleted, "recoverable")
		w.refusedField(w.keepsSecrets(w.ctx, "", api.Some(true)), api.CodeBeingDeleted, "recoverable")
		v, err := w.RotateToken(w.ctx, w.root, "acme", two.Token.ID, api.RotateToken{})
		must(w.T, err)
		if n, _ := w.sealed(two); n != 0 || v.Token.Recoverable {
			w.Errorf("a rotation keeps %d copies; it says %v", n, v.Token.Recoverable)
		}
		shown, err := w.ListRemovals(w.ctx, w.root, authority.Where{Workspace: "acme"})
		must(w.T, err)
		if len(shown) != 1 || shown[0].Kind != "sealed" || shown[0].Name != "recoverable" {
			w.Errorf("an administrator is shown %+v", shown)
		}
		w.finish()
		w.destroyed("after it was rewritten", one, true)
		w.destroyed("rotated meanwhile", two, true)
		must(w.T, w.keepsSecrets(w.ctx, "acme", api.Some(true)))
		w.refused(w.reveal("acme", one), api.CodeNotRecoverable)
	})
}

// TestWhoeverTookSealedCopiesSaysForWhom: the instance's policy destroys them where it
// is inherited, or locked, and nowhere else.
func TestWhoeverTookSealedCopiesSaysForWhom(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		cut := w.stopper()
		w.workspace("globex")
		must(w.T, w.keepsSecrets(w.ctx, "", api.Some(true)))
		must(w.T, w.keepsSecrets(w.ctx, "globex", api.Some(true)))
		inherits := w.create(w.root, scoped("workspace", "", "tickets:read"))
		own, err := w.CreateToken(w.ctx, w.root, "globex", scoped("workspace", "", "tickets:read"))
		must(w.T, err)
		w.cut(cut, func(ctx context.Context) error { return w.keepsSecrets(ctx, "", api.Some(false)) })
		w.refused(w.reveal("acme", inherits), api.CodeNotRecoverable)
		must(w.T, w.reveal("globex", own))
		w.refusedField(w.keepsSecrets(w.ctx, "acme", api.Some(true)), api.CodeBeingDeleted, "recoverable")
		w.finish()
		w.destroyed("inherited", inherits, true)
		w.destroyed("its own policy", own, false)
		must(w.T, w.reveal("globex", own))

		lock := func(fields ...string) error {
			return third(w.EditInstancePolicy(w.ctx, w.root, api.PatchPolicy{Locked: api.Some(fields)}))
		}
		w.cut(cut, func(ctx context.Context) error {
			return third(w.EditInstancePolicy(ctx, w.root, api.PatchPolicy{Locked: api.Some([]string{"recoverable"})}))
		})
		w.refused(w.reveal("globex", own), api.CodeNotRecoverable)
		w.refusedField(lock(), api.CodeBeingDeleted, "recoverable")
		w.finish()
		w.destroyed("locked", own, true)
		must(w.T, lock())
	})
}
