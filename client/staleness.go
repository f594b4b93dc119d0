package client

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash"
	"io"
	"sync"
	"time"

	"github.com/tokenry/tokenry/api"
)

// WithMaxStaleness lets Verify and Require answer from memory what the server
// answered at most so long ago. Without it every question is asked, and a
// revocation holds from the moment it was answered; with it a token that was
// revoked, or lost a right, may pass for that long. Choose it for what a second
// matters less for than the way to the server.
//
// An answer is kept for the same token, needs and client address alone, counted
// from before it was asked for and never past the token's expiry. Asked anew is,
// whatever is kept: a question with a [Cost] or [Peek], anything about a token
// that has a rate limit, and what was no decision. Uses that are answered from
// memory are not counted by the server. Memory is bounded to the last 10,000 to
// 20,000 answers.
func WithMaxStaleness(d time.Duration) Option {
	return func(c *Client) error {
		if d <= 0 {
			return errors.New("client: the staleness must be above 0; leave it out for none")
		}
		c.kept = &answers{most: d}
		return nil
	}
}

// maxAnswers is how many answers one half of the memory holds.
const maxAnswers = 10_000

// question is what an answer is kept under, a digest: no secret can be read from it.
type question [sha256.Size]byte

// answers are what the server answered lately. New ones go into one half; when it
// is full the other half is forgotten and they change places.
type answers struct {
	most time.Duration

	mu    sync.Mutex // guards what follows
	young map[question]kept
	old   map[question]kept
}

// kept is one answer. It is kept as text, so that no two callers share a slice
// or a map of it.
type kept struct {
	asked   time.Time
	expires *time.Time
	text    []byte
}

// about returns what an answer to q is kept under, or false for a question that
// has to be asked each time.
func (a *answers) about(q api.VerifyRequest, actAs string) (question, bool) {
	if a == nil || q.Cost != nil || q.Peek {
		return question{}, false
	}
	h := sha256.New()
	ip := "no client"
	if q.Client != nil {
		ip = "ip " + q.Client.IP
	}
	write(h, q.Token, q.Resource, q.Workspace, actAs, ip)
	write(h, q.Scopes...)
	return question(h.Sum(nil)), true
}

// write writes texts so that no two lists of them are alike.
func write(h hash.Hash, texts ...string) {
	var n [8]byte
	for _, s := range texts {
		binary.BigEndian.PutUint64(n[:], uint64(len(s)))
		_, _ = h.Write(n[:])
		_, _ = io.WriteString(h, s)
	}
}

// find returns an answer that is fresh enough at a moment.
func (a *answers) find(about question, now time.Time) (v api.VerifyResult, ok bool) {
	a.mu.Lock()
	k, ok := a.young[about]
	if !ok {
		k, ok = a.old[about]
	}
	a.mu.Unlock()
	if !ok || !k.fresh(now, a.most) {
		return v, false
	}
	return v, json.Unmarshal(k.text, &v) == nil
}

// fresh asks both clocks: the one that nobody can set stands still while the
// machine sleeps.
func (k kept) fresh(now time.Time, most time.Duration) bool {
	age, wall := now.Sub(k.asked), now.Round(0).Sub(k.asked.Round(0))
	return age < most && wall < most && wall >= 0 && (k.expires == nil || now.Before(*k.expires))
}

// keep keeps an answer to what was asked at a moment, if it may be kept.
func (a *answers) keep(about question, asked time.Time, v api.VerifyResult) {
	if v.RateLimit != nil || v.Code == api.CodeRateLimited || v.Code == api.CodeCostExceedsLimit {
		return
	}
	text, err := json.Marshal(v)
	if err != nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.young) >= maxAnswers || a.young == nil {
		a.old, a.young = a.young, make(map[question]kept)
	}
	a.young[about] = kept{asked, v.ExpiresAt, text}
}
