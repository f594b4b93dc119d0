package phrase

import (
	"github.com/tokenry/tokenry/api"
)

// Mark is how a check is drawn: a sign, and the word for whoever hears it.
func Mark(result string) (sign, word, class string) {
	switch result {
	case api.CheckPassed:
		return "✓", "Passed", "yes"
	case api.CheckFailed:
		return "✗", "Failed", "no"
	case api.CheckSkipped:
		return "–", "Not asked", "faint"
	}
	return "·", "Not reached", "faint"
}

// CheckName is what is asked, in words.
func CheckName(c api.Code) string {
	return map[api.Code]string{
		api.CodeMalformed: "It has the shape of a token", api.CodeUnknown: "It is known here", api.CodeRetired: "Its secret is current",
		api.CodeRevoked: "It is not revoked", api.CodeWorkspaceSuspended: "The workspace is active", api.CodeDisabled: "It is not disabled",
		api.CodeApprovalPending: "Nobody has to approve it first",
		api.CodeNotYetValid:     "Its time has begun", api.CodeExpired: "It has not expired", api.CodeOwnerInactive: "Its owner is active",
		api.CodeIPDenied: "The address is allowed", api.CodeInsufficientScope: "It has the scope", api.CodeResourceDenied: "It reaches the resource",
		api.CodeCostExceedsLimit: "It costs no more than its limit", api.CodeRateLimited: "It is within its limit",
	}[c]
}
