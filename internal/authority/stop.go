package authority

import (
	"time"

	"github.com/tokenry/tokenry/internal/ledger"
)

// stop is that a member, a service account or an endpoint of a workspace was
// stopped; the zero one that it was not.
type stop struct {
	at time.Time
	by string
	// held says that whoever did so had the right by administering the instance
	// alone: nobody of the workspace brings it back.
	held bool
}

// stop stops something for which its workspace has a scope. What the workspace had
// stopped before becomes the instance's when that stops it too, and not the reverse.
func (ac *actor) stop(was stop, scope string, now time.Time) stop {
	held := !ac.own.AllowsAny(scope)
	if !was.at.IsZero() && (was.held || !held) {
		return was
	}
	if was.at.IsZero() {
		was.at = now
	}
	return stop{at: was.at, by: ac.name(), held: held}
}

// restart refuses to bring back what the instance stopped to whoever does not
// administer it.
func (ac *actor) restart(was stop) error {
	if !was.held || ac.instance {
		return nil
	}
	return missingInstance("an administrator of the instance stopped this, so the workspace does not bring it back; it needs the scope instance:admin")
}

func memberStop(m ledger.Member) stop          { return stop{m.DeactivatedAt, m.DeactivatedBy, m.Held} }
func accountStop(s ledger.ServiceAccount) stop { return stop{s.DisabledAt, s.DisabledBy, s.Held} }
func webhookStop(h ledger.Webhook) stop        { return stop{h.DisabledAt, h.DisabledBy, h.Held} }

func (s stop) ofMember(m *ledger.Member) {
	m.DeactivatedAt, m.DeactivatedBy, m.Held = s.at, s.by, s.held
}
func (s stop) ofAccount(of *ledger.ServiceAccount) {
	of.DisabledAt, of.DisabledBy, of.Held = s.at, s.by, s.held
}
func (s stop) ofWebhook(h *ledger.Webhook) { h.DisabledAt, h.DisabledBy, h.Held = s.at, s.by, s.held }
