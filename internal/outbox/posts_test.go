package outbox_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/internal/outbox"
	"github.com/tokenry/tokenry/token"
)

func TestDeliveryRollsBackWithItsChange(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.listen("*")
		w.Member("bob@example.com", "Viewer")
		w.deliver()
		w.posted()
		_, err := w.DeactivateMember(w.Ctx, w.Root, "acme", "bob@example.com", true)
		officetest.Must(w.T, err)
		w.deliver()
		if got := w.posted(); len(got) != 0 {
			w.Errorf("a dry run told %s", got[0].Type)
		}
	})
}

// TestEachReplacedSecretHasItsDay: whoever rotates twice because an answer was
// lost does not cut the receiver off. Each secret signs for a day after it was
// replaced, and a sixth within a day is refused instead of ending the first.
func TestEachReplacedSecretHasItsDay(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		hook, first := w.listen("token.created")
		secrets := []token.Secret{first}
		signed := func() (by []bool) {
			w.Helper()
			w.made("", "x", 90*day)
			w.deliver()
			for _, s := range secrets {
				by = append(by, w.signs(w.posts[0], s))
			}
			w.posted()
			return by
		}
		for range 5 {
			out, err := w.RotateWebhookSecret(w.Ctx, w.Root, officetest.Acme(), hook.ID)
			officetest.Must(w.T, err)
			secrets = append(secrets, out.Secret)
			w.Clock.Pass(time.Hour)
		}
		if by := signed(); !cmp.Equal(by, []bool{true, true, true, true, true, true}) {
			w.Errorf("within the day the six secrets sign: %v", by)
		}
		_, err := w.RotateWebhookSecret(w.Ctx, w.Root, officetest.Acme(), hook.ID)
		if e := api.AsError(err); e.Code != api.CodeRateLimited || e.RetryAfter != 19*time.Hour {
			w.Errorf("a sixth time within a day: %v, again in %v", err, e.RetryAfter)
		}
		v, err := w.GetWebhook(w.Ctx, w.Root, officetest.Acme(), hook.ID)
		officetest.Must(w.T, err)
		if n := len(v.FormerSecretsUntil); n != 5 || !v.FormerSecretsUntil[0].Equal(w.Clock.Now().Add(19*time.Hour)) ||
			!v.SecretRotatedUntil.Equal(w.Clock.Now().Add(23*time.Hour)) {
			w.Errorf("it says that former ones sign until %v, the last until %v", v.FormerSecretsUntil, v.SecretRotatedUntil)
		}
		w.Clock.Pass(19 * time.Hour)
		if by := signed(); !cmp.Equal(by, []bool{false, true, true, true, true, true}) {
			w.Errorf("a day after the first was replaced: %v", by)
		}
		_, err = w.RotateWebhookSecret(w.Ctx, w.Root, officetest.Acme(), hook.ID)
		officetest.Must(w.T, err)
		w.Clock.Pass(day)
		if by := signed(); !cmp.Equal(by, []bool{false, false, false, false, false, false}) {
			w.Errorf("a day after the last was replaced: %v", by)
		}
	})
}

// TestCrashBeforeSettling: the endpoint has accepted, and the process dies before
// that is written. The delivery is made again under the same id.
func TestCrashBeforeSettling(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.listen("token.created")
		w.made("", "x", 90*day)
		claimed, err := w.ClaimPosts(w.Ctx, ledger.PostClaim{Each: 5, Healthy: 5}, 5*time.Minute)
		officetest.Must(w.T, err)
		if len(claimed) != 1 {
			w.Fatalf("claimed %d", len(claimed))
		}
		w.deliver() // another sender leaves it alone
		if got := w.posted(); len(got) != 0 {
			w.Fatal("a claimed delivery was made by somebody else")
		}
		w.Clock.Pass(5 * time.Minute)
		w.deliver()
		if len(w.posts) != 1 || w.posts[0].Message != claimed[0].Message || w.posts[0].Attempt != 2 {
			w.Fatalf("after the lease: %+v", w.posts)
		}
		w.posted()
		// The one that was thought dead settles late: nothing changes.
		officetest.Must(w.T, w.SettlePost(w.Ctx, claimed[0], outbox.Outcome{RetryAt: w.Clock.Now()}))
		w.deliver()
		if got := w.posted(); len(got) != 0 {
			w.Error("a settlement from before the lease's end was taken")
		}
	})
}

func TestSuspendedWorkspaceIsSilent(t *testing.T) {
	t.Parallel()
	w := one(t)
	w.listen("*")
	w.made("", "x", 90*day)
	out, err := w.CreateWebhook(w.Ctx, w.Root, authority.Where{Instance: true}, api.CreateWebhook{URL: officetest.Hook().URL + "/instance", Events: []string{"workspace.*"}})
	officetest.Must(t, err)
	if out.Webhook.Workspace != nil {
		t.Errorf("an instance's endpoint has the workspace %v", *out.Webhook.Workspace)
	}
	_, err = w.SuspendWorkspace(w.Ctx, authority.Caller{Machine: "test"}, "acme")
	officetest.Must(t, err)
	w.deliver()
	if got := w.types(); !cmp.Equal(got, []string{"workspace.suspended"}) {
		t.Fatalf("after the workspace was suspended endpoints were told %v", got)
	}
}
