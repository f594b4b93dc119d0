package token_test

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/token"
)

// vectors is testdata/vectors.json. It was made by other code, in another
// language, so that this package is not merely compared with itself.
type vectors struct {
	Accepted []accepted
	Refused  []struct{ Why, Reason, Token string }
	Keyring  json.RawMessage
	Digests  []struct {
		ID     token.KeyID
		String string
		HMAC   string `json:"hmac_sha256"`
	}
	Derived []struct {
		ID           token.KeyID
		Purpose, Key string
	}
	Checks []struct {
		ID    token.KeyID
		Value string
	}
}

type accepted struct {
	Why, Token, Mask string
	Prefix           token.Prefix
	Kind             token.Kind
	Locator          token.Locator
}

func (a accepted) parsed() token.Parsed {
	return token.Parsed{Prefix: a.Prefix, Kind: a.Kind, Locator: a.Locator}
}

func readVectors(t testing.TB) vectors {
	t.Helper()
	b, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestVectorsAreAccepted(t *testing.T) {
	t.Parallel()
	for _, v := range readVectors(t).Accepted {
		t.Run(v.Why, func(t *testing.T) {
			t.Parallel()
			got, err := token.Parse(v.Token)
			if err != nil || got != v.parsed() {
				t.Errorf("Parse = %+v, %v; want %+v", got, err, v.parsed())
			}
			if mask := token.NewSecret(v.Token).Mask(); mask != v.Mask {
				t.Errorf("Secret.Mask = %q, want %q", mask, v.Mask)
			}
			if mask := token.Mask(v.Prefix, v.Kind, v.Locator); mask != v.Mask {
				t.Errorf("Mask = %q, want %q", mask, v.Mask)
			}
		})
	}
}

func TestVectorsAreRefusedWithTheirReason(t *testing.T) {
	t.Parallel()
	for _, v := range readVectors(t).Refused {
		t.Run(v.Why, func(t *testing.T) {
			t.Parallel()
			got, err := token.Parse(v.Token)
			if !errors.Is(err, token.ErrMalformed) || !strings.HasSuffix(err.Error(), v.Reason) {
				t.Errorf("Parse = %v, want %q", err, v.Reason)
			}
			if got != (token.Parsed{}) {
				t.Errorf("Parse also answered %+v", got)
			}
			if mask := token.NewSecret(v.Token).Mask(); mask != "[redacted]" {
				t.Errorf("Mask shows %q of what is no token", mask)
			}
		})
	}
}

// A stored digest must verify for ever, so none of these may ever change.
func TestVectorsOfTheKeyring(t *testing.T) {
	t.Parallel()
	v := readVectors(t)
	ring, err := token.ParseKeyring(v.Keyring)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range v.Digests {
		if got, ok := ring.DigestWith(d.ID, d.String); !ok || hex.EncodeToString(got[:]) != d.HMAC {
			t.Errorf("DigestWith(%d, %q) = %x, %v; want %s", d.ID, d.String, got, ok, d.HMAC)
		}
	}
	for _, d := range v.Derived {
		if got, ok := ring.Derive(d.Purpose, d.ID); !ok || hex.EncodeToString(got) != d.Key {
			t.Errorf("Derive(%q, %d) = %x, %v; want %s", d.Purpose, d.ID, got, ok, d.Key)
		}
	}
	for _, c := range v.Checks {
		if got, ok := ring.Check(c.ID); !ok || hex.EncodeToString(got[:]) != c.Value {
			t.Errorf("Check(%d) = %x, %v; want %s", c.ID, got, ok, c.Value)
		}
	}
}
