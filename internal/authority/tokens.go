package authority

import (
	"cmp"
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

// mayManage is the gate of verbs that change a token without handing over its
// secret: a signed-in person manages their own personal tokens whatever their
// role, all else needs the scope.
func mayManage(ac *actor, t Token, scope string) error {
	if ac.owns(t) && (ac.person() || ac.onBehalf != "") {
		return nil
	}
	return ac.need(scope)
}

// GetToken answers one token. It needs tokens:read, but for a signed-in person's
// own tokens and for the token that asks about itself.
func (a *Authority) GetToken(ctx context.Context, c Caller, ref, id string) (v api.Token, err error) {
	err = a.read(ctx, func(r Reader) error {
		ac, sp, err := a.enter(r, c, ref)
		if err != nil {
			return err
		}
		t, err := a.readable(r, ac, sp, id)
		if err != nil {
			return err
		}
		v, err = a.watching(ctx, r, ac, sp).token(t)
		return err
	})
	return v, err
}

// readable is a token that the caller may read: its own, or with the right to.
func (a *Authority) readable(r Reader, ac *actor, sp *space, id string) (Token, error) {
	t, err := a.token(r, ac, sp, id)
	if err != nil || ac.isSelf(t) {
		return t, err
	}
	return t, mayManage(ac, t, "tokens:read")
}

// ListTokens lists a workspace's tokens, newest first, and where the next page
// begins. It needs tokens:read; a signed-in person without it sees their own.
func (a *Authority) ListTokens(ctx context.Context, c Caller, ref string, f api.TokenFilter, page Page) (out []api.Token, next int64, err error) {
	err = a.read(ctx, func(r Reader) error {
		ac, sp, err := a.enter(r, c, ref)
		if err != nil {
			return err
		}
		lacks := ac.need("tokens:read")
		if lacks != nil && (!ac.person() || ac.member == 0) {
			return lacks // before the filter, which says which owners there are
		}
		if lacks != nil {
			mine, err := a.ownOnly(r, ac, sp, &f)
			if err != nil || !mine {
				out = []api.Token{}
				return err
			}
		}
		q, keep, err := a.filter(r, ac, sp, f)
		if err != nil {
			return err
		}
		from, err := usedFrom(ac, q, f.UsedFrom.Value)
		if err != nil {
			return err
		}
		q.some = a.keepFrom(ctx, from)
		s := a.watching(ctx, r, ac, sp)
		s.brief = !page.Effective && !f.Can.Has() // which is asked of what a token may do
		out, next, err = s.tokens(q, keep, page)
		return err
	})
	return out, next, err
}

// ownOnly narrows a filter to the caller's own tokens; false when it asks for
// somebody else's. Whether there is such an owner makes no difference.
func (a *Authority) ownOnly(r Reader, ac *actor, sp *space, f *api.TokenFilter) (bool, error) {
	if err := checkFilter("", *f); err != nil {
		return false, err
	}
	if f.Owner.Set && kindOfOwner(f.Owner.Value) != token.Personal {
		return false, nil
	}
	if f.Owner.Set {
		m, err := a.member(r, ac, sp, f.Owner.Value)
		if err != nil || m.ID != ac.member {
			return false, ignoreNoRow(err)
		}
	}
	f.Owner = api.Some("me")
	return true, nil
}

// scanLimit bounds how many rows one page of a filtered list looks at.
const scanLimit = 20_000

// query is a TokenQuery and what takes more than one.
type query struct {
	TokenQuery
	// owners are those whose tokens are asked for: everything that one name means
	// or meant. Nil asks for everybody's.
	owners []verify.OwnerKey
	// some keeps some of the rows; what it answers as nil keeps all.
	some func([]Token) (map[token.Locator]bool, error)
}

// rows answers as [Reader.Tokens] does, of all owners together.
func (q *query) rows(r Reader, workspace ID) ([]Token, error) {
	if q.owners == nil {
		return r.Tokens(workspace, q.TokenQuery)
	}
	var all []Token
	for _, o := range q.owners {
		of := q.TokenQuery
		if of.OwnerMember = o.ID; o.Type == verify.OwnerServiceAccount {
			of.OwnerMember, of.OwnerServiceAccount = 0, o.ID
		}
		rows, err := r.Tokens(workspace, of)
		if err != nil {
			return nil, err
		}
		all = append(all, rows...)
	}
	slices.SortFunc(all, func(a, b Token) int { return cmp.Compare(b.ID, a.ID) })
	return all[:min(len(all), q.Limit)], nil
}

// tokens shows a page of the tokens that a query finds, and keep keeps of what is
// shown.
func (s *sight) tokens(q query, keep func(api.Token) bool, page Page) ([]api.Token, int64, error) {
	out := []api.Token{}
	q.Before, q.Limit = page.After, page.size()+1
	for seen := 0; ; seen += q.Limit {
		rows, err := q.rows(s.r, s.sp.ws.ID)
		if err != nil {
			return nil, 0, err
		}
		kept, err := q.some(rows)
		if err := firstError(err, s.know(rows)); err != nil {
			return nil, 0, err
		}
		for _, t := range rows {
			if len(out) == page.size() {
				return out, q.Before, nil
			}
			if kept != nil && !kept[t.Locator] {
				q.Before = t.ID
				continue
			}
			v, err := s.token(t)
			if err != nil {
				return nil, 0, err
			}
			if keep(v) {
				if !page.Effective {
					v.Effective = nil
				}
				out = append(out, v)
			}
			q.Before = t.ID
		}
		if len(rows) < q.Limit {
			return out, 0, nil
		}
		if seen > scanLimit {
			return out, q.Before, nil
		}
	}
}

// filter turns a request's filter into what the store can answer and what is
// asked of each token.
func (a *Authority) filter(r Reader, ac *actor, sp *space, f api.TokenFilter) (q query, keep func(api.Token) bool, err error) {
	q.Text, q.CreatedBy, q.Deleted = f.Query.Value, f.CreatedBy.Value, f.Deleted
	if err := firstError(checkFilter("", f), checkSearch(q.Text)); err != nil {
		return q, nil, err
	}
	if f.Kind.Set {
		k, err := token.ParseKind(f.Kind.Value)
		if err != nil {
			return q, nil, api.FieldError("kind", "must be personal, service or workspace")
		}
		q.Kind = k
	}
	if f.CreatedWith.Set {
		l, err := token.ParseLocator(locatorPart(f.CreatedWith.Value))
		if err != nil {
			return q, nil, api.FieldError("created_with", "must be a token ID or locator")
		}
		q.CreatedWith = l
	}
	if err := oneOf("status", f.Status, api.StatusActive, api.StatusDisabled, api.StatusExpired, api.StatusRevoked); err != nil {
		return q, nil, err
	}
	if f.Can.Set && !grant.ValidScope(f.Can.Value) {
		return q, nil, api.FieldError("can", "must be a scope like tickets:read, and no pattern")
	}
	if f.ExpiringWithin.Set {
		q.ExpiresAfter = a.judged()
		q.ExpiresBefore = q.ExpiresAfter.Add(f.ExpiringWithin.Value.Std())
	}
	if owner := f.Owner.Value; f.Owner.Set && kindOfOwner(owner) == token.Workspace {
		q.Kind = token.Workspace
	} else if f.Owner.Set {
		if q.owners, err = owners(r, ac, sp, owner); err != nil {
			return q, nil, err
		}
	}
	return q, keeper(f, a.judged()), nil
}

// owners are the members or service accounts that a reference names or named:
// tokens of somebody who was removed, or came back as another member, are found
// by what that somebody was called.
func owners(r Reader, ac *actor, sp *space, ref string) (out []verify.OwnerKey, err error) {
	if kindOfOwner(ref) == token.Service {
		rows, err := r.ServiceAccountsEver(sp.ws.ID, serviceAccountKey(ref, sp.ws))
		for _, s := range rows {
			out = append(out, verify.OwnerKey{Type: verify.OwnerServiceAccount, ID: s.ID})
		}
		return out, firstError(err, some(out))
	}
	if ref == "me" {
		m, err := r.Member(sp.ws.ID, MemberKey{ID: ac.member})
		return []verify.OwnerKey{{Type: verify.OwnerMember, ID: m.ID}}, noSuch("owner", err)
	}
	k, err := memberKey(ref)
	if err != nil {
		return nil, err
	}
	rows, err := r.Memberships(sp.ws.ID, k)
	for _, m := range rows {
		out = append(out, verify.OwnerKey{Type: verify.OwnerMember, ID: m.ID})
	}
	return out, firstError(err, some(out))
}

// some refuses an owner that there is and was none of.
func some(owners []verify.OwnerKey) error {
	if len(owners) == 0 {
		return noSuch("owner", ErrNoRow)
	}
	return nil
}

// checkSearch bounds the work of one search.
func checkSearch(text string) error {
	if len(strings.Fields(text)) > maxSearchWords {
		return api.FieldError("q", fmt.Sprintf("must have at most %d words", maxSearchWords))
	}
	return nil
}

const maxSearchWords = 16

// keeper asks of each token what the store was not asked.
func keeper(f api.TokenFilter, now time.Time) func(api.Token) bool {
	return func(t api.Token) bool {
		switch {
		case f.Status.Set && t.Status != f.Status.Value,
			f.OutsidePolicy.Set && t.OutsidePolicy != f.OutsidePolicy.Value,
			f.Role.Set && !slices.ContainsFunc(t.Grants, func(s api.Statement) bool { return s.Role == f.Role.Value }),
			f.Scope.Set && !slices.ContainsFunc(t.Grants, func(s api.Statement) bool { return slices.Contains(s.Scopes, f.Scope.Value) }),
			!f.Can.Set && f.Resource.Set && !slices.ContainsFunc(t.Grants, func(s api.Statement) bool { return slices.Contains(s.Resources, f.Resource.Value) }),
			f.Can.Set && !can(t, f.Can.Value, f.Resource.Value),
			f.UnusedFor.Set && used(t, now.Add(-f.UnusedFor.Value.Std())):
			return false
		}
		return hasMetadata(t, f.Metadata.Value)
	}
}

func hasMetadata(t api.Token, want map[string]string) bool {
	for k, v := range want {
		if have, ok := t.Metadata[k]; !ok || fmt.Sprint(have) != v {
			return false
		}
	}
	return true
}

// used says whether a token was used, or made, since a moment.
func used(t api.Token, since time.Time) bool {
	if t.LastUsedAt != nil {
		return t.LastUsedAt.After(since)
	}
	return t.CreatedAt.After(since)
}

// EditToken merges a patch into a token. It needs tokens:edit, but for a
// signed-in person's own. Widening its rights must stay within the caller's own;
// relabelling and narrowing need not.
func (a *Authority) EditToken(ctx context.Context, c Caller, ref, id string, in api.EditToken) (v api.Token, revision int64, err error) {
	revision, err = a.mutateToken(ctx, gives, c, &v, func(w *work) error {
		ch, err := w.beginToken(ref, id, "tokens:edit")
		if err != nil {
			return err
		}
		if err := ch.live(); err != nil {
			return err
		}
		if err := w.edit(ch, in.TokenFields); err != nil {
			return err
		}
		v, err = w.finishToken(ch, "token.edited")
		return err
	})
	return v, revision, err
}

// change is one token being changed.
type change struct {
	ac     *actor
	sp     *space
	owner  verify.Owner
	before api.Token
	was, t Token
	// decided says that the caller chose what is narrowed; else the policy did.
	decided bool
	// mightier and weaker say whether statements say more, or less, than before.
	mightier, weaker Back
}

// beginToken enters the workspace, finds the token and asks the gate.
func (w *work) beginToken(ref, id, scope string) (*change, error) {
	ac, sp, err := w.a.enter(w, w.caller, ref)
	if err != nil {
		return nil, err
	}
	t, err := w.a.token(w, ac, sp, id)
	if err != nil {
		return nil, err
	}
	if scope != "" {
		if err := mayManage(ac, t, scope); err != nil {
			return nil, err
		}
	}
	return w.changeOf(ac, sp, t)
}

// changeOf begins the change of a token that was found and asked for.
func (w *work) changeOf(ac *actor, sp *space, t Token) (*change, error) {
	o, err := readOwner(w, ownerKey(t))
	if err != nil {
		return nil, err
	}
	before, err := w.brief(ac, sp, t)
	return &change{ac: ac, sp: sp, owner: o, before: before, was: t, t: t}, err
}

// live refuses a change of a revoked token.
func (ch *change) live() error {
	if ch.before.Status == api.StatusRevoked {
		return api.Errorf(api.CodeTokenRevoked, "a revoked token cannot be changed")
	}
	return nil
}

// finishToken writes the token, tells memory and the audit, and shows it.
func (w *work) finishToken(ch *change, action string) (api.Token, error) {
	if err := w.expect(ch.sp.ws, ch.before.ID, ch.was.Revision); err != nil {
		return api.Token{}, err
	}
	if err := ch.bringBack(w.now); err != nil {
		return api.Token{}, err
	}
	ch.t.Revision = w.Revision()
	if err := firstError(w.PutToken(ch.t), w.dropSealed(ch)); err != nil {
		return api.Token{}, err
	}
	w.touchToken(ch.t)
	v, err := w.brief(ch.ac, ch.sp, ch.t)
	if err != nil {
		return v, err
	}
	return v, w.audit(ch.ac, ch.sp.ws, event{action: action, target: v.ID, token: ch.t.Locator, before: ch.before, after: v})
}

// edit applies a patch to the token being changed.
func (w *work) edit(ch *change, in api.TokenFields) error {
	ch.decided = true
	if err := fields(ch.sp, &ch.t, in); err != nil {
		return err
	}
	if ch.t.Kind == token.Workspace && (ch.t.Grants == nil || slices.ContainsFunc(ch.t.Grants, restrictsOnly)) {
		return api.FieldError("role", "a workspace token must name a role or scopes")
	}
	if err := w.editLifetime(ch, in); err != nil {
		return err
	}
	if err := tighter(ch.ac, ch.sp, ch.owner, ch.t, ch.was); err != nil {
		return err
	}
	if in.AllowedIPs.Set && ch.sp.policy().RequireIPAllowList && ch.t.AllowedIPs == nil {
		return outside("allowed_ips", "the policy requires an allow-list of addresses")
	}
	return widened(ch)
}

// editLifetime changes expiry and not_before only when the patch names them.
func (w *work) editLifetime(ch *change, in api.TokenFields) error {
	if in.NotBefore.Set {
		ch.t.NotBefore = in.NotBefore.Value.UTC()
	}
	if in.ExpiresAt.Set || in.ExpiresIn.Set || in.Never.Or(false) {
		if ch.before.Status == api.StatusExpired {
			return api.Conflictf(api.CodeExpired, "the token has expired, and an edit does not bring it back; rotate it with renew, which gives it another secret")
		}
		if err := w.lifetime(ch.ac, ch.sp, &ch.t, in); err != nil {
			return err
		}
		return lifetimeWithin(ch.t, ch.sp.policy(), w.now)
	}
	if in.NotBefore.Set {
		return checkLifetime(Token{NotBefore: ch.t.NotBefore, ExpiresAt: ch.t.ExpiresAt}, time.Time{})
	}
	return nil
}

// widened asks the ceiling when an edit gives the token more than it had, or
// lets its statements say more than they, or its owner's rights, said.
func widened(ch *change) error {
	if reflect.DeepEqual(ch.was.Grants, ch.t.Grants) { // also of scopes that the caller could not list
		return nil
	}
	if err := firstError(checkNames(ch.ac, ch.sp, ch.t.Grants), bounded(ch.sp, ch.was.Grants, ch.t.Grants)); err != nil {
		return err
	}
	old, now := tokenFacts(ch.was, nil), tokenFacts(ch.t, nil)
	had, has := verify.Effective(&old, &ch.owner, &ch.sp.facts), verify.Effective(&now, &ch.owner, &ch.sp.facts)
	if !has.Covers(had) {
		ch.weaker = mightier
	}
	if !had.Covers(has) {
		ch.mightier = mightier
		if err := ch.ac.cover(has); err != nil {
			return err
		}
	}
	if !ch.sp.compile(claims(ch.was.Grants)).Covers(ch.sp.compile(claims(ch.t.Grants))) {
		if err := coverLater(ch.ac, ch.sp, ch.t); err != nil {
			return err
		}
	}
	said := had
	if ch.was.Grants != nil {
		said = ch.sp.compile(ch.was.Grants)
	}
	if said.Covers(ch.sp.compile(stated(ch.t.Grants))) {
		return nil
	}
	ch.mightier = mightier
	return coverStated(ch.ac, ch.sp, ch.t)
}

// DisableToken suspends a token; with revoke_after it is revoked once it was
// disabled for so long. It needs tokens:disable, and with revoke_after
// tokens:delete, but for a person's own.
func (a *Authority) DisableToken(ctx context.Context, c Caller, ref, id string, in api.DisableToken) (v api.Token, revision int64, err error) {
	revision, err = a.mutateToken(ctx, takes, c, &v, func(w *work) error {
		ch, err := w.beginToken(ref, id, "tokens:disable")
		if err != nil {
			return err
		}
		if err := ch.live(); err != nil {
			return err
		}
		ch.disable(w.now)
		if in.RevokeAfter.Has() { // nothing brings it back then
			if err := mayManage(ch.ac, ch.t, "tokens:delete"); err != nil {
				return err
			}
			ch.t.RevokeAt, ch.decided = w.now.Add(in.RevokeAfter.Value.Std()), true
		}
		v, err = w.finishToken(ch, "token.disabled")
		return err
	})
	return v, revision, err
}

// EnableToken brings a disabled token back. It needs tokens:disable, but for a
// person's own that nobody else disabled, and cover of what the token may do. Its
// scheduled end stays unless the caller may end it.
func (a *Authority) EnableToken(ctx context.Context, c Caller, ref, id string) (v api.Token, revision int64, err error) {
	revision, err = a.mutateToken(ctx, gives, c, &v, func(w *work) error {
		ch, err := w.beginToken(ref, id, "tokens:disable")
		if err != nil {
			return err
		}
		if err := ch.live(); err != nil {
			return err
		}
		ch.t.DisabledAt = time.Time{}
		if firstError(mayManage(ch.ac, ch.t, "tokens:delete"), ch.undo(ch.t.Held&unending)) == nil {
			ch.t.RevokeAt = time.Time{}
		}
		v, err = w.finishToken(ch, "token.enabled")
		return err
	})
	return v, revision, err
}

// RevokeToken ends a token for good. It needs tokens:delete, but for a person's
// own and for the token that revokes itself. A revoked one stays as it is.
func (a *Authority) RevokeToken(ctx context.Context, c Caller, ref, id string, in api.RevokeToken) (v api.Token, revision int64, err error) {
	revision, err = a.mutateToken(ctx, takes, c, &v, func(w *work) error {
		if err := checkReason(in); err != nil {
			return err
		}
		ch, err := w.beginEnd(ref, id)
		if err != nil {
			return err
		}
		if ch.before.Status == api.StatusRevoked {
			v = ch.before
			w.touchToken(ch.t) // a commit whose outcome was unknown may have done it
			return errDryRun
		}
		v, err = w.end(ch, in, "token.revoked")
		return err
	})
	return v, revision, err
}

// end revokes a token that may be revoked, and tells of it as it was done.
func (w *work) end(ch *change, in api.RevokeToken, action string) (api.Token, error) {
	leaked := ch.t.RevokedAt.IsZero() && in.Reason == api.ReasonLeaked
	revoke(&ch.t, w.now, in.Reason, token.Redact(in.Comment))
	v, err := w.finishToken(ch, action)
	if err != nil || !leaked {
		return v, err
	}
	return v, w.tellRevokedAsLeaked(ch, v)
}

// beginEnd is beginToken for the verbs that end a token: itself always.
func (w *work) beginEnd(ref, id string) (*change, error) {
	ch, err := w.beginToken(ref, id, "")
	if err != nil || ch.ac.isSelf(ch.t) {
		return ch, err
	}
	return ch, mayManage(ch.ac, ch.t, "tokens:delete")
}

// checkReason bounds why a token is ended. A token string in the comment keeps
// nobody from ending one: whoever reports a leak pastes what was found.
func checkReason(in api.RevokeToken) error {
	return firstError(
		oneOf("reason", api.Opt[string]{Value: in.Reason, Set: in.Reason != ""},
			api.ReasonUnused, api.ReasonSuperseded, api.ReasonLeaked, api.ReasonOwnerLeft, api.ReasonOther),
		checkText("comment", token.Redact(in.Comment), 0, maxDescription),
	)
}

// revoke ends a token; the first reason stands.
func revoke(t *Token, now time.Time, reason, comment string) {
	if !t.RevokedAt.IsZero() {
		return
	}
	if reason == "" {
		reason = api.ReasonOther
	}
	t.RevokedAt, t.RevokeReason, t.RevokeComment = now, reason, comment
}

// DeleteToken revokes a token, for the reason that in gives if it was not revoked
// before, and hides it from default lists: one change. It needs tokens:delete, but
// for a person's own and for the token itself.
func (a *Authority) DeleteToken(ctx context.Context, c Caller, ref, id string, in api.RevokeToken) (v api.Token, revision int64, err error) {
	revision, err = a.mutateToken(ctx, takes, c, &v, func(w *work) error {
		if err := checkReason(in); err != nil {
			return err
		}
		ch, err := w.beginEnd(ref, id)
		if err != nil {
			return err
		}
		if ch.t.DeletedAt.IsZero() {
			ch.t.DeletedAt = w.now
		}
		v, err = w.end(ch, in, "token.deleted")
		return err
	})
	return v, revision, err
}
