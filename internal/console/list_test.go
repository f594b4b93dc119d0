package console_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
)

const list = "/workspace/acme/access-tokens"

// labels are those of the rows of a list, in their order.
func labels(a answer) []string {
	var out []string
	for _, m := range regexp.MustCompile(`(?s)<td class="label">\s*<a [^>]*><bdi>([^<]*)</bdi>`).FindAllStringSubmatch(a.body, -1) {
		out = append(out, m[1])
	}
	return out
}

func TestTheOrderHoldsAcrossPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var want []string
	for i := range 60 {
		label := fmt.Sprintf("Job %02d", (i*37)%60)
		w.issue("workspace", "", label)
		want = append(want, label)
	}
	slices.Sort(want)
	first := w.status(w.as("ada@example.com", list+"?kind=workspace&sort=label"), http.StatusOK)
	second := w.status(w.as("ada@example.com", list+"?kind=workspace&page=2&sort=label"), http.StatusOK)
	if d := cmp.Diff(want, append(labels(first), labels(second)...)); d != "" {
		t.Error(d)
	}
	w.shows(first, "page=2&amp;sort=label")
	down := w.status(w.as("ada@example.com", list+"?kind=workspace&sort=-label"), http.StatusOK)
	if got := labels(down); got[0] != "Job 59" {
		t.Errorf("turned round it begins with %s", got[0])
	}
}

func TestTheListIsNarrowedAndSaysSoWhenNothingMatches(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.issue("workspace", "", "Chat")
	w.issue("personal", "ada@example.com", "Laptop")
	for query, want := range map[string][]string{
		"?q=chat": {"Chat"}, "?kind=personal&q=lap": {"Laptop"}, "?status=disabled": nil, "?owner=nobody@example.com": nil, "?owner=ada&kind=personal&q=lap": {"Laptop"}, "?created_by=ada@&q=lap": {"Laptop"},
		"?only=expiring": nil, "?kind=nonsense&q=chat": {"Chat"}, "?after=x&page=x&q=chat": {"Chat"},
	} {
		a := w.status(w.as("ada@example.com", list+query), http.StatusOK)
		if d := cmp.Diff(want, labels(a)); d != "" {
			t.Errorf("%s: %s", query, d)
		}
		if want == nil {
			w.shows(a, "Nothing matches", "Show all")
			w.hides(a, "owner: ")
		}
	}
}

func TestABulkActionIsRehearsedThenDoneOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	one, two, over := w.issue("workspace", "", "One"), w.issue("workspace", "", "Two"), w.issue("workspace", "", "Over")
	_, err := w.RevokeToken(w.ctx, w.root, "acme", over.Token.ID, api.RevokeToken{})
	must(t, err)
	pick := url.Values{"action": {"rotate"}, "id": {one.Token.Locator, two.Token.Locator, over.Token.Locator}}
	plan := w.status(w.as("ada@example.com", list+"/bulk", pick), http.StatusOK)
	w.shows(plan, "Rotate 2 tokens?", "1 selected token cannot be rotated")
	if v := w.token(one.Token.ID); len(v.Secrets) != 1 {
		t.Error("the rehearsal rotated")
	}
	sure := url.Values{"action": {"rotate"}, "confirmed": {"yes"}, "form": {hidden(plan, "form")}, "id": {one.Token.Locator, two.Token.Locator}}
	done := w.status(w.as("ada@example.com", list+"/bulk", sure), http.StatusOK)
	w.inert(done)
	if n := len(regexp.MustCompile(`tkyw_[0-9A-Za-z]+`).FindAllString(done.body, -1)); n != 2 {
		t.Errorf("%d secrets are shown, want 2", n)
	}
	again := w.status(w.as("ada@example.com", list+"/bulk", sure), http.StatusSeeOther)
	if !strings.HasSuffix(again.Header.Get("Location"), "?did=sent") {
		t.Errorf("sent again it leads to %s", again.Header.Get("Location"))
	}
}

func TestABulkActionReachesEveryPageOfTheFilter(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 55 {
		w.issue("workspace", "", fmt.Sprintf("Old %d", i))
	}
	w.issue("workspace", "", "Kept")
	plan := w.status(w.as("ada@example.com", list+"/bulk", url.Values{"action": {"disable"}, "all": {"yes"}, "filter": {"q=old&kind=workspace"}}), http.StatusOK)
	w.shows(plan, "Disable 55 tokens?")
	w.hides(plan, "Kept")
}

func TestAViewerSeesNoActionsOnSeveral(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.issue("workspace", "", "Chat")
	w.member("vera@example.com", "Viewer")
	a := w.status(w.as("vera@example.com", list), http.StatusOK)
	w.hides(a, `id="bulk"`, "data-select-all")
	plan := w.status(w.as("vera@example.com", list+"/bulk", url.Values{"action": {"revoke"}, "id": {i.Token.Locator}, "confirmed": {"yes"}}), http.StatusOK)
	w.shows(plan, "Nothing to do")
	if w.token(i.Token.ID).Status != api.StatusActive {
		t.Error("a Viewer revoked a token")
	}
}

func TestAFormThatWasSentStaysSentAfterARestart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	form := url.Values{"owner": {"me"}, "label": {"Backup"}, "what": {"inherit"}, "reach": {"all"}, "expires": {"30d"},
		"form": {hidden(w.as("ada@example.com", list+"/new?owner=me"), "form")}}
	first := w.status(w.as("ada@example.com", list+"/new", form), http.StatusOK)
	secret := regexp.MustCompile(`tkyp_[0-9A-Za-z]+`).FindString(first.body)
	w.start()
	again := w.status(w.as("ada@example.com", list+"/new", form), http.StatusSeeOther)
	if !strings.HasSuffix(again.Header.Get("Location"), "?did=sent") {
		t.Errorf("sent again it leads to %s", again.Header.Get("Location"))
	}
	changed := w.status(w.as("ada@example.com", list+"/new", with(form, "label", "Other")), http.StatusSeeOther)
	w.hides(changed, "tkyp_")
	rows, _, err := w.ListTokens(w.ctx, w.root, "acme", api.TokenFilter{Query: api.Some("Backup")}, pageOf())
	must(t, err)
	if len(rows) != 1 {
		t.Errorf("%d tokens were made", len(rows))
	}
	found, err := w.LookupTokens(w.ctx, w.root, "acme", api.LookupTokens{Text: secret})
	must(t, err)
	if found.Items[0].Secret != "current" {
		t.Errorf("the secret that was shown is %s", found.Items[0].Secret)
	}
}

func TestTheColumnsAreRemembered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.status(w.as("ada@example.com", list+"/columns", url.Values{"column": {"owner", "status"}, "next": {list + "?q=x"}}), http.StatusSeeOther)
	if got := a.Header.Get("Location"); got != list+"?q=x" {
		t.Errorf("it leads to %s", got)
	}
	if c := a.Cookies(); len(c) != 1 || c[0].Value != "none.owner.status" || c[0].MaxAge <= 0 {
		t.Errorf("cookies %v", c)
	}
}

// TestLongListsAreSearched: the search stands above a list that is too long to
// be seen whole, and stays when nothing matches.
func TestLongListsAreSearched(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const at = "/workspace/acme/members"
	w.hides(w.status(w.as("ada@example.com", at), http.StatusOK), `role="search"`)
	for i := range 9 {
		w.member(fmt.Sprintf("m%d@example.com", i), "Viewer")
	}
	w.shows(w.status(w.as("ada@example.com", at), http.StatusOK), `role="search"`, "m3@example.com", "m7@example.com")
	found := w.status(w.as("ada@example.com", at+"?q=M3%40"), http.StatusOK)
	w.shows(found, "m3@example.com", `value="M3@"`)
	w.hides(found, "m7@example.com")
	none := w.status(w.as("ada@example.com", at+"?q=%22%3E%3Cscript%3E%00%FF"), http.StatusOK)
	w.inert(none)
	w.shows(none, "Nothing matches", `role="search"`)
	for _, path := range []string{"/workspace/acme/service-accounts", "/workspace/acme/resources", "/instance", "/instance/people"} {
		w.shows(w.status(w.as("ada@example.com", path+"?q=nowhere"), http.StatusOK), "Nothing matches", `role="search"`)
	}
	w.shows(w.status(w.as("ada@example.com", "/instance/people?q=m8"), http.StatusOK), "m8@example.com")
}

func TestWhatIsToComeIsRounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for label, life := range map[string]time.Duration{"a": 45 * 24 * time.Hour, "b": 365 * 24 * time.Hour, "c": 36 * time.Hour, "d": 20 * time.Minute} {
		in := api.CreateToken{Kind: "personal", Owner: "me"}
		in.Label, in.ExpiresIn = api.Some(label), api.Some(api.Duration(life))
		_, err := w.CreateToken(w.ctx, w.caller("ada@example.com"), "acme", in)
		must(t, err)
	}
	w.at = w.at.Add(5 * time.Second)
	w.shows(w.status(w.as("ada@example.com", list), http.StatusOK), "in 45 days", "in 12 months", "in 36 hours", "in 20 minutes")
	w.at = w.at.Add(19*time.Minute + 30*time.Second)
	w.shows(w.status(w.as("ada@example.com", list), http.StatusOK), "in a moment")
}

// TestARehearsalIsJudgedAsTheActionIs: a token that the policy does not let be rotated
// is left out before it is asked, with the reason, however it was selected.
func TestARehearsalIsJudgedAsTheActionIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.issue("workspace", "", "Reaches all")
	_, err := w.EditPolicy(w.ctx, w.root, "acme", api.PatchPolicy{RequireIPAllowList: api.Some(true)})
	must(t, err)
	for _, pick := range []url.Values{
		{"action": {"rotate"}, "id": {i.Token.Locator}},
		{"action": {"rotate"}, "all": {"yes"}, "filter": {"q=Reaches"}},
	} {
		plan := w.status(w.as("ada@example.com", list+"/bulk", pick), http.StatusOK)
		w.shows(plan, "Nothing to do", "Reaches all")
		w.hides(plan, "Rotate 1 token")
	}
	plan := w.status(w.as("ada@example.com", list+"/bulk", url.Values{"action": {"disable"}, "all": {"yes"}, "filter": {"q=Reaches"}}), http.StatusOK)
	w.shows(plan, "Disable 1 token?")
	if now := w.token(i.Token.Locator); now.RotatedAt != nil || now.DisabledAt != nil {
		t.Errorf("a rehearsal changed it: %+v", now)
	}
}

// A list says how many it found and is a file too, and whatever it is narrowed to stands in its address.
func TestAListIsNarrowedCountedAndAFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.issue("personal", "ada@example.com", "Mine")
	chat := w.issue("workspace", "", "Chat")
	old := w.issue("workspace", "", "Old chat")
	_, err := w.DeleteToken(w.ctx, w.root, "acme", old.Token.ID, api.RevokeToken{})
	must(t, err)
	w.shows(w.status(w.as("ada@example.com", list+"?scope=tickets:read"), http.StatusOK), "1 token found", ">Chat<", `name="created_with"`, `href="`+list+`/export?scope=tickets%3Aread"`)
	w.hides(w.as("ada@example.com", list+"?scope=tickets:read"), ">Mine<", "Old chat")
	w.shows(w.as("ada@example.com", list+"?deleted=1"), "Old chat")
	w.shows(w.as("ada@example.com", list+"?sort=label"), "tokens</span>")
	at := "/workspace/acme/integration-tokens"
	w.shows(w.status(w.as("ada@example.com", at+"?q="+chat.Token.Masked[:10]), http.StatusOK), "1 token found", ">Chat<")
	w.shows(w.as("ada@example.com", at+"?q=nothing"), "Nothing matches")
	w.shows(w.as("ada@example.com", list+"/count?kind=workspace"), "1 token found")
	file := w.status(w.as("ada@example.com", list+"/export?kind=workspace"), http.StatusOK)
	w.shows(file, "id,locator,kind", chat.Token.ID)
	w.hides(file, "Mine", chat.Secret.Reveal())
	if d := file.Header.Get("Content-Disposition"); !strings.Contains(d, "tokens-acme-") || !strings.HasSuffix(file.body, "\r\n") {
		t.Errorf("it is no file: %q", d)
	}
}
