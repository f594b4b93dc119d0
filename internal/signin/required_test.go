package signin_test

import (
	"errors"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/door"
)

// TestASecondFactorIsRequiredOfWhoSignsInWithAPassword: of every session at its next step,
// of nobody who comes another way, and of no API token. Setting one up is the way in; who has
// none of their own does not require it of others.
func TestASecondFactorIsRequiredOfWhoSignsInWithAPassword(t *testing.T) {
	each(t, func(w *world) {
		caller := func(s door.Session) authority.Caller {
			return authority.Caller{User: s.User, Session: s.ID, Portal: s.Portal}
		}
		opens := func(s door.Session) error {
			_, err := w.auth.Desk(w.ctx, caller(s), "acme")
			return err
		}
		kept := func(s door.Session, what string) {
			t.Helper()
			if err := opens(s); !errors.Is(err, authority.ErrOneFactor) || !errors.Is(err, api.CodeForbidden) {
				t.Errorf("%s: %v", what, err)
			}
		}
		w.takes("acme", "root@example.com", "Viewer", owners)
		must(t, officeSecond(w.auth.AddAdmin(w.ctx, w.root(), api.AddAdmin{User: "root@example.com"})))
		require := api.PatchPolicy{RequireSecondFactor: api.Some(true)}
		admin, eve := w.enters("ada@example.com", good, home()).Session, w.enters("eve@example.com", hers, home()).Session
		_, err := w.auth.EditPolicy(w.ctx, caller(admin), "acme", require)
		w.refused(err, api.CodeInvalidField)
		_, err = w.auth.EditInstancePolicy(w.ctx, caller(admin), require)
		w.refused(err, api.CodeInvalidField)
		must(t, opens(eve))

		w.holds(admin, nil) // which makes her session more than a password's
		_, err = w.auth.EditPolicy(w.ctx, caller(admin), "acme", require)
		must(t, err)
		must(t, opens(admin))
		kept(eve, "a session from before, by a password alone")
		kept(w.enters("eve@example.com", hers, home()).Session, "a new one")
		kept(w.enters("ada@example.com", good, home()).Session, "a password, of who has a passkey too")
		if homes, err := w.auth.Homes(w.ctx, caller(eve)); err != nil || len(homes) != 1 {
			t.Errorf("she does not see where she is a member: %v, %v", homes, err)
		}
		must(t, officeSecond(w.auth.EditPolicy(w.ctx, w.machine(), "acme", api.PatchPolicy{RevokeOnReuse: api.Some(true)})))

		key := w.holds(eve, nil)
		must(t, opens(eve))
		in, err := w.opensWith(key)
		must(t, err)
		must(t, opens(in.Session))
		must(t, w.ResetFactors(w.ctx, caller(admin), w.id("eve@example.com")))
		kept(eve, "an administrator removed the passkey")
		kept(in.Session, "and of the session that it opened")

		app, enrolling, _ := w.enrolled()
		must(t, opens(enrolling.Session))
		in, err = w.SecondFactor(w.ctx, w.enters("eve@example.com", hers, home()).SecondFactor, app.code(0), home())
		must(t, err)
		must(t, opens(in.Session))
		// The instance's own pages, of who signed in so.
		_, err = w.auth.EditInstancePolicy(w.ctx, w.machine(), require)
		must(t, err)
		if err := w.auth.Administers(w.ctx, caller(w.enters("root@example.com", owners, home()).Session)); !errors.Is(err, authority.ErrOneFactor) {
			t.Errorf("the instance opens to a password: %v", err)
		}
	})
}

// machine is a caller that signs nobody in.
func (w *world) machine() authority.Caller { return authority.Caller{Machine: "test"} }
