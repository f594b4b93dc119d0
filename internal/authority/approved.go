package authority

import (
	"reflect"
	"slices"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/policy"
)

// NeedsApproval says whether the policy lets a token live only once a second person has
// approved it.
func (sp *Space) NeedsApproval(t ledger.Token) bool {
	rules := sp.Policy().RequireApproval
	if len(rules) == 0 {
		return false
	}
	asked := policy.Asked{Kind: t.Kind, Grant: sp.Compile(grant.Claims(t.Grants)).Grant}
	if !t.ExpiresAt.IsZero() {
		asked.Life = t.Life()
	}
	return policy.NeedsApproval(rules, asked)
}

// unapproved refuses to give another owner, a longer life or more rights to a token that
// needs approval or waits for it: nobody has seen that.
func (ch *Change) unapproved() error {
	was, t := ch.Was, ch.Token
	longer := !was.ExpiresAt.IsZero() && (t.ExpiresAt.IsZero() || t.Life() > was.Life())
	if OwnerKey(was) == OwnerKey(t) && !longer && (reflect.DeepEqual(was.Grants, t.Grants) ||
		ch.Space.Compile(grant.Claims(was.Grants)).Covers(ch.Space.Compile(grant.Claims(t.Grants)))) ||
		!was.Waits && !ch.Space.NeedsApproval(t) {
		return nil
	}
	return ApprovalRequired("a token like that needs a second person, who approves what is made and no change of it: create it anew, and end this one when that works")
}

// ApprovalRequired says that the policy lets something live with approval alone.
func ApprovalRequired(what string) error {
	return api.Errorf(api.CodeApprovalRequired, "%s (the policy require_approval)", what)
}

// Person is who is behind a caller: who is signed in, or was handed the secret that was
// presented; 0 where nobody knows.
func (s *Snapshot) Person(c Caller) (ledger.ID, error) {
	if c.Token.IsZero() {
		return c.User, nil
	}
	t, err := s.Token(c.Token)
	if err != nil {
		return 0, err
	}
	secrets, err := s.Secrets(t.ID)
	i := slices.IndexFunc(secrets, func(x ledger.Secret) bool { return x.Number == c.Secret })
	if err != nil || i < 0 {
		return 0, err
	}
	return secrets[i].Holder, nil
}

// approvalView shows what became of a token that needs a second person.
func (sp *Space) approvalView(t ledger.Token, status string) *api.Approval {
	a := t.Approval
	if a == nil {
		return nil
	}
	v := &api.Approval{State: api.ApprovalEnded, AskedAt: a.AskedAt, DecidedAt: api.When(a.DecidedAt), By: sp.nameOf(a.By), Comment: a.Comment}
	switch {
	case a.Approved:
		v.State = api.ApprovalApproved
	case !a.DecidedAt.IsZero():
		v.State = api.ApprovalRefused
	case status != api.StatusRevoked && status != api.StatusExpired:
		v.State, v.Until = api.ApprovalPending, api.When(t.RevokeAt)
	}
	return v
}
