package cluster_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/cluster"
	"github.com/tokenry/tokenry/internal/ledger"
)

// rows are the list of nodes that ask each other.
type rows struct{ nodes []*cluster.Asking }

func (r *rows) add(made ...ledger.LoggedDecision) *cluster.Asking {
	a := cluster.NewAsking(fmt.Sprint("process ", len(r.nodes)), func(id string) (found []ledger.LoggedDecision) {
		for _, d := range made {
			if d.RequestID == id {
				found = append(found, d)
			}
		}
		return found
	})
	r.nodes = append(r.nodes, a)
	return a
}

// list is what they tell now, beside rows of builds that know no questions.
func (r *rows) list(old ...ledger.Lease) []ledger.Lease {
	for _, a := range r.nodes {
		var told ledger.Told
		a.Told(&told)
		old = append(old, ledger.Lease{Told: &told})
	}
	return old
}

func (r *rows) round(old ...ledger.Lease) {
	leases := r.list(old...)
	for _, a := range r.nodes {
		a.Learn(leases)
	}
	synctest.Wait()
}

type answered struct {
	made *ledger.LoggedDecision
	all  bool
}

func ask(ctx context.Context, a *cluster.Asking, workspace ledger.ID, id string) chan answered {
	out := make(chan answered, 1)
	go func() {
		made, all := a.Ask(ctx, workspace, id)
		out <- answered{made, all}
	}()
	synctest.Wait()
	return out
}

// is what was answered after so many looks at the list, and not before.
func (r *rows) is(t *testing.T, got chan answered, looks int, want answered) {
	t.Helper()
	for range looks {
		if len(got) > 0 {
			t.Fatalf("answered too early: %+v", <-got)
		}
		r.round()
	}
	if len(got) == 0 {
		t.Fatal("not answered")
	}
	a := <-got
	if a.all != want.all || (a.made == nil) != (want.made == nil) || a.made != nil && (a.made.RequestID != want.made.RequestID || a.made.Workspace != want.made.Workspace) {
		t.Errorf("%+v, want %+v", a, want)
	}
	r.round()
	r.round()
	for _, l := range r.list() { // nothing of it stays in the rows
		if len(l.Told.Asks)+len(l.Told.Answers) > 0 {
			t.Errorf("still told: %+v", l.Told)
		}
	}
}

// TestNodesAskEachOtherWhatTheyDecided: who asks learns it at the second look, and that
// nobody has it as soon; a decision of another workspace is not told.
func TestNodesAskEachOtherWhatTheyDecided(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var r rows
		made := ledger.LoggedDecision{RequestID: "req_1", Workspace: 7, Code: api.CodeOK}
		asker := r.add()
		r.add()
		r.add(ledger.LoggedDecision{RequestID: "req_1", Workspace: 8}, made)
		r.is(t, ask(t.Context(), asker, 7, "req_1"), 2, answered{&made, true})
		r.is(t, ask(t.Context(), asker, 7, "req_2"), 2, answered{nil, true})
		r.is(t, ask(t.Context(), asker, 9, "req_1"), 2, answered{nil, true})
		both := ask(t.Context(), r.nodes[1], 7, "req_1") // two may ask the same at once
		r.is(t, ask(t.Context(), asker, 7, "req_1"), 2, answered{&made, true})
		if a := <-both; a.made == nil {
			t.Errorf("the other: %+v", a)
		}
	})
}

// TestWhoDoesNotAnswerIsNotTakenForNothing: a node of a build that knows no questions, one
// that has told nothing, and one that comes meanwhile.
func TestWhoDoesNotAnswerIsNotTakenForNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, old := range []ledger.Lease{{}, {Told: &ledger.Told{Rules: "other"}}} {
			var r rows
			asker := r.add()
			r.add()
			ctx, done := context.WithTimeout(t.Context(), cluster.Patience(2*time.Second))
			got := ask(ctx, asker, 7, "req_1")
			for range 3 {
				r.round(old)
			}
			if len(got) > 0 {
				t.Errorf("answered beside one that did not: %+v", <-got)
			}
			if a := <-got; a.made != nil || a.all { // time passes
				t.Errorf("%+v", a)
			}
			done()
		}
		var r rows
		asker, made := r.add(), ledger.LoggedDecision{RequestID: "req_1", Workspace: 7}
		got := ask(t.Context(), asker, 7, "req_1")
		r.add(made)
		r.is(t, got, 2, answered{&made, true})
	})
}

// TestQuestionsAreBounded: they are part of a row that is written again and again.
func TestQuestionsAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var r rows
		answers := r.add()
		ctx, done := context.WithTimeout(t.Context(), time.Second)
		defer done()
		var all []chan answered
		for range 6 {
			a := r.add()
			for i := range 10 {
				all = append(all, ask(ctx, a, 7, fmt.Sprint("req_", i)))
			}
		}
		for _, l := range r.list() {
			if len(l.Told.Asks) > 4 {
				t.Errorf("%d questions at once", len(l.Told.Asks))
			}
		}
		answers.Learn(r.list())
		var told ledger.Told
		if answers.Told(&told); len(told.Answers) != 16 {
			t.Errorf("%d answers at once", len(told.Answers))
		}
		for _, got := range all {
			if a := <-got; a.all || a.made != nil {
				t.Errorf("%+v", a)
			}
		}
	})
}
