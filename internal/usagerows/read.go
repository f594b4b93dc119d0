package usagerows

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/column"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// eachPicked runs a query about tokens, so many at a time, and joins the rows.
func eachPicked[T any](ctx context.Context, db Database, fields func(*T) []any, query string, tokens []token.Locator, args ...any) (all []T, err error) {
	if len(tokens) == 0 {
		return nil, nil
	}
	err = db.Read(ctx, func(s Tx) error {
		for chunk := range slices.Chunk(tokens, pickAtOnce) {
			rows, err := list(s, fields, query, append([]any{joined(chunk)}, args...)...)
			if err != nil {
				return err
			}
			all = append(all, rows...)
		}
		return nil
	})
	return all, err
}

// LastUses reads when tokens and their secrets were last used.
func (r *Rows) LastUses(ctx context.Context, tokens []token.Locator) ([]ledger.LastUse, error) {
	rows, err := eachPicked(ctx, r.db, func(l *ledger.LastUse) []any {
		return []any{&l.Workspace, column.Locator(&l.Token), &l.Secret, column.Instant(&l.At), column.Address(&l.Addr), &l.Agent}
	}, picked+` SELECT workspace, token, secret, used_at, address, agent FROM usage_last
		WHERE token IN (SELECT token FROM picked)`, tokens)
	return whole(rows), err
}

// whole adds the last use of each token, with whatever secret it was, as secret 0. It may
// have a row of its own, which is not always written.
func whole(rows []ledger.LastUse) []ledger.LastUse {
	if len(rows) == 0 {
		return rows
	}
	slices.SortFunc(rows, func(a, b ledger.LastUse) int {
		return by(a.Token, b.Token, func() int {
			return cmp.Or(a.At.Compare(b.At), a.Addr.Compare(b.Addr), strings.Compare(a.Agent, b.Agent))
		})
	})
	all := make([]ledger.LastUse, 0, 2*len(rows))
	for i, l := range rows {
		if l.Secret != 0 {
			all = append(all, l)
		}
		if i+1 == len(rows) || rows[i+1].Token != l.Token {
			l.Secret = 0
			all = append(all, l)
		}
	}
	return all
}

const (
	countsOfHours = `
		SELECT started_at, code, number FROM usage_hours
		WHERE workspace = $1 AND token = $2 AND started_at >= $3 AND started_at < $4
		ORDER BY started_at, code`
	countsOfDays = `
		SELECT day, code, CAST(sum(number) AS BIGINT) FROM (
			SELECT started_at - started_at % 86400000000 AS day, code, number FROM usage_hours
			WHERE workspace = $1 AND token = $2 AND started_at >= $3 AND started_at < $4
			UNION ALL
			SELECT started_at, code, number FROM usage_days
			WHERE workspace = $1 AND token = $2 AND started_at >= $3 AND started_at < $4) AS counts
		GROUP BY day, code ORDER BY day, code`
)

// UsageCounts reads the counts of a token or a workspace.
func (r *Rows) UsageCounts(ctx context.Context, q ledger.UsageQuery) (rows []ledger.UsageCount, err error) {
	query := countsOfHours
	if q.Days {
		query = countsOfDays
	}
	err = r.db.Read(ctx, func(s Tx) error {
		rows, err = list(s, func(c *ledger.UsageCount) []any {
			return []any{column.Instant(&c.Start), (*string)(&c.Code), &c.Count}
		}, query, q.Workspace, q.Token.String(), column.Moment(q.From), column.Moment(q.To))
		return err
	})
	return rows, err
}

// Activity lists what was done with a token.
func (r *Rows) Activity(ctx context.Context, q ledger.ActivityQuery) (rows []ledger.Activity, err error) {
	err = r.db.Read(ctx, func(s Tx) error {
		rows, err = list(s, func(a *ledger.Activity) []any {
			return []any{
				&a.Workspace, column.Locator(&a.Token), column.Instant(&a.Day), column.Address(&a.Addr), &a.Agent, &a.Method, &a.Path,
				(*string)(&a.Outcome), column.Flag(&a.Rest), column.Instant(&a.First), column.Instant(&a.Last), &a.Count,
			}
		}, `
			SELECT workspace, token, day, address, agent, method, path, outcome, rest, first_at, last_at, number
			FROM usage_activity
			WHERE token = $1 AND (CAST($2 AS BIGINT) IS NULL OR last_at >= $2) AND (CAST($3 AS BIGINT) IS NULL OR last_at < $3)
			ORDER BY last_at DESC, day DESC, address, agent, method, path, outcome, rest
			LIMIT CAST($4 AS BIGINT)`, column.Locator(&q.Token), column.Moment(q.From), column.Moment(q.To), column.Limit(q.Limit))
		return err
	})
	return rows, err
}

// ScopeUses reads which scopes tokens exercised.
func (r *Rows) ScopeUses(ctx context.Context, tokens []token.Locator) ([]ledger.ScopeUse, error) {
	tokens = slices.Clone(tokens)
	slices.SortFunc(tokens, byToken)
	return eachPicked(ctx, r.db, func(r *ledger.ScopeUse) []any {
		return []any{&r.Workspace, column.Locator(&r.Token), &r.Scope, column.Instant(&r.First), column.Instant(&r.Last), &r.Count}
	}, picked+` SELECT workspace, token, scope, first_at, last_at, number FROM usage_scopes
		WHERE token IN (SELECT token FROM picked) ORDER BY token, scope`, tokens)
}

// CountAddresses counts from how many addresses tokens were let through.
func (r *Rows) CountAddresses(ctx context.Context, tokens []token.Locator, since time.Time) (map[token.Locator]int, error) {
	type row struct {
		token token.Locator
		n     int64
	}
	rows, err := eachPicked(ctx, r.db, func(r *row) []any { return []any{column.Locator(&r.token), &r.n} },
		picked+` SELECT token, count(DISTINCT address) FROM usage_activity
		WHERE token IN (SELECT token FROM picked) AND day >= $2 AND outcome = $3 AND length(address) > 0
		GROUP BY token`, tokens, column.Moment(dayOf(since)), string(api.CodeOK))
	counts := make(map[token.Locator]int, len(rows))
	for _, r := range rows {
		counts[r.token] = int(r.n)
	}
	return counts, err
}

// Addresses lists from where a token was let through.
func (r *Rows) Addresses(ctx context.Context, t token.Locator, since time.Time, limit int) (rows []ledger.AddressUse, err error) {
	err = r.db.Read(ctx, func(s Tx) error {
		rows, err = list(s, func(a *ledger.AddressUse) []any {
			return []any{column.Address(&a.Addr), column.Instant(&a.First), column.Instant(&a.Last), &a.Count}
		}, `
			SELECT address, min(first_at), max(last_at), CAST(sum(number) AS BIGINT) FROM usage_activity
			WHERE token = $1 AND day >= $2 AND outcome = $3 AND length(address) > 0
			GROUP BY address ORDER BY max(last_at) DESC, address LIMIT CAST($4 AS BIGINT)`,
			column.Locator(&t), column.Moment(dayOf(since)), string(api.CodeOK), column.Limit(limit))
		return err
	})
	return rows, err
}

// UsedFrom reads which tokens were presented from a network.
func (r *Rows) UsedFrom(ctx context.Context, tokens []token.Locator, from netip.Prefix) ([]token.Locator, error) {
	if !from.IsValid() {
		return nil, nil
	}
	first, last := ends(from)
	return eachPicked(ctx, r.db, func(l *token.Locator) []any { return []any{column.Locator(l)} },
		picked+` SELECT DISTINCT token FROM usage_activity
		WHERE token IN (SELECT token FROM picked) AND address >= $2 AND address <= $3`, tokens, first[:], last[:])
}

// ends are the first and the last address of a network, as they are stored.
func ends(p netip.Prefix) (first, last [16]byte) {
	bits := p.Bits()
	if p.Addr().Is4() {
		bits += 96
	}
	first = p.Addr().WithZone("").As16()
	last = first
	for i := bits; i < 128; i++ {
		mask := byte(1) << (7 - i%8)
		first[i/8] &^= mask
		last[i/8] |= mask
	}
	return first, last
}

// Denials lists the last denials of a workspace.
func (r *Rows) Denials(ctx context.Context, q ledger.DenialQuery) (rows []ledger.Denial, err error) {
	err = r.db.Read(ctx, func(s Tx) error {
		rows, err = list(s, func(d *ledger.Denial) []any {
			return []any{
				&d.Workspace, &d.Serial, column.Instant(&d.At), column.Locator(&d.Token), (*string)(&d.Code), column.Address(&d.Addr), &d.Agent,
				&d.Method, &d.Path, column.Document(&d.Scopes), &d.Resource, &d.RequestID,
			}
		}, `
			SELECT workspace, serial, denied_at, token, code, address, agent, method, path, scopes, resource, request_id
			FROM usage_denials
			WHERE workspace = $1 AND serial < $2 AND (CAST($3 AS TEXT) = '' OR token = $3)
				AND (CAST($5 AS TEXT) = '' OR request_id = $5)
			ORDER BY serial DESC LIMIT CAST($4 AS BIGINT)`,
			q.Workspace, column.Below(q.Before), q.Token.String(), column.Limit(q.Limit), q.RequestID)
		return err
	})
	return rows, err
}

// Reuses lists the uses of retired secrets.
func (r *Rows) Reuses(ctx context.Context, tokens []token.Locator, since time.Time) ([]ledger.Reuse, error) {
	rows, err := eachPicked(ctx, r.db, func(r *ledger.Reuse) []any {
		return []any{
			&r.Workspace, column.Locator(&r.Token), &r.Secret, column.Instant(&r.Hour), column.Instant(&r.First), column.Instant(&r.Last),
			column.Address(&r.Addr), &r.Count,
		}
	}, picked+` SELECT workspace, token, secret, started_at, first_at, last_at, address, number FROM usage_reuses
		WHERE token IN (SELECT token FROM picked) AND last_at >= $2`, tokens, column.Moment(since))
	slices.SortFunc(rows, func(a, b ledger.Reuse) int { return b.Last.Compare(a.Last) })
	return rows, err
}
