package unused_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/internal/unused"
)

// TestOnePersonGetsOneMailADay, whatever is found: 14 days before the day, and on the day. What
// is so no more when it is sent is left out.
func TestOnePersonGetsOneMailADay(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.Member("bob@example.com", "Viewer")
		in := officetest.Scoped("personal", "bob@example.com", "tickets:read")
		in.Never = api.Some(true)
		for _, label := range []string{"one", "two", "three"} {
			in.Label = api.Some(label)
			w.use(w.Create(w.ada(), in))
		}
		used := w.Create(w.ada(), in)
		w.after(60 * api.Day)
		w.Clock.Pass(60 * day)
		w.mailed()
		w.did(unused.Did{Warned: 4})
		w.use(used)
		w.did(unused.Did{TakenBack: 1})
		if n := len(w.mailed()); n != 0 {
			w.Errorf("%d mails at once", n)
		}
		w.Clock.Pass(2 * time.Hour)
		mails := w.mailed()
		if len(mails) != 1 || mails[0].Recipient != "bob@example.com" || !cmp.Equal(what(mails[0]), []string{"warned one", "warned three", "warned two"}) {
			w.Fatalf("mailed %+v", mails)
		}
		in.Label = api.Some("four")
		four := w.Create(w.ada(), in)
		w.since = w.since.Add(-100 * day)
		w.Clock.Pass(14*day + time.Hour)
		w.did(unused.Did{Disabled: 1, Waiting: 2})
		w.Clock.Pass(time.Hour + time.Minute)
		mails = w.mailed()
		if len(mails) != 2 { // bob's, and what waits goes to ada
			w.Fatalf("on the day, %+v", mails)
		}
		for _, l := range mails {
			want := map[string]string{"bob@example.com": "disabled one", "ada@example.com": "waiting "}[l.Recipient]
			if !cmp.Equal(what(l), []string{want}) {
				w.Errorf("%s is told %v", l.Recipient, what(l))
			}
		}
		w.Clock.Pass(23 * time.Hour)
		w.did(unused.Did{Disabled: 1, Waiting: 1})
		w.Clock.Pass(30 * time.Minute)
		if mails = w.mailed(); len(mails) != 0 {
			w.Errorf("within a day of the one before, %+v", mails)
		}
		w.Clock.Pass(time.Hour)
		if mails = w.mailed(); len(mails) != 1 || !cmp.Equal(what(mails[0]), []string{"disabled two"}) {
			w.Errorf("a day later, %+v", mails)
		}
		w.use(four)
	})
}

// TestAMailNamesSomeAndCountsTheOthers, in one row, however many there are; and who hears of
// a mail late has 14 days from it on.
func TestAMailNamesSomeAndCountsTheOthers(t *testing.T) {
	t.Parallel()
	w := alone(t)
	all := w.tokens(45)
	w.after(60 * api.Day)
	w.Clock.Pass(60 * day)
	w.mailed()
	w.did(unused.Did{Warned: 45})
	w.Clock.Pass(2 * time.Hour)
	mails := w.mailed()
	if len(mails) != 1 || len(mails[0].Facts.Unused) != 20 || mails[0].Facts.MoreUnused != 25 {
		t.Fatalf("mailed %d: %+v", len(mails), mails)
	}
	w.use(all[0])
	w.did(unused.Did{TakenBack: 1})
	next := w.token("later")
	w.since = w.Clock.Now().Add(-100 * day)
	w.book.used[officetest.Locator(w.World, all[1])] = w.Clock.Now().Add(-47 * day)
	_ = next
	w.did(unused.Did{Warned: 1}) // the use moved its day
	if due := w.show(all[1]).Unused.DisableAt; due.Before(w.Clock.Now().Add(14*day + 23*time.Hour)) {
		t.Errorf("its day is %v, and the mail goes tomorrow", due)
	}
}
