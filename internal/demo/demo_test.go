package demo_test

import (
	"context"
	"errors"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/client"
	"github.com/tokenry/tokenry/internal/clock/clocktest"
	"github.com/tokenry/tokenry/internal/config"
	"github.com/tokenry/tokenry/internal/demo"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/server"
)

// site is a server whose clock is a demo's calendar.
type site struct {
	*testing.T
	url, token string
	clock      *demo.Calendar
}

func newOffice(t *testing.T) *site {
	t.Helper()
	o := &site{T: t, clock: demo.NewCalendar(time.Now)}
	settings := map[string]string{"TOKENRY_DATA": t.TempDir(), "TOKENRY_LISTEN": "127.0.0.1:0", "TOKENRY_LOG_LEVEL": "error", "TOKENRY_SHUTDOWN_TIMEOUT": "5s"}
	cfg, err := config.Load(nil, func(name string) (string, bool) { v, ok := settings[name]; return v, ok })
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	s, err := server.Listen(ctx, cfg, server.Options{Now: o.clock.Now})
	if err != nil {
		stop()
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	first, err := s.Authority.Bootstrap(ctx, office.Bootstrap{Email: demo.Email, Workspace: demo.Workspace})
	if err != nil {
		t.Fatal(err)
	}
	o.url, o.token = s.BaseURL(), first.Secret.Reveal()
	return o
}

// client asks as Olivia does.
func (o *site) client() *client.Client {
	o.Helper()
	c, err := client.New(o.url, o.token)
	if err != nil {
		o.Fatal(err)
	}
	o.Cleanup(c.CloseIdleConnections)
	return c
}

func collect[T any](t *testing.T, items func(func(T, error) bool)) []T {
	t.Helper()
	var out []T
	for item, err := range items {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, item)
	}
	return out
}

// What the guide promises in words is there: tokens of every kind in every state,
// that were used, in a past that could have been.
func TestADemoShowsEverything(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	guide, err := demo.Fill(t.Context(), o.url, o.token, o.clock)
	if err != nil {
		t.Fatal(err)
	}
	if off := time.Since(o.clock.Now()).Abs(); off > time.Minute {
		t.Errorf("the calendar is left %v away from the clock", off)
	}
	c := o.client()
	seen := map[string]int{}
	var expired bool
	for _, ws := range []string{"acme", "globex"} {
		for _, v := range collect(t, c.Tokens(t.Context(), ws, api.TokenFilter{})) {
			seen[v.Kind]++
			seen[v.Status]++
			expired = expired || v.ExpiresAt != nil && v.ExpiresAt.Before(o.clock.Now())
			if v.CreatedAt.After(o.clock.Now()) {
				t.Errorf("%s is of the future: %v", v.Label, v.CreatedAt)
			}
		}
	}
	for _, want := range []string{"personal", "service", "workspace", "active", "disabled", "revoked", "expired"} {
		if seen[want] == 0 {
			t.Errorf("no token is %s: %v", want, seen)
		}
	}
	if !expired {
		t.Error("no token is past its end")
	}
	o.isOrdered(c)
	o.isUsed(c)
	o.works(guide)
}

// isOrdered asks whether the audit tells one event after the other, over weeks.
func (o *site) isOrdered(c *client.Client) {
	o.Helper()
	for _, ws := range []string{"acme", "globex"} {
		events := collect(o.T, c.Audit(o.Context(), ws, api.AuditFilter{}))
		for i := 1; i < len(events); i++ {
			if events[i].At.After(events[i-1].At) { // newest first
				o.Errorf("%s: %s of %v is told before %s of %v", ws, events[i].Action, events[i].At, events[i-1].Action, events[i-1].At)
			}
		}
		if far := events[0].At.Sub(events[len(events)-1].At); far < 30*24*time.Hour {
			o.Errorf("%s: the audit goes back %v", ws, far)
		}
	}
}

// isUsed asks for what was let through and what was refused.
func (o *site) isUsed(c *client.Client) {
	o.Helper()
	var refused []api.Denial
	clocktest.Until(o, func() bool { // usage is written behind
		refused = collect(o.T, c.Denials(o.Context(), "acme", ""))
		return len(refused) > 0
	})
	documentation := []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24")}
	for _, d := range refused {
		if d.IP == nil {
			o.Errorf("a request came from nowhere: %+v", d)
			continue
		}
		ip, err := netip.ParseAddr(*d.IP)
		if err != nil || !slices.ContainsFunc(documentation, func(p netip.Prefix) bool { return p.Contains(ip) }) {
			o.Errorf("a request came from %q, which may be somebody's", *d.IP)
		}
	}
}

// works tries what the guide gives to paste.
func (o *site) works(g demo.Guide) {
	o.Helper()
	text := g.String()
	for _, want := range []string{g.URL + "/v1/whoami", g.URL + "/docs", "\n  password: " + demo.Password + "\n", demo.Email, "tokenry token list"} {
		if !strings.Contains(text, want) {
			o.Errorf("the guide does not say %q", want)
		}
	}
	if strings.Contains(text, "PATH=") {
		o.Error("the guide adds to the path what is there")
	}
	if g.Folder = "/opt/the bin"; !strings.Contains(g.String(), "\n  export PATH=\"/opt/the bin:$PATH\"\n  export TOKENRY_SERVER=") {
		o.Errorf("the guide does not say where the program is:\n%s", g)
	}
	if n := strings.Count(text, "\n  curl -s "); n != 3 {
		o.Errorf("the guide has %d lines for curl", n)
	}
	v, err := o.client().Verify(o.Context(), g.Checked, client.Scope("tickets:write"), client.Resource("payments"))
	if err != nil || !v.Allowed {
		o.Errorf("the token to ask about: %+v, %v", v, err)
	}
	for _, email := range regexp.MustCompile(`\S+@\S+`).FindAllString(text, -1) {
		if !strings.HasSuffix(email, ".example") {
			o.Errorf("%s may be somebody's", email)
		}
	}
}

// A second filling meets the names of the first. The first error is told, and
// nothing more is done after it.
func TestAFillingThatFailsSaysWhyAndStops(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	c := o.client()
	if _, err := c.CreateWorkspace(t.Context(), api.CreateWorkspace{Slug: "globex"}); err != nil {
		t.Fatal(err)
	}
	_, err := demo.Fill(t.Context(), o.url, o.token, o.clock)
	if !errors.Is(err, api.CodeAlreadyExists) {
		t.Errorf("it ended with %v", err)
	}
	if off := time.Since(o.clock.Now()).Abs(); off > time.Minute {
		t.Errorf("the calendar is left %v away from the clock", off)
	}
	if people := collect(t, c.Members(t.Context(), "acme", api.ListFilter{})); len(people) != 1 {
		t.Errorf("it went on: there are %d members", len(people))
	}
}

func TestADemoWithoutItsServer(t *testing.T) {
	t.Parallel()
	clock := demo.NewCalendar(time.Now)
	if _, err := demo.Fill(t.Context(), "127.0.0.1:1", "tkyp_x", clock); err == nil {
		t.Error("an address without a scheme is taken")
	}
	ctx, end := context.WithCancel(t.Context())
	end()
	if _, err := demo.Fill(ctx, "http://127.0.0.1:1", "tkyp_x", clock); !errors.Is(err, context.Canceled) {
		t.Errorf("it was ended, and says %v", err)
	}
}

// The calendar begins two months ago, and runs with the clock beside it.
func TestTheCalendarRunsWithItsClock(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 29, 3, 30, 0, 0, time.UTC) // a day on which clocks are changed
	clock := demo.NewCalendar(func() time.Time { return now })
	if got, want := clock.Now(), now.Add(-60*24*time.Hour); !got.Equal(want) {
		t.Errorf("it begins at %v, want %v", got, want)
	}
	now = now.Add(90 * time.Minute)
	if got, want := clock.Now(), now.Add(-60*24*time.Hour); !got.Equal(want) {
		t.Errorf("it shows %v, want %v", got, want)
	}
}
