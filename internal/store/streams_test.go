package store_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/store"
)

// TestMigrateStreams: 00026_streams leaves the audit as it was.
func TestMigrateStreams(t *testing.T) {
	t.Parallel()
	empty(t, func(on engine) {
		db := beside(on.T, on.url)
		before(on, db, 25)
		insert(on, db, `INSERT INTO workspaces (id, slug, name, policy, created_at, revision) VALUES (1, 'kept', 'Acme', '{}', 1, 1)`)
		open(on.T, store.Options{URL: on.url})
		got := texts(on.T, beside(on.T, on.url), `SELECT slug FROM workspaces UNION ALL SELECT name FROM audit_streams UNION ALL SELECT stream FROM audit_stream_gaps`)
		if diff := cmp.Diff([]string{"kept"}, got); diff != "" {
			on.Errorf("after the migration (-want +got):\n%s", diff)
		}
	})
}

// streamed is a store with chains, and what a stream of it would answer.
type streamed struct {
	engine
	s       *store.Store
	streams ledger.Streams
}

func linked(workspace ledger.ID, sequence, revision int64) ledger.AuditRow {
	hash := bytes.Repeat([]byte{byte(workspace), byte(sequence)}, 16)
	return ledger.AuditRow{Workspace: workspace, Sequence: sequence, Revision: revision, At: time.Unix(revision, 0), Action: "token.created",
		Actor: "ada@example.com", Payload: json.RawMessage(`{"é":"<"}`), Salt: []byte{1}, PayloadDigest: hash, Hash: hash, Key: 1}
}

func (on *streamed) append(rows ...ledger.AuditRow) {
	on.Helper()
	for _, row := range rows {
		batch(on.T, on.s, func(tx ledger.Tx) error { return tx.AppendAudit(row) })
	}
}

func (on *streamed) purge(row ledger.AuditRow) {
	on.Helper()
	batch(on.T, on.s, func(tx ledger.Tx) error {
		return tx.PurgeAudit(ledger.AuditAnchor{Workspace: row.Workspace, Sequence: row.Sequence, Hash: row.Hash, At: row.At, Seal: row.Hash, Key: 1})
	})
}

func (on *streamed) open(name string, atEnd bool, at int64) {
	on.Helper()
	if err := on.streams.OpenStream(on.Context(), name, atEnd, time.Unix(at, 0)); err != nil {
		on.Fatal(err)
	}
}

// reads holds what a batch has against texts like 7/2<1 (row 2 of chain 7, after the hash
// of row 1) and !7/1-2 (a gap).
func (on *streamed) reads(name string, limit int, want ...string) ledger.StreamBatch {
	on.Helper()
	b, err := on.streams.StreamBatch(on.Context(), name, limit)
	if err != nil {
		on.Fatal(err)
	}
	var got []string
	for _, g := range b.Gaps {
		got = append(got, fmt.Sprintf("!%d/%d-%d<%d", g.Workspace, g.First, g.Through, g.Hash[1]))
	}
	for _, r := range b.Rows {
		last := byte(0)
		if r.Previous != nil {
			last = r.Previous[1]
		}
		got = append(got, fmt.Sprintf("%d/%d<%d", r.Workspace, r.Sequence, last))
	}
	if !slices.Equal(got, want) {
		on.Errorf("%s: %v, want %v", name, got, want)
	}
	return b
}

func (on *streamed) advance(b ledger.StreamBatch) {
	on.Helper()
	if err := on.streams.AdvanceStream(on.Context(), b, 0); err != nil {
		on.Fatal(err)
	}
}

func eachStreamed(t *testing.T, f func(on *streamed)) {
	t.Helper()
	each(t, func(on engine) {
		s := open(on.T, store.Options{URL: on.url})
		f(&streamed{on, s, s.Streams()})
	})
}

// TestAStreamGoesOnWhereItWas, in the order of revisions over all chains, each row with the
// hash before it, and only for whoever saw the place that it moves on from.
func TestAStreamGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	eachStreamed(t, func(on *streamed) {
		on.append(linked(7, 1, 1), linked(0, 1, 1), linked(7, 2, 2), linked(7, 3, 2), linked(0, 2, 3))
		on.open("siem", false, 10)
		b := on.reads("siem", 3, "0/1<0", "7/1<0", "7/2<1")
		if b.Behind != 2 {
			on.Errorf("%d rows follow", b.Behind)
		}
		if diff := cmp.Diff(linked(7, 2, 2).Payload, b.Rows[2].Payload); diff != "" {
			on.Error(diff)
		}
		on.reads("siem", 3, "0/1<0", "7/1<0", "7/2<1") // nothing was handed on
		on.advance(b)
		if err := on.streams.AdvanceStream(on.Context(), b, 0); !errors.Is(err, ledger.ErrStreamMoved) {
			on.Errorf("a second node moved it too: %v", err)
		}
		b = on.reads("siem", 3, "7/3<2", "0/2<1")
		if err := on.streams.AdvanceStream(on.Context(), b, 9); !errors.Is(err, ledger.ErrStreamMoved) {
			on.Errorf("a node that does nothing for all moved it: %v", err)
		}
		on.advance(b)
		on.open("siem", false, 20) // it is known
		on.open("late", true, 20)
		on.append(linked(0, 3, 1<<40))
		on.reads("siem", 3, "0/3<2")
		on.reads("late", 3, "0/3<2")
		names, err := on.streams.ForgetStreams(on.Context(), time.Unix(20, 0))
		if err != nil || names != nil {
			on.Errorf("forgot %v, %v", names, err)
		}
		on.open("siem", false, 30)
		if names, err = on.streams.ForgetStreams(on.Context(), time.Unix(30, 0)); err != nil || !slices.Equal(names, []string{"late"}) {
			on.Errorf("forgot %v, %v", names, err)
		}
	})
}

// TestWhatIsPurgedBeforeItWasStreamedIsKnown, until it was told; and nothing is told of
// rows that were handed on, or of streams that do not want it.
func TestWhatIsPurgedBeforeItWasStreamedIsKnown(t *testing.T) {
	t.Parallel()
	eachStreamed(t, func(on *streamed) {
		for i := range int64(6) {
			on.append(linked(7, i+1, i+1))
		}
		on.open("siem", false, 10)
		on.advance(on.reads("siem", 1, "7/1<0"))
		on.purge(linked(7, 2, 2))
		on.purge(linked(7, 3, 3)) // both are one gap
		b := on.reads("siem", 2, "!7/2-3<3", "7/4<3", "7/5<4")
		on.purge(linked(7, 4, 4)) // it was read already, and is about to be told
		on.advance(b)
		on.reads("siem", 2, "7/6<5")
		on.purge(linked(7, 5, 5))
		on.reads("siem", 2, "7/6<5")
		on.open("late", true, 10)
		on.purge(linked(7, 6, 6))
		on.reads("late", 2)
		on.advance(on.reads("siem", 2, "!7/6-6<6"))
		on.reads("siem", 2)
	})
}

// TestAFencedDatabaseIsNotStreamed: the other one is, from where this one was.
func TestAFencedDatabaseIsNotStreamed(t *testing.T) {
	t.Parallel()
	eachStreamed(t, func(on *streamed) {
		on.append(linked(7, 1, 1))
		on.open("siem", false, 10)
		b := on.reads("siem", 2, "7/1<0")
		if _, err := on.s.Tables().Write.ExecContext(on.Context(), `UPDATE head SET fence = '{"run":"move_a","state":"leaving"}'`); err != nil {
			on.Fatal(err)
		}
		if err := on.streams.AdvanceStream(on.Context(), b, 0); !errors.Is(err, ledger.ErrStreamMoved) {
			on.Errorf("a fenced database noted that it was streamed: %v", err)
		}
		if _, err := on.streams.StreamBatch(on.Context(), "siem", 2); !errors.Is(err, ledger.ErrStoreUnavailable) {
			on.Errorf("a fenced database is streamed: %v", err)
		}
	})
}
