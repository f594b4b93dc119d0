package authority

import (
	"context"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/clock"
	"github.com/tokenry/tokenry/internal/ledger"
)

// begin settles the moment at which a mutation happens. It is never before the
// latest that was committed. While the clock is unsettled, nothing is given, and
// no moment of that time becomes the latest.
func (w *Work) begin(e Effect) error {
	m := w.Moment()
	w.Authority.clock.Heard(m.Latest, m.Settlements)
	w.Now = w.Authority.Moment()
	if w.Doubt = w.Authority.doubt(); w.Doubt != nil {
		if e == Gives {
			return w.Give()
		}
		return nil
	}
	w.Happen(w.Now)
	return nil
}

// fenced refuses a job that another node has taken over: whoever lost it may not know
// yet.
func (w *Work) fenced() error {
	if !w.Caller.Job || w.Authority.runs == nil {
		return nil
	}
	number, err := w.Runner()
	if err == nil && number != w.Authority.runs() {
		err = busy("another node does this now")
	}
	return err
}

// Give refuses to go on to what gives power, life, reach or speed while nobody
// knows what time it is.
func (w *Work) Give() error {
	if w.Doubt != nil {
		w.Authority.ungiven.Add(1)
	}
	return w.Doubt
}

// Moment is the time as it is stored.
func (a *Authority) Moment() time.Time { return a.now().UTC().Truncate(time.Microsecond) }

// doubt is why nothing can be given now, or nil.
func (a *Authority) doubt() error {
	d, ok := a.clock.Doubt()
	if !ok {
		return nil
	}
	return api.Errorf(api.CodeClockUnsettled, "%s shows %s, and %s was expected; until it is known which is right, nothing is "+
		"given (revoking, disabling, resetting and signing out work): an administrator sets that clock, or runs: tokenry clock settle",
		d.Whose, d.Machine.Format(time.RFC3339), d.Expected.Format(time.RFC3339))
}

// Unsettled says whether the clock is unsettled, and between which times. Jobs
// that destroy or tell by age pause meanwhile.
func (a *Authority) Unsettled() (clock.Doubt, bool) { return a.clock.Doubt() }

// Ungiven is how many changes were refused for an unsettled clock.
func (a *Authority) Ungiven() uint64 { return a.ungiven.Load() }

// Judged is the moment by which a verification decides whether a token lives: the
// later one while the clock is unsettled.
func (a *Authority) Judged() time.Time { return a.now().Add(a.clock.Ahead()).UTC() }

// KeepTime writes the moment of now, so that time does not run back over a
// restart, and learns whether an operator settled the clock. It is for a job.
func (a *Authority) KeepTime(ctx context.Context) error {
	at := a.Moment()
	if a.doubt() != nil {
		at = time.Time{}
	}
	m, err := a.store.Keep(ctx, at)
	if err == nil {
		a.clock.Heard(m.Latest, m.Settlements)
	}
	return Public(err)
}

// SettleClock says that it is this time, whatever was committed before. This case
// is special: it is for whoever has the database and the keyring, on the machine
// itself, and nobody is asked for a right.
func (a *Authority) SettleClock(ctx context.Context, at time.Time) (was time.Time, err error) {
	at = at.UTC().Truncate(time.Microsecond)
	_, err = a.Apply(ctx, Neither, Caller{Machine: "clock"}, func(w *Work) error {
		was, w.Now = w.Moment().Latest, at
		w.TouchAll()
		if err := w.Settle(at); err != nil {
			return err
		}
		return w.Note(Machine(w.Caller), ledger.Workspace{}, Event{Action: "clock.settled", Target: "instance",
			Before: map[string]*time.Time{"latest": api.When(was)}, After: map[string]time.Time{"latest": at}})
	})
	return was, err
}
