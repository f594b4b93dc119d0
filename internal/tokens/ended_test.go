package tokens_test

import (
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/internal/verify"
)

// An end that was decided is a state: a clock that is set back brings nothing to
// life again, in memory or read anew.
func TestAnEndThatWasDecidedSurvivesAClockThatIsSetBack(t *testing.T) {
	t.Parallel()
	overlap := api.RotateToken{Overlap: api.Some(api.Duration(time.Hour))}
	for name, end := range map[string]func(w *officetest.World, old authority.Issued){
		"a reset": func(w *officetest.World, old authority.Issued) {
			_, err := w.ResetToken(w.Ctx, w.Root, "acme", old.Token.ID)
			officetest.Must(w.T, err)
		},
		"a rotation without overlap": func(w *officetest.World, old authority.Issued) {
			_, err := w.RotateToken(w.Ctx, w.Root, "acme", old.Token.ID, api.RotateToken{Overlap: api.Some(api.Duration(0))})
			officetest.Must(w.T, err)
		},
		"a transfer": func(w *officetest.World, old authority.Issued) {
			w.Account("robot", "tickets:read")
			_, err := w.TransferToken(w.Ctx, w.Root, "acme", old.Token.ID, api.TransferToken{Owner: "robot"})
			officetest.Must(w.T, err)
		},
		"an overlap that was retired": func(w *officetest.World, old authority.Issued) {
			_, err := w.RotateToken(w.Ctx, w.Root, "acme", old.Token.ID, overlap)
			officetest.Must(w.T, err)
			_, err = w.RetireSecrets(w.Ctx, w.Root, "acme", old.Token.ID)
			officetest.Must(w.T, err)
		},
		"an overlap that the first use ended": func(w *officetest.World, old authority.Issued) {
			fresh, err := w.RotateToken(w.Ctx, w.Root, "acme", old.Token.ID, api.RotateToken{Overlap: overlap.Overlap, RetireOnFirstUse: true})
			officetest.Must(w.T, err)
			w.Allow(fresh.Secret)
		},
		"an overlap that ran out before the next rotation": func(w *officetest.World, old authority.Issued) {
			_, err := w.RotateToken(w.Ctx, w.Root, "acme", old.Token.ID, overlap)
			officetest.Must(w.T, err)
			w.Clock.Pass(2 * time.Hour)
			_, err = w.RotateToken(w.Ctx, w.Root, "acme", old.Token.ID, overlap)
			officetest.Must(w.T, err)
		},
		"a second rotation within the overlap": func(w *officetest.World, old authority.Issued) {
			for range 2 {
				_, err := w.RotateToken(w.Ctx, w.Root, "acme", old.Token.ID, overlap)
				officetest.Must(w.T, err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			officetest.Each(t, func(w *officetest.World) {
				old := w.Create(w.Root, officetest.Scoped("workspace", "", "tickets:read"))
				w.Allow(old.Secret)
				end(w, old)
				w.Deny(api.CodeRetired, old.Secret)
				w.Clock.Pass(-3 * time.Hour)
				w.Deny(api.CodeRetired, old.Secret)
				w.Engine.Apply(verify.Changes{All: true}) // as after a restart
				w.Deny(api.CodeRetired, old.Secret)
			})
		})
	}
}
