package store

import (
	"fmt"

	"github.com/tokenry/tokenry/internal/column"
	"github.com/tokenry/tokenry/internal/ledger"
)

const strangeColumns = `token, workspace, first_at, last_at, told_at, disowned_at, signs`

func strangeFields(s *ledger.Strange) []any {
	return []any{
		&s.Token, &s.Workspace, column.Instant(&s.First), column.Instant(&s.Last), column.Instant(&s.ToldAt), column.Instant(&s.DisownedAt),
		column.Document(&s.Signs),
	}
}

// Strange finds the one row of a token.
func (r strangeRows) Strange(t ledger.ID) (ledger.Strange, error) {
	return one(r.session, strangeFields, `SELECT `+strangeColumns+` FROM strange WHERE token = $1`, t)
}

// StrangeAmong leaves out tokens about which nothing is open.
func (r strangeRows) StrangeAmong(tokens []ledger.ID) ([]ledger.Strange, error) {
	return eachListed(r.session, strangeFields, ` SELECT `+strangeColumns+` FROM strange
		WHERE token IN (SELECT CAST(entry AS BIGINT) FROM listed) ORDER BY token`, tokens)
}

const (
	latestMail        = `SELECT ` + mailColumns + ` FROM mails WHERE recipient COLLATE "binary" = $1 AND `
	latestMailStrange = latestMail + `kind = 'strange' ORDER BY id DESC LIMIT 1`
	latestMailUnused  = latestMail + `kind = 'unused' ORDER BY id DESC LIMIT 1`
)

// LatestMail has an index for each of the two kinds that are asked about.
func (r strangeRows) LatestMail(recipient, kind string) (ledger.Mail, error) {
	query := map[string]string{ledger.MailStrange: latestMailStrange, ledger.MailUnused: latestMailUnused}[kind]
	if query == "" {
		return ledger.Mail{}, fmt.Errorf("store: there is no index of the last mail of the kind %q", kind)
	}
	return one(r.session, mailFields, query, recipient)
}

// PutStrange replaces the whole row.
func (t strangeChanges) PutStrange(s ledger.Strange) error {
	return t.exec(`
		INSERT INTO strange (`+strangeColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (token) DO UPDATE SET
			workspace = excluded.workspace, first_at = excluded.first_at, last_at = excluded.last_at, told_at = excluded.told_at,
			disowned_at = excluded.disowned_at, signs = excluded.signs`, strangeFields(&s)...)
}

// DeleteStrange says that it was answered.
func (t strangeChanges) DeleteStrange(id ledger.ID) error {
	return t.exec(`DELETE FROM strange WHERE token = $1`, id)
}
