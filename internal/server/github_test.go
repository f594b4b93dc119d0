package server_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/finders"
)

// TestGitHubsKeysAreFetched: a report that is signed with a key of the list ends the token,
// and its answer is GitHub's feedback.
func TestGitHubsKeysAreFetched(t *testing.T) {
	t.Parallel()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	list, err := json.Marshal(map[string]any{"public_keys": []any{map[string]any{
		"key_identifier": "now", "key": string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})), "is_current": true,
	}}})
	if err != nil {
		t.Fatal(err)
	}
	var asked atomic.Int64
	keys := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		_, _ = w.Write(list)
	}))
	t.Cleanup(keys.Close)
	s := start(t, settings(t, "--data", t.TempDir(), "--leaks-github-keys", keys.URL))
	c, _ := own(t, s)
	made, err := c.CreateToken(t.Context(), "", api.CreateToken{TokenFields: api.TokenFields{Label: api.Some("x")}})
	if err != nil {
		t.Fatal(err)
	}
	body := `[{"token":"` + made.Secret + `","type":"tokenry","url":"https://github.com/x","source":"content"}]`
	report := func(id string) (status int, feedback []api.GitHubFeedback) {
		sum := sha256.Sum256([]byte(body))
		sig, err := ecdsa.SignASN1(rand.Reader, key, sum[:])
		if err != nil {
			t.Fatal(err)
		}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.BaseURL()+"/v1/leaks/github", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set(finders.GitHubKey, id)
		req.Header.Set(finders.GitHubSignature, base64.StdEncoding.EncodeToString(sig))
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		_ = json.NewDecoder(resp.Body).Decode(&feedback) // a refusal is none
		return resp.StatusCode, feedback
	}
	for range 3 {
		if status, _ := report("nobody's"); status != http.StatusForbidden {
			t.Errorf("with a key of nobody: %d", status)
		}
	}
	if status, told := report("now"); status != http.StatusOK || len(told) != 1 || told[0].Label != api.GitHubTrue {
		t.Errorf("%d %+v", status, told)
	}
	if n := asked.Load(); n != 1 {
		t.Errorf("asked %d times for the keys", n)
	}
	if v, err := c.Verify(t.Context(), made.Secret); err == nil && v.Allowed {
		t.Error("it works after its leak was reported")
	}
}
