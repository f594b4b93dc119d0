package verify_test

import (
	"crypto/rand"
	"errors"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

// TestASecretUnderAKeyThatIsNotHereIsNotUnknown: a node that was not given the new
// keyring yet cannot tell a good token from a wrong one, so it says neither.
func TestASecretUnderAKeyThatIsNotHereIsNotUnknown(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(*verify.Token)
		want   api.Code
	}{
		{"one secret", func(*verify.Token) {}, api.CodeUnavailable},
		{"revoked for good", func(r *verify.Token) { r.Revoked = true }, api.CodeUnknown},
		{"expired", func(r *verify.Token) { r.ExpiresAt = epoch.Add(-time.Hour) }, api.CodeUnknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var lacked []token.KeyID
			o := open(t, verify.Config{Lacks: func(id token.KeyID) { lacked = append(lacked, id) }})
			newer, err := o.keys.Rotate(rand.Reader, epoch)
			must(t, err)
			older := o.keys
			o.keys = newer
			_, secret := o.issue(c.change)
			o.keys = older
			d := verify.Decision{}
			req := bearer(secret)
			err = o.Verify(t.Context(), &req, &d)
			if d.Code != c.want {
				t.Fatalf("%s, want %s (%v)", d.Code, c.want, err)
			}
			missing, is := errors.AsType[*ledger.KeyError](err)
			if is != (c.want == api.CodeUnavailable) || is && missing.ID != newer.Current() {
				t.Errorf("the cause is %v", err)
			}
			if told := len(lacked) == 1 && lacked[0] == newer.Current(); told != is {
				t.Errorf("told of %d", lacked)
			}
		})
	}
}

// TestASecretUnderAKeyThatIsHereWorksBesideOneThatIsNot: a token that was rotated on a
// node with the new keyring still has its old secret.
func TestASecretUnderAKeyThatIsHereWorksBesideOneThatIsNot(t *testing.T) {
	t.Parallel()
	o := open(t, verify.Config{})
	newer, err := o.keys.Rotate(rand.Reader, epoch)
	must(t, err)
	l, old := o.issue(func(*verify.Token) {})
	row := o.tokens[l]
	row.Secrets[0].RetiresAt = epoch.Add(time.Hour)
	older := o.keys
	o.keys = newer
	s, fresh := o.secret(row, 2)
	o.keys = older
	row.Secrets = append([]verify.Secret{s}, row.Secrets...)
	o.put(row)
	o.expect(api.CodeOK, bearer(old))
	req, d := bearer(fresh), verify.Decision{}
	if err := o.Verify(t.Context(), &req, &d); d.Code != api.CodeUnavailable {
		t.Errorf("the secret of the new key: %s, %v", d.Code, err)
	}
	o.clock.Pass(2 * time.Hour)
	o.expect(api.CodeRetired, bearer(old))
}
