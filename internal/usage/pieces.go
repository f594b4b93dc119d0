package usage

import (
	"time"

	"github.com/tokenry/tokenry/internal/ledger"
)

const (
	// firstPiece is how many rows the first piece has; smallest and largest bound
	// what the store's pace makes of it.
	firstPiece, smallestPiece, largestPiece = 2000, 50, 20_000
	// aim is how long a piece should take: long enough that its commit costs
	// little, short enough that what stops it costs little.
	aim = time.Second
)

// nextPiece is how many rows the next piece has, after one of n rows that took so
// long or was not taken at all.
func nextPiece(n int, took time.Duration, failed bool) int {
	switch {
	case failed || took > aim:
		return max(smallestPiece, n/2)
	case took < aim/2:
		return min(largestPiece, n+n/8)
	}
	return n
}

// piece takes up to n rows off a batch. What limits have used goes first: a crash
// gives back what is not written. Then what was last used: it is what people look
// for, and what ends tokens that nobody uses.
func piece(from *ledger.UsageBatch, n int) (b ledger.UsageBatch) {
	b.Meters, from.Meters = take(from.Meters, &n)
	b.Last, from.Last = take(from.Last, &n)
	b.Reuses, from.Reuses = take(from.Reuses, &n)
	b.Hours, from.Hours = take(from.Hours, &n)
	b.Denials, from.Denials = take(from.Denials, &n)
	b.Scopes, from.Scopes = take(from.Scopes, &n)
	b.Activity, from.Activity = take(from.Activity, &n)
	return b
}

// take splits a list after n rows and counts them off.
func take[T any](rows []T, n *int) (taken, left []T) {
	k := min(len(rows), *n)
	*n -= k
	return rows[:k:k], rows[k:]
}

// join puts the rows of a piece back in front of what is left.
func join(b, rest ledger.UsageBatch) ledger.UsageBatch {
	return ledger.UsageBatch{
		Meters: append(b.Meters, rest.Meters...),
		Last:   append(b.Last, rest.Last...), Reuses: append(b.Reuses, rest.Reuses...), Hours: append(b.Hours, rest.Hours...),
		Denials: append(b.Denials, rest.Denials...), Scopes: append(b.Scopes, rest.Scopes...), Activity: append(b.Activity, rest.Activity...),
	}
}
