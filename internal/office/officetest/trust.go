package officetest

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
)

// AllSigned are issuers that signed whatever is presented.
type AllSigned struct{}

// Check takes every address.
func (AllSigned) Check(string) error { return nil }

// CheckKeys takes every key.
func (AllSigned) CheckKeys([]byte) error { return nil }

// Verify answers what the token says.
func (AllSigned) Verify(_ context.Context, _ ledger.ID, _ string, _ []byte, token string) ([]byte, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, authority.ErrNotSigned
	}
	return base64.RawURLEncoding.DecodeString(parts[1])
}

// IDToken is one of an issuer for an audience, of five minutes from now.
func IDToken(issuer, audience, subject string, now time.Time) string {
	b, _ := json.Marshal(map[string]any{"iss": issuer, "aud": audience, "sub": subject, "iat": now.Unix(), "exp": now.Add(5 * time.Minute).Unix()})
	return "e30." + base64.RawURLEncoding.EncodeToString(b) + ".c2ln"
}
