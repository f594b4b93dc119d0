package tokens_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/office/officetest"
)

func maxLifetime(w *officetest.World, d api.Duration) {
	w.Helper()
	w.Policy(func(p *api.PatchPolicy) { p.MaxLifetime = api.Some(d) })
}

func rotate(w *officetest.World, id string, in api.RotateToken) (authority.Issued, error) {
	return w.RotateToken(w.Ctx, w.Root, "acme", id, in)
}

func expiresIn(w *officetest.World, i authority.Issued, in time.Duration) {
	w.Helper()
	if i.Token.ExpiresAt == nil || !i.Token.ExpiresAt.Equal(w.Clock.Now().Add(in)) {
		w.Errorf("expires %v, want in %v", i.Token.ExpiresAt, in)
	}
}

// The policy binds at a rotation, and nothing stops working by it: what is outside
// is refused, with the way in, and its secret lives on.
func TestARotationDoesNotCarryATokenPastTheWayThePolicyBecame(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		old := w.Create(w.Root, officetest.Scoped("workspace", "", "tickets:read"))
		maxLifetime(w, 30*api.Day)
		_, err := rotate(w, old.Token.ID, api.RotateToken{})
		w.Refused(err, api.CodeOutsidePolicy)
		if msg := api.AsError(err).Error(); !strings.Contains(msg, "renew or expires_in") {
			w.Errorf("no way is shown: %s", msg)
		}
		_, err = rotate(w, old.Token.ID, api.RotateToken{ExpiresIn: api.Some(31 * api.Day)})
		w.Refused(err, api.CodeOutsidePolicy)
		w.Allow(old.Secret)
		fresh, err := rotate(w, old.Token.ID, api.RotateToken{Renew: true})
		officetest.Must(w.T, err)
		expiresIn(w, fresh, 30*officetest.Day)
		if fresh.Token.OutsidePolicy {
			w.Error("a renewed token is outside the policy")
		}
		w.Allow(old.Secret) // in its overlap
	})
}

// The first step against a leak must not be refused.
func TestAResetIsNeverRefusedByThePolicy(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		old := w.Create(w.Root, officetest.Scoped("workspace", "", "tickets:read"))
		w.Policy(func(p *api.PatchPolicy) {
			p.MaxLifetime, p.RequireIPAllowList = api.Some(30*api.Day), api.Some(true)
		})
		fresh, err := w.ResetToken(w.Ctx, w.Root, "acme", old.Token.ID)
		officetest.Must(w.T, err)
		expiresIn(w, fresh, 30*officetest.Day)
		w.Deny(api.CodeRetired, old.Secret)
		w.Allow(fresh.Secret)
		if !fresh.Token.OutsidePolicy {
			w.Error("a token without the list that the policy requires is not marked")
		}
	})
}

func TestATokenWithoutExpiryIsRenewedIntoThePolicy(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		w.Policy(func(p *api.PatchPolicy) { p.AllowNever = api.Some(true) })
		in := officetest.Scoped("workspace", "", "tickets:read")
		in.Never = api.Some(true)
		ada := w.Person("ada@example.com") // a token gives no longer life than its own
		old := w.Create(ada, in)
		same, err := w.RotateToken(w.Ctx, ada, "acme", old.Token.ID, api.RotateToken{Renew: true})
		officetest.Must(w.T, err)
		if same.Token.ExpiresAt != nil {
			w.Errorf("a token that may live for ever was given an end: %v", same.Token.ExpiresAt)
		}
		w.Policy(func(p *api.PatchPolicy) {
			p.AllowNever, p.DefaultLifetime = api.Some(false), api.Some(90*api.Day)
		})
		_, err = w.RotateToken(w.Ctx, ada, "acme", old.Token.ID, api.RotateToken{})
		w.Refused(err, api.CodeOutsidePolicy)
		fresh, err := w.RotateToken(w.Ctx, ada, "acme", old.Token.ID, api.RotateToken{Renew: true})
		officetest.Must(w.T, err)
		expiresIn(w, fresh, 90*officetest.Day)
	})
}

func TestThePolicysListOfAddressesBindsARotationAndATransfer(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		w.Account("ci", "tickets:read")
		old := w.Create(w.Root, officetest.Scoped("service", "ci", "tickets:read"))
		w.Policy(func(p *api.PatchPolicy) { p.RequireIPAllowList = api.Some(true) })
		for name, err := range map[string]error{
			"rotate":   officetest.Second(rotate(w, old.Token.ID, api.RotateToken{})),
			"renew":    officetest.Second(rotate(w, old.Token.ID, api.RotateToken{Renew: true})),
			"transfer": officetest.Second(w.TransferToken(w.Ctx, w.Root, "acme", old.Token.ID, api.TransferToken{Owner: "ci"})),
		} {
			w.Run(name, func(t *testing.T) { (&officetest.World{T: t}).Refused(err, api.CodeOutsidePolicy) })
		}
		var p api.EditToken
		p.AllowedIPs = api.Some([]string{"203.0.113.0/24"})
		officetest.Must(w.T, officetest.Second(w.EditToken(w.Ctx, w.Root, "acme", old.Token.ID, p)))
		officetest.Must(w.T, officetest.Second(rotate(w, old.Token.ID, api.RotateToken{})))
	})
}

// A member who cannot say how long gets what the policy allows.
func TestTheStandingTokenIsResetWithinThePolicy(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		eve := w.Member("eve@example.com", "Team Member")
		officetest.Must(w.T, officetest.Second(w.ResetAccessToken(w.Ctx, eve, "acme", "me")))
		maxLifetime(w, 30*api.Day)
		again, err := w.ResetAccessToken(w.Ctx, eve, "acme", "me")
		officetest.Must(w.T, err)
		expiresIn(w, again, 30*officetest.Day)
	})
}
