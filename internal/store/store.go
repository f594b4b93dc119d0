package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/tokenry/tokenry/internal/column"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/recall"
)

// Options say which database to open and how.
type Options struct {
	// URL is "sqlite:PATH" or "postgres://…".
	URL string
	// Holder is who we are, for whoever finds the database held, such as
	// "host:pid listening on :8080". Empty names the process.
	Holder string
	// ReadOnly opens beside a running server of any engine, and
	// changes nothing; the schema must be this program's already.
	ReadOnly bool
	// NoLock opens a SQLite database for changes beside a running server, and does
	// not migrate.
	NoLock bool
	// Bulk is for whoever writes very many rows into a database that is thrown away: SQLite
	// holds more of it in memory, and a commit does not wait for the disk.
	Bulk bool
	// Fenced opens a database that servers may not change too, for whoever moves or
	// restores it.
	Fenced bool
	// Wait is how long a statement waits for a lock that somebody else has; 0
	// is 5 seconds.
	Wait time.Duration
	// Logger is told what the operator should know; nil is silence.
	Logger *slog.Logger
	// Observe is told how long each "read", "batch", "commit" and "ping" took
	// and how it ended, and how long each batch held the "lock"; nil is nobody.
	Observe func(op string, d time.Duration, err error)
	// Now is the clock; nil is the machine's.
	Now func() time.Time
	// Rand is a cryptographic source of randomness; nil is crypto/rand.
	Rand io.Reader
	// Trace is told each statement of a transaction, without its values, before it
	// runs; nil is nobody.
	Trace func(statement string)
	// Trip is told before each way to the database and back that a transaction takes
	// for its statements; nil is nobody.
	Trip func()
	// Forgetful lets each batch read everything anew, for tests that compare.
	Forgetful bool
}

// Store is an [ledger.Store] over one database. It may be used by any number
// of goroutines.
type Store struct {
	eng      *engine
	log      *slog.Logger
	observe  func(op string, d time.Duration, err error)
	now      func() time.Time
	rand     io.Reader
	readOnly bool
	// fenced is [Options.Fenced].
	fenced bool
	// ids is the lowest row number never given out here. It keeps those lost
	// that a batch took and did not commit.
	ids    atomic.Int64
	door   door
	probes probes
	// memo is what the last batch knew of the rows that are written under the lock of
	// the head row; whoever gets the lock takes it, and known is the revision at which
	// it was left. forgetful is [Options.Forgetful].
	memo      atomic.Pointer[recall.Memo]
	known     atomic.Int64
	forgetful bool
}

var _ ledger.Store = (*Store)(nil)

// engine is all that differs between the two databases.
type engine struct {
	name string
	// writer is nil when the store is read-only.
	reader, writer *sql.DB
	// classify says what an error of this driver means: a text without values,
	// empty when the error is not this driver's, and a sentinel or nil.
	classify func(error) (text string, kind error)
	// commit commits, and is an error also when what says success is not sure.
	commit func(*sql.Conn, *sql.Tx) error
	// nodes is nil where one process alone has the database.
	nodes *nodes
	// version is that of the schema which this program knows.
	version int64
	// undone says whether a failed commit certainly changed nothing.
	undone func(error) bool
	// send sends many statements at once; nil where there is no way to save.
	send sender
	// dead says whether a connection cannot be used any more, and pooled how many
	// the driver keeps; nil and 0 where connections do not die.
	dead   func(*sql.Conn) bool
	pooled int
	// detached says that the statements of a batch are not interrupted when its
	// context ends, which is then seen between them.
	detached bool
	// trace is [Options.Trace], trip [Options.Trip]; nil is nobody.
	trace func(statement string)
	trip  func()
	// unhurried makes connections without bounds of time; nil where there are none.
	unhurried func() *sql.DB
	// backup copies the database to a new file; nil where files are not ours.
	backup func(ctx context.Context, path string) error
	// closers run in their order.
	closers []func() error
}

// close goes on after an error, so that the lock is given back in any case.
func (e *engine) close() error {
	var errs []error
	for _, f := range e.closers {
		errs = append(errs, f())
	}
	return errors.Join(errs...)
}

// told tells of a statement.
func (e *engine) told(statement string) {
	if e.trace != nil {
		e.trace(statement)
	}
}

// tripped tells of a way to the database and back.
func (e *engine) tripped() {
	if e.trip != nil {
		e.trip()
	}
}

// Open opens the database and migrates the schema. A SQLite database is taken for
// this process alone: when another server holds it, the error is a *[filelock.HeldError].
func Open(ctx context.Context, o Options) (*Store, error) {
	o = o.withDefaults()
	scheme, rest, _ := strings.Cut(o.URL, ":")
	var eng *engine
	var err error
	switch scheme {
	case "sqlite":
		eng, err = openSQLite(ctx, rest, o)
	case "postgres", "postgresql":
		eng, err = openPostgres(ctx, o)
	default:
		// The address may hold a password, so it is not repeated.
		err = errors.New(`store: the database address begins with neither "sqlite:" nor "postgres://"`)
	}
	if err != nil {
		return nil, err
	}
	eng.trace, eng.trip = o.Trace, o.Trip
	if !o.ReadOnly && !o.Fenced {
		if err := eng.fenced(ctx); err != nil {
			return nil, errors.Join(err, eng.close())
		}
	}
	return &Store{eng: eng, log: o.Logger, observe: o.Observe, now: o.Now, rand: o.Rand, readOnly: o.ReadOnly, fenced: o.Fenced, forgetful: o.Forgetful}, nil
}

// withDefaults fills what was left zero.
func (o Options) withDefaults() Options {
	if o.Holder == "" {
		host, _ := os.Hostname()
		o.Holder = fmt.Sprintf("%s:%d", host, os.Getpid())
	}
	if o.Wait <= 0 {
		o.Wait = 5 * time.Second
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Observe == nil {
		o.Observe = func(string, time.Duration, error) {}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Rand == nil {
		o.Rand = rand.Reader //nolint:forbidigo // a digest is told from others by it, and nothing else is drawn here
	}
	return o
}

// Close lets nothing begin any more, waits for what runs, closes the database
// and gives the lock back, so that the next server finds every commit settled.
func (s *Store) Close() error {
	if !s.door.shut() {
		return nil
	}
	return s.eng.close()
}

// Engine is "sqlite" or "postgres".
func (s *Store) Engine() string { return s.eng.name }

// Ping reads the head row.
func (s *Store) Ping(ctx context.Context) (err error) {
	defer s.timed("ping", &err)()
	if err := s.door.enter(); err != nil {
		return err
	}
	defer s.door.leave()
	var revision int64
	err = s.eng.reader.QueryRowContext(ctx, `SELECT revision FROM head WHERE id = 1`).Scan(&revision)
	return s.eng.translate(err, "")
}

// Confirm answers once all that was read before is as durable as what was answered to
// be committed. A commit that waits for a standby is seen by readers before. It is
// given up after [ProbeTime].
func (s *Store) Confirm(ctx context.Context) error {
	if s.eng.nodes == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, ProbeTime)
	defer cancel()
	_, err := s.eng.nodes.Lacking(ctx, 0, true)
	return err
}

// Read runs f on one snapshot; see [ledger.Store].
func (s *Store) Read(ctx context.Context, f func(ledger.Reader) error) error {
	return s.snapshot(ctx, func(r *reader) error { return f(r.chapters()) })
}

// snapshot is Read for this package.
func (s *Store) snapshot(ctx context.Context, f func(*reader) error) (err error) {
	defer s.timed("read", &err)()
	if err := s.door.enter(); err != nil {
		return err
	}
	defer s.door.leave()
	conn, tx, err := s.eng.begun(ctx, ctx, s.eng.reader, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return s.eng.translate(err, "")
	}
	defer conn.Close() // the pool drops it if it is broken
	r := &reader{session: &session{eng: s.eng, tx: tx, caller: ctx, ctx: ctx}}
	defer r.end()
	// The first statement fixes the snapshot that the others see.
	head, err := one(r.session, func(h *struct {
		revision int64
		digest   []byte
	}) []any {
		return []any{&h.revision, column.Blob(&h.digest)}
	}, `SELECT revision, digest FROM head WHERE id = 1`)
	if err != nil {
		return err
	}
	r.revision, r.point.Revision = head.revision, head.revision
	copy(r.point.Digest[:], head.digest)
	if err := f(r); err != nil {
		return err
	}
	return r.failed
}

const momentColumns = `moment, settlements`

func momentFields(m *ledger.Moment) []any { return []any{column.Instant(&m.Latest), &m.Settlements} }

// Keep raises the moment and reads it; see [ledger.Store].
func (s *Store) Keep(ctx context.Context, at time.Time) (m ledger.Moment, err error) {
	if !at.IsZero() && !s.readOnly {
		if err := s.raise(ctx, at); err != nil {
			return m, err
		}
	}
	err = s.snapshot(ctx, func(r *reader) error {
		m, err = one(r.session, momentFields, `SELECT `+momentColumns+` FROM head WHERE id = 1`)
		return err
	})
	return m, err
}

func (s *Store) raise(ctx context.Context, at time.Time) error {
	return s.aside(ctx, func(t *session) error {
		return t.exec(`UPDATE head SET moment = $1 WHERE id = 1 AND fence IS NULL AND (moment IS NULL OR moment < $1)`, column.Moment(at))
	})
}

// aside commits what takes no revision, without the head row's lock. It is a transaction,
// which says how durable it has to be.
func (s *Store) aside(ctx context.Context, f func(*session) error) error {
	if s.readOnly {
		return ErrReadOnly
	}
	if err := s.door.enter(); err != nil {
		return err
	}
	b, err := s.transaction(ctx)
	if err != nil {
		s.door.leave()
		return err
	}
	defer b.end()
	if err := f(b.session); err != nil {
		return err
	}
	return b.seal()
}

// reader implements [ledger.Reader] on a session.
type reader struct {
	*session
	revision int64
	point    ledger.Point
	// seen are a mutation's tokens as they stand, the zero one where there is none of
	// that number; nil on a snapshot.
	seen map[ledger.ID]ledger.Token
}

// Revision is the snapshot's, or the one that a mutation takes.
func (r headRows) Revision() int64 { return r.revision }

// Point is that of the head row when it was read.
func (r headRows) Point() ledger.Point { return r.point }

// end gives the connection back; the reader answers nothing any more.
func (r *reader) end() {
	_ = r.tx.Rollback() // nothing was written
	r.failed = errSpent
}

// timed starts a clock; what it returns tells the observer how long it ran.
func (s *Store) timed(op string, err *error) func() {
	start := s.now()
	return func() { s.observe(op, s.now().Sub(start), *err) }
}

// BackupTo writes a copy of the database of this moment to a new file of mode
// 0600, beside running reads and writes. Only SQLite is copied so; PostgreSQL
// has pg_dump and better.
func (s *Store) BackupTo(ctx context.Context, path string) error {
	if s.eng.backup == nil {
		return fmt.Errorf("store: a %s database is backed up with its own tools, such as pg_dump", s.eng.name)
	}
	if err := s.door.enter(); err != nil {
		return err
	}
	defer s.door.leave()
	return s.eng.backup(ctx, path)
}
