package strange

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/outbox"
	"github.com/tokenry/tokenry/token"
)

// Strange are the verbs about strange use. They are safe for use by many goroutines.
type Strange struct{ in *authority.Authority }

// New makes the verbs over an authority.
func New(in *authority.Authority) *Strange { return &Strange{in: in} }

// mailEvery is how often one person is mailed about strange use, and mailTogether how long
// the first mail waits for what happens at the same time.
const (
	mailEvery    = 6 * time.Hour
	mailTogether = time.Minute
)

// ReportStrange joins signs to what is open about their tokens, and tells the owners of what
// is news: by the audit, the webhooks and by mail, at most once a day and token. A sign that
// is known already changes nothing, so that it may be reported twice.
func (a *Strange) ReportStrange(ctx context.Context, signs []Sign) error {
	_, err := a.in.Apply(ctx, authority.Neither, authority.Caller{Machine: "usage"}, func(w *authority.Work) error {
		changed := false
		for _, s := range signs {
			did, err := report(w, s)
			if err != nil {
				return err
			}
			changed = changed || did
		}
		if !changed {
			return authority.ErrUnchanged
		}
		return nil
	})
	if errors.Is(err, authority.ErrUnchanged) {
		return nil
	}
	return err
}

func report(w *authority.Work, s Sign) (bool, error) {
	t, err := w.Token(s.Token)
	if err != nil {
		return false, authority.IgnoreNoRow(err)
	}
	ws, err := w.Workspace(ledger.WorkspaceKey{ID: t.Workspace})
	if err != nil || !ws.DeletedAt.IsZero() || !t.RevokedAt.IsZero() || !t.DeletedAt.IsZero() || t.Kind == token.Ephemeral {
		return false, err
	}
	if s.At.Before(t.CreatedAt.Add(Learning)) {
		s.Denied = 0 // it is being set up
	}
	v, sp, err := outbox.TokenOf(w, t, ws)
	if err != nil || !sp.Policy().NoticeStrangeUse {
		return false, err
	}
	open, err := w.Strange(t.ID)
	if authority.IgnoreNoRow(err) != nil {
		return false, err
	}
	if open.Answered(t.RotatedAt) {
		open = ledger.Strange{}
	}
	open.Token, open.Workspace = t.ID, t.Workspace
	open, news := Join(open, s)
	if !news {
		return false, nil
	}
	open.Signs.Agent = input.Clip(open.Signs.Agent, 200)
	if tell := open.ToldAt.IsZero() || !w.Now.Before(open.ToldAt.Add(Tell)); tell {
		open.ToldAt = w.Now
		err = tellOwner(w, sp, t, v, open)
	}
	return true, input.First(err, w.PutStrange(open))
}

// tellOwner records what is open, and tells it.
func tellOwner(w *authority.Work, sp *authority.Space, t ledger.Token, v api.Token, open ledger.Strange) error {
	ws, ac := sp.Workspace, authority.Machine(w.Caller)
	shown := view(open)
	if err := w.Record(ac, ws, authority.Event{Action: "token.strange_use", Target: v.ID, Token: t.Locator, After: shown}); err != nil {
		return err
	}
	if err := outbox.Publish(w, ws, "token.strange_use", func() api.WebhookData {
		d := outbox.EventData(w, ac, ws, authority.Event{Target: v.ID, After: v})
		d.StrangeUse = &shown
		return d
	}); err != nil || !w.Authority.Given().Mail {
		return err
	}
	to, err := outbox.Recipients(w.Snapshot, ws, t)
	if err != nil {
		return err
	}
	facts := outbox.TokenMail(v, sp)
	facts.At, facts.Strange = w.Now, &open.Signs
	for _, who := range to {
		at, err := mailAt(w, who)
		if err != nil {
			return err
		}
		if err := outbox.PutMails(w, ledger.Mail{Workspace: ws.ID, Kind: ledger.MailStrange, Token: t.Locator, Facts: facts, NextAttemptAt: at}, []string{who}); err != nil {
			return err
		}
	}
	return nil
}

// mailAt is when somebody is mailed next: together with what waits for them already, and
// some hours after the mail before.
func mailAt(w *authority.Work, who string) (time.Time, error) {
	soon := w.Now.Add(mailTogether)
	m, err := w.LatestMail(who, ledger.MailStrange)
	switch {
	case err != nil:
		return soon, authority.IgnoreNoRow(err)
	case m.SettledAt.IsZero():
		return m.NextAttemptAt, nil
	case m.State == ledger.MailDropped: // nobody was told, and not since long
		return soon, nil
	}
	if next := m.SettledAt.Add(mailEvery); next.After(soon) {
		return next, nil
	}
	return soon, nil
}

// view shows what is open; nothing is open of the zero value.
func view(s ledger.Strange) api.StrangeUse {
	v := api.StrangeUse{Open: !s.First.IsZero(), Networks: []string{}, MoreNetworks: s.Signs.More, ManyNetworks: s.Signs.Many,
		Denied: s.Signs.Denied, LastUserAgent: s.Signs.Agent}
	v.Networks = append(v.Networks, s.Signs.Networks...)
	v.FirstAt, v.LastAt, v.QuietSince, v.DisownedAt = api.When(s.First), api.When(s.Last), api.When(s.Signs.QuietSince), api.When(s.DisownedAt)
	if s.Signs.Address != "" {
		v.LastIP = &s.Signs.Address
	}
	return v
}

// networksOf are the first addresses of what is open.
func networksOf(s ledger.Strange) (out []netip.Addr) {
	for _, text := range s.Signs.Networks {
		if p, err := netip.ParsePrefix(text); err == nil {
			out = append(out, p.Addr())
		}
	}
	return out
}
