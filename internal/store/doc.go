// Package store keeps what the ledger describes in SQLite or PostgreSQL.
//
// Laws of this package:
//
//   - One SQL: every statement is a literal beside the Go that runs it, and the
//     same for both engines. sqlite.go and postgres.go hold all that differs:
//     opening, locking, and what an error means.
//   - One behaviour: the package storetest states it as a suite, and each engine
//     faces all of it.
//   - One order: a batch locks the head row before it reads anything, so batches
//     never overlap, on any node.
//   - A SQLite database has one server: who opens it to serve it holds its lock, and
//     a second one is refused and told who does. On PostgreSQL any number of
//     processes agree by [ledger.Nodes]: each batch writes what it touched in its own
//     transaction, and nothing rests on a session.
//   - What is answered is sure. A commit whose wait for a standby was broken off is
//     [ledger.ErrOutcomeUnknown], and what says that nothing had to be changed waits
//     for what it saw.
//   - A transaction in which a statement failed is spent. PostgreSQL has it so,
//     and here SQLite does too: the mutation fails with that error, whatever it
//     makes of it.
//   - Errors name statements, columns and constraints, never a value that was
//     bound. What is wrong with the database and not with the question wraps
//     [ledger.ErrStoreUnavailable].
//   - Times are microseconds, and the zero time is NULL: 0 would be 1970, which
//     is a time. NULL also drops out of every comparison by itself.
package store
