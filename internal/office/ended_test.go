package office_test

import (
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/verify"
)

// An end that was decided is a state: a clock that is set back brings nothing to
// life again, in memory or read anew.
func TestAnEndThatWasDecidedSurvivesAClockThatIsSetBack(t *testing.T) {
	t.Parallel()
	overlap := api.RotateToken{Overlap: api.Some(api.Duration(time.Hour))}
	for name, end := range map[string]func(w *world, old authority.Issued){
		"a reset": func(w *world, old authority.Issued) {
			_, err := w.ResetToken(w.ctx, w.root, "acme", old.Token.ID)
			must(w.T, err)
		},
		"a rotation without overlap": func(w *world, old authority.Issued) {
			_, err := w.RotateToken(w.ctx, w.root, "acme", old.Token.ID, api.RotateToken{Overlap: api.Some(api.Duration(0))})
			must(w.T, err)
		},
		"a transfer": func(w *world, old authority.Issued) {
			w.account("robot", "tickets:read")
			_, err := w.TransferToken(w.ctx, w.root, "acme", old.Token.ID, api.TransferToken{Owner: "robot"})
			must(w.T, err)
		},
		"an overlap that was retired": func(w *world, old authority.Issued) {
			_, err := w.RotateToken(w.ctx, w.root, "acme", old.Token.ID, overlap)
			must(w.T, err)
			_, _, err = w.RetireSecrets(w.ctx, w.root, "acme", old.Token.ID)
			must(w.T, err)
		},
		"an overlap that the first use ended": func(w *world, old authority.Issued) {
			fresh, err := w.RotateToken(w.ctx, w.root, "acme", old.Token.ID, api.RotateToken{Overlap: overlap.Overlap, RetireOnFirstUse: true})
			must(w.T, err)
			w.allow(fresh.Secret)
		},
		"an overlap that ran out before the next rotation": func(w *world, old authority.Issued) {
			_, err := w.RotateToken(w.ctx, w.root, "acme", old.Token.ID, overlap)
			must(w.T, err)
			w.clock.pass(2 * time.Hour)
			_, err = w.RotateToken(w.ctx, w.root, "acme", old.Token.ID, overlap)
			must(w.T, err)
		},
		"a second rotation within the overlap": func(w *world, old authority.Issued) {
			for range 2 {
				_, err := w.RotateToken(w.ctx, w.root, "acme", old.Token.ID, overlap)
				must(w.T, err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			each(t, func(w *world) {
				old := w.create(w.root, scoped("workspace", "", "tickets:read"))
				w.allow(old.Secret)
				end(w, old)
				w.deny(api.CodeRetired, old.Secret)
				w.clock.pass(-3 * time.Hour)
				w.deny(api.CodeRetired, old.Secret)
				w.engine.Apply(verify.Changes{All: true}) // as after a restart
				w.deny(api.CodeRetired, old.Secret)
			})
		})
	}
}
