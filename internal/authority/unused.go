package authority

import (
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/ledger"
)

// quiet notes when a token is enabled again, or works again else, and forgets what was said of its disuse once it is
// stopped, brought back, or somebody else's: who has it then was not told.
func (ch *Change) quiet(now time.Time) {
	was, t := ch.Was, &ch.Token
	before, after := TokenFacts(was, nil), TokenFacts(*t, nil)
	enabled := !was.DisabledAt.IsZero() && t.DisabledAt.IsZero() || Status(&before, now) != api.StatusActive && Status(&after, now) == api.StatusActive
	if enabled {
		t.EnabledAt = now
	}
	stopped := !was.DisabledAt.Equal(t.DisabledAt) || was.DisabledBy != t.DisabledBy || !was.RevokedAt.Equal(t.RevokedAt)
	if t.Unused == was.Unused && (enabled || stopped || OwnerKey(was) != OwnerKey(*t)) {
		t.Unused, t.UnusedDue = nil, time.Time{}
	}
}

// UnusedView shows what is said of the disuse of a token in a state.
func UnusedView(t ledger.Token, status string) *api.Unused {
	u := t.Unused
	if u == nil || !(status == api.StatusActive && !t.UnusedDue.IsZero() || status == api.StatusDisabled && !u.DisabledAt.IsZero()) {
		return nil
	}
	return &api.Unused{Since: u.Since, WarnedAt: u.WarnedAt, DisableAt: api.When(t.UnusedDue), DisabledAt: api.When(u.DisabledAt)}
}
