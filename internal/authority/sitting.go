package authority

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

// Sit lets f ask several verbs of one snapshot, at one moment: what it hands to f
// answers every question as the others, and asks the store once for what they have in
// common. Ref is the workspace that most of them are about, or empty. It is for
// reading; f changes and rehearses nothing, waits for nobody, and keeps nothing of it.
func (a *Authority) Sit(ctx context.Context, c Caller, ref string, f func(*Authority) error) error {
	return a.store.Read(ctx, func(r ledger.Reader) error {
		g := &gathered{Reader: r, answers: map[any]any{}}
		if c.Session != "" && ref != "" {
			if err := g.stand(c.Session, ref); err != nil {
				return public(err)
			}
		}
		return f(a.seated(g))
	})
}

// seated is the authority over one snapshot and at one moment.
func (a *Authority) seated(r ledger.Reader) *Authority {
	now := a.now()
	return &Authority{
		store: snapshot{Store: a.store, r: r}, now: func() time.Time { return now },
		keys: a.keys, clock: a.clock, rand: a.rand, hash: a.hash, commit: a.commit, usage: a.usage, decisions: a.decisions, forget: a.forget,
		mail: a.mail, checkURL: a.checkURL, refusals: a.refusals, reckon: a.reckon, preparing: a.preparing, glancing: a.glancing, turnedAway: a.turnedAway,
	}
}

// snapshot is a store that reads one.
type snapshot struct {
	ledger.Store
	r ledger.Reader
}

// Read runs f on that snapshot.
func (s snapshot) Read(ctx context.Context, f func(ledger.Reader) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return f(s.r)
}

// gathered is a Reader of one snapshot that remembers what it was asked, and reads at
// once what is asked about each row of a list.
type gathered struct {
	ledger.Reader
	// answers are by what was asked: a key of a type of its own for each question.
	answers map[any]any
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
	st, err := g.Standing(session, slug)
	if err != nil { // which of them is missing is told by those who need it
		return ignoreNoRow(err)
	}
	know(g, askSession{session}, st.Session)
	g.knowUser(st.User)
	know(g, ledger.WorkspaceKey{Slug: slug}, st.Workspace)
	know(g, ledger.WorkspaceKey{ID: st.Workspace.ID}, st.Workspace)
	know(g, askInstance{}, st.Instance)
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

func (g *gathered) Instance() (ledger.Instance, error) {
	return remembered(g, askInstance{}, g.Reader.Instance)
}

func (g *gathered) Removals() ([]ledger.Removal, error) {
	rows, err := remembered(g, askRemovals{}, g.Reader.Removals)
	return slices.Clone(rows), err
}

func (g *gathered) CatalogueStamp(ws ledger.ID) (string, error) {
	return remembered(g, askStamp{ws}, func() (string, error) { return g.Reader.CatalogueStamp(ws) })
}

func (g *gathered) Session(id string) (ledger.Session, error) {
	return remembered(g, askSession{id}, func() (ledger.Session, error) { return g.Reader.Session(id) })
}

func (g *gathered) Workspace(k ledger.WorkspaceKey) (ledger.Workspace, error) {
	return remembered(g, k, func() (ledger.Workspace, error) { return g.Reader.Workspace(k) })
}

func (g *gathered) User(k ledger.UserKey) (ledger.User, error) {
	return remembered(g, k, func() (ledger.User, error) { return g.Reader.User(k) })
}

func (g *gathered) Member(ws ledger.ID, k ledger.MemberKey) (ledger.Member, error) {
	return remembered(g, askMember{ws, k}, func() (ledger.Member, error) { return g.Reader.Member(ws, k) })
}

func (g *gathered) ServiceAccount(ws ledger.ID, k ledger.ServiceAccountKey) (ledger.ServiceAccount, error) {
	return remembered(g, askAccount{ws, k}, func() (ledger.ServiceAccount, error) { return g.Reader.ServiceAccount(ws, k) })
}

func (g *gathered) Secrets(t ledger.ID) ([]ledger.Secret, error) {
	return remembered(g, askSecrets{t}, func() ([]ledger.Secret, error) { return g.Reader.Secrets(t) })
}

func (g *gathered) Token(l token.Locator) (ledger.Token, error) {
	return remembered(g, askToken{l}, func() (ledger.Token, error) { return g.Reader.Token(l) })
}

// WorkspacesOf is not shared: who asks narrows what is answered.
func (g *gathered) WorkspacesOf(user ledger.ID) ([]ledger.Workspace, error) {
	rows, err := remembered(g, askWorkspaces{user}, func() ([]ledger.Workspace, error) { return g.Reader.WorkspacesOf(user) })
	return slices.Clone(rows), err
}

// Tokens also reads what each row is shown with: its secrets, its owner, and who
// stopped it.
func (g *gathered) Tokens(ws ledger.ID, q ledger.TokenQuery) ([]ledger.Token, error) {
	rows, err := g.Reader.Tokens(ws, q)
	if err != nil {
		return rows, err
	}
	return rows, g.gather(rows)
}

// FirstToExpire reads what Tokens reads.
func (g *gathered) FirstToExpire(ws, member ledger.ID, now, until time.Time, limit int) ([]ledger.Token, error) {
	rows, err := g.Reader.FirstToExpire(ws, member, now, until, limit)
	if err != nil {
		return rows, err
	}
	return rows, g.gather(rows)
}

func (g *gathered) gather(rows []ledger.Token) error {
	var of, owners []ledger.ID
	var names []string
	for _, t := range rows {
		know(g, askToken{t.Locator}, t)
		if _, ok := g.answers[askSecrets{t.ID}]; !ok {
			of = append(of, t.ID)
		}
		if k := ownerKey(t); k.Type != verify.OwnerWorkspace {
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
	rows, err := g.SecretsOf(tokens)
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
	members, accounts, err := g.Owners(ids)
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
		return known || !isUserID(id)
	})
	users, err := g.UsersNamed(names)
	for _, u := range users {
		g.knowUser(u)
	}
	return err
}

// Members also reads who stopped each.
func (g *gathered) Members(ws ledger.ID, q ledger.Range) ([]ledger.Member, error) {
	rows, err := g.Reader.Members(ws, q)
	return rows, gatherBy(g, rows, err, func(m ledger.Member) string { return m.DeactivatedBy })
}

// ServiceAccounts also reads who stopped each.
func (g *gathered) ServiceAccounts(ws ledger.ID, q ledger.Range) ([]ledger.ServiceAccount, error) {
	rows, err := g.Reader.ServiceAccounts(ws, q)
	return rows, gatherBy(g, rows, err, func(s ledger.ServiceAccount) string { return s.DisabledBy })
}

// Webhooks also reads who stopped each.
func (g *gathered) Webhooks(ws, after ledger.ID, limit int) ([]ledger.Webhook, error) {
	rows, err := g.Reader.Webhooks(ws, after, limit)
	return rows, gatherBy(g, rows, err, func(h ledger.Webhook) string { return h.DisabledBy })
}

// Workspaces also reads who stopped each.
func (g *gathered) Workspaces(q ledger.Range) ([]ledger.Workspace, error) {
	rows, err := g.Reader.Workspaces(q)
	return rows, gatherBy(g, rows, err, func(ws ledger.Workspace) string { return ws.SuspendedBy })
}

// Users also reads who stopped each, and where each is a member.
func (g *gathered) Users(q ledger.Range) ([]ledger.User, error) {
	rows, err := g.Reader.Users(q)
	err = gatherBy(g, rows, err, func(u ledger.User) string { return u.DeactivatedBy })
	return rows, g.gatherWorkspaces(rows, err)
}

// InstanceAdmins also reads where each is a member.
func (g *gathered) InstanceAdmins() ([]ledger.User, error) {
	rows, err := g.Reader.InstanceAdmins()
	return rows, g.gatherWorkspaces(rows, err)
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
	of, err := g.WorkspacesOfEach(ids)
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
