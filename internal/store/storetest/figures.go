package storetest

import (
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/ledger"
)

// figureCases are about what is counted.
func figureCases() map[string]func(w *world) {
	return map[string]func(w *world){
		"an empty store has no figures":        func(w *world) { w.read(func(r ledger.Reader) { found(w.T, ledger.Figures{})(r.Figures(at(0))) }) },
		"expiring and expired tokens are told": expiringFigures,
		"what waits to be sent is told":        waitingFigures,
		"tokens are counted by state and week": tokenStates,
		"those that expire next are first":     firstToExpire,
	}
}

const dayHours = 24

func expiringFigures(w *world) {
	for _, ws := range []ledger.ID{w.putWorkspace(nil).ID, w.putWorkspace(nil).ID} {
		for _, hours := range []int{-1, 0, 1, dayHours, dayHours + 1, 7 * dayHours, 30 * dayHours, 30*dayHours + 1} {
			w.putToken(ws, func(t *ledger.Token) { t.ExpiresAt = at(hours) })
		}
		w.putToken(ws, nil)
		w.putToken(ws, func(t *ledger.Token) { t.ExpiresAt, t.RevokedAt = at(1), at(0) })
		w.putToken(ws, func(t *ledger.Token) { t.ExpiresAt, t.DeletedAt = at(-1), at(0) })
	}
	w.read(func(r ledger.Reader) {
		found(w.T, ledger.Figures{Expired: 4, ExpiringDay: 4, ExpiringWeek: 8, ExpiringMonth: 10})(r.Figures(at(0)))
	})
}

func waitingFigures(w *world) {
	ws := w.putWorkspace(nil).ID
	hook := webhookRow(w, ws, "whk_a").ID
	settled, fresh, tried := deliveryAt(w, hook, "msg_1", 1), deliveryAt(w, hook, "msg_2", 2), deliveryAt(w, hook, "msg_3", 9)
	settled.NextAttemptAt, settled.Attempts, settled.State, settled.SettledAt = time.Time{}, 3, api.DeliveryFailed, at(1)
	fresh.CreatedAt, tried.CreatedAt, tried.Attempts = at(3), at(4), 2
	mail := func(name string, attempts, made int) ledger.Mail {
		return ledger.Mail{ID: w.newID(), PublicID: name, State: ledger.MailPending, Attempts: attempts, NextAttemptAt: at(5), CreatedAt: at(made)}
	}
	old, again := mail("mail_1", 1, 1), mail("mail_2", 4, 0)
	sent := mail("mail_3", 1, -9)
	sent.NextAttemptAt, sent.State, sent.SettledAt = time.Time{}, ledger.MailSent, at(1)
	one, two := w.putToken(ws, nil).ID, w.putToken(ws, nil).ID
	w.do(func(tx ledger.Tx) error {
		for _, d := range []ledger.Delivery{settled, fresh, tried} {
			if err := tx.PutDelivery(d); err != nil {
				return err
			}
		}
		for _, m := range []ledger.Mail{old, again, sent} {
			if err := tx.PutMail(m); err != nil {
				return err
			}
		}
		for _, n := range []ledger.Notice{
			{Token: one, ExpiresAt: at(1), Step: 7, NoticedAt: at(0), SentAt: at(0)}, {Token: one, ExpiresAt: at(1), Step: 3, NoticedAt: at(0)},
			{Token: two, ExpiresAt: at(2), Step: 7, NoticedAt: at(0)}, {Token: two, ExpiresAt: at(0), Step: 7, NoticedAt: at(0)},
		} {
			if err := tx.PutNotice(n); err != nil {
				return err
			}
		}
		return nil
	})
	w.read(func(r ledger.Reader) {
		found(w.T, ledger.Figures{
			Deliveries: ledger.Backlog{Waiting: 2, Retrying: 1, Oldest: at(3), OldestRetrying: at(4)},
			Mails:      ledger.Backlog{Waiting: 2, Retrying: 2, Oldest: at(0), OldestRetrying: at(0)}, NoticesSent: 1, NoticesUnsent: 2,
		})(r.Figures(at(0)))
	})
}

func tokenStates(w *world) {
	ws, elsewhere := w.putWorkspace(nil).ID, w.putWorkspace(nil).ID
	ada := w.putMember(ws, w.putUser(nil), nil).ID
	gone := w.putMember(ws, w.putUser(nil), func(m *ledger.Member) { m.RemovedAt = at(0) }).ID
	away := w.putMember(ws, w.putUser(nil), func(m *ledger.Member) { m.DeactivatedAt = at(0) }).ID
	out := w.putMember(ws, w.putUser(func(u *ledger.User) { u.DeactivatedAt = at(0) }), nil).ID
	off := w.putAccount(ws, func(a *ledger.ServiceAccount) { a.DisabledAt = at(0) }).ID
	on := w.putAccount(ws, nil).ID
	for _, set := range []func(t *ledger.Token){
		nil,
		func(t *ledger.Token) { t.OwnerMember, t.ExpiresAt = ada, at(1) },
		func(t *ledger.Token) { t.OwnerServiceAccount, t.ExpiresAt = on, at(7*dayHours-1) },
		func(t *ledger.Token) { t.ExpiresAt = at(7 * dayHours) },
		func(t *ledger.Token) { t.ExpiresAt = at(13 * 7 * dayHours) },
		func(t *ledger.Token) { t.OwnerMember = gone },
		func(t *ledger.Token) { t.RevokedAt, t.ExpiresAt, t.DisabledAt = at(0), at(-1), at(0) },
		func(t *ledger.Token) { t.RevokeAt, t.DisabledAt = at(0), at(0) },
		func(t *ledger.Token) { t.ExpiresAt, t.DisabledAt = at(0), at(0) },
		func(t *ledger.Token) { t.DisabledAt, t.NotBefore, t.RevokeAt = at(0), at(1), at(1) },
		func(t *ledger.Token) { t.NotBefore = at(1) },
		func(t *ledger.Token) { t.NotBefore = at(0) },
		func(t *ledger.Token) { t.OwnerMember = away },
		func(t *ledger.Token) { t.OwnerMember = out },
		func(t *ledger.Token) { t.OwnerServiceAccount, t.ExpiresAt = off, at(2) },
		func(t *ledger.Token) { t.DeletedAt, t.RevokedAt = at(0), at(0) },
	} {
		w.putToken(ws, set)
	}
	w.putToken(elsewhere, nil)
	w.read(func(r ledger.Reader) {
		found(w.T, []ledger.TokenState{
			{State: api.StatusActive, Week: -1, Count: 3}, {State: api.StatusActive, Week: 0, Count: 2}, {State: api.StatusActive, Week: 1, Count: 1},
			{State: ledger.StateBlocked, Week: -1, Count: 3}, {State: ledger.StateBlocked, Week: 0, Count: 1},
			{State: api.StatusDisabled, Week: -1, Count: 1}, {State: api.StatusExpired, Week: -1, Count: 1},
			{State: api.StatusRevoked, Week: -1, Count: 3},
		})(r.TokenStates(ws, 0, at(0)))
		found(w.T, []ledger.TokenState{{State: api.StatusActive, Week: 0, Count: 1}})(r.TokenStates(ws, ada, at(0)))
	})
}

func firstToExpire(w *world) {
	ws, elsewhere := w.putWorkspace(nil).ID, w.putWorkspace(nil).ID
	ada := w.putMember(ws, w.putUser(nil), nil).ID
	gone := w.putMember(ws, w.putUser(nil), func(m *ledger.Member) { m.RemovedAt = at(0) }).ID
	last := w.putToken(ws, func(t *ledger.Token) { t.ExpiresAt = at(3) })
	mine := w.putToken(ws, func(t *ledger.Token) { t.ExpiresAt, t.OwnerMember = at(2), ada })
	next := w.putToken(ws, func(t *ledger.Token) { t.ExpiresAt = at(1) })
	for _, set := range []func(t *ledger.Token){
		nil,
		func(t *ledger.Token) { t.ExpiresAt = at(0) },
		func(t *ledger.Token) { t.ExpiresAt = at(4) },
		func(t *ledger.Token) { t.ExpiresAt, t.OwnerMember = at(1), gone },
		func(t *ledger.Token) { t.ExpiresAt, t.RevokedAt = at(1), at(0) },
		func(t *ledger.Token) { t.ExpiresAt, t.DeletedAt = at(1), at(0) },
		func(t *ledger.Token) { t.ExpiresAt, t.DisabledAt = at(1), at(0) },
		func(t *ledger.Token) { t.ExpiresAt, t.RevokeAt = at(1), at(0) },
	} {
		w.putToken(ws, set)
	}
	w.putToken(elsewhere, func(t *ledger.Token) { t.ExpiresAt = at(1) })
	w.read(func(r ledger.Reader) {
		found(w.T, []ledger.Token{next, mine, last})(r.FirstToExpire(ws, 0, at(0), at(4), 9))
		found(w.T, []ledger.Token{next})(r.FirstToExpire(ws, 0, at(0), at(4), 1))
		found(w.T, []ledger.Token{mine})(r.FirstToExpire(ws, ada, at(0), at(4), 9))
	})
}
