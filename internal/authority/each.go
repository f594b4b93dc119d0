package authority

import (
	"errors"
	"iter"

	"github.com/tokenry/tokenry/internal/ledger"
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

// Rows reads a list of rows on one snapshot to its end, in the order of their numbers.
// It is [Each] for what the store lists.
func Rows[T any](list func(ledger.Range) ([]T, error), number func(T) ledger.ID) iter.Seq2[T, error] {
	return Each(numbered(list, number))
}

// numbered is a list whose pages begin behind the number of a row, and whose last is
// the first that is not full.
func numbered[T any](list func(ledger.Range) ([]T, error), number func(T) ledger.ID) func(Page) ([]T, int64, error) {
	return func(p Page) ([]T, int64, error) {
		rows, err := list(ledger.Range{After: p.After, Limit: p.Limit})
		if err != nil || len(rows) < p.Limit {
			return rows, 0, err
		}
		return rows, number(rows[len(rows)-1]), nil
	}
}

// TokenPages reads a workspace's tokens that a query finds, the newest first.
func (s *Snapshot) TokenPages(ws ledger.ID, q ledger.TokenQuery) iter.Seq2[[]ledger.Token, error] {
	return Pages(numbered(func(at ledger.Range) ([]ledger.Token, error) {
		q.Before, q.Limit = at.After, at.Limit
		return s.Tokens(ws, q)
	}, func(t ledger.Token) ledger.ID { return t.ID }))
}

// EveryWorkspace reads those that are not deleted.
func (s *Snapshot) EveryWorkspace() iter.Seq2[ledger.Workspace, error] {
	return Rows(s.Workspaces, func(ws ledger.Workspace) ledger.ID { return ws.ID })
}

// EveryMember reads a workspace's members that are not removed.
func (s *Snapshot) EveryMember(ws ledger.ID) iter.Seq2[ledger.Member, error] {
	return Rows(func(q ledger.Range) ([]ledger.Member, error) { return s.Members(ws, q) }, func(m ledger.Member) ledger.ID { return m.ID })
}

// EveryServiceAccount reads a workspace's service accounts that are not removed.
func (s *Snapshot) EveryServiceAccount(ws ledger.ID) iter.Seq2[ledger.ServiceAccount, error] {
	return Rows(func(q ledger.Range) ([]ledger.ServiceAccount, error) { return s.ServiceAccounts(ws, q) },
		func(a ledger.ServiceAccount) ledger.ID { return a.ID })
}
