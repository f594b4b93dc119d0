package trust

import (
	"crypto/sha256"
	"encoding/binary"
	"maps"
	"slices"
	"strings"
	"time"
)

const (
	// leeway is how far an issuer's clock may be ahead of ours. An end is not moved.
	leeway = time.Minute
	// MaxLife is how long an ID token may still live: who used it is remembered so long.
	MaxLife = 24 * time.Hour
)

// Problem is why a token does not fit. Claim is what it is about.
type Problem struct{ Claim, Why string }

// Mismatches are all that keeps a token from fitting a rule, but for its times and its
// signature; none says that it fits.
func (r Rule) Mismatches(c Claims) []Problem {
	var out []Problem
	no := func(claim, why string) { out = append(out, Problem{claim, why}) }
	if c.Issuer() != r.Issuer {
		no("iss", "is not "+r.Issuer)
	}
	if !slices.Contains(c.values("aud"), r.Audience) {
		no("aud", "is not "+r.Audience)
	}
	if c.Text("sub") == "" {
		no("sub", "is not there, and every ID token has it")
	}
	for _, claim := range slices.Sorted(maps.Keys(r.Claims)) {
		have, want := c.values(claim), r.Claims[claim]
		switch {
		case len(have) == 0:
			no(claim, "is not in the token as a text, a number, true or false, or a list of them"+r.system().optIn(claim))
		case !fitsAny(want, have):
			no(claim, "is none of "+strings.Join(want, ", "))
		}
	}
	for _, g := range r.system().Guards {
		if _, says := r.Claims[g.Claim]; !says && fitsAny(g.Values, c.values(g.Claim)) {
			no(g.Claim, g.Why)
		}
	}
	return out
}

func fitsAny(patterns, texts []string) bool {
	return slices.ContainsFunc(texts, func(text string) bool {
		return slices.ContainsFunc(patterns, func(p string) bool { return Fits(p, text) })
	})
}

// Ends is when a token ends; zero when it does not say.
func (c Claims) Ends() time.Time {
	t, _ := c.moment("exp")
	return t
}

// Untimely are what is wrong with the times of a token at a moment.
func (c Claims) Untimely(now time.Time) []Problem {
	var out []Problem
	no := func(claim, why string) { out = append(out, Problem{claim, why}) }
	issued, hasIssued := c.moment("iat")
	ends, hasEnd := c.moment("exp")
	begins, hasBegin := c.moment("nbf")
	switch {
	case !hasEnd:
		no("exp", "is not there as a time")
	case !now.Before(ends):
		no("exp", "is over: the token ended "+ends.Format(time.RFC3339))
	case ends.Sub(now) > MaxLife:
		no("exp", "is more than 24 hours away; ask the system for a token that ends sooner")
	}
	switch {
	case !hasIssued:
		no("iat", "is not there as a time")
	case issued.After(now.Add(leeway)):
		no("iat", "is in the future")
	}
	if _, says := c["nbf"]; says && (!hasBegin || begins.After(now.Add(leeway))) {
		no("nbf", "is in the future, or no time")
	}
	return out
}

// Used is the name under which a token is remembered as used: its issuer's own name for
// it (jti), or, where there is none, what was signed. The signature is left out, because
// anybody can write one of some algorithms in another way.
func Used(c Claims, token string) [32]byte {
	h := sha256.New()
	part := func(s string) {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(s))))
		h.Write([]byte(s))
	}
	part(c.Issuer())
	if id := c.Text("jti"); id != "" {
		part("jti")
		part(id)
		return [32]byte(h.Sum(nil))
	}
	part("token")
	part(token[:max(strings.LastIndexByte(token, '.'), 0)])
	return [32]byte(h.Sum(nil))
}
