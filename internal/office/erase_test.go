package office_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office"
)

// known is everything that the database says, table by table.
func (w *world) known() map[string]string {
	w.Helper()
	tables := []string{"workspaces", "users", "members", "service_accounts", "tokens", "resources", "audit", "mails", "deliveries", "sessions",
		"signin_codes", "signin_addresses", "identities", "factors", "roles", "scopes", "webhooks"}
	out := map[string]string{}
	for _, table := range tables {
		out[table] = w.rows(table)
	}
	return out
}

// rows is a table as text.
func (w *world) rows(table string) string {
	w.Helper()
	rows, err := w.beside().QueryContext(w.ctx, "SELECT * FROM "+table) //nolint:unqueryvet // it is asked for all there is
	must(w.T, err)
	defer rows.Close()
	columns, err := rows.Columns()
	must(w.T, err)
	var b strings.Builder
	for rows.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		must(w.T, rows.Scan(into...))
		for i, v := range values {
			if raw, ok := v.([]byte); ok {
				values[i] = string(raw)
			}
		}
		fmt.Fprintln(&b, values...)
	}
	must(w.T, rows.Err())
	return b.String()
}

// mentions names the tables that hold a text.
func (w *world) mentions(text string) (tables []string) {
	w.Helper()
	for table, rows := range w.known() {
		if strings.Contains(rows, text) {
			tables = append(tables, table)
		}
	}
	return tables
}

// lived gives bob traces in two workspaces, and nearly-bob some of their own.
func (w *world) lived() (bob authority.Caller, bobs authority.Issued) {
	w.Helper()
	w.workspace("globex")
	w.memberOf("globex", "bob@example.com", "Administrator", "*")
	in := api.CreateMember{Email: "bob@example.com"}
	in.Name, in.ExternalID = api.Some("Bob Bobson"), api.Some("crm-bob")
	in.Role, in.Resources = api.Some("Administrator"), api.Some([]string{"*"})
	_, _, err := w.CreateMember(w.ctx, w.root, "acme", in)
	must(w.T, err)
	w.memberOf("acme", "not-bob@example.com", "Viewer", "*")
	bob = w.person("bob@example.com")
	bob.Addr, bob.Agent = netip.MustParseAddr("192.0.2.77"), "Bobfox/1.0"
	token := ask("personal", "")
	token.Label, token.Description = api.Some("Bobs laptop"), api.Some("the one of Bob Bobson")
	bobs = w.create(bob, token)
	w.create(bob, scoped("workspace", "", "tickets:read"))
	must(w.T, third(w.OnboardResource(w.ctx, bob, "acme", api.CreateResource{Name: "payments"})))
	account := api.CreateServiceAccount{Name: "ci", Contacts: api.Some([]string{"bob@example.com", "ops@example.com"})}
	account.Scopes, account.Resources = api.Some([]string{"tickets:read"}), api.Some([]string{"*"})
	must(w.T, third(w.CreateServiceAccount(w.ctx, bob, "acme", account)))
	must(w.T, w.SignIn(w.ctx, authority.Caller{Addr: bob.Addr}, func(tx *office.SignInTx) error {
		u, err := tx.User(ledger.UserKey{Email: "bob@example.com"})
		must(w.T, err)
		must(w.T, tx.PutSession(ledger.Session{ID: "s1", User: u.ID, Key: 1, CreatedAt: tx.Now(), LastSeenAt: tx.Now(), ExpiresAt: tx.Now().Add(day), Address: "192.0.2.77"}))
		must(w.T, tx.AddIdentity(ledger.Identity{Issuer: "op", Subject: "bob-sub", User: u.ID, Email: u.Email, CreatedAt: tx.Now()}))
		return tx.Note("signin.failed", ledger.User{}, u, map[string]string{"as": "Bob@Example.com"})
	}))
	must(w.T, third(w.DeactivateUser(w.ctx, w.root, "bob@example.com")))
	return bob, bobs
}

func TestErasingAPersonLeavesNothingOfThemAndTheAuditWhole(t *testing.T) {
	each(t, func(w *world) {
		f := w.forgetting()
		bob, bobs := w.lived()
		heads, _ := w.whole()
		would, revision, err := w.EraseUser(w.ctx, w.root, "bob@example.com", true)
		must(w.T, err)
		if got := w.mentions("bob@example.com"); !would.DryRun || revision != 0 || len(got) < 4 || len(f.tokens) != 0 {
			w.Errorf("a dry run: %+v, revision %d, mentions in %v", would, revision, got)
		}
		u, err := w.GetUser(w.ctx, w.root, "bob@example.com")
		must(w.T, err)

		did, revision, err := w.EraseUser(w.ctx, w.root, "bob@example.com", false)
		must(w.T, err)
		if diff := cmp.Diff(would, did, cmpopts.IgnoreFields(api.Erasure{}, "DryRun", "User")); diff != "" || revision == 0 {
			w.Errorf("the dry run counted otherwise (revision %d): %s", revision, diff)
		}
		if did.AuditEvents < 8 || did.Tokens != 1 || did.Memberships != 2 || did.Sessions != 2 || did.Identities != 1 || did.Mentions != 4 {
			w.Errorf("erased %+v", did)
		}
		if v := did.User; v.ID != u.ID || v.Email != nil || v.Name != "" || v.Active || v.ErasedAt == nil || len(v.Workspaces) != 0 {
			w.Errorf("left of the user: %+v", v)
		}
		for _, secret := range []string{"Bob Bobson", "crm-bob", "192.0.2.77", "Bobfox", "Bobs laptop", "bob-sub", "Bob@Example.com"} {
			if got := w.mentions(secret); got != nil {
				w.Errorf("%q is yet in %v", secret, got)
			}
		}
		for table, rows := range w.known() {
			if strings.Contains(strings.ReplaceAll(rows, "not-bob@example.com", ""), "bob@example.com") {
				w.Errorf("the e-mail is yet in %s", table)
			}
		}
		w.whole(heads...)
		w.deny(api.CodeRevoked, bobs.Secret)
		if len(f.tokens) != 1 || f.tokens[0] != locator(w, bobs) {
			w.Errorf("the usage of %v was forgotten", f.tokens)
		}
		_, err = w.GetUser(w.ctx, w.root, "bob@example.com")
		w.refused(err, api.CodeNotFound)
		_, _, err = w.ActivateUser(w.ctx, w.root, u.ID)
		w.refused(err, api.CodeErased)
		w.refused(second(w.GetPolicy(w.ctx, bob, "acme")), api.CodeInvalidToken)

		again, _, err := w.EraseUser(w.ctx, w.root, u.ID, false)
		must(w.T, err)
		if again.AuditEvents != 0 || again.User.ID != u.ID {
			w.Errorf("a second time: %+v", again)
		}
		w.memberOf("acme", "bob@example.com", "Viewer", "*")
		if fresh, err := w.GetUser(w.ctx, w.root, "bob@example.com"); err != nil || fresh.ID == u.ID {
			w.Errorf("the same e-mail leads to %+v, %v", fresh, err)
		}
		w.whole(heads...)
	})
}

func TestErasedEventsSayThatTheyAre(t *testing.T) {
	each(t, func(w *world) {
		w.lived()
		before, _, err := w.Audit(w.ctx, w.root, "acme", api.AuditFilter{}, authority.Page{Limit: 200})
		must(w.T, err)
		_, _, err = w.EraseUser(w.ctx, w.root, "bob@example.com", false)
		must(w.T, err)
		events, _, err := w.Audit(w.ctx, w.root, "acme", api.AuditFilter{Actor: "erased"}, page(0))
		must(w.T, err)
		if len(events) != 4 {
			w.Errorf("bob did %d things, want 4", len(events))
		}
		for _, e := range events {
			if !e.Erased || e.IP != nil || e.UserAgent != nil || e.Before != nil || e.After != nil || e.Workspace != "acme" || e.Hash == "" {
				w.Errorf("an erased event: %+v", e)
			}
		}
		all, _, err := w.Audit(w.ctx, w.root, "acme", api.AuditFilter{}, authority.Page{Limit: 200})
		must(w.T, err)
		for _, was := range before {
			for _, e := range all {
				text, _ := json.Marshal(was)
				about := strings.Contains(strings.ReplaceAll(string(text), "not-bob@example.com", ""), "bob@example.com")
				if e.Sequence == was.Sequence && e.Erased != about {
					w.Errorf("event %d, %s of %s by %s: erased %v", e.Sequence, e.Action, was.Target, was.Actor, e.Erased)
				}
			}
		}
		mine, _, err := w.Audit(w.ctx, w.root, "acme", api.AuditFilter{Action: "user.erased"}, page(0))
		must(w.T, err)
		if len(mine) == 0 || mine[0].Actor != "ada@example.com" || mine[0].Erased {
			w.Errorf("the erasure told %+v", mine)
		}
		// Whoever erased may be erased, and what they did stays told.
		w.memberOf("acme", "eve@example.com", "Owner", "*")
		must(w.T, third(w.AddAdmin(w.ctx, w.root, api.AddAdmin{User: "eve@example.com"})))
		eve := w.person("eve@example.com")
		must(w.T, third(w.DeactivateUser(w.ctx, eve, "ada@example.com")))
		must(w.T, third(w.EraseUser(w.ctx, eve, "ada@example.com", false)))
		if got := w.mentions("ada@example.com"); got != nil {
			w.Errorf("ada is yet in %v", got)
		}
		w.whole()
	})
}

func TestOnlyWhoIsInactiveIsErasedAndOnlyByTheInstance(t *testing.T) {
	each(t, func(w *world) {
		owner := w.member("olga@example.com", "Owner")
		w.memberOf("acme", "bob@example.com", "Viewer", "*")
		erase := func(c authority.Caller, who string) error { return third(w.EraseUser(w.ctx, c, who, false)) }
		w.refused(erase(owner, "bob@example.com"), api.CodeInsufficientScope)
		w.refused(erase(w.root, "bob@example.com"), api.CodeStillActive)
		w.refused(erase(w.root, "ada@example.com"), api.CodeStillActive)
		w.refused(erase(w.root, "nobody@example.com"), api.CodeNotFound)
		_, _, _, err := w.RemoveMember(w.ctx, w.root, "acme", "bob@example.com", false)
		must(w.T, err)
		must(w.T, erase(w.root, "bob@example.com"))
		w.whole()
	})
}

func TestAnErasedRowThatIsChangedIsNamed(t *testing.T) {
	each(t, func(w *world) {
		w.lived()
		must(w.T, third(w.EraseUser(w.ctx, w.root, "bob@example.com", false)))
		heads, _ := w.whole()
		events, _, err := w.Audit(w.ctx, w.root, "acme", api.AuditFilter{Actor: "erased"}, page(0))
		must(w.T, err)
		n := events[0].Sequence
		of := func(set string) string {
			return fmt.Sprintf(`UPDATE audit SET %s WHERE workspace = %d AND sequence = %d`, set, w.workspaceID(), n)
		}
		row := fmt.Sprintf("row %d", n)
		whole := fmt.Sprintf(`UPDATE audit SET payload = NULL, salt = NULL, actor = 'erased', erasure = (SELECT erasure FROM kept_audit
			WHERE workspace = %[1]d AND sequence = %[2]d) WHERE workspace = %[1]d AND sequence = 2`, w.workspaceID(), n)
		w.attacked([]attack{
			{"its digest", of("payload_digest = hash"), row + ": it was erased, and what is left of it was changed"},
			{"its actor", of("actor = 'ada@example.com'"), row},
			{"its target", of("target = 'x'"), row},
			{"its action", of("action = 'token.revealed'"), row},
			{"its time", of("occurred_at = occurred_at + 1"), row},
			{"its token", of("token = 'AAAAAAAAAAAA'"), row},
			{"its seal", of("erasure = hash"), row},
			{"without its seal", of("erasure = NULL"), row + ": its payload was removed"},
			{"a payload again", of("payload = '{}'"), row + ": it was erased, and has a payload again"},
			{"its hash", of("hash = payload_digest"), row},
			{"another row's seal", whole, "row 2: it was erased, and what is left"},
			{"removed", fmt.Sprintf(`DELETE FROM audit WHERE workspace = %d AND sequence = %d`, w.workspaceID(), n), row + " was removed"},
		}, heads...)
	})
}

// TestRowsFromBeforeTheSaltAreErasedWithTheirDigest: it would say what it was of.
func TestRowsFromBeforeTheSaltAreErasedWithTheirDigest(t *testing.T) {
	each(t, func(w *world) {
		w.memberOf("acme", "bob@example.com", "Viewer", "*")
		w.unsalted()
		heads, _ := w.whole()
		must(w.T, third(w.DeactivateUser(w.ctx, w.root, "bob@example.com")))
		must(w.T, third(w.EraseUser(w.ctx, w.root, "bob@example.com", false)))
		w.whole(heads...)
		var left int
		must(w.T, w.beside().QueryRowContext(w.ctx, `SELECT count(*) FROM audit WHERE erasure IS NOT NULL AND actor = 'ada@example.com'
			AND action = 'member.created' AND payload_digest = $1`, make([]byte, 32)).Scan(&left))
		if left != 1 {
			w.Errorf("%d rows lost their digest, want 1", left)
		}
		w.attacked([]attack{{"a digest again", `UPDATE audit SET payload_digest = hash WHERE action = 'member.created' AND erasure IS NOT NULL`, "it was erased"}}, heads...)
	})
}

// unsalted makes acme's chain what it was before there was a salt.
func (w *world) unsalted() {
	w.Helper()
	db, ws := w.beside(), w.workspaceID()
	var rows []ledger.AuditRow
	must(w.T, w.store.Read(w.ctx, func(r ledger.Reader) (err error) {
		rows, err = r.AuditChain(ws, 0, 0)
		return err
	}))
	var hash []byte
	for _, row := range rows {
		key, _ := w.keys.Derive("audit chain", row.Key)
		digest := sha256.Sum256(row.Payload)
		m := hmac.New(sha256.New, key)
		m.Write(hash)
		m.Write(binary.BigEndian.AppendUint64(nil, uint64(row.Sequence)))
		m.Write(digest[:])
		hash = m.Sum(nil)
		_, err := db.ExecContext(w.ctx, `UPDATE audit SET salt = NULL, payload_digest = $1, hash = $2 WHERE workspace = $3 AND sequence = $4`,
			digest[:], hash, ws, row.Sequence)
		must(w.T, err)
	}
}
