package signin

import (
	"context"
	"crypto/subtle"
	"errors"
	"time"

	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/token"
)

const (
	// lastSeenEvery is how often the use of a session is written down.
	lastSeenEvery = time.Minute
	// maxSessions is how many a person has at the most; the oldest give way.
	maxSessions = 50
)

// begin makes a session of somebody who proved a moment ago who they are.
func (s *Service) begin(tx *office.SignInTx, u ledger.User, method, portal string, from door.Client) (door.Entry, error) {
	return s.beginProved(tx, u, method, portal, from, tx.Now())
}

// beginProved makes a session within a mutation. Its secret is always a new one,
// so what a browser was given before it signed in is worth nothing afterwards.
// Proved is when its person showed who they are, here or elsewhere.
func (s *Service) beginProved(tx *office.SignInTx, u ledger.User, method, portal string, from door.Client, proved time.Time) (door.Entry, error) {
	if !u.DeactivatedAt.IsZero() {
		return door.Entry{}, refused()
	}
	m, err := s.secrets.mint("session")
	if err != nil {
		return door.Entry{}, err
	}
	now := tx.Now()
	row := ledger.Session{
		ID: m.id, User: u.ID, Digest: m.digest, Key: m.key, Method: method, Portal: portal, CreatedAt: now, LastSeenAt: now,
		ConfirmedAt: proved, ExpiresAt: now.Add(s.policy.Absolute), Address: from.Addr.String(), Agent: input.Clip(from.Agent, door.MaxAgent),
	}
	if !from.Addr.IsValid() {
		row.Address = ""
	}
	err = input.First(tx.SweepSignIn(now), s.makeRoom(tx, u), tx.PutSession(row), s.remember(tx, u, portal, from),
		tx.Note("signin.succeeded", u, u, map[string]string{"method": method, "session": row.ID}))
	return door.Entry{Cookie: token.NewSecret(m.plain), Session: view(row, u)}, err
}

// remember makes the place known, so that whoever guesses from elsewhere cannot
// keep the person out. A portal link proves nothing about a place.
func (s *Service) remember(tx *office.SignInTx, u ledger.User, portal string, from door.Client) error {
	if portal != "" || !from.Addr.IsValid() {
		return nil
	}
	return tx.RememberAddress(u.ID, s.secrets.name("address", from.Place()), tx.Now())
}

func (s *Service) makeRoom(tx *office.SignInTx, u ledger.User) error {
	rows, err := tx.SessionsOf(u.ID)
	if err != nil {
		return err
	}
	for _, old := range rows[min(len(rows), maxSessions-1):] {
		if err := tx.DeleteSession(old.ID); err != nil {
			return err
		}
	}
	return nil
}

func view(row ledger.Session, u ledger.User) door.Session {
	return door.Session{
		ID: row.ID, User: u.ID, UserPublicID: u.PublicID, Email: u.Email, Name: u.Name, InstanceAdmin: u.InstanceAdmin,
		CreatedAt: row.CreatedAt, ConfirmedAt: row.ConfirmedAt, LastSeenAt: row.LastSeenAt, ExpiresAt: row.ExpiresAt,
		Address: row.Address, Agent: row.Agent, Method: row.Method, Portal: row.Portal,
	}
}

// alive says whether a session's time has not passed.
func (s *Service) alive(row ledger.Session, now time.Time) bool {
	return now.Before(row.ExpiresAt) && now.Sub(row.LastSeenAt) < s.policy.Idle && !unborn(row.CreatedAt, now)
}

// unborn says that something was made by a clock that was far ahead and has been
// set right since: its end is too late by as much.
func unborn(made, now time.Time) bool { return made.Sub(now) > time.Hour }

// lookUp finds the session that a cookie opens now, and its person.
func (s *Service) lookUp(r office.SignInRows, cookie string, now time.Time) (row ledger.Session, u ledger.User, err error) {
	id := secretID(cookie)
	if id == "" {
		return row, u, gone()
	}
	row, u, err = r.SignedIn(id)
	if err != nil && !errors.Is(err, ledger.ErrNoRow) {
		return row, u, err
	}
	// Without a row the work is the same, and nothing matches.
	is, lacks := s.secrets.matches("session", cookie, row.Digest, row.Key)
	if !is && !lacks || err != nil || !s.alive(row, now) || !u.DeactivatedAt.IsZero() {
		return row, u, gone()
	}
	if lacks {
		return row, u, s.secrets.lacking(row.Key)
	}
	return row, u, nil
}

// Authenticate answers who a cookie is. A session that ended, or whose person
// was deactivated, is invalid_token. Its last use is written down at most once
// a minute.
func (s *Service) Authenticate(ctx context.Context, cookie string, from door.Client) (door.Session, error) {
	now := s.now().UTC()
	var row ledger.Session
	var u ledger.User
	err := s.authority.ReadSignIn(ctx, func(r office.SignInRows) (err error) {
		row, u, err = s.lookUp(r, cookie, now)
		return err
	})
	if err != nil {
		return door.Session{}, err
	}
	if now.Sub(row.LastSeenAt) >= lastSeenEvery {
		if row, err = s.seen(ctx, cookie, from); err != nil {
			return door.Session{}, err
		}
	}
	return view(row, u), nil
}

// seen writes down that a session was used, unless it ended meanwhile.
func (s *Service) seen(ctx context.Context, cookie string, from door.Client) (row ledger.Session, err error) {
	err = s.authority.SignIn(ctx, callerAt(from), func(tx *office.SignInTx) error {
		if row, _, err = s.lookUp(tx.SignInRows, cookie, tx.Now()); err != nil {
			return err
		}
		if tx.Now().Sub(row.LastSeenAt) < lastSeenEvery {
			return office.Unchanged()
		}
		row.LastSeenAt, row.Agent = tx.Now(), input.Clip(from.Agent, door.MaxAgent)
		if from.Addr.IsValid() {
			row.Address = from.Addr.String()
		}
		return tx.PutSession(row)
	})
	return row, err
}

// SignOut ends the session of a cookie. A cookie that opens nothing is no error.
func (s *Service) SignOut(ctx context.Context, cookie string) error {
	return s.authority.SignIn(ctx, authority.Caller{}, func(tx *office.SignInTx) error {
		row, u, err := s.lookUp(tx.SignInRows, cookie, tx.Now())
		if errors.Is(err, gone().Code) {
			return office.Unchanged()
		}
		if err != nil {
			return err
		}
		return input.First(tx.DeleteSession(row.ID), tx.Note("signin.signed_out", u, u, map[string]string{"session": row.ID}))
	})
}

// Sessions lists a person's sessions that have not ended, newest first.
func (s *Service) Sessions(ctx context.Context, user int64) (out []door.Session, err error) {
	now := s.now()
	err = s.authority.ReadSignIn(ctx, func(r office.SignInRows) error {
		u, err := r.User(ledger.UserKey{ID: user})
		if err != nil {
			return err
		}
		rows, err := r.SessionsOf(user)
		for _, row := range rows {
			if s.alive(row, now) {
				out = append(out, view(row, u))
			}
		}
		return err
	})
	return out, err
}

// EndSession ends one of a person's sessions; not_found when it is not theirs.
func (s *Service) EndSession(ctx context.Context, session door.Session, id string) error {
	return s.change(ctx, session, session.Client(), func(tx *office.SignInTx, u ledger.User) error {
		row, err := tx.Session(id)
		if err == nil && row.User != u.ID {
			err = ledger.ErrNoRow
		}
		if err != nil {
			return err
		}
		return input.First(tx.DeleteSession(id), tx.Note("session.ended", u, u, map[string]string{"session": id}))
	})
}

// EndOthers ends a person's sessions but this one.
func (s *Service) EndOthers(ctx context.Context, session door.Session) error {
	return s.change(ctx, session, session.Client(), func(tx *office.SignInTx, u ledger.User) error {
		return input.First(tx.DeleteSessionsOf(u.ID, session.ID), tx.Note("session.all_ended", u, u, nil))
	})
}

// change applies f for the person of a session, if that has not ended by then.
func (s *Service) change(ctx context.Context, session door.Session, from door.Client, f func(*office.SignInTx, ledger.User) error) error {
	return s.authority.SignIn(ctx, callerAt(from), func(tx *office.SignInTx) error {
		_, u, err := s.standing(tx.SignInRows, session, tx.Now())
		if err != nil {
			return err
		}
		return f(tx, u)
	})
}

// standing reads a session anew, and its person: whatever a page holds of them is
// from before.
func (s *Service) standing(r office.SignInRows, session door.Session, now time.Time) (row ledger.Session, u ledger.User, err error) {
	row, err = r.Session(session.ID)
	if errors.Is(err, ledger.ErrNoRow) || err == nil && (row.User != session.User || row.Portal != session.Portal || !s.alive(row, now)) {
		return row, u, gone()
	}
	if err != nil {
		return row, u, err
	}
	if u, err = r.User(ledger.UserKey{ID: row.User}); err == nil && !u.DeactivatedAt.IsZero() {
		err = gone()
	}
	return row, u, err
}

// gain is change for what gives a person another way in.
func (s *Service) gain(ctx context.Context, session door.Session, from door.Client, f func(*office.SignInTx, ledger.User) error) error {
	return s.change(ctx, session, from, func(tx *office.SignInTx, u ledger.User) error {
		if err := tx.Give(); err != nil {
			return err
		}
		return f(tx, u)
	})
}

// sameText compares in constant time.
func sameText(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
