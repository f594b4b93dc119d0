package config

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"strings"
)

// URL is an address that may hold a password. However it is printed, encoded or
// logged, the password is left out; the whole comes out of Reveal alone.
type URL struct {
	// A closure, because fmt walks into unexported fields by reflection without
	// asking for their methods, and would print a string.
	reveal func() string
}

// NewURL wraps an address. An empty one gives the zero value.
func NewURL(s string) URL {
	if s == "" {
		return URL{}
	}
	return URL{reveal: func() string { return s }}
}

// Reveal returns the address, password and all.
func (u URL) Reveal() string {
	if u.reveal == nil {
		return ""
	}
	return u.reveal()
}

// IsZero reports whether there is no address.
func (u URL) IsZero() bool { return u.reveal == nil }

// Scheme is what stands before the first colon, in lower case.
func (u URL) Scheme() string {
	scheme, _, ok := strings.Cut(u.Reveal(), ":")
	if !ok {
		return ""
	}
	return strings.ToLower(scheme)
}

// HasPassword says whether there is a password in it, or may be.
func (u URL) HasPassword() bool {
	p, q, ok := u.parts()
	if !ok {
		return strings.Contains(u.Reveal(), "@") || hidden(url.Values{u.Reveal(): nil}) != nil
	}
	_, inUser := p.User.Password()
	return inUser || hidden(q) != nil
}

// parts takes an address apart; ok is false for one of which some part may be the
// end of a password that holds a character which should have been escaped: what
// cannot be read as a query, a fragment, or an @ that ends no user.
func (u URL) parts() (p *url.URL, q url.Values, ok bool) {
	p, err := url.Parse(u.Reveal())
	if err != nil {
		return nil, nil, false
	}
	ats := 0
	if p.User != nil {
		ats = 1
	}
	q, err = url.ParseQuery(p.RawQuery)
	return p, q, err == nil && p.Fragment == "" && strings.Count(u.Reveal(), "@") == ats
}

// hidden lists the parameters that hold a password: PostgreSQL takes one there.
func hidden(q url.Values) []string {
	var names []string
	for name := range q {
		if lower := strings.ToLower(name); strings.Contains(lower, "password") || strings.Contains(lower, "secret") {
			names = append(names, name)
		}
	}
	return names
}

// String returns the address without its password.
func (u URL) String() string {
	s := u.Reveal()
	if u.Scheme() == "sqlite" {
		return s
	}
	p, q, ok := u.parts()
	if !ok {
		return "[an address that cannot be read]" // who knows what is in it
	}
	for _, name := range hidden(q) {
		q.Set(name, "xxxxx")
		p.RawQuery = q.Encode()
	}
	return p.Redacted()
}

// Format answers every verb of fmt.
func (u URL) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, u.String()) }

// MarshalText answers encoders.
func (u URL) MarshalText() ([]byte, error) { return []byte(u.String()), nil }

// MarshalJSON answers JSON.
func (u URL) MarshalJSON() ([]byte, error) { return json.Marshal(u.String()) }

// LogValue answers slog.
func (u URL) LogValue() slog.Value { return slog.StringValue(u.String()) }
