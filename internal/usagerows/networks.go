package usagerows

import (
	"cmp"
	"context"
	"database/sql"
	"net/netip"
	"slices"
	"time"

	"github.com/tokenry/tokenry/internal/column"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// network is one row: of a network, or, without an address, of the token.
type network struct {
	token       token.Locator
	addr        netip.Addr
	first, last time.Time
	crowded     bool
}

const (
	networksOf = picked + ` SELECT token, network, first_at, last_at, crowded FROM usage_networks
		WHERE token IN (SELECT token FROM picked)`
	newNetwork = `
	INSERT INTO usage_networks (token, network, workspace, first_at, last_at, crowded) VALUES ($1, $2, $3, $4, $5, 0)
	ON CONFLICT (token, network) DO NOTHING`
	useNetwork = `UPDATE usage_networks SET workspace = $3, last_at = $4 WHERE token = $1 AND network = $2 AND last_at < $4`
	wakeToken  = `UPDATE usage_networks SET last_at = $2 WHERE token = $1 AND length(network) = 0 AND last_at < $3`
	crowdToken = `UPDATE usage_networks SET crowded = 1 WHERE token = $1 AND length(network) = 0 AND crowded = 0`
)

// NoteNetworks reads what is known of all tokens, then goes by the order of their keys. A
// row that is made or changed under a condition is so by one caller alone, whose news it is.
func (r *Rows) NoteNetworks(ctx context.Context, uses []ledger.NetworkUse, quiet time.Duration) (notes []ledger.NetworkNote, err error) {
	uses = slices.Clone(uses)
	slices.SortStableFunc(uses, func(a, b ledger.NetworkUse) int {
		return cmp.Or(byToken(a.Token, b.Token), a.Network.Compare(b.Network))
	})
	tokens := make([]token.Locator, 0, len(uses))
	for _, u := range uses {
		tokens = append(tokens, u.Token)
	}
	tokens = slices.Compact(tokens)
	err = r.db.Write(ctx, sql.LevelReadCommitted, func(s Tx) error {
		notes = nil
		known := map[token.Locator]map[netip.Addr]network{}
		for chunk := range slices.Chunk(tokens, pickAtOnce) {
			if err := each(s, networkFields, func(n network) {
				if known[n.token] == nil {
					known[n.token] = map[netip.Addr]network{}
				}
				known[n.token][n.addr] = n
			}, networksOf, joined(chunk)); err != nil {
				return err
			}
		}
		for len(uses) > 0 {
			n := 1
			for n < len(uses) && uses[n].Token == uses[0].Token {
				n++
			}
			note, err := noteToken(s, uses[:n], known[uses[0].Token], quiet)
			if err != nil {
				return err
			}
			if len(note.New) > 0 || note.Woke || note.Crowded {
				notes = append(notes, note)
			}
			uses = uses[n:]
		}
		return nil
	})
	return notes, err
}

func networkFields(n *network) []any {
	return []any{column.Locator(&n.token), column.Address(&n.addr), column.Instant(&n.first), column.Instant(&n.last), column.Flag(&n.crowded)}
}

// noteToken notes the uses of one token.
func noteToken(s Tx, uses []ledger.NetworkUse, known map[netip.Addr]network, quiet time.Duration) (ledger.NetworkNote, error) {
	own, was := known[netip.Addr{}]
	note := ledger.NetworkNote{Token: uses[0].Token, Since: own.first, Last: own.last}
	if err := noteUse(s, &note, uses, was, quiet); err != nil {
		return note, err
	}
	left := ledger.NetworkBound - len(known)
	if was {
		left++ // its own row is none
	}
	crowds := false
	for _, u := range uses {
		_, is := known[u.Network]
		switch {
		case !u.Network.IsValid():
		case is:
			if err := s.Queue(useNetwork, column.Locator(&u.Token), column.Address(&u.Network), u.Workspace, column.Moment(dayOf(u.Last))); err != nil {
				return note, err
			}
		case own.crowded: // it is at home everywhere
		case left <= 0:
			crowds = true
		default:
			fresh, err := s.Affected(newNetwork, column.Locator(&u.Token), column.Address(&u.Network), u.Workspace, column.Instant(&u.First), column.Moment(dayOf(u.Last)))
			if err != nil {
				return note, err
			}
			if fresh > 0 {
				note.New = append(note.New, u.Network)
			}
			left--
		}
	}
	if !crowds {
		return note, nil
	}
	n, err := s.Affected(crowdToken, column.Locator(&note.Token))
	note.Crowded = n > 0
	return note, err
}

// noteUse notes that a token was used, wherever from, on its own row.
func noteUse(s Tx, note *ledger.NetworkNote, uses []ledger.NetworkUse, was bool, quiet time.Duration) error {
	first, last := uses[0].First, uses[0].Last
	for _, u := range uses {
		if u.First.Before(first) {
			first = u.First
		}
		if u.Last.After(last) {
			last = u.Last
		}
	}
	l, none := column.Locator(&note.Token), column.Address(&netip.Addr{})
	if !was {
		_, err := s.Affected(newNetwork, l, none, uses[0].Workspace, column.Moment(first), column.Moment(dayOf(last)))
		return err
	}
	if before := first.Add(-quiet); note.Last.Before(dayOf(before)) {
		n, err := s.Affected(wakeToken, l, column.Moment(dayOf(last)), column.Moment(dayOf(before)))
		note.Woke = n > 0
		return err
	}
	return s.Queue(useNetwork, l, none, uses[0].Workspace, column.Moment(dayOf(last)))
}

// ForgetNetworks forgets networks of a token.
func (r *Rows) ForgetNetworks(ctx context.Context, t token.Locator, networks []netip.Addr) error {
	return r.db.Write(ctx, sql.LevelReadCommitted, func(s Tx) error {
		for i := range networks {
			if err := s.Queue(`DELETE FROM usage_networks WHERE token = $1 AND network = $2 AND length(network) > 0`,
				column.Locator(&t), column.Address(&networks[i])); err != nil {
				return err
			}
		}
		return nil
	})
}

// NoteRecorded locks the one row by writing it.
func (r *Rows) NoteRecorded(ctx context.Context, at time.Time, lost bool) (since time.Time, err error) {
	err = r.db.Write(ctx, sql.LevelReadCommitted, func(s Tx) error {
		rows, err := list(s, func(t *time.Time) []any { return []any{column.Instant(t)} }, `
			INSERT INTO usage_recorded (id, since_at, until_at) VALUES (1, $1, $1)
			ON CONFLICT (id) DO UPDATE SET
				since_at = CASE WHEN CAST($2 AS BIGINT) = 1 OR excluded.until_at - usage_recorded.until_at > CAST($3 AS BIGINT)
					OR usage_recorded.until_at - excluded.until_at > CAST($3 AS BIGINT)
					THEN excluded.until_at ELSE usage_recorded.since_at END,
				until_at = CASE WHEN excluded.until_at > usage_recorded.until_at
					OR usage_recorded.until_at - excluded.until_at > CAST($3 AS BIGINT) THEN excluded.until_at ELSE usage_recorded.until_at END
			RETURNING since_at`, column.Moment(at), column.Flag(&lost), ledger.RecordedPatience.Microseconds())
		if len(rows) == 1 {
			since = rows[0]
		}
		return err
	})
	return since, err
}
