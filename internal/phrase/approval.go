package phrase

import (
	"strings"

	"github.com/tokenry/tokenry/api"
)

// Rule says which tokens a rule of approval fits, as the end of a sentence.
func Rule(r api.ApprovalRule) string {
	said := "a token"
	if len(r.Kinds) > 0 {
		said = "a " + strings.Join(r.Kinds, " or ") + " token"
	}
	var holds []string
	if len(r.Scopes) > 0 {
		holds = append(holds, "may use "+strings.Join(r.Scopes, " or "))
	}
	if len(r.Resources) > 0 {
		holds = append(holds, "reaches "+strings.ReplaceAll(" "+strings.Join(r.Resources, " or ")+" ", " * ", " all resources "))
	}
	if r.LongerThan != 0 {
		holds = append(holds, "lives longer than "+Lasting(r.LongerThan))
	}
	for i, h := range holds {
		said += map[bool]string{true: " that ", false: " and "}[i == 0] + strings.Join(strings.Fields(h), " ")
	}
	return said
}

// Waits says of a token where it stands with the second person whom a policy asks for; empty
// where none was asked.
func Waits(a *api.Approval) string {
	if a == nil {
		return ""
	}
	by := ""
	if a.By != nil {
		by = " by " + *a.By
	}
	switch a.State {
	case api.ApprovalPending:
		return "waits for approval"
	case api.ApprovalApproved:
		return "approved" + by
	case api.ApprovalRefused:
		if by == "" {
			return "not approved in time"
		}
		return "refused" + by
	}
	return "ended before anybody approved it"
}
