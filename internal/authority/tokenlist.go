package authority

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

// ListTokens lists a workspace's tokens, newest first, and where the next page
// begins. It needs tokens:read; a signed-in person without it sees their own.
func (a *Authority) ListTokens(ctx context.Context, c Caller, ref string, f api.TokenFilter, page Page) (out []api.Token, next int64, err error) {
	err = a.read(ctx, func(r *Snapshot) error {
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
func (a *Authority) ownOnly(r *Snapshot, ac *actor, sp *space, f *api.TokenFilter) (bool, error) {
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
	ledger.TokenQuery
	// owners are those whose tokens are asked for: everything that one name means
	// or meant. Nil asks for everybody's.
	owners []verify.OwnerKey
	// some keeps some of the rows; what it answers as nil keeps all.
	some func([]ledger.Token) (map[token.Locator]bool, error)
}

// rows answers as [ledger.TokenReader.Tokens] does, of all owners together.
func (q *query) rows(r *Snapshot, workspace ledger.ID) ([]ledger.Token, error) {
	if q.owners == nil {
		return r.Tokens(workspace, q.TokenQuery)
	}
	var all []ledger.Token
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
	slices.SortFunc(all, func(a, b ledger.Token) int { return cmp.Compare(b.ID, a.ID) })
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
		if err := input.First(err, s.know(rows)); err != nil {
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
func (a *Authority) filter(r *Snapshot, ac *actor, sp *space, f api.TokenFilter) (q query, keep func(api.Token) bool, err error) {
	q.Text, q.CreatedBy, q.Deleted = f.Query.Value, f.CreatedBy.Value, f.Deleted
	if err := input.First(checkFilter("", f), checkSearch(q.Text)); err != nil {
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
	if err := input.OneOf("status", f.Status, api.StatusActive, api.StatusDisabled, api.StatusExpired, api.StatusRevoked); err != nil {
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
func owners(r *Snapshot, ac *actor, sp *space, ref string) (out []verify.OwnerKey, err error) {
	if kindOfOwner(ref) == token.Service {
		rows, err := r.ServiceAccountsEver(sp.ws.ID, serviceAccountKey(ref, sp.ws))
		for _, s := range rows {
			out = append(out, verify.OwnerKey{Type: verify.OwnerServiceAccount, ID: s.ID})
		}
		return out, input.First(err, some(out))
	}
	if ref == "me" {
		m, err := r.Member(sp.ws.ID, ledger.MemberKey{ID: ac.member})
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
	return out, input.First(err, some(out))
}

// some refuses an owner that there is and was none of.
func some(owners []verify.OwnerKey) error {
	if len(owners) == 0 {
		return noSuch("owner", ledger.ErrNoRow)
	}
	return nil
}

// checkSearch bounds the work of one search.
func checkSearch(text string) error {
	if len(strings.Fields(text)) > maxSearchWords {
		return api.FieldError("q", fmt.Sprintf("must have at most %d words", maxSearchWords))
	}
	if utf8.RuneCountInString(text) > maxSearch { // more is cut by the store, and would find what was not meant
		return api.FieldError("q", fmt.Sprintf("must have at most %d characters", maxSearch))
	}
	return nil
}

const maxSearchWords, maxSearch = 16, 300

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
