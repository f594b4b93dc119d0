package move

import (
	"context"
	"errors"
	"time"

	"github.com/tokenry/tokenry/internal/ledger"
)

// CopyTables copies these tables and compares them.
func CopyTables(ctx context.Context, from, to Side, names ...string) error {
	m := &Move{From: from, To: to, Now: time.Now, Tell: func(Progress) {}, run: "move_a"}
	for _, name := range names {
		fence, err := to.fence(ctx)
		if err != nil {
			return err
		}
		if fence == nil {
			fence = m.fenced(ledger.FenceArriving, from)
			if err := to.change(ctx, nil, func(context.Context, *change) (*ledger.Fence, error) { return fence, nil }); err != nil {
				return err
			}
		}
		if err := m.copyTable(ctx, Table{Name: name}, fence); err != nil {
			return err
		}
	}
	return SameTables(ctx, from, to, names...)
}

// SameTables compares these tables.
func SameTables(ctx context.Context, from, to Side, names ...string) error {
	for _, name := range names {
		m := &Move{From: from, To: to}
		columns, err := m.columns(ctx, Table{Name: name})
		if err != nil {
			return err
		}
		a, errA := from.sumOf(ctx, Table{Name: name}, columns)
		b, errB := to.sumOf(ctx, Table{Name: name}, columns)
		if err := errors.Join(errA, errB); err != nil {
			return err
		}
		if a != b {
			return errors.New("they differ")
		}
	}
	return nil
}

// SumOf is what rows of int64, string, []byte, bool and nil come to.
func SumOf(rows ...[]any) (s Sum) {
	for _, row := range rows {
		var values []value
		for _, v := range row {
			values = append(values, value{v})
		}
		s = s.with(values)
	}
	return s
}
