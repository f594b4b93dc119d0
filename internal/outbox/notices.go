package outbox

import (
	"context"
	"errors"
	"math"
	"net/netip"
	"slices"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/policy"
	"github.com/tokenry/tokenry/token"
)

const (
	day = 24 * time.Hour
	// expiredBound is how long after an expiry it is still told.
	expiredBound = 3 * day
	// noticeBatch is how many tokens one commit notices.
	noticeBatch = 100
	// reuseEvery is how often the use of one retired secret is told.
	reuseEvery = time.Hour
)

// stepAt is the step of notice that an expiry is in: the smallest of days that covers
// what is left, 0 once it has passed. Steps that were missed are over, and a step
// longer than half of the token's life is none: it would be told of what is new.
func stepAt(days []int, life time.Duration, expires, now time.Time) (int, bool) {
	left := expires.Sub(now)
	if left <= 0 {
		return 0, left > -expiredBound
	}
	step, found := 0, false
	for _, d := range days {
		if d > 0 && lifeFor(d) <= life && left <= time.Duration(d)*day && (!found || d < step) {
			step, found = d, true
		}
	}
	return step, found
}

// lifeFor is how long a token must live for a step.
func lifeFor(step int) time.Duration { return 2 * time.Duration(step) * day }

// toldFor is from how long before an expiry a notice of a step counts for it: the step
// itself, and half of it for an expiry that was moved since. So an expiry that moves
// by less than that, or far away and back, is not told again, and one that came a good
// deal later is.
func toldFor(step int) time.Duration { return time.Duration(step) * day * 3 / 2 }

// told says whether a step of a token's expiry was noticed.
func told(r *authority.Snapshot, t ledger.Token, step int) (bool, error) {
	n, err := r.Notice(t.ID, step)
	if errors.Is(err, ledger.ErrNoRow) {
		return false, nil
	}
	return !n.NoticedAt.Before(t.ExpiresAt.Add(-toldFor(step))), err
}

// noticeable says whether anybody is told that a token expires.
func noticeable(t ledger.Token, ws ledger.Workspace) bool {
	return t.RevokedAt.IsZero() && t.DeletedAt.IsZero() && t.DisabledAt.IsZero() && t.Kind != token.Ephemeral &&
		!t.ExpiresAt.IsZero() && ws.SuspendedAt.IsZero() && ws.DeletedAt.IsZero()
}

// noticePolicy is a workspace and its policy's notice_days.
type noticePolicy struct {
	ws   ledger.Workspace
	days []int
}

func noticeDays(r *authority.Snapshot, id ledger.ID, known map[ledger.ID]noticePolicy) (ledger.Workspace, []int, error) {
	if p, ok := known[id]; ok {
		return p.ws, p.days, nil
	}
	ws, err := r.Workspace(ledger.WorkspaceKey{ID: id})
	if err != nil {
		return ws, nil, err
	}
	in, err := r.Instance()
	days := policy.Effective(in.Policy, ws.Policy).NoticeDays
	known[id] = noticePolicy{ws, days}
	return ws, days, err
}

// NoticeExpiring writes the mails and webhooks about tokens that reached a step
// of their expiry which was not noticed before, and answers of how many tokens.
// Each step of an expiry is noticed once, also when the expiry moves a little;
// those that passed in an outage are not noticed late; a token first seen inside a
// step is noticed at once.
func (a *Outbox) NoticeExpiring(ctx context.Context, now time.Time) (int, error) {
	if _, unsettled := a.in.Unsettled(); unsettled {
		return 0, nil // nobody knows which step it is
	}
	steps, err := noticeSteps(ctx, a.in)
	if err != nil {
		return 0, err
	}
	noticed := 0
	after := now.Add(-expiredBound)
	for _, step := range steps {
		until := now.Add(time.Duration(step) * day)
		n, err := noticeWindow(ctx, a.in, ledger.ExpiryWindow{After: after, Until: until, Step: step, Life: lifeFor(step), Told: toldFor(step), Limit: noticeBatch}, now)
		if noticed += n; err != nil {
			return noticed, err
		}
		after = until
	}
	return noticed, nil
}

// noticeSteps are the steps of all policies, 0 among them, ascending.
func noticeSteps(ctx context.Context, a *authority.Authority) (steps []int, err error) {
	err = a.Read(ctx, func(r *authority.Snapshot) error {
		in, err := r.Instance()
		if err != nil {
			return err
		}
		steps = append([]int{0}, policy.Effective(in.Policy, policy.Overrides{}).NoticeDays...)
		for ws, err := range r.EveryWorkspace() {
			if err != nil {
				return err
			}
			for _, days := range policy.Effective(in.Policy, ws.Policy).NoticeDays {
				if !slices.Contains(steps, days) {
					steps = append(steps, days)
				}
			}
		}
		return nil
	})
	slices.Sort(steps)
	return slices.Compact(steps), err
}

// noticeWindow notices the tokens of one window, a batch at a time.
func noticeWindow(ctx context.Context, a *authority.Authority, win ledger.ExpiryWindow, now time.Time) (int, error) {
	noticed := 0
	for {
		var due []token.Locator
		n := 0
		err := a.Read(ctx, func(r *authority.Snapshot) error {
			rows, err := r.Expiring(win)
			if err != nil {
				return err
			}
			n = len(rows)
			due, err = unnoticed(r, rows, now)
			if n > 0 {
				win.From = rows[n-1].ID
			}
			return err
		})
		if err == nil && len(due) > 0 {
			err = notice(ctx, a, due, now)
		}
		noticed += len(due)
		if err != nil || n < win.Limit {
			return noticed, err
		}
	}
}

// unnoticed keeps the tokens whose step, by their own policy, is to be noticed.
func unnoticed(r *authority.Snapshot, rows []ledger.Token, now time.Time) (due []token.Locator, err error) {
	known := map[ledger.ID]noticePolicy{}
	for _, t := range rows {
		ws, days, err := noticeDays(r, t.Workspace, known)
		if err != nil {
			return nil, err
		}
		step, ok := stepAt(days, t.Life(), t.ExpiresAt, now)
		if !ok || !noticeable(t, ws) {
			continue
		}
		was, err := told(r, t, step)
		if err != nil {
			return nil, err
		}
		if !was {
			due = append(due, t.Locator)
		}
	}
	return due, nil
}

// notice looks at each token again, under the lock, and writes its notice.
func notice(ctx context.Context, a *authority.Authority, due []token.Locator, now time.Time) error {
	_, err := a.Mutate(ctx, notifier(), func(w *authority.Work) error {
		known := map[ledger.ID]noticePolicy{}
		for _, l := range due {
			if err := noticeDue(w, l, known, now); err != nil {
				return err
			}
		}
		return nil
	})
	return err
}

func noticeDue(w *authority.Work, l token.Locator, known map[ledger.ID]noticePolicy, now time.Time) error {
	t, err := w.Token(l)
	if err != nil {
		return err
	}
	ws, days, err := noticeDays(w.Snapshot, t.Workspace, known)
	if err != nil {
		return err
	}
	step, ok := stepAt(days, t.Life(), t.ExpiresAt, now)
	if !ok || !noticeable(t, ws) {
		return nil
	}
	if was, err := told(w.Snapshot, t, step); was || err != nil {
		return err
	}
	return noticeOne(w, t, ws, step, slices.Contains(days, step), now)
}

func noticeOne(w *authority.Work, t ledger.Token, ws ledger.Workspace, step int, mail bool, now time.Time) error {
	if err := w.PutNotice(ledger.Notice{Token: t.ID, ExpiresAt: t.ExpiresAt, Step: step, NoticedAt: w.Now}); err != nil {
		return err
	}
	v, sp, err := TokenOf(w, t, ws)
	if err != nil {
		return err
	}
	typ := "token.expiring"
	if step == 0 {
		typ = "token.expired"
	}
	if err := Publish(w, ws, typ, func() api.WebhookData {
		d := EventData(w, authority.Machine(w.Caller), ws, authority.Event{Target: v.ID, After: v})
		d.DaysLeft = max(0, int(math.Ceil(t.ExpiresAt.Sub(now).Hours()/24)))
		return d
	}); err != nil || !mail || !w.Authority.Given().Mail {
		return err
	}
	to, err := Recipients(w.Snapshot, ws, t)
	if err != nil {
		return err
	}
	return PutMails(w, ledger.Mail{Workspace: ws.ID, Kind: ledger.MailExpiry, Token: t.Locator, ExpiresAt: t.ExpiresAt, Step: step,
		Facts: TokenMail(v, sp)}, to)
}

// TokenOf shows a token as a notice sees it.
func TokenOf(w *authority.Work, t ledger.Token, ws ledger.Workspace) (api.Token, *authority.Space, error) {
	sp, err := w.Authority.Space(w.Snapshot, ws)
	if err != nil {
		return api.Token{}, nil, err
	}
	v, err := w.Brief(authority.Machine(w.Caller), sp, t)
	return v, sp, err
}

// Reused is what was seen of a retired secret.
type Reused struct {
	Token  token.Locator
	Secret int
	// Count is how often since it was last reported.
	Count int64
	Addr  netip.Addr
	Agent string
}

// ReportReuse tells that a retired secret of a token was presented: to the
// audit, by webhook and by mail, once an hour and secret; what comes between is
// counted. Where the policy says revoke_on_reuse, the token is revoked. Callers
// gather what they see and report it now and then, not at each verification.
func (a *Outbox) ReportReuse(ctx context.Context, u Reused) error {
	_, err := a.in.Withdraw(ctx, authority.Caller{Machine: "verify", Addr: u.Addr, Agent: u.Agent}, func(w *authority.Work) error {
		t, err := w.Token(u.Token)
		if err != nil {
			return err
		}
		ws, err := w.Workspace(ledger.WorkspaceKey{ID: t.Workspace})
		if err != nil {
			return err
		}
		v, sp, err := TokenOf(w, t, ws)
		if err != nil {
			return err
		}
		told, err := w.ReuseTold(t.ID, u.Secret)
		if authority.IgnoreNoRow(err) != nil {
			return err
		}
		told.Token, told.Secret, told.Count = t.ID, u.Secret, told.Count+u.Count
		if w.Now.Before(told.At.Add(reuseEvery)) && !endsByReuse(sp, t) {
			return w.PutReuseTold(told)
		}
		count := told.Count
		told.At, told.Count = w.Now, 0
		return input.First(w.PutReuseTold(told), tellReuse(w, sp, t, v, u, count))
	})
	return err
}

// endsByReuse says whether the use of a retired secret ends a token: also within
// the hour of one that was told before the policy said so.
func endsByReuse(sp *authority.Space, t ledger.Token) bool {
	return sp.Policy().RevokeOnReuse && t.RevokedAt.IsZero()
}

func tellReuse(w *authority.Work, sp *authority.Space, t ledger.Token, v api.Token, u Reused, count int64) error {
	ws, ac := sp.Workspace, authority.Machine(w.Caller)
	e := authority.Event{Action: "token.reused", Target: v.ID, Token: t.Locator, After: map[string]any{"secret": u.Secret, "count": count}}
	if err := w.Record(ac, ws, e); err != nil {
		return err
	}
	if err := Publish(w, ws, "token.reused", func() api.WebhookData {
		d := EventData(w, ac, ws, authority.Event{Target: v.ID, After: v})
		d.Count = count
		return d
	}); err != nil {
		return err
	}
	end := endsByReuse(sp, t)
	facts := TokenMail(v, sp)
	facts.At, facts.Count, facts.Agent, facts.Revoked = w.Now, count, input.Clip(u.Agent, 300), end
	if u.Addr.IsValid() {
		facts.Address = u.Addr.String()
	}
	to, err := Recipients(w.Snapshot, ws, t)
	if err != nil {
		return err
	}
	err = PutMails(w, ledger.Mail{Workspace: ws.ID, Kind: ledger.MailReused, Token: t.Locator, Facts: facts}, to)
	if err != nil || !end {
		return err
	}
	return revokeReused(w, ac, sp, t, v)
}

func revokeReused(w *authority.Work, ac *authority.Actor, sp *authority.Space, t ledger.Token, before api.Token) error {
	o, err := authority.ReadOwner(w.Reader, authority.OwnerKey(t))
	if err != nil {
		return err
	}
	ch := &authority.Change{Actor: ac, Space: sp, Owner: o, Was: t, Token: t, Before: before}
	authority.Revoke(&ch.Token, w.Now, api.ReasonLeaked, "a retired secret was used")
	_, err = w.FinishToken(ch, "token.revoked")
	return err
}
