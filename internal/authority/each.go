package authority

import (
	"errors"
	"iter"
)

var errStuck = errors.New("a list answered the same place twice, and would never end")

// Pages reads a list to its end, in pages as large as there are; what it is given
// lists one page, as all verbs that list do. The first error is the last of what
// comes. Whoever stops early has asked for no more than they took.
func Pages[T any](list func(Page) (items []T, next int64, err error)) iter.Seq2[[]T, error] {
	return func(yield func([]T, error) bool) {
		for p := (Page{Limit: MaxPage}); ; {
			items, next, err := list(p)
			if err == nil && next != 0 && next == p.After {
				err = errStuck
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(items, nil) || next == 0 {
				return
			}
			p.After = next
		}
	}
}

// Each is [Pages], one item after the other.
func Each[T any](list func(Page) (items []T, next int64, err error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for items, err := range Pages(list) {
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, item := range items {
				if !yield(item, nil) {
					return
				}
			}
		}
	}
}
