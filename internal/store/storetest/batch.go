package storetest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/tokenry/tokenry/internal/ledger"
)

var errRefused = errors.New("storetest: refused")

// batchCases are about the one order of mutations.
func batchCases() map[string]func(w *world) {
	return map[string]func(w *world){
		"revisions count up without gaps":                revisionsCountUp,
		"a failed mutation leaves nothing behind":        failedLeavesNothing,
		"a batch ends with its last mutation":            lastEnds,
		"a batch of failures commits nothing":            failuresCommitNothing,
		"an empty batch is nothing":                      emptyBatch,
		"a mutation sees those before it":                seesThoseBefore,
		"row numbers are never given twice":              numbersAreUnique,
		"row numbers are unique among batches":           numbersAreUniqueAcross,
		"a failed statement fails the mutation":          failedStatementFails,
		"a panic is the mutation's own":                  panicIsOwn,
		"a mutation that ends its goroutine is undone":   goexitIsUndone,
		"a cancelled context commits nothing":            cancelledCommitsNothing,
		"a context that ends midway commits nothing":     cancelledMidway,
		"a Tx ends with its mutation":                    txEnds,
		"batches of many goroutines are one after other": batchesNeverOverlap,
		"the latest moment only grows":                   momentGrows,
		"a settlement sets it back":                      momentSettled,
	}
}

// putUser is any mutation that writes a row.
func putUser(tx ledger.Tx) error { return tx.PutUser(userRow(tx.NewID())) }

// revisionsCountUp: a mutation knows the revision it takes before it is committed.
func revisionsCountUp(w *world) {
	if n := w.revision(); n != 0 {
		w.Errorf("a new store is at revision %d", n)
	}
	var seen []int64
	note := func(tx ledger.Tx) error {
		seen = append(seen, tx.Revision())
		return putUser(tx)
	}
	w.do(note, note)
	w.do(note)
	same(w.T, []int64{1, 2, 3}, seen)
	if n := w.revision(); n != 3 {
		w.Errorf("after three mutations the revision is %d", n)
	}
}

// failedLeavesNothing: the next mutation takes the revision that was not used.
func failedLeavesNothing(w *world) {
	var seen []int64
	put := func(slug string, err error) func(tx ledger.Tx) error {
		return func(tx ledger.Tx) error {
			seen = append(seen, tx.Revision())
			ws := workspaceRow(tx.NewID())
			ws.Slug = slug
			return errors.Join(tx.PutWorkspace(ws), err)
		}
	}
	errs, err := w.Batch(w.Context(), []func(ledger.Tx) error{put("a", nil), put("b", errRefused), put("c", nil)})
	if err != nil || errs[0] != nil || !errors.Is(errs[1], errRefused) || errs[2] != nil {
		w.Fatalf("the batch answered %v, %v", errs, err)
	}
	same(w.T, []int64{1, 2, 2}, seen)
	w.read(func(r ledger.Reader) {
		same(w.T, int64(2), r.Revision())
		list, err := r.Workspaces(ledger.Range{})
		if err != nil || len(list) != 2 || list[0].Slug != "a" || list[1].Slug != "c" {
			w.Errorf("stored are %v, %v", list, err)
		}
	})
}

// lastEnds: what comes after the last mutation is not run and not answered, what came
// before is committed, whether the last one fails or not.
func lastEnds(w *world) {
	for _, fails := range []error{nil, errRefused} {
		first, last, ran := w.newID(), w.newID(), false
		put := func(id ledger.ID) func(ledger.Tx) error {
			return func(tx ledger.Tx) error {
				return tx.PutWorkspace(ledger.Workspace{ID: id, Slug: fmt.Sprintf("w%d", id), CreatedAt: at(0)})
			}
		}
		errs, err := w.Batch(w.Context(), []func(ledger.Tx) error{
			put(first),
			func(tx ledger.Tx) error { tx.Last(); return errors.Join(put(last)(tx), fails) },
			func(ledger.Tx) error { ran = true; return nil },
		})
		if err != nil || len(errs) != 2 || errs[0] != nil || !errors.Is(errs[1], fails) || ran {
			w.Errorf("the batch answers %v, %v; the one after the last ran: %v", errs, err, ran)
		}
		w.read(func(r ledger.Reader) {
			_, err := r.Workspace(ledger.WorkspaceKey{ID: first})
			_, lastErr := r.Workspace(ledger.WorkspaceKey{ID: last})
			if err != nil || (lastErr == nil) != (fails == nil) {
				w.Errorf("the first: %v, the last: %v", err, lastErr)
			}
		})
	}
}

// failuresCommitNothing: readers of revisions must not see one without a change.
func failuresCommitNothing(w *world) {
	w.do(putUser)
	fail := func(tx ledger.Tx) error { return errors.Join(putUser(tx), errRefused) }
	errs, err := w.Batch(w.Context(), []func(ledger.Tx) error{fail, fail})
	if err != nil || len(errs) != 2 || errs[0] == nil || errs[1] == nil {
		w.Fatalf("the batch answered %v, %v", errs, err)
	}
	w.read(func(r ledger.Reader) {
		same(w.T, int64(1), r.Revision())
		if users, err := r.Users(ledger.Range{}); err != nil || len(users) != 1 {
			w.Errorf("stored are %v, %v", users, err)
		}
	})
}

// emptyBatch: a committer that woke up for nothing may ask for it.
func emptyBatch(w *world) {
	if errs, err := w.Batch(w.Context(), nil); err != nil || len(errs) != 0 {
		w.Errorf("an empty batch answered %v, %v", errs, err)
	}
	same(w.T, int64(0), w.revision())
}

// seesThoseBefore, and nothing of one that failed.
func seesThoseBefore(w *world) {
	id := w.newID()
	count := func(want int) func(tx ledger.Tx) error {
		return func(tx ledger.Tx) error {
			if users, err := tx.Users(ledger.Range{}); err != nil || len(users) != want {
				w.Errorf("sees %d users, want %d (%v)", len(users), want, err)
			}
			return nil
		}
	}
	errs, err := w.Batch(w.Context(), []func(ledger.Tx) error{
		count(0),
		func(tx ledger.Tx) error { return tx.PutUser(userRow(id)) },
		count(1),
		func(tx ledger.Tx) error { return errors.Join(putUser(tx), errRefused) },
		count(1),
	})
	if err != nil || errs[3] == nil {
		w.Errorf("the batch answered %v, %v", errs, err)
	}
}

// numbersAreUnique: also those that were taken for nothing are not given again.
func numbersAreUnique(w *world) {
	var ids []ledger.ID
	take := func(verdict error) func(tx ledger.Tx) error {
		return func(tx ledger.Tx) error {
			ids = append(ids, tx.NewID(), tx.NewID())
			return verdict
		}
	}
	for _, fs := range [][]func(ledger.Tx) error{
		{take(nil), take(errRefused), take(nil)}, {take(errRefused)}, {take(nil)},
	} {
		if _, err := w.Batch(w.Context(), fs); err != nil {
			w.Fatal(err)
		}
	}
	unique(w, ids)
}

// unique wants every number to be there once.
func unique(w *world, ids []ledger.ID) {
	w.Helper()
	slices.Sort(ids)
	if n := len(ids); ids[0] <= 0 || len(slices.Compact(ids)) != n {
		w.Errorf("row numbers are not unique and positive: %v", ids)
	}
}

// numbersAreUniqueAcross batches that many goroutines commit at once.
func numbersAreUniqueAcross(w *world) {
	var mu sync.Mutex
	var ids []ledger.ID
	crowd(8, func(int) {
		for range 10 {
			w.do(func(tx ledger.Tx) error {
				mu.Lock()
				defer mu.Unlock()
				ids = append(ids, tx.NewID())
				return nil
			}, putUser)
		}
	})
	unique(w, ids)
	same(w.T, int64(160), w.revision())
}

// crowd runs f in n goroutines and waits for all.
func crowd(n int, f func(i int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { f(i) })
	}
	wg.Wait()
}

// failedStatementFails: on PostgreSQL a transaction cannot go on after an error,
// so a mutation that overlooks one must not succeed on another engine.
func failedStatementFails(w *world) {
	var after, read error
	w.refuse(ledger.ErrDuplicate, func(tx ledger.Tx) error {
		user := userRow(tx.NewID())
		if err := tx.PutUser(user); err != nil {
			return err
		}
		user.ID = tx.NewID()
		_ = tx.PutUser(user) // the same public ID
		after = putUser(tx)
		_, read = tx.Users(ledger.Range{})
		return nil
	})
	if after != nil && !errors.Is(after, ledger.ErrDuplicate) || !errors.Is(read, ledger.ErrDuplicate) {
		w.Errorf("after a failed statement others answered %v and %v", after, read)
	}
	same(w.T, int64(0), w.revision())
}

// panicIsOwn: one verb with a bug must not fail the requests it shares a commit
// with.
func panicIsOwn(w *world) {
	errs, err := w.Batch(w.Context(), []func(ledger.Tx) error{
		putUser,
		func(tx ledger.Tx) error {
			if err := putUser(tx); err != nil {
				return err
			}
			panic("a bug")
		},
		putUser,
	})
	if err != nil || errs[0] != nil || errs[1] == nil || errs[2] != nil {
		w.Fatalf("the batch answered %v, %v", errs, err)
	}
	w.read(func(r ledger.Reader) {
		if users, err := r.Users(ledger.Range{}); err != nil || len(users) != 2 || r.Revision() != 2 {
			w.Errorf("stored are %v at %d, %v", users, r.Revision(), err)
		}
	})
}

// goexitIsUndone: t.FailNow in a mutation is the way this happens.
func goexitIsUndone(w *world) {
	crowd(1, func(int) {
		_, _ = w.Batch(w.Context(), []func(ledger.Tx) error{func(tx ledger.Tx) error {
			_ = putUser(tx)
			runtime.Goexit()
			return nil
		}})
	})
	w.do(putUser)
	same(w.T, int64(1), w.revision())
}

// cancelledCommitsNothing, and the store is as good as before.
func cancelledCommitsNothing(w *world) {
	ctx, cancel := context.WithCancel(w.Context())
	cancel()
	_, err := w.Batch(ctx, []func(ledger.Tx) error{putUser})
	ended(w, err)
	w.do(putUser)
	same(w.T, int64(1), w.revision())
}

// cancelledMidway: between statements and before the commit.
func cancelledMidway(w *world) {
	for _, after := range []bool{false, true} {
		ctx, cancel := context.WithCancel(w.Context())
		_, err := w.Batch(ctx, []func(ledger.Tx) error{putUser, func(tx ledger.Tx) error {
			if after {
				_ = putUser(tx)
			}
			cancel()
			return nil
		}})
		ended(w, err)
	}
	w.do(putUser)
	w.read(func(r ledger.Reader) {
		if users, err := r.Users(ledger.Range{}); err != nil || len(users) != 1 || r.Revision() != 1 {
			w.Errorf("stored are %v at %d, %v", users, r.Revision(), err)
		}
	})
}

// ended wants the answer to a caller who has gone.
func ended(w *world, err error) {
	w.Helper()
	if !errors.Is(err, ledger.ErrStoreUnavailable) || !errors.Is(err, context.Canceled) {
		w.Errorf("answered %v, want unavailable for a cancelled context", err)
	}
}

// txEnds: a Tx that was kept would write under another's savepoint.
func txEnds(w *world) {
	var kept ledger.Tx
	w.do(func(tx ledger.Tx) error {
		kept = tx
		return nil
	}, func(ledger.Tx) error {
		if err := kept.PutUser(userRow(1000)); err == nil {
			w.Error("a Tx wrote into the next mutation")
		}
		return nil
	})
	if _, err := kept.Users(ledger.Range{}); err == nil || errors.Is(err, ledger.ErrNoRow) {
		w.Errorf("a Tx that ended answered %v", err)
	}
	w.read(func(r ledger.Reader) { missing[ledger.User](w.T)(r.User(ledger.UserKey{ID: 1000})) })
}

// batchesNeverOverlap counts in a row what only one batch at a time can.
func batchesNeverOverlap(w *world) {
	id := w.newID()
	w.do(func(tx ledger.Tx) error { return tx.PutUser(userRow(id)) })
	crowd(8, func(int) {
		for range 10 {
			w.do(func(tx ledger.Tx) error {
				user, err := tx.User(ledger.UserKey{ID: id})
				if err != nil {
					return err
				}
				user.Revision++
				return tx.PutUser(user)
			})
		}
	})
	w.read(func(r ledger.Reader) {
		if user, err := r.User(ledger.UserKey{ID: id}); err != nil || user.Revision != 80 {
			w.Errorf("80 increments made %d (%v)", user.Revision, err)
		}
	})
}

// moment is what the store says of time.
func (w *world) moment() ledger.Moment {
	w.Helper()
	m, err := w.Store.Keep(w.Context(), time.Time{})
	if err != nil {
		w.Fatal(err)
	}
	return m
}

// momentGrows: what fails raises nothing, and neither does an earlier moment.
func momentGrows(w *world) {
	same(w.T, ledger.Moment{}, w.moment())
	happens := func(n int, err error) func(ledger.Tx) error {
		return func(tx ledger.Tx) error {
			tx.Happen(at(n))
			return errors.Join(err, putUser(tx))
		}
	}
	w.do(happens(5, nil), happens(3, nil))
	same(w.T, ledger.Moment{Latest: at(5)}, w.moment())
	if _, err := w.Store.Batch(w.Context(), []func(ledger.Tx) error{happens(9, errRefused), happens(6, nil)}); err != nil {
		w.Fatal(err)
	}
	same(w.T, ledger.Moment{Latest: at(6)}, w.moment())
	for _, n := range []int{8, 7} {
		m, err := w.Store.Keep(w.Context(), at(n))
		if err != nil || !m.Latest.Equal(at(8)) {
			w.Errorf("kept %+v (%v)", m, err)
		}
	}
	if n := w.revision(); n != 3 {
		w.Errorf("keeping the time took a revision: %d", n)
	}
}

// momentSettled: whoever follows in the batch sees it, and raises nothing.
func momentSettled(w *world) {
	w.do(func(tx ledger.Tx) error {
		tx.Happen(at(9))
		return putUser(tx)
	})
	w.do(func(tx ledger.Tx) error {
		return errors.Join(tx.Settle(at(2)), putUser(tx))
	}, func(tx ledger.Tx) error {
		same(w.T, ledger.Moment{Latest: at(2), Settlements: 1}, tx.Moment())
		tx.Happen(at(4))
		return putUser(tx)
	})
	same(w.T, ledger.Moment{Latest: at(2), Settlements: 1}, w.moment())
}
