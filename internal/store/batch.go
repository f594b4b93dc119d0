package store

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"runtime/debug"
	"slices"
	"time"

	"github.com/tokenry/tokenry/internal/column"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/recall"
)

// Patience bounds a batch, its commit included, on a database that went silent.
// It is less than what is left of a request by then: see the package server.
const Patience = 15 * time.Second

// Batch commits mutations as one transaction; see [ledger.Store].
func (s *Store) Batch(ctx context.Context, mutations []func(ledger.Tx) error) ([]error, error) {
	return s.batch(ctx, inLine, mutations)
}

// BatchNext is Batch before those of others; see [ledger.Store].
func (s *Store) BatchNext(ctx context.Context, mutations []func(ledger.Tx) error) ([]error, error) {
	return s.batch(ctx, atTheDoor, mutations)
}

// lane is where a batch waits for the head row. Behind an update of one row waiters of
// PostgreSQL have no order: whoever just had the row is the first to ask again, and
// was seen to have it 174 times in a row. Locks of a transaction have one, so waiters
// stand in a line of those first, and the first of them at the door, where what goes
// before its turn asks at once. Only the row's lock makes a batch alone: the line is
// manners, and a node that has none, as one of an older version, breaks nothing.
type lane bool

const (
	inLine    lane = false
	atTheDoor lane = true
)

func (s *Store) batch(ctx context.Context, l lane, mutations []func(ledger.Tx) error) (_ []error, err error) {
	if len(mutations) == 0 {
		return nil, nil
	}
	defer s.timed("batch", &err)()
	b, err := s.begin(ctx, l)
	if err != nil {
		s.settle(err)
		return nil, err
	}
	defer b.end()
	held := error(nil)
	defer s.timed("lock", &held)()
	var verdicts []error
	for _, mutate := range mutations {
		verdict, err := b.apply(mutate)
		if bad := cmp.Or(err, verdict); bad != nil {
			s.settle(bad)
		}
		if err != nil {
			return nil, err
		}
		if verdicts = append(verdicts, verdict); b.last {
			break
		}
	}
	if b.applied == 0 {
		b.leaveMemo()
		return verdicts, b.confirm(verdicts)
	}
	err = b.commit()
	if s.settle(err); err != nil {
		return nil, err
	}
	return verdicts, nil
}

// batch is a transaction that holds the head row's lock.
type batch struct {
	*session
	store *Store
	conn  *sql.Conn
	// keep parts the transaction from its caller's context; false says that
	// this has ended it already. cancel ends it.
	keep   func() bool
	cancel context.CancelFunc
	// revision is the last one given, nextID the next row number.
	revision int64
	nextID   ledger.ID
	// base is the revision that the batch began with, digest that of the chain there.
	base   int64
	digest []byte
	// touched is what the mutations that succeeded say they touched.
	touched ledger.Touched
	// moment is the head row's, as it will be.
	moment ledger.Moment
	// decreed says that moment was settled in this batch.
	decreed bool
	// applied counts the mutations that succeeded.
	applied int
	// last says that no mutation follows.
	last bool
	// memo is what is known of the rows.
	memo *recall.Memo
}

// begin waits for a connection as long as ctx allows and locks the head row.
func (s *Store) begin(ctx context.Context, l lane) (*batch, error) {
	if s.readOnly {
		return nil, ErrReadOnly
	}
	if err := s.door.enter(); err != nil {
		return nil, err
	}
	b, err := s.transaction(ctx)
	if err != nil {
		s.door.leave()
		return nil, err
	}
	if err := b.lock(l); err != nil {
		b.end()
		return nil, err
	}
	return b, nil
}

// transaction begins one on a connection that is free.
func (s *Store) transaction(ctx context.Context) (*batch, error) {
	life, keep, cancel := s.eng.life(ctx)
	conn, tx, err := s.eng.begun(ctx, life, s.eng.writer, &sql.TxOptions{Isolation: sql.LevelReadCommitted})
	if err != nil {
		cancel()
		return nil, s.eng.translate(cause(ctx, err), "")
	}
	return &batch{
		session: &session{eng: s.eng, tx: tx, caller: ctx, ctx: life, conn: conn, together: s.eng.send != nil},
		store:   s, conn: conn, keep: keep, cancel: cancel,
	}, nil
}

// begun begins a transaction that lives as long as life, on a connection that is
// free. A connection that died while nobody used it, as all do when the database
// was restarted, is dropped, and the next one is tried: nothing was said on it.
func (e *engine) begun(ctx, life context.Context, db *sql.DB, o *sql.TxOptions) (conn *sql.Conn, tx *sql.Tx, err error) {
	for range 1 + db.Stats().MaxOpenConnections + e.pooled {
		if conn, err = db.Conn(ctx); err != nil {
			return nil, nil, err
		}
		e.tripped()
		if tx, err = conn.BeginTx(life, o); err == nil {
			return conn, tx, nil
		}
		dead := e.dead != nil && e.dead(conn)
		_ = conn.Close() // the pool drops it if it is broken
		if !dead || ctx.Err() != nil {
			break
		}
	}
	return nil, nil, err
}

// life is the context of a batch. It ends with the caller's until keep is
// called, because a commit must not be broken off by a caller who has gone.
func (e *engine) life(ctx context.Context) (life context.Context, keep func() bool, cancel context.CancelFunc) {
	life = context.WithoutCancel(ctx)
	if e.detached {
		return life, func() bool { return ctx.Err() == nil }, func() {}
	}
	life, cancel = context.WithTimeout(life, Patience)
	return life, context.AfterFunc(ctx, cancel), cancel
}

// headLock is the statement that takes the head row when the lane has led to it.
func headLock(l lane) string {
	if l == atTheDoor {
		return `WITH door AS MATERIALIZED (SELECT pg_advisory_xact_lock(` + doorLock + `, hashtext(current_schema())))
			UPDATE head SET revision = revision FROM door WHERE id = 1`
	}
	return `WITH line AS MATERIALIZED (SELECT pg_advisory_xact_lock(` + lineLock + `, hashtext(current_schema()))),
		door AS MATERIALIZED (SELECT pg_advisory_xact_lock(` + doorLock + `, hashtext(current_schema())) FROM line)
		UPDATE head SET revision = revision FROM door WHERE id = 1`
}

// headed is the head row, with one of the changes that led to it.
type headed struct {
	revision, nextID int64
	digest           []byte
	fence            *ledger.Fence
	ledger.Moment
	link
}

// link is a change as a memo follows it; it leads from a revision to another, with a digest
// there. All are nil where there is none.
type link struct {
	from, to   *int64
	sum, wrote []byte
}

func headFields(h *headed) []any {
	return append([]any{&h.revision, &h.nextID, column.Blob(&h.digest), column.Document(&h.fence)}, momentFields(&h.Moment)...)
}

func headedFields(h *headed) []any {
	return append(headFields(h), &h.from, &h.to, &h.sum, &h.wrote)
}

// mostFollowed is how many revisions of others a memo is taken over; more of them have
// written most of it anyway.
const mostFollowed = 256

// lock takes the head row; whoever holds it is alone, on every node.
func (b *batch) lock(l lane) error {
	heads, err := b.head(l)
	if err != nil {
		return err
	}
	head := &heads[0]
	if head.fence != nil && (!b.store.fenced || head.fence.State != ledger.FenceRestoring) {
		return &ledger.FenceError{Fence: *head.fence}
	}
	b.revision, b.nextID, b.moment = head.revision, max(head.nextID, b.store.ids.Load()), head.Moment
	b.base, b.digest = head.revision, head.digest
	b.memo = b.store.memo.Swap(nil)
	if b.store.forgetful || !b.follows(heads) {
		b.memo = new(recall.Memo)
	}
	return nil
}

// head locks the row and reads it. Where others change the database too it comes with the
// changes that a memo lacks, read once the lock is held and on the same way.
func (b *batch) head(l lane) (heads []headed, err error) {
	const columns = `head.revision, next_id, head.digest, fence, ` + momentColumns
	if b.eng.nodes == nil {
		heads, err = list(b.session, headFields, `UPDATE head SET revision = revision WHERE id = 1 RETURNING `+columns)
	} else if err = b.queue(headLock(l)); err == nil {
		heads, err = list(b.session, headedFields, `SELECT `+columns+`, changes.base, changes.revision, changes.digest, wrote
			FROM head LEFT JOIN changes ON changes.revision >= $1 AND head.revision - $1 <= $2 WHERE head.id = 1 ORDER BY changes.revision`,
			b.store.known.Load(), mostFollowed)
	}
	if err == nil && len(heads) == 0 {
		err = ledger.ErrNoRow
	}
	return heads, err
}

// follows takes the memo over what others wrote since it ended; false when they are
// too many, or do not lead here from there.
func (b *batch) follows(heads []headed) bool {
	if b.memo == nil || b.memo.At() == b.point() {
		return b.memo != nil
	}
	at, found := ledger.Point{}, false
	for _, l := range heads {
		if l.from == nil || found && *l.from != at.Revision {
			return false
		}
		if found {
			b.memo.Follow(l.wrote)
		}
		at.Revision = *l.to
		copy(at.Digest[:], l.sum)
		found = found || at == b.memo.At()
	}
	return found && at == b.point()
}

// point is where in the history the batch is.
func (b *batch) point() ledger.Point {
	p := ledger.Point{Revision: b.revision}
	copy(p.Digest[:], b.digest)
	return p
}

// apply runs one mutation under a savepoint. The first answer is its verdict;
// the second says that the transaction cannot go on.
func (b *batch) apply(mutate func(ledger.Tx) error) (verdict, broken error) {
	t := &tx{
		reader: &reader{session: b.fork(), revision: b.revision + 1, point: ledger.Point{Revision: b.base}, seen: map[ledger.ID]ledger.Token{}},
		batch:  b,
	}
	copy(t.point.Digest[:], b.digest)
	t.moment, t.decreed = b.moment, b.decreed
	if err := t.exec(`SAVEPOINT mutation`); err != nil {
		return nil, err
	}
	verdict = t.mutate(mutate)
	b.store.ids.Store(b.nextID) // under the head row's lock
	if verdict != nil {
		return verdict, b.undo(t)
	}
	b.memo.Keep()
	b.revision++
	b.applied++
	b.moment, b.decreed = t.moment, t.decreed
	b.touched.Add(t.touched)
	return nil, nil
}

// undo takes back what a mutation did, if anything of it was sent.
func (b *batch) undo(t *tx) error {
	b.memo.Undo()
	if len(t.queued) > 0 && t.queued[0].query == `SAVEPOINT mutation` {
		return nil
	}
	if err := b.run(`ROLLBACK TO SAVEPOINT mutation`); err != nil {
		return err
	}
	return b.run(`RELEASE SAVEPOINT mutation`)
}

// fork is the same transaction as one mutation sees it: what spends it is undone
// with the savepoint.
func (b *batch) fork() *session {
	own := *b.session
	own.queued = nil
	return &own
}

// mutate calls the mutation, sends what waits yet, and spends the view it had.
func (t *tx) mutate(f func(ledger.Tx) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &PanicError{Value: p}
			t.batch.store.log.Error("a mutation panicked", "error", err, "stack", string(debug.Stack()))
		}
		t.failed = errSpent
	}()
	if err := f(t.batch.memo.Over(t.chapters())); err != nil {
		return err
	}
	if err := t.exec(`RELEASE SAVEPOINT mutation`); err != nil {
		return err
	}
	return t.ready()
}

// commit writes the head row, and what the other nodes have to know, and commits.
func (b *batch) commit() (err error) {
	defer b.store.timed("commit", &err)()
	if b.revision != b.base {
		if err := b.chain(); err != nil {
			return err
		}
	}
	if err := b.exec(`UPDATE head SET revision = $1, next_id = $2, moment = $3, settlements = $4, digest = $5 WHERE id = 1`,
		b.revision, b.nextID, column.Moment(b.moment.Latest), b.moment.Settlements, column.Blob(&b.digest)); err != nil {
		return err
	}
	if err := b.seal(); err != nil {
		return err
	}
	b.leaveMemo()
	return nil
}

// leaveMemo leaves what is known to the next batch.
func (b *batch) leaveMemo() {
	b.memo.Ended(b.point())
	b.store.known.Store(b.revision)
	b.store.memo.Store(b.memo)
}

// chain adds what was touched to the history that nodes follow.
func (b *batch) chain() (err error) {
	touched := b.touched.Bounded()
	if b.digest, err = b.next(touched); err != nil || b.eng.nodes == nil {
		return err
	}
	wrote := b.memo.Wrote()
	return b.exec(`INSERT INTO changes (revision, base, digest, touched, wrote) VALUES ($1, $2, $3, $4, $5)`,
		b.revision, b.base, column.Blob(&b.digest), column.Document(&touched), column.Document(&wrote))
}

// next is the digest of the chain at the batch's end. What is drawn for it makes two
// histories differ that did the same at the same time.
func (b *batch) next(touched ledger.Touched) ([]byte, error) {
	const drawn = 16
	what, err := json.Marshal(touched)
	if err != nil {
		return nil, failf(nil, "what was touched cannot be written: %v", err)
	}
	in := binary.BigEndian.AppendUint64(slices.Clone(b.digest), uint64(b.revision))
	in = append(in, make([]byte, drawn)...)
	if _, err := io.ReadFull(b.store.rand, in[len(in)-drawn:]); err != nil {
		return nil, failf(nil, "no randomness: %v", err)
	}
	sum := sha256.Sum256(append(in, what...))
	return sum[:], nil
}

// confirm ends a batch in which nothing changed. Where others change the database
// too, and a commit can be visible before it is sure, what says that nothing had to
// be changed ([ledger.ErrUnchanged]) waits until what it saw is sure: the lock of the
// head row is a write, and its commit waits for what every commit waits for.
func (b *batch) confirm(verdicts []error) error {
	if b.eng.nodes == nil || !slices.ContainsFunc(verdicts, func(err error) bool { return errors.Is(err, ledger.ErrUnchanged) }) {
		return nil
	}
	err := b.seal()
	b.store.settle(err)
	return err
}

// seal commits. From keep on, nothing but the database and Patience can stop it.
func (b *batch) seal() error {
	if err := b.ready(); err != nil {
		return err
	}
	b.eng.tripped()
	if !b.keep() {
		return b.eng.translate(b.caller.Err(), "")
	}
	err := b.eng.commit(b.conn, b.tx)
	if err == nil || b.eng.undone(err) {
		return b.eng.translate(err, "")
	}
	cause := b.eng.translate(err, "")
	b.store.log.Error("a commit was not confirmed", "error", cause)
	return failf(ledger.ErrOutcomeUnknown, "%v", cause)
}

// end gives back what the batch holds; what is not committed is undone.
func (b *batch) end() {
	_ = b.tx.Rollback() // after a commit there is nothing to roll back
	b.cancel()
	_ = b.conn.Close() // the pool drops it if it is broken
	b.store.door.leave()
}
