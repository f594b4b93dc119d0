package authority

import (
	"cmp"
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/policy"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

// Issued is a token and its secret: the answer of the verbs that make one.
type Issued struct {
	Token    api.Token
	Secret   token.Secret
	Revision int64
}

// CreateToken makes a token in the workspace that ref names and answers its
// secret, this once.
//
// A signed-in person may make their own personal tokens by the policy
// personal_tokens; everything else needs tokens:create, somebody else's personal
// token tokens:impersonate as well. Its rights must be within the caller's own
// effective grant (grant_exceeds_own); made with an API token, it neither
// outlives that nor has looser addresses or limits.
func (a *Authority) CreateToken(ctx context.Context, c Caller, ref string, in api.CreateToken) (out Issued, err error) {
	out.Revision, err = a.mutateToken(ctx, gives, c, &out.Token, func(w *work) error {
		return w.create(c, ref, in, &out)
	})
	return out, err
}

// create makes the token that the caller asks for.
func (w *work) create(c Caller, ref string, in api.CreateToken, out *Issued) error {
	ac, sp, err := w.a.enter(w.Snapshot, c, ref)
	if err != nil {
		return err
	}
	if again, err := w.again(ac, sp, out, w.stillCreates); again || err != nil {
		return err
	}
	t, err := w.draft(ac, sp, in)
	if err != nil {
		return err
	}
	if err := w.roomFor(t, sp); err != nil {
		return err
	}
	out.Token, out.Secret, err = w.issue(ac, sp, t)
	return err
}

// stillCreates judges a token that was made as one that is to be made.
func (w *work) stillCreates(ch *change) error {
	return input.First(
		mayHold(ch.ac, ch.sp, ch.t, "tokens:create"),
		activeOwner(ch.owner),
		unexpired(ch),
		ceiling(ch.ac, ch.sp, ch.t, ch.owner),
		lifeOf(ch.t).Within(ch.sp.policy(), w.now),
		tighter(ch.ac, ch.sp, ch.owner, ch.t, ledger.Token{}),
	)
}

// draft judges a request for a token and returns the token it asks for,
// without its numbers and its secret.
func (w *work) draft(ac *actor, sp *space, in api.CreateToken) (ledger.Token, error) {
	t := ledger.Token{Workspace: sp.ws.ID, CreatedBy: ac.principal.Address, CreatedByUser: ac.User, CreatedAt: w.now}
	if ac.with != nil {
		t.CreatedWith = ac.with.Locator
	}
	o, err := w.chooseOwner(ac, sp, in, &t)
	if err != nil {
		return t, err
	}
	if err := input.First(mayHold(ac, sp, t, "tokens:create"), activeOwner(o)); err != nil {
		return t, err
	}
	if !in.Label.Has() {
		return t, api.FieldError("label", "is required")
	}
	t.Recoverable = sp.policy().Recoverable
	if err := fields(sp, &t, in.TokenFields); err != nil {
		return t, err
	}
	if err := bounded(sp, nil, t.Grants); err != nil {
		return t, err
	}
	if t.Kind == token.Workspace && (t.Grants == nil || slices.ContainsFunc(t.Grants, restrictsOnly)) {
		return t, api.FieldError("role", "a workspace token must name a role or scopes")
	}
	if err := w.lifetime(ac, sp, &t, in.TokenFields); err != nil {
		return t, err
	}
	inheritLimits(ac, sp, o, &t, in.TokenFields)
	return t, input.First(
		ceiling(ac, sp, t, o),
		lifeOf(t).Within(sp.policy(), w.now),
		tighter(ac, sp, o, t, ledger.Token{}),
	)
}

// chooseOwner settles the token's kind and owner. Whoever may make no token for
// others is refused alike whether there is such an owner or not.
func (w *work) chooseOwner(ac *actor, sp *space, in api.CreateToken, t *ledger.Token) (verify.Owner, error) {
	kind, err := kindOf(in)
	if err != nil {
		return verify.Owner{}, err
	}
	t.Kind = kind
	switch kind { //nolint:exhaustive // kindOf answers these three; the rest is personal
	case token.Workspace:
		if in.Owner != "" && in.Owner != workspaceOwner(sp.ws).Address {
			return verify.Owner{}, api.FieldError("owner", "a workspace token belongs to the workspace; leave owner out")
		}
		return workspaceOwner(sp.ws), nil
	case token.Service:
		s, err := w.ServiceAccount(sp.ws.ID, serviceAccountKey(in.Owner, sp.ws))
		if err != nil {
			return verify.Owner{}, input.First(ac.need("tokens:create"), noSuch("service account", err))
		}
		t.OwnerServiceAccount = s.ID
		return serviceAccountOwner(s, sp.ws), nil
	}
	m, err := w.personalOwner(ac, sp, in.Owner)
	if err != nil {
		return verify.Owner{}, err
	}
	t.OwnerMember = m.ID
	return memberOwner(m), nil
}

// activeOwner is asked behind [mayHold]: whether others are deactivated is not
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
	case owner == "" || owner == "me" || isUserID(owner) || isExternal(owner):
		return token.Personal
	case strings.HasSuffix(owner, "@workspace"):
		return token.Workspace
	case strings.HasSuffix(owner, ".service") || !strings.Contains(owner, "@"):
		return token.Service
	}
	return token.Personal
}

func (w *work) personalOwner(ac *actor, sp *space, ref string) (ledger.Member, error) {
	if ref == "" && ac.member == 0 {
		return ledger.Member{}, input.First(ac.need("tokens:create"),
			api.FieldError("owner", "is required: the caller is no member of this workspace"))
	}
	if ref == "" {
		ref = "me"
	}
	m, err := w.a.member(w.Snapshot, ac, sp, ref)
	if errors.Is(err, ledger.ErrNoRow) {
		err = input.First(mayHold(ac, sp, ledger.Token{OwnerMember: nobody}, "tokens:create"), noSuch("member", err))
	}
	return m, err
}

// nobody is the row number that no member has.
const nobody ledger.ID = -1

// mayHold is the gate of verbs that hand over a secret: own personal tokens of
// a signed-in person by policy, others by scope, and other people's by
// tokens:impersonate.
func mayHold(ac *actor, sp *space, t ledger.Token, scope string) error {
	if t.OwnerMember == 0 {
		return ac.need(scope)
	}
	if err := anyPersonal(sp); err != nil {
		return err
	}
	if !ac.owns(t) {
		return ac.need(scope, "tokens:impersonate")
	}
	if !ac.person() && ac.onBehalf == "" {
		return ac.need(scope)
	}
	if sp.policy().PersonalTokens == api.PersonalManagers && !ac.grant.AllowsAny("tokens:create") {
		return api.Errorf(api.CodeForbidden, "the policy personal_tokens allows personal tokens to those with tokens:create alone")
	}
	return nil
}

// anyPersonal refuses personal tokens where there are none.
func anyPersonal(sp *space) error {
	if sp.policy().PersonalTokens == api.PersonalNobody {
		return api.Errorf(api.CodeForbidden, "the policy personal_tokens allows nobody to hold personal tokens here")
	}
	return nil
}

// ceiling refuses a token with more rights than the caller's own: what it would
// effectively have, and what each of its statements says.
func ceiling(ac *actor, sp *space, t ledger.Token, o verify.Owner) error {
	if err := checkNames(ac, sp, t.Grants); err != nil {
		return err
	}
	return input.First(coverToken(ac, sp, t, o), coverStated(ac, sp, t))
}

// coverToken refuses a token that has more rights than the caller, or comes to have
// more with its owner.
func coverToken(ac *actor, sp *space, t ledger.Token, o verify.Owner) error {
	f := tokenFacts(t, nil)
	return input.First(ac.cover(sp.effective(&f, o)), coverLater(ac, sp, t))
}

// coverLater refuses to let a token, by an API token of the same owner that names
// what it may do, have what that owner may get later. It comes to a token which leaves
// its scopes to its owner, and is the caller's to hand on only if it comes to the
// caller as well. A person hands on by their own power, whatever that becomes.
func coverLater(ac *actor, sp *space, t ledger.Token) error {
	if ac.with == nil || ac.instance || ac.onBehalf != "" || ownerKey(*ac.with) != ownerKey(t) || !inherits(t.Grants) {
		return nil
	}
	if sp.compile(claims(ac.with.Grants)).covers(sp.compile(claims(t.Grants))) {
		return nil
	}
	return api.Errorf(api.CodeGrantExceedsOwn,
		"a token that names what it may do cannot hand on what its owner may get later; name a role or scopes")
}

// inherits says whether a token leaves its scopes to its owner, on all resources or
// on some.
func inherits(sts []grant.Statement) bool {
	return sts == nil || slices.ContainsFunc(sts, restrictsOnly)
}

// claims is the most that statements come to, whatever the owner gets.
func claims(sts []grant.Statement) []grant.Statement {
	if sts == nil {
		return []grant.Statement{{Scopes: []string{"*"}, Resources: []string{"*"}}}
	}
	sts = slices.Clone(sts)
	for i := range sts {
		if restrictsOnly(sts[i]) {
			sts[i].Scopes = []string{"*"}
		}
	}
	return sts
}

// coverStated compares what the token's statements say, before its owner's
// rights narrow them. Statements of resources alone say nothing by themselves.
func coverStated(ac *actor, sp *space, t ledger.Token) error {
	return ac.cover(sp.compile(stated(t.Grants)))
}

func stated(sts []grant.Statement) []grant.Statement {
	return slices.DeleteFunc(slices.Clone(sts), restrictsOnly)
}

// fields writes the request's fields into t, but for its lifetime.
func fields(sp *space, t *ledger.Token, in api.TokenFields) error {
	if err := describe(t, in); err != nil {
		return err
	}
	sts, named, err := mergeRights(t.Grants, in.Rights)
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
		limit := in.RateLimit.Value
		t.RateLimit = &limit
	}
	if in.Recoverable.Or(false) && !sp.policy().Recoverable {
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
		t.Metadata = in.Metadata.Value
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
func inheritLimits(ac *actor, sp *space, o verify.Owner, t *ledger.Token, in api.TokenFields) {
	if ac.with == nil {
		return
	}
	if !in.AllowedIPs.Set {
		t.AllowedIPs = slices.Clone(ac.with.AllowedIPs)
	}
	if own := ac.limit; !in.RateLimit.Set && looser(limitOf(sp, *t, o), own) {
		limit := *own
		t.RateLimit = &limit
	}
}

// roomFor refuses a token more than max_tokens allows.
func (w *work) roomFor(t ledger.Token, sp *space) error {
	bound := sp.policy().MaxTokens
	if bound.Total > 0 {
		n, err := w.CountTokens(sp.ws.ID, 0, w.now, bound.Total)
		if err != nil || n >= bound.Total {
			return tooMany(err, "the workspace has as many tokens as the policy's max_tokens.total allows")
		}
	}
	if bound.PerOwner > 0 && t.Kind != token.Workspace {
		n, err := w.CountTokens(sp.ws.ID, cmp.Or(t.OwnerMember, t.OwnerServiceAccount), w.now, bound.PerOwner)
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

// issue gives a drafted token its numbers and its first secret, and writes it.
func (w *work) issue(ac *actor, sp *space, t ledger.Token) (api.Token, token.Secret, error) {
	in, err := w.Instance()
	if err != nil {
		return api.Token{}, token.Secret{}, err
	}
	if t.Locator, err = w.newLocator(); err != nil {
		return api.Token{}, token.Secret{}, err
	}
	ch := change{ac: ac, t: t}
	if t.OwnerMember != 0 {
		ch.holdAll(w.now)
	}
	t = ch.t
	t.ID, t.Prefix, t.Revision = w.NewID(), in.Prefixes[0], w.Revision()
	if err := w.PutToken(t); err != nil {
		return api.Token{}, token.Secret{}, err
	}
	secret, err := w.mint(t, 1, false)
	if err != nil {
		return api.Token{}, token.Secret{}, err
	}
	w.touchToken(t)
	v, err := w.brief(ac, sp, t)
	if err != nil {
		return v, secret, err
	}
	return v, secret, w.audit(ac, sp.ws, event{action: "token.created", target: v.ID, token: t.Locator, after: v})
}

// newLocator draws a locator that no token has.
func (w *work) newLocator() (token.Locator, error) {
	for {
		l, err := token.NewLocator(w.a.rand)
		if err != nil {
			return l, err
		}
		if _, err := w.Token(l); err != nil {
			return l, ignoreNoRow(err)
		}
	}
}

// mint draws a secret for a token and stores its digest; onUse says that its
// first use shall end the secret before it.
func (w *work) mint(t ledger.Token, number int, onUse bool) (token.Secret, error) {
	secret, err := token.Mint(w.a.rand, t.Prefix, t.Kind, t.Locator)
	if err != nil {
		return secret, err
	}
	digest, key := w.a.keys.Digest(secret.Reveal())
	row := ledger.Secret{
		Token: t.ID, Number: number, Digest: digest, Key: key, RetireOnUse: onUse,
		Tracked: onUse || w.caller.Retry.Key != "", CreatedAt: w.now,
	}
	if t.Recoverable {
		if row.Sealed, err = seal(w.a.keys, t, number, secret); err != nil {
			return secret, err
		}
	}
	return secret, input.First(w.PutSecret(row), w.remember(t, number))
}
