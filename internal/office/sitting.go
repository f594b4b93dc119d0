package office

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

// Sit lets f ask several verbs of one snapshot, at one moment: what it hands to f
// answers every question as the others, and asks the store once for what they have in
// common. Ref is the workspace that most of them are about; empty for none in particular. It is for
// reading; f changes and rehearses nothing, waits for nobody, and keeps nothing of it.
func (a *Office) Sit(ctx context.Context, c authority.Caller, ref string, f func(*Office) error) error {
	return a.in.Stored(ctx, func(r *authority.Snapshot) error {
		g := &gathered{r: r.Reader, answers: map[any]any{}}
		if c.Session != "" {
			if err := g.stand(c.Session, ref); err != nil {
				return authority.Public(err)
			}
		}
		return f(over(a.in.Seated(g.reader()), a.turnedAway))
	})
}

// gathered is one snapshot that remembers what it was asked, and reads at once what is asked about each row of a list.
type gathered struct {
	r ledger.Reader
	// answers are by what was asked: a key of a type of its own for each question.
	answers map[any]any
}

// Each of them is a chapter that is asked of what was gathered.
type (
	gatheredHead struct {
		ledger.HeadReader
		g *gathered
	}
	gatheredRemovals struct {
		ledger.RemovalReader
		g *gathered
	}
	gatheredRights struct {
		ledger.RightsReader
		g *gathered
	}
	gatheredSignIn struct {
		ledger.SignInReader
		g *gathered
	}
	gatheredWorkspaces struct {
		ledger.WorkspaceReader
		g *gathered
	}
	gatheredPeople struct {
		ledger.PeopleReader
		g *gathered
	}
	gatheredTokens struct {
		ledger.TokenReader
		g *gathered
	}
	gatheredPages struct {
		ledger.PageReader
		g *gathered
	}
	gatheredFigures struct {
		ledger.FigureReader
		g *gathered
	}
	gatheredNotices struct {
		ledger.NotifyReader
		g *gathered
	}
)

// reader puts the chapters in front.
func (g *gathered) reader() ledger.Reader {
	r := g.r
	r.HeadReader = gatheredHead{r.HeadReader, g}
	r.RemovalReader = gatheredRemovals{r.RemovalReader, g}
	r.RightsReader = gatheredRights{r.RightsReader, g}
	r.SignInReader = gatheredSignIn{r.SignInReader, g}
	r.WorkspaceReader = gatheredWorkspaces{r.WorkspaceReader, g}
	r.PeopleReader = gatheredPeople{r.PeopleReader, g}
	r.TokenReader = gatheredTokens{r.TokenReader, g}
	r.FigureReader = gatheredFigures{r.FigureReader, g}
	r.PageReader = gatheredPages{r.PageReader, g}
	r.NotifyReader = gatheredNotices{r.NotifyReader, g}
	return r
}

// The questions that are not asked twice. What they are asked with is their key.
type (
	askInstance struct{}
	askRemovals struct{}
	askStamp    struct{ ws ledger.ID }
	askSession  struct{ id string }
	askMember   struct {
		ws ledger.ID
		k  ledger.MemberKey
	}
	askAccount struct {
		ws ledger.ID
		k  ledger.ServiceAccountKey
	}
	askSecrets    struct{ t ledger.ID }
	askToken      struct{ l token.Locator }
	askWorkspaces struct{ user ledger.ID }
	askRoles      struct{ ws ledger.ID }
	askScopes     struct{ ws ledger.ID }
)

// reply is what a question was answered; that there is no row is an answer.
type reply[T any] struct {
	v   T
	err error
}

// remembered asks once.
func remembered[T any](g *gathered, key any, ask func() (T, error)) (T, error) {
	if known, ok := g.answers[key].(reply[T]); ok {
		return known.v, known.err
	}
	v, err := ask()
	if err == nil || errors.Is(err, ledger.ErrNoRow) {
		g.answers[key] = reply[T]{v, err}
	}
	return v, err
}

func know[T any](g *gathered, key any, v T) {
	if _, ok := g.answers[key]; !ok {
		g.answers[key] = reply[T]{v: v}
	}
}

// stand reads what every page of a workspace begins with.
func (g *gathered) stand(session, slug string) error {
	st, err := g.r.Standing(session, slug)
	if err != nil { // which of them is missing is told by those who need it
		return authority.IgnoreNoRow(err)
	}
	know(g, askSession{session}, st.Session)
	g.knowUser(st.User)
	g.knowWorkspace(st.Workspace)
	know(g, askInstance{}, st.Instance)
	know(g, askStamp{st.Workspace.ID}, st.Stamp)
	if !st.Removals {
		know(g, askRemovals{}, []ledger.Removal(nil))
	}
	g.answers[askMember{st.Workspace.ID, ledger.MemberKey{User: st.User.ID}}] = reply[ledger.Member]{st.Member, nil}
	if st.Member.ID == 0 {
		g.answers[askMember{st.Workspace.ID, ledger.MemberKey{User: st.User.ID}}] = reply[ledger.Member]{err: ledger.ErrNoRow}
	}
	g.knowMember(st.Member)
	return nil
}

func (g *gathered) knowUser(u ledger.User) {
	know(g, ledger.UserKey{ID: u.ID}, u)
	know(g, ledger.UserKey{PublicID: u.PublicID}, u)
}

func (g *gathered) knowWorkspace(ws ledger.Workspace) {
	know(g, ledger.WorkspaceKey{Slug: ws.Slug}, ws)
	know(g, ledger.WorkspaceKey{ID: ws.ID}, ws)
}

func (g *gathered) knowMember(m ledger.Member) {
	if m.ID != 0 {
		know(g, askMember{0, ledger.MemberKey{ID: m.ID}}, m)
		know(g, askMember{m.Workspace, ledger.MemberKey{ID: m.ID}}, m)
	}
}

func (g *gathered) knowAccount(s ledger.ServiceAccount) {
	know(g, askAccount{0, ledger.ServiceAccountKey{ID: s.ID}}, s)
	know(g, askAccount{s.Workspace, ledger.ServiceAccountKey{ID: s.ID}}, s)
	if s.RemovedAt.IsZero() {
		know(g, askAccount{s.Workspace, ledger.ServiceAccountKey{PublicID: s.PublicID}}, s)
	}
}

func (c gatheredHead) Instance() (ledger.Instance, error) {
	return remembered(c.g, askInstance{}, c.HeadReader.Instance)
}

func (c gatheredRemovals) Removals() ([]ledger.Removal, error) {
	rows, err := remembered(c.g, askRemovals{}, c.RemovalReader.Removals)
	return slices.Clone(rows), err
}

func (c gatheredRights) CatalogueStamp(ws ledger.ID) (string, error) {
	return remembered(c.g, askStamp{ws}, func() (string, error) { return c.RightsReader.CatalogueStamp(ws) })
}

// Roles and Scopes are not shared: names that are gone are taken out of them.
func (c gatheredRights) Roles(ws ledger.ID) ([]ledger.Role, error) {
	rows, err := remembered(c.g, askRoles{ws}, func() ([]ledger.Role, error) { return c.RightsReader.Roles(ws) })
	rows = slices.Clone(rows)
	for i := range rows {
		rows[i].Scopes = slices.Clone(rows[i].Scopes)
	}
	return rows, err
}

func (c gatheredRights) Scopes(ws ledger.ID) ([]ledger.Scope, error) {
	rows, err := remembered(c.g, askScopes{ws}, func() ([]ledger.Scope, error) { return c.RightsReader.Scopes(ws) })
	rows = slices.Clone(rows)
	for i := range rows {
		rows[i].Implies, rows[i].Roles = slices.Clone(rows[i].Implies), slices.Clone(rows[i].Roles)
	}
	return rows, err
}

func (c gatheredSignIn) Session(id string) (ledger.Session, error) {
	return remembered(c.g, askSession{id}, func() (ledger.Session, error) { return c.SignInReader.Session(id) })
}

func (c gatheredWorkspaces) Workspace(k ledger.WorkspaceKey) (ledger.Workspace, error) {
	return remembered(c.g, k, func() (ledger.Workspace, error) { return c.WorkspaceReader.Workspace(k) })
}

func (c gatheredPeople) User(k ledger.UserKey) (ledger.User, error) {
	return remembered(c.g, k, func() (ledger.User, error) { return c.PeopleReader.User(k) })
}

func (c gatheredPeople) Member(ws ledger.ID, k ledger.MemberKey) (ledger.Member, error) {
	return remembered(c.g, askMember{ws, k}, func() (ledger.Member, error) { return c.PeopleReader.Member(ws, k) })
}

func (c gatheredPeople) ServiceAccount(ws ledger.ID, k ledger.ServiceAccountKey) (ledger.ServiceAccount, error) {
	return remembered(c.g, askAccount{ws, k}, func() (ledger.ServiceAccount, error) { return c.PeopleReader.ServiceAccount(ws, k) })
}

func (c gatheredTokens) Secrets(t ledger.ID) ([]ledger.Secret, error) {
	return remembered(c.g, askSecrets{t}, func() ([]ledger.Secret, error) { return c.TokenReader.Secrets(t) })
}

func (c gatheredTokens) Token(l token.Locator) (ledger.Token, error) {
	return remembered(c.g, askToken{l}, func() (ledger.Token, error) { return c.TokenReader.Token(l) })
}

// WorkspacesOf is not shared: who asks narrows what is answered.
func (c gatheredWorkspaces) WorkspacesOf(user ledger.ID) ([]ledger.Workspace, error) {
	rows, err := remembered(c.g, askWorkspaces{user}, func() ([]ledger.Workspace, error) { return c.WorkspaceReader.WorkspacesOf(user) })
	for _, ws := range rows {
		c.g.knowWorkspace(ws)
	}
	return slices.Clone(rows), err
}

// Tokens also reads what each row is shown with: its secrets, its owner, and who
// stopped it.
func (c gatheredTokens) Tokens(ws ledger.ID, q ledger.TokenQuery) ([]ledger.Token, error) {
	rows, err := c.TokenReader.Tokens(ws, q)
	if err != nil {
		return rows, err
	}
	return rows, c.g.gather(rows)
}

// SecretsOf is answered from what was read with the tokens.
func (c gatheredPages) SecretsOf(tokens []ledger.ID) (all []ledger.Secret, err error) {
	for _, t := range tokens {
		known, ok := c.g.answers[askSecrets{t}].(reply[[]ledger.Secret])
		if !ok {
			return c.PageReader.SecretsOf(tokens)
		}
		all = append(all, known.v...)
	}
	return all, nil
}

// FirstToExpire reads what Tokens reads.
func (c gatheredFigures) FirstToExpire(ws, member ledger.ID, now, until time.Time, limit int) ([]ledger.Token, error) {
	rows, err := c.FigureReader.FirstToExpire(ws, member, now, until, limit)
	if err != nil {
		return rows, err
	}
	return rows, c.g.gather(rows)
}

func (g *gathered) gather(rows []ledger.Token) error {
	var of, owners []ledger.ID
	var names []string
	for _, t := range rows {
		know(g, askToken{t.Locator}, t)
		if _, ok := g.answers[askSecrets{t.ID}]; !ok {
			of = append(of, t.ID)
		}
		if k := authority.OwnerKey(t); k.Type != verify.OwnerWorkspace {
			owners = append(owners, k.ID)
		}
		names = append(names, t.DisabledBy, t.HeldBy)
	}
	if err := g.gatherSecrets(of); err != nil {
		return err
	}
	if err := g.gatherOwners(owners); err != nil {
		return err
	}
	return g.gatherNames(names)
}

func (g *gathered) gatherSecrets(tokens []ledger.ID) error {
	rows, err := g.r.SecretsOf(tokens)
	if err != nil {
		return err
	}
	by := make(map[ledger.ID][]ledger.Secret, len(tokens))
	for _, s := range rows {
		by[s.Token] = append(by[s.Token], s)
	}
	for _, t := range tokens {
		know(g, askSecrets{t}, by[t])
	}
	return nil
}

func (g *gathered) gatherOwners(ids []ledger.ID) error {
	slices.Sort(ids)
	ids = slices.DeleteFunc(slices.Compact(ids), func(id ledger.ID) bool {
		_, member := g.answers[askMember{0, ledger.MemberKey{ID: id}}]
		_, account := g.answers[askAccount{0, ledger.ServiceAccountKey{ID: id}}]
		return member || account
	})
	members, accounts, err := g.r.Owners(ids)
	for _, m := range members {
		g.knowMember(m)
	}
	for _, s := range accounts {
		g.knowAccount(s)
	}
	return err
}

// gatherNames reads the people whom rows name as those who stopped them.
func (g *gathered) gatherNames(names []string) error {
	slices.Sort(names)
	names = slices.DeleteFunc(slices.Compact(names), func(id string) bool {
		_, known := g.answers[ledger.UserKey{PublicID: id}]
		return known || !authority.IsUserID(id)
	})
	users, err := g.r.UsersNamed(names)
	for _, u := range users {
		g.knowUser(u)
	}
	return err
}

// Members also reads who stopped each.
func (c gatheredPeople) Members(ws ledger.ID, q ledger.Range) ([]ledger.Member, error) {
	rows, err := c.PeopleReader.Members(ws, q)
	return rows, gatherBy(c.g, rows, err, func(m ledger.Member) string { return m.DeactivatedBy })
}

// ServiceAccounts also reads who stopped each.
func (c gatheredPeople) ServiceAccounts(ws ledger.ID, q ledger.Range) ([]ledger.ServiceAccount, error) {
	rows, err := c.PeopleReader.ServiceAccounts(ws, q)
	return rows, gatherBy(c.g, rows, err, func(s ledger.ServiceAccount) string { return s.DisabledBy })
}

// Webhooks also reads who stopped each.
func (c gatheredNotices) Webhooks(ws, after ledger.ID, limit int) ([]ledger.Webhook, error) {
	rows, err := c.NotifyReader.Webhooks(ws, after, limit)
	return rows, gatherBy(c.g, rows, err, func(h ledger.Webhook) string { return h.DisabledBy })
}

// Workspaces also reads who stopped each.
func (c gatheredWorkspaces) Workspaces(q ledger.Range) ([]ledger.Workspace, error) {
	rows, err := c.WorkspaceReader.Workspaces(q)
	return rows, gatherBy(c.g, rows, err, func(ws ledger.Workspace) string { return ws.SuspendedBy })
}

// Users also reads who stopped each, and where each is a member.
func (c gatheredPeople) Users(q ledger.Range) ([]ledger.User, error) {
	rows, err := c.PeopleReader.Users(q)
	err = gatherBy(c.g, rows, err, func(u ledger.User) string { return u.DeactivatedBy })
	return rows, c.g.gatherWorkspaces(rows, err)
}

// InstanceAdmins also reads where each is a member.
func (c gatheredPeople) InstanceAdmins() ([]ledger.User, error) {
	rows, err := c.PeopleReader.InstanceAdmins()
	return rows, c.g.gatherWorkspaces(rows, err)
}

func (g *gathered) gatherWorkspaces(users []ledger.User, err error) error {
	if err != nil {
		return err
	}
	var ids []ledger.ID
	for _, u := range users {
		g.knowUser(u)
		if _, ok := g.answers[askWorkspaces{u.ID}]; !ok {
			ids = append(ids, u.ID)
		}
	}
	of, err := g.r.WorkspacesOfEach(ids)
	for _, id := range ids {
		if err == nil {
			know(g, askWorkspaces{id}, of[id])
		}
	}
	return err
}

func gatherBy[T any](g *gathered, rows []T, err error, by func(T) string) error {
	if err != nil {
		return err
	}
	names := make([]string, len(rows))
	for i, row := range rows {
		names[i] = by(row)
	}
	return g.gatherNames(names)
}
