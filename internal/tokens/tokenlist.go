package tokens

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

// ListTokens lists a workspace's tokens, newest first, and where the next page
// begins. It needs tokens:read; a signed-in person without it sees their own. Who lists may
// know a part of a name only: an owner or a maker whom nobody is called exactly is looked for.
func (a *Tokens) ListTokens(ctx context.Context, c authority.Caller, ref string, f api.TokenFilter, page authority.Page) ([]api.Token, int64, error) {
	return a.list(ctx, c, ref, f, page, true)
}

// list is ListTokens; parts says that a part of a name stands for all that it means.
func (a *Tokens) list(ctx context.Context, c authority.Caller, ref string, f api.TokenFilter, page authority.Page, parts bool) (out []api.Token, next int64, err error) {
	err = a.in.Read(ctx, func(r *authority.Snapshot) error {
		ac, sp, err := a.in.Enter(r, c, ref)
		if err != nil {
			return err
		}
		lacks := ac.Need("tokens:read")
		if lacks != nil && (!ac.Person() || ac.Member == 0) {
			return lacks // before the filter, which says which owners there are
		}
		if lacks != nil {
			mine, err := ownOnly(a.in, r, ac, sp, &f)
			if err != nil || !mine {
				out = []api.Token{}
				return err
			}
		}
		q, keep, err := filter(a.in, r, ac, sp, f, parts)
		if err != nil {
			return err
		}
		if parts && f.CreatedBy.Set && lacks == nil {
			err = q.madeBy(r, sp, f.CreatedBy.Value)
		}
		if err != nil {
			return err
		}
		from, err := usedFrom(ac, q, f.UsedFrom.Value)
		if err != nil {
			return err
		}
		q.some = a.in.KeepFrom(ctx, from)
		s := a.in.Watching(ctx, r, ac, sp)
		s.Brief = !page.Effective && !f.Can.Has() // which is asked of what a token may do
		out, next, err = tokens(s, q, keep, page)
		return err
	})
	return out, next, err
}

// ownOnly narrows a filter to the caller's own tokens; false when it asks for
// somebody else's. Whether there is such an owner makes no difference.
func ownOnly(a *authority.Authority, r *authority.Snapshot, ac *authority.Actor, sp *authority.Space, f *api.TokenFilter) (bool, error) {
	if err := input.CheckFilter("", *f); err != nil {
		return false, err
	}
	if f.Owner.Set && kindOfOwner(f.Owner.Value) != token.Personal {
		return false, nil
	}
	if f.Owner.Set {
		m, err := a.Member(r, ac, sp, f.Owner.Value)
		if err != nil || m.ID != ac.Member {
			return false, authority.IgnoreNoRow(err)
		}
	}
	f.Owner = api.Some("me")
	return true, nil
}

const (
	// lookAtOnce is how many rows the store looks at for one part of a filtered list,
	// readAtOnce how many it hands over, and mostLooked how many one page looks at: a
	// page that finds little is answered all the same, and says where to go on.
	lookAtOnce = 10_000
	readAtOnce = 200
	mostLooked = 3 * lookAtOnce
)

// query is a TokenQuery and what takes more than one.
type query struct {
	ledger.TokenQuery
	// owners are those whose tokens are asked for: everything that one name means
	// or meant. Nil asks for everybody's.
	owners []verify.OwnerKey
	// makers are the addresses that one part of a name means; nil where no more than
	// CreatedBy is asked for.
	makers []string
	// some keeps some of the rows; what it answers as nil keeps all.
	some func([]ledger.Token) (map[token.Locator]bool, error)
	// may says what the row alone says against a token.
	may func(ledger.Token) bool
	// narrow says that rows are left out that the store reads.
	narrow bool
}

// rows answers as [ledger.TokenReader.Tokens] does, of all owners or makers together.
func (q *query) rows(r *authority.Snapshot, workspace ledger.ID) ([]ledger.Token, error) {
	each := q.each()
	if len(each) == 1 {
		return r.Tokens(workspace, each[0])
	}
	var all []ledger.Token
	for _, of := range each {
		rows, err := r.Tokens(workspace, of)
		if err != nil {
			return nil, err
		}
		all = append(all, rows...)
	}
	slices.SortFunc(all, func(a, b ledger.Token) int { return cmp.Compare(b.ID, a.ID) })
	return all[:min(len(all), q.Limit)], nil
}

// of is the query for one owner's.
func (q *query) of(o verify.OwnerKey) ledger.TokenQuery {
	of := q.TokenQuery
	if of.OwnerMember = o.ID; o.Type == verify.OwnerServiceAccount {
		of.OwnerMember, of.OwnerServiceAccount = 0, o.ID
	}
	return of
}

// tokens shows a page of the tokens that a query finds, and keep keeps of what is
// shown. A page may be short, or empty, and say where the next one begins.
func tokens(s *authority.Sight, q query, keep func(api.Token) bool, page authority.Page) ([]api.Token, int64, error) {
	out := []api.Token{}
	q.Before, q.Limit = page.After, page.Size()+1
	if q.narrow {
		q.Limit = max(q.Limit, readAtOnce)
	}
	for looked, fresh := 0, true; looked < mostLooked; {
		if fresh {
			if err := q.bound(s.Snapshot, s.Space.Workspace.ID); err != nil {
				return nil, 0, err
			}
		}
		rows, err := q.rows(s.Snapshot, s.Space.Workspace.ID)
		if err != nil {
			return nil, 0, err
		}
		full, err := q.show(s, rows, keep, page, &out)
		switch fresh = len(rows) < q.Limit; {
		case err != nil:
			return nil, 0, err
		case full:
			return out, q.Before, nil
		case fresh && q.From == 0:
			return out, 0, nil
		case fresh:
			q.Before, looked = q.From, looked+lookAtOnce
		default:
			looked += len(rows)
		}
	}
	return out, q.Before, nil
}

// bound lets the next read look at so many rows and no more, of all owners or makers together.
func (q *query) bound(r *authority.Snapshot, workspace ledger.ID) error {
	if q.From = 0; !q.narrow {
		return nil
	}
	each := q.each()
	for _, of := range each {
		from, err := r.TokensFrom(workspace, of, lookAtOnce/len(each))
		if err != nil {
			return err
		}
		q.From = max(q.From, from)
	}
	return nil
}

// show adds rows to a page until it is full, and moves on to where it came.
func (q *query) show(s *authority.Sight, rows []ledger.Token, keep func(api.Token) bool, page authority.Page, out *[]api.Token) (full bool, err error) {
	kept, err := q.some(rows)
	if err != nil {
		return false, err
	}
	shown := slices.DeleteFunc(slices.Clone(rows), func(t ledger.Token) bool { return kept != nil && !kept[t.Locator] || !q.may(t) })
	if err := input.First(s.Know(shown), s.Gather(shown)); err != nil {
		return false, err
	}
	for _, t := range shown {
		if len(*out) == page.Size() {
			return true, nil
		}
		v, err := s.Token(t)
		if err != nil {
			return false, err
		}
		if q.Before = t.ID; keep(v) {
			if !page.Effective {
				v.Effective = nil
			}
			*out = append(*out, v)
		}
	}
	if len(rows) > 0 {
		q.Before = rows[len(rows)-1].ID
	}
	return false, nil
}

// filter turns a request's filter into what the store can answer and what is
// asked of each token.
func filter(a *authority.Authority, r *authority.Snapshot, ac *authority.Actor, sp *authority.Space, f api.TokenFilter, parts bool) (q query, keep func(api.Token) bool, err error) {
	q.Text, q.CreatedBy, q.Deleted = f.Query.Value, f.CreatedBy.Value, f.Deleted
	if err := input.First(input.CheckFilter("", f), authority.CheckSearch(q.Text)); err != nil {
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
		l, err := token.ParseLocator(authority.LocatorPart(f.CreatedWith.Value))
		if err != nil {
			return q, nil, api.FieldError("created_with", "must be a token ID or locator")
		}
		q.CreatedWith = l
	}
	if err := input.OneOf("status", f.Status, api.StatusActive, api.StatusPending, api.StatusDisabled, api.StatusExpired, api.StatusRevoked); err != nil {
		return q, nil, err
	}
	if f.Can.Set && !grant.ValidScope(f.Can.Value) {
		return q, nil, api.FieldError("can", "must be a scope like tickets:read, and no pattern")
	}
	if f.ExpiringWithin.Set {
		q.ExpiresAfter = a.Judged()
		q.ExpiresBefore = q.ExpiresAfter.Add(f.ExpiringWithin.Value.Std())
	}
	if owner := f.Owner.Value; f.Owner.Set && kindOfOwner(owner) == token.Workspace {
		q.Kind = token.Workspace
	} else if f.Owner.Set {
		if q.owners, err = ownersOf(r, ac, sp, owner, parts); err != nil {
			return q, nil, err
		}
	}
	q.State, q.StateAt = ledger.TokenStatus(f.Status.Value), r.Now
	q.Named = cmp.Or(f.Role.Value, f.Scope.Value)
	if !f.Can.Set {
		q.Named = cmp.Or(q.Named, f.Resource.Value)
	}
	q.Noted = noted(f.Metadata.Value)
	q.may = rowKeeper(f, q.StateAt)
	q.narrow = narrows(f)
	return q, keeper(f, a.Judged()), nil
}

// noted is a text that stands in the metadata of every token which has these values:
// what may be a number is looked for by its key alone, since it can be written in
// several ways.
func noted(want map[string]string) string {
	for _, k := range slices.Sorted(maps.Keys(want)) {
		v := want[k]
		_, notNumber := strconv.ParseFloat(v, 64)
		_, notBool := strconv.ParseBool(v)
		if notNumber != nil && notBool != nil && v != "" && v != "<nil>" {
			return v
		}
	}
	for k := range want {
		return k
	}
	return ""
}

// narrows says whether a filter leaves out rows that the store reads to find others: more
// than an owner has, or by what is dear to look at.
func narrows(f api.TokenFilter) bool {
	indexed := 0
	for _, set := range []bool{f.Kind.Set, f.CreatedBy.Set, f.CreatedWith.Set, f.ExpiringWithin.Set, f.Status.Set} {
		if set {
			indexed++
		}
	}
	byTime := f.Status.Value == api.StatusExpired || f.ExpiringWithin.Set
	return !f.Owner.Set && (indexed > 1 || byTime) || f.Query.Set || f.Role.Set || f.Scope.Set || f.Resource.Set || f.UnusedFor.Set || f.UsedFrom.Set ||
		f.OutsidePolicy.Set || f.Can.Set || f.Metadata.Set
}

// rowKeeper asks what a token's row answers alone, before anything else is read of it.
func rowKeeper(f api.TokenFilter, now time.Time) func(ledger.Token) bool {
	return func(t ledger.Token) bool {
		facts := authority.TokenFacts(t, nil)
		return !(f.Status.Set && authority.Status(&facts, now) != f.Status.Value ||
			f.Role.Set && !slices.ContainsFunc(t.Grants, func(s grant.Statement) bool { return s.Role == f.Role.Value }) ||
			f.Scope.Set && !slices.ContainsFunc(t.Grants, func(s grant.Statement) bool { return slices.Contains(s.Scopes, f.Scope.Value) }) ||
			!f.Can.Set && f.Resource.Set && !slices.ContainsFunc(t.Grants, func(s grant.Statement) bool { return slices.Contains(s.Resources, f.Resource.Value) }) ||
			!hasMetadata(t.Metadata, f.Metadata.Value))
	}
}

// owners are the members or service accounts that a reference names or named:
// tokens of somebody who was removed, or came back as another member, are found
// by what that somebody was called.
func owners(r *authority.Snapshot, ac *authority.Actor, sp *authority.Space, ref string) (out []verify.OwnerKey, err error) {
	if kindOfOwner(ref) == token.Service {
		rows, err := r.ServiceAccountsEver(sp.Workspace.ID, authority.ServiceAccountKey(ref, sp.Workspace))
		for _, s := range rows {
			out = append(out, verify.OwnerKey{Type: verify.OwnerServiceAccount, ID: s.ID})
		}
		return out, input.First(err, some(out))
	}
	if ref == "me" {
		m, err := r.Member(sp.Workspace.ID, ledger.MemberKey{ID: ac.Member})
		return []verify.OwnerKey{{Type: verify.OwnerMember, ID: m.ID}}, authority.NoSuch("owner", err)
	}
	k, err := authority.MemberKey(ref)
	if err != nil {
		return nil, err
	}
	rows, err := r.Memberships(sp.Workspace.ID, k)
	for _, m := range rows {
		out = append(out, verify.OwnerKey{Type: verify.OwnerMember, ID: m.ID})
	}
	return out, input.First(err, some(out))
}

// some refuses an owner that there is and was none of.
func some(owners []verify.OwnerKey) error {
	if len(owners) == 0 {
		return authority.NoSuch("owner", ledger.ErrNoRow)
	}
	return nil
}

// keeper asks of each token what the store was not asked.
func keeper(f api.TokenFilter, now time.Time) func(api.Token) bool {
	return func(t api.Token) bool {
		switch {
		case f.Status.Set && t.Status != f.Status.Value,
			f.OutsidePolicy.Set && t.OutsidePolicy != f.OutsidePolicy.Value,
			f.Role.Set && !slices.ContainsFunc(t.Grants, func(s api.Statement) bool { return s.Role == f.Role.Value }),
			f.Scope.Set && !slices.ContainsFunc(t.Grants, func(s api.Statement) bool { return slices.Contains(s.Scopes, f.Scope.Value) }),
			!f.Can.Set && f.Resource.Set && !slices.ContainsFunc(t.Grants, func(s api.Statement) bool { return slices.Contains(s.Resources, f.Resource.Value) }),
			f.Can.Set && !authority.Can(t, f.Can.Value, f.Resource.Value),
			f.UnusedFor.Set && used(t, now.Add(-f.UnusedFor.Value.Std())):
			return false
		}
		return hasMetadata(t.Metadata, f.Metadata.Value)
	}
}

func hasMetadata[M ~map[string]any](has M, want map[string]string) bool {
	for k, v := range want {
		if have, ok := has[k]; !ok || fmt.Sprint(have) != v {
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

// usedFrom reads the address or network of a filter. Who asks learns where
// tokens were used, so it needs usage:read, but for one's own tokens.
func usedFrom(ac *authority.Actor, q query, text string) (netip.Prefix, error) {
	if text == "" {
		return netip.Prefix{}, nil
	}
	if own := ac.Member != 0 && len(q.owners) == 1 && q.owners[0] == (verify.OwnerKey{Type: verify.OwnerMember, ID: ac.Member}) && ac.Person(); !own {
		if err := ac.Need("usage:read"); err != nil {
			return netip.Prefix{}, err
		}
	}
	if !strings.Contains(text, "/") {
		addr, err := netip.ParseAddr(text)
		if err != nil || addr.Zone() != "" {
			return netip.Prefix{}, api.FieldError("used_from", "must be an IP address or a network")
		}
		addr = addr.Unmap()
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return p, api.FieldError("used_from", "must be an IP address or a network")
	}
	return p.Masked(), nil
}
