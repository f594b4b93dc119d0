package phrase

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/tokenry/tokenry/api"
)

// SortTokens orders tokens; "-" in front turns it round. What never was used or never
// expires stands last either way: whoever turns a list round looks for the latest.
func SortTokens(rows []api.Token, by string) {
	key, down := strings.CutPrefix(by, "-")
	order := map[string]func(a, b api.Token) int{
		"label":   func(a, b api.Token) int { return cmp.Compare(strings.ToLower(a.Label), strings.ToLower(b.Label)) },
		"owner":   func(a, b api.Token) int { return cmp.Compare(a.Owner.Address, b.Owner.Address) },
		"created": func(a, b api.Token) int { return a.CreatedAt.Compare(b.CreatedAt) },
		"expires": func(a, b api.Token) int { return compareTimes(a.ExpiresAt, b.ExpiresAt) },
		"used":    func(a, b api.Token) int { return compareTimes(a.LastUsedAt, b.LastUsedAt) },
		"status":  func(a, b api.Token) int { return cmp.Compare(a.Status, b.Status) },
	}[key]
	if order == nil {
		return
	}
	never := map[string]func(t api.Token) bool{
		"expires": func(t api.Token) bool { return t.ExpiresAt == nil },
		"used":    func(t api.Token) bool { return t.LastUsedAt == nil },
	}[key]
	slices.SortStableFunc(rows, func(a, b api.Token) int {
		if down && (never == nil || never(a) == never(b)) {
			return order(b, a)
		}
		return order(a, b)
	})
}

// compareTimes orders moments; one that never was or will be stands last.
func compareTimes(a, b *time.Time) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return 1
	case b == nil:
		return -1
	}
	return a.Compare(*b)
}
