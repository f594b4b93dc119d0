package store_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/store"
	"github.com/tokenry/tokenry/token"
)

func keyring(t *testing.T) *token.Keyring {
	t.Helper()
	k, err := token.GenerateKeyring(rand.Reader, now())
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func rotate(t *testing.T, k *token.Keyring) *token.Keyring {
	t.Helper()
	k, err := k.Rotate(rand.Reader, now())
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// without is the keyring less the key 1.
func without(t *testing.T, k *token.Keyring) *token.Keyring {
	t.Helper()
	text := string(k.Marshal())
	from, to := strings.Index(text, "    {"), strings.Index(text, "},\n")
	k, err := token.ParseKeyring([]byte(text[:from] + text[to+len("},\n"):]))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestKeyringMustBeTheOneItWas(t *testing.T) {
	t.Parallel()
	each(t, func(on engine) {
		t, url := on.T, on.url
		var log bytes.Buffer
		s := open(t, store.Options{URL: url, Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn}))})
		accept := func(k *token.Keyring) {
			t.Helper()
			if err := s.CheckKeyring(t.Context(), k); err != nil {
				t.Fatal(err)
			}
		}
		refuse := func(k *token.Keyring, key token.KeyID) {
			t.Helper()
			err := s.CheckKeyring(t.Context(), k)
			var wrong *store.KeyringError
			if !errors.As(err, &wrong) || wrong.Key != key || !strings.Contains(err.Error(), "keyring that belongs") {
				t.Errorf("a wrong keyring was answered with %v", err)
			}
		}
		first := keyring(t)
		accept(first)
		accept(first)
		second := rotate(t, first)
		accept(second)
		refuse(keyring(t), 1)
		refuse(rotate(t, first), 2)
		refuse(without(t, rotate(t, keyring(t))), 2)
		refuse(without(t, without(t, rotate(t, second))), 0) // new keys alone
		if log.Len() > 0 {
			t.Errorf("a right keyring was warned of: %s", &log)
		}
		accept(without(t, second))
		if !strings.Contains(log.String(), "missing_keys=[1]") {
			t.Errorf("the log says %q", &log)
		}
		recorded(t, s, second)
	})
}

// recorded wants the check of every key of k, and no others.
func recorded(t *testing.T, s *store.Store, k *token.Keyring) {
	t.Helper()
	want := make(map[token.KeyID]token.Digest)
	for _, id := range k.IDs() {
		want[id], _ = k.Check(id)
	}
	got, err := s.KeyChecks(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("key checks, want - got +:\n%s", diff)
	}
}

func TestKeyChecksAreRecordedOnce(t *testing.T) {
	t.Parallel()
	each(t, func(on engine) {
		t, url := on.T, on.url
		s := open(t, store.Options{URL: url})
		if err := s.AddKeyCheck(t.Context(), 1<<32-1, token.Digest{1}); err != nil {
			t.Fatal(err)
		}
		if err := s.AddKeyCheck(t.Context(), 1<<32-1, token.Digest{2}); !errors.Is(err, ledger.ErrDuplicate) {
			t.Errorf("a second check answered %v", err)
		}
		err := s.Read(t.Context(), func(r ledger.Reader) error {
			if r.Revision() != 0 {
				t.Errorf("a key check took revision %d", r.Revision())
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		reader := open(t, store.Options{URL: url, ReadOnly: true})
		if err := reader.AddKeyCheck(t.Context(), 7, token.Digest{}); !errors.Is(err, store.ErrReadOnly) {
			t.Errorf("a reader recorded a check: %v", err)
		}
	})
}

// TestReaderChecksTheKeyringToo: it refuses a wrong one and records none.
func TestReaderChecksTheKeyringToo(t *testing.T) {
	t.Parallel()
	each(t, func(on engine) {
		t, url := on.T, on.url
		k := keyring(t)
		s, reader := open(t, store.Options{URL: url}), open(t, store.Options{URL: url, ReadOnly: true})
		for range 2 {
			if err := reader.CheckKeyring(t.Context(), rotate(t, k)); err != nil {
				t.Error(err)
			}
			if err := s.CheckKeyring(t.Context(), k); err != nil {
				t.Error(err)
			}
		}
		var wrong *store.KeyringError
		if err := reader.CheckKeyring(t.Context(), keyring(t)); !errors.As(err, &wrong) {
			t.Errorf("a reader answered a wrong keyring with %v", err)
		}
		recorded(t, s, k)
	})
}
