package issuer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
)

const (
	// askEvery is how often an issuer is asked at most, with or without an answer.
	askEvery = time.Minute
	// freshFor is how long keys are used before they are read anew, goodFor how long they
	// are used when they cannot be.
	freshFor = 10 * time.Minute
	goodFor  = time.Hour
	// askTime bounds both questions to an issuer.
	askTime = 5 * time.Second
	// maxMetadata and maxSet bound what an issuer answers.
	maxMetadata = 64 << 10
	maxSet      = 256 << 10
	// remembered is how many issuers are remembered, atOnce how many are asked at once, and
	// each how many in the name of one workspace.
	remembered = 1000
	atOnce     = 32
	each       = 2
)

// Config is what Issuers are made of. Public, Private and Now are required.
type Config struct {
	// Public reaches public addresses alone and follows no redirection; Private reaches
	// every one, for issuers that are listed.
	Public, Private *http.Client
	// Listed are issuers that may be in the private network, to the byte.
	Listed []string
	// CheckURL says what is wrong with a public address as it is written; nil takes all.
	CheckURL func(*url.URL) error
	Now      func() time.Time
}

// Issuers implement [authority.Issuers]. They are safe for use by many goroutines.
type Issuers struct {
	Config

	mu     sync.Mutex // guards what follows
	known  map[string]*source
	asking map[ledger.ID]int
	busy   int
}

var _ authority.Issuers = (*Issuers)(nil)

// New knows no keys yet.
func New(c Config) *Issuers {
	if c.CheckURL == nil {
		c.CheckURL = func(*url.URL) error { return nil }
	}
	return &Issuers{Config: c, known: map[string]*source{}, asking: map[ledger.ID]int{}}
}

// source is an issuer that was asked. Its lock is taken before that of all.
type source struct {
	// used is for whoever has to forget one; guarded by the lock of all.
	used time.Time

	mu   sync.Mutex // guards what follows
	keys []jose.JSONWebKey
	// read is when the keys were read, asked when they were asked for last.
	read, asked time.Time
	// answer is closed when the question that is under way has ended; nil when none is.
	answer chan struct{}
	err    error
}

var (
	errBusy    = errors.New("issuer: too many issuers are asked at this moment")
	errRecent  = errors.New("issuer: it did not answer a moment ago")
	errAnother = errors.New("issuer: its metadata names another issuer")
)

// Check asks of the address what can be asked without a look-up.
func (s *Issuers) Check(issuer string) error {
	if slices.Contains(s.Listed, issuer) {
		return nil
	}
	u, err := url.Parse(issuer)
	if err == nil {
		err = s.CheckURL(u)
	}
	if err == nil && u.Scheme != "https" {
		err = errors.New("must begin with https://")
	}
	if err != nil {
		return api.FieldError("issuer", err.Error()+", and is not among trust_issuers of this server; or give the issuer's keys")
	}
	return nil
}

// CheckKeys refuses keys that sign nothing, or that nobody should see.
func (s *Issuers) CheckKeys(keys []byte) error {
	if _, err := publicKeys(keys, true); err != nil {
		return api.FieldError("keys", strings.TrimPrefix(err.Error(), "issuer: "))
	}
	return nil
}

// Verify answers what a token says; see [authority.Issuers].
func (s *Issuers) Verify(ctx context.Context, of ledger.ID, issuer string, keys []byte, token string) ([]byte, error) {
	t, err := parse(token)
	if err != nil {
		return nil, err
	}
	if keys != nil {
		given, err := publicKeys(keys, false)
		if err != nil {
			return nil, err
		}
		return t.by(given)
	}
	if err := s.Check(issuer); err != nil { // the operator's list may have become shorter
		return nil, err
	}
	have, err := s.keysOf(ctx, of, issuer, t)
	if err != nil {
		return nil, err
	}
	return t.by(have)
}

// keysOf are an issuer's keys: those that are remembered while they are fresh and one of
// them has the token's name, else those that it tells now.
func (s *Issuers) keysOf(ctx context.Context, of ledger.ID, issuer string, t signed) ([]jose.JSONWebKey, error) {
	src := s.source(issuer)
	src.mu.Lock()
	now := s.Now()
	good := !src.read.IsZero() && now.Sub(src.read) < goodFor
	fresh := good && now.Sub(src.read) < freshFor
	if fresh && (t.key == "" || t.known(src.keys)) {
		defer src.mu.Unlock()
		return src.keys, nil
	}
	wait := src.answer
	if wait == nil && (src.asked.IsZero() || now.Sub(src.asked) >= askEvery) {
		wait = make(chan struct{})
		if err := s.ask(of); err != nil { // not counted as asked: nobody was
			defer src.mu.Unlock()
			return src.remembered(good, err)
		}
		src.asked, src.answer = now, wait
		go s.fetch(context.WithoutCancel(ctx), of, issuer, src)
	}
	src.mu.Unlock()
	if wait != nil {
		select {
		case <-wait:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	src.mu.Lock()
	defer src.mu.Unlock()
	good = !src.read.IsZero() && s.Now().Sub(src.read) < goodFor
	err := src.err
	if err == nil && !good {
		err = errRecent
	}
	return src.remembered(good, err)
}

// remembered are the keys while they are good, whatever came of asking anew.
func (src *source) remembered(good bool, err error) ([]jose.JSONWebKey, error) {
	if good {
		return src.keys, nil
	}
	return nil, err
}

// source finds or begins an issuer. Where too many are remembered, the one that was not
// asked about for longest is forgotten.
func (s *Issuers) source(issuer string) *source {
	s.mu.Lock()
	defer s.mu.Unlock()
	if src, ok := s.known[issuer]; ok {
		src.used = s.Now()
		return src
	}
	if len(s.known) >= remembered {
		oldest, when := "", time.Time{}
		for name, src := range s.known {
			if oldest == "" || src.used.Before(when) {
				oldest, when = name, src.used
			}
		}
		delete(s.known, oldest)
	}
	src := &source{used: s.Now()}
	s.known[issuer] = src
	return src
}

// ask takes one of the places of those that ask.
func (s *Issuers) ask(of ledger.ID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.busy >= atOnce || s.asking[of] >= each {
		return errBusy
	}
	s.busy++
	s.asking[of]++
	return nil
}

func (s *Issuers) asked(of ledger.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy--
	if s.asking[of]--; s.asking[of] == 0 {
		delete(s.asking, of)
	}
}

// fetch asks an issuer. It goes on when whoever asked first goes away: others may wait.
func (s *Issuers) fetch(ctx context.Context, of ledger.ID, issuer string, src *source) {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	keys, err := s.read(ctx, issuer)
	s.asked(of)
	src.mu.Lock()
	defer src.mu.Unlock()
	if src.err = err; err == nil {
		src.keys, src.read = keys, s.Now()
	}
	close(src.answer)
	src.answer = nil
}

// read asks where the keys are, and for the keys.
func (s *Issuers) read(ctx context.Context, issuer string) ([]jose.JSONWebKey, error) {
	client, listed := s.Public, slices.Contains(s.Listed, issuer)
	if listed {
		client = s.Private
	}
	b, err := get(ctx, client, strings.TrimSuffix(issuer, "/")+"/.well-known/openid-configuration", "metadata", maxMetadata)
	if err != nil {
		return nil, err
	}
	var says struct {
		Issuer string `json:"issuer"`
		Keys   string `json:"jwks_uri"`
	}
	if err := json.Unmarshal(b, &says); err != nil {
		return nil, errors.New("issuer: its metadata are no JSON")
	}
	if says.Issuer != issuer {
		return nil, errAnother
	}
	at, err := url.Parse(says.Keys)
	if err != nil {
		return nil, errors.New("issuer: jwks_uri is no address")
	}
	if !listed {
		if err := s.CheckURL(at); err != nil || at.Scheme != "https" {
			return nil, fmt.Errorf("issuer: jwks_uri is no public address: %w", errors.Join(err))
		}
	}
	if b, err = get(ctx, client, at.String(), "keys", maxSet); err != nil {
		return nil, err
	}
	return publicKeys(b, false)
}

func get(ctx context.Context, client *http.Client, address, what string, most int64) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("issuer: the address of the %s: %w", what, err)
	}
	req.Header.Set("Accept", "application/json")
	resp, err := client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("issuer: ask for the %s: %w", what, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, statusError(what, resp.StatusCode)
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, most+1))
	if err != nil {
		return nil, fmt.Errorf("issuer: read the %s: %w", what, err)
	}
	if int64(len(b)) > most {
		return nil, fmt.Errorf("issuer: the %s are larger than %d bytes", what, most)
	}
	return b, nil
}
