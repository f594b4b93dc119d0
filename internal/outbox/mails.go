package outbox

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/policy"
)

const (
	// maxRecipients bounds how many people are mailed about one thing.
	maxRecipients = 50
	// mailBound is how old a mail may be that is sent: somewhat more than it is
	// tried, so that none comes late when a mail server is set up again.
	mailBound = 4 * day
)

// PutMails writes a mail to each of the recipients, due at once or when it says. Without a
// mail server nothing is written.
func PutMails(w *authority.Work, m ledger.Mail, to []string) error {
	if !w.Authority.Given().Mail {
		return nil
	}
	for _, recipient := range to {
		var err error
		if m.PublicID, err = authority.PublicID(w.Authority.Rand(), "mail_"); err != nil {
			return err
		}
		m.ID, m.Recipient, m.State = w.NewID(), recipient, ledger.MailPending
		m.NextAttemptAt, m.CreatedAt = slices.MaxFunc([]time.Time{m.NextAttemptAt, w.Now}, time.Time.Compare), w.Now
		if err := w.PutMail(m); err != nil {
			return err
		}
	}
	return nil
}

// handsOver are the actions that give somebody a secret of the token.
func handsOver() []string {
	return []string{"token.created", "token.rotated", "token.reset", "token.secret_reissued", "token.transferred", "token.revealed"}
}

// mailOwner tells the owner of a personal token that somebody else was handed a
// secret of it.
func mailOwner(w *authority.Work, ac *authority.Actor, ws ledger.Workspace, e authority.Event) error {
	if !slices.Contains(handsOver(), e.Action) || ac.Machine != "" {
		return nil
	}
	v, ok := e.After.(api.Token)
	if !ok || !isPersonal(v) || !strings.Contains(v.Owner.Address, "@") {
		return nil
	}
	if v.Owner.ID == ac.Principal.ID && ac.OnBehalf == "" {
		return nil
	}
	sp, err := w.Authority.Space(w.Snapshot, ws)
	if err != nil {
		return err
	}
	facts := TokenMail(v, sp)
	facts.Action, facts.Actor, facts.At = e.Action, ac.Principal.Address, w.Now
	return PutMails(w, ledger.Mail{Workspace: ws.ID, Kind: ledger.MailIssued, Token: e.Token, Facts: facts}, []string{v.Owner.Address})
}

// TokenMail is what a mail about a token says of it; never a secret.
func TokenMail(v api.Token, sp *authority.Space) ledger.MailFacts {
	return ledger.MailFacts{
		Workspace: sp.Workspace.Slug, WorkspaceName: sp.Workspace.Name, TokenID: v.ID, Locator: v.Locator, Label: v.Label,
		Mask: v.Masked, Kind: v.Kind, Owner: v.Owner.Address, Support: (*policy.KeptContact)(sp.Policy().SupportContact),
	}
}

// mailEndpoint tells the Owners, or the instance's administrators, that an
// endpoint was disabled.
func mailEndpoint(w *authority.Work, ws ledger.Workspace, h ledger.Webhook) error {
	facts := ledger.MailFacts{Workspace: ws.Slug, WorkspaceName: ws.Name, WebhookID: h.PublicID, Reason: h.DisabledReason, At: w.Now}
	if u, err := url.Parse(h.URL); err == nil {
		facts.WebhookURL = u.Scheme + "://" + u.Host // a path may be a secret
	}
	to, err := ownersOf(w, ws)
	if err != nil {
		return err
	}
	return PutMails(w, ledger.Mail{Workspace: ws.ID, Kind: ledger.MailWebhookDisabled, Facts: facts}, to)
}

func ownersOf(w *authority.Work, ws ledger.Workspace) ([]string, error) {
	if ws.ID == 0 {
		admins, err := w.InstanceAdmins()
		var to []string
		for _, u := range admins {
			if u.Email != "" {
				to = append(to, u.Email)
			}
		}
		return to[:min(len(to), maxRecipients)], err
	}
	return MembersWith(w.Snapshot, ws, authority.IsOwner)
}

// MembersWith lists the addresses of the active members whose statements pass.
func MembersWith(r *authority.Snapshot, ws ledger.Workspace, pass func([]grant.Statement) bool) ([]string, error) {
	var to []string
	for m, err := range r.EveryMember(ws.ID) {
		if err != nil {
			return nil, err
		}
		if m.UserEmail != "" && authority.MemberOwner(m).Active && pass(m.Grants) {
			to = append(to, m.UserEmail)
		}
		if len(to) == maxRecipients {
			break
		}
	}
	return to, nil
}

// IsOwnerOrAdministrator says whether statements give one of the two roles that are told of everything.
func IsOwnerOrAdministrator(sts []grant.Statement) bool {
	return authority.IsOwner(sts) || slices.ContainsFunc(sts, func(s grant.Statement) bool { return s.Role == "Administrator" })
}

// Recipients are whom a notice about a token goes to: the owner of a personal
// one; for others the service account's contacts, else the creator while active,
// else Owners and Administrators.
func Recipients(r *authority.Snapshot, ws ledger.Workspace, t ledger.Token) ([]string, error) {
	if t.OwnerMember != 0 {
		m, err := r.Member(0, ledger.MemberKey{ID: t.OwnerMember})
		if err != nil || m.UserEmail == "" || !authority.MemberOwner(m).Active {
			return nil, err
		}
		return []string{m.UserEmail}, nil
	}
	if t.OwnerServiceAccount != 0 {
		s, err := r.ServiceAccount(0, ledger.ServiceAccountKey{ID: t.OwnerServiceAccount})
		if err != nil || len(s.Contacts) > 0 {
			return s.Contacts, err
		}
	}
	creator, err := creatorOf(r, ws, t)
	if err != nil {
		return nil, err
	}
	if creator != "" {
		return []string{creator}, nil
	}
	return MembersWith(r, ws, IsOwnerOrAdministrator)
}

// creatorOf is the address of the active member who made a token, signed in or
// with an API token; empty when there is none.
func creatorOf(r *authority.Snapshot, ws ledger.Workspace, t ledger.Token) (string, error) {
	k := ledger.MemberKey{User: t.CreatedByUser}
	if t.CreatedByUser == 0 {
		k = ledger.MemberKey{Email: t.CreatedBy}
	}
	m, err := r.Member(ws.ID, k)
	if errors.Is(err, ledger.ErrNoRow) || err == nil && !authority.MemberOwner(m).Active {
		return "", nil
	}
	return m.UserEmail, err
}

// Letter is a mail that was claimed, or all notices to one person that were due
// together.
type Letter struct {
	ID ledger.ID
	// Lease names the claim, as in [Post].
	Lease     time.Time
	Message   string
	Kind      string
	Recipient string
	ExpiresAt time.Time
	Facts     ledger.MailFacts
	// Others are further expiries that it tells of.
	Others    []Expiry
	Attempt   int
	CreatedAt time.Time

	mails []ledger.ID
}

// Expiry is one token of which a letter tells that it expires.
type Expiry struct {
	ExpiresAt time.Time
	Facts     ledger.MailFacts
}

// LetterClaim is how many letters a sender takes at once. WithoutNotices leaves those
// about expiries alone, as long as more of the same run may come.
type LetterClaim struct {
	Limit          int
	WithoutNotices bool
}

const (
	// joinPiece is how many notices one change joins to a letter, joinBound how many
	// one letter has at the most.
	joinPiece = 100
	joinBound = 10_000
)

// ClaimLetters takes mails that are due for one sender until the lease ends. A
// notice that is out of date (its step is over, the token was renewed or revoked,
// somebody else is responsible) is dropped and not claimed. The notices to one person
// are one letter.
func (a *Outbox) ClaimLetters(ctx context.Context, c LetterClaim, lease time.Duration) (out []Letter, err error) {
	except := ""
	if c.WithoutNotices {
		except = ledger.MailExpiry
	}
	if due, err := anyDue(ctx, a.in, func(r *authority.Snapshot, now time.Time) (int, error) {
		rows, err := r.DueMails(now, except, 1)
		return len(rows), err
	}); !due || err != nil {
		return nil, err
	}
	more := map[ledger.ID]bool{}
	_, err = a.in.Apply(ctx, authority.Neither, notifier(), func(w *authority.Work) error {
		out = nil
		clear(more)
		rows, err := w.DueMails(w.Now, except, c.Limit)
		if err != nil {
			return err
		}
		until := w.Now.Add(lease).Truncate(time.Microsecond)
		joined := map[ledger.ID]bool{}
		for _, m := range rows {
			l := Letter{Lease: until}
			if joined[m.ID] {
				continue
			}
			if err := claimMail(w, &l, m); err != nil {
				return err
			}
			if len(l.mails) > 0 && joins(m.Kind) {
				if more[l.ID], err = join(w, &l, joined); err != nil {
					return err
				}
			}
			if len(l.mails) > 0 {
				out = append(out, l)
			}
		}
		return nil
	})
	for i := range out {
		for err == nil && more[out[i].ID] && len(out[i].mails) < joinBound {
			more[out[i].ID], err = joinMore(ctx, a.in, &out[i])
		}
	}
	return out, err
}

// joins says whether several mails of a kind to one person are one letter.
func joins(kind string) bool { return kind == ledger.MailExpiry || kind == ledger.MailStrange }

// joinMore joins another piece to a letter, in a change of its own.
func joinMore(ctx context.Context, a *authority.Authority, l *Letter) (more bool, err error) {
	was := *l
	_, err = a.Apply(ctx, authority.Neither, notifier(), func(w *authority.Work) error {
		*l = was
		l.mails, l.Others = slices.Clone(was.mails), slices.Clone(was.Others)
		more, err = join(w, l, map[ledger.ID]bool{})
		return err
	})
	return more, err
}

// join adds further notices to a letter, and answers whether there may be more.
func join(w *authority.Work, l *Letter, joined map[ledger.ID]bool) (more bool, err error) {
	rows, err := w.DueMailsTo(l.Recipient, l.Kind, w.Now, joinPiece)
	for _, m := range rows {
		if err != nil {
			return false, err
		}
		joined[m.ID] = true
		err = claimMail(w, l, m)
	}
	return len(rows) == joinPiece, err
}

// claimMail adds a mail to a letter, or drops it if it is out of date.
func claimMail(w *authority.Work, l *Letter, m ledger.Mail) error {
	if m.Kind == ledger.MailUnused {
		if err := stillUnused(w, &m); err != nil {
			return err
		}
	}
	expires, current, err := current(w, m)
	if err != nil {
		return err
	}
	if !current {
		return input.First(settleMail(w, m, ledger.MailDropped, "out of date"), untold(w, m))
	}
	m.Attempts++
	m.LeasedUntil, m.NextAttemptAt = l.Lease, l.Lease
	if len(l.mails) == 0 {
		l.ID, l.Message, l.Kind, l.Recipient, l.ExpiresAt = m.ID, m.PublicID, m.Kind, m.Recipient, expires
		l.Facts, l.Attempt, l.CreatedAt = m.Facts, m.Attempts, m.CreatedAt
	} else { // the same mails are the same message
		sum := sha256.Sum256([]byte(l.Message + " " + m.PublicID))
		l.Message = "mail_" + hex.EncodeToString(sum[:16])
		l.Others = append(l.Others, Expiry{expires, m.Facts})
	}
	l.mails = append(l.mails, m.ID)
	return w.PutMail(m)
}

// untold forgets a notice that nobody was sent and whose expiry was moved: it is told
// when its turn comes again.
func untold(w *authority.Work, m ledger.Mail) error {
	if m.Kind != ledger.MailExpiry {
		return nil
	}
	t, err := w.Token(m.Token)
	if err != nil || t.ExpiresAt.Equal(m.ExpiresAt) {
		return authority.IgnoreNoRow(err)
	}
	n, err := w.Notice(t.ID, m.Step)
	if err != nil || !n.SentAt.IsZero() || !n.ExpiresAt.Equal(m.ExpiresAt) {
		return authority.IgnoreNoRow(err)
	}
	return w.DeleteNotice(n)
}

func settleMail(w *authority.Work, m ledger.Mail, state, why string) error {
	m.State, m.Error, m.SettledAt = state, input.Clip(why, 500), w.Now
	m.NextAttemptAt, m.LeasedUntil = time.Time{}, time.Time{}
	return w.PutMail(m)
}

// current says whether a mail is still to be sent, and when the token that it is about
// expires now.
func current(w *authority.Work, m ledger.Mail) (time.Time, bool, error) {
	if m.Kind == ledger.MailAsked {
		waits, err := w.Tokens(m.Workspace, ledger.TokenQuery{State: ledger.TokenPending, StateAt: w.Now, Limit: 1})
		return m.ExpiresAt, len(waits) > 0 && w.Now.Sub(m.CreatedAt) < mailBound, err
	}
	if m.Kind == ledger.MailUnused {
		return m.ExpiresAt, len(m.Facts.Unused)+m.Facts.MoreUnused > 0 && w.Now.Sub(m.CreatedAt) < mailBound, nil
	}
	if m.Kind == ledger.MailStrange {
		open, err := stillOpen(w, m)
		return m.ExpiresAt, open, err
	}
	if m.Kind != ledger.MailExpiry {
		return m.ExpiresAt, w.Now.Sub(m.CreatedAt) < mailBound, nil
	}
	t, err := w.Token(m.Token)
	if err != nil {
		return t.ExpiresAt, false, authority.IgnoreNoRow(err)
	}
	ws, days, err := noticeDays(w.Snapshot, t.Workspace, map[ledger.ID]noticePolicy{})
	if err != nil {
		return t.ExpiresAt, false, err
	}
	step, ok := stepAt(days, t.Life(), t.ExpiresAt, w.Now)
	if !ok || step != m.Step || !noticeable(t, ws) {
		return t.ExpiresAt, false, nil
	}
	to, err := Recipients(w.Snapshot, ws, t)
	return t.ExpiresAt, slices.Contains(to, m.Recipient), err
}

// stillOpen says whether what was strange about a token is still to be told to somebody.
func stillOpen(w *authority.Work, m ledger.Mail) (bool, error) {
	t, err := w.Token(m.Token)
	if err != nil || !t.RevokedAt.IsZero() || w.Now.Sub(m.CreatedAt) >= mailBound {
		return false, authority.IgnoreNoRow(err)
	}
	s, err := w.Strange(t.ID)
	if err != nil || !s.DisownedAt.IsZero() {
		return false, authority.IgnoreNoRow(err)
	}
	ws, err := w.Workspace(ledger.WorkspaceKey{ID: t.Workspace})
	if err != nil {
		return false, err
	}
	to, err := Recipients(w.Snapshot, ws, t)
	return slices.Contains(to, m.Recipient), err
}

// Sent is how an attempt to hand a mail to the mail server ended.
type Sent struct {
	// Accepted says that the mail server took the mail.
	Accepted bool
	// Error says why not, without secrets.
	Error string
	// RetryAt is when to try again; zero gives up, which the audit tells.
	RetryAt time.Time
}

// SettleLetter writes how a claimed letter ended, of all that it told. A step of an
// expiry is marked as sent when the mail server accepted the first mail about it.
func (a *Outbox) SettleLetter(ctx context.Context, l Letter, s Sent) error {
	for piece := range slices.Chunk(l.mails, joinPiece) {
		_, err := a.in.Apply(ctx, authority.Neither, notifier(), func(w *authority.Work) error {
			settled := 0
			for _, id := range piece {
				did, err := settleLetter(w, id, l.Lease, s)
				if err != nil {
					return err
				}
				if did {
					settled++
				}
			}
			if settled == 0 {
				return authority.ErrUnchanged
			}
			return nil
		})
		if err != nil && !errors.Is(err, authority.ErrUnchanged) {
			return err
		}
	}
	return nil
}

// settleLetter settles one mail of a letter, unless somebody else has claimed it since.
func settleLetter(w *authority.Work, id ledger.ID, lease time.Time, s Sent) (bool, error) {
	m, err := w.Mail(id)
	if err != nil || !m.LeasedUntil.Equal(lease) {
		return false, authority.IgnoreNoRow(err)
	}
	switch {
	case s.Accepted:
		return true, input.First(settleMail(w, m, ledger.MailSent, ""), markSent(w, m))
	case s.RetryAt.IsZero():
		return true, input.First(settleMail(w, m, ledger.MailFailed, s.Error), auditFailed(w, m, s.Error))
	}
	m.Error, m.LeasedUntil, m.NextAttemptAt = input.Clip(s.Error, 500), time.Time{}, s.RetryAt
	return true, w.PutMail(m)
}

func markSent(w *authority.Work, m ledger.Mail) error {
	if m.Kind != ledger.MailExpiry {
		return nil
	}
	t, err := w.Token(m.Token)
	if err != nil {
		return authority.IgnoreNoRow(err)
	}
	n, err := w.Notice(t.ID, m.Step)
	if err != nil || !n.SentAt.IsZero() {
		return authority.IgnoreNoRow(err)
	}
	n.SentAt = w.Now
	return w.PutNotice(n)
}

func auditFailed(w *authority.Work, m ledger.Mail, why string) error {
	var ws ledger.Workspace
	if m.Workspace != 0 {
		var err error
		if ws, err = w.Workspace(ledger.WorkspaceKey{ID: m.Workspace}); err != nil {
			return err
		}
	}
	return w.Note(authority.Machine(w.Caller), ws, authority.Event{Action: "mail.failed", Target: "mail:" + m.Recipient, Token: m.Token,
		After: map[string]any{"kind": m.Kind, "attempts": m.Attempts, "error": input.Clip(why, 500)}})
}
