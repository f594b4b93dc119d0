package signin

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office"
)

// How tries are slowed down. A number of tries is free; from then on each must
// wait twice as long as the one before, up to a bound. A try is counted before
// it is judged and given back when it was right, so a hundred at once are a
// hundred. The counts are in the database, so they hold on every node and
// after a restart, and no flood of names pushes one out.
//
// What is counted is the account (by the e-mail as it was typed, whether anybody
// has it or not) and the place. Somebody who guesses from elsewhere does not
// keep a person out: at a place where they signed in before, the person's own
// tries there count in place of the account's.
type curve struct {
	free         int
	first, bound time.Duration
	// beyond this many in a row, one try a day is left (NIST SP 800-63B-4 allows
	// a hundred); 0 is never.
	most int
}

// forgetAfter is how long a count outlives its last try.
const forgetAfter = 24 * time.Hour

func perAccount() curve { return curve{free: 5, first: time.Second, bound: time.Hour, most: 100} }
func perAddress() curve { return curve{free: 20, first: time.Second, bound: 15 * time.Minute} }

// wait is how long the next try must be away from the last of n.
func (c curve) wait(n int) time.Duration {
	over := n - c.free
	switch {
	case over < 0:
		return 0
	case c.most > 0 && n >= c.most:
		return 24 * time.Hour
	case over >= 30:
		return c.bound
	}
	return min(c.first<<over, c.bound)
}

// counter is one count that a try goes to.
type counter struct {
	name string
	curve
}

// try is one attempt to prove who one is, on its way.
type try struct {
	account, address, pair counter
	counted                []counter
	// known says that the person signed in from this place before.
	known bool
	// helps is what whoever is refused can do: where the account is held up, and
	// where the place is.
	helps helps
}

// helps never sends anybody to a door that the same count shuts.
type helps struct{ account, place string }

const (
	waiting = "wait a little"
	// byLink works from everywhere: a link is asked for by an administrator, and
	// using it is no try.
	byLink = "wait a little, or ask an administrator for a link to choose a new password"
	byMail = "wait a little, or reset your password by mail"
)

// normal is the one form of an e-mail, however it was typed.
func normal(email string) string { return strings.ToLower(strings.TrimSpace(email)) }

func (s *Service) newTry(account string, from door.Client) *try {
	place := from.Place()
	return &try{
		account: counter{s.secrets.name("account", account), perAccount()},
		address: counter{s.secrets.name("place", place), perAddress()},
		pair:    counter{s.secrets.name("pair", account+"\n"+place), perAccount()},
		helps:   helps{waiting, waiting},
	}
}

// count takes the try, or answers rate_limited and when to come back. User is
// whose account it is; 0 for nobody's.
func (s *Service) count(tx *office.SignInTx, t *try, user ledger.ID, from door.Client) error {
	var err error
	if t.known, err = tx.KnownAddress(user, s.secrets.name("address", from.Place())); err != nil {
		return err
	}
	judged := []counter{t.address, t.account}
	if t.known {
		judged[1] = t.pair
	}
	var longest time.Duration
	var help string
	for i, c := range judged {
		left, err := remaining(tx, c)
		if err != nil {
			return err
		}
		if help == "" && left > 0 {
			help = [...]string{t.helps.place, t.helps.account}[i]
		}
		longest = max(longest, left)
	}
	if longest > 0 {
		return later(longest, help)
	}
	if err := tx.SweepSignIn(tx.Now()); err != nil {
		return err
	}
	t.counted = []counter{t.address, t.account, t.pair}
	for _, c := range t.counted {
		if err := add(tx, c, 1); err != nil {
			return err
		}
	}
	return nil
}

func later(d time.Duration, help string) error {
	e := api.Errorf(api.CodeRateLimited, "too many tries; %s", help)
	e.RetryAfter = max(d, time.Second)
	return e
}

// row reads a count; one whose time has passed is nothing.
func row(tx *office.SignInTx, c counter) (ledger.Attempts, error) {
	a, err := tx.Attempts(c.name)
	if errors.Is(err, ledger.ErrNoRow) || err == nil && !tx.Now().Before(a.ExpiresAt) {
		return ledger.Attempts{Name: c.name}, nil
	}
	return a, err
}

func remaining(tx *office.SignInTx, c counter) (time.Duration, error) {
	a, err := row(tx, c)
	if err != nil || a.Count == 0 {
		return 0, err
	}
	return left(a, c, tx.Now()), nil
}

// left is how long is to be waited: never longer than the wait is, also when the
// last try was counted by a clock that was ahead.
func left(a ledger.Attempts, c counter, now time.Time) time.Duration {
	wait := c.wait(a.Count)
	return min(a.LastAt.Add(wait).Sub(now), wait)
}

// add counts n more; a count that comes to nothing is forgotten.
func add(tx *office.SignInTx, c counter, n int) error {
	a, err := row(tx, c)
	if err != nil {
		return err
	}
	if a.Count += n; a.Count <= 0 {
		return tx.DeleteAttempts(c.name)
	}
	if n > 0 {
		a.LastAt = tx.Now()
		a.ExpiresAt = a.LastAt.Add(forgetAfter + c.wait(a.Count))
	}
	return tx.PutAttempts(a)
}

// right gives the try back: the person proved who they are, so the account's
// counts are over. The place's is only reduced by this one, or an account of
// one's own would buy tries on others.
func right(tx *office.SignInTx, t *try) error {
	if len(t.counted) > 0 {
		if err := add(tx, t.address, -1); err != nil {
			return err
		}
	}
	return input.First(tx.DeleteAttempts(t.account.name), tx.DeleteAttempts(t.pair.name))
}

// halfRight gives back this try alone, because a second factor is still due.
func halfRight(tx *office.SignInTx, t *try) error {
	for _, c := range t.counted {
		if err := add(tx, c, -1); err != nil {
			return err
		}
	}
	return nil
}

// unjudged gives back a try that nobody could judge, since the key that it takes is
// not here. It answers err.
func (s *Service) unjudged(ctx context.Context, t *try, err error, from door.Client) error {
	if !ledger.LacksKey(err) {
		return err
	}
	return input.First(s.authority.SignIn(ctx, callerAt(from), func(tx *office.SignInTx) error { return halfRight(tx, t) }), err)
}

// heldUp refuses, from a snapshot, a place that must wait whatever account is
// tried: a flood from there takes no lock that changes wait for.
func (s *Service) heldUp(ctx context.Context, t *try) error {
	return s.authority.ReadSignIn(ctx, func(r office.SignInRows) error {
		a, err := r.Attempts(t.address.name)
		now := s.now()
		if errors.Is(err, ledger.ErrNoRow) || err == nil && !now.Before(a.ExpiresAt) {
			return nil
		}
		if d := left(a, t.address, now); err == nil && d > 0 {
			return later(d, t.helps.place)
		}
		return err
	})
}

// countFor counts a try on an account and answers whose it is; the zero User
// is nobody.
func (s *Service) countFor(ctx context.Context, t *try, from door.Client, find func(office.SignInRows) (ledger.User, error)) (u ledger.User, err error) {
	if err := s.heldUp(ctx, t); err != nil {
		return u, err
	}
	err = s.authority.SignIn(ctx, callerAt(from), func(tx *office.SignInTx) error {
		if u, err = find(tx.SignInRows); err != nil && !errors.Is(err, ledger.ErrNoRow) {
			return err
		}
		return s.count(tx, t, u.ID, from)
	})
	return u, err
}
