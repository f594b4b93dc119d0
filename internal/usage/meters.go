package usage

import (
	"context"

	"github.com/tokenry/tokenry/internal/ledger"
)

// Meters counts what rate limits have used, and is where that waits to be written.
type Meters interface {
	// TakeDrawn answers about n that were drawn on since they were taken last, and
	// whether its round goes on.
	TakeDrawn(n int) (taken []ledger.Meter, more bool)
	// Drawn is how many wait to be taken.
	Drawn() int
	// Restore takes back what was kept.
	Restore(ledger.Meter)
}

const (
	// metersAtOnce is about how many are collected before they are sent: until then
	// they wait where they are counted, whatever their number.
	metersAtOnce = 1000
	// forgetAtOnce is how many that have recovered are forgotten between two writes.
	forgetAtOnce = 10_000
)

// KeepMeters gives back what the limits of windows over a minute had used, and
// writes from now on what they use. It is called before anything is verified.
func (r *Recorder) KeepMeters(ctx context.Context, m Meters) error {
	r.writing.Lock()
	defer r.writing.Unlock()
	r.meters = m
	return r.cfg.Store.Meters(ctx, r.cfg.Now(), m.Restore)
}

// TakeBack gives memory what is kept once more, as it is kept now.
func (r *Recorder) TakeBack(ctx context.Context) error {
	return r.cfg.Store.Meters(ctx, r.cfg.Now(), r.meters.Restore)
}

// drawn is how many meters wait to be taken.
func (r *Recorder) drawn() int {
	if r.meters == nil {
		return 0
	}
	return r.meters.Drawn()
}

// writeMeters goes round the meters once and sends what it takes. The last it took
// is answered, to go out together with what was used.
func (r *Recorder) writeMeters(ctx context.Context) (last []ledger.Meter, err error) {
	for more := r.meters != nil; more; {
		if last, more = r.meters.TakeDrawn(metersAtOnce); !more {
			break
		}
		r.writer.rest.Meters = last
		if err := r.drain(ctx); err != nil {
			return nil, err
		}
	}
	return last, nil
}

// forgetMeters forgets what has recovered, so much between two writes that they are
// not held up, and goes on with it until there is no more.
func (r *Recorder) forgetMeters(ctx context.Context) {
	if !r.writer.forgetting {
		return
	}
	n, err := r.cfg.Store.ForgetMeters(ctx, r.cfg.Now(), forgetAtOnce)
	r.writer.forgetting = n == forgetAtOnce
	if err != nil && ctx.Err() == nil {
		r.cfg.Logger.Warn("limits that have recovered could not be forgotten", "error", err)
	}
}
