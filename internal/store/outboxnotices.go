package store

import (
	"time"

	"github.com/tokenry/tokenry/internal/column"
	"github.com/tokenry/tokenry/internal/ledger"
)

func (r outboxRows) Expiring(w ledger.ExpiryWindow) ([]ledger.Token, error) {
	return list(r.session, tokenFields, `SELECT `+tokenColumns+` FROM tokens
		WHERE expires_at > $1 AND expires_at <= $2 AND revoked_at IS NULL AND deleted_at IS NULL AND disabled_at IS NULL
			AND kind <> 'e' AND id > $3 AND (lifetime >= CAST($4 AS BIGINT) OR expires_at - COALESCE(rotated_at, created_at) >= CAST($4 AS BIGINT))
			AND NOT EXISTS (
				SELECT 1 FROM notices WHERE notices.token = tokens.id AND notices.step = $5
					AND notices.noticed_at >= tokens.expires_at - CAST($6 AS BIGINT))
		ORDER BY id LIMIT CAST($7 AS BIGINT)`, column.Moment(w.After), column.Moment(w.Until), w.From, w.Life.Microseconds(), w.Step,
		w.Told.Microseconds(), column.Limit(w.Limit))
}

const noticeColumns = `token, expires_at, step, noticed_at, sent_at`

func noticeFields(n *ledger.Notice) []any {
	return []any{&n.Token, column.Instant(&n.ExpiresAt), &n.Step, column.Instant(&n.NoticedAt), column.Instant(&n.SentAt)}
}

func (r outboxRows) Notice(t ledger.ID, step int) (ledger.Notice, error) {
	return one(r.session, noticeFields, `SELECT `+noticeColumns+` FROM notices
		WHERE token = $1 AND step = $2 ORDER BY noticed_at DESC, expires_at DESC LIMIT 1`, t, step)
}

func (t outboxChanges) DeleteNotice(n ledger.Notice) error {
	return t.exec(`DELETE FROM notices WHERE token = $1 AND expires_at = $2 AND step = $3`, n.Token, column.Moment(n.ExpiresAt), n.Step)
}

func (t outboxChanges) PutNotice(n ledger.Notice) error {
	return t.exec(`
		INSERT INTO notices (`+noticeColumns+`) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (token, expires_at, step) DO UPDATE SET
			noticed_at = excluded.noticed_at, sent_at = excluded.sent_at`, noticeFields(&n)...)
}

const reuseColumns = `token, secret, told_at, count`

func reuseFields(u *ledger.ReuseTold) []any {
	return []any{&u.Token, &u.Secret, column.Instant(&u.At), &u.Count}
}

func (r outboxRows) ReuseTold(t ledger.ID, secret int) (ledger.ReuseTold, error) {
	return one(r.session, reuseFields, `SELECT `+reuseColumns+` FROM reuses_told WHERE token = $1 AND secret = $2`, t, secret)
}

func (t outboxChanges) PutReuseTold(u ledger.ReuseTold) error {
	return t.exec(`
		INSERT INTO reuses_told (`+reuseColumns+`) VALUES ($1, $2, $3, $4)
		ON CONFLICT (token, secret) DO UPDATE SET told_at = excluded.told_at, count = excluded.count`, reuseFields(&u)...)
}

func (t outboxChanges) ForgetSettled(before time.Time) error {
	for _, query := range []string{
		`DELETE FROM deliveries WHERE settled_at < $1`,
		`DELETE FROM mails WHERE settled_at < $1`,
		`DELETE FROM notices WHERE expires_at < $1`,
		`DELETE FROM reuses_told WHERE told_at < $1`,
	} {
		if err := t.exec(query, column.Moment(before)); err != nil {
			return err
		}
	}
	return nil
}
