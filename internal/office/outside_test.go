package office_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
)

// policy merges a patch into the workspace's, by a person: a token would expire
// where tests let years pass.
func (w *world) policy(change func(p *api.PatchPolicy)) {
	w.Helper()
	var p api.PatchPolicy
	change(&p)
	must(w.T, third(w.EditPolicy(w.ctx, w.person("ada@example.com"), "acme", p)))
}

func (w *world) maxLifetime(d api.Duration) {
	w.Helper()
	w.policy(func(p *api.PatchPolicy) { p.MaxLifetime = api.Some(d) })
}

func (w *world) rotate(id string, in api.RotateToken) (authority.Issued, error) {
	return w.RotateToken(w.ctx, w.root, "acme", id, in)
}

func (w *world) expiresIn(i authority.Issued, in time.Duration) {
	w.Helper()
	if i.Token.ExpiresAt == nil || !i.Token.ExpiresAt.Equal(w.clock.Now().Add(in)) {
		w.Errorf("expires %v, want in %v", i.Token.ExpiresAt, in)
	}
}

// The policy binds at a rotation, and nothing stops working by it: what is outside
// is refused, with the way in, and its secret lives on.
func TestARotationDoesNotCarryATokenPastTheWayThePolicyBecame(t *testing.T) {
	each(t, func(w *world) {
		old := w.create(w.root, scoped("workspace", "", "tickets:read"))
		w.maxLifetime(30 * api.Day)
		_, err := w.rotate(old.Token.ID, api.RotateToken{})
		w.refused(err, api.CodeOutsidePolicy)
		if msg := api.AsError(err).Error(); !strings.Contains(msg, "renew or expires_in") {
			w.Errorf("no way is shown: %s", msg)
		}
		_, err = w.rotate(old.Token.ID, api.RotateToken{ExpiresIn: api.Some(31 * api.Day)})
		w.refused(err, api.CodeOutsidePolicy)
		w.allow(old.Secret)
		fresh, err := w.rotate(old.Token.ID, api.RotateToken{Renew: true})
		must(w.T, err)
		w.expiresIn(fresh, 30*day)
		if fresh.Token.OutsidePolicy {
			w.Error("a renewed token is outside the policy")
		}
		w.allow(old.Secret) // in its overlap
	})
}

// The first step against a leak must not be refused.
func TestAResetIsNeverRefusedByThePolicy(t *testing.T) {
	each(t, func(w *world) {
		old := w.create(w.root, scoped("workspace", "", "tickets:read"))
		w.policy(func(p *api.PatchPolicy) {
			p.MaxLifetime, p.RequireIPAllowList = api.Some(30*api.Day), api.Some(true)
		})
		fresh, err := w.ResetToken(w.ctx, w.root, "acme", old.Token.ID)
		must(w.T, err)
		w.expiresIn(fresh, 30*day)
		w.deny(api.CodeRetired, old.Secret)
		w.allow(fresh.Secret)
		if !fresh.Token.OutsidePolicy {
			w.Error("a token without the list that the policy requires is not marked")
		}
	})
}

func TestATokenWithoutExpiryIsRenewedIntoThePolicy(t *testing.T) {
	each(t, func(w *world) {
		w.policy(func(p *api.PatchPolicy) { p.AllowNever = api.Some(true) })
		in := scoped("workspace", "", "tickets:read")
		in.Never = api.Some(true)
		ada := w.person("ada@example.com") // a token gives no longer life than its own
		old := w.create(ada, in)
		same, err := w.RotateToken(w.ctx, ada, "acme", old.Token.ID, api.RotateToken{Renew: true})
		must(w.T, err)
		if same.Token.ExpiresAt != nil {
			w.Errorf("a token that may live for ever was given an end: %v", same.Token.ExpiresAt)
		}
		w.policy(func(p *api.PatchPolicy) {
			p.AllowNever, p.DefaultLifetime = api.Some(false), api.Some(90*api.Day)
		})
		_, err = w.RotateToken(w.ctx, ada, "acme", old.Token.ID, api.RotateToken{})
		w.refused(err, api.CodeOutsidePolicy)
		fresh, err := w.RotateToken(w.ctx, ada, "acme", old.Token.ID, api.RotateToken{Renew: true})
		must(w.T, err)
		w.expiresIn(fresh, 90*day)
	})
}

func TestThePolicysListOfAddressesBindsARotationAndATransfer(t *testing.T) {
	each(t, func(w *world) {
		w.account("ci", "tickets:read")
		old := w.create(w.root, scoped("service", "ci", "tickets:read"))
		w.policy(func(p *api.PatchPolicy) { p.RequireIPAllowList = api.Some(true) })
		for name, err := range map[string]error{
			"rotate":   second(w.rotate(old.Token.ID, api.RotateToken{})),
			"renew":    second(w.rotate(old.Token.ID, api.RotateToken{Renew: true})),
			"transfer": second(w.TransferToken(w.ctx, w.root, "acme", old.Token.ID, api.TransferToken{Owner: "ci"})),
		} {
			w.Run(name, func(t *testing.T) { (&world{T: t}).refused(err, api.CodeOutsidePolicy) })
		}
		var p api.EditToken
		p.AllowedIPs = api.Some([]string{"203.0.113.0/24"})
		must(w.T, third(w.EditToken(w.ctx, w.root, "acme", old.Token.ID, p)))
		must(w.T, second(w.rotate(old.Token.ID, api.RotateToken{})))
	})
}

// A member who cannot say how long gets what the policy allows.
func TestTheStandingTokenIsResetWithinThePolicy(t *testing.T) {
	each(t, func(w *world) {
		eve := w.member("eve@example.com", "Team Member")
		must(w.T, second(w.ResetAccessToken(w.ctx, eve, "acme", "me")))
		w.maxLifetime(30 * api.Day)
		again, err := w.ResetAccessToken(w.ctx, eve, "acme", "me")
		must(w.T, err)
		w.expiresIn(again, 30*day)
	})
}
