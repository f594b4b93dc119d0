// Package move brings everything that one database holds into another, empty one.
//
//   - There is never a moment at which both take changes. The old one is fenced before
//     anything is copied, and for good before the new one is opened; a [ledger.Fence]
//     stands in the row that every change locks.
//   - A move that was interrupted, wherever, goes on or is given up: what a table's
//     transaction did not commit was never there, and what it did is noted with it.
//   - Every table is copied, or named with the reason why not.
//   - Nothing counts as copied that was not read again on both sides and is the same.
//
// It knows tables and columns, and nothing of what stands in them.
package move
