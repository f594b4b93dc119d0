package incident_test

import (
	"context"
	"errors"
	"iter"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/incident"
)

// server has one token, and notes what it was asked.
type server struct {
	activity []api.Activity
	broken   error // of activity
	refused  error // of what stops a token
	asked    []string
}

func (s *server) Activity(_ context.Context, _, id string) iter.Seq2[api.Activity, error] {
	s.asked = append(s.asked, "activity "+id)
	return func(yield func(api.Activity, error) bool) {
		for _, a := range s.activity {
			if !yield(a, nil) {
				return
			}
			s.asked = append(s.asked, "more")
		}
		if s.broken != nil {
			yield(api.Activity{}, s.broken)
		}
	}
}

func (s *server) RevokeToken(_ context.Context, _, id string, in api.RevokeToken) (api.Token, error) {
	s.asked = append(s.asked, "revoke "+id+" "+in.Reason)
	reason := in.Reason
	return api.Token{Locator: id, Status: api.StatusRevoked, RevokeReason: &reason}, s.refused
}

func (s *server) DisableToken(_ context.Context, _, id string, _ api.DisableToken) (api.Token, error) {
	s.asked = append(s.asked, "disable "+id)
	when := at(10)
	return api.Token{Locator: id, Status: api.StatusDisabled, DisabledAt: &when}, s.refused
}

func (s *server) TokenDescendants(_ context.Context, _, id string) (api.Descendants, error) {
	s.asked = append(s.asked, "made "+id)
	return api.Descendants{Total: 2, Active: 1}, nil
}

func found(status string) api.FoundToken {
	return api.FoundToken{Masked: "tkyp_01234…", Secret: api.SecretCurrent, Token: &api.Token{Locator: "0123456789AB", Status: status}}
}

// TestWhatATokenDidIsReadBeforeItIsStopped: what was made with it after, so that a report
// says who did what until then and what still works now.
func TestWhatATokenDidIsReadBeforeItIsStopped(t *testing.T) {
	t.Parallel()
	revoke := incident.Action{Revoke: &api.RevokeToken{Reason: api.ReasonLeaked}}
	for _, c := range []struct {
		status string
		do     incident.Action
		want   []string
		state  string
	}{
		{api.StatusActive, incident.Action{}, []string{"activity 0123456789AB", "made 0123456789AB"}, api.StatusActive},
		{api.StatusActive, revoke, []string{"activity 0123456789AB", "revoke 0123456789AB leaked", "made 0123456789AB"}, api.StatusRevoked},
		{api.StatusDisabled, revoke, []string{"activity 0123456789AB", "revoke 0123456789AB leaked", "made 0123456789AB"}, api.StatusRevoked},
		{api.StatusActive, incident.Action{Disable: &api.DisableToken{}}, []string{"activity 0123456789AB", "disable 0123456789AB", "made 0123456789AB"}, api.StatusDisabled},
		{api.StatusRevoked, revoke, []string{"activity 0123456789AB", "made 0123456789AB"}, api.StatusRevoked},
		{api.StatusExpired, revoke, []string{"activity 0123456789AB", "made 0123456789AB"}, api.StatusExpired},
	} {
		s := &server{}
		before := found(c.status)
		e, err := incident.Gather(t.Context(), s, before, c.do, at(10))
		if err != nil || !slices.Equal(s.asked, c.want) || e.Token.Status != c.state || e.Made.Total != 2 {
			t.Errorf("%s: %q, %+v, %v", c.status, s.asked, e.Token, err)
		}
		if before.Token.Status != c.status {
			t.Errorf("what was found was changed to %s", before.Token.Status)
		}
	}
}

// TestNobodyIsAskedAboutWhatMayNotBeSeen: it is told as it was found.
func TestNobodyIsAskedAboutWhatMayNotBeSeen(t *testing.T) {
	t.Parallel()
	s := &server{}
	e, err := incident.Gather(t.Context(), s, api.FoundToken{Masked: "tkys_zzzzz…", Secret: api.SecretUnknown}, incident.Action{Revoke: &api.RevokeToken{}}, at(10))
	if err != nil || len(s.asked) > 0 || e.Masked != "tkys_zzzzz…" || e.Live() {
		t.Errorf("%q, %+v, %v", s.asked, e, err)
	}
}

// TestWhoMayNotSeeUsesStillStopsAToken: a right that is missing hides the uses alone; all
// else that fails ends it, before anything is said to be done.
func TestWhoMayNotSeeUsesStillStopsAToken(t *testing.T) {
	t.Parallel()
	do := incident.Action{Revoke: &api.RevokeToken{Reason: api.ReasonLeaked}}
	s := &server{broken: api.Errorf(api.CodeInsufficientScope, "no")}
	if e, err := incident.Gather(t.Context(), s, found(api.StatusActive), do, at(10)); err != nil || e.Uses != nil || e.Token.Status != api.StatusRevoked {
		t.Errorf("%+v, %v", e, err)
	}
	away := errors.New("nobody answers")
	s = &server{broken: away}
	if _, err := incident.Gather(t.Context(), s, found(api.StatusActive), do, at(10)); !errors.Is(err, away) || slices.Contains(s.asked, "revoke 0123456789AB leaked") {
		t.Errorf("%q, %v", s.asked, err)
	}
	s = &server{refused: away}
	if e, err := incident.Gather(t.Context(), s, found(api.StatusActive), do, at(10)); !errors.Is(err, away) || e.Done != "" || e.Token.Status != api.StatusActive {
		t.Errorf("%+v, %v", e, err)
	}
}

// TestActivityIsReadNoFurtherThanItMatters: it comes the latest first.
func TestActivityIsReadNoFurtherThanItMatters(t *testing.T) {
	t.Parallel()
	s := &server{activity: []api.Activity{activity("192.0.2.1", api.CodeOK, 1, 5, 6), activity("192.0.2.2", api.CodeOK, 1, 1, 2), activity("192.0.2.3", api.CodeOK, 1, 5, 6)}}
	uses, err := incident.UsesOf(s.Activity(t.Context(), "", "x"), at(3))
	if err != nil || len(uses) != 1 || uses[0].Address != "192.0.2.1" || len(s.asked) != 2 {
		t.Errorf("%v, %q, %v", uses, s.asked, err)
	}
}

// However activity is cut into rows, no call is lost or counted twice, each address
// stands there once, and the latest comes first.
func TestLawUsesCountEveryCallOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var all []api.Activity
		var allowed, denied int64
		for range rapid.IntRange(0, 12).Draw(t, "rows") {
			first := rapid.IntRange(0, 20).Draw(t, "first")
			a := activity(rapid.SampledFrom([]string{"", "192.0.2.1", "192.0.2.2"}).Draw(t, "address"), rapid.SampledFrom([]api.Code{api.CodeOK, api.CodeIPDenied}).Draw(t, "outcome"),
				rapid.Int64Range(1, 9).Draw(t, "count"), first, rapid.IntRange(first, 23).Draw(t, "last"))
			if all = append(all, a); a.LastAt.Before(at(8)) {
				continue
			}
			if a.Outcome == api.CodeOK {
				allowed += a.Count
			} else {
				denied += a.Count
			}
		}
		e := incident.Entry{Uses: incident.Uses(all, at(8))}
		if yes, no := e.Calls(); yes != allowed || no != denied {
			t.Fatalf("%d and %d calls, want %d and %d", yes, no, allowed, denied)
		}
		seen := map[string]bool{}
		for i, u := range e.Uses {
			if seen[u.Address] || u.First.After(u.Last) || i > 0 && e.Uses[i-1].Last.Before(u.Last) {
				t.Fatalf("%+v", e.Uses)
			}
			seen[u.Address] = true
		}
	})
}
