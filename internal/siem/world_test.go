package siem_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokenry/tokenry/internal/audit"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/siem"
	"github.com/tokenry/tokenry/token"
)

// memory is [ledger.Streams] over one chain, whose rows' revisions are their numbers.
type memory struct {
	mu   sync.Mutex
	rows []ledger.StreamRow
	gaps []ledger.StreamGap
	at   map[string]int64
	down error
}

func (m *memory) OpenStream(_ context.Context, name string, atEnd bool, _ time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, known := m.at[name]; !known {
		m.at[name] = 0
		if atEnd {
			m.at[name] = int64(len(m.rows))
		}
	}
	return m.down
}

func (m *memory) StreamBatch(_ context.Context, name string, limit int) (b ledger.StreamBatch, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	at := m.at[name]
	rest := m.rows[at:]
	n := min(len(rest), limit)
	b = ledger.StreamBatch{Name: name, From: ledger.AuditPlace{Revision: at}, To: ledger.AuditPlace{Revision: at + int64(n)}, Gaps: m.gaps,
		Rows: slices.Clone(rest[:n]), Behind: int64(len(rest) - n)}
	return b, m.down
}

func (m *memory) AdvanceStream(_ context.Context, b ledger.StreamBatch, runner int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.at[b.Name] != b.From.Revision || runner != 7 {
		return ledger.ErrStreamMoved
	}
	m.at[b.Name], m.gaps = b.To.Revision, nil
	return m.down
}

func (m *memory) ForgetStreams(context.Context, time.Time) ([]string, error) { return nil, nil }

// world is a service over a memory, whose pauses the test ends.
type world struct {
	*testing.T
	*memory
	keys   *token.Keyring
	s      *siem.Service
	log    *bytes.Buffer
	pauses chan time.Duration
	goOn   chan bool
	stop   context.CancelFunc
	ended  chan bool
}

func newWorld(t *testing.T, rows int, addresses ...string) *world {
	t.Helper()
	keys, err := token.GenerateKeyring(rand.NewChaCha8([32]byte{1}), time.Unix(1, 0))
	if err != nil {
		t.Fatal(err)
	}
	w := &world{T: t, memory: &memory{at: map[string]int64{}}, keys: keys, log: &bytes.Buffer{}, pauses: make(chan time.Duration), goOn: make(chan bool), ended: make(chan bool)}
	w.write(rows)
	w.start(addresses...)
	return w
}

// start begins to stream; what was begun before has ended.
func (w *world) start(addresses ...string) {
	w.Helper()
	targets, err := siem.Parse(addresses, siem.Programme{Host: "office 1", Version: "1.2.3"})
	if err != nil {
		w.Fatal(err)
	}
	w.s = siem.New(siem.Options{
		Streams: w.memory, Targets: targets, Runner: func() int64 { return 7 }, Now: func() time.Time { return time.Unix(1000, 0) },
		Rand: bytes.NewReader(nil), Logger: slog.New(slog.NewTextHandler(w.log, nil)),
		Wait: func(ctx context.Context, d time.Duration) error {
			select {
			case w.pauses <- d:
				<-w.goOn
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		},
	})
	ctx, stop := context.WithCancel(w.Context())
	w.stop = stop
	go func() {
		w.s.Run(ctx)
		w.ended <- true
	}()
	w.Cleanup(stop)
}

// paused waits until a stream has nothing to do, or has failed, and holds how long it waits.
func (w *world) paused(want time.Duration) {
	w.Helper()
	select {
	case d := <-w.pauses:
		if d != want {
			w.Errorf("it waits for %v, want %v", d, want)
		}
	case <-w.ended:
		w.Fatal("it ended")
	}
}

func (w *world) next() { w.goOn <- true }

// end stops what was paused.
func (w *world) end() {
	w.stop()
	w.next()
	<-w.ended
}

// write adds rows to the chain of acme.
func (w *world) write(n int) {
	w.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for range n {
		var last ledger.AuditRow
		if len(w.rows) > 0 {
			last = w.rows[len(w.rows)-1].AuditRow
		}
		at := time.Unix(900+last.Sequence, 0).UTC()
		payload, err := json.Marshal(audit.Payload{At: at.Format(audit.TimeFormat), Workspace: "acme", Action: "token.created", Actor: "ada@example.com",
			Target: "Bücher", Revision: last.Sequence + 1})
		if err != nil {
			w.Fatal(err)
		}
		salt := bytes.Repeat([]byte{2}, audit.SaltSize)
		row, err := audit.Link(w.keys, last.Tip(), ledger.AuditRow{Workspace: 3, Revision: last.Sequence + 1, At: at, Action: "token.created", Actor: "ada@example.com",
			Target: "Bücher", Payload: payload, Salt: salt, PayloadDigest: audit.Digest(salt, payload)})
		if err != nil {
			w.Fatal(err)
		}
		w.rows = append(w.rows, ledger.StreamRow{AuditRow: row, Slug: "acme", Previous: last.Hash})
	}
}

// whole holds that lines are so many rows, of which none is missing or was changed.
func (w *world) whole(lines string, rows int64) {
	w.Helper()
	s := audit.NewStream(w.keys)
	if err := s.Check(strings.NewReader(lines)); err != nil {
		w.Fatal(err)
	}
	chains, err := s.Chains()
	if err != nil || len(chains) != 1 || chains[0].Rows != rows || chains[0].Skipped != 0 {
		w.Errorf("what arrived: %+v, %v", chains, err)
	}
}

func (w *world) state() siem.State { return w.s.States()[0] }

// quiet holds that no log tells what an address must not.
func (w *world) quiet(secrets ...string) {
	w.Helper()
	for _, secret := range secrets {
		if strings.Contains(w.log.String(), secret) {
			w.Errorf("the log tells %q: %s", secret, w.log)
		}
	}
}

var errDown = errors.New("the database is down")
