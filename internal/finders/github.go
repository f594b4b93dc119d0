package finders

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/tokenry/tokenry/api"
)

// The headers of a report of GitHub's secret scanning partner programme
// (docs.github.com, "Secret scanning partner program").
const (
	GitHubKey       = "Github-Public-Key-Identifier"
	GitHubSignature = "Github-Public-Key-Signature"
)

const (
	// keysLast is how long keys are believed without being asked for again, keysAtMost how
	// long while they cannot be had, and keysApart how long is between two times.
	keysLast, keysAtMost, keysApart = time.Hour, 24 * time.Hour, time.Minute
	// mostKeys is how many keys of a list are looked at.
	mostKeys = 100
)

var (
	errUnsigned  = api.Errorf(api.CodeForbidden, "the report is not signed with a key of GitHub's secret scanning; the headers "+GitHubKey+" and "+GitHubSignature+" say which, over the body as it was sent")
	errNoKeys    = errors.New("finders: the answer is no list of public keys")
	errKeysStale = api.Errorf(api.CodeUnavailable, "the keys that GitHub signs reports with cannot be had now; send the report again")
)

// Fetch asks for GitHub's list of keys. A tag is that of the answer before, and 304 of HTTP
// is an answer without a body and with the same tag.
type Fetch func(ctx context.Context, tag string) (body []byte, newTag string, err error)

// GitHub knows the keys that GitHub signs its reports with.
type GitHub struct {
	fetch Fetch
	now   func() time.Time

	mu   sync.Mutex // guards what follows, and is held while keys are fetched
	keys map[string]*ecdsa.PublicKey
	tag  string
	// had is when the keys were had last, asked when they were asked for, failed what came
	// of that; who is refused for it is told nothing, and the log is.
	had, asked time.Time
	failed     error
}

// NewGitHub knows none yet.
func NewGitHub(fetch Fetch, now func() time.Time) *GitHub { return &GitHub{fetch: fetch, now: now} }

// Check is whether a report was signed by GitHub: nil, forbidden, or unavailable when the
// keys cannot be had. The signature is that of ECDSA over P-256 and SHA-256, as ASN.1 in
// base64, over the body to the byte.
func (g *GitHub) Check(ctx context.Context, key, signature string, body []byte) error {
	sig, err := base64.StdEncoding.DecodeString(signature)
	if err != nil || key == "" || len(sig) == 0 {
		return errUnsigned
	}
	pub, err := g.key(ctx, key)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(body)
	if pub == nil || !ecdsa.VerifyASN1(pub, sum[:], sig) {
		return errUnsigned
	}
	return nil
}

// key answers one; nil is one that GitHub does not have.
func (g *GitHub) key(ctx context.Context, id string) (*ecdsa.PublicKey, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	pub := g.keys[id]
	fresh := now.Sub(g.had) < keysLast && !g.had.IsZero()
	if pub != nil && fresh {
		return pub, nil
	}
	if due := g.asked.IsZero() || now.Sub(g.asked) >= keysApart || now.Before(g.asked); due {
		g.asked = now
		if g.failed = g.read(ctx); g.failed == nil {
			g.had = now
			return g.keys[id], nil
		}
	}
	if pub != nil && now.Sub(g.had) < keysAtMost {
		return pub, nil
	}
	if fresh {
		return nil, nil //nolint:nilnil // there is no such key
	}
	return nil, errKeysStale.Wrap(g.failed)
}

// read has the keys anew.
func (g *GitHub) read(ctx context.Context) error {
	body, tag, err := g.fetch(ctx, g.tag)
	if err != nil {
		return err
	}
	if body == nil && g.keys != nil && tag == g.tag {
		return nil
	}
	keys, err := githubKeys(body)
	if err != nil {
		return err
	}
	g.keys, g.tag = keys, tag
	return nil
}

// githubKeys reads a list; a key that is none for P-256 is left out.
func githubKeys(body []byte) (map[string]*ecdsa.PublicKey, error) {
	var list struct {
		Keys []struct {
			ID  string `json:"key_identifier"`
			Key string `json:"key"`
		} `json:"public_keys"`
	}
	if err := json.Unmarshal(body, &list); err != nil || len(list.Keys) == 0 || len(list.Keys) > mostKeys {
		return nil, errNoKeys
	}
	keys := map[string]*ecdsa.PublicKey{}
	for _, k := range list.Keys {
		block, _ := pem.Decode([]byte(k.Key))
		if block == nil {
			continue
		}
		key, err := x509.ParsePKIXPublicKey(block.Bytes)
		if pub, ok := key.(*ecdsa.PublicKey); err == nil && ok && pub.Curve == elliptic.P256() && k.ID != "" {
			keys[k.ID] = pub
		}
	}
	if len(keys) == 0 {
		return nil, errNoKeys
	}
	return keys, nil
}

// FromGitHub reads a report: any number of finds.
func FromGitHub(body []byte) (finds []api.GitHubFind, err error) {
	if err := json.Unmarshal(body, &finds); err != nil || finds == nil {
		return nil, wrongShape("a list of finds, each with token, type, url and source")
	}
	return finds, nil
}

// Leaks are its finds as leaks.
func Leaks(finds []api.GitHubFind) []api.LeakedToken {
	out := make([]api.LeakedToken, len(finds))
	for i, f := range finds {
		out[i] = api.LeakedToken{Token: f.Token, URL: f.URL, Source: "github_" + f.Source}
	}
	return out
}

// ToGitHub tells what the finds of a report were, in its order. A secret is named by its
// hash: nobody needs it in an answer.
func ToGitHub(finds []api.GitHubFind, secrets []bool) ([]api.GitHubFeedback, error) {
	if len(finds) != len(secrets) {
		return nil, fmt.Errorf("finders: %d of %d finds were judged", len(secrets), len(finds))
	}
	out := make([]api.GitHubFeedback, len(finds))
	for i, f := range finds {
		sum := sha256.Sum256([]byte(f.Token))
		out[i] = api.GitHubFeedback{TokenHash: hex.EncodeToString(sum[:]), TokenType: f.Type, Label: api.GitHubFalse}
		if secrets[i] {
			out[i].Label = api.GitHubTrue
		}
	}
	return out, nil
}

func wrongShape(want string) error {
	return api.Errorf(api.CodeInvalidJSON, "the body must be %s, as JSON", want)
}
