// Package recall remembers rows that were read under the lock of the head row, so that
// a change does not ask again for what the one before it was told: who asks, where, and
// what holds there.
//
// Laws of this package:
//
//   - It remembers only what is written under that lock alone. What nodes, sign-ins and
//     usage write beside it is never remembered.
//   - What a mutation writes, it forgets; what it read or wrote goes with it when it is
//     undone, and everything goes with a batch that was not committed.
//   - It outlives a batch only for one that begins at the very point of the history at which
//     that one ended, or from which the batches in between lead there without a gap, each of which says what it wrote. What
//     they wrote is forgotten; one that does not say so, or is of a build that judges otherwise, is everything. Revisions alone do not
//     tell, since a database that was restored gives them out again; the digest of the history does.
//   - What it answers is a copy: a verb may change what it is given.
//   - Every method that writes is judged here, or is named in the test as one that
//     writes nothing that is remembered.
package recall
