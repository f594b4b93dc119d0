package finders_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/clock/clocktest"
	"github.com/tokenry/tokenry/internal/finders"
)

// The vector that GitHub published with its documentation (github/docs, pull request 18776).
const (
	published          = `[{"token":"some_token","type":"some_type","url":"some_url"}]`
	publishedKey       = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE9MJJHnMfn2+H4xL4YaPDA4RpJqUqkCmRCBnYERxZanmcpzQSXs1X/AljlKkbJ8qpVIW4clayyef9gWhFbNHWAA=="
	publishedSignature = "MEUCIQDKZokqnCjrRtw0tni+2Ltvl/uiMJ1EGumEsp1BsNr32AIgQY1YXD2nlj+XNfGK4rBfkMJ1JDOQcYXxa2sY8FNkrKc="
)

// office is GitHub's list of keys.
type office struct {
	clock *clocktest.Clock
	keys  map[string]string
	tag   string
	err   error
	asked []string
}

func (o *office) fetch(_ context.Context, tag string) (body []byte, newTag string, err error) {
	o.asked = append(o.asked, tag)
	if o.err != nil || tag != "" && tag == o.tag {
		return nil, tag, o.err
	}
	var list struct {
		Keys []map[string]any `json:"public_keys"`
	}
	for id, key := range o.keys {
		list.Keys = append(list.Keys, map[string]any{"key_identifier": id, "key": key, "is_current": true})
	}
	body, err = json.Marshal(list)
	return body, o.tag, err
}

func open() (*office, *finders.GitHub) {
	o := &office{clock: clocktest.New(time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC)), keys: map[string]string{"known": pemOf(publishedKey)}}
	return o, finders.NewGitHub(o.fetch, o.clock.Now)
}

func pemOf(base64DER string) string {
	return "-----BEGIN PUBLIC KEY-----\n" + base64DER + "\n-----END PUBLIC KEY-----\n"
}

func is(t *testing.T, what string, err error, want api.Code) {
	t.Helper()
	if want == "" && err != nil || want != "" && !errors.Is(err, want) {
		t.Errorf("%s: %v, want %q", what, err, want)
	}
}

func TestGitHubsPublishedVector(t *testing.T) {
	t.Parallel()
	_, g := open()
	is(t, "as it was published", g.Check(t.Context(), "known", publishedSignature, []byte(published)), "")
	for what, c := range map[string][3]string{
		"another body":        {"known", publishedSignature, strings.Replace(published, "some_url", "some_uri", 1)},
		"white space":         {"known", publishedSignature, published + "\n"},
		"another signature":   {"known", "MEQCIQDaMKqrGnE27S0kgMrEK0eYBmyG0LeZismAEz/BgZyt7AIfXt9fErtRS4XaeSt/AO1RtBY66YcAdjxji410VQV4xg==", published},
		"no signature":        {"known", "", published},
		"no base64":           {"known", "?", published},
		"no key":              {"", publishedSignature, published},
		"a key of nobody":     {"other", publishedSignature, published},
		"a signature of zero": {"known", "MAYCAQACAQA=", published},
	} {
		is(t, what, g.Check(t.Context(), c[0], c[1], []byte(c[2])), api.CodeForbidden)
	}
}

// TestKeysAreAskedForOnceAMinute, whoever names what keys.
func TestKeysAreAskedForOnceAMinute(t *testing.T) {
	t.Parallel()
	o, g := open()
	o.tag = `"1"`
	check := func(key string, want api.Code, asked int) {
		t.Helper()
		is(t, key, g.Check(t.Context(), key, publishedSignature, []byte(published)), want)
		if len(o.asked) != asked {
			t.Errorf("%s: asked %d times, want %d", key, len(o.asked), asked)
		}
	}
	for range 100 {
		check("nobody's", api.CodeForbidden, 1)
		check("known", "", 1)
	}
	o.clock.Pass(time.Minute)
	check("known", "", 1)
	check("nobody's", api.CodeForbidden, 2) // not changed
	o.keys, o.tag = map[string]string{"new": pemOf(publishedKey)}, `"2"`
	o.clock.Pass(time.Minute)
	check("new", "", 3)
	check("known", api.CodeForbidden, 3) // withdrawn
	if diff := cmp.Diff([]string{"", `"1"`, `"1"`}, o.asked); diff != "" {
		t.Error(diff)
	}
	o.clock.Pass(time.Hour)
	check("new", "", 4) // looked at again, once an hour
	o.clock.Pass(-2 * time.Hour)
	check("new", "", 4)
}

// TestWithoutKeysNothingIsBelieved: an outage is told as one, and keys that were had are
// believed through it for a day.
func TestWithoutKeysNothingIsBelieved(t *testing.T) {
	t.Parallel()
	o, g := open()
	check := func(key string, want api.Code) {
		t.Helper()
		is(t, key, g.Check(t.Context(), key, publishedSignature, []byte(published)), want)
		o.clock.Pass(time.Minute)
	}
	keys := o.keys
	o.err = errors.New("no route")
	check("known", api.CodeUnavailable)
	o.err, o.keys = nil, nil
	check("known", api.CodeUnavailable)
	others := otherKeys(t)
	o.keys = map[string]string{"known": "no key", "other": others[0], "curve": others[1]}
	check("known", api.CodeUnavailable)
	o.keys = keys
	check("known", "")
	o.err = errors.New("no route")
	o.clock.Pass(2 * time.Hour)
	check("known", "")
	check("other", api.CodeUnavailable)
	o.clock.Pass(24 * time.Hour)
	check("known", api.CodeUnavailable)
	o.err = nil
	check("known", "")
}

// otherKeys are public keys that sign no report, in DER: RSA, and a longer curve.
func otherKeys(t *testing.T) (keys [2]string) {
	t.Helper()
	long, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for i, key := range []any{&long.PublicKey, &curve.PublicKey} {
		der, err := x509.MarshalPKIXPublicKey(key)
		if err != nil {
			t.Fatal(err)
		}
		keys[i] = pemOf(base64.StdEncoding.EncodeToString(der))
	}
	return keys
}

func TestWhatGitHubSaysAndIsTold(t *testing.T) {
	t.Parallel()
	body := []byte(`[{"token":"a","type":"tokenry","url":"https://github.com/x","source":"commit"},{"token":"b","type":"tokenry","url":"","source":"npm","later":1}]`)
	said, err := finders.FromGitHub(body)
	finds := finders.Leaks(said)
	if diff := cmp.Diff([]api.LeakedToken{{Token: "a", URL: "https://github.com/x", Source: "github_commit"}, {Token: "b", Source: "github_npm"}}, finds); diff != "" || err != nil {
		t.Error(diff, err)
	}
	told, err := finders.ToGitHub(said, []bool{true, false})
	hash := func(s string) string {
		sum := sha256.Sum256([]byte(s))
		return hex.EncodeToString(sum[:])
	}
	want := []api.GitHubFeedback{{TokenHash: hash("a"), TokenType: "tokenry", Label: "true_positive"}, {TokenHash: hash("b"), TokenType: "tokenry", Label: "false_positive"}}
	if diff := cmp.Diff(want, told); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if _, err := finders.ToGitHub(said, []bool{true}); err == nil {
		t.Error("a find was not judged, and nobody minds")
	}
	for _, bad := range []string{``, `null`, `{}`, `[1]`, `[{"token":1}]`, `[{"token":"a"}`} {
		_, err := finders.FromGitHub([]byte(bad))
		is(t, bad, err, api.CodeInvalidJSON)
	}
}
