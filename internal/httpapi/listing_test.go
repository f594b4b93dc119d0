package httpapi_test

import (
	"bufio"
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/api"
)

// fill makes tokens t0, t1, …
func (w *world) fill(n int) {
	w.Helper()
	for i := range n {
		w.issue("acme", object{"label": "t" + strconv.Itoa(i), "metadata": object{"n": i % 2}})
	}
}

// labels reads a listing of tokens to its end.
func (w *world) labels(query string, pages int) []string {
	w.Helper()
	var out []string
	for cursor, n := "", 0; ; n++ {
		path := ws + "/tokens?" + query
		if cursor != "" {
			path += "&cursor=" + url.QueryEscape(cursor)
		}
		var page api.List[api.Token]
		w.as(w.root, "GET", path, nil).is(200).into(&page)
		for _, t := range page.Items {
			out = append(out, t.Label)
		}
		if page.NextCursor == nil {
			if n+1 != pages {
				w.Errorf("%s: %d pages, want %d", query, n+1, pages)
			}
			return out
		}
		cursor = *page.NextCursor
	}
}

func TestPagesFollowEachOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fill(5)
	want := []string{"t4", "t3", "t2", "t1", "t0", "First token"}
	for limit, pages := range map[string]int{"limit=2": 3, "limit=4": 2, "limit=6": 1, "limit=200": 1, "": 1} {
		if got := w.labels(limit, pages); !slices.Equal(got, want) {
			t.Errorf("%s: %v", limit, got)
		}
	}
	if got := w.labels("limit=1&metadata.n=1", 2); !slices.Equal(got, []string{"t3", "t1"}) {
		t.Errorf("%v", got)
	}
}

func TestWholeListsHavePagesToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	names := func(query string) (out []string, next *string) {
		var page api.List[api.Role]
		w.as(w.root, "GET", ws+"/roles"+query, nil).is(200).into(&page)
		for _, r := range page.Items {
			out = append(out, r.Name)
		}
		return out, page.NextCursor
	}
	whole, next := names("")
	if next != nil || len(whole) != 6 {
		t.Fatalf("%v %v", whole, next)
	}
	var got []string
	for query := "?limit=4"; query != ""; {
		page, next := names(query)
		got, query = append(got, page...), ""
		if next != nil {
			query = "?limit=4&cursor=" + *next
		}
	}
	if !slices.Equal(got, whole) {
		t.Errorf("%v, want %v", got, whole)
	}
}

func TestACursorBelongsToItsListing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fill(3)
	w.play([]step{{"POST", "/v1/workspaces", object{"slug": "globex"}, 201, nil}})
	var page api.List[api.Token]
	w.as(w.root, "GET", ws+"/tokens?limit=1&q=t", nil).is(200).into(&page)
	cursor := *page.NextCursor
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	w.must(err)
	w.as(w.root, "GET", ws+"/tokens?limit=7&q=t&cursor="+cursor, nil).is(200) // another size is the same listing
	flip := func(i int) string {
		b := slices.Clone(raw)
		b[i] ^= 1
		return base64.RawURLEncoding.EncodeToString(b)
	}
	for name, path := range map[string]string{
		"another workspace": "/v1/workspaces/globex/tokens?q=t&cursor=" + cursor,
		"other filters":     ws + "/tokens?q=x&cursor=" + cursor,
		"no filters":        ws + "/tokens?cursor=" + cursor,
		"another route":     ws + "/members?cursor=" + cursor,
		"an altered place":  ws + "/tokens?q=t&cursor=" + flip(len(raw)-1),
		"an altered nonce":  ws + "/tokens?q=t&cursor=" + flip(5),
		"another key":       ws + "/tokens?q=t&cursor=" + flip(3),
		"a cut one":         ws + "/tokens?q=t&cursor=" + cursor[:20],
		"a longer one":      ws + "/tokens?q=t&cursor=" + cursor + "AA",
		"a number":          ws + "/tokens?q=t&cursor=7",
	} {
		w.as(w.root, "GET", path, nil).titled(name).field(api.CodeInvalidCursor, "cursor")
	}
	if strings.Contains(string(raw), "\x00\x00\x00\x00\x00") {
		t.Error("the row number can be read")
	}
}

// TestListsAreSearched: whoever lists finds, across the pages, and only in what
// they may list.
func TestListsAreSearched(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	everywhere := func(role string) object { return object{"role": role, "resources": []string{"*"}} }
	member := func(email string) object {
		in := everywhere("Viewer")
		in["email"], in["name"] = email, "Found "+email
		return in
	}
	w.play([]step{
		{"POST", "/v1/workspaces", object{"slug": "globex", "external_id": "Found-1"}, 201, nil},
		{"POST", "/v1/workspaces/globex/members", member("elsewhere@example.com"), 201, nil},
		{"POST", ws + "/members", member("one@example.com"), 201, nil},
		{"POST", ws + "/members", member("two@example.com"), 201, nil},
		{"POST", ws + "/service-accounts", object{"name": "found.bot", "role": "Viewer"}, 201, nil},
		{"POST", ws + "/resources", object{"name": "found:here"}, 201, nil},
	})
	for path, want := range map[string]int{
		ws + "/members": 2, ws + "/service-accounts": 1, ws + "/resources": 1, "/v1/workspaces": 1, "/v1/users": 3,
	} {
		got := 0
		for query := "?q=FOUND&limit=1"; query != ""; {
			var page api.List[object]
			w.as(w.root, "GET", path+query, nil).is(200).into(&page)
			got, query = got+len(page.Items), ""
			if page.NextCursor != nil {
				query = "?q=FOUND&limit=1&cursor=" + *page.NextCursor
			}
		}
		if got != want {
			t.Errorf("%s has %d that are found, want %d", path, got, want)
		}
		w.as(w.root, "GET", path+"?q=a%00b", nil).field(api.CodeInvalidParameter, "q")
		w.as(w.root, "GET", path+"?q=x&q=y", nil).field(api.CodeInvalidParameter, "q")
	}
	w.as(w.root, "GET", ws+"/roles?q=x", nil).field(api.CodeInvalidParameter, "q")
	local := w.issue("acme", object{"label": "local", "scopes": []string{"members:read"}}).Secret
	var page api.List[object]
	for query, want := range map[string]int{"?q=found": 0, "?q=ACME": 1} {
		w.as(local, "GET", "/v1/workspaces"+query, nil).is(200).into(&page)
		if len(page.Items) != want {
			t.Errorf("a token of one workspace finds %d with %s, want %d", len(page.Items), query, want)
		}
	}
}

func TestTablesAreSafeInSpreadsheets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, label := range []string{"=1+1", "+1", "-1", "@SUM(A1)", "plain, with \"quotes\"", "＝1"} {
		w.issue("acme", object{"label": label})
	}
	w.fill(3)
	r := w.as(w.root, "GET", ws+"/tokens?format=csv&status=active", nil).is(200)
	w.checkCommon(r)
	if got := r.Header.Get("Content-Type"); got != "text/csv; charset=utf-8" {
		t.Errorf("content type %q", got)
	}
	rows, err := csv.NewReader(strings.NewReader(string(r.body))).ReadAll()
	w.must(err)
	column := slices.Index(rows[0], "label")
	var labels []string
	for _, row := range rows[1:] {
		labels = append(labels, row[column])
		for _, cell := range row {
			if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r\n\x00") {
				t.Errorf("a cell begins like a formula: %q", cell)
			}
		}
	}
	want := []string{"t2", "t1", "t0", "'＝1", "plain, with \"quotes\"", "'@SUM(A1)", "'-1", "'+1", "'=1+1", "First token"}
	if !slices.Equal(labels, want) {
		t.Errorf("%q", labels)
	}
	w.as(w.account("ci", "a:b"), "GET", ws+"/tokens?format=csv", nil).is(403).problem(api.CodeInsufficientScope)
}

func TestTheAuditIsListedAndExported(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fill(205) // more than one page of an export
	var page api.List[api.AuditEvent]
	w.as(w.root, "GET", ws+"/audit?limit=3&action=token.created&actor=ada@example.com", nil).is(200).into(&page)
	if len(page.Items) != 3 || page.NextCursor == nil || page.Items[0].RequestID == "" || page.Items[0].IP == nil || *page.Items[0].IP != "127.0.0.1" {
		t.Fatalf("%+v", page)
	}
	r := w.as(w.root, "GET", ws+"/audit/export?action=token.created", nil).is(200)
	w.checkCommon(r)
	var sequences []int64
	for lines := bufio.NewScanner(strings.NewReader(string(r.body))); lines.Scan(); {
		var e api.AuditEvent
		w.must(json.Unmarshal(lines.Bytes(), &e))
		sequences = append(sequences, e.Sequence)
	}
	if len(sequences) != 206 || !slices.IsSortedFunc(sequences, func(a, b int64) int { return int(b - a) }) {
		t.Errorf("%d events, %v", len(sequences), sequences[:3])
	}
	rows, err := csv.NewReader(strings.NewReader(string(w.as(w.root, "GET", ws+"/audit/export?format=csv&token="+*page.Items[0].Token, nil).is(200).body))).ReadAll()
	w.must(err)
	if len(rows) != 2 || rows[0][0] != "sequence" {
		t.Errorf("%v", rows)
	}
	w.as(w.root, "POST", ws+"/tokens", `{"label": "with", "kind": "workspace", "role": "Viewer"}`).is(201)
	w.as(w.root, "GET", ws+"/audit?limit=1&action=token.created", nil).is(200).into(&page)
	with := *page.Items[0].ActorToken
	w.as(w.root, "GET", ws+"/audit?limit=2&with="+with, nil).is(200).into(&page)
	if len(page.Items) == 0 || *page.Items[0].ActorToken != with {
		t.Errorf("with %s: %+v", with, page.Items)
	}
	w.as(w.root, "GET", ws+"/audit?with=000000000000", nil).is(200).into(&page)
	if len(page.Items) != 0 {
		t.Errorf("with a token that did nothing: %+v", page.Items)
	}
	w.as(w.root, "GET", ws+"/audit/export?action=nothing", nil).is(200)
	w.as(w.account("ci", "a:b"), "GET", ws+"/audit/export", nil).is(403).problem(api.CodeInsufficientScope)
}

func TestIdentifiersSurviveTheirPath(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, external := range []string{"foo/bar", "a b", "ü%2F", "..", "x?y#z", "+"} {
		path := ws + "/members/" + url.PathEscape("ext:"+external)
		var m api.Member
		w.as(w.root, "PUT", path, object{"name": "n", "role": "Viewer"}).is(201).into(&m)
		if m.ExternalID == nil || *m.ExternalID != external {
			t.Errorf("%q became %v", external, m.ExternalID)
		}
		w.as(w.root, "PUT", path, object{"name": "n2", "role": "Viewer"}).is(200)
		w.as(w.root, "GET", path, nil).is(200)
	}
	i := w.issue("acme", object{"label": "x"})
	for _, id := range []string{i.Token.ID, i.Token.Locator, url.PathEscape(i.Token.ID), strings.ReplaceAll(i.Token.ID, "@", "%40")} {
		w.as(w.root, "GET", ws+"/tokens/"+id, nil).is(200)
	}
}

// TestMetadataKeepsItsNumbers: an id of somebody's database beyond 2^53 comes
// back as it went in, from every call, and is found by it.
func TestMetadataKeepsItsNumbers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const literal = `"metadata":{"id":9007199254740993,"price":1.10,"rows":1000000}`
	i := w.send("POST", ws+"/tokens", `{"label":"big",`+literal+`}`, "Authorization", "Bearer "+w.root).is(201).issued()
	one := ws + "/tokens/" + i.Token.Locator
	for _, r := range []*reply{
		w.as(w.root, "GET", one, nil),
		w.as(w.root, "PATCH", one, object{"label": "bigger"}),
		w.as(w.root, "GET", ws+"/tokens?metadata.id=9007199254740993&metadata.price=1.10&metadata.rows=1000000", nil),
		w.as(w.root, "POST", "/v1/verify", object{"token": i.Secret}),
		w.send("PATCH", ws, `{`+literal+`}`, "Authorization", "Bearer "+w.root),
		w.as(w.root, "GET", ws, nil),
	} {
		if !strings.Contains(string(r.is(200).body), literal) {
			t.Errorf("%s", r.body)
		}
	}
	if n := len(w.labels("metadata.id=9007199254740992", 1)); n != 0 {
		t.Errorf("its neighbour finds %d", n)
	}
	var back api.Token
	w.as(w.root, "GET", one, nil).into(&back)
	if got := back.Metadata["id"]; got != json.Number("9007199254740993") {
		t.Errorf("a Go program reads %T %v", got, got)
	}
}

// A filter says the same in a body as in a query.
func TestABulkFilterSpeaksTheWordsOfTheQuery(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fill(5)
	rehearse := func(filter object) *reply {
		return w.as(w.root, "POST", ws+"/tokens/bulk", object{"action": "disable", "dry_run": true, "filter": filter})
	}
	for _, filter := range []object{
		{"metadata": object{"n": "1"}}, {"metadata": object{"n": "1"}, "kind": "service"},
	} {
		var found api.BulkResults
		rehearse(filter).is(200).into(&found)
		want := 2
		if filter["kind"] != nil {
			want = 0
		}
		if found.Matched != want {
			t.Errorf("%v matched %d, want %d", filter, found.Matched, want)
		}
	}
	for field, filter := range map[string]object{
		"filter.bogus": {"bogus": "x"}, "": {"metadata.n": "x"},
	} {
		rehearse(filter).field(api.CodeUnknownField, field)
	}
	for field, filter := range map[string]object{
		"filter.unused_for": {"unused_for": "soon"}, "filter.metadata.n": {"metadata": object{"n": 1}},
	} {
		rehearse(filter).field(api.CodeInvalidField, field)
	}
}
