package server_test

import (
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

// TestARevocationIsKnownOnEveryNodeBehindAPooler before it is answered, also where no
// node can be woken, since nobody hears behind a pooler that gives a session to each
// transaction.
func TestARevocationIsKnownOnEveryNodeBehindAPooler(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"session", "transaction"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			ns := startNodesOn(t, storetest.PgBouncer(t, storetest.Postgres(t), mode), 2)
			for range 10 {
				made := ns.token()
				for i := range ns.all {
					ns.wants(i, made.Secret, api.CodeOK)
				}
				ns.revoke(made)
				for i := range ns.all {
					ns.wants(i, made.Secret, api.CodeRevoked)
				}
			}
		})
	}
}
