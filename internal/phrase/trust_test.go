package phrase_test

import (
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/phrase"
)

func TestWhatARuleOfTrustDoesIsSaid(t *testing.T) {
	t.Parallel()
	says(t, phrase.TrustBlocked("owner_inactive"), "The service account is disabled or removed.")
	says(t, phrase.TrustBlocked("creator_ended"), "The token that it was made with has ended. Whoever may give this saves the rule again.")
	says(t, phrase.TrustVerdict(api.TrustVerdict{Fits: true, Signature: api.SignatureGood}), "Fits. The signature is good.")
	says(t, phrase.TrustVerdict(api.TrustVerdict{Signature: api.SignatureUnknown}), "Does not fit. The issuer's keys could not be read.")
	says(t, phrase.TrustVerdict(api.TrustVerdict{}), "Does not fit.")
	says(t, phrase.ExchangeCommand("https://tokens.example.com/", "ci@acme.service"),
		"TOKEN=$(tokenry exchange --server https://tokens.example.com --as ci@acme.service '$TOKENRY_ID_TOKEN')")
}

// A token that was made after the rule was meant beside it, whether it was used or not.
func TestAStoredTokenIsUnneededOnceNothingUsesItSinceTheRule(t *testing.T) {
	t.Parallel()
	const week = 7 * 24 * time.Hour
	before, after := now.Add(-time.Hour), now.Add(time.Hour)
	for _, c := range []struct {
		made     time.Time
		used     *time.Time
		unneeded bool
	}{{before, nil, true}, {before, &before, true}, {before, &after, false}, {before, &now, false}, {after, nil, false}, {after, &after, false}} {
		if got := phrase.Unneeded(api.Token{CreatedAt: c.made, LastUsedAt: c.used}, now, now.Add(week)); got != c.unneeded {
			t.Errorf("made %s, used %v: %v", c.made, c.used, got)
		}
		if phrase.Unneeded(api.Token{CreatedAt: c.made, LastUsedAt: c.used}, now, now.Add(week-time.Second)) {
			t.Error("it is said before what runs once a week has run")
		}
	}
}
