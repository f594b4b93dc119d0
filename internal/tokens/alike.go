package tokens

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/verify"
)

// mostAlike is how many members and service accounts a part of a name may mean: the tokens
// of each are looked for by themselves.
const mostAlike = 20

// called is a member or service account by what others call it.
type called struct {
	verify.OwnerKey
	address string
}

// alike are the members and service accounts that their lists find by a text, of those that
// are there: one alone where the text is a whole address. A text that means very many is
// refused, in the field that it stands in.
func alike(r *authority.Snapshot, sp *authority.Space, field, text string) (out []called, err error) {
	if !inAName(text) {
		return nil, nil
	}
	q := ledger.Range{Text: text, Limit: mostAlike + 1}
	members, err := r.Members(sp.Workspace.ID, q)
	if err != nil {
		return nil, err
	}
	accounts, err := r.ServiceAccounts(sp.Workspace.ID, q)
	if err != nil {
		return nil, err
	}
	for _, m := range members {
		out = append(out, called{verify.OwnerKey{Type: verify.OwnerMember, ID: m.ID}, authority.MemberAddress(m)})
	}
	for _, s := range accounts {
		out = append(out, called{verify.OwnerKey{Type: verify.OwnerServiceAccount, ID: s.ID}, s.Name + "@" + sp.Workspace.Slug + ".service"})
	}
	for _, c := range out {
		if strings.EqualFold(c.address, text) {
			return []called{c}, nil
		}
	}
	if len(out) > mostAlike {
		return nil, api.FieldError(field, fmt.Sprintf("more than %d members and service accounts match it; say more of the name or address", mostAlike))
	}
	return out, nil
}

// inAName says that a text may stand in somebody's name: it is neither blank nor longer than
// what is looked for.
func inAName(text string) bool {
	return strings.TrimSpace(text) != "" && authority.CheckSearch(text) == nil
}

// ownersOf are the owners that a reference names or named, or else, with parts, those that it
// is a part of the name or address of.
func ownersOf(r *authority.Snapshot, ac *authority.Actor, sp *authority.Space, ref string, parts bool) ([]verify.OwnerKey, error) {
	out, exact := owners(r, ac, sp, ref)
	if exact == nil || !parts || !errors.Is(exact, api.CodeInvalidField) {
		return out, exact
	}
	found, err := alike(r, sp, "owner", ref)
	if err != nil || len(found) == 0 {
		return nil, input.First(err, exact)
	}
	for _, c := range found {
		out = append(out, c.OwnerKey)
	}
	return out, nil
}

// madeBy asks for what was made by an address, or else by whomever it is a part of the name
// or address of. With owners to look for already, rows are looked at instead.
func (q *query) madeBy(r *authority.Snapshot, sp *authority.Space, address string) error {
	made, err := r.Tokens(sp.Workspace.ID, ledger.TokenQuery{CreatedBy: address, Deleted: true, Limit: 1})
	if err != nil || len(made) > 0 {
		return err
	}
	found, err := alike(r, sp, "created_by", address)
	if err != nil || len(found) == 0 {
		return err
	}
	q.makers = make([]string, len(found))
	for i, c := range found {
		q.makers[i] = c.address
	}
	if q.CreatedBy = ""; q.owners != nil {
		row, makers := q.may, q.makers
		q.may = func(t ledger.Token) bool { return slices.Contains(makers, t.CreatedBy) && row(t) }
		q.makers, q.narrow = nil, true
	}
	return nil
}

// each are the queries that together are this one: one for every owner, or every maker.
func (q *query) each() []ledger.TokenQuery {
	var out []ledger.TokenQuery
	for _, o := range q.owners {
		out = append(out, q.of(o))
	}
	for _, address := range q.makers {
		of := q.TokenQuery
		of.CreatedBy = address
		out = append(out, of)
	}
	if q.owners == nil && q.makers == nil {
		out = append(out, q.TokenQuery)
	}
	return out
}
