package storetest

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// The model is the contract once more, as loops over slices. What a store
// answers after random changes must be what the model answers. Each round has
// workspaces of its own in one store, so that it need not open a new one.

func modelCases() map[string]func(w *world) {
	return map[string]func(w *world){
		"tokens are what the model says": func(w *world) {
			rapid.Check(w.T, func(rt *rapid.T) { tokensAgainstModel(w, rt) })
		},
		"tokens are as many as the model says": func(w *world) {
			rapid.Check(w.T, func(rt *rapid.T) { countsAgainstModel(w, rt) })
		},
		"members are what the model says": func(w *world) {
			rapid.Check(w.T, func(rt *rapid.T) { membersAgainstModel(w, rt) })
		},
	}
}

// round commits mutations in batches of random sizes. A mutation tells its
// verdict, and changes the model as soon as that is certain.
func round(w *world, rt *rapid.T, mutations []func(tx ledger.Tx) error) {
	for len(mutations) > 0 {
		n := rapid.IntRange(1, len(mutations)).Draw(rt, "batch size")
		_, err := w.Batch(w.Context(), mutations[:n])
		if errors.Is(err, ledger.ErrStoreUnavailable) { // this process stood still in it for a second, on a machine with more to do
			rt.Skipf("the database gave this batch up, so the model cannot be asked: %v", err)
		}
		if err != nil {
			rt.Fatalf("the batch failed: %v", err)
		}
		mutations = mutations[n:]
	}
}

// oneOf draws from a few values, so that rows meet.
func oneOf[T any](rt *rapid.T, name string, values ...T) T {
	return values[rapid.IntRange(0, len(values)-1).Draw(rt, name)]
}

// maybe is a coin.
func maybe(rt *rapid.T, name string) bool { return rapid.Bool().Draw(rt, name) }

// when is a time or none.
func when(rt *rapid.T, name string) time.Time {
	return oneOf(rt, name, time.Time{}, time.Time{}, at(1), at(2), at(3))
}

// grants are none, empty or one.
func grants(rt *rapid.T) []grant.Statement {
	return oneOf(rt, "grants", nil, []grant.Statement{}, []grant.Statement{{Role: "Viewer", Resources: []string{"*"}}})
}

// agree compares what the store and the model answer.
func agree(rt *rapid.T, question string, want, got any, err error) {
	if err != nil {
		rt.Fatalf("%s: %v", question, err)
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		rt.Fatalf("%s: model - store +:\n%s", question, diff)
	}
}

// tokenModel is a workspace with one member and one service account.
type tokenModel struct {
	workspace, member, account ledger.ID
	// owners are what is shown of them, in lines: the member's, the account's, and
	// the workspace's own under its ID.
	owners map[ledger.ID]string
	rows   []ledger.Token // by ID
}

// newTokenModel is one without tokens.
func newTokenModel(w *world) *tokenModel {
	ws := w.putWorkspace(nil)
	member, account := w.putMember(ws.ID, w.putUser(nil), nil), w.putAccount(ws.ID, nil)
	return &tokenModel{workspace: ws.ID, member: member.ID, account: account.ID, owners: map[ledger.ID]string{
		ws.ID:      ws.Slug + "@workspace",
		member.ID:  strings.Join([]string{member.Name, member.ExternalID, member.UserName, member.UserEmail, member.UserPublicID}, "\n"),
		account.ID: account.Name + "@" + ws.Slug + ".service\n" + account.PublicID,
	}}
}

// tokensAgainstModel changes tokens and then asks for lists of them.
func tokensAgainstModel(w *world, rt *rapid.T) {
	m := newTokenModel(w)
	var mutations []func(tx ledger.Tx) error
	for range rapid.IntRange(1, 12).Draw(rt, "changes") {
		mutations = append(mutations, m.change(rt))
	}
	round(w, rt, mutations)
	for range 6 {
		m.ask(w, rt, m.query(rt))
	}
}

// countsAgainstModel makes, changes and purges tokens while time goes on, and asks
// now and then how many live ones there are.
func countsAgainstModel(w *world, rt *rapid.T) {
	m := newTokenModel(w)
	for now := range 5 {
		var mutations []func(tx ledger.Tx) error
		for range rapid.IntRange(1, 8).Draw(rt, "changes") {
			mutations = append(mutations, m.change(rt))
			if rapid.IntRange(0, 3).Draw(rt, "purge") == 0 {
				mutations = append(mutations, m.purge(rt))
			}
		}
		round(w, rt, mutations)
		for _, owner := range []ledger.ID{0, m.member, m.account} {
			m.askCount(w, rt, owner, at(now), rapid.IntRange(0, 6).Draw(rt, "enough"))
		}
	}
}

// purge draws a mutation that deletes a row.
func (m *tokenModel) purge(rt *rapid.T) func(tx ledger.Tx) error {
	i := rapid.IntRange(0, 5).Draw(rt, "row")
	return func(tx ledger.Tx) error {
		if i >= len(m.rows) {
			return nil
		}
		id := m.rows[i].ID
		m.rows = slices.Delete(slices.Clone(m.rows), i, i+1)
		return tx.DeleteToken(id)
	}
}

// askCount compares a count: exact where it is enough, else at least no lower.
func (m *tokenModel) askCount(w *world, rt *rapid.T, owner ledger.ID, now time.Time, enough int) {
	want := 0
	for _, t := range m.rows {
		if (owner == 0 || owner == t.OwnerMember || owner == t.OwnerServiceAccount) && t.RevokedAt.IsZero() && t.DeletedAt.IsZero() && liveAt(t, now) {
			want++
		}
	}
	w.do(func(tx ledger.Tx) error {
		got, err := tx.CountTokens(m.workspace, owner, now, enough)
		if err != nil || got < want || got >= enough && got != want {
			rt.Fatalf("live tokens of %d at %v are %d, want %d of at least %d, %v", owner, now, got, want, enough, err)
		}
		return nil
	})
}

var texts = []string{"", "a", "B", "a_b", "aXb", "50%", "50 percent", `a\b`, "É", "é", "Lc0", "\U0001F511 key"}

// change draws a mutation: a new token or a replaced one, which may be refused
// after it was written.
func (m *tokenModel) change(rt *rapid.T) func(tx ledger.Tx) error {
	t := ledger.Token{
		Prefix: "tky", Workspace: m.workspace, Kind: oneOf(rt, "kind", token.Kinds()...),
		CreatedBy: oneOf(rt, "created by", "ada", "Ada"), CreatedWith: oneOf(rt, "with", token.Locator{}, locatorOf(1), locatorOf(2)),
		Label: oneOf(rt, "label", texts...), Description: oneOf(rt, "description", texts...), Grants: grants(rt),
		ExpiresAt: when(rt, "expires"), DisabledAt: when(rt, "disabled"), RevokeAt: when(rt, "revoke"),
		RevokedAt: when(rt, "revoked"), Waits: maybe(rt, "waits"), DeletedAt: when(rt, "deleted"), CreatedAt: at(0),
	}
	switch t.Kind {
	case token.Personal:
		t.OwnerMember = m.member
	case token.Service:
		t.OwnerServiceAccount = m.account
	default:
	}
	replace, refused := rapid.IntRange(-2, 5).Draw(rt, "replace"), rapid.IntRange(0, 5).Draw(rt, "refused") == 0
	return func(tx ledger.Tx) error {
		i := len(m.rows)
		if t.ID = tx.NewID(); replace >= 0 && replace < len(m.rows) {
			i, t.ID = replace, m.rows[replace].ID
		}
		t.Locator, t.Revision = locatorOf(t.ID), tx.Revision()
		if err := tx.PutToken(t); err != nil {
			rt.Fatalf("put: %v", err)
		}
		if refused {
			return errRefused
		}
		m.rows = append(m.rows[:i:i], append([]ledger.Token{t}, m.rows[min(i+1, len(m.rows)):]...)...)
		return nil
	}
}

// query draws filters; each is more often idle than not.
func (m *tokenModel) query(rt *rapid.T) ledger.TokenQuery {
	q := ledger.TokenQuery{
		Limit: rapid.IntRange(0, 4).Draw(rt, "limit"), Deleted: maybe(rt, "with deleted"),
		Kind:      oneOf(rt, "of kind", 0, 0, token.Personal, token.Workspace),
		Text:      oneOf(rt, "text", append(texts, "_", "%", `\`, "lc0")...),
		CreatedBy: oneOf(rt, "by", "", "", "ada"), CreatedWith: oneOf(rt, "made with", token.Locator{}, token.Locator{}, locatorOf(1)),
		ExpiresBefore: when(rt, "before"), ExpiresAfter: when(rt, "after"), Live: when(rt, "live"),
		State: oneOf(rt, "state", "", "", ledger.TokenRevoked, ledger.TokenExpired, ledger.TokenDisabled, ledger.TokenPending, ledger.TokenActive), StateAt: at(2),
	}
	if n := len(m.rows); n > 0 && maybe(rt, "bounded") {
		q.From = m.rows[rapid.IntRange(0, n-1).Draw(rt, "down to")].ID
	}
	if n := len(m.rows); n > 0 && maybe(rt, "continued") {
		q.Before = m.rows[rapid.IntRange(0, n-1).Draw(rt, "from")].ID
	}
	switch oneOf(rt, "owner", "any", "any", "member", "account") {
	case "member":
		q.OwnerMember = m.member
	case "account":
		q.OwnerServiceAccount = m.account
	}
	return q
}

// ask compares a list.
func (m *tokenModel) ask(w *world, rt *rapid.T, q ledger.TokenQuery) {
	var want []ledger.Token
	for _, t := range slices.Backward(m.rows) {
		if m.keeps(q, t) && (q.Limit == 0 || len(want) < q.Limit) {
			want = append(want, t)
		}
	}
	err := w.Read(w.Context(), func(r ledger.Reader) error {
		got, err := r.Tokens(m.workspace, q)
		agree(rt, fmt.Sprintf("tokens of %+v", q), want, got, err)
		return nil
	})
	if err != nil {
		rt.Fatal(err)
	}
}

// keeps says whether a query lists a token.
func (m *tokenModel) keeps(q ledger.TokenQuery, t ledger.Token) bool {
	for _, wanted := range []bool{
		q.Before == 0 || t.ID < q.Before,
		q.Deleted || t.DeletedAt.IsZero(),
		q.OwnerMember == 0 || t.OwnerMember == q.OwnerMember,
		q.OwnerServiceAccount == 0 || t.OwnerServiceAccount == q.OwnerServiceAccount,
		q.Kind == 0 || t.Kind == q.Kind,
		q.CreatedBy == "" || t.CreatedBy == q.CreatedBy,
		q.CreatedWith.IsZero() || t.CreatedWith == q.CreatedWith,
		m.hasWords(t, q.Text),
		q.ExpiresBefore.IsZero() || !t.ExpiresAt.IsZero() && t.ExpiresAt.Before(q.ExpiresBefore),
		q.ExpiresAfter.IsZero() || !t.ExpiresAt.IsZero() && t.ExpiresAt.After(q.ExpiresAfter),
		q.Live.IsZero() || t.RevokedAt.IsZero() && liveAt(t, q.Live),
		t.ID >= q.From,
		q.State == "" || q.State == stateOf(t, q.StateAt),
	} {
		if !wanted {
			return false
		}
	}
	return true
}

// stateOf is the first state that applies.
func stateOf(t ledger.Token, at time.Time) ledger.TokenStatus {
	past := func(end time.Time) bool { return !end.IsZero() && !end.After(at) }
	switch {
	case !t.RevokedAt.IsZero() || past(t.RevokeAt):
		return ledger.TokenRevoked
	case past(t.ExpiresAt):
		return ledger.TokenExpired
	case !t.DisabledAt.IsZero():
		return ledger.TokenDisabled
	case t.Waits:
		return ledger.TokenPending
	}
	return ledger.TokenActive
}

// hasWords looks for each word of a text in what is shown of a token.
func (m *tokenModel) hasWords(t ledger.Token, text string) bool {
	owner := m.owners[cmp.Or(t.OwnerMember, t.OwnerServiceAccount, t.Workspace)]
	for word := range strings.FieldsSeq(text) {
		if !contains(t.Label, word) && !contains(t.Description, word) && !contains(owner, word) && !strings.HasPrefix(t.Locator.String(), word) {
			return false
		}
	}
	return true
}

// liveAt says whether a token that is not revoked has an end before now: its
// expiry, or a scheduled one.
func liveAt(t ledger.Token, now time.Time) bool {
	ended := !t.ExpiresAt.IsZero() && !t.ExpiresAt.After(now)
	left := !t.RevokeAt.IsZero() && !t.RevokeAt.After(now)
	return now.IsZero() || !ended && !left
}

// contains folds the 26 letters and no others.
func contains(s, part string) bool {
	fold := func(c rune) rune {
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		return c
	}
	return strings.Contains(strings.Map(fold, s), strings.Map(fold, part))
}

// memberModel is a few users in two workspaces.
type memberModel struct {
	workspaces []ledger.Workspace
	users      []ledger.User
	rows       []ledger.Member // by ID
}

// membersAgainstModel changes memberships and then asks for them by every name.
func membersAgainstModel(w *world, rt *rapid.T) {
	m := &memberModel{workspaces: []ledger.Workspace{w.putWorkspace(nil), w.putWorkspace(nil)}}
	for range 3 {
		m.users = append(m.users, w.putUser(func(u *ledger.User) { u.Email = fmt.Sprintf("u%d@example.com", u.ID) }))
	}
	var mutations []func(tx ledger.Tx) error
	for range rapid.IntRange(1, 12).Draw(rt, "changes") {
		mutations = append(mutations, m.change(rt))
	}
	round(w, rt, mutations)
	err := w.Read(w.Context(), func(r ledger.Reader) error {
		for _, ws := range m.workspaces {
			m.askLists(rt, r, ws.ID)
			for _, u := range m.users {
				m.askKeys(rt, r, ws.ID, u)
			}
		}
		return nil
	})
	if err != nil {
		rt.Fatal(err)
	}
}

// change draws a mutation: a new membership or a replaced one.
func (m *memberModel) change(rt *rapid.T) func(tx ledger.Tx) error {
	u := oneOf(rt, "user", m.users...)
	v := ledger.Member{
		Workspace: oneOf(rt, "workspace", m.workspaces...).ID, User: u.ID, ExternalID: oneOf(rt, "external", "", "x", "X"),
		Grants: grants(rt), CreatedAt: at(0), RemovedAt: when(rt, "removed"), DeactivatedAt: when(rt, "deactivated"),
		UserPublicID: u.PublicID, UserEmail: u.Email,
	}
	replace := rapid.IntRange(-1, 5).Draw(rt, "replace")
	return func(tx ledger.Tx) error {
		i := len(m.rows)
		if v.ID = tx.NewID(); replace >= 0 && replace < len(m.rows) {
			i, v.ID = replace, m.rows[replace].ID
		}
		err := tx.PutMember(v)
		if err == nil {
			_, err = tx.CountWorkspaces(1) // what was written is sent before what is read
		}
		if taken := m.taken(v); taken != errors.Is(err, ledger.ErrDuplicate) {
			rt.Fatalf("put answered %v, and that the name is taken is %v", err, taken)
		}
		if err == nil {
			m.rows = append(m.rows[:i:i], append([]ledger.Member{v}, m.rows[min(i+1, len(m.rows)):]...)...)
		}
		return err
	}
}

// taken says whether another membership that is not removed has a name of v.
func (m *memberModel) taken(v ledger.Member) bool {
	return v.RemovedAt.IsZero() && slices.ContainsFunc(m.rows, func(o ledger.Member) bool {
		return o.ID != v.ID && o.Workspace == v.Workspace && o.RemovedAt.IsZero() &&
			(o.User == v.User || v.ExternalID != "" && o.ExternalID == v.ExternalID)
	})
}

// askLists compares the list of a workspace, and each row by its ID.
func (m *memberModel) askLists(rt *rapid.T, r ledger.Reader, ws ledger.ID) {
	limit := rapid.IntRange(0, 3).Draw(rt, "limit")
	var after ledger.ID
	if n := len(m.rows); n > 0 {
		after = oneOf(rt, "after", 0, m.rows[rapid.IntRange(0, n-1).Draw(rt, "from")].ID)
	}
	var want []ledger.Member
	for _, v := range m.rows {
		if v.Workspace == ws && v.RemovedAt.IsZero() && v.ID > after && (limit == 0 || len(want) < limit) {
			want = append(want, v)
		}
	}
	got, err := r.Members(ws, ledger.Range{After: after, Limit: limit})
	agree(rt, "members", want, got, err)
	for _, v := range m.rows {
		got, err := r.Member(oneOf(rt, "any", 0, v.Workspace), ledger.MemberKey{ID: v.ID})
		agree(rt, "a member by ID", v, got, err)
	}
}

// askKeys compares what the names lead to.
func (m *memberModel) askKeys(rt *rapid.T, r ledger.Reader, ws ledger.ID, u ledger.User) {
	var of []ledger.Workspace
	for _, v := range m.rows {
		if v.User == u.ID && v.RemovedAt.IsZero() {
			i := slices.IndexFunc(m.workspaces, func(w ledger.Workspace) bool { return w.ID == v.Workspace })
			of = append(of, m.workspaces[i])
		}
	}
	slices.SortFunc(of, func(a, b ledger.Workspace) int { return cmp.Compare(a.ID, b.ID) })
	list, err := r.WorkspacesOf(u.ID)
	agree(rt, "a user's workspaces", of, list, err)
	for _, k := range []ledger.MemberKey{{User: u.ID}, {PublicID: u.PublicID}, {Email: u.Email}, {ExternalID: "x"}, {ExternalID: "X"}} {
		i := slices.IndexFunc(m.rows, func(v ledger.Member) bool {
			return v.Workspace == ws && v.RemovedAt.IsZero() && (k.ExternalID == "" && v.User == u.ID || k.ExternalID != "" && v.ExternalID == k.ExternalID)
		})
		got, err := r.Member(ws, k)
		if i < 0 && errors.Is(err, ledger.ErrNoRow) {
			continue
		}
		if i < 0 {
			rt.Fatalf("a member by %+v is %+v, %v, want none", k, got, err)
		}
		agree(rt, "a member by another name", m.rows[i], got, err)
	}
}
