package phrase_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/phrase"
)

// inState is a token in a state that it can be in, in an overlap of a rotation: "active", a status,
// or the code that keeps an active one from working.
func inState(state string) api.Token {
	retires := now.Add(24 * time.Hour)
	t := api.Token{
		Status: state, Usable: state == api.StatusActive, CreatedAt: now.Add(-90 * 24 * time.Hour),
		Secrets:   []api.TokenSecret{{CreatedAt: now}, {CreatedAt: now.Add(-48 * time.Hour), RetiresAt: &retires}},
		Effective: []api.Statement{{Scopes: []string{"tickets:read"}, Resources: []string{"*"}}},
	}
	if !t.Usable {
		code := state
		t.BlockedBy = &code
	}
	if state == string(api.CodeOwnerInactive) || state == string(api.CodeNotYetValid) || state == string(api.CodeWorkspaceSuspended) {
		t.Status = api.StatusActive
	}
	return t
}

func states() []string {
	return []string{
		api.StatusActive, api.StatusDisabled, api.StatusExpired, api.StatusRevoked, string(api.CodeOwnerInactive),
		string(api.CodeWorkspaceSuspended), string(api.CodeNotYetValid),
	}
}

// TestWhatIsSaidOfATokenIsTrueInEachState is every sentence about what works, by the state of its token and what is
// done with it.
func TestWhatIsSaidOfATokenIsTrueInEachState(t *testing.T) {
	t.Parallel()
	words := func(say func(api.Token) (string, bool)) func(api.Token) string {
		return func(k api.Token) string {
			s, can := say(k)
			if !can {
				s += " [no button]"
			}
			return s
		}
	}
	note := func(how string, onUse bool) func(api.Token) string {
		return func(k api.Token) string { return phrase.SecretNote(k, how, onUse, now) }
	}
	const (
		disabled  = "Token is disabled. Somebody disabled it for now. It works again once it is enabled."
		inactive  = "Owner is inactive. The token's owner is deactivated or disabled. The token works again once the owner is active."
		suspended = "Workspace is suspended. Ask the operator of this service; the token works again once the workspace is resumed."
		notYet    = "Token is not valid yet. Wait until its not_before, or edit that."
		revoked   = "Token was revoked. A revoked token never works again. Create a new one."
		expired   = "Token has expired. Rotate it with renew, or create a new one."
		copyIt    = " Copy it now: it is not shown again."
		neither   = "The token stays; it gets a new secret. Neither the old nor the new one works until this is over: "
		never     = "The current secret never works again. The new one does not work either until this is over: "
		moves     = "The token moves and gets a new secret; the current secret never works again. What stops the token now stays: "
		gone      = "It is revoked: it never works again, and gets no new secret. Create a new token in its place. [no button]"
		stops     = "This is the new secret. The old one ends in 24 hours. It does not work now: "
	)
	for _, c := range []struct {
		what string
		say  func(api.Token) string
		want []string // one for each of the states
	}{
		{"rotate", words(phrase.RotateWords), []string{
			"The token stays; it gets a new secret. Whatever uses it needs the new one before the old one ends.",
			neither + disabled, "It has expired. Renewed, it gets a new secret and its lifetime again; the old secret stays dead.", gone,
			neither + inactive, neither + suspended, neither + notYet,
		}},
		{"reset", words(phrase.ResetWords), []string{
			"The current secret stops at once. Whatever uses it fails until it has the new one.",
			never + disabled, "It has expired, and a reset does not bring it back. Rotate it with renew: the old secret stays dead. [no button]", gone,
			never + inactive, never + suspended, never + notYet,
		}},
		{"transfer", words(phrase.TransferWords), []string{
			"The token moves and gets a new secret; the current secret stops at once.",
			moves + disabled, moves + expired, "It is revoked: it never works again, for no owner. [no button]", moves + inactive, moves + suspended, moves + notYet,
		}},
		{"delete", words(phrase.DeleteWords), []string{
			"It stops at once and never works again.", "It is disabled already. Deleted, it never works again and nobody can enable it.",
			"It has expired already. Deleted, it can never be renewed.", "It is revoked already, and never works again. There is nothing left to delete. [no button]",
			"It does not work now. Deleted, it never works again.", "It does not work now. Deleted, it never works again.", "It does not work now. Deleted, it never works again.",
		}},
		{"rotated", note("rotated", true), []string{
			"This is the new secret. The old one goes on working and ends in 24 hours, or as soon as this one is used." + copyIt,
			"This is the new secret. The old one ends in 24 hours, or as soon as this one is used. It does not work now: " + disabled + copyIt,
			"This is the new secret. The old one ends in 24 hours, or as soon as this one is used. It does not work now: " + expired + copyIt,
			"This is the new secret. The old one ends in 24 hours, or as soon as this one is used. It does not work now: " + revoked + copyIt,
			"This is the new secret. The old one ends in 24 hours, or as soon as this one is used. It does not work now: " + inactive + copyIt,
			"This is the new secret. The old one ends in 24 hours, or as soon as this one is used. It does not work now: " + suspended + copyIt,
			"This is the new secret. The old one ends in 24 hours, or as soon as this one is used. It does not work now: " + notYet + copyIt,
		}},
		{"rotated without more", note("rotated", false), []string{
			"This is the new secret. The old one goes on working and ends in 24 hours." + copyIt,
			stops + disabled + copyIt, stops + expired + copyIt, stops + revoked + copyIt, stops + inactive + copyIt, stops + suspended + copyIt, stops + notYet + copyIt,
		}},
		{"overlap", phrase.OverlapTitle, []string{
			"Two secrets work now", "Two secrets, and neither works now", "Two secrets, and neither works now", "Two secrets, and neither works now",
			"Two secrets, and neither works now", "Two secrets, and neither works now", "Two secrets, and neither works now",
		}},
		{"in effect", phrase.InEffect, []string{
			"tickets:read on all resources.", "Nothing. " + disabled + " Then: tickets:read on all resources.", "Nothing: it has expired.", "Nothing: it is revoked for good.",
			"Nothing. " + inactive + " Then: tickets:read on all resources.", "Nothing. " + suspended + " Then: tickets:read on all resources.", "Nothing. " + notYet + " Then: tickets:read on all resources.",
		}},
		{"stopped", phrase.Stopped, []string{"", disabled, expired, revoked, inactive, suspended, notYet}},
		{"enabled", func(k api.Token) string { return phrase.Notice(phrase.Enabled(k)) }, []string{
			"The token is enabled: it works again from now on.", still, still, still, still, still, still,
		}},
	} {
		for i, state := range states() {
			t.Run(c.what+"/"+state, func(t *testing.T) {
				t.Parallel()
				says(t, c.say(inState(state)), c.want[i])
			})
		}
	}
}

const still = "The token is enabled, and still does not work: something else stops it, which its page says."

// A secret that took the place of one whose time was over, or that was ended at once, says so in each state.
func TestTheOldSecretIsNotSaidToWorkWhenItDoesNot(t *testing.T) {
	t.Parallel()
	for _, state := range states() {
		k := inState(state)
		k.Secrets = k.Secrets[:1]
		for _, how := range []string{"rotated", "reset", "transferred"} {
			got := phrase.SecretNote(k, how, false, now)
			if !strings.Contains(got, "The old one never works again.") || strings.Contains(got, "goes on") {
				t.Errorf("%s of %s: %q", how, state, got)
			}
		}
		if got := phrase.SecretNote(k, "revealed", false, now); strings.Contains(got, "not shown again") {
			t.Errorf("a secret that is kept says %q", got)
		}
	}
}

// What was used before a rotation was the secret before it: "It works" is said of the one on the page.
func TestAUseIsThatOfTheSecretThatWasUsed(t *testing.T) {
	t.Parallel()
	before, after := now.Add(-time.Hour), now.Add(time.Minute)
	k := inState(api.StatusActive)
	says(t, phrase.Awaited(k, now), "Waiting for first use…")
	k.LastUsedAt, k.Secrets[1].LastUsedAt = &before, &before
	if phrase.FirstUse(k) != nil || phrase.UsedLast(k) {
		t.Error("the use of the old secret counts as one of the new")
	}
	says(t, phrase.Awaited(k, now), "Waiting for the first use of this secret… The one before it was used 1 hour ago.")
	k.Secrets[0].LastUsedAt = &after
	if phrase.FirstUse(k) != &after || phrase.UsedLast(k) != true {
		t.Error("the use of the new secret does not count")
	}
	later := after.Add(time.Minute)
	k.LastUsedAt = &later // by the old one again: address and program are its
	if phrase.UsedLast(k) {
		t.Error("the last use is said to be of the new secret")
	}
	if phrase.Concerns(api.Denial{At: before, Code: api.CodeIPDenied}, k) || phrase.Concerns(api.Denial{At: later, Code: api.CodeRetired}, k) {
		t.Error("a refusal of the old secret is told beside the new one")
	}
	if !phrase.Concerns(api.Denial{At: later, Code: api.CodeIPDenied}, k) {
		t.Error("a refusal of the new secret is not told")
	}
}

func TestWhoMissesATokenIsSaidByItsState(t *testing.T) {
	t.Parallel()
	k := inState(api.StatusActive)
	says(t, phrase.MissedBy(k, 3, true, now), "It was presented 3 times in the last 7 days: something still depends on it.")
	says(t, phrase.MissedBy(inState(api.StatusDisabled), 1, true, now), "It was presented once in the last 7 days: something still tries to use it.")
	says(t, phrase.MissedBy(k, 0, true, now), "It was never used.")
	says(t, phrase.MissedBy(k, 0, false, now), "")
	at := now.Add(-time.Hour)
	k.LastUsedAt = &at
	says(t, phrase.MissedBy(k, 0, true, now), "It was last used 1 hour ago.")
	says(t, phrase.OldOnes(nil), "The old ones end as the policy says.")
	says(t, phrase.OldOnes(&api.Policy{}), "The old ones end at once, as the policy says.")
	says(t, phrase.OldOnes(&api.Policy{Overlap: api.Day}), "The old one of a token that works now goes on for 1 day.")
}

func TestWhatAListFoundIsCounted(t *testing.T) {
	t.Parallel()
	says(t, phrase.Found(3, 0, false, false), "3 tokens")
	says(t, phrase.Found(1, 0, false, true), "1 token found")
	says(t, phrase.Found(50, 0, true, true), "50 tokens on this page, and there are more")
	says(t, phrase.Found(50, 120, false, true), "120 tokens found")
	says(t, phrase.Found(50, 120, false, false), "120 tokens")
	says(t, phrase.Found(2000, 2000, true, true), "More than 2000 tokens found")
}
