package phrase

import (
	"time"

	"github.com/tokenry/tokenry/api"
)

// What is said here of a token's secrets is true in every state that the token can be in:
// one works only while its token is usable, and what was used is a secret, which need not
// be the one that a page is about.

// Stopped says why nothing gets in with a token now, and what would change that; empty
// while it is usable.
func Stopped(t api.Token) string {
	if t.Usable {
		return ""
	}
	if why := Why(t); why != "" {
		return why + ". " + Remedy(t)
	}
	return "It does not work now."
}

// FirstUse is when the current secret of a token was last used; nil when it never was,
// whatever was done with those before it.
func FirstUse(t api.Token) *time.Time {
	if len(t.Secrets) == 0 {
		return t.LastUsedAt
	}
	return t.Secrets[0].LastUsedAt
}

// UsedLast says whether the last use of a token, with its address and program, is one of
// its current secret.
func UsedLast(t api.Token) bool {
	at := FirstUse(t)
	return at != nil && t.LastUsedAt != nil && !at.Before(*t.LastUsedAt)
}

// Awaited says what a page waits for whose secret works and was never used.
func Awaited(t api.Token, now time.Time) string {
	if t.LastUsedAt == nil {
		return "Waiting for first use…"
	}
	return "Waiting for the first use of this secret… The one before it was used " + Relative(*t.LastUsedAt, now) + "."
}

// Concerns says whether a refusal may be of the current secret of a token: it came after
// that was made, and was not that of an older one.
func Concerns(d api.Denial, t api.Token) bool {
	return d.Code != api.CodeRetired && (len(t.Secrets) == 0 || !d.At.Before(t.Secrets[0].CreatedAt))
}

// SecretNote says beside a new secret what became of the one before it, and whether the
// new one works. How is what was done: created, rotated, reset, transferred or revealed;
// onUse says that the old one ends when the new one is first used.
func SecretNote(t api.Token, how string, onUse bool, now time.Time) string {
	out := map[string]string{
		"created":     "This is its secret.",
		"rotated":     "This is the new secret. ",
		"reset":       "This is the new secret. ",
		"transferred": "The token has its new owner and this new secret. ",
		"revealed":    "This workspace keeps its tokens so that they can be shown again. That you looked stands in the audit.",
	}[how]
	if how != "created" && how != "revealed" {
		out += oldSecret(t, onUse, now)
	}
	if !t.Usable {
		out += " It does not work now: " + Stopped(t)
	}
	if how == "revealed" {
		return out
	}
	return out + " Copy it now: it is not shown again."
}

// oldSecret says what becomes of the secret that another took the place of.
func oldSecret(t api.Token, onUse bool, now time.Time) string {
	if len(t.Secrets) < 2 || t.Secrets[1].RetiresAt == nil {
		return "The old one never works again."
	}
	end := Relative(*t.Secrets[1].RetiresAt, now)
	if onUse {
		end += ", or as soon as this one is used"
	}
	if !t.Usable {
		return "The old one ends " + end + "."
	}
	return "The old one goes on working and ends " + end + "."
}

// OldOnes says what becomes of the secrets of tokens that are rotated together, as a policy
// says; nil is one that the reader may not know.
func OldOnes(p *api.Policy) string {
	switch {
	case p == nil:
		return "The old ones end as the policy says."
	case p.Overlap == 0:
		return "The old ones end at once, as the policy says."
	}
	return "The old one of a token that works now goes on for " + Lasting(p.Overlap) + "."
}

// OverlapTitle says of two secrets how many of them work.
func OverlapTitle(t api.Token) string {
	if t.Usable {
		return "Two secrets work now"
	}
	return "Two secrets, and neither works now"
}

// RotateWords say what a rotation would come to, and whether there is one.
func RotateWords(t api.Token) (words string, can bool) {
	switch {
	case t.Status == api.StatusRevoked:
		return "It is revoked: it never works again, and gets no new secret. Create a new token in its place.", false
	case t.Status == api.StatusExpired:
		return "It has expired. Renewed, it gets a new secret and its lifetime again; the old secret stays dead.", true
	case t.Usable:
		return "The token stays; it gets a new secret. Whatever uses it needs the new one before the old one ends.", true
	}
	return "The token stays; it gets a new secret. Neither the old nor the new one works until this is over: " + Stopped(t), true
}

// ResetWords say what a reset would come to, and whether there is one.
func ResetWords(t api.Token) (words string, can bool) {
	switch {
	case t.Status == api.StatusRevoked:
		return "It is revoked: it never works again, and gets no new secret. Create a new token in its place.", false
	case t.Status == api.StatusExpired && t.Standing:
		return "It has expired. It gets a new secret and its lifetime again; the old secret stays dead.", true
	case t.Status == api.StatusExpired:
		return "It has expired, and a reset does not bring it back. Rotate it with renew: the old secret stays dead.", false
	case t.Usable:
		return "The current secret stops at once. Whatever uses it fails until it has the new one.", true
	}
	return "The current secret never works again. The new one does not work either until this is over: " + Stopped(t), true
}

// TransferWords say what a transfer would come to, and whether there is one.
func TransferWords(t api.Token) (words string, can bool) {
	switch {
	case t.Status == api.StatusRevoked:
		return "It is revoked: it never works again, for no owner.", false
	case t.Usable:
		return "The token moves and gets a new secret; the current secret stops at once.", true
	}
	return "The token moves and gets a new secret; the current secret never works again. What stops the token now stays: " + Stopped(t), true
}

// DeleteWords say what a deletion would come to, and whether there is one.
func DeleteWords(t api.Token) (words string, can bool) {
	switch {
	case t.Status == api.StatusRevoked:
		return "It is revoked already, and never works again. There is nothing left to delete.", false
	case t.Status == api.StatusExpired:
		return "It has expired already. Deleted, it can never be renewed.", true
	case t.Status == api.StatusDisabled:
		return "It is disabled already. Deleted, it never works again and nobody can enable it.", true
	case t.Usable:
		return "It stops at once and never works again.", true
	}
	return "It does not work now. Deleted, it never works again.", true
}

// MissedBy says how much of a deletion somebody may miss: how often the token was
// presented in seven days, where that is counted, and when it was last let through.
func MissedBy(t api.Token, week int64, counted bool, now time.Time) string {
	switch {
	case week > 0 && t.Usable:
		return "It was presented " + Times(week) + " in the last 7 days: something still depends on it."
	case week > 0:
		return "It was presented " + Times(week) + " in the last 7 days: something still tries to use it."
	case t.LastUsedAt != nil:
		return "It was last used " + Relative(*t.LastUsedAt, now) + "."
	case counted:
		return "It was never used."
	}
	return ""
}

// InEffect says what a token may do in this moment.
func InEffect(t api.Token) string {
	switch {
	case t.Status == api.StatusRevoked:
		return "Nothing: it is revoked for good."
	case t.Status == api.StatusExpired:
		return "Nothing: it has expired."
	case !t.Usable && len(t.Effective) == 0:
		return "Nothing. " + Stopped(t)
	case !t.Usable:
		return "Nothing. " + Stopped(t) + " Then: " + EffectiveWords(t.Effective)
	}
	return EffectiveWords(t.Effective)
}

// Enabled is the notice about a token that was enabled: whether it works again.
func Enabled(t api.Token) string {
	if t.Usable {
		return "enabled"
	}
	return "enabled-stopped"
}
