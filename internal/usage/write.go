package usage

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tokenry/tokenry/internal/ledger"
)

// writer is what waits for the store.
type writer struct {
	// sending is the piece that is being sent; empty when there is none. unsure
	// says that the store may have taken it without saying so: from then on it is
	// sent again as it is, under its name, until the store says that it has it.
	sending ledger.UsageBatch
	unsure  bool
	// rest is what was collected and is in no piece yet, rows how many the next
	// piece has.
	rest ledger.UsageBatch
	rows int
	// pending is what came meanwhile, denials among it.
	pending *table
	denials []ledger.Denial
	number  uint64
	// failures counts the attempts since the last success, and retry is before
	// when there is no next one.
	failures int
	retry    time.Time
	// kept is when old usage was last tidied up, and forgetting says that there may
	// be limits that have recovered.
	kept       time.Time
	forgetting bool
	// noted is when it was last noted that everything is written, and lost what had been
	// dropped by then.
	noted time.Time
	lost  uint64
}

const (
	// slowest is the longest pause between two attempts.
	slowest = 30 * time.Second
	// patience is how often a batch is sent that the store refuses as such.
	patience = 5
	// hoursKept is how long counts are kept for each hour.
	hoursKept = 35 * 24 * time.Hour
	// tidying is how often old usage is rolled up and trimmed.
	tidying = time.Hour
	// noting is how often it is noted that everything is written.
	noting = time.Minute
)

// Run writes until ctx ends. One call of it is enough; what is recorded after
// its end waits for Shutdown.
func (r *Recorder) Run(ctx context.Context) {
	r.writing.Lock()
	r.note(ctx) // what was written before counts for the first batch too
	r.writing.Unlock()
	for between := r.cfg.Interval; r.pause(ctx, between); {
		r.writing.Lock()
		if now := r.cfg.Now(); !now.Before(r.writer.retry) {
			_ = r.write(ctx) // told where it failed, and tried again
			between = r.between(r.cfg.Now().Sub(now))
			r.tidyUp(ctx)
		} else {
			r.collect()
		}
		r.writing.Unlock()
	}
}

// between is how long to wait after a write that took so long. What takes more than a
// few hundredths of the time waits longer, and has more uses for each row.
func (r *Recorder) between(took time.Duration) time.Duration {
	const share = 50
	return max(r.cfg.Interval, min(share*took, r.cfg.Longest))
}

// pause waits for a time, or until somebody wakes us; false when ctx has ended.
func (r *Recorder) pause(ctx context.Context, d time.Duration) bool {
	c, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	select {
	case <-c.Done():
	case <-r.wake:
	}
	return ctx.Err() == nil
}

// Flush writes what is recorded by now, or says why it could not.
func (r *Recorder) Flush(ctx context.Context) error {
	r.writing.Lock()
	defer r.writing.Unlock()
	return r.write(ctx)
}

// Shutdown writes everything, trying again until ctx ends. Whoever records must
// have stopped before.
func (r *Recorder) Shutdown(ctx context.Context) error {
	const pause = 200 * time.Millisecond
	for {
		err := r.Flush(ctx)
		if err == nil {
			return nil
		}
		if !r.pause(ctx, pause) {
			n := r.waiting()
			r.dropped.Add(uint64(n))
			return fmt.Errorf("usage: %d facts that were recorded last could not be written: %w", n, err)
		}
	}
}

// waiting is how many facts are not written yet. Nothing may be recorded meanwhile.
func (r *Recorder) waiting() int {
	r.writing.Lock()
	defer r.writing.Unlock()
	r.collect()
	w := &r.writer
	pending := w.pending.batch()
	return w.sending.Rows() + w.rest.Rows() + pending.Rows() + len(w.denials) + r.drawn()
}

// collect takes from the shards what they hold.
func (r *Recorder) collect() {
	w := &r.writer
	for i := range r.shards {
		s := &r.shards[i]
		s.mu.Lock()
		s.full, s.spare = s.spare, s.full
		s.mu.Unlock()
		w.pending.merge(s.spare)
		s.spare.reset()
		r.cfg.Breathe()
	}
	denied, dropped := r.denials.drain()
	w.denials = append(w.denials, denied...)
	if len(w.denials) > 2*denialsAtOnce {
		slices.SortFunc(w.denials, func(a, b ledger.Denial) int { return a.At.Compare(b.At) })
		dropped += uint64(len(w.denials) - denialsAtOnce)
		w.denials = slices.Clone(w.denials[len(w.denials)-denialsAtOnce:])
	}
	r.coalesced.Add(w.pending.lost.coalesced)
	r.dropped.Add(w.pending.lost.dropped + dropped)
	w.pending.lost = lost{}
	if r.behind.Load() == 0 {
		r.wait()
	}
}

// wait notes since when something waits, if it does.
func (r *Recorder) wait() {
	if !r.writer.pending.empty() || r.drawn() > 0 {
		r.behind.Store(r.cfg.Now().UnixMicro())
	}
}

// write sends first what is left from before, then what has come by now, in
// pieces. What comes meanwhile is collected, so that the shards have room, and
// waits for the next call: however much comes, this ends.
func (r *Recorder) write(ctx context.Context) error {
	r.collect()
	if err := r.drain(ctx); err != nil {
		return err
	}
	drawn, err := r.writeMeters(ctx)
	if err != nil {
		return err
	}
	w := &r.writer
	w.rest = w.pending.batch()
	w.rest.Meters = drawn
	w.rest.Denials, w.denials = w.denials, nil
	w.pending.reset()
	if err := r.drain(ctx); err != nil {
		return err
	}
	r.behind.Store(0)
	r.wait()
	r.note(ctx)
	return nil
}

// note notes that everything is written that was used until now, or that facts were lost.
func (r *Recorder) note(ctx context.Context) {
	w, now, lost := &r.writer, r.cfg.Now(), r.dropped.Load()
	if r.cfg.Recorded == nil || lost == w.lost && !w.noted.IsZero() && now.Sub(w.noted).Abs() < noting || r.cfg.Unsettled != nil && r.cfg.Unsettled() {
		return
	}
	since, err := r.cfg.Recorded(ctx, now, lost != w.lost)
	if err != nil {
		r.cfg.Logger.Warn("it could not be noted that usage is written", "error", err)
		return
	}
	w.noted, w.lost = now, lost
	r.since.Store(since.UnixMicro())
}

// drain sends what is in pieces, and makes pieces of the rest.
func (r *Recorder) drain(ctx context.Context) error {
	w := &r.writer
	for {
		if w.sending.Rows() == 0 {
			if w.rest.Rows() == 0 {
				return nil
			}
			w.sending = piece(&w.rest, w.rows)
			w.number++
			w.sending.ID, w.sending.At = r.batchID(w.number), r.cfg.Now()
		}
		if err := r.send(ctx); err != nil {
			return err
		}
		r.collect()
	}
}

// send makes one attempt.
func (r *Recorder) send(ctx context.Context) error {
	w := &r.writer
	limited, cancel := context.WithTimeout(ctx, r.cfg.Timeout)
	defer cancel()
	start := r.cfg.Now()
	err := r.cfg.Store.AddUsage(limited, w.sending)
	w.rows = nextPiece(w.rows, r.cfg.Now().Sub(start), err != nil)
	if err != nil {
		return r.missed(err)
	}
	r.written.Add(1)
	added := w.sending
	w.sending, w.unsure, w.failures, w.retry = ledger.UsageBatch{}, false, 0, time.Time{}
	if len(added.Reuses) > 0 && r.cfg.Reused != nil {
		r.cfg.Reused(ctx, added.Reuses)
	}
	if r.cfg.Added != nil {
		r.cfg.Added(ctx, &added)
	}
	return nil
}

// missed notes an attempt that failed. A piece that was certainly not taken is no
// piece any more: its rows go out in smaller ones.
func (r *Recorder) missed(err error) error {
	w := &r.writer
	r.failed.Add(1)
	w.failures++
	w.retry = r.cfg.Now().Add(min(slowest, r.cfg.Interval<<min(w.failures-1, 8)))
	rows := w.sending.Rows()
	r.cfg.Logger.Warn("usage could not be written and is kept for the next attempt",
		"error", err, "attempts", w.failures, "batch", w.sending.ID, "rows", rows, "waiting", w.rest.Rows())
	w.unsure = w.unsure || errors.Is(err, ledger.ErrOutcomeUnknown)
	passing := errors.Is(err, ledger.ErrStoreUnavailable) || errors.Is(err, ledger.ErrOutcomeUnknown)
	switch {
	case !passing && w.failures >= patience && (w.unsure || rows <= smallestPiece):
		r.giveUp(err)
		return nil
	case w.unsure:
		return err
	case !passing && rows > smallestPiece:
		err, w.failures = nil, 0 // the store works; which row it is that it does not take will show
	}
	w.rest, w.sending = join(w.sending, w.rest), ledger.UsageBatch{}
	return err
}

// giveUp drops a piece that the store can be reached for and does not take, so
// that a few rows do not hold up all that come after them.
func (r *Recorder) giveUp(err error) {
	w := &r.writer
	r.cfg.Logger.Error("usage is dropped that the store does not take", "error", err, "batch", w.sending.ID, "rows", w.sending.Rows())
	r.dropped.Add(uint64(w.sending.Rows()))
	w.sending, w.unsure, w.failures, w.retry = ledger.UsageBatch{}, false, 0, time.Time{}
}

// tidyUp rolls up and trims once in an hour. A failure is told and waits for the
// next hour: nothing is wrong but that there is more than there need be.
func (r *Recorder) tidyUp(ctx context.Context) {
	now := r.cfg.Now()
	if r.cfg.Unsettled != nil && r.cfg.Unsettled() {
		return
	}
	r.forgetMeters(ctx)
	if !r.writer.kept.IsZero() && now.Sub(r.writer.kept) < tidying {
		return
	}
	r.writer.kept, r.writer.forgetting = now, true
	if err := r.tidyAll(ctx, now); err != nil && ctx.Err() == nil {
		r.cfg.Logger.Warn("old usage could not be tidied up", "error", err)
	}
}

// tidyAll sums whole days up for everybody, then trims one workspace after the other.
// The first failure ends it; the next hour begins anew.
func (r *Recorder) tidyAll(ctx context.Context, now time.Time) error {
	before := now.Add(-hoursKept).UTC().Truncate(24 * time.Hour)
	if err := r.cfg.Store.RollUpUsage(ctx, before, now); err != nil || r.cfg.Retention == nil {
		return err
	}
	retention, err := r.cfg.Retention(ctx)
	if err != nil {
		return err
	}
	for workspace, keep := range retention {
		if err := r.cfg.Store.TrimUsage(ctx, workspace, now.Add(-keep)); err != nil {
			return err
		}
	}
	return nil
}
