package httpapi_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/internal/httpapi"
)

// situation is one line of the matrix: a route, what is touched, and a request
// that is well-formed, so that whoever may make it is answered with success.
type situation struct {
	// route is the pattern of the table.
	route string
	// about says what the request touches, where the route alone does not.
	about string
	// id replaces the last wildcard of the path.
	id   string
	body string
	// query goes behind the path.
	query string
}

// path puts names into the wildcards: those of the furniture, or the
// situation's own.
func (s situation) path(o *firm, c caller) string {
	_, path, found := strings.Cut(s.route, " ")
	if !found {
		path = s.route
	}
	id := s.id
	switch id {
	case "peer":
		id = c.peer
	case "bea's", "robot's", "org's", "asked's":
		id = o.ids["acme/"+strings.TrimSuffix(id, "'s")]
	}
	at := "acme"
	if strings.HasPrefix(path, "/v1/instance") {
		at = "instance"
	}
	path = strings.NewReplacer("{ruleset}", "everyone", "{path...}", "tickets/1", "{scopes}", "tickets:read", "{resource}", "payments").Replace(path)
	path = strings.Replace(path, "{rule}", o.ids[at+"/rule"], 1)
	path = strings.Replace(path, "{webhook}", o.ids[at+"/webhook"], 1)
	path = strings.Replace(path, "{delivery}", o.ids[at+"/delivery"], 1)
	for _, w := range []string{"{member}", "{name}", "{id}", "{code}"} {
		path = strings.Replace(path, w, id, 1)
	}
	return strings.Replace(path, "{ws}", "acme", 1) + s.query
}

// method is the route's; a route that takes any is asked with GET.
func (s situation) method() string {
	if method, _, found := strings.Cut(s.route, " "); found {
		return method
	}
	return "GET"
}

// content is the body; ORG in it is the id of the workspace's token, and SECRET
// its secret.
func (s situation) content(o *firm) string {
	return strings.NewReplacer("ORG", o.ids["acme/org"], "SECRET", o.ids["acme/org's secret"]).Replace(s.body)
}

func (s situation) title() string {
	if s.about == "" {
		return s.route
	}
	return s.route + " · " + s.about
}

// TestMatrix asks every route as every caller. What is refused must change
// nothing; what is granted is taken back, so that no cell depends on another.
func TestMatrix(t *testing.T) {
	t.Parallel()
	o := newFirm(t)
	var titles []string
	for _, s := range situations() {
		titles = append(titles, s.title())
	}
	g := openLedger(t, "matrix.txt", matrixHead, titles)
	w := o.open(t)
	stage := w.rehearse()
	for _, s := range situations() {
		g.line(t, s.title(), askAll(w, stage, o, s))
	}
}

// askAll asks one situation as every caller; -short leaves out those whose
// tokens are not personal.
func askAll(w *world, stage *rehearsal, o *firm, s situation) string {
	w.Helper()
	var row strings.Builder
	for i, c := range o.callers {
		group := len(roles())
		if i > 0 && i%group == 0 && i <= 3*group {
			row.WriteString(" ")
		}
		if testing.Short() && i >= group && i < 3*group {
			row.WriteString(".")
			continue
		}
		before := stage.granted.Load()
		r := w.ask(c.secret, s.method(), s.path(o, c), s.content(o))
		v := r.verdict()
		if len(v) > 1 {
			w.Errorf("%s as %s: %s\n%s", s.title(), c.name, r.Status, r.body)
		}
		if v != "+" && stage.granted.Load() != before {
			w.Errorf("%s as %s: the call was refused, and changed something", s.title(), c.name)
		}
		row.WriteString(v)
	}
	return row.String()
}

// ask sends a request with a token, or without any.
func (w *world) ask(tok, method, path, body string) *reply {
	w.Helper()
	if tok == "" {
		return w.send(method, path, body)
	}
	return w.as(tok, method, path, body)
}

// TestEveryRouteIsInTheMatrix fails for a route that nobody thought about.
func TestEveryRouteIsInTheMatrix(t *testing.T) {
	t.Parallel()
	var have []string
	for _, s := range situations() {
		have = append(have, s.route)
	}
	for _, rt := range httpapi.Routes() {
		if !slices.Contains(have, rt.Pattern()) {
			t.Errorf("%s has no line in the matrix: add one to situations, run with -update, and read what it says", rt.Pattern())
		}
	}
}

const matrixHead = `# Who may call what. One line a situation, one column a caller.
#
# + done                  - a scope is missing        ^ more than the caller's own rights
# 0 not found             ? credentials are missing   ! forbidden by policy
# o an owner has to be named
#
# Each group is Viewer, Team Member, Workspace Manager, Administrator, Owner, CI Token.
# personal: a token that inherits the member's role; service: that inherits the service account's;
# workspace: the workspace's own, with the role. Last: a token with instance:admin alone, one with
# instance:verify alone, no credentials, and the Owner of another workspace.
#
# Written by go test ./internal/httpapi -run Matrix -update; every changed line is a changed law.
#
# pers.  serv.  work.  AV?F
`

// books is a golden file that tests hold their lines against.
type books struct {
	path, head string
	// titles are its lines in their order.
	titles []string
	want   map[string]string
	got    map[string]string
}

// openLedger reads a golden file; with -update it is written when the test ends.
func openLedger(t *testing.T, name, head string, titles []string) *books {
	t.Helper()
	g := &books{path: filepath.Join("testdata", name), head: head, titles: titles, want: map[string]string{}, got: map[string]string{}}
	raw, err := os.ReadFile(g.path)
	if err != nil && !*update {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(raw)) {
		if line = strings.TrimRight(line, "\n"); !strings.HasPrefix(line, "#") {
			row, title, _ := strings.Cut(line, "  ")
			g.want[title] = row
		}
	}
	t.Cleanup(func() { g.close(t) })
	return g
}

// line holds one line; what -short left out is not compared.
func (g *books) line(t *testing.T, title, row string) {
	t.Helper()
	g.got[title] = row
	if want := g.want[title]; !*update && !sameRow(want, row) {
		t.Errorf("%s: answered\n%s\nwant\n%s", title, row, want)
	}
}

func sameRow(want, got string) bool {
	if len(want) != len(got) {
		return false
	}
	for i := range got {
		if got[i] != '.' && got[i] != want[i] {
			return false
		}
	}
	return true
}

// close fails for a line that nobody asks for any more; with -update it writes
// the file, unless -run left out some of it.
func (g *books) close(t *testing.T) {
	t.Helper()
	for title := range g.want {
		if !*update && !slices.Contains(g.titles, title) {
			t.Errorf("%s has a line about %q, which is no situation any more", g.path, title)
		}
	}
	if !*update || len(g.got) < len(g.titles) {
		return
	}
	var b strings.Builder
	b.WriteString(g.head)
	for _, title := range g.titles {
		b.WriteString(g.got[title] + "  " + title + "\n")
	}
	if err := os.WriteFile(g.path, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}
