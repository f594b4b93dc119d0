// Package cluster is how the nodes of one database agree: no verification that starts
// after a change was answered decides by anything older, on any node. docs/protocol.md
// says why, and under which assumptions.
//
// Laws of this package:
//
//   - A node believes its memory while its lease holds: for a length that is counted
//     from before it asked for the renewal, by its own clock, which goes on while the
//     machine sleeps. No clock is compared with another's.
//   - A renewal counts when what it brought was applied, and not before.
//   - Whoever changed something waits until every row of the list has applied it, or is
//     gone, or has had the time of one lease and a margin since the change was visible.
//     Nobody's wait is longer than that, and it needs no database to end.
//   - A row is taken away by comparing its number, so that a renewal which is still on
//     its way finds nothing.
//   - Revisions are applied without a gap, each with its digest. Where the digest is not
//     that of what was applied, it is another history: all memory is dropped.
//   - What wakes may be lost. What is read from the table is the truth.
package cluster
