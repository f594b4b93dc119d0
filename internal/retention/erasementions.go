package retention

import (
	"iter"
	"slices"

	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
)

// eraseMentions takes the person out of what others own: who created it, whom to
// tell about it.
func (e *erasure) eraseMentions() error {
	if e.who.email == "" {
		return nil // an id says nothing about whom it was
	}
	ids, err := purgeable(e.ctx, e.a)
	if err != nil {
		return err
	}
	for _, id := range ids[1:] { // the instance has none of these
		for _, step := range []func(ledger.ID) error{e.eraseCreator, e.eraseResources, e.eraseContacts, e.eraseTrust} {
			if err := step(id); err != nil {
				return err
			}
		}
	}
	return nil
}

// pages reads rows to their end, each page as it is when it is read: what was found is
// changed in between, and nobody waits for the whole.
func pages[T any](e *erasure, list func(*authority.Snapshot, ledger.ID) ([]T, error), number func(T) ledger.ID) iter.Seq2[[]T, error] {
	return authority.Pages(func(p authority.Page) (rows []T, next int64, err error) {
		err = e.a.Stored(e.ctx, func(r *authority.Snapshot) (err error) { rows, err = list(r, p.After); return err })
		if len(rows) > 0 {
			next = number(rows[len(rows)-1])
		}
		return rows, next, err
	})
}

// tokens are those of a query, the newest first.
func (e *erasure) tokens(ws ledger.ID, q ledger.TokenQuery) iter.Seq2[[]ledger.Token, error] {
	return pages(e, func(r *authority.Snapshot, before ledger.ID) ([]ledger.Token, error) {
		q.Before, q.Limit = before, eraseRows
		return r.Tokens(ws, q)
	}, func(t ledger.Token) ledger.ID { return t.ID })
}

// eraseCreator takes the person out of the tokens that they made.
func (e *erasure) eraseCreator(ws ledger.ID) error {
	for ts, err := range e.tokens(ws, ledger.TokenQuery{CreatedBy: e.who.email, Deleted: true}) {
		if err != nil {
			return err
		}
		err = e.mention(ws, len(ts), func(w *authority.Work) error {
			for _, t := range ts {
				now, err := w.Token(t.Locator)
				if err := authority.IgnoreNoRow(err); err != nil {
					return err
				}
				if err != nil {
					continue // purged meanwhile
				}
				now.CreatedBy, now.Revision = erasedName, w.Revision()
				w.TouchToken(now)
				if err := w.PutToken(now); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (e *erasure) eraseResources(ws ledger.ID) error {
	list := func(r *authority.Snapshot, after ledger.ID) ([]ledger.Resource, error) {
		return r.Resources(ws, ledger.Range{After: after, Limit: authority.MaxPage})
	}
	for rows, err := range pages(e, list, func(r ledger.Resource) ledger.ID { return r.ID }) {
		if err != nil {
			return err
		}
		rows = slices.DeleteFunc(rows, func(r ledger.Resource) bool { return !e.who.named(r.CreatedBy) })
		err = e.mention(ws, len(rows), func(w *authority.Work) error {
			for _, row := range rows {
				now, err := w.Resource(ws, row.Name)
				if err := authority.IgnoreNoRow(err); err != nil {
					return err
				}
				if err != nil || now.ID != row.ID {
					continue // taken off board meanwhile
				}
				now.CreatedBy, now.Revision = erasedName, w.Revision()
				if err := w.PutResource(now); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// eraseContacts takes the person out of those who are told about the tokens of a
// service account.
func (e *erasure) eraseContacts(ws ledger.ID) error {
	list := func(r *authority.Snapshot, after ledger.ID) ([]ledger.ServiceAccount, error) {
		return r.ServiceAccounts(ws, ledger.Range{After: after, Limit: authority.MaxPage})
	}
	for rows, err := range pages(e, list, func(s ledger.ServiceAccount) ledger.ID { return s.ID }) {
		if err != nil {
			return err
		}
		rows = slices.DeleteFunc(rows, func(s ledger.ServiceAccount) bool { return !slices.ContainsFunc(s.Contacts, e.who.named) })
		err = e.mention(ws, len(rows), func(w *authority.Work) error {
			for _, row := range rows {
				now, err := w.ServiceAccount(ws, ledger.ServiceAccountKey{ID: row.ID})
				if err != nil {
					return err
				}
				now.Contacts, now.Revision = slices.DeleteFunc(now.Contacts, e.who.named), w.Revision()
				w.TouchServiceAccount(now)
				if err := w.PutServiceAccount(now); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// eraseTrust takes the person out of the rules of trust that they wrote.
func (e *erasure) eraseTrust(ws ledger.ID) error {
	list := func(r *authority.Snapshot, after ledger.ID) ([]ledger.TrustRule, error) {
		return r.TrustRules(ws, 0, ledger.Range{After: after, Limit: authority.MaxPage})
	}
	for rows, err := range pages(e, list, func(t ledger.TrustRule) ledger.ID { return t.ID }) {
		if err != nil {
			return err
		}
		rows = slices.DeleteFunc(rows, func(t ledger.TrustRule) bool { return !e.who.named(t.CreatedBy) })
		err = e.mention(ws, len(rows), func(w *authority.Work) error {
			for _, row := range rows {
				now, err := w.TrustRule(ws, row.PublicID)
				if err := authority.IgnoreNoRow(err); err != nil {
					return err
				}
				if err != nil {
					continue // deleted meanwhile
				}
				now.CreatedBy, now.Revision = e.who.scrub(now.CreatedBy), w.Revision()
				if err := w.PutTrustRule(now); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// mention changes n objects of a workspace, and tells its chain.
func (e *erasure) mention(ws ledger.ID, n int, f func(*authority.Work) error) error {
	if e.done.Mentions += n; n == 0 {
		return nil
	}
	return e.change(func(w *authority.Work, ac *authority.Actor) error {
		row, err := w.Workspace(ledger.WorkspaceKey{ID: ws})
		if err != nil {
			return err
		}
		return input.First(f(w), e.tell(w, ac, row, "mentions", n))
	})
}

// eraseOutbox deletes mails and deliveries about the person, sent or not: what
// was not sent yet would tell others of whom nothing is to be told any more.
func (e *erasure) eraseOutbox() error {
	mails, err := outboxOf(e, (*authority.Snapshot).MailsAbout, func(m ledger.Mail) (ledger.ID, bool) {
		return m.ID, e.who.named(m.Recipient) || e.who.inAny(m.Facts)
	}, (*authority.Work).DeleteMail)
	if err != nil {
		return err
	}
	deliveries, err := outboxOf(e, (*authority.Snapshot).DeliveriesAbout, func(d ledger.Delivery) (ledger.ID, bool) {
		return d.ID, e.who.inDocument(d.Payload)
	}, (*authority.Work).DeleteDelivery)
	e.done.Mails, e.done.Deliveries = mails, deliveries
	return err
}

func outboxOf[T any](e *erasure, list func(*authority.Snapshot, ledger.ID, [3]string, int) ([]T, error), about func(T) (ledger.ID, bool), remove func(*authority.Work, ledger.ID) error) (n int, err error) {
	some := func(r *authority.Snapshot, after ledger.ID) ([]T, error) {
		return list(r, after, e.who.texts(), eraseRows)
	}
	for rows, err := range pages(e, some, func(row T) ledger.ID { id, _ := about(row); return id }) {
		if err != nil {
			return n, err
		}
		var ids []ledger.ID
		for _, row := range rows {
			if id, found := about(row); found {
				ids = append(ids, id)
			}
		}
		if n += len(ids); len(ids) == 0 {
			continue
		}
		err = e.change(func(w *authority.Work, ac *authority.Actor) error {
			for _, id := range ids {
				if err := remove(w, id); err != nil {
					return err
				}
			}
			return e.tell(w, ac, ledger.Workspace{}, "notifications", len(ids))
		})
		if err != nil {
			return n, err
		}
	}
	return n, nil
}
