package tokens_test

import (
	"context"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office/officetest"
)

// keepsSecrets says whether secrets may be kept in acme, or in all workspaces.
func keepsSecrets(ctx context.Context, w *officetest.World, ws string, v api.Opt[bool]) error {
	patch := api.PatchPolicy{Recoverable: v}
	if ws == "" {
		return officetest.Second(w.EditInstancePolicy(ctx, w.Root, patch))
	}
	return officetest.Second(w.EditPolicy(ctx, w.Root, ws, patch))
}

func reveal(w *officetest.World, ws string, i authority.Issued) error {
	_, err := w.RevealToken(w.Ctx, w.Root, ws, i.Token.ID)
	return err
}

// sealed counts the copies of a token's secrets, and says whether its row lets there be any.
func sealed(w *officetest.World, i authority.Issued) (n int, may bool) {
	w.Helper()
	officetest.Must(w.T, w.Store.Read(w.Ctx, func(r ledger.Reader) error {
		t, err := r.Token(officetest.Locator(w, i))
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

func destroyed(w *officetest.World, what string, i authority.Issued, want bool) {
	w.Helper()
	if n, may := sealed(w, i); (n == 0 && !may) != want {
		w.Errorf("%s: %d copies, recoverable %v", what, n, may)
	}
}

// TestSealedCopiesAreDestroyedInPieces: nothing is shown from the first commit on,
// nothing new is kept, and the policy is not turned back before the last copy is gone,
// also when the program was killed in between.
func TestSealedCopiesAreDestroyedInPieces(t *testing.T) {
	t.Parallel()
	officetest.Each(t, func(w *officetest.World) {
		cut := w.Stopper()
		officetest.Must(w.T, keepsSecrets(w.Ctx, w, "acme", api.Some(true)))
		one, two := w.Create(w.Root, officetest.Scoped("workspace", "", "tickets:read")), w.Create(w.Root, officetest.Scoped("workspace", "", "tickets:read"))
		officetest.Must(w.T, reveal(w, "acme", one))
		w.Cut(cut, func(ctx context.Context) error { return keepsSecrets(ctx, w, "acme", api.Some(false)) })
		destroyed(w, "before it was rewritten", one, false)
		w.Refused(reveal(w, "acme", one), api.CodeNotRecoverable)
		w.RefusedField(keepsSecrets(w.Ctx, w, "acme", api.Some(true)), api.CodeBeingDeleted, "recoverable")
		w.RefusedField(keepsSecrets(w.Ctx, w, "", api.Some(true)), api.CodeBeingDeleted, "recoverable")
		v, err := w.RotateToken(w.Ctx, w.Root, "acme", two.Token.ID, api.RotateToken{})
		officetest.Must(w.T, err)
		if n, _ := sealed(w, two); n != 0 || v.Token.Recoverable {
			w.Errorf("a rotation keeps %d copies; it says %v", n, v.Token.Recoverable)
		}
		shown, err := w.ListRemovals(w.Ctx, w.Root, authority.Where{Workspace: "acme"})
		officetest.Must(w.T, err)
		if len(shown) != 1 || shown[0].Kind != "sealed" || shown[0].Name != "recoverable" {
			w.Errorf("an administrator is shown %+v", shown)
		}
		w.Finish()
		destroyed(w, "after it was rewritten", one, true)
		destroyed(w, "rotated meanwhile", two, true)
		officetest.Must(w.T, keepsSecrets(w.Ctx, w, "acme", api.Some(true)))
		w.Refused(reveal(w, "acme", one), api.CodeNotRecoverable)
	})
}

// TestWhoeverTookSealedCopiesSaysForWhom: the instance's policy destroys them where it
// is inherited, or locked, and nowhere else.
func TestWhoeverTookSealedCopiesSaysForWhom(t *testing.T) {
	t.Parallel()
	officetest.Each(t, func(w *officetest.World) {
		cut := w.Stopper()
		w.Workspace("globex")
		officetest.Must(w.T, keepsSecrets(w.Ctx, w, "", api.Some(true)))
		officetest.Must(w.T, keepsSecrets(w.Ctx, w, "globex", api.Some(true)))
		inherits := w.Create(w.Root, officetest.Scoped("workspace", "", "tickets:read"))
		own, err := w.CreateToken(w.Ctx, w.Root, "globex", officetest.Scoped("workspace", "", "tickets:read"))
		officetest.Must(w.T, err)
		w.Cut(cut, func(ctx context.Context) error { return keepsSecrets(ctx, w, "", api.Some(false)) })
		w.Refused(reveal(w, "acme", inherits), api.CodeNotRecoverable)
		officetest.Must(w.T, reveal(w, "globex", own))
		w.RefusedField(keepsSecrets(w.Ctx, w, "acme", api.Some(true)), api.CodeBeingDeleted, "recoverable")
		w.Finish()
		destroyed(w, "inherited", inherits, true)
		destroyed(w, "its own policy", own, false)
		officetest.Must(w.T, reveal(w, "globex", own))

		lock := func(fields ...string) error {
			return officetest.Second(w.EditInstancePolicy(w.Ctx, w.Root, api.PatchPolicy{Locked: api.Some(fields)}))
		}
		w.Cut(cut, func(ctx context.Context) error {
			return officetest.Second(w.EditInstancePolicy(ctx, w.Root, api.PatchPolicy{Locked: api.Some([]string{"recoverable"})}))
		})
		w.Refused(reveal(w, "globex", own), api.CodeNotRecoverable)
		w.RefusedField(lock(), api.CodeBeingDeleted, "recoverable")
		w.Finish()
		destroyed(w, "locked", own, true)
		officetest.Must(w.T, lock())
	})
}
