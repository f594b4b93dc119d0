package federation

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
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

// Presented is an ID token, and whose token is asked for.
type Presented struct {
	// IDToken is the ID token.
	IDToken string
	// Account is the address of the service account, name@slug.service.
	Account string
	// Scopes, when not empty, are all that the token shall have.
	Scopes []string
}

// account is a service account that ID tokens are presented for, and its rules.
type account struct {
	sp    *authority.Space
	owner verify.Owner
	rules []ledger.TrustRule
}

// Refused says one thing to whoever presents what is not taken, whatever is wrong.
func Refused() error {
	return api.Errorf(api.CodeIDTokenRefused, "the ID token is not accepted for this service account")
}

// ExchangeToken gives an ephemeral token of a service account for an ID token that one of
// its rules takes. The caller is a stranger.
func (a *Federation) ExchangeToken(ctx context.Context, c authority.Caller, p Presented) (out authority.Issued, err error) {
	signed, claims, err := a.signed(ctx, p)
	if err != nil {
		return out, err
	}
	used := trust.Used(claims, p.IDToken)
	if c.Retry.Key != "" { // it names this exchange, and no other caller's
		c.Retry.Route = "exchange " + hex.EncodeToString(used[:])
		c.Retry.Body = sha256.Sum256([]byte(p.Account + "\x00" + strings.Join(p.Scopes, " ")))
	}
	c.Home = signed[0].Workspace
	out.Revision, err = a.in.MutateToken(ctx, authority.Gives, c, &out.Token, func(w *authority.Work) error {
		return a.exchange(w, p, signed, claims, used, &out)
	})
	return out, err
}

// signed asks which rules of the account have an issuer that signed the token, and what it
// says. It may ask the issuer, so it is done before anybody waits.
func (a *Federation) signed(ctx context.Context, p Presented) ([]ledger.TrustRule, trust.Claims, error) {
	claims, err := trust.Peek(p.IDToken)
	if err != nil {
		return nil, nil, Refused()
	}
	var rules []ledger.TrustRule
	if err := a.in.Read(ctx, func(r *authority.Snapshot) error {
		acc, err := a.account(r, p.Account)
		rules = slices.DeleteFunc(acc.rules, func(t ledger.TrustRule) bool { return t.Issuer != claims.Issuer() })
		return err
	}); err != nil {
		return nil, nil, err
	}
	good, payload, err := a.whoSigned(ctx, rules, p.IDToken)
	if err != nil {
		return nil, nil, err
	}
	if len(good) == 0 {
		return nil, nil, Refused()
	}
	if claims, err = trust.ParseClaims(payload); err != nil {
		return nil, nil, Refused()
	}
	return good, claims, nil
}

// whoSigned keeps the rules whose issuer's keys signed a token. That one issuer cannot be
// asked is only an error where no other rule's keys did.
func (a *Federation) whoSigned(ctx context.Context, rules []ledger.TrustRule, idToken string) (good []ledger.TrustRule, payload []byte, err error) {
	type answer struct {
		payload []byte
		err     error
	}
	asked := map[string]answer{}
	var unknown error
	for _, t := range rules {
		got, ok := asked[string(t.Keys)]
		if !ok {
			got.payload, got.err = a.in.Given().Issuers.Verify(ctx, t.Workspace, t.Issuer, t.Keys, idToken)
			asked[string(t.Keys)] = got
		}
		switch {
		case got.err == nil:
			good, payload = append(good, t), got.payload
		case !errors.Is(got.err, authority.ErrNotSigned):
			unknown = got.err
		}
	}
	if len(good) == 0 && unknown != nil {
		return nil, nil, api.Errorf(api.CodeUnavailable, "the keys of the issuer cannot be read now").Wrap(unknown)
	}
	return good, payload, nil
}

// account finds a service account by its address, and its rules. That there is none is
// nobody's business.
func (a *Federation) account(r *authority.Snapshot, address string) (acc account, err error) {
	name, rest, _ := strings.Cut(address, "@")
	slug, ok := strings.CutSuffix(rest, ".service")
	if !ok || name == "" || slug == "" || strings.Contains(slug, "@") {
		return acc, Refused()
	}
	ws, err := r.Workspace(ledger.WorkspaceKey{Slug: slug})
	if err != nil || !ws.DeletedAt.IsZero() {
		return acc, refusedWhenGone(err)
	}
	s, err := r.ServiceAccount(ws.ID, ledger.ServiceAccountKey{Name: name})
	if err != nil {
		return acc, refusedWhenGone(err)
	}
	if acc.rules, err = r.TrustRules(ws.ID, s.ID, ledger.Range{Limit: maxOfAccount}); err != nil {
		return acc, err
	}
	acc.owner = authority.ServiceAccountOwner(s, ws)
	acc.sp, err = a.in.Space(r, ws)
	return acc, err
}

func refusedWhenGone(err error) error {
	if err == nil || errors.Is(err, ledger.ErrNoRow) {
		return Refused()
	}
	return err
}

// exchange looks again, under the lock, at the rules that were read before.
func (a *Federation) exchange(w *authority.Work, p Presented, signed []ledger.TrustRule, claims trust.Claims, used [32]byte, out *authority.Issued) error {
	acc, err := a.account(w.Snapshot, p.Account)
	if err != nil {
		return err
	}
	taking := slices.DeleteFunc(acc.rules, func(t ledger.TrustRule) bool {
		return len(ruleOf(t).Mismatches(claims)) > 0 || !slices.ContainsFunc(signed, func(was ledger.TrustRule) bool {
			return was.ID == t.ID && was.Issuer == t.Issuer && string(was.Keys) == string(t.Keys)
		})
	})
	if len(taking) == 0 {
		return Refused()
	}
	// From here on whoever asks holds an ID token that a rule takes, and is told.
	if late := claims.Untimely(w.Now); len(late) > 0 {
		return api.Errorf(api.CodeIDTokenRefused, "the ID token is not accepted now: %s %s", late[0].Claim, late[0].Why)
	}
	ac := &authority.Actor{Caller: w.Caller, Principal: authority.PrincipalOf(acc.owner), Grant: acc.sp.OwnerGrant(acc.owner)}
	again, err := w.Again(ac, acc.sp, out, func(ch *authority.Change) error { return stillGiven(w, ch, taking) })
	if again || err != nil {
		return err
	}
	if _, err := w.Exchange(acc.sp.Workspace.ID, used[:]); !errors.Is(err, ledger.ErrNoRow) {
		return input.First(err, api.Errorf(api.CodeIDTokenUsed, "this ID token was exchanged before; each is exchanged once"))
	}
	giver, err := giverOf(w, taking)
	if err != nil {
		return err
	}
	t, err := draft(w, acc, giver, claims, p.Scopes)
	if err != nil {
		return err
	}
	if out.Token, out.Secret, err = a.mint.Issue(w, ac, acc.sp, acc.owner, t); err != nil {
		return err
	}
	l, err := token.ParseLocator(out.Token.Locator)
	return input.First(err, w.PutExchange(ledger.Exchange{
		Workspace: acc.sp.Workspace.ID, Used: used[:], Rule: giver.ID, Token: l, At: w.Now, EndsAt: t.ExpiresAt, KeptUntil: later(t.ExpiresAt, claims.Ends()),
	}))
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// stillGiven judges a token that was given before as one that is to be given now.
func stillGiven(w *authority.Work, ch *authority.Change, taking []ledger.TrustRule) error {
	i := slices.IndexFunc(taking, func(t ledger.TrustRule) bool { return t.PublicID == ch.Was.CreatedBy })
	if i < 0 || ch.Was.Kind != token.Ephemeral {
		return Refused()
	}
	switch {
	case !ch.Owner.Active || ch.Space.Facts.Suspended:
		return api.Errorf(api.CodeInactive, "the service account is disabled, or the workspace suspended")
	case ch.Before.Status == api.StatusExpired:
		return api.Errorf(api.CodeIDTokenUsed, "this ID token was exchanged before, and what it was exchanged for has ended")
	}
	_, err := giverOf(w, taking[i:i+1])
	return input.First(err, authority.LifeOf(ch.Was).Within(ch.Space.Policy(), w.Now))
}

// giverOf is the first of some rules that was not made with an API token that has ended:
// one that gives nothing any more does not stand before one that does.
func giverOf(w *authority.Work, taking []ledger.TrustRule) (ledger.TrustRule, error) {
	for _, t := range taking {
		if ended, err := creatorEnded(w.Snapshot, t); err != nil || !ended {
			return t, err
		}
	}
	return ledger.TrustRule{}, api.Errorf(api.CodeInactive, "the API token that made this rule of trust has ended, and the rule with it; save the rule again")
}

// draft is the token that a rule gives for what an ID token says.
func draft(w *authority.Work, acc account, r ledger.TrustRule, claims trust.Claims, scopes []string) (ledger.Token, error) {
	count, err := w.CountExchanges(r.ID, w.Now)
	if err != nil || count >= maxLive {
		return ledger.Token{}, input.First(err, api.Errorf(api.CodeTokenLimitReached, "%d tokens of this rule live now; let them live shorter, or make another rule", maxLive))
	}
	t := ledger.Token{
		Kind: token.Ephemeral, Workspace: acc.sp.Workspace.ID, OwnerServiceAccount: acc.owner.Key.ID, CreatedBy: r.PublicID, CreatedWith: r.CreatedWith,
		CreatedAt: w.Now, Label: r.Label, Description: input.Clip(token.Redact("for "+claims.Text("sub")), input.MaxDescription),
		Grants: r.Grants, AllowedIPs: r.AllowedIPs, RateLimit: r.RateLimit, ExpiresAt: w.Now.Add(r.Lifetime),
	}
	if most := acc.sp.Policy().MaxLifetime.Std(); most > 0 && most < r.Lifetime {
		t.ExpiresAt = w.Now.Add(most)
	}
	if !r.CreatedWith.IsZero() {
		with, err := w.Token(r.CreatedWith)
		if err != nil {
			return t, err
		}
		if !with.ExpiresAt.IsZero() && with.ExpiresAt.Before(t.ExpiresAt) {
			t.ExpiresAt = with.ExpiresAt
		}
	}
	t.Lifetime = t.ExpiresAt.Sub(w.Now)
	if len(scopes) > 0 {
		t.Grants, err = narrowed(acc, t, scopes)
	}
	return t, err
}

// narrowed are statements of the scopes that were asked for, each on what the token would
// have it on.
func narrowed(acc account, t ledger.Token, scopes []string) ([]grant.Statement, error) {
	f := authority.TokenFacts(t, nil)
	have := acc.sp.Effective(&f, acc.owner)
	for _, s := range scopes {
		if !grant.ValidScope(s) || !have.AllowsAny(s) {
			return nil, api.Errorf(api.CodeInvalidScope, "scope: name scopes such as noun:verb that the rule of trust gives, with blanks between")
		}
	}
	out := []grant.Statement{}
	for _, st := range have.View() {
		one := acc.sp.Compile([]grant.Statement{grant.Statement(st)})
		some := slices.DeleteFunc(slices.Clone(scopes), func(s string) bool { return !one.AllowsAny(s) })
		if len(some) > 0 {
			out = append(out, grant.Statement{Scopes: some, Resources: st.Resources})
		}
	}
	return out, nil
}
