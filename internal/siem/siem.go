package siem

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/tokenry/tokenry/internal/audit"
	"github.com/tokenry/tokenry/internal/clock"
	"github.com/tokenry/tokenry/internal/ledger"
)

const (
	// rowsAtOnce is how many rows are sent and confirmed together.
	rowsAtOnce = 200
	// look is how often is looked for new rows, which is one look-up by an index.
	look = time.Second
	// patience bounds an attempt.
	patience = 30 * time.Second
	// firstPause doubles with each failure, up to longestPause.
	firstPause, longestPause = time.Second, time.Minute
	// forgetAfter is how long the place of a stream is kept that no setting names.
	forgetAfter = 30 * 24 * time.Hour
	// reopenEvery is how often it is noted that one is wanted.
	reopenEvery = time.Hour
)

// Options are what a Service is made of; all are required.
type Options struct {
	Streams ledger.Streams
	Targets []Target
	// Runner is the number under which this node does what one does for all; 0 where no
	// other is.
	Runner func() int64
	Now    func() time.Time
	// Wait returns after so long, or with why it was ended before.
	Wait func(ctx context.Context, d time.Duration) error
	// Rand is for the jitter of pauses.
	Rand   io.Reader
	Logger *slog.Logger
}

// Service streams the audit. It may be used by many goroutines.
type Service struct {
	o       Options
	streams []*stream
}

// New makes a Service; it starts nothing.
func New(o Options) *Service {
	s := &Service{o: o}
	for _, t := range o.Targets {
		s.streams = append(s.streams, &stream{Target: t, s: s, size: rowsAtOnce, state: State{Name: t.Name}})
	}
	return s
}

// State is how a stream gets on, as this node knows.
type State struct {
	Name string
	// Sent counts rows that were confirmed, Lost those that were purged before.
	Sent, Lost int64
	// Failures counts attempts that were not confirmed, by their code.
	Failures map[Code]int64
	// Failing is the code of the last attempt; empty when it was confirmed.
	Failing Code
	// Behind is how many rows wait, counted up to [ledger.BehindAtMost] and a batch; Oldest
	// is when the first of them happened.
	Behind int64
	Oldest time.Time
}

// States are those of all streams, in the order of the settings.
func (s *Service) States() []State {
	states := make([]State, len(s.streams))
	for i, t := range s.streams {
		states[i] = t.told()
	}
	return states
}

// Run streams until ctx ends: each receiver by itself, so that none waits for another.
func (s *Service) Run(ctx context.Context) {
	var running sync.WaitGroup
	for _, t := range s.streams {
		running.Go(func() { t.run(ctx) })
	}
	running.Wait()
}

// stream is one receiver and how it gets on.
type stream struct {
	Target
	s *Service
	// size is how many rows are sent at once; a receiver that finds them too large is sent
	// fewer. opened is when it was noted last that the stream is wanted.
	size   int
	opened time.Time

	mu    sync.Mutex // guards state
	state State
}

func (t *stream) told() State {
	t.mu.Lock()
	defer t.mu.Unlock()
	state := t.state
	state.Failures = maps.Clone(t.state.Failures)
	return state
}

func (t *stream) tell(f func(*State)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f(&t.state)
}

// run sends what there is, waits for more, and longer where it failed. It tells the log of
// the first failure, of another one, and of its end.
func (t *stream) run(ctx context.Context) {
	log := t.s.o.Logger.With("stream", t.Name)
	failures := 0
	var last Code
	for ctx.Err() == nil {
		more, err := t.step(ctx)
		if ctx.Err() != nil {
			break
		}
		why, pause := t.note(err), look
		switch {
		case why != nil:
			if why.Code != last {
				log.Warn("the audit cannot be streamed; its rows wait", "code", why.Code, "detail", why.Detail)
			}
			pause = clock.Jitter(t.s.o.Rand, min(firstPause<<min(failures, 10), longestPause))
			failures++
			last = why.Code
		case last != "":
			log.Info("the audit is streamed again")
			failures, last = 0, ""
		}
		if why == nil && more {
			continue
		}
		_ = t.s.o.Wait(ctx, pause) // the loop looks itself
	}
	t.tell(func(s *State) { s.Behind, s.Oldest, s.Failing = 0, time.Time{}, "" }) // the next node knows
}

// note counts what came of an attempt.
func (t *stream) note(err error) *SendError {
	var why *SendError
	switch {
	case err == nil:
	case errors.As(err, &why):
	default:
		why = &SendError{Code: CodeDatabase, Detail: err.Error(), cause: err}
	}
	if why == nil {
		t.tell(func(s *State) { s.Failing = "" })
		return nil
	}
	if why.Code == CodeTooLarge && t.size > 1 {
		t.size /= 2
	}
	t.tell(func(s *State) {
		if s.Failing = why.Code; s.Failures == nil {
			s.Failures = map[Code]int64{}
		}
		s.Failures[why.Code]++
	})
	return why
}

// step sends one batch and moves the place on. More says that more is there already.
func (t *stream) step(ctx context.Context) (more bool, err error) {
	if err := t.open(ctx); err != nil {
		return false, err
	}
	b, err := t.s.o.Streams.StreamBatch(ctx, t.Name, t.size)
	if errors.Is(err, ledger.ErrNoRow) {
		t.opened = time.Time{} // somebody forgot it
	}
	if err != nil {
		return false, err
	}
	t.waits(b)
	records := t.records(b)
	if len(records) > 0 {
		if err := t.send(ctx, b, records); err != nil {
			return false, err
		}
	}
	if b.To == b.From && len(b.Gaps) == 0 {
		return false, nil
	}
	if err := t.s.o.Streams.AdvanceStream(ctx, b, t.s.o.Runner()); err != nil && !errors.Is(err, ledger.ErrStreamMoved) {
		return false, err
	} // what another node moved on is read anew
	t.lost(b.Gaps)
	t.tell(func(s *State) {
		for _, r := range records {
			if r.Proof != nil {
				s.Sent++
			}
		}
		if s.Behind = b.Behind; b.Behind == 0 {
			s.Oldest = time.Time{}
		}
	})
	return len(b.Rows) == t.size, nil
}

// waits tells how far the stream is behind.
func (t *stream) waits(b ledger.StreamBatch) {
	t.tell(func(s *State) {
		s.Behind, s.Oldest = b.Behind+int64(len(b.Rows)), time.Time{}
		if len(b.Rows) > 0 {
			s.Oldest = b.Rows[0].At
		}
	})
}

func (t *stream) send(ctx context.Context, b ledger.StreamBatch, records []audit.Record) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	sum := sha256.Sum256(fmt.Appendf(nil, "%s|%v|%v|%d", t.Name, b.From, b.To, len(b.Gaps)))
	return t.sink.send(ctx, batch{id: "audit_" + hex.EncodeToString(sum[:13]), at: t.s.o.Now(), records: records})
}

// records are the gaps and rows that this receiver is sent.
func (t *stream) records(b ledger.StreamBatch) (out []audit.Record) {
	for _, g := range b.Gaps {
		if t.wants(g.Slug) {
			out = append(out, audit.NewGap(g))
		}
	}
	for _, row := range b.Rows {
		if t.wants(row.Slug) {
			out = append(out, audit.NewRecord(row))
		}
	}
	return out
}

// lost says what this receiver is never sent.
func (t *stream) lost(gaps []ledger.StreamGap) {
	for _, g := range gaps {
		if !t.wants(g.Slug) {
			continue
		}
		t.s.o.Logger.Error("retention deleted rows of the audit before they were streamed", "stream", t.Name, "workspace", g.Slug, "first", g.First, "through", g.Through)
		t.tell(func(s *State) { s.Lost += g.Through - g.First + 1 })
	}
}

func (t *stream) wants(slug string) bool {
	if slug == "" {
		slug = audit.Instance
	}
	return len(t.Workspaces) == 0 || slices.Contains(t.Workspaces, slug)
}

// open notes now and then that the stream is wanted, and forgets those that are not.
func (t *stream) open(ctx context.Context) error {
	now := t.s.o.Now()
	if !t.opened.IsZero() && now.Sub(t.opened) < reopenEvery {
		return nil
	}
	if err := t.s.o.Streams.OpenStream(ctx, t.Name, t.AtEnd, now); err != nil {
		return err
	}
	names, err := t.s.o.Streams.ForgetStreams(ctx, now.Add(-forgetAfter))
	for _, name := range names {
		t.s.o.Logger.Warn("a stream of the audit that no setting names any more is forgotten", "stream", name)
	}
	if err == nil {
		t.opened = now
	}
	return err
}
