package retention_test

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
	"github.com/tokenry/tokenry/internal/office/officetest"
)

// known is everything that the database says, table by table.
func known(w *officetest.World) map[string]string {
	w.Helper()
	tables := []string{"workspaces", "users", "members", "service_accounts", "tokens", "resources", "audit", "mails", "deliveries", "sessions",
		"signin_codes", "signin_addresses", "identities", "factors", "roles", "scopes", "webhooks"}
	out := map[string]string{}
	for _, table := range tables {
		out[table] = rows(w, table)
	}
	return out
}

// rows is a table as text.
func rows(w *officetest.World, table string) string {
	w.Helper()
	rows, err := w.Beside().QueryContext(w.Ctx, "SELECT * FROM "+table) //nolint:unqueryvet // it is asked for all there is
	officetest.Must(w.T, err)
	defer rows.Close()
	columns, err := rows.Columns()
	officetest.Must(w.T, err)
	var b strings.Builder
	for rows.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		officetest.Must(w.T, rows.Scan(into...))
		for i, v := range values {
			if raw, ok := v.([]byte); ok {
				values[i] = string(raw)
			}
		}
		fmt.Fprintln(&b, values...)
	}
	officetest.Must(w.T, rows.Err())
	return b.String()
}

// mentions names the tables that hold a text.
func mentions(w *officetest.World, text string) (tables []string) {
	w.Helper()
	for table, rows := range known(w) {
		if strings.Contains(rows, text) {
			tables = append(tables, table)
		}
	}
	return tables
}

// lived gives bob traces in two workspaces, and nearly-bob some of their own.
func lived(w *officetest.World) (bob authority.Caller, bobs authority.Issued) {
	w.Helper()
	w.Workspace("globex")
	w.MemberOf("globex", "bob@example.com", "Administrator", "*")
	in := api.CreateMember{Email: "bob@example.com"}
	in.Name, in.ExternalID = api.Some("Bob Bobson"), api.Some("crm-bob")
	in.Role, in.Resources = api.Some("Administrator"), api.Some([]string{"*"})
	_, err := w.CreateMember(w.Ctx, w.Root, "acme", in)
	officetest.Must(w.T, err)
	w.MemberOf("acme", "not-bob@example.com", "Viewer", "*")
	bob = w.Person("bob@example.com")
	bob.Addr, bob.Agent = netip.MustParseAddr("192.0.2.77"), "Bobfox/1.0"
	token := officetest.Ask("personal", "")
	token.Label, token.Description = api.Some("Bobs laptop"), api.Some("the one of Bob Bobson")
	bobs = w.Create(bob, token)
	w.Create(bob, officetest.Scoped("workspace", "", "tickets:read"))
	officetest.Must(w.T, officetest.Second(w.OnboardResource(w.Ctx, bob, "acme", api.CreateResource{Name: "payments"})))
	account := api.CreateServiceAccount{Name: "ci", Contacts: api.Some([]string{"bob@example.com", "ops@example.com"})}
	account.Scopes, account.Resources = api.Some([]string{"tickets:read"}), api.Some([]string{"*"})
	officetest.Must(w.T, officetest.Second(w.CreateServiceAccount(w.Ctx, bob, "acme", account)))
	officetest.Must(w.T, w.SignIn(w.Ctx, authority.Caller{Addr: bob.Addr}, func(tx *office.SignInTx) error {
		u, err := tx.User(ledger.UserKey{Email: "bob@example.com"})
		officetest.Must(w.T, err)
		officetest.Must(w.T, tx.PutSession(ledger.Session{ID: "s1", User: u.ID, Key: 1, CreatedAt: tx.Now(), LastSeenAt: tx.Now(), ExpiresAt: tx.Now().Add(officetest.Day), Address: "192.0.2.77"}))
		officetest.Must(w.T, tx.AddIdentity(ledger.Identity{Issuer: "op", Subject: "bob-sub", User: u.ID, Email: u.Email, CreatedAt: tx.Now()}))
		return tx.Note("signin.failed", ledger.User{}, u, map[string]string{"as": "Bob@Example.com"})
	}))
	officetest.Must(w.T, officetest.Second(w.DeactivateUser(w.Ctx, w.Root, "bob@example.com")))
	return bob, bobs
}

func TestErasingAPersonLeavesNothingOfThemAndTheAuditWhole(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		f := forgetting(w)
		bob, bobs := lived(w)
		heads, _ := w.Whole()
		would, err := w.EraseUser(w.Ctx, w.Root, "bob@example.com", true)
		officetest.Must(w.T, err)
		if got := mentions(w, "bob@example.com"); !would.Value.DryRun || would.Revision != 0 || len(got) < 4 || len(f.Tokens) != 0 {
			w.Errorf("a dry run: %+v, revision %d, mentions in %v", would.Value, would.Revision, got)
		}
		u, err := w.GetUser(w.Ctx, w.Root, "bob@example.com")
		officetest.Must(w.T, err)

		did, err := w.EraseUser(w.Ctx, w.Root, "bob@example.com", false)
		officetest.Must(w.T, err)
		if diff := cmp.Diff(would.Value, did.Value, cmpopts.IgnoreFields(api.Erasure{}, "DryRun", "User")); diff != "" || did.Revision == 0 {
			w.Errorf("the dry run counted otherwise (revision %d): %s", did.Revision, diff)
		}
		if did.Value.AuditEvents < 8 || did.Value.Tokens != 1 || did.Value.Memberships != 2 || did.Value.Sessions != 2 || did.Value.Identities != 1 || did.Value.Mentions != 4 {
			w.Errorf("erased %+v", did.Value)
		}
		if v := did.Value.User; v.ID != u.ID || v.Email != nil || v.Name != "" || v.Active || v.ErasedAt == nil || len(v.Workspaces) != 0 {
			w.Errorf("left of the user: %+v", v)
		}
		for _, secret := range []string{"Bob Bobson", "crm-bob", "192.0.2.77", "Bobfox", "Bobs laptop", "bob-sub", "Bob@Example.com"} {
			if got := mentions(w, secret); got != nil {
				w.Errorf("%q is yet in %v", secret, got)
			}
		}
		for table, rows := range known(w) {
			if strings.Contains(strings.ReplaceAll(rows, "not-bob@example.com", ""), "bob@example.com") {
				w.Errorf("the e-mail is yet in %s", table)
			}
		}
		w.Whole(heads...)
		w.Deny(api.CodeRevoked, bobs.Secret)
		if len(f.Tokens) != 1 || f.Tokens[0] != officetest.Locator(w, bobs) {
			w.Errorf("the usage of %v was forgotten", f.Tokens)
		}
		_, err = w.GetUser(w.Ctx, w.Root, "bob@example.com")
		w.Refused(err, api.CodeNotFound)
		_, err = w.ActivateUser(w.Ctx, w.Root, u.ID)
		w.Refused(err, api.CodeErased)
		w.Refused(officetest.Second(w.GetPolicy(w.Ctx, bob, "acme")), api.CodeInvalidToken)

		again, err := w.EraseUser(w.Ctx, w.Root, u.ID, false)
		officetest.Must(w.T, err)
		if again.Value.AuditEvents != 0 || again.Value.User.ID != u.ID {
			w.Errorf("a second time: %+v", again.Value)
		}
		w.MemberOf("acme", "bob@example.com", "Viewer", "*")
		if fresh, err := w.GetUser(w.Ctx, w.Root, "bob@example.com"); err != nil || fresh.ID == u.ID {
			w.Errorf("the same e-mail leads to %+v, %v", fresh, err)
		}
		w.Whole(heads...)
	})
}

func TestErasedEventsSayThatTheyAre(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		lived(w)
		before, _, err := w.Audit(w.Ctx, w.Root, "acme", api.AuditFilter{}, authority.Page{Limit: 200})
		officetest.Must(w.T, err)
		_, err = w.EraseUser(w.Ctx, w.Root, "bob@example.com", false)
		officetest.Must(w.T, err)
		events, _, err := w.Audit(w.Ctx, w.Root, "acme", api.AuditFilter{Actor: "erased"}, officetest.Page(0))
		officetest.Must(w.T, err)
		if len(events) != 4 {
			w.Errorf("bob did %d things, want 4", len(events))
		}
		for _, e := range events {
			if !e.Erased || e.IP != nil || e.UserAgent != nil || e.Before != nil || e.After != nil || e.Workspace != "acme" || e.Hash == "" {
				w.Errorf("an erased event: %+v", e)
			}
		}
		all, _, err := w.Audit(w.Ctx, w.Root, "acme", api.AuditFilter{}, authority.Page{Limit: 200})
		officetest.Must(w.T, err)
		for _, was := range before {
			for _, e := range all {
				text, _ := json.Marshal(was)
				about := strings.Contains(strings.ReplaceAll(string(text), "not-bob@example.com", ""), "bob@example.com")
				if e.Sequence == was.Sequence && e.Erased != about {
					w.Errorf("event %d, %s of %s by %s: erased %v", e.Sequence, e.Action, was.Target, was.Actor, e.Erased)
				}
			}
		}
		mine, _, err := w.Audit(w.Ctx, w.Root, "acme", api.AuditFilter{Action: "user.erased"}, officetest.Page(0))
		officetest.Must(w.T, err)
		if len(mine) == 0 || mine[0].Actor != "ada@example.com" || mine[0].Erased {
			w.Errorf("the erasure told %+v", mine)
		}
		// Whoever erased may be erased, and what they did stays told.
		w.MemberOf("acme", "eve@example.com", "Owner", "*")
		officetest.Must(w.T, officetest.Second(w.AddAdmin(w.Ctx, w.Root, api.AddAdmin{User: "eve@example.com"})))
		eve := w.Person("eve@example.com")
		officetest.Must(w.T, officetest.Second(w.DeactivateUser(w.Ctx, eve, "ada@example.com")))
		officetest.Must(w.T, officetest.Second(w.EraseUser(w.Ctx, eve, "ada@example.com", false)))
		if got := mentions(w, "ada@example.com"); got != nil {
			w.Errorf("ada is yet in %v", got)
		}
		w.Whole()
	})
}

func TestOnlyWhoIsInactiveIsErasedAndOnlyByTheInstance(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		owner := w.Member("olga@example.com", "Owner")
		w.MemberOf("acme", "bob@example.com", "Viewer", "*")
		erase := func(c authority.Caller, who string) error {
			return officetest.Second(w.EraseUser(w.Ctx, c, who, false))
		}
		w.Refused(erase(owner, "bob@example.com"), api.CodeInsufficientScope)
		w.Refused(erase(w.Root, "bob@example.com"), api.CodeStillActive)
		w.Refused(erase(w.Root, "ada@example.com"), api.CodeStillActive)
		w.Refused(erase(w.Root, "nobody@example.com"), api.CodeNotFound)
		_, err := w.RemoveMember(w.Ctx, w.Root, "acme", "bob@example.com", false)
		officetest.Must(w.T, err)
		officetest.Must(w.T, erase(w.Root, "bob@example.com"))
		w.Whole()
	})
}

func TestAnErasedRowThatIsChangedIsNamed(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		lived(w)
		officetest.Must(w.T, officetest.Second(w.EraseUser(w.Ctx, w.Root, "bob@example.com", false)))
		heads, _ := w.Whole()
		events, _, err := w.Audit(w.Ctx, w.Root, "acme", api.AuditFilter{Actor: "erased"}, officetest.Page(0))
		officetest.Must(w.T, err)
		n := events[0].Sequence
		of := func(set string) string {
			return fmt.Sprintf(`UPDATE audit SET %s WHERE workspace = %d AND sequence = %d`, set, w.WorkspaceID(), n)
		}
		row := fmt.Sprintf("row %d", n)
		whole := fmt.Sprintf(`UPDATE audit SET payload = NULL, salt = NULL, actor = 'erased', erasure = (SELECT erasure FROM kept_audit
			WHERE workspace = %[1]d AND sequence = %[2]d) WHERE workspace = %[1]d AND sequence = 2`, w.WorkspaceID(), n)
		attacked(w, []attack{
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
			{"removed", fmt.Sprintf(`DELETE FROM audit WHERE workspace = %d AND sequence = %d`, w.WorkspaceID(), n), row + " was removed"},
		}, heads...)
	})
}

// TestRowsFromBeforeTheSaltAreErasedWithTheirDigest: it would say what it was of.
func TestRowsFromBeforeTheSaltAreErasedWithTheirDigest(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		w.MemberOf("acme", "bob@example.com", "Viewer", "*")
		unsalted(w)
		heads, _ := w.Whole()
		officetest.Must(w.T, officetest.Second(w.DeactivateUser(w.Ctx, w.Root, "bob@example.com")))
		officetest.Must(w.T, officetest.Second(w.EraseUser(w.Ctx, w.Root, "bob@example.com", false)))
		w.Whole(heads...)
		var left int
		officetest.Must(w.T, w.Beside().QueryRowContext(w.Ctx, `SELECT count(*) FROM audit WHERE erasure IS NOT NULL AND actor = 'ada@example.com'
			AND action = 'member.created' AND payload_digest = $1`, make([]byte, 32)).Scan(&left))
		if left != 1 {
			w.Errorf("%d rows lost their digest, want 1", left)
		}
		attacked(w, []attack{{"a digest again", `UPDATE audit SET payload_digest = hash WHERE action = 'member.created' AND erasure IS NOT NULL`, "it was erased"}}, heads...)
	})
}

// unsalted makes acme's chain what it was before there was a salt.
func unsalted(w *officetest.World) {
	w.Helper()
	db, ws := w.Beside(), w.WorkspaceID()
	var rows []ledger.AuditRow
	officetest.Must(w.T, w.Store.Read(w.Ctx, func(r ledger.Reader) (err error) {
		rows, err = r.AuditChain(ws, 0, 0)
		return err
	}))
	var hash []byte
	for _, row := range rows {
		key, _ := w.Keys.Derive("audit chain", row.Key)
		digest := sha256.Sum256(row.Payload)
		m := hmac.New(sha256.New, key)
		m.Write(hash)
		m.Write(binary.BigEndian.AppendUint64(nil, uint64(row.Sequence)))
		m.Write(digest[:])
		hash = m.Sum(nil)
		_, err := db.ExecContext(w.Ctx, `UPDATE audit SET salt = NULL, payload_digest = $1, hash = $2 WHERE workspace = $3 AND sequence = $4`,
			digest[:], hash, ws, row.Sequence)
		officetest.Must(w.T, err)
	}
}
