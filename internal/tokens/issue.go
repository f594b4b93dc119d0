package tokens

import (
	"cmp"
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/policy"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

// CreateToken makes a token in the workspace that ref names and answers its
// secret, this once.
//
// A signed-in person may make their own personal tokens by the policy
// personal_tokens; everything else needs tokens:create, somebody else's personal
// token tokens:impersonate as well. Its rights must be within the caller's own
// effective grant (grant_exceeds_own); made with an API token, it neither
// outlives that nor has looser addresses or limits.
func (a *Tokens) CreateToken(ctx context.Context, c authority.Caller, ref string, in api.CreateToken) (out authority.Issued, err error) {
	out.Revision, err = a.in.MutateToken(ctx, authority.Gives, c, &out.Token, func(w *authority.Work) error {
		return Create(w, c, ref, in, &out)
	})
	if err == nil || c.Rehearse {
		out.Warnings = Warnings(out.Token)
	}
	return out, err
}

// Create makes the token that the caller asks for.
func Create(w *authority.Work, c authority.Caller, ref string, in api.CreateToken, out *authority.Issued) error {
	ac, sp, err := w.Authority.Enter(w.Snapshot, c, ref)
	if err != nil {
		return err
	}
	if again, err := w.Again(ac, sp, out, func(ch *authority.Change) error { return stillCreates(w, ch) }); again || err != nil {
		return err
	}
	t, err := Draft(w, ac, sp, in)
	if err != nil {
		return err
	}
	if err := roomFor(w, t, sp); err != nil {
		return err
	}
	out.Token, out.Secret, err = Issue(w, ac, sp, t)
	return err
}

// stillCreates judges a token that was made as one that is to be made.
func stillCreates(w *authority.Work, ch *authority.Change) error {
	return input.First(
		MayHold(ch.Actor, ch.Space, ch.Token, "tokens:create"),
		activeOwner(ch.Owner),
		unexpired(ch),
		ceiling(ch.Actor, ch.Space, ch.Token, ch.Owner),
		authority.LifeOf(ch.Token).Within(ch.Space.Policy(), w.Now),
		authority.Tighter(ch.Actor, ch.Space, ch.Owner, ch.Token, ledger.Token{}),
	)
}

// Draft judges a request for a token and returns the token it asks for,
// without its numbers and its secret.
func Draft(w *authority.Work, ac *authority.Actor, sp *authority.Space, in api.CreateToken) (ledger.Token, error) {
	t := ledger.Token{Workspace: sp.Workspace.ID, CreatedBy: ac.Principal.Address, CreatedByUser: ac.User, CreatedAt: w.Now}
	if ac.With != nil {
		t.CreatedWith = ac.With.Locator
	}
	o, err := chooseOwner(w, ac, sp, in, &t)
	if err != nil {
		return t, err
	}
	if err := input.First(MayHold(ac, sp, t, "tokens:create"), activeOwner(o)); err != nil {
		return t, err
	}
	if !in.Label.Has() {
		return t, api.FieldError("label", "is required")
	}
	t.Recoverable = sp.Policy().Recoverable
	if err := fields(sp, &t, in.TokenFields); err != nil {
		return t, err
	}
	if err := authority.Bounded(sp, nil, t.Grants); err != nil {
		return t, err
	}
	if t.Kind == token.Workspace && (t.Grants == nil || slices.ContainsFunc(t.Grants, grant.RestrictsOnly)) {
		return t, api.FieldError("role", "a workspace token must name a role or scopes")
	}
	if err := lifetime(w, ac, sp, &t, in.TokenFields); err != nil {
		return t, err
	}
	inheritLimits(ac, sp, o, &t, in.TokenFields)
	return t, input.First(
		ask(w, ac, sp, &t),
		ceiling(ac, sp, t, o),
		authority.LifeOf(t).Within(sp.Policy(), w.Now),
		authority.Tighter(ac, sp, o, t, ledger.Token{}),
	)
}

// chooseOwner settles the token's kind and owner. Whoever may make no token for
// others is refused alike whether there is such an owner or not.
func chooseOwner(w *authority.Work, ac *authority.Actor, sp *authority.Space, in api.CreateToken, t *ledger.Token) (verify.Owner, error) {
	kind, err := kindOf(in)
	if err != nil {
		return verify.Owner{}, err
	}
	t.Kind = kind
	switch kind { //nolint:exhaustive // kindOf answers these three; the rest is personal
	case token.Workspace:
		if in.Owner != "" && in.Owner != authority.WorkspaceOwner(sp.Workspace).Address {
			return verify.Owner{}, api.FieldError("owner", "a workspace token belongs to the workspace; leave owner out")
		}
		return authority.WorkspaceOwner(sp.Workspace), nil
	case token.Service:
		s, err := w.ServiceAccount(sp.Workspace.ID, authority.ServiceAccountKey(in.Owner, sp.Workspace))
		if err != nil {
			return verify.Owner{}, input.First(ac.Need("tokens:create"), authority.NoSuch("service account", err))
		}
		t.OwnerServiceAccount = s.ID
		return authority.ServiceAccountOwner(s, sp.Workspace), nil
	}
	m, err := personalOwner(w, ac, sp, in.Owner)
	if err != nil {
		return verify.Owner{}, err
	}
	t.OwnerMember = m.ID
	return authority.MemberOwner(m), nil
}

// activeOwner is asked behind [MayHold]: whether others are deactivated is not
// for everybody.
func activeOwner(o verify.Owner) error {
	if !o.Active {
		return api.Errorf(api.CodeInactive, "the owner is deactivated or disabled")
	}
	return nil
}

// kindOf reads the kind, or tells it from the owner's form: an e-mail or an id
// is a person, another name a service account.
func kindOf(in api.CreateToken) (token.Kind, error) {
	if in.Kind == "" {
		return kindOfOwner(in.Owner), nil
	}
	k, err := token.ParseKind(in.Kind)
	if err != nil || k == token.Ephemeral {
		return 0, api.FieldError("kind", "must be personal, service or workspace")
	}
	return k, nil
}

func kindOfOwner(owner string) token.Kind {
	switch {
	case owner == "" || owner == "me" || authority.IsUserID(owner) || authority.IsExternal(owner):
		return token.Personal
	case strings.HasSuffix(owner, "@workspace"):
		return token.Workspace
	case strings.HasSuffix(owner, ".service") || !strings.Contains(owner, "@"):
		return token.Service
	}
	return token.Personal
}

func personalOwner(w *authority.Work, ac *authority.Actor, sp *authority.Space, ref string) (ledger.Member, error) {
	if ref == "" && ac.Member == 0 {
		return ledger.Member{}, input.First(ac.Need("tokens:create"),
			api.FieldError("owner", "is required: the caller is not a member of this workspace"))
	}
	if ref == "" {
		ref = "me"
	}
	m, err := w.Authority.Member(w.Snapshot, ac, sp, ref)
	if errors.Is(err, ledger.ErrNoRow) {
		err = input.First(MayHold(ac, sp, ledger.Token{OwnerMember: nobody}, "tokens:create"), authority.NoSuch("member", err))
	}
	return m, err
}

// nobody is the row number that no member has.
const nobody ledger.ID = -1

// MayHold is the gate of verbs that hand over a secret: own personal tokens of
// a signed-in person by policy, others by scope, and other people's by
// tokens:impersonate.
func MayHold(ac *authority.Actor, sp *authority.Space, t ledger.Token, scope string) error {
	if t.OwnerMember == 0 {
		return ac.Need(scope)
	}
	if err := anyPersonal(sp); err != nil {
		return err
	}
	if !ac.Owns(t) {
		return ac.Need(scope, "tokens:impersonate")
	}
	if !ac.Person() && ac.OnBehalf == "" {
		return ac.Need(scope)
	}
	if sp.Policy().PersonalTokens == api.PersonalManagers && !ac.Grant.AllowsAny("tokens:create") {
		return api.Errorf(api.CodeForbidden, "the policy personal_tokens allows personal tokens to those with tokens:create alone")
	}
	return nil
}

// anyPersonal refuses personal tokens where there are none.
func anyPersonal(sp *authority.Space) error {
	if sp.Policy().PersonalTokens == api.PersonalNobody {
		return api.Errorf(api.CodeForbidden, "the policy personal_tokens allows nobody to hold personal tokens here")
	}
	return nil
}

// ceiling refuses a token with more rights than the caller's own: what it would
// effectively have, and what each of its statements says.
func ceiling(ac *authority.Actor, sp *authority.Space, t ledger.Token, o verify.Owner) error {
	if err := authority.CheckNames(ac, sp, t.Grants); err != nil {
		return err
	}
	return input.First(authority.CoverToken(ac, sp, t, o), CoverStated(ac, sp, t))
}

// CoverStated compares what the token's statements say, before its owner's
// rights narrow them. Statements of resources alone say nothing by themselves.
func CoverStated(ac *authority.Actor, sp *authority.Space, t ledger.Token) error {
	return ac.Cover(sp.Compile(authority.Stated(t.Grants)))
}

// fields writes the request's fields into t, but for its lifetime.
func fields(sp *authority.Space, t *ledger.Token, in api.TokenFields) error {
	if err := describe(t, in); err != nil {
		return err
	}
	sts, named, err := input.MergeRights(t.Grants, in.Rights)
	if err != nil {
		return err
	}
	if named {
		t.Grants = sts
	}
	if in.AllowedIPs.Set {
		if t.AllowedIPs, err = allowedIPs(in.AllowedIPs); err != nil {
			return err
		}
	}
	if err := input.Limit("rate_limit", in.RateLimit); err != nil {
		return err
	}
	if in.RateLimit.Set {
		t.RateLimit = nil
	}
	if in.RateLimit.Has() {
		limit := policy.KeptLimit(in.RateLimit.Value)
		t.RateLimit = &limit
	}
	if in.Recoverable.Or(false) && !sp.Policy().Recoverable {
		return policy.OutsideError("recoverable", "the policy does not allow recoverable secrets")
	}
	if in.Recoverable.Set {
		t.Recoverable = in.Recoverable.Or(false)
	}
	return nil
}

// describe writes label, description and metadata.
func describe(t *ledger.Token, in api.TokenFields) error {
	if in.Label.Set {
		if err := input.Text("label", in.Label.Value, 1, input.MaxLabel); err != nil {
			return err
		}
		t.Label = in.Label.Value
	}
	if in.Description.Set {
		if err := input.Text("description", in.Description.Value, 0, input.MaxDescription); err != nil {
			return err
		}
		t.Description = in.Description.Value
	}
	if in.Metadata.Set {
		if err := input.Metadata(in.Metadata.Value); err != nil {
			return err
		}
		t.Metadata = ledger.Metadata(in.Metadata.Value)
	}
	return nil
}

func allowedIPs(in api.Opt[[]string]) ([]netip.Prefix, error) {
	if !in.Has() {
		return nil, nil
	}
	return input.Prefixes("allowed_ips", in.Value)
}

// inheritLimits gives a token that an API token makes that token's addresses
// and limit, where the request names none and it would have looser ones.
func inheritLimits(ac *authority.Actor, sp *authority.Space, o verify.Owner, t *ledger.Token, in api.TokenFields) {
	if ac.With == nil {
		return
	}
	if !in.AllowedIPs.Set {
		t.AllowedIPs = slices.Clone(ac.With.AllowedIPs)
	}
	if own := ac.Limit; !in.RateLimit.Set && authority.Looser(authority.LimitOf(sp, *t, o), own) {
		limit := policy.KeptLimit(*own)
		t.RateLimit = &limit
	}
}

// roomFor refuses a token more than max_tokens allows.
func roomFor(w *authority.Work, t ledger.Token, sp *authority.Space) error {
	bound := sp.Policy().MaxTokens
	if bound.Total > 0 {
		n, err := w.CountTokens(sp.Workspace.ID, 0, w.Now, bound.Total)
		if err != nil || n >= bound.Total {
			return tooMany(err, "the workspace has as many tokens as the policy's max_tokens.total allows")
		}
	}
	if bound.PerOwner > 0 && t.Kind != token.Workspace {
		n, err := w.CountTokens(sp.Workspace.ID, cmp.Or(t.OwnerMember, t.OwnerServiceAccount), w.Now, bound.PerOwner)
		if err != nil || n >= bound.PerOwner {
			return tooMany(err, "the owner has as many tokens as the policy's max_tokens.per_owner allows")
		}
	}
	return nil
}

func tooMany(err error, message string) error {
	if err != nil {
		return err
	}
	return api.Errorf(api.CodeTokenLimitReached, "%s", message)
}

// Issue gives a drafted token its numbers and its first secret, and writes it.
func Issue(w *authority.Work, ac *authority.Actor, sp *authority.Space, t ledger.Token) (v api.Token, secret token.Secret, err error) {
	// A table that may hold 2^40 tokens has one that is drawn now in one of 2^31 cases, and refuses it.
	if t.Locator, err = token.NewLocator(w.Authority.Rand()); err != nil {
		return v, secret, err
	}
	if t, err = number(w, ac, t); err != nil {
		return v, secret, err
	}
	if secret, err = w.Mint(ac, t, 1, false); err != nil {
		return v, secret, err
	}
	w.TouchToken(t)
	if v, err = w.Brief(ac, sp, t); err != nil {
		return v, secret, err
	}
	if err := w.Note(ac, sp.Workspace, authority.Event{Action: "token.created", Target: v.ID, Token: t.Locator, After: v}); err != nil || !t.Waits {
		return v, secret, err
	}
	return v, secret, w.Note(ac, sp.Workspace, authority.Event{Action: "token.approval_requested", Target: v.ID, Token: t.Locator, After: v})
}

// Place gives a drafted token that has a locator its numbers, and writes it, if there is
// room for one more. Its secret is somebody else's.
func Place(w *authority.Work, ac *authority.Actor, sp *authority.Space, t ledger.Token) (ledger.Token, error) {
	if err := roomFor(w, t, sp); err != nil {
		return t, err
	}
	return number(w, ac, t)
}

// number gives a token its numbers, and writes it.
func number(w *authority.Work, ac *authority.Actor, t ledger.Token) (ledger.Token, error) {
	in, err := w.Instance()
	if err != nil {
		return t, err
	}
	ch := authority.Change{Actor: ac, Token: t}
	if t.OwnerMember != 0 {
		ch.HoldAll(w.Now)
	}
	t = ch.Token
	if t.Waits {
		t.RevokeAt = w.Now.Add(policy.ApprovalTime)
	}
	t.ID, t.Prefix, t.Revision = w.NewID(), in.Prefixes[0], w.Revision()
	return t, w.PutToken(t)
}

// IssueEphemeral is Issue for a token that nobody asked for by their own right: it is
// judged by its owner's state and the policy alone.
func IssueEphemeral(w *authority.Work, ac *authority.Actor, sp *authority.Space, o verify.Owner, t ledger.Token) (api.Token, token.Secret, error) {
	if sp.Facts.Suspended {
		return api.Token{}, token.Secret{}, api.Errorf(api.CodeInactive, "the workspace is suspended")
	}
	if sp.NeedsApproval(t) {
		return api.Token{}, token.Secret{}, authority.ApprovalRequired("a job does not wait until somebody approves its token: let the rule of trust give less, or the rules of approval leave out the kind ephemeral")
	}
	if err := input.First(activeOwner(o), authority.LifeOf(t).Within(sp.Policy(), w.Now), roomFor(w, t, sp)); err != nil {
		return api.Token{}, token.Secret{}, err
	}
	return Issue(w, ac, sp, t)
}
