package tokens

import (
	"slices"

	"github.com/tokenry/tokenry/api"
)

// Warnings say of a token that was just made where it is not what its maker may think it
// is: that it may do nothing, or nothing on any resource. It is made all the same: its owner
// may get what is missing later, and then the token has it too. Where what it may do is too
// large to be told, nothing is said of that.
func Warnings(t api.Token) []api.Warning {
	var out []api.Warning
	if a := t.Approval; a != nil && a.State == api.ApprovalPending {
		out = append(out, api.Warning{Code: api.WarnApproval, Detail: "the token does not work yet: by the policy somebody else has to approve it, who may disable tokens here and do all that it may do"})
	}
	asks := func(s api.Statement) bool { return s.Role != "" || len(s.Scopes) > 0 }
	nothing := t.Effective != nil && len(t.Effective) == 0
	switch {
	case nothing && t.Grants != nil && !slices.ContainsFunc(t.Grants, func(s api.Statement) bool { return asks(s) || s.Scopes == nil }):
		out = append(out, api.Warning{Code: api.WarnNoRights, Detail: "the token may do nothing: it names no scope and no role"})
	case nothing && len(t.Grants) > 0 && !slices.ContainsFunc(t.Grants, func(s api.Statement) bool { return len(s.Resources) > 0 }):
		out = append(out, api.Warning{Code: api.WarnNoRights, Detail: "the token may do nothing: what it names needs a resource, and it names none"})
	case nothing:
		out = append(out, api.Warning{Code: api.WarnNoRights, Detail: "the token may do nothing now: its owner " + t.Owner.Address + " has none of the rights that it names"})
	}
	if slices.ContainsFunc(t.Grants, func(s api.Statement) bool { return asks(s) && len(s.Resources) == 0 }) {
		out = append(out, api.Warning{Code: api.WarnNoResource, Detail: "no resource is named, so what needs one is granted on none; \"*\" names all"})
	}
	return out
}
