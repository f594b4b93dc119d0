package authority

import (
	"context"
	"errors"
	"strconv"

	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// CheckAudit says whether the latest links of one chain are whole: so many of
// them, or all where there are fewer. Without a workspace it is the instance's. It
// needs what reading them needs. Unlike [VerifyAudit] it knows of no noted head,
// and takes the row before the first that it looks at as it is.
func (a *Authority) CheckAudit(ctx context.Context, c Caller, ref string, links int64) (out Chain, err error) {
	err = a.read(ctx, func(r ledger.Reader) error {
		id, err := a.chainOf(r, c, ref)
		if err != nil {
			return err
		}
		out, err = checkTail(r, a.keys, id, links)
		return err
	})
	return out, err
}

// chainOf is the chain of a workspace that the caller may read, or the instance's.
func (a *Authority) chainOf(r ledger.Reader, c Caller, ref string) (ledger.ID, error) {
	if ref == "" {
		_, err := a.enterInstance(r, c)
		return 0, err
	}
	_, sp, err := a.enter(r, c, ref, "audit:read")
	if err != nil {
		return 0, err
	}
	return sp.ws.ID, nil
}

func checkTail(r ledger.Reader, keys *token.Keyring, id ledger.ID, links int64) (Chain, error) {
	c, last, err := openChain(r, keys, id)
	if err != nil || c.Broken != "" {
		return c, err
	}
	head, err := r.AuditHead(id)
	if err != nil && !errors.Is(err, ledger.ErrNoRow) {
		return c, err
	}
	after := int64(0)
	if head.Sequence-last.Sequence > links {
		after = head.Sequence - links
		if last, err = c.skip(r, id, after); err != nil || c.Broken != "" {
			return c, err
		}
	}
	if last, err = c.walk(r, keys, id, last, after, func(ledger.AuditRow) {}); err == nil && c.Broken == "" {
		c.end(last, nil)
	}
	return c, err
}

// skip answers the row from which on links are looked at.
func (c *Chain) skip(r ledger.Reader, id ledger.ID, sequence int64) (ledger.AuditRow, error) {
	rows, err := r.AuditChain(id, sequence-1, 1)
	if err != nil {
		return ledger.AuditRow{}, err
	}
	if len(rows) == 0 || rows[0].Sequence != sequence {
		c.Broken = "row " + strconv.FormatInt(sequence, 10) + " was removed"
		return ledger.AuditRow{}, nil
	}
	c.Skipped = sequence
	return rows[0], nil
}
