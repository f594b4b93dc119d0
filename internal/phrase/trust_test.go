package phrase_test

import (
	"testing"

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
