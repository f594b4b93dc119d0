package outbox

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// A signing secret is kept sealed, because every delivery needs it: AES-256-GCM
// under a key derived from the keyring; the endpoint is associated data. It
// leaves this package when it is made and never again: deliveries are signed here.

const (
	signingKeyBytes  = 32
	webhookSecretTag = "whsec_"
)

// sealedFor is for what the secrets are sealed, see [authority.Seal].
const sealedFor = "webhook secrets"

func boundTo(h ledger.Webhook) []byte {
	return binary.BigEndian.AppendUint64([]byte(h.PublicID), uint64(h.Workspace))
}

// signingSecret draws a key for an endpoint: sealed as it is kept, and as it is
// shown.
func signingSecret(w *authority.Work, h ledger.Webhook) ([]byte, token.Secret, error) {
	var key [signingKeyBytes]byte
	if _, err := io.ReadFull(w.Authority.Rand(), key[:]); err != nil {
		return nil, token.Secret{}, err
	}
	sealed, err := authority.Seal(w.Authority, sealedFor, key[:], boundTo(h))
	if err != nil {
		return nil, token.Secret{}, err
	}
	return sealed, token.NewSecret(webhookSecretTag + base64.StdEncoding.EncodeToString(key[:])), nil
}

func openSigning(a *authority.Authority, h ledger.Webhook, sealed []byte) ([]byte, error) {
	return authority.Unseal(a, sealedFor, sealed, boundTo(h))
}

// formerBound is how many replaced secrets sign at the same time: a signature is
// 47 bytes of a header.
const formerBound = 5

// former is what still signs at a moment of the secrets that were replaced.
func former(h ledger.Webhook, now time.Time) []ledger.FormerSecret {
	return slices.DeleteFunc(slices.Clone(h.FormerSecrets), func(f ledger.FormerSecret) bool { return !now.Before(f.EndsAt) })
}

// replaceSigning draws a new signing secret and gives the one before it its day.
// None that has not had its own ends for it: a receiver may still know the oldest
// alone.
func replaceSigning(w *authority.Work, h *ledger.Webhook) (secret token.Secret, err error) {
	live := former(*h, w.Now)
	if len(live) >= formerBound {
		first := live[0].EndsAt
		e := api.Errorf(api.CodeRateLimited,
			"the secret was replaced %d times within a day, and each former one still signs until its day is over; the next can be made at %s",
			formerBound, first.UTC().Format(time.RFC3339))
		e.RetryAfter = first.Sub(w.Now)
		return secret, e
	}
	h.FormerSecrets = append(live, ledger.FormerSecret{Sealed: h.Secret, EndsAt: w.Now.Add(secretOverlap)})
	h.Secret, secret, err = signingSecret(w, *h)
	return secret, err
}

// signer answers what signs a body for an endpoint as Standard Webhooks do: with
// the key of now, and each former one until its end.
func signer(a *authority.Authority, h ledger.Webhook, id string, body []byte) (func(time.Time) string, error) {
	key, err := openSigning(a, h, h.Secret)
	if err != nil {
		return nil, err
	}
	former := make([][]byte, len(h.FormerSecrets))
	for i, f := range h.FormerSecrets {
		if former[i], err = openSigning(a, h, f.Sealed); err != nil {
			return nil, err
		}
	}
	return func(at time.Time) string {
		all := []string{signature(key, id, at, body)}
		for i, f := range h.FormerSecrets {
			if at.Before(f.EndsAt) {
				all = append(all, signature(former[i], id, at, body))
			}
		}
		return strings.Join(all, " ")
	}, nil
}

func signature(key []byte, id string, at time.Time, body []byte) string {
	m := hmac.New(sha256.New, key)
	m.Write([]byte(id + "." + strconv.FormatInt(at.Unix(), 10) + "."))
	m.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(m.Sum(nil))
}
