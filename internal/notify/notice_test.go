package notify_test

import (
	"testing"
	"time"

	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/notify"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

// TestOutage: the mail server is down for ten days. What it missed is over; of
// both tokens one mail comes, about now.
func TestOutage(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.create("", "a", 15*day)
		w.create("", "b", 16*day)
		w.box.set(&notify.MailError{Unreachable: true, Reason: "down"})
		for range 10 * 4 {
			w.work()
			w.clock.Pass(6 * time.Hour)
		}
		if w.box.tried == 0 {
			w.Fatal("nothing was tried")
		}
		w.box.set(nil)
		for range 4 {
			w.work()
			w.clock.Pass(time.Hour)
		}
		mails := w.box.take()
		if len(mails) != 1 {
			w.Fatalf("%d mails after the outage, want one", len(mails))
		}
		contains(w.T, mails[0].Subject, "2 access tokens expire, the first in ")
	})
}

// person is a caller signed in as the user of an e-mail.
func (w *world) person(email string) authority.Caller {
	w.Helper()
	var id int64
	must(w.T, w.store.Read(w.ctx, func(r ledger.Reader) error {
		u, err := r.User(ledger.UserKey{Email: email})
		id = u.ID
		return err
	}))
	return storetest.SignedIn(w.T, w.store, id)
}
