package authority_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/office/officetest"
)

// TestADryRunAnswersWhatTheRealRunDoes: each item is judged by the same code, and
// nothing is left behind: no change, no secret, no event.
func TestADryRunAnswersWhatTheRealRunDoes(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		eve := w.Member("eve@example.com", "Team Member")
		expiring := officetest.Scoped("workspace", "", "tickets:read")
		expiring.ExpiresIn = api.Some(api.Duration(time.Minute))
		ids := []string{
			w.Create(w.Root, officetest.Scoped("workspace", "", "tickets:read")).Token.ID,
			w.Create(w.Root, officetest.Scoped("workspace", "", "tickets:write", "*")).Token.ID,
			w.Create(w.Root, expiring).Token.ID,
			w.Create(eve, officetest.Ask("personal", "")).Token.ID,
			"nobody@workspace_000000000000",
		}
		w.Clock.Pass(time.Hour)
		robot := w.With(w.Create(w.Root, officetest.Scoped("workspace", "", "tokens:read", "tokens:edit", "tokens:disable", "tokens:delete", "tickets:read")))
		longer := officetest.Patch(func(in *api.TokenFields) { in.ExpiresIn = api.Some(360 * api.Day) })
		for _, action := range []string{api.BulkEdit, api.BulkRotate, api.BulkDisable, api.BulkRevoke} {
			run := func(dry bool) (out map[string]api.Code) {
				w.Helper()
				out = map[string]api.Code{}
				in := api.BulkTokens{Action: action, IDs: ids, Edit: &longer, DryRun: dry}
				officetest.Must(w.T, w.BulkTokens(w.Ctx, robot, "acme", in, func(r api.BulkResult) error {
					if dry && r.Secret != "" {
						w.Errorf("a dry run of %s answered a secret", action)
					}
					out[r.ID] = r.Code
					return nil
				}))
				return out
			}
			before, err := w.Revision(w.Ctx)
			officetest.Must(w.T, err)
			dry := run(true)
			after, err := w.Revision(w.Ctx)
			officetest.Must(w.T, err)
			if before != after {
				w.Errorf("a dry run of %s took the revisions after %d to %d", action, before, after)
			}
			done := run(false)
			if diff := cmp.Diff(done, dry); diff != "" {
				w.Errorf("%s, real - dry +:\n%s", action, diff)
			}
			if dry[ids[4]] != api.CodeNotFound {
				w.Errorf("%s of a token that does not exist: %s", action, dry[ids[4]])
			}
		}
	})
}
