package cli_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/internal/store/storetest"
)

// TestAMoveIsToldStepByStep: what was done, what is next, and that no password shows.
func TestAMoveIsToldStepByStep(t *testing.T) {
	t.Parallel()
	v, _ := newVault(t)
	from := "sqlite:" + filepath.Join(v.dir, "tokenry.db")
	v.expect(2, "say where to: --to postgres://", "move --from "+from)
	v.expect(2, `"from" not set`, "move --to postgres://x")
	v.expect(2, "--from is no SQLite database", "move --from postgres://x/y --to postgres://x/y")
	v.expect(1, "nothing to give up", "move --abandon --from "+from+" --to postgres://u:sesame@127.0.0.1:1/y")
	to := storetest.Postgres(t)
	r := v.expect(0, "tokenry serve --keys "+filepath.Join(v.dir, "keys.json"), "move --from "+from+" --to "+to)
	for _, want := range []string{"key_checks: 1 rows, copied\n", "key_checks: 1 rows, compared\n", "Done. Next:"} {
		if !strings.Contains(r.err, want) {
			t.Errorf("%q is missing in\n%s", want, r.err)
		}
	}
	if !strings.Contains(r.out, "audit head  acme@") || strings.Contains(r.err, "notices:") {
		t.Errorf("%+v", r)
	}
	v.expect(1, "this database was moved to postgres://", "serve --listen 127.0.0.1:0")
	v.expect(1, "this database was moved to postgres://", "move --from "+from+" --to "+to)
	v.expect(0, "acme", "audit verify")
	v.expect(0, "acme", "audit verify --database "+to+" --keys "+filepath.Join(v.dir, "keys.json"))
}
