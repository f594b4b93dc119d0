package unused

import (
	"context"
	"time"

	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/outbox"
)

// tellEvery is how often administrators are told of what still waits.
const tellEvery = 7 * day

// settle notes what waits in a workspace for a yes, or for the next day, and tells its
// administrators.
func (r *run) settle(ctx context.Context, id ledger.ID) error {
	idle := false
	err := r.in.Read(ctx, func(s *authority.Snapshot) error {
		n, err := s.CountUnused(id, r.in.Moment())
		if err != nil || n > 0 {
			return err
		}
		_, err = s.UnusedState(id)
		idle = err != nil
		return authority.IgnoreNoRow(err)
	})
	if err != nil || idle {
		return err
	}
	waiting := 0
	_, err = r.in.Piece(ctx, job(), func(w *authority.Work) error {
		if w.Doubt != nil {
			return w.Doubt
		}
		s, stored, err := stateOf(w.Reader, id, w.Now)
		if err != nil {
			return err
		}
		n, err := w.CountUnused(id, w.Now)
		if err != nil {
			return err
		}
		waiting = n
		agreed := s.Agreed
		wait(&s, n, w.Now)
		if err := tellWaiting(w, &s); err != nil {
			return err
		}
		lately, _ := recent(s.Facts.Done, w.Now, w.Now)
		if s.Agreed.Equal(agreed) && same(stored, s.Facts) && (len(s.Facts.Done) == 0 || lately > 0) {
			return authority.ErrUnchanged
		}
		return keep(w, s)
	})
	r.did.Waiting += waiting
	return err
}

// wait notes that so many tokens wait now. As long as they are as many, they are named as they
// were; a yes that is used up, or too old, is forgotten.
func wait(s *ledger.UnusedState, n int, now time.Time) {
	f := &s.Facts
	switch {
	case n == 0:
		f.Waits = nil
	case f.Waits == nil:
		f.Waits = &ledger.UnusedWaits{N: n, UpTo: now, Since: now}
	case f.Waits.N != n:
		f.Waits = &ledger.UnusedWaits{N: n, UpTo: now, Since: f.Waits.Since, ToldAt: f.Waits.ToldAt}
	}
	if y := f.Yes; y != nil && !counts(y, now) {
		f.Yes, s.Agreed = nil, time.Time{}
	}
}

// tellWaiting mails the administrators what waits, once a week.
func tellWaiting(w *authority.Work, s *ledger.UnusedState) error {
	waits := s.Facts.Waits
	if waits == nil || !waits.ToldAt.IsZero() && w.Now.Before(waits.ToldAt.Add(tellEvery)) {
		return nil
	}
	told := *waits
	told.ToldAt = w.Now
	s.Facts.Waits = &told
	if !w.Authority.Given().Mail {
		return nil
	}
	ws, err := w.Workspace(ledger.WorkspaceKey{ID: s.Workspace})
	if err != nil {
		return err
	}
	to, err := outbox.MembersWith(w.Snapshot, ws, outbox.IsOwnerOrAdministrator)
	if err != nil {
		return err
	}
	l := newLetters(w)
	for _, who := range to {
		if _, err := l.slot(who); err != nil {
			return err
		}
	}
	l.add(to, ledger.UnusedNote{What: ledger.UnusedWaiting, Workspace: ws.Slug, WorkspaceName: ws.Name, Since: told.Since, N: told.N})
	return l.send(ws.ID)
}
