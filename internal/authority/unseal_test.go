package authority_test

import (
	"context"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

// TestCopiesAreDestroyedAndNothingElse: what another removal takes from a token at the same time
// is told to memory by that, so nothing of before attaches to a scope that is made again.
func TestCopiesAreDestroyedAndNothingElse(t *testing.T) {
	t.Parallel()
	w := officetest.NewWorld(t, storetest.SQLite(t))
	cut := w.Stopper()
	officetest.Must(t, officetest.Second(w.EditPolicy(w.Ctx, w.Root, "acme", api.PatchPolicy{Recoverable: api.Some(true)})))
	w.WriteScope(officetest.In("acme"), "tickets:read", api.PutScope{})
	i := w.Create(w.Root, officetest.Scoped("workspace", "", "tickets:read", "tickets:write"))
	w.Allow(i.Secret, "tickets:read")
	w.Cut(cut, func(ctx context.Context) error {
		return officetest.Second(w.EditPolicy(ctx, w.Root, "acme", api.PatchPolicy{Recoverable: api.Some(false)}))
	})
	w.Cut(cut, func(ctx context.Context) error {
		return officetest.Second(w.DeleteScope(ctx, w.Root, officetest.In("acme"), "tickets:read"))
	})
	w.Finish()
	w.WriteScope(officetest.In("acme"), "tickets:read", api.PutScope{})
	w.Deny(api.CodeInsufficientScope, i.Secret, "tickets:read")
	w.Allow(i.Secret, "tickets:write")
}
