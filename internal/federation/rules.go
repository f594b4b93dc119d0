package federation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/trust"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

const (
	// maxRules bounds the rules of a workspace, maxOfAccount those of a service account,
	// each of which an exchange looks at.
	maxRules     = 200
	maxOfAccount = 20
	// The life of a token.
	usualLife = 15 * time.Minute
	leastLife = time.Minute
	mostLife  = time.Hour
	// maxKeys bounds the keys that come with a rule.
	maxKeys = 32 << 10
)

// CreateTrustRule lets a service account trust ID tokens. It needs service-accounts:write,
// and all that making such a token of the account needs.
func (a *Federation) CreateTrustRule(ctx context.Context, c authority.Caller, ref string, in api.CreateTrustRule) (done authority.Done[api.TrustRule], err error) {
	done.Revision, err = a.in.Mutate(ctx, c, func(w *authority.Work) error {
		ac, sp, err := a.in.Enter(w.Snapshot, c, ref, "service-accounts:write")
		if err != nil {
			return err
		}
		if again, err := w.Shown(func(id string) error {
			r, err := w.TrustRule(sp.Workspace.ID, id)
			if err == nil {
				done.Value, err = view(w.Snapshot, sp, r)
			}
			return err
		}); again || err != nil {
			return err
		}
		done.Value, err = a.create(w, ac, sp, in)
		return input.First(err, w.RememberObject(done.Value.ID))
	})
	return done, err
}

func (a *Federation) create(w *authority.Work, ac *authority.Actor, sp *authority.Space, in api.CreateTrustRule) (v api.TrustRule, err error) {
	if in.ServiceAccount == "" {
		return v, api.FieldError("service_account", "is required")
	}
	s, err := w.ServiceAccount(sp.Workspace.ID, authority.ServiceAccountKey(in.ServiceAccount, sp.Workspace))
	if errors.Is(err, ledger.ErrNoRow) {
		err = api.FieldError("service_account", "there is no such service account in this workspace")
	}
	if err != nil {
		return v, err
	}
	if err := roomFor(w, sp, s); err != nil {
		return v, err
	}
	if !in.Label.Has() {
		return v, api.FieldError("label", "is required")
	}
	r := ledger.TrustRule{Workspace: sp.Workspace.ID, ServiceAccount: s.ID, Lifetime: usualLife, CreatedAt: w.Now}
	if err := a.describe(w, ac, sp, s, &r, in.TrustRuleFields); err != nil {
		return v, err
	}
	if r.PublicID, err = authority.PublicID(w.Authority.Rand(), "trl_"); err != nil {
		return v, err
	}
	r.ID = w.NewID()
	return put(w, ac, sp, r, authority.Event{Action: "trust_rule.created"})
}

func roomFor(w *authority.Work, sp *authority.Space, s ledger.ServiceAccount) error {
	all, err := w.TrustRules(sp.Workspace.ID, 0, ledger.Range{Limit: maxRules})
	if err != nil || len(all) >= maxRules {
		return input.First(err, api.Errorf(api.CodeInvalidRequest, "a workspace has at most %d rules of trust", maxRules))
	}
	n := 0
	for _, r := range all {
		if r.ServiceAccount == s.ID {
			n++
		}
	}
	if n >= maxOfAccount {
		return api.Errorf(api.CodeInvalidRequest, "a service account has at most %d rules of trust", maxOfAccount)
	}
	return nil
}

// describe writes what a request says into a rule, and judges the rule as the token that
// it will make: by whoever asks for it now.
func (a *Federation) describe(w *authority.Work, ac *authority.Actor, sp *authority.Space, s ledger.ServiceAccount, r *ledger.TrustRule, in api.TrustRuleFields) error {
	if err := input.First(label(r, in), a.conditions(r, in), lifetime(r, in)); err != nil {
		return err
	}
	sts, named, err := input.MergeRights(r.Grants, in.Rights)
	if err != nil {
		return err
	}
	ask := api.CreateToken{Kind: token.Service.String(), Owner: s.Name}
	ask.Label, ask.ExpiresIn = api.Some(r.Label), api.Some(api.Duration(r.Lifetime))
	if named || sts != nil {
		ask.Grants = rights(sts)
	}
	if ask.AllowedIPs = in.AllowedIPs; !in.AllowedIPs.Set && r.AllowedIPs != nil {
		ask.AllowedIPs = api.Some(authority.PrefixesView(r.AllowedIPs))
	}
	t, err := a.mint.Draft(w, ac, sp, ask)
	if err != nil {
		return err
	}
	if err := within(sp, s, t.Grants); err != nil {
		return err
	}
	r.Grants, r.AllowedIPs, r.RateLimit, r.CreatedBy, r.CreatedWith = t.Grants, t.AllowedIPs, t.RateLimit, t.CreatedBy, t.CreatedWith
	return nil
}

func rights(sts []grant.Statement) api.Opt[[]api.Statement] {
	if sts == nil {
		return api.Opt[[]api.Statement]{Set: true, Null: true}
	}
	return api.Some(authority.StatementsView(sts))
}

// within refuses rights that the account does not have: nothing would come of them, and
// whoever wrote them meant something else.
func within(sp *authority.Space, s ledger.ServiceAccount, sts []grant.Statement) error {
	stated := authority.Stated(sts)
	if len(stated) == 0 || sp.OwnerGrant(authority.ServiceAccountOwner(s, sp.Workspace)).Covers(sp.Compile(stated)) {
		return nil
	}
	return api.FieldError("scopes", "this is more than the service account has")
}

func label(r *ledger.TrustRule, in api.TrustRuleFields) error {
	if !in.Label.Set {
		return nil
	}
	r.Label = in.Label.Value
	return input.Text("label", r.Label, 1, input.MaxLabel)
}

// conditions writes and checks what has to hold.
func (a *Federation) conditions(r *ledger.TrustRule, in api.TrustRuleFields) error {
	given := a.in.Given().Issuers
	if in.Issuer.Set {
		r.Issuer = in.Issuer.Value
	}
	if in.Audience.Set {
		r.Audience = in.Audience.Value
	}
	if in.Claims.Set {
		r.Claims = in.Claims.Value
	}
	switch {
	case in.System.Has():
		r.System = in.System.Value
	case in.System.Set || in.Issuer.Set:
		r.System = trust.SystemOf(r.Issuer)
	}
	if err := keys(r, in.Keys); err != nil {
		return err
	}
	for _, text := range append(texts(r.Claims), r.Issuer, r.Audience) {
		if err := input.Secretless("claims", text); err != nil {
			return err
		}
	}
	if err := ruleOf(*r).Check(); err != nil {
		if fe, ok := errors.AsType[*trust.FieldError](err); ok {
			return api.FieldError(fe.Field, fe.Problem)
		}
		return err
	}
	if r.Keys != nil {
		return given.CheckKeys(r.Keys)
	}
	return given.Check(r.Issuer)
}

func texts(claims map[string][]string) (all []string) {
	for name, values := range claims {
		all = append(append(all, name), values...)
	}
	return all
}

func keys(r *ledger.TrustRule, in api.Opt[api.KeySet]) error {
	if !in.Set {
		return nil
	}
	if r.Keys = nil; !in.Has() {
		return nil
	}
	b, err := json.Marshal(in.Value)
	if err != nil || len(b) > maxKeys {
		return api.FieldError("keys", fmt.Sprintf("must be a JSON Web Key Set of at most %d bytes", maxKeys))
	}
	r.Keys = b
	return nil
}

func lifetime(r *ledger.TrustRule, in api.TrustRuleFields) error {
	switch {
	case in.ExpiresIn.Has():
		r.Lifetime = in.ExpiresIn.Value.Std()
	case in.ExpiresIn.Set:
		r.Lifetime = usualLife
	}
	if r.Lifetime < leastLife || r.Lifetime > mostLife {
		return api.FieldError("expires_in", "must be 1m to 1h")
	}
	return nil
}

// ruleOf is a row as what it asks.
func ruleOf(r ledger.TrustRule) trust.Rule {
	return trust.Rule{System: r.System, Issuer: r.Issuer, Audience: r.Audience, Claims: r.Claims, Keys: r.Keys != nil}
}

// put writes a rule, tells the audit, and shows it.
func put(w *authority.Work, ac *authority.Actor, sp *authority.Space, r ledger.TrustRule, e authority.Event) (api.TrustRule, error) {
	r.Revision = w.Revision()
	if err := w.PutTrustRule(r); err != nil {
		return api.TrustRule{}, err
	}
	v, err := view(w.Snapshot, sp, r)
	if err != nil {
		return v, err
	}
	e.Target, e.After = target(r), v
	return v, w.Note(ac, sp.Workspace, e)
}

func target(r ledger.TrustRule) string { return "trust_rule:" + r.PublicID }

func view(r *authority.Snapshot, sp *authority.Space, t ledger.TrustRule) (api.TrustRule, error) {
	o, err := authority.ReadOwner(r.Reader, verify.OwnerKey{Type: verify.OwnerServiceAccount, ID: t.ServiceAccount})
	if err != nil {
		return api.TrustRule{}, err
	}
	shown := authority.TokenView(ledger.Token{Grants: t.Grants, AllowedIPs: t.AllowedIPs}, o, sp.Workspace.Slug)
	v := api.TrustRule{
		ID: t.PublicID, Workspace: sp.Workspace.Slug, ServiceAccount: o.Name, Label: t.Label, System: t.System, Issuer: t.Issuer, Audience: t.Audience,
		Claims: t.Claims, Role: shown.Role, Scopes: shown.Scopes, Resources: shown.Resources, Grants: shown.Grants, AllowedIPs: shown.AllowedIPs,
		ExpiresIn: api.Duration(t.Lifetime), CreatedBy: t.CreatedBy, CreatedAt: t.CreatedAt.UTC(), Warnings: []api.TrustWarning{}, Revision: t.Revision,
	}
	if !t.CreatedWith.IsZero() {
		v.CreatedWith = authority.Optional(t.CreatedWith.String())
	}
	if t.Keys != nil {
		v.Keys = new(api.KeySet)
		if err := json.Unmarshal(t.Keys, v.Keys); err != nil {
			return v, fmt.Errorf("federation: the keys of a rule: %w", err)
		}
	}
	for _, warning := range ruleOf(t).Warnings() {
		v.Warnings = append(v.Warnings, api.TrustWarning{Code: warning.Code, Detail: warning.Text})
	}
	ended, err := creatorEnded(r, t)
	switch {
	case err != nil:
		return v, err
	case !o.Active:
		v.BlockedBy = authority.Optional(string(api.CodeOwnerInactive))
	case ended:
		v.BlockedBy = authority.Optional("creator_ended")
	}
	return v, nil
}

// creatorEnded says whether the API token that a rule was made with has ended: what a
// token makes does not outlive it.
func creatorEnded(r *authority.Snapshot, t ledger.TrustRule) (bool, error) {
	if t.CreatedWith.IsZero() {
		return false, nil
	}
	with, err := r.Token(t.CreatedWith)
	if errors.Is(err, ledger.ErrNoRow) {
		return true, nil
	}
	f := authority.TokenFacts(with, nil)
	return authority.Status(&f, r.Now) != api.StatusActive, err
}

// GetTrustRule answers one rule. It needs service-accounts:read.
func (a *Federation) GetTrustRule(ctx context.Context, c authority.Caller, ref, id string) (v api.TrustRule, err error) {
	err = a.in.Read(ctx, func(r *authority.Snapshot) error {
		_, sp, err := a.in.Enter(r, c, ref, "service-accounts:read")
		if err != nil {
			return err
		}
		t, err := r.TrustRule(sp.Workspace.ID, id)
		if err == nil {
			v, err = view(r, sp, t)
		}
		return err
	})
	return v, err
}

// ListTrustRules lists the rules of a workspace, or of one of its service accounts. It
// needs service-accounts:read.
func (a *Federation) ListTrustRules(ctx context.Context, c authority.Caller, ref, account string, page authority.Page) (out []api.TrustRule, next int64, err error) {
	err = a.in.Read(ctx, func(r *authority.Snapshot) error {
		_, sp, err := a.in.Enter(r, c, ref, "service-accounts:read")
		if err != nil {
			return err
		}
		of, err := accountNamed(r, sp, account)
		if err != nil {
			return err
		}
		rows, err := r.TrustRules(sp.Workspace.ID, of, ledger.Range{After: page.After, Limit: page.Size() + 1})
		if err != nil {
			return err
		}
		rows, next = authority.Cut(rows, page.Size(), func(t ledger.TrustRule) int64 { return t.ID })
		out = make([]api.TrustRule, len(rows))
		for i, t := range rows {
			if out[i], err = view(r, sp, t); err != nil {
				return err
			}
		}
		return nil
	})
	return out, next, err
}

// accountNamed is the number of a service account; 0 for no name.
func accountNamed(r *authority.Snapshot, sp *authority.Space, name string) (ledger.ID, error) {
	if name == "" {
		return 0, nil
	}
	s, err := r.ServiceAccount(sp.Workspace.ID, authority.ServiceAccountKey(name, sp.Workspace))
	return s.ID, err
}

// EditTrustRule merges a patch into a rule. It needs what making it needs; the label
// alone, service-accounts:write. Whatever else is changed ends what the rule gave.
func (a *Federation) EditTrustRule(ctx context.Context, c authority.Caller, ref, id string, in api.EditTrustRule) (done authority.Done[api.TrustRule], err error) {
	var ending ledger.ID
	done.Revision, err = a.in.Mutate(ctx, c, func(w *authority.Work) error {
		ac, sp, r, err := a.begin(w, ref, id)
		if err != nil {
			return err
		}
		before, err := view(w.Snapshot, sp, r)
		if err != nil {
			return err
		}
		rest := in
		if rest.Label = (api.Opt[string]{}); reflect.ValueOf(rest).IsZero() { // also of fields to come
			err = label(&r, in.TrustRuleFields)
		} else {
			err = a.redescribe(w, ac, sp, &r, in.TrustRuleFields)
			r.Ending, ending = w.Now, r.ID
		}
		if err != nil {
			return err
		}
		done.Value, err = put(w, ac, sp, r, authority.Event{Action: "trust_rule.edited", Before: before})
		return err
	})
	return a.ended(ctx, c, ending, done, err)
}

func (a *Federation) redescribe(w *authority.Work, ac *authority.Actor, sp *authority.Space, r *ledger.TrustRule, in api.TrustRuleFields) error {
	s, err := w.ServiceAccount(0, ledger.ServiceAccountKey{ID: r.ServiceAccount})
	if err != nil {
		return err
	}
	return a.describe(w, ac, sp, s, r, in)
}

func (a *Federation) begin(w *authority.Work, ref, id string) (ac *authority.Actor, sp *authority.Space, r ledger.TrustRule, err error) { //nolint:revive // who, where and what belong together
	if ac, sp, err = w.Authority.Enter(w.Snapshot, w.Caller, ref, "service-accounts:write"); err != nil {
		return ac, sp, r, err
	}
	if r, err = w.TrustRule(sp.Workspace.ID, id); err != nil {
		return ac, sp, r, err
	}
	return ac, sp, r, w.Expect(sp.Workspace, target(r), r.Revision)
}

// DeleteTrustRule ends a rule, and what it gave. It needs service-accounts:write.
func (a *Federation) DeleteTrustRule(ctx context.Context, c authority.Caller, ref, id string) (done authority.Done[api.TrustRule], err error) {
	var ending ledger.ID
	done.Revision, err = a.in.Withdraw(ctx, c, func(w *authority.Work) error {
		ac, sp, r, err := a.begin(w, ref, id)
		if err != nil {
			return err
		}
		if done.Value, err = view(w.Snapshot, sp, r); err != nil {
			return err
		}
		r.DeletedAt, r.Ending, r.Revision, ending = w.Now, w.Now, w.Revision(), r.ID
		return input.First(w.PutTrustRule(r),
			w.Note(ac, sp.Workspace, authority.Event{Action: "trust_rule.deleted", Target: target(r), Before: done.Value}))
	})
	return a.ended(ctx, c, ending, done, err)
}
