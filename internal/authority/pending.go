package authority

import (
	"slices"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// What was removed is gone at once, and the rows that say otherwise are rewritten
// behind ([ledger.Removal]). Until then they are read as they will be, here and nowhere
// else, so that no verb has to know: it sees revoked tokens, and statements without
// the names that are gone, and writes them so.

// pending is what is left of removals on one snapshot.
type pending struct {
	r    ledger.Reader
	read bool
	all  []ledger.Removal
	// own are the names that workspaces have of their own, which removals of the
	// instance's do not concern.
	own map[ledger.ID]ownNames
}

type ownNames struct{ roles, scopes map[string]bool }

// load reads the removals once.
func (p *pending) load() ([]ledger.Removal, error) {
	if p.read {
		return p.all, nil
	}
	var err error
	p.all, err = p.r.Removals()
	p.read, p.own = err == nil, map[ledger.ID]ownNames{}
	return p.all, err
}

func (p *pending) names(ws ledger.ID) (ownNames, error) {
	if own, ok := p.own[ws]; ok {
		return own, nil
	}
	own, err := ownNamesOf(p.r, ws)
	if err == nil {
		p.own[ws] = own
	}
	return own, err
}

func ownNamesOf(r ledger.RightsReader, ws ledger.ID) (own ownNames, err error) {
	roles, err := r.Roles(ws)
	if err != nil {
		return own, err
	}
	scopes, err := r.Scopes(ws)
	return namesIn(roles, scopes), err
}

func namesIn(roles []ledger.Role, scopes []ledger.Scope) ownNames {
	own := ownNames{roles: map[string]bool{}, scopes: map[string]bool{}}
	for _, row := range roles {
		own.roles[row.Name] = true
	}
	for _, row := range scopes {
		own.scopes[row.Name] = true
	}
	return own
}

// concerns says whether a removal of a name takes it from a workspace: its own, or
// the instance's where it has none of its own.
func concerns(x ledger.Removal, ws ledger.ID, own ownNames) bool {
	switch {
	case !x.OfName() || x.Workspace != ws && x.Workspace != 0:
		return false
	case x.Workspace == ws:
		return true
	}
	return !(x.Kind == ledger.RemovedScope && own.scopes[x.Name] || x.Kind == ledger.RemovedRole && own.roles[x.Name])
}

// goneIn collects what is gone in a workspace.
func goneIn(all []ledger.Removal, ws ledger.ID, own ownNames) (g grant.Gone) {
	g = grant.Gone{Scopes: map[string]bool{}, Resources: map[string]bool{}, Roles: map[string]string{}}
	for _, x := range all {
		if x.Undecided || !concerns(x, ws, own) {
			continue
		}
		switch x.Kind {
		case ledger.RemovedScope:
			g.Scopes[x.Name] = true
		case ledger.RemovedResource:
			g.Resources[x.Name] = true
		case ledger.RemovedRole:
			g.Roles[x.Name] = x.Replacement
		case ledger.RemovedMember, ledger.RemovedServiceAccount, ledger.RemovedSealed:
		}
	}
	return g
}

// statements are a row's, as they will be.
func (p *pending) statements(ws ledger.ID, sts []grant.Statement) ([]grant.Statement, error) {
	all, err := p.load()
	if err != nil || len(sts) == 0 || !slices.ContainsFunc(all, ledger.Removal.OfName) {
		return sts, err
	}
	own, err := p.names(ws)
	if err != nil {
		return sts, err
	}
	gone := goneIn(all, ws, own)
	sts, _ = gone.Rewrite(sts)
	return sts, nil
}

// token is a row as it will be: what a removed owner left is revoked since then.
func (p *pending) token(t ledger.Token, err error) (ledger.Token, error) {
	if err != nil {
		return t, err
	}
	if t.Grants, err = p.statements(t.Workspace, t.Grants); err != nil {
		return t, err
	}
	all, err := p.load()
	for _, x := range all {
		if leftBy(x, t) {
			Revoke(&t, x.CreatedAt, api.ReasonOwnerLeft, "")
		}
		if x.Kind == ledger.RemovedSealed && t.Recoverable && err == nil {
			var unsealed bool
			unsealed, err = unseals(x, p.r, t.Workspace)
			t.Recoverable = !unsealed
		}
	}
	return t, err
}

// leftBy says whether a token is what the removed owner left.
func leftBy(x ledger.Removal, t ledger.Token) bool {
	switch x.Kind {
	case ledger.RemovedMember:
		return t.OwnerMember == x.Owner
	case ledger.RemovedServiceAccount:
		return t.OwnerServiceAccount == x.Owner
	case ledger.RemovedScope, ledger.RemovedResource, ledger.RemovedRole, ledger.RemovedSealed:
	}
	return false
}

func (p *pending) member(m ledger.Member, err error) (ledger.Member, error) {
	if err == nil {
		m.Grants, err = p.statements(m.Workspace, m.Grants)
	}
	return m, err
}

func (p *pending) account(s ledger.ServiceAccount, err error) (ledger.ServiceAccount, error) {
	if err == nil {
		s.Grants, err = p.statements(s.Workspace, s.Grants)
	}
	return s, err
}

// eachOf reads every row of a list as it will be.
func eachOf[T any](as func(T, error) (T, error), rows []T, err error) ([]T, error) {
	for i := range rows {
		if err == nil {
			rows[i], err = as(rows[i], nil)
		}
	}
	return rows, err
}

// asTheyWillBe puts chapters in front of those that read what removals concern.
func asTheyWillBe(r ledger.Reader) (ledger.Reader, *pending) {
	p := &pending{r: r}
	r.RemovalReader = pendingRemovals{r.RemovalReader, p}
	r.TokenReader = pendingTokens{r.TokenReader, p}
	r.PeopleReader = pendingPeople{r.PeopleReader, p}
	r.NotifyReader = pendingNotices{r.NotifyReader, p}
	r.RetentionReader = pendingRetention{r.RetentionReader, p}
	r.TrustReader = pendingTrust{r.TrustReader, p}
	r.PageReader = pendingPages{r.PageReader, p}
	return r, p
}

// Each of them is a chapter whose rows are as they will be.
type (
	pendingRemovals struct {
		ledger.RemovalReader
		pending *pending
	}
	pendingTokens struct {
		ledger.TokenReader
		pending *pending
	}
	pendingPeople struct {
		ledger.PeopleReader
		pending *pending
	}
	pendingNotices struct {
		ledger.NotifyReader
		pending *pending
	}
	pendingRetention struct {
		ledger.RetentionReader
		pending *pending
	}
	pendingPages struct {
		ledger.PageReader
		pending *pending
	}
)

// Removals are those of the snapshot.
func (r pendingRemovals) Removals() ([]ledger.Removal, error) { return r.pending.load() }

// Token is as it will be.
func (r pendingTokens) Token(l token.Locator) (ledger.Token, error) {
	return r.pending.token(r.TokenReader.Token(l))
}

// StandingToken is as it will be.
func (r pendingTokens) StandingToken(ws, member ledger.ID) (ledger.Token, error) {
	t, err := r.pending.token(r.TokenReader.StandingToken(ws, member))
	if err == nil && !t.RevokedAt.IsZero() {
		err = ledger.ErrNoRow
	}
	return t, err
}

// Tokens are as they will be; those that are not live by what was removed are left
// out of a list of live ones, which is filled up.
func (r pendingTokens) Tokens(ws ledger.ID, q ledger.TokenQuery) ([]ledger.Token, error) {
	q, err := r.asStored(q)
	if err != nil {
		return nil, err
	}
	var out []ledger.Token
	for {
		rows, err := r.TokenReader.Tokens(ws, q)
		more := q.Limit > 0 && len(rows) == q.Limit
		if more {
			q.Before = rows[len(rows)-1].ID
		}
		if rows, err = eachOf(r.pending.token, rows, err); err != nil || q.Live.IsZero() {
			return rows, err
		}
		out = append(out, slices.DeleteFunc(rows, func(t ledger.Token) bool { return !t.RevokedAt.IsZero() })...)
		if !more {
			return out, nil
		}
		if len(out) >= q.Limit {
			return out[:q.Limit], nil
		}
	}
}

// TokensFrom is of the list that Tokens reads.
func (r pendingTokens) TokensFrom(ws ledger.ID, q ledger.TokenQuery, n int) (ledger.ID, error) {
	q, err := r.asStored(q)
	if err != nil {
		return 0, err
	}
	return r.TokenReader.TokensFrom(ws, q, n)
}

// asStored asks for no state and no name while rows say other than they will: who asks
// looks at each row too.
func (r pendingTokens) asStored(q ledger.TokenQuery) (ledger.TokenQuery, error) {
	all, err := r.pending.load()
	if len(all) > 0 {
		q.State, q.Named = "", ""
	}
	return q, err
}

// Expiring are as they will be.
func (r pendingNotices) Expiring(w ledger.ExpiryWindow) ([]ledger.Token, error) {
	rows, err := r.NotifyReader.Expiring(w)
	return eachOf(r.pending.token, rows, err)
}

// EndedTokens are as they will be.
func (r pendingRetention) EndedTokens(ws ledger.ID, before time.Time, limit int) ([]ledger.Token, error) {
	rows, err := r.RetentionReader.EndedTokens(ws, before, limit)
	return eachOf(r.pending.token, rows, err)
}

// Member is as it will be.
func (r pendingPeople) Member(ws ledger.ID, k ledger.MemberKey) (ledger.Member, error) {
	return r.pending.member(r.PeopleReader.Member(ws, k))
}

// Members are as they will be.
func (r pendingPeople) Members(ws ledger.ID, q ledger.Range) ([]ledger.Member, error) {
	rows, err := r.PeopleReader.Members(ws, q)
	return eachOf(r.pending.member, rows, err)
}

// Owners are as they will be.
func (r pendingPages) Owners(ids []ledger.ID) ([]ledger.Member, []ledger.ServiceAccount, error) {
	members, accounts, err := r.PageReader.Owners(ids)
	if members, err = eachOf(r.pending.member, members, err); err != nil {
		return nil, nil, err
	}
	accounts, err = eachOf(r.pending.account, accounts, nil)
	return members, accounts, err
}

// MembershipsOf are as they will be.
func (r pendingRetention) MembershipsOf(user ledger.ID) ([]ledger.Member, error) {
	rows, err := r.RetentionReader.MembershipsOf(user)
	return eachOf(r.pending.member, rows, err)
}

// ServiceAccount is as it will be.
func (r pendingPeople) ServiceAccount(ws ledger.ID, k ledger.ServiceAccountKey) (ledger.ServiceAccount, error) {
	return r.pending.account(r.PeopleReader.ServiceAccount(ws, k))
}

// ServiceAccounts are as they will be.
func (r pendingPeople) ServiceAccounts(ws ledger.ID, q ledger.Range) ([]ledger.ServiceAccount, error) {
	rows, err := r.PeopleReader.ServiceAccounts(ws, q)
	return eachOf(r.pending.account, rows, err)
}

// changing puts chapters in front of those that change what removals concern.
func changing(w ledger.Writer, p *pending) ledger.Writer {
	w.RemovalWriter = changingRemovals{w.RemovalWriter, p}
	w.TokenWriter = changingTokens{w.TokenWriter, p}
	return w
}

// changingRemovals lets every change of a removal be seen by what is read next.
type changingRemovals struct {
	ledger.RemovalWriter
	pending *pending
}

func (c changingRemovals) PutRemoval(x ledger.Removal) error {
	c.pending.read = false
	return c.RemovalWriter.PutRemoval(x)
}

func (c changingRemovals) DeleteRemoval(id ledger.ID) error {
	c.pending.read = false
	return c.RemovalWriter.DeleteRemoval(id)
}

// changingTokens counts tokens as they will be.
type changingTokens struct {
	ledger.TokenWriter
	pending *pending
}

// CountTokens leaves out what removed owners left.
func (c changingTokens) CountTokens(ws, owner ledger.ID, now time.Time, enough int) (int, error) {
	n, err := c.TokenWriter.CountTokens(ws, owner, now, enough)
	if err != nil || owner != 0 || n < enough {
		return n, err
	}
	all, err := c.pending.load()
	for _, x := range all {
		if err == nil && x.OfOwner() && x.Workspace == ws {
			var left int
			left, err = c.TokenWriter.CountTokens(ws, x.Owner, now, 0)
			n -= left
		}
	}
	return n, err
}
