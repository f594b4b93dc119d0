package store

import (
	"time"

	"github.com/tokenry/tokenry/internal/column"
	"github.com/tokenry/tokenry/internal/ledger"
)

const sessionColumns = `id, user_id, digest, key_id, method, portal, created_at, last_seen_at, expires_at, confirmed_at, address, agent`

func sessionFields(s *ledger.Session) []any {
	return []any{
		&s.ID, &s.User, column.Digest(&s.Digest), (*uint32)(&s.Key), &s.Method, &s.Portal, column.Instant(&s.CreatedAt),
		column.Instant(&s.LastSeenAt), column.Instant(&s.ExpiresAt), column.Instant(&s.ConfirmedAt), &s.Address, &s.Agent,
	}
}

// Session finds a session by the half of its cookie that is no secret.
func (r signInRows) Session(id string) (ledger.Session, error) {
	return one(r.session, sessionFields, `SELECT `+sessionColumns+` FROM sessions WHERE id = $1`, id)
}

// SessionsOf lists a person's sessions, newest first.
func (r signInRows) SessionsOf(user ledger.ID) ([]ledger.Session, error) {
	return list(r.session, sessionFields, `SELECT `+sessionColumns+` FROM sessions
		WHERE user_id = $1 ORDER BY created_at DESC, id`, user)
}

// PutSession replaces the whole row.
func (t signInChanges) PutSession(s ledger.Session) error {
	return t.exec(`
		INSERT INTO sessions (`+sessionColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
		ON CONFLICT (id) DO UPDATE SET
			user_id = excluded.user_id, digest = excluded.digest, key_id = excluded.key_id, method = excluded.method,
			portal = excluded.portal, created_at = excluded.created_at, last_seen_at = excluded.last_seen_at,
			expires_at = excluded.expires_at, confirmed_at = excluded.confirmed_at, address = excluded.address,
			agent = excluded.agent`, sessionFields(&s)...)
}

// DeleteSession ends one session.
func (t signInChanges) DeleteSession(id string) error {
	return t.exec(`DELETE FROM sessions WHERE id = $1`, id)
}

// DeleteSessionsOf ends every session of a person but one.
func (t signInChanges) DeleteSessionsOf(user ledger.ID, except string) error {
	return t.exec(`DELETE FROM sessions WHERE user_id = $1 AND id <> $2`, user, except)
}

const attemptsColumns = `name, attempts, last_at, expires_at`

func attemptsFields(a *ledger.Attempts) []any {
	return []any{&a.Name, &a.Count, column.Instant(&a.LastAt), column.Instant(&a.ExpiresAt)}
}

// Attempts reads one count, whether its time has passed or not.
func (r signInRows) Attempts(name string) (ledger.Attempts, error) {
	return one(r.session, attemptsFields, `SELECT `+attemptsColumns+` FROM signin_attempts WHERE name = $1`, name)
}

// PutAttempts replaces a count.
func (t signInChanges) PutAttempts(a ledger.Attempts) error {
	return t.exec(`
		INSERT INTO signin_attempts (`+attemptsColumns+`)
		VALUES ($1, $2, $3, $4)
		ON CONFLICT (name) DO UPDATE SET
			attempts = excluded.attempts, last_at = excluded.last_at, expires_at = excluded.expires_at`, attemptsFields(&a)...)
}

// DeleteAttempts forgets a count.
func (t signInChanges) DeleteAttempts(name string) error {
	return t.exec(`DELETE FROM signin_attempts WHERE name = $1`, name)
}

const codeColumns = `id, purpose, user_id, alias, digest, key_id, data, created_at, expires_at`

func codeFields(c *ledger.OneTimeCode) []any {
	return []any{
		&c.ID, &c.Purpose, column.Ref(&c.User), column.Word(&c.Alias), column.Digest(&c.Digest), (*uint32)(&c.Key), column.Verbatim(&c.Data),
		column.Instant(&c.CreatedAt), column.Instant(&c.ExpiresAt),
	}
}

// Code finds a code by the half that is no secret.
func (r signInRows) Code(id string) (ledger.OneTimeCode, error) {
	return one(r.session, codeFields, `SELECT `+codeColumns+` FROM signin_codes WHERE id = $1`, id)
}

// CodeByAlias finds a code by its second name.
func (r signInRows) CodeByAlias(alias string) (ledger.OneTimeCode, error) {
	return one(r.session, codeFields, `SELECT `+codeColumns+` FROM signin_codes WHERE alias = $1`, alias)
}

// CountCodes stops counting at the limit.
func (r signInRows) CountCodes(purpose string, live time.Time, limit int) (int, error) {
	n, err := number(r.session, `SELECT count(*) FROM
		(SELECT id FROM signin_codes WHERE purpose = $1 AND expires_at > $2 LIMIT CAST($3 AS BIGINT)) AS counted`,
		purpose, column.Moment(live), column.Limit(limit))
	return int(n), err
}

// PutCode refuses an alias that another code has.
func (t signInChanges) PutCode(c ledger.OneTimeCode) error {
	return t.exec(`
		INSERT INTO signin_codes (`+codeColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (id) DO UPDATE SET
			purpose = excluded.purpose, user_id = excluded.user_id, alias = excluded.alias, digest = excluded.digest,
			key_id = excluded.key_id, data = excluded.data, created_at = excluded.created_at,
			expires_at = excluded.expires_at`, codeFields(&c)...)
}

// DeleteCode uses a code up.
func (t signInChanges) DeleteCode(id string) error {
	return t.exec(`DELETE FROM signin_codes WHERE id = $1`, id)
}

// DeleteCodesOf uses up a person's codes of a purpose.
func (t signInChanges) DeleteCodesOf(user ledger.ID, purpose string) error {
	return t.exec(`DELETE FROM signin_codes WHERE user_id = $1 AND purpose = $2`, user, purpose)
}

const identityColumns = `issuer, subject, user_id, email, created_at`

func identityFields(i *ledger.Identity) []any {
	return []any{&i.Issuer, &i.Subject, &i.User, &i.Email, column.Instant(&i.CreatedAt)}
}

// Identity compares issuer and subject to the byte.
func (r signInRows) Identity(issuer, subject string) (ledger.Identity, error) {
	return one(r.session, identityFields, `SELECT `+identityColumns+` FROM identities
		WHERE issuer = $1 AND subject = $2`, issuer, subject)
}

// IdentitiesOf lists who a person is elsewhere.
func (r signInRows) IdentitiesOf(user ledger.ID) ([]ledger.Identity, error) {
	return list(r.session, identityFields, `SELECT `+identityColumns+` FROM identities
		WHERE user_id = $1 ORDER BY issuer, subject`, user)
}

// AddIdentity never replaces: an identity has one person.
func (t signInChanges) AddIdentity(i ledger.Identity) error {
	return t.exec(`INSERT INTO identities (`+identityColumns+`) VALUES ($1, $2, $3, $4, $5)`, identityFields(&i)...)
}

// DeleteIdentity unlinks an identity.
func (t signInChanges) DeleteIdentity(issuer, subject string) error {
	return t.exec(`DELETE FROM identities WHERE issuer = $1 AND subject = $2`, issuer, subject)
}

const factorColumns = `id, user_id, kind, name, digest, key_id, sealed, last_step, created_at, confirmed_at`

func factorFields(f *ledger.Factor) []any {
	return []any{
		&f.ID, &f.User, &f.Kind, &f.Name, column.Digest(&f.Digest), (*uint32)(&f.Key), column.Blob(&f.Sealed), &f.LastStep,
		column.Instant(&f.CreatedAt), column.Instant(&f.ConfirmedAt),
	}
}

// FactorsOf lists a person's second factors and recovery codes.
func (r signInRows) FactorsOf(user ledger.ID) ([]ledger.Factor, error) {
	return list(r.session, factorFields, `SELECT `+factorColumns+` FROM factors WHERE user_id = $1 ORDER BY id`, user)
}

// PutFactor replaces the whole row.
func (t signInChanges) PutFactor(f ledger.Factor) error {
	return t.exec(`
		INSERT INTO factors (`+factorColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT (id) DO UPDATE SET
			user_id = excluded.user_id, kind = excluded.kind, name = excluded.name, digest = excluded.digest,
			key_id = excluded.key_id, sealed = excluded.sealed, last_step = excluded.last_step,
			created_at = excluded.created_at, confirmed_at = excluded.confirmed_at`, factorFields(&f)...)
}

// DeleteFactor forgets one factor.
func (t signInChanges) DeleteFactor(id ledger.ID) error {
	return t.exec(`DELETE FROM factors WHERE id = $1`, id)
}

// DeleteFactorsOf forgets a person's factors of a kind.
func (t signInChanges) DeleteFactorsOf(user ledger.ID, kind string) error {
	return t.exec(`DELETE FROM factors WHERE user_id = $1 AND kind = $2`, user, kind)
}

// KnownAddress says whether a person signed in from there.
func (r signInRows) KnownAddress(user ledger.ID, address string) (bool, error) {
	n, err := number(r.session, `SELECT count(*) FROM signin_addresses WHERE user_id = $1 AND address = $2`, user, address)
	return n > 0, err
}

// RememberAddress keeps the 20 places seen last.
func (t signInChanges) RememberAddress(user ledger.ID, address string, at time.Time) error {
	if err := t.exec(`
		INSERT INTO signin_addresses (user_id, address, seen_at) VALUES ($1, $2, $3)
		ON CONFLICT (user_id, address) DO UPDATE SET seen_at = excluded.seen_at`, user, address, column.Moment(at)); err != nil {
		return err
	}
	return t.exec(`
		DELETE FROM signin_addresses WHERE user_id = $1 AND address NOT IN (
			SELECT address FROM signin_addresses WHERE user_id = $1 ORDER BY seen_at DESC, address LIMIT 20)`, user)
}

// SweepSignIn forgets what is over; each table has an index by its end.
func (t signInChanges) SweepSignIn(at time.Time) error {
	for _, statement := range []string{
		`DELETE FROM sessions WHERE expires_at <= $1`,
		`DELETE FROM signin_attempts WHERE expires_at <= $1`,
		`DELETE FROM signin_codes WHERE expires_at <= $1 AND purpose <> 'invitation'`,
	} {
		if err := t.exec(statement, column.Moment(at)); err != nil {
			return err
		}
	}
	return nil
}
