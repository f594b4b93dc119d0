package verify

import (
	"crypto/subtle"
	"time"

	"github.com/tokenry/tokenry/token"
)

// match is the secret that was presented.
type match struct {
	ok        bool
	number    int
	tracked   bool
	retiresAt int64 // µs, or never
	// lacks is a key that is not there: without ok, it may be the secret under that
	// one, which stops working at retiresAt. 0 is none.
	lacks token.KeyID
}

// match compares with every secret of the token, whichever is the right one, and
// digests once for each key they are under.
func (k *known) match(keys *token.Keyring, presented string) match {
	if k.flags&flagHistory == 0 {
		digest, ok := keys.DigestWith(k.key, presented)
		m := match{ok: digest.Equal(k.digest) && ok, number: int(k.number), retiresAt: never}
		if !ok {
			m.lacks = k.key
		}
		return m
	}
	return matchAny(keys, presented, k.more.secrets)
}

// matchAny is match over the secrets of a token that has several, newest first.
func matchAny(keys *token.Keyring, presented string, secrets []Secret) match {
	var digest token.Digest
	var key token.KeyID
	var held bool
	lacking := match{retiresAt: always}
	hit := -1
	for i := range secrets {
		s := &secrets[i]
		if i == 0 || s.Key != key {
			key = s.Key
			digest, held = keys.DigestWith(key, presented) // without the key, nothing equals it
		}
		if end := s.retiresAt(i == 0); !held && end > lacking.retiresAt {
			lacking = match{lacks: key, retiresAt: end}
		}
		hit = subtle.ConstantTimeSelect(subtle.ConstantTimeCompare(digest[:], s.Digest[:]), i, hit)
	}
	if len(secrets) == 0 {
		keys.DigestWith(keys.Current(), presented)
	}
	if hit < 0 {
		return lacking
	}
	s := &secrets[hit]
	return match{ok: true, number: s.Number, tracked: s.Tracked, retiresAt: s.retiresAt(hit == 0)}
}

// Works says whether the secret, a token's newest or an older one, is accepted at
// a moment.
func (s *Secret) Works(newest bool, now time.Time) bool { return now.UnixMicro() < s.retiresAt(newest) }

// retiresAt is when the secret stops working; only the newest may have no end.
func (s *Secret) retiresAt(newest bool) int64 {
	switch {
	case s.Ended:
		return always
	case newest:
		return microsOr(s.RetiresAt, never)
	}
	return microsOr(s.RetiresAt, always)
}
