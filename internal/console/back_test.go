package console_test

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/api"
)

const ada = "ada@example.com"

// from is an address that says where its reader came from.
func from(path, place string) string { return path + "?from=" + url.QueryEscape(place) }

// leads says where a form leads.
func (w *world) leads(path string, f url.Values, to string) {
	w.Helper()
	if got := w.status(w.as(ada, path, f), http.StatusSeeOther).Header.Get("Location"); got != to {
		w.Errorf("%s leads to %s, want %s", path, got, to)
	}
}

// TestARowIsStoppedInItsListAndBroughtBack: the list stays as it was narrowed, and offers the
// way back until somebody changed the token.
func TestARowIsStoppedInItsListAndBroughtBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	one := w.issue("workspace", "", "Chat").Token
	for _, place := range []string{list + "?q=chat&sort=label", list, "/workspace/acme/integration-tokens?status=active"} {
		action := from(list+"/"+one.Locator+"/disable", place)
		w.shows(w.status(w.as(ada, place), http.StatusOK), `action="`+action+`"`)
		stopped := w.status(w.as(ada, action, url.Values{}), http.StatusSeeOther).Header.Get("Location")
		before, _, _ := strings.Cut(place, "?")
		if !strings.HasPrefix(stopped, before+"?") || !strings.Contains(stopped, "did=disabled") {
			t.Fatalf("%s leads to %s", action, stopped)
		}
		page := w.status(w.as(ada, stopped), http.StatusOK)
		w.shows(page, "The token is disabled", ">Undo<")
		undo := from(list+"/"+one.Locator+"/enable", listedAt(t, stopped))
		w.hides(w.as(ada, strings.Replace(stopped, "did=disabled", "did=saved", 1)), ">Undo<")
		w.status(w.as(ada, undo, w.filled(page, undo)), http.StatusSeeOther)
		if k, err := w.GetToken(w.ctx, w.root, "acme", one.ID); err != nil || k.Status != api.StatusActive {
			t.Errorf("it is %s: %v", k.Status, err)
		}
		w.hides(w.as(ada, stopped), ">Undo<")
	}
	stopped := w.as(ada, from(list+"/"+one.Locator+"/disable", list), url.Values{}).Header.Get("Location")
	_, err := w.EditToken(w.ctx, w.root, "acme", one.ID, api.EditToken{TokenFields: api.TokenFields{Label: api.Some("Chat, changed")}})
	must(t, err)
	w.hides(w.status(w.as(ada, stopped), http.StatusOK), ">Undo<")
	w.member("vera@example.com", "Viewer")
	w.hides(w.status(w.as("vera@example.com", stopped), http.StatusOK), ">Undo<")
}

// listedAt is the address of a list without what it says once.
func listedAt(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	must(t, err)
	q := u.Query()
	q.Del("did")
	q.Del("undo")
	if u.RawQuery = q.Encode(); len(q) == 0 {
		return u.Path
	}
	return u.String()
}

// TestPagesReturnToWhereOneCameFrom, over the page of the token too, and to nowhere else.
func TestPagesReturnToWhereOneCameFrom(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const narrowed = list + "?q=chat&sort=label"
	one := w.issue("workspace", "", "Chat").Token
	at := list + "/" + one.Locator
	label := url.Values{"label": {"Chat"}, "what": {"scopes"}, "scope": {"tickets:read"}, "reach": {"all"}, "expires": {"never"}, "revision": {"0"}}
	page := w.status(w.as(ada, from(at, narrowed)), http.StatusOK)
	w.shows(page, `<a href="`+strings.ReplaceAll(narrowed, "&", "&amp;")+`">← Access tokens</a>`)
	edit := from(at+"/edit", from(at, narrowed))
	w.shows(page, `href="`+edit+`"`)
	form := w.filled(w.status(w.as(ada, edit), http.StatusOK), edit)
	w.leads(edit, form, from(at, narrowed)+"&did=saved")
	direct := from(at+"/edit", narrowed)
	w.leads(direct, w.filled(w.as(ada, direct), direct), narrowed+"&did=saved")
	w.leads(at+"/edit", w.filled(w.as(ada, at+"/edit"), at+"/edit"), at+"?did=saved")
	for _, evil := range []string{"https://evil.example/", "//evil.example", "/signout", "/\\evil.example", "/workspace/acme/access-tokens/new"} {
		w.leads(from(at+"/disable", evil), label, at+"?did=disabled")
		w.leads(from(at+"/enable", evil), w.filled(w.as(ada, at), at+"/enable"), at+"?did=enabled")
		w.hides(w.as(ada, from(at, evil)), "evil.example", `href="/signout"`)
	}
	secret := w.status(w.as(ada, from(at+"/rotate", narrowed), url.Values{"overlap": {"0"}}), http.StatusOK)
	w.shows(secret, `href="`+strings.ReplaceAll(narrowed, "&", "&amp;")+`">I have stored it`, `data-secret-page="`+from(at, narrowed)+`"`)
	bulk := from(list+"/bulk", narrowed)
	asked := w.status(w.as(ada, bulk, url.Values{"action": {"disable"}, "id": {one.Locator}}), http.StatusOK)
	stopped := w.status(w.as(ada, bulk, w.filled(asked, bulk)), http.StatusSeeOther).Header.Get("Location")
	if !strings.HasPrefix(stopped, narrowed+"&undo="+one.Locator+".") || !strings.HasSuffix(stopped, "&did=bulk-disabled") {
		t.Errorf("it leads to %s", stopped)
	}
	w.leads(from(at+"/delete", from(at, narrowed)), url.Values{"reason": {"unused"}}, narrowed+"&did=revoked")
}

// TestMyTokensStayMyTokens, from making one to looking for it once it is deleted.
func TestMyTokensStayMyTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const mine = "/settings/tokens"
	create := list + "/new?from=%2Fsettings%2Ftokens&amp;owner=me"
	w.shows(w.status(w.as(ada, mine), http.StatusOK), `href="`+create+`"`)
	form := w.status(w.as(ada, strings.ReplaceAll(create, "&amp;", "&")), http.StatusOK)
	w.shows(form, `<a href="/settings/tokens">← My tokens</a>`, `action="`+from(list+"/new", mine)+`"`)
	one := w.issue("personal", "", "Laptop").Token
	at := list + "/" + one.Locator
	w.shows(w.as(ada, mine), `href="`+from(at, mine)+`"`)
	page := w.status(w.as(ada, from(at, mine)), http.StatusOK)
	w.shows(page, `← My tokens</a>`)
	if strings.Contains(between(page.body, `aria-label="Sections"`, "</nav>"), "aria-current") {
		t.Error("a token of My tokens is shown as one of the workspace's list")
	}
	w.shows(w.as(ada, at), "aria-current", "← Access tokens</a>")
	w.leads(from(at+"/delete", mine), url.Values{"reason": {"unused"}}, mine+"?did=revoked")
	w.hides(w.as(ada, mine), ">Laptop<")
	w.shows(w.as(ada, mine+"?deleted=1"), ">Laptop<", ">Revoked<")
}

// TestWhatIsDeletedIsFound by its state, and offered where nothing else is found.
func TestWhatIsDeletedIsFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	one := w.issue("workspace", "", "Chat").Token
	w.issue("workspace", "", "Other")
	w.leads(list+"/"+one.Locator+"/delete", url.Values{"reason": {"unused"}}, "/workspace/acme/integration-tokens?did=revoked")
	for _, page := range []string{list, "/workspace/acme/integration-tokens"} {
		nothing := w.status(w.as(ada, page+"?q=chat"), http.StatusOK)
		w.hides(nothing, ">Chat<")
		w.shows(nothing, `href="`+page+`?deleted=1&amp;q=chat"`)
		w.shows(w.as(ada, page+"?deleted=1&q=chat"), ">Chat<")
		w.shows(w.as(ada, page+"?status=revoked"), ">Chat<", "1 token found")
	}
}

// TestTokensThatStopTogetherComeBackTogether, those that nobody touched since.
func TestTokensThatStopTogetherComeBackTogether(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const narrowed = list + "?q=job"
	var ids []string
	for i := range 3 {
		ids = append(ids, w.issue("workspace", "", "Job "+strconv.Itoa(i)).Token.Locator)
	}
	status := func(id string) string {
		k, err := w.GetToken(w.ctx, w.root, "acme", id)
		must(t, err)
		return k.Status
	}
	stop := func(ids ...string) answer {
		bulk := from(list+"/bulk", narrowed)
		return w.as(ada, bulk, w.filled(w.as(ada, bulk, url.Values{"action": {"disable"}, "id": ids}), bulk))
	}
	undo := from(list+"/bulk/undo", narrowed)
	stopped := w.status(stop(ids...), http.StatusSeeOther).Header.Get("Location")
	page := w.status(w.as(ada, stopped), http.StatusOK)
	w.shows(page, ">Undo<", "enable 3 tokens again")
	w.leads(undo, w.filled(page, undo), narrowed+"&did=bulk-enabled")
	for _, id := range ids {
		if got := status(id); got != api.StatusActive {
			t.Errorf("%s is %s", id, got)
		}
	}
	w.hides(w.as(ada, stopped), ">Undo<")

	stopped = stop(ids[:2]...).Header.Get("Location")
	page = w.as(ada, stopped)
	_, err := w.EditToken(w.ctx, w.root, "acme", ids[0], api.EditToken{TokenFields: api.TokenFields{Label: api.Some("Job, changed")}})
	must(t, err)
	w.shows(w.as(ada, stopped), "enable 1 token again")
	w.leads(undo, w.filled(page, undo), narrowed+"&did=bulk-enabled-some")
	if status(ids[0]) != api.StatusDisabled || status(ids[1]) != api.StatusActive {
		t.Errorf("%s and %s", status(ids[0]), status(ids[1]))
	}

	many := make([]string, 0, 41)
	for i := range 41 {
		many = append(many, w.issue("workspace", "", "Many "+strconv.Itoa(i)).Token.Locator)
	}
	page = w.status(stop(many...), http.StatusOK)
	w.shows(page, "enable 41 tokens again")
	w.leads(undo, w.filled(page, undo), narrowed+"&did=bulk-enabled")
	if got := status(many[40]); got != api.StatusActive {
		t.Errorf("the last of many is %s", got)
	}
}

// TestListsOfOthersLeadBackAsTheyWereNarrowed: members, service accounts and webhooks.
func TestListsOfOthersLeadBackAsTheyWereNarrowed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	names := w.furniture()
	for _, c := range []struct{ list, one, name, stop, end string }{
		{"/workspace/acme/members?q=eve", "/workspace/acme/members/{member}", "Members", "deactivate", "remove"},
		{"/workspace/acme/service-accounts?q=ci", "/workspace/acme/service-accounts/{name}", "Service accounts", "disable", "delete"},
		{"/workspace/acme/settings/webhooks?after=0", "/workspace/acme/settings/webhooks/{id}", "Webhooks", "disable", "delete"},
	} {
		one := names.Replace(c.one)
		at := from(one, c.list)
		w.shows(w.status(w.as(ada, c.list), http.StatusOK), `href="`+at+`"`)
		page := w.status(w.as(ada, at), http.StatusOK)
		w.shows(page, `<a href="`+c.list+`">← `+c.name+`</a>`)
		w.leads(at, w.filled(page, at), at+"&did=saved")
		stop := from(one+"/"+c.stop, c.list)
		w.shows(page, stop)
		w.leads(stop, url.Values{}, at+"&did="+map[bool]string{true: "saved", false: "deactivated"}[c.name == "Webhooks"])
		end := from(one+"/"+c.end, c.list)
		w.shows(w.status(w.as(ada, end), http.StatusOK), `action="`+end+`"`, `href="`+at+`"`)
		w.leads(end, url.Values{}, c.list+"&did="+map[bool]string{true: "deleted", false: "removed"}[c.name == "Webhooks"])
	}
}
