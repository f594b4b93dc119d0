package insight_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

// TestATimeThatIsAskedForIsSettled: what is left out, what is rounded to whole buckets, and
// what is refused because nothing so old is kept.
func TestATimeThatIsAskedForIsSettled(t *testing.T) {
	t.Parallel()
	w := newWatched(t, storetest.SQLite(t))
	now := w.Clock.Now() // 2026-03-14 09:26:53
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	const day = officetest.Day
	for what, c := range map[string]struct {
		from, to time.Time
		bucket   string
		want     string // from, to and bucket, or the field that is refused
	}{
		"nothing":                     {time.Time{}, time.Time{}, "", "2026-03-13T09 2026-03-14T10 hour"},
		"days":                        {time.Time{}, time.Time{}, "day", "2026-02-12T00 2026-03-15T00 day"},
		"hours":                       {time.Time{}, time.Time{}, "hour", "2026-03-13T09 2026-03-14T10 hour"},
		"three days":                  {ago(72 * time.Hour), now, "", "2026-03-11T09 2026-03-14T10 hour"},
		"a second more":               {ago(72*time.Hour + time.Second), now, "", "2026-03-11T00 2026-03-15T00 day"},
		"an hour of 35 days ago":      {ago(35 * day), ago(35*day - time.Hour), "", "2026-02-07T09 2026-02-07T11 hour"},
		"an hour of before that":      {ago(35*day + time.Second), ago(35 * day), "", "2026-02-07T00 2026-02-08T00 day"},
		"whole hours to the hour":     {now.Truncate(time.Hour).Add(-time.Hour), now.Truncate(time.Hour), "", "2026-03-14T08 2026-03-14T09 hour"},
		"another zone":                {now.In(time.FixedZone("", 7200)).Add(-time.Hour), now, "", "2026-03-14T08 2026-03-14T10 hour"},
		"all hours that are kept":     {ago(35 * day), now, "hour", "2026-02-07T09 2026-03-14T10 hour"},
		"hours of before":             {ago(35*day + time.Second), ago(30 * day), "hour", "bucket"},
		"more hours than are kept":    {ago(35 * day), now.Add(time.Second), "hour", "bucket"},
		"1100 days":                   {ago(1100 * day), now, "", "2023-03-10T00 2026-03-15T00 day"},
		"a second more than 1100":     {ago(1100*day + time.Second), now, "", "from"},
		"the time of the Romans":      {time.Date(1, 1, 1, 0, 0, 1, 0, time.UTC), now, "", "from"},
		"nothing of no time":          {now, now, "", "from"},
		"backwards":                   {now, ago(time.Hour), "", "from"},
		"the future alone":            {now.Add(time.Hour), time.Time{}, "", "from"},
		"minutes":                     {time.Time{}, time.Time{}, "minute", "bucket"},
		"a name in capitals":          {time.Time{}, time.Time{}, "Hour", "bucket"},
		"backwards, and of no bucket": {now, now, "week", "bucket"},
	} {
		v, err := w.WorkspaceUsage(w.Ctx, w.Root, "acme", c.from, c.to, c.bucket)
		got := api.AsError(err).Field
		if err == nil {
			const hour = "2006-01-02T15"
			got = v.From.Format(hour) + " " + v.To.Format(hour) + " " + v.Bucket
		}
		if got != c.want || err != nil && codeOf(err) != api.CodeInvalidField {
			t.Errorf("%s: %q, want %q (%v)", what, got, c.want, err)
		}
		_, single := w.TokenUsage(w.Ctx, w.Root, "acme", "self", c.from, c.to, c.bucket)
		_, whole := w.InstanceUsage(w.Ctx, w.Root, c.from, c.to, c.bucket)
		if (single == nil) != (err == nil) || (whole == nil) != (err == nil) {
			t.Errorf("%s: a token's is %v, the instance's %v", what, single, whole)
		}
	}
}

// TestDeniedUsesAreListedToTheirEnd: of a token and of the workspace, to who may watch each.
func TestDeniedUsesAreListedToTheirEnd(t *testing.T) {
	t.Parallel()
	w := newWatched(t, storetest.SQLite(t))
	w.MemberOf("acme", "bob@example.com", "Viewer", "*")
	bob := w.Person("bob@example.com")
	his, hers := w.Create(w.Root, officetest.Ask("personal", "bob@example.com")), w.Create(w.Root, officetest.Scoped("personal", "", "tickets:read"))
	for range 3 {
		if a, b := w.Use(his.Secret, "192.0.2.1", "policy:write"), w.Use(hers.Secret, "192.0.2.2", "none:such"); a != api.CodeInsufficientScope || b != a {
			t.Fatalf("refused with %s and %s", a, b)
		}
	}
	pages := func(c authority.Caller, id string) (from []string, last error) {
		for after := int64(0); ; {
			rows, next, err := w.ListDenials(w.Ctx, c, "acme", id, authority.Page{Limit: 2, After: after})
			if err != nil {
				return nil, err
			}
			for _, d := range rows {
				from = append(from, *d.IP)
			}
			if after = next; next == 0 {
				return from, nil
			}
		}
	}
	const one, two = "192.0.2.1", "192.0.2.2"
	for what, c := range map[string]struct {
		by   authority.Caller
		id   string
		want []string
		code api.Code
	}{
		"all, by an Owner":           {w.Root, "", []string{two, one, two, one, two, one}, ""},
		"one token's, by an Owner":   {w.Root, his.Token.ID, []string{one, one, one}, ""},
		"one's own":                  {bob, his.Token.ID, []string{one, one, one}, ""},
		"one's own, by the token":    {w.With(his), his.Token.ID, []string{one, one, one}, ""},
		"one's own, by another":      {w.With(w.Create(w.Root, officetest.Ask("personal", "bob@example.com"))), his.Token.ID, nil, api.CodeInsufficientScope},
		"another's":                  {bob, hers.Token.ID, nil, api.CodeInsufficientScope},
		"all, by a Viewer":           {bob, "", nil, api.CodeInsufficientScope},
		"a token's that there isn't": {w.Root, "zzzzzzzzzzzz", nil, api.CodeNotFound},
	} {
		got, err := pages(c.by, c.id)
		if !slices.Equal(got, c.want) || codeOf(err) != c.code {
			t.Errorf("%s: %v, %v", what, got, err)
		}
	}
}

// TestTheAuditIsReadByWhoMay, of one's own workspace, and the instance's by its
// administrators alone.
func TestTheAuditIsReadByWhoMay(t *testing.T) {
	t.Parallel()
	w := newWatched(t, storetest.SQLite(t))
	w.Workspace("globex")
	w.Account("auditor", "audit:read")
	w.Account("robot", "tokens:read")
	auditor := w.With(w.Create(w.Root, officetest.Ask("service", "auditor")))
	robot := w.With(w.Create(w.Root, officetest.Ask("service", "robot")))
	owner := w.Member("own@example.com", "Owner")
	for what, c := range map[string]struct {
		by             authority.Caller
		acme, globex   api.Code
		instance, tail api.Code
	}{
		"the administrator":       {w.Root, "", "", "", ""},
		"an Owner":                {owner, "", api.CodeNotFound, api.CodeInsufficientScope, ""},
		"who has audit:read":      {auditor, "", api.CodeNotFound, api.CodeInsufficientScope, ""},
		"who has another":         {robot, api.CodeInsufficientScope, api.CodeNotFound, api.CodeInsufficientScope, api.CodeInsufficientScope},
		"a caller without rights": {authority.Caller{}, api.CodeMissingToken, api.CodeMissingToken, api.CodeMissingToken, api.CodeMissingToken},
	} {
		_, _, acme := w.Audit(w.Ctx, c.by, "acme", api.AuditFilter{}, officetest.Page(0))
		_, _, globex := w.Audit(w.Ctx, c.by, "globex", api.AuditFilter{}, officetest.Page(0))
		_, _, instance := w.InstanceAudit(w.Ctx, c.by, api.AuditFilter{}, officetest.Page(0))
		_, tail := w.CheckAudit(w.Ctx, c.by, "acme", 9)
		got := []api.Code{codeOf(acme), codeOf(globex), codeOf(instance), codeOf(tail)}
		if diff := cmp.Diff([]api.Code{c.acme, c.globex, c.instance, c.tail}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	rows, next, err := w.InstanceAudit(w.Ctx, w.Root, api.AuditFilter{Action: "instance.*"}, authority.Page{Limit: 1})
	if err != nil || len(rows) != 1 || rows[0].Workspace != "" || !strings.HasPrefix(rows[0].Action, "instance.") {
		t.Errorf("the instance's: %+v, %d, %v", rows, next, err)
	}
	rows, _, err = w.Audit(w.Ctx, w.Root, "acme", api.AuditFilter{Token: robot.Token.String()}, officetest.Page(0))
	if err != nil || len(rows) != 1 || rows[0].Action != "token.created" || rows[0].Workspace != "acme" {
		t.Errorf("of one token: %+v, %v", rows, err)
	}
}

// TestAnOverviewCountsWhatOneMayList: all for who may list tokens, their own for other
// people, and nothing for a token that may not.
func TestAnOverviewCountsWhatOneMayList(t *testing.T) {
	t.Parallel()
	w := newWatched(t, storetest.SQLite(t))
	w.WriteRole(officetest.Acme(), "Guest", "tickets:read")
	bob := w.Member("bob@example.com", "Guest")
	soon := officetest.Ask("personal", "bob@example.com")
	soon.ExpiresIn = api.Some(2 * api.Day)
	his := w.Create(w.Root, soon)
	w.Create(w.Root, officetest.Ask("personal", ""))
	off := w.Create(w.Root, officetest.Ask("personal", "bob@example.com"))
	officetest.Must(t, officetest.Second(w.DisableToken(w.Ctx, w.Root, "acme", off.Token.ID, api.DisableToken{})))
	count := func(out []ledger.TokenState) map[string]int {
		n := map[string]int{}
		for _, s := range out {
			n[s.State] += s.Count
		}
		return n
	}
	all, err := w.TokenOverview(w.Ctx, w.Root, "acme", 3*officetest.Day, 5)
	officetest.Must(t, err)
	if diff := cmp.Diff(map[string]int{api.StatusActive: 3, api.StatusDisabled: 1}, count(all.States)); diff != "" || len(all.Expiring) != 1 || all.Expiring[0].ID != his.Token.ID {
		t.Errorf("all: %s%+v", diff, all.Expiring)
	}
	own, err := w.TokenOverview(w.Ctx, bob, "acme", 3*officetest.Day, 5)
	officetest.Must(t, err)
	if diff := cmp.Diff(map[string]int{api.StatusActive: 1, api.StatusDisabled: 1}, count(own.States)); diff != "" || len(own.Expiring) != 1 {
		t.Errorf("one's own: %s%+v", diff, own.Expiring)
	}
	if none, err := w.TokenOverview(w.Ctx, w.Root, "acme", officetest.Day, 5); err != nil || len(none.Expiring) != 0 {
		t.Errorf("within a day: %+v, %v", none.Expiring, err)
	}
	_, err = w.TokenOverview(w.Ctx, w.With(his), "acme", officetest.Day, 5)
	w.Refused(err, api.CodeInsufficientScope)
	officetest.Must(t, officetest.Second(w.SuspendWorkspace(w.Ctx, w.admin(), "acme")))
	suspended, err := w.TokenOverview(w.Ctx, w.admin(), "acme", officetest.Day, 5)
	officetest.Must(t, err)
	if diff := cmp.Diff(map[string]int{ledger.StateBlocked: 3, api.StatusDisabled: 1}, count(suspended.States)); diff != "" {
		t.Errorf("suspended: %s", diff)
	}
	w.Clock.Pass(2 * officetest.Day)
	f, err := w.Figures(w.Ctx)
	if err != nil || f.Expired != 1 || f.ExpiringDay != 0 {
		t.Errorf("two days later: %+v, %v", f, err)
	}
}
