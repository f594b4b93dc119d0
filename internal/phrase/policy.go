package phrase

import (
	"github.com/tokenry/tokenry/api"
)

// PolicyWords says a policy in sentences.
func PolicyWords(p api.Policy) []string {
	out := []string{
		"A token expires after " + Lasting(p.DefaultLifetime) + " unless its creator chooses otherwise.",
		map[bool]string{true: "There is no longest lifetime.", false: "Nobody can choose more than " + Lasting(p.MaxLifetime) + "."}[p.MaxLifetime == 0],
		map[bool]string{true: "Tokens without expiry are allowed.", false: "Every token must have an expiry."}[p.AllowNever],
		"After a rotation the old secret works for " + Lasting(p.Overlap) + ".",
		map[string]string{api.PersonalMembers: "Every member may hold personal tokens.", api.PersonalManagers: "Only those who may create tokens hold personal ones.",
			api.PersonalNobody: "Nobody holds personal tokens; use service accounts."}[p.PersonalTokens],
		map[string]string{api.OnboardPortfolio: "Resources are added by those with all resources.", api.OnboardAnyMember: "Any member may add a resource."}[p.Onboarding],
		map[string]string{api.LeakRevoke: "A token that is reported as leaked is revoked.", api.LeakDisable: "A token that is reported as leaked is disabled.",
			api.LeakNotify: "A token that is reported as leaked is only told about."}[p.LeakAction],
	}
	if p.RequireIPAllowList {
		out = append(out, "Every new token must list the addresses it is used from.")
	}
	if p.Recoverable {
		out = append(out, "Secrets are kept, sealed, and can be shown again; each look is audited.")
	} else {
		out = append(out, "A secret is shown once and not kept.")
	}
	if p.LeakDescendants {
		out = append(out, "What was made with a leaked token ends with it.")
	}
	if p.RevokeOnReuse {
		out = append(out, "Using a retired secret revokes its token.")
	}
	if p.NoticeStrangeUse {
		out = append(out, "The owner of a token is told when it is used as it never was.")
	}
	if p.DisableUnusedAfter > 0 {
		out = append(out, "A token that was not used for "+Lasting(p.DisableUnusedAfter)+" is disabled; its owner is told 14 days before, and can enable it again.")
	}
	if p.RequireSecondFactor {
		out = append(out, "Whoever signs in with a password needs a second factor.")
	}
	for _, r := range p.RequireApproval {
		out = append(out, "Somebody else has to approve "+Rule(r)+".")
	}
	if p.VerifiersMayRevoke {
		out = append(out, "A server that verifies tokens may end one that is presented to it.")
	}
	if p.RateLimit != nil {
		out = append(out, "A token may make "+Limit(p.RateLimit)+" unless it says otherwise.")
	}
	if p.WorkspaceRateLimit != nil {
		out = append(out, "All tokens together may make "+Limit(p.WorkspaceRateLimit)+".")
	}
	if p.MaxTokens.PerOwner > 0 {
		out = append(out, "An owner has at most "+Plural(p.MaxTokens.PerOwner, "live token")+".")
	}
	if p.MaxTokens.Total > 0 {
		out = append(out, "The workspace has at most "+Plural(p.MaxTokens.Total, "live token")+".")
	}
	return out
}
