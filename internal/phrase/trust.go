package phrase

import (
	"strings"
	"time"

	"github.com/tokenry/tokenry/api"
)

// TrustBlocked says why a rule of trust gives no token now.
func TrustBlocked(code string) string {
	switch api.Code(code) {
	case api.CodeOwnerInactive:
		return "The service account is disabled or removed."
	default:
		return "The token that it was made with has ended. Whoever may give this saves the rule again."
	}
}

// TrustVerdict says whether an ID token fits a rule, and what is known of its signature.
func TrustVerdict(v api.TrustVerdict) string {
	fits := "Does not fit."
	if v.Fits {
		fits = "Fits."
	}
	signed := map[string]string{
		api.SignatureGood: "The signature is good.", api.SignatureBad: "The signature is not the issuer's.",
		api.SignatureUnknown: "The issuer's keys could not be read.", api.SignatureNotChecked: "The signature was not looked at.",
	}[v.Signature]
	return strings.TrimSpace(fits + " " + signed)
}

// Unneeded says that a stored token was not used since there is a rule by which its jobs get
// tokens of their own, and was there before it. It takes a week to be said: what runs
// nightly or on Mondays has not run yet.
func Unneeded(t api.Token, since, now time.Time) bool {
	const week = 7 * 24 * time.Hour
	return now.Sub(since) >= week && t.CreatedAt.Before(since) && (t.LastUsedAt == nil || t.LastUsedAt.Before(since))
}

// ExchangeCommand is the line by which a job exchanges its ID token, which the variable
// TOKENRY_ID_TOKEN holds.
func ExchangeCommand(base, account string) string {
	return "TOKEN=$(tokenry exchange --server " + strings.TrimSuffix(base, "/") + " --as " + account + " '$TOKENRY_ID_TOKEN')"
}
