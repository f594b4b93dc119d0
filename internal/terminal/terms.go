package terminal

import (
	"slices"
	"time"

	"github.com/spf13/pflag"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/token"
)

// derivedFor is how long a derived token lasts where nobody says: nothing but its token's end ends it before.
const derivedFor = time.Hour

// Terms adds the flags of what a derived token is to be narrowed to. What it returns reads
// them, by the time that it is.
func Terms(fs *pflag.FlagSet) func(now time.Time) (token.Terms, error) {
	var t token.Terms
	var addresses []string
	lasts, end := new(Lifetime), new(Moment)
	fs.StringSliceVar(&t.Scopes, "scope", nil, "scope like tickets:read, or pattern like tickets:*, of those that the token has; may be repeated")
	fs.StringSliceVar(&t.Resources, "resource", nil, "resource of those that the token reaches, or prefix*; may be repeated")
	fs.StringSliceVar(&addresses, "allowed-ip", nil, "CIDR or address that it is accepted from; may be repeated")
	fs.Var(lasts, "expires-in", "lifetime from now, like 10m (1h where nothing is said)")
	fs.Var(end, "expires-at", "when it expires")
	never := fs.Bool("never", false, "it ends with its token alone")
	return func(now time.Time) (token.Terms, error) {
		if i := slices.IndexFunc(t.Scopes, func(s string) bool { return !grant.ValidPattern(s) }); i >= 0 {
			return token.Terms{}, Misused("--scope: %q is no scope like tickets:read and no pattern like tickets:*", t.Scopes[i])
		}
		if i := slices.IndexFunc(t.Resources, func(s string) bool { return !grant.ValidResourcePattern(s) }); i >= 0 {
			return token.Terms{}, Misused("--resource: %q is no resource and no prefix*", t.Resources[i])
		}
		for _, text := range addresses {
			p, ok := input.Prefix(text)
			if !ok {
				return token.Terms{}, Misused("--allowed-ip: %q is no address, and no network by its first address such as 192.0.2.0/24", text)
			}
			t.Addresses = append(t.Addresses, p)
		}
		var err error
		t.ExpiresAt, err = ends(fs, now, lasts.Duration, end.Time, *never)
		return t, err
	}
}

// ends is when it expires, in whole seconds; zero for with its token.
func ends(fs *pflag.FlagSet, now time.Time, lasts api.Duration, end time.Time, never bool) (time.Time, error) {
	said := 0
	for _, flag := range []string{"expires-in", "expires-at", "never"} {
		if fs.Changed(flag) {
			said++
		}
	}
	switch {
	case said > 1:
		return time.Time{}, Misused("say one of --expires-in, --expires-at and --never")
	case never:
		return time.Time{}, nil
	case end.IsZero() && lasts > 0:
		end = now.Add(time.Duration(lasts))
	case end.IsZero():
		end = now.Add(derivedFor)
	}
	if end = end.UTC().Truncate(time.Second); !end.After(now) {
		return time.Time{}, Misused("it would have expired already, at %s", end.Format(time.RFC3339))
	}
	return end, nil
}
