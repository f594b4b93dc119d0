package unused

import (
	"slices"
	"time"

	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/outbox"
)

const (
	// mailEvery is how often one person is mailed about what nobody uses, and mailTogether how
	// long a mail waits for what else a run finds.
	mailEvery    = day
	mailTogether = time.Hour
	// mailNames is how many tokens a mail names; it counts the others.
	mailNames = 20
)

// letters are the mails of one change. All that one person is told until the next mail goes is
// one row, whatever is found.
type letters struct {
	w     *authority.Work
	slots map[string]*slot
	order []string
}

// slot is the next mail to somebody: one that waits already, or a new one.
type slot struct {
	mail  ledger.Mail
	notes []ledger.UnusedNote
}

func newLetters(w *authority.Work) *letters { return &letters{w: w, slots: map[string]*slot{}} }

// to is whom a token's notices go to, and when the last of them is mailed; now without a mail
// server.
func (l *letters) to(ws ledger.Workspace, t ledger.Token) (to []string, at time.Time, err error) {
	at = l.w.Now
	if !l.w.Authority.Given().Mail {
		return nil, at, nil
	}
	if to, err = outbox.Recipients(l.w.Snapshot, ws, t); err != nil {
		return nil, at, err
	}
	for _, who := range to {
		s, err := l.slot(who)
		if err != nil {
			return nil, at, err
		}
		if s.mail.NextAttemptAt.After(at) {
			at = s.mail.NextAttemptAt
		}
	}
	return to, at, nil
}

// slot is the mail that somebody gets next: a day after the one before.
func (l *letters) slot(who string) (*slot, error) {
	if s, ok := l.slots[who]; ok {
		return s, nil
	}
	m, err := l.w.LatestMail(who, ledger.MailUnused)
	if err := authority.IgnoreNoRow(err); err != nil {
		return nil, err
	}
	soon := l.w.Now.Add(mailTogether)
	s := &slot{mail: ledger.Mail{Kind: ledger.MailUnused, Recipient: who, NextAttemptAt: soon}}
	switch {
	case m.ID == 0 || m.State == ledger.MailDropped || m.State == ledger.MailFailed:
	case m.State == ledger.MailPending && m.Attempts == 0:
		s.mail = m
	case m.State == ledger.MailPending: // it is on its way
		s.mail.NextAttemptAt = l.w.Now.Add(mailEvery)
	case m.SettledAt.After(l.w.Now): // by a clock that was ahead
		s.mail.NextAttemptAt = l.w.Now.Add(mailEvery)
	case m.SettledAt.Add(mailEvery).After(soon):
		s.mail.NextAttemptAt = m.SettledAt.Add(mailEvery)
	}
	l.slots[who] = s
	return s, nil
}

// add tells everybody who was asked for a note.
func (l *letters) add(to []string, n ledger.UnusedNote) {
	for _, who := range to {
		s, known := l.slots[who]
		if !known {
			continue
		}
		if len(s.notes) == 0 {
			l.order = append(l.order, who)
		}
		s.notes = append(s.notes, n)
	}
}

// send writes the mails.
func (l *letters) send(workspace ledger.ID) error {
	for _, who := range l.order {
		s := l.slots[who]
		m := s.mail
		m.Facts.Unused, m.Facts.MoreUnused = join(m.Facts.Unused, m.Facts.MoreUnused, s.notes)
		if m.ID != 0 {
			if err := l.w.PutMail(m); err != nil {
				return err
			}
			continue
		}
		m.Workspace, m.Facts.At = workspace, l.w.Now
		if err := outbox.PutMails(l.w, m, []string{who}); err != nil {
			return err
		}
	}
	return nil
}

// join adds notes to those of a mail, which names some and counts the others. What waits in a
// workspace is always named, and as it is now.
func join(have []ledger.UnusedNote, more int, notes []ledger.UnusedNote) ([]ledger.UnusedNote, int) {
	out := slices.Clone(have)
	names := 0
	for _, n := range out {
		if n.What != ledger.UnusedWaiting {
			names++
		}
	}
	for _, n := range notes {
		again := slices.IndexFunc(out, func(o ledger.UnusedNote) bool {
			return o.Workspace == n.Workspace && o.Locator == n.Locator && (o.What == n.What || n.What != ledger.UnusedWaiting && o.What != ledger.UnusedWaiting)
		})
		switch {
		case again >= 0:
			out[again] = n
		case n.What != ledger.UnusedWaiting && names >= mailNames:
			more++
		default:
			if n.What != ledger.UnusedWaiting {
				names++
			}
			out = append(out, n)
		}
	}
	return out, more
}
