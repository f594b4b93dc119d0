package storetest

import (
	"context"
	"errors"
	"reflect"

	"github.com/tokenry/tokenry/internal/ledger"
)

// readCases are about snapshots.
func readCases() map[string]func(w *world) {
	return map[string]func(w *world){
		"the database can be pinged":               pinged,
		"a read sees one moment":                   readSeesOneMoment,
		"a revision is what is in the snapshot":    revisionIsWhatIsIn,
		"a read answers with its function's error": readAnswersError,
		"a read ends with its function":            readEnds,
		"a reader cannot write":                    readerCannotWrite,
		"every chapter is there":                   everyChapter,
		"a cancelled context ends a read":          cancelledRead,
		"what cannot be stored is not found":       unstorable,
	}
}

// pinged: readiness is asked with a deadline.
func pinged(w *world) {
	if err := w.Ping(w.Context()); err != nil {
		w.Error(err)
	}
	ctx, cancel := context.WithCancel(w.Context())
	cancel()
	ended(w, w.Ping(ctx))
}

// readSeesOneMoment, also when the write comes from within its function.
func readSeesOneMoment(w *world) {
	w.do(putUser)
	w.read(func(r ledger.Reader) {
		w.do(putUser)
		users, err := r.Users(ledger.Range{})
		if err != nil || len(users) != 1 || r.Revision() != 1 {
			w.Errorf("a snapshot of revision %d shows %d users (%v)", r.Revision(), len(users), err)
		}
	})
	same(w.T, int64(2), w.revision())
}

// revisionIsWhatIsIn reads while others write: with a user for each revision,
// every snapshot has as many users as its revision says.
func revisionIsWhatIsIn(w *world) {
	crowd(4, func(i int) {
		for range 15 {
			if i < 2 {
				w.do(putUser, putUser)
				continue
			}
			w.read(func(r ledger.Reader) {
				users, err := r.Users(ledger.Range{})
				if err != nil || int64(len(users)) != r.Revision() {
					w.Errorf("a snapshot of revision %d shows %d users (%v)", r.Revision(), len(users), err)
				}
			})
		}
	})
	same(w.T, int64(60), w.revision())
}

// readAnswersError as it is, so that errors.Is works.
func readAnswersError(w *world) {
	err := w.Read(w.Context(), func(ledger.Reader) error { return errRefused })
	if !errors.Is(err, errRefused) {
		w.Errorf("answered %v", err)
	}
}

// readEnds: a Reader that was kept would read on a connection of somebody else.
func readEnds(w *world) {
	var kept ledger.Reader
	w.read(func(r ledger.Reader) { kept = r })
	if _, err := kept.Users(ledger.Range{}); err == nil || errors.Is(err, ledger.ErrNoRow) {
		w.Errorf("a Reader that ended answered %v", err)
	}
}

// readerCannotWrite by asking a chapter for more than it was given.
func readerCannotWrite(w *world) {
	w.read(func(r ledger.Reader) {
		writer := reflect.TypeFor[ledger.Writer]()
		for chapter, v := range reflect.ValueOf(r).Fields() {
			for changes := range writer.Fields() {
				if v.Elem().Type().Implements(changes.Type) {
					w.Errorf("the %s of a read is a %s", chapter.Name, changes.Name)
				}
			}
		}
	})
}

// everyChapter: an engine that lacks one fails here, and not in the verb that asks first.
func everyChapter(w *world) {
	w.read(func(r ledger.Reader) { lacksNone(w, reflect.ValueOf(r)) })
	w.do(func(tx ledger.Tx) error {
		lacksNone(w, reflect.ValueOf(tx.Reader))
		lacksNone(w, reflect.ValueOf(tx.Writer))
		return nil
	})
}

func lacksNone(w *world, chapters reflect.Value) {
	for chapter, v := range chapters.Fields() {
		if v.IsNil() {
			w.Errorf("the engine lacks the chapter %s", chapter.Name)
		}
	}
}

// cancelledRead: the caller has gone, before and during.
func cancelledRead(w *world) {
	ctx, cancel := context.WithCancel(w.Context())
	err := w.Read(ctx, func(r ledger.Reader) error {
		cancel()
		_, err := r.Users(ledger.Range{})
		return err
	})
	ended(w, err)
	ended(w, w.Read(ctx, func(ledger.Reader) error { return nil }))
	same(w.T, int64(0), w.revision())
}

// unstorable: PostgreSQL refuses such texts, so no engine may find or keep them.
func unstorable(w *world) {
	for _, text := range []string{"a\x00b", "a\xffb"} {
		w.read(func(r ledger.Reader) {
			missing[ledger.Workspace](w.T)(r.Workspace(ledger.WorkspaceKey{Slug: text}))
			missing[ledger.Idempotency](w.T)(r.Idempotency(text, text, text))
			if list, err := r.Tokens(1, ledger.TokenQuery{Text: text}); err != nil || len(list) != 0 {
				w.Errorf("a search answered %v, %v", list, err)
			}
		})
		errs, err := w.Batch(w.Context(), []func(ledger.Tx) error{
			func(tx ledger.Tx) error {
				user := userRow(tx.NewID())
				user.Name = text
				return tx.PutUser(user)
			},
			putUser,
		})
		if err != nil || errs[0] == nil || errors.Is(errs[0], ledger.ErrStoreUnavailable) || errs[1] != nil {
			w.Errorf("storing %q answered %v, %v", text, errs, err)
		}
	}
}
