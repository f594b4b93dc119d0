package unused

import (
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

const (
	// Notice is how long before its day an owner is told of it, at least.
	Notice = 14 * day
	// Valid is how long a yes counts.
	Valid = 7 * day
	// Window is the time in which no more than a share is disabled without one.
	Window = day

	day = 24 * time.Hour
	// ever is beyond every day.
	ever = 200 * 365 * day
)

// Facts is what is judged of a token.
type Facts struct {
	Created, ValidFrom, Approved, Enabled, Used time.Time
	// Ends is its first set end; zero for none.
	Ends time.Time
	// Works says that it could be used now.
	Works bool
	// Warning is what was said of it; the zero one is none.
	Warning Warning
}

// Warning is that a token is to be disabled on a day.
type Warning struct{ Since, At, Due time.Time }

// Verdict is what is done about a token.
type Verdict int

// The verdicts.
const (
	Leave Verdict = iota
	// Warn gives it a day, which may replace another.
	Warn
	// TakeBack takes that away.
	TakeBack
	// Disable disables it: its day has come.
	Disable
)

// Decision is a verdict, since when nobody has used the token, and the day.
type Decision struct {
	Do         Verdict
	Since, Due time.Time
}

// Since is since when nobody has used the token, as far as that is known.
func (f Facts) Since(known time.Time) time.Time {
	latest := known
	for _, t := range []time.Time{f.Created, f.ValidFrom, f.Approved, f.Enabled, f.Used} {
		if t.After(latest) {
			latest = t
		}
	}
	return latest
}

// Judge says what is done about a token by a policy that disables after so long (0 is never),
// where usage is known without a gap since a moment (zero is nobody knows).
func Judge(f Facts, after time.Duration, known, now time.Time) Decision {
	if known.IsZero() {
		return Decision{}
	}
	since, w := f.Since(known), f.Warning
	turn := since.Add(after)
	counts := f.Works && after > 0
	if holds := counts && !since.After(w.Since) && !w.At.After(now) && !turn.After(w.Due) && f.lives(w.Due); !w.Due.IsZero() && holds {
		if now.Before(w.Due) {
			return Decision{Leave, w.Since, w.Due}
		}
		return Decision{Disable, w.Since, w.Due}
	}
	due := turn
	if soonest := now.Add(Notice); soonest.After(due) {
		due = soonest
	}
	if counts && !now.Before(turn.Add(-Notice)) && f.lives(due) {
		return Decision{Warn, since, due}
	}
	if !w.Due.IsZero() {
		return Decision{Do: TakeBack}
	}
	return Decision{Since: since}
}

// lives says whether a token does not end by itself before a day.
func (f Facts) lives(due time.Time) bool { return f.Ends.IsZero() || f.Ends.After(due) }

// Share is how many of so many tokens are disabled in a day without a yes.
func Share(tokens int) int { return max(1, tokens/10) }

// factsOf are those of a token, whose owner is active or not, and which was used at last.
func factsOf(t ledger.Token, active bool, used, now time.Time) Facts {
	f := authority.TokenFacts(t, nil)
	out := Facts{
		Created: t.CreatedAt, ValidFrom: t.NotBefore, Enabled: t.EnabledAt, Used: used, Ends: t.ExpiresAt,
		Works: active && t.Kind != token.Ephemeral && t.DeletedAt.IsZero() && !t.NotBefore.After(now) && authority.Status(&f, now) == api.StatusActive,
	}
	if out.Ends.IsZero() || !t.RevokeAt.IsZero() && t.RevokeAt.Before(out.Ends) {
		out.Ends = t.RevokeAt
	}
	if t.Approval != nil {
		out.Approved = t.Approval.DecidedAt
	}
	if t.Unused != nil && !t.UnusedDue.IsZero() {
		out.Warning = Warning{Since: t.Unused.Since, At: t.Unused.WarnedAt, Due: t.UnusedDue}
		if t.Unused.Owner != ownerOf(t) { // an older build gives a token away, and leaves its day
			out.Warning.Since = time.Time{}
		}
	}
	return out
}

// ownerOf numbers who has a token; 0 is its workspace.
func ownerOf(t ledger.Token) ledger.ID { return max(t.OwnerMember, t.OwnerServiceAccount) }
