package terminal_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/spf13/pflag"

	"github.com/tokenry/tokenry/internal/terminal"
	"github.com/tokenry/tokenry/token"
)

// narrowed reads flags as the terms of a derived token.
func narrowed(now time.Time, flags ...string) (token.Terms, error) {
	fs := pflag.NewFlagSet("x", pflag.ContinueOnError)
	read := terminal.Terms(fs)
	if err := fs.Parse(flags); err != nil {
		return token.Terms{}, err
	}
	return read(now)
}

// TestWhatADerivedTokenIsNarrowedTo: each flag is one term, and without an end there is an hour.
func TestWhatADerivedTokenIsNarrowedTo(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 14, 9, 0, 0, 500, time.UTC)
	hour := time.Date(2026, 3, 14, 10, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		flags []string
		want  token.Terms
	}{
		{nil, token.Terms{ExpiresAt: hour}},
		{[]string{"--never"}, token.Terms{}},
		{[]string{"--expires-in=10m"}, token.Terms{ExpiresAt: now.Truncate(time.Second).Add(10 * time.Minute)}},
		{[]string{"--expires-at=2026-03-15T01:00:00+01:00"}, token.Terms{ExpiresAt: time.Date(2026, 3, 15, 0, 0, 0, 0, time.UTC)}},
		{[]string{"--scope=a:read,b:*", "--scope=c:read", "--never"}, token.Terms{Scopes: []string{"a:read", "b:*", "c:read"}}},
		{[]string{"--resource=eu-*", "--never"}, token.Terms{Resources: []string{"eu-*"}}},
		{[]string{"--allowed-ip=192.0.2.7,2001:db8::/32", "--allowed-ip=::ffff:192.0.2.8", "--never"},
			token.Terms{Addresses: []netip.Prefix{netip.MustParsePrefix("192.0.2.7/32"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("192.0.2.8/32")}}},
	} {
		got, err := narrowed(now, c.flags...)
		if d := cmp.Diff(c.want, got, cmpopts.EquateComparable(netip.Prefix{})); err != nil || d != "" {
			t.Errorf("%q: %v\n%s", c.flags, err, d)
		}
	}
}

// TestTermsThatSayNothingThatHoldsAreRefused: a narrowing that was mistyped would narrow to
// something else.
func TestTermsThatSayNothingThatHoldsAreRefused(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 14, 9, 0, 0, 0, time.UTC)
	for _, flags := range [][]string{
		{"--scope=tickets"}, {"--scope=a:read b:read"}, {"--scope=instance:*"}, {"--scope=a:read,"}, {"--resource=a b"}, {"--resource=*a"}, {"--resource=-a"},
		{"--allowed-ip=192.0.2.7/24"}, {"--allowed-ip=example.com"}, {"--allowed-ip=fe80::1%eth0"},
		{"--expires-at=2026-03-14T09:00:00Z"}, {"--expires-in=10m", "--never"}, {"--expires-in=10m", "--expires-at=2027-01-01"}, {"--expires-at=2027-01-01", "--never"},
	} {
		if got, err := narrowed(now, flags...); !misused(err) {
			t.Errorf("%q is read as %+v, %v", flags, got, err)
		}
	}
}
