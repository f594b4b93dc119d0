package office

import (
	"context"
	"errors"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/owners"
	"github.com/tokenry/tokenry/internal/tokens"
)

// SignInRows are the chapters that signing in reads: who somebody is, and how they
// prove it. Of tokens and rights it reads nothing.
type SignInRows struct {
	ledger.HeadReader
	ledger.WorkspaceReader
	ledger.PeopleReader
	ledger.SignInReader
}

func signInRows(r ledger.Reader) SignInRows {
	return SignInRows{HeadReader: r, WorkspaceReader: r, PeopleReader: r, SignInReader: r}
}

// SignInTx is the part of a mutation that package signin is given: its own
// rows, and of everything else no more than its verbs. Each mutation says what
// it did to the audit of the instance.
type SignInTx struct {
	SignInRows
	ledger.SignInWriter
	work *authority.Work
}

// SignIn applies f as one mutation on behalf of nobody yet: establishing who
// somebody is comes before any right. When f answers [Unchanged], nothing was
// done and that is no error.
func (a *Office) SignIn(ctx context.Context, c authority.Caller, f func(*SignInTx) error) error {
	c = authority.Caller{Machine: "signin", Addr: c.Addr, Agent: c.Agent, RequestID: c.RequestID}
	_, err := a.in.Apply(ctx, authority.Neither, c, func(w *authority.Work) error {
		return f(&SignInTx{SignInRows: signInRows(w.Reader), SignInWriter: w.SignInWriter, work: w})
	})
	return err
}

// Unchanged ends a [Office.SignIn] that found nothing to do.
func Unchanged() error { return authority.ErrUnchanged }

// ReadSignIn runs f on a snapshot, to learn who somebody is.
func (a *Office) ReadSignIn(ctx context.Context, f func(SignInRows) error) error {
	return a.in.Read(ctx, func(r *authority.Snapshot) error { return f(signInRows(r.Reader)) })
}

// Now is the moment of the mutation.
func (t *SignInTx) Now() time.Time { return t.work.Now }

// NewID gives the next row number.
func (t *SignInTx) NewID() ledger.ID { return t.work.NewID() }

// Give refuses while nobody knows what time it is: for what gives power.
func (t *SignInTx) Give() error { return t.work.Give() }

// SweepSignIn forgets what is over, unless nobody knows what is.
func (t *SignInTx) SweepSignIn(at time.Time) error {
	if t.work.Doubt == nil {
		return t.work.SweepSignIn(at)
	}
	return nil
}

// Note appends an event to the instance's chain. By is who was established to
// have done it; the zero User is nobody, and then about alone says whose
// account it was done to, if any.
func (t *SignInTx) Note(action string, by, about ledger.User, detail any) error {
	ac := authority.Machine(t.work.Caller)
	if by.ID != 0 {
		ac = &authority.Actor{Caller: t.work.Caller, Principal: authority.UserPrincipal(by)}
	}
	target := "unknown"
	if about.ID != 0 {
		target = "user:" + about.PublicID
	}
	return t.work.Note(ac, ledger.Workspace{}, authority.Event{Action: action, Target: target, After: detail})
}

// FindUser finds a person as an administrator names them: by e-mail, id or ext:ID.
func (t *SignInTx) FindUser(ref string) (ledger.User, error) {
	return authority.User(t.work.Snapshot, ref)
}

// SetPassword stores the hash of a user's new password.
func (t *SignInTx) SetPassword(user ledger.ID, hash string) error {
	u, err := t.User(ledger.UserKey{ID: user})
	if err := input.First(t.Give(), err); err != nil {
		return err
	}
	u.PasswordHash, u.Revision = hash, t.Revision()
	return t.work.PutUser(u)
}

// Vouch notes that nobody but a workspace vouches for a person's e-mail, or, with 0, that
// a mail or an administrator of the instance proved it. Whatever opened the account while
// only a workspace did is forgotten by that.
func (t *SignInTx) Vouch(user, workspace ledger.ID) error {
	u, err := t.User(ledger.UserKey{ID: user})
	if err != nil || u.VouchedBy == workspace {
		return err
	}
	if u.VouchedBy != 0 {
		u.PasswordHash, err = "", t.work.EraseSignIn(user)
	}
	u.VouchedBy, u.Revision = workspace, t.Revision()
	return input.First(err, t.work.PutUser(u))
}

// Issue makes a token in the name of a session's person and by their rights, as
// [tokens.Tokens.CreateToken] does for them.
func (t *SignInTx) Issue(user ledger.ID, session, workspace string, in api.CreateToken) (out authority.Issued, err error) {
	c := t.work.Caller
	c.Machine, c.User, c.Session = "", user, session
	if err = t.Give(); err != nil {
		return out, err
	}
	if err = tokens.Create(t.work, c, workspace, in, &out); err == nil {
		t.work.Lacking.Work(&out.Token)
		if out.Token.Approval != nil {
			err = authority.ApprovalRequired("signing a program in gives no token that waits for approval: create one with fewer rights or a shorter life, or one that waits, and give it to the program")
		}
	}
	return out, err
}

// AtMost is a lifetime as far as the policy of a workspace allows one from now.
func (t *SignInTx) AtMost(user ledger.ID, session, workspace string, d time.Duration) (time.Duration, error) {
	c := t.work.Caller
	c.Machine, c.User, c.Session = "", user, session
	_, sp, err := t.work.Authority.Enter(t.work.Snapshot, c, workspace)
	if err != nil {
		return 0, err
	}
	if most := sp.Policy().MaxLifetime.Std(); most > 0 {
		d = min(d, most)
	}
	return d, nil
}

// MayInvite is [Office.MayInvite] at the moment of the mutation.
func (t *SignInTx) MayInvite(c authority.Caller, ref, who string) (Invitee, error) {
	_, in, err := mayInvite(t.work.Authority, t.work.Snapshot, c, ref, who)
	return in, err
}

// MayHandInvitation is [Office.MayHandInvitation] at the moment of the mutation. It
// answers the member, and the workspace that alone vouches for them by the link; 0 where
// an administrator of the instance gives it.
func (t *SignInTx) MayHandInvitation(c authority.Caller, ref, who string) (in Invitee, vouches ledger.ID, err error) {
	found, vouches, err := mayHandInvitation(t.work.Authority, t.work.Snapshot, c, ref, who)
	return found.Invitee, vouches, err
}

// MayLinkPortal is [Office.MayLinkPortal] at the moment of the mutation.
func (t *SignInTx) MayLinkPortal(c authority.Caller, ref, who string) (Invitee, error) {
	return mayLinkPortal(t.work.Authority, t.work.Snapshot, c, ref, who)
}

// MayAdminister refuses whoever does not hold instance:admin at the moment of the
// mutation.
func (t *SignInTx) MayAdminister(c authority.Caller) error {
	_, err := t.work.Authority.EnterInstance(t.work.Snapshot, c)
	return err
}

// Provision makes a user whom an identity provider vouches for, as a member of
// a workspace with a role on all resources.
func (t *SignInTx) Provision(email, name, workspace, role string) (ledger.User, error) {
	in := api.CreateMember{Email: email}
	if input.Text("name", name, 1, input.MaxName) == nil {
		in.Name = api.Some(name)
	}
	if _, err := t.User(ledger.UserKey{Email: email}); !errors.Is(err, ledger.ErrNoRow) {
		return ledger.User{}, authority.Taken("email", "this e-mail is in use", err)
	}
	if err := t.join(workspace, role, in); err != nil {
		return ledger.User{}, err
	}
	return t.User(ledger.UserKey{Email: email})
}

// Join makes a user who is not a member of the workspace one.
func (t *SignInTx) Join(u ledger.User, workspace, role string) error {
	ws, err := t.Workspace(ledger.WorkspaceKey{Slug: workspace})
	if err != nil {
		return err
	}
	if _, err := t.Member(ws.ID, ledger.MemberKey{User: u.ID}); !errors.Is(err, ledger.ErrNoRow) {
		return err
	}
	return t.join(workspace, role, api.CreateMember{Email: u.Email})
}

func (t *SignInTx) join(workspace, role string, in api.CreateMember) error {
	ac, sp, err := t.work.Authority.Enter(t.work.Snapshot, t.work.Caller, workspace)
	if err := input.First(t.Give(), err); err != nil {
		return err
	}
	in.Role, in.Resources = api.Some(role), api.Some([]string{"*"})
	_, err = owners.NewMember(t.work, ac, sp, in)
	return err
}

// SetRole gives an active member the role that their identity provider says;
// who is not a member stays none.
func (t *SignInTx) SetRole(u ledger.User, workspace, role string) error {
	ws, err := t.Workspace(ledger.WorkspaceKey{Slug: workspace})
	if err != nil {
		return err
	}
	m, err := t.Member(ws.ID, ledger.MemberKey{User: u.ID})
	if err != nil {
		return authority.IgnoreNoRow(err)
	}
	if !m.DeactivatedAt.IsZero() || len(m.Grants) == 1 && m.Grants[0].Role == role {
		return nil
	}
	ch, err := owners.BeginMember(t.work, workspace, u.PublicID)
	if err := input.First(t.Give(), err); err != nil {
		return err
	}
	resources := []string{"*"}
	if len(m.Grants) == 1 && m.Grants[0].Resources != nil {
		resources = m.Grants[0].Resources
	}
	edit := api.EditMember{Rights: api.Rights{Grants: api.Some([]api.Statement{{Role: role, Resources: resources}})}}
	if err := owners.EditMember(t.work, ch, edit); err != nil {
		return err
	}
	_, err = owners.FinishMember(t.work, ch, "member.edited")
	return err
}

// Invitee is a member that the caller may invite.
type Invitee struct {
	User      ledger.User
	Workspace ledger.Workspace
	// By is the caller, as the rows name who did something.
	By string
}

// MayInvite answers the member that a reference names to who may invite it. It
// needs members:write, and touches no Owner unless the caller is one.
func (a *Office) MayInvite(ctx context.Context, c authority.Caller, ref, who string) (out Invitee, err error) {
	var entered ledger.ID
	err = a.in.Read(ctx, func(r *authority.Snapshot) error {
		entered, out, err = mayInvite(a.in, r, c, ref, who)
		return err
	})
	return out, a.in.Refused(ctx, c, authority.Met{Workspace: entered}, err)
}

func mayInvite(a *authority.Authority, r *authority.Snapshot, c authority.Caller, ref, who string) (entered ledger.ID, out Invitee, err error) {
	in, err := meet(a, r, c, ref, who)
	return in.entered, in.Invitee, err
}

// MayHandInvitation refuses whoever may not give a member a link to choose their first
// password.
//
// Whoever opens the link acts as that person, perhaps the caller itself. So it needs
// tokens:impersonate besides members:write, and all that the member may do; and a person
// who administers nothing and is in no other workspace: there nobody would have been
// asked. That they have no way to sign in yet is judged where that is kept.
func (a *Office) MayHandInvitation(ctx context.Context, c authority.Caller, ref, who string) error {
	entered, err := a.handsInvitation(ctx, c, ref, who)
	return a.in.Refused(ctx, c, authority.Met{Workspace: entered}, err)
}

// HandsInvitation is [Office.MayHandInvitation] for a page that offers it: nobody tried
// anything, so no refusal is noted.
func (a *Office) HandsInvitation(ctx context.Context, c authority.Caller, ref, who string) error {
	_, err := a.handsInvitation(ctx, c, ref, who)
	return err
}

func (a *Office) handsInvitation(ctx context.Context, c authority.Caller, ref, who string) (entered ledger.ID, err error) {
	err = a.in.Read(ctx, func(r *authority.Snapshot) error {
		in, _, err := mayHandInvitation(a.in, r, c, ref, who)
		entered = in.entered
		return err
	})
	return entered, err
}

func mayHandInvitation(a *authority.Authority, r *authority.Snapshot, c authority.Caller, ref, who string) (met, ledger.ID, error) {
	in, err := meet(a, r, c, ref, who)
	if err != nil || in.by.Instance {
		return in, 0, err
	}
	if err := in.by.Need("tokens:impersonate"); err != nil {
		return in, 0, err
	}
	homes, err := r.WorkspacesOf(in.User.ID)
	if err == nil && (len(homes) != 1 || in.User.InstanceAdmin) {
		err = api.Errorf(api.CodeForbidden, "this person is known beyond this workspace; an administrator of the instance can hand them a link")
	}
	return in, in.Workspace.ID, input.First(err, in.by.Cover(in.at.OwnerGrant(authority.MemberOwner(in.member))))
}

// met is a member whom a caller found, and the caller there.
type met struct {
	Invitee
	entered ledger.ID
	by      *authority.Actor
	at      *authority.Space
	member  ledger.Member
}

// meet enters the workspace with members:write and finds the member; an Owner is none
// to whoever is not one.
func meet(a *authority.Authority, r *authority.Snapshot, c authority.Caller, ref, who string) (out met, err error) {
	out.by, out.at, err = a.Enter(r, c, ref, "members:write")
	if out.at != nil {
		out.entered = out.at.Workspace.ID
	}
	if err != nil {
		return out, err
	}
	if out.member, err = a.Member(r, out.by, out.at, who); err == nil {
		err = owners.OwnersOnly(out.by, out.member.Grants)
	}
	if err != nil {
		return out, err
	}
	out.Workspace, out.By = out.at.Workspace, out.by.Name()
	out.User, err = r.User(ledger.UserKey{ID: out.member.User})
	return out, err
}

// MayLinkPortal answers the member that a reference names to who may make a link
// into their own tokens. It needs instance:admin.
func (a *Office) MayLinkPortal(ctx context.Context, c authority.Caller, ref, who string) (out Invitee, err error) {
	err = a.in.Read(ctx, func(r *authority.Snapshot) error {
		out, err = mayLinkPortal(a.in, r, c, ref, who)
		return err
	})
	return out, err
}

func mayLinkPortal(a *authority.Authority, r *authority.Snapshot, c authority.Caller, ref, who string) (out Invitee, err error) {
	ac, sp, err := a.EnterForInstance(r, c, ref)
	if err != nil {
		return out, err
	}
	m, err := a.Member(r, ac, sp, who)
	if err != nil {
		return out, err
	}
	u, err := r.User(ledger.UserKey{ID: m.User})
	return Invitee{User: u, Workspace: sp.Workspace}, err
}
