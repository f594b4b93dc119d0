package console_test

import (
	"crypto/rand"
	"database/sql"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/token"
)

func TestTheStateOfTheChainIsShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.member("vera@example.com", "Viewer")
	const audit = "/workspace/acme/audit"
	plain := w.status(w.as("ada@example.com", audit), http.StatusOK)
	w.shows(plain, audit+"?check=chain")
	w.hides(plain, "The chain is whole")
	for path, head := range map[string]string{audit: "acme@", "/instance/audit": "instance@"} {
		whole := w.status(w.as("ada@example.com", path+"?check=chain"), http.StatusOK)
		w.inert(whole)
		w.shows(whole, "The chain is whole.", head, "audit verify --expect")
		w.hides(whole, "check=chain&amp;format", "format=csv&amp;check")
	}
	w.status(w.as("vera@example.com", audit+"?check=chain"), http.StatusForbidden)

	db, err := sql.Open("sqlite", strings.TrimPrefix(w.url, "sqlite:"))
	must(t, err)
	t.Cleanup(func() { _ = db.Close() })
	_, err = db.ExecContext(w.ctx, `UPDATE audit SET actor = '<i>eve' WHERE sequence = 2 AND workspace <> 0`)
	must(t, err)
	broken := w.status(w.as("ada@example.com", audit+"?check=chain"), http.StatusOK)
	w.inert(broken)
	w.shows(broken, "The chain is broken.", "Row 2: its columns say other than its payload", "tokenry audit verify")
	w.hides(broken, "The chain is whole")

	keys, err := token.GenerateKeyring(rand.Reader, w.at)
	must(t, err)
	keys, err = keys.Rotate(rand.Reader, w.at)
	must(t, err)
	w.Office = office.New(authority.Options{Store: w.store, Keys: officetest.WithoutFirst(t, keys), Now: func() time.Time { return w.at }, Rand: rand.Reader, Usage: w.usage, Decisions: w.recorder})
	w.start()
	unsure := w.status(w.as("ada@example.com", audit+"?check=chain"), http.StatusOK)
	w.inert(unsure)
	w.shows(unsure, "Nobody can tell whether the chain is whole.", "Row 1: the keyring lacks its key", "number 1")
	w.hides(unsure, "The chain is whole", "The chain is broken")
}

// TestARowOfTheAuditOpens: what was changed from what to what, why, with which token, by
// which program, and where the token is. What people wrote in it stays text.
func TestARowOfTheAuditOpens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.issue("workspace", "", "<b>deploy</b>")
	_, err := w.RevokeToken(w.ctx, w.root, "acme", i.Token.ID, api.RevokeToken{Reason: "superseded", Comment: "moved to <i>vault</i>"})
	must(t, err)
	page := w.status(w.as("ada@example.com", "/workspace/acme/audit?token="+i.Token.ID), http.StatusOK)
	w.inert(page)
	w.shows(page, "Revoke reason", "superseded", "moved to &lt;i&gt;vault&lt;/i&gt;", "<del><bdi>active</bdi></del>", "<bdi>revoked</bdi>", "&lt;b&gt;deploy&lt;/b&gt;",
		"/workspace/acme/access-tokens/"+i.Token.Locator, "/workspace/acme/audit?token="+i.Token.Locator, "Number in the chain")
	w.hides(page, i.Secret.Reveal(), "<i>vault")
	w.inert(w.status(w.as("ada@example.com", "/instance/audit"), http.StatusOK))
	root, _, _ := w.Audit(w.ctx, w.root, "acme", api.AuditFilter{Token: i.Token.Locator}, pageOf())
	same := "/workspace/acme/audit?with=" + *root[0].ActorToken
	w.shows(page, same)
	w.shows(w.status(w.as("ada@example.com", same), http.StatusOK), "Revoke reason")
	w.shows(w.status(w.as("ada@example.com", "/workspace/acme/audit?with="+i.Token.ID), http.StatusOK), "Nothing matches")
}
