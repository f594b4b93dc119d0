package console_test

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"testing"

	"github.com/tokenry/tokenry/api"
)

// TestAPageSaysThatATokenWasImported, shows it by the beginning of the string that its
// holder has, and no more so once that string is not accepted.
func TestAPageSaysThatATokenWasImported(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sum := sha256.Sum256([]byte("old_<i>0000000000000"))
	in := api.ImportToken{Hash: hex.EncodeToString(sum[:]), Start: "old_<i>"}
	in.Label, in.Kind, in.Scopes = api.Some("Nightly"), "workspace", api.Some([]string{"product:read"})
	out, err := w.ImportTokens(w.ctx, w.root, "acme", api.ImportTokens{Tokens: []api.ImportToken{in},
		Format: api.ImportFormat{Name: "old-api", Prefix: "old_", MinLength: 20, MaxLength: 20, Alphabet: "printable", Hash: "sha256"}})
	must(w.T, err)
	id := out.Results[0].TokenID
	w.admit("ada@example.com")
	page := w.status(w.as(ada, list+"/"+w.token(id).Locator), http.StatusOK)
	w.shows(page, "old_&lt;i&gt;…", "one that another system gave out", "old-api")
	_, err = w.RotateToken(w.ctx, w.root, "acme", id, api.RotateToken{Overlap: api.Some(api.Duration(0))})
	must(w.T, err)
	w.hides(w.status(w.as(ada, list+"/"+w.token(id).Locator), http.StatusOK), "another system")
}
