package authority

import (
	"time"

	"github.com/tokenry/tokenry/internal/ledger"
)

// Stop is that a member, a service account or an endpoint of a workspace was
// stopped; the zero one that it was not.
type Stop struct {
	At time.Time
	by string
	// Held says that whoever did so had the right by administering the instance
	// alone: nobody of the workspace brings it back.
	Held bool
}

// Stop stops something for which its workspace has a scope. What the workspace had
// stopped before becomes the instance's when that stops it too, and not the reverse.
func (ac *Actor) Stop(was Stop, scope string, now time.Time) Stop {
	held := !ac.own.AllowsAny(scope)
	if !was.At.IsZero() && (was.Held || !held) {
		return was
	}
	if was.At.IsZero() {
		was.At = now
	}
	return Stop{At: was.At, by: ac.Name(), Held: held}
}

// Restart refuses to bring back what the instance stopped to whoever does not
// administer it.
func (ac *Actor) Restart(was Stop) error {
	if !was.Held || ac.Instance {
		return nil
	}
	return MissingInstance("an administrator of the instance stopped this, so the workspace does not bring it back; it needs the scope instance:admin")
}

// MemberStop is how a member was stopped.
func MemberStop(m ledger.Member) Stop { return Stop{m.DeactivatedAt, m.DeactivatedBy, m.Held} }

// AccountStop is how a service account was stopped.
func AccountStop(s ledger.ServiceAccount) Stop { return Stop{s.DisabledAt, s.DisabledBy, s.Held} }

// WebhookStop is how an endpoint was stopped.
func WebhookStop(h ledger.Webhook) Stop { return Stop{h.DisabledAt, h.DisabledBy, h.Held} }

// OfMember writes the stop into a member.
func (s Stop) OfMember(m *ledger.Member) {
	m.DeactivatedAt, m.DeactivatedBy, m.Held = s.At, s.by, s.Held
}

// OfAccount writes the stop into a service account.
func (s Stop) OfAccount(of *ledger.ServiceAccount) {
	of.DisabledAt, of.DisabledBy, of.Held = s.At, s.by, s.Held
}

// OfWebhook writes the stop into an endpoint.
func (s Stop) OfWebhook(h *ledger.Webhook) { h.DisabledAt, h.DisabledBy, h.Held = s.At, s.by, s.Held }
