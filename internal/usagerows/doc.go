// Package usagerows keeps what was done with tokens in tables: one SQL for both engines.
//
// Laws of this package:
//
//   - It knows statements and rows; whoever hands it a [Database] knows how that is
//     opened, what its errors mean, and when a transaction is over.
//   - Whatever is added is a sum, a later moment or a row of a name, so that batches of
//     several nodes come to the same in any order, and each counts once.
//   - The rows of a table are written in the order of their keys, and the tables in one
//     order: two batches wait for each other and never in a circle.
//   - Rows of a token are bounded; what has no room is counted in one row or dropped.
package usagerows
