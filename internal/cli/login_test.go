package cli_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/client/clienttest"
	"github.com/tokenry/tokenry/internal/cli"
)

const herWords = "nine llamas sing at midnight"

// desk is a server, and Grace with a browser and a machine of her own.
type desk struct {
	*testing.T
	*clienttest.Server
	env     map[string]string
	browser *http.Client
}

// newDesk gives Grace a machine; an empty home is a new one.
func newDesk(t *testing.T, home string) *desk {
	t.Helper()
	d := &desk{T: t, Server: clienttest.New(t)}
	if home == "" {
		home = t.TempDir()
	}
	d.env = map[string]string{"HOME": home, "TOKENRY_SERVER": d.URL}
	in := api.CreateMember{Email: "grace@example.com", Password: herWords}
	in.Role, in.Resources = api.Some("Team Member"), api.Some([]string{"*"})
	if _, err := d.Client.CreateMember(t.Context(), "acme", in); err != nil {
		t.Fatal(err)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	d.browser = &http.Client{Jar: jar}
	t.Cleanup(d.browser.CloseIdleConnections)
	d.post("/signin", "email", "grace@example.com", "password", herWords)
	return d
}

// post sends a form as Grace's browser does, and answers the page it leads to.
func (d *desk) post(path string, fields ...string) string {
	d.Helper()
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	r, err := http.NewRequestWithContext(d.Context(), http.MethodPost, d.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		d.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	resp, err := d.browser.Do(r)
	if err != nil {
		d.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		d.Fatal(err)
	}
	return string(b)
}

var shown = regexp.MustCompile(`(?m)^ {4}([B-Z]{4}-[B-Z]{4})$`)

// reader is a person who reads what the program writes, and does what it asks
// before the program goes on.
type reader struct {
	strings.Builder
	does func(code string)
}

func (r *reader) Write(b []byte) (int, error) {
	if m := shown.FindSubmatch(b); m != nil && r.does != nil {
		r.does(string(m[1]))
	}
	return r.Builder.Write(b)
}

// login runs tokenry login while somebody does something with the code.
func (d *desk) login(does func(code string), args ...string) ran {
	d.Helper()
	var out strings.Builder
	errs := &reader{does: does}
	err := cli.Run(d.Context(), append([]string{"login"}, args...), cli.Stdio{
		Out: &out, Err: errs, Env: func(name string) (string, bool) { v, ok := d.env[name]; return v, ok },
		Terminal: func(any) bool { return false },
	})
	return ran{out.String(), errs.String(), cli.ExitCode(err)}
}

// approves is what Grace does: she types the code, looks, and approves.
func (d *desk) approves(code string) {
	d.Helper()
	if page := d.post("/device", "code", strings.ToLower(code)); !strings.Contains(page, "Let this terminal act for you?") || !strings.Contains(page, "tokenry-cli") {
		d.Errorf("she is not asked: %s", page)
	}
	d.post("/device/answer", "code", code, "workspace", "acme", "answer", "approve")
}

func (d *desk) runs(args ...string) ran { d.Helper(); return run(d.T, d.env, "", false, args...) }

// kept are the files that hold a sign-in.
func (d *desk) kept() []string {
	d.Helper()
	files, err := filepath.Glob(filepath.Join(d.env["HOME"], ".config/tokenry/logins/*"))
	if err != nil {
		d.Fatal(err)
	}
	return files
}

var anyToken = regexp.MustCompile(`tky[a-z]?_\w{20,}`)

func TestLoginAndLogout(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "")
	r := d.login(d.approves)
	if r.code != 0 || r.out != "" || !strings.Contains(r.err, "Open "+d.URL+"/device") || !strings.Contains(r.err, "workspace acme") {
		t.Fatalf("%+v", r)
	}
	files := d.kept()
	if len(files) != 1 {
		t.Fatalf("it keeps %v", files)
	}
	info, err := os.Stat(files[0])
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	b, err := os.ReadFile(files[0])
	if err != nil || len(anyToken.FindAll(b, -1)) != 1 {
		t.Fatalf("no token in %s, %v", files[0], err)
	}
	secret := string(anyToken.Find(b))
	if anyToken.MatchString(r.err) {
		t.Error("the token was printed")
	}
	if r := d.runs("whoami"); r.code != 0 || !strings.Contains(r.out, "grace@example.com") || strings.Contains(r.out+r.err, secret) {
		t.Errorf("whoami: %+v", r)
	}
	if r := run(t, map[string]string{"TOKENRY_SERVER": d.URL, "TOKENRY_TOKEN": d.Token, "HOME": d.env["HOME"]}, "", false, "whoami"); !strings.Contains(r.out, d.Email) {
		t.Errorf("TOKENRY_TOKEN comes first: %+v", r)
	}

	if r := d.runs("logout"); r.code != 0 || len(d.kept()) != 0 || !strings.Contains(r.err, "revoked") {
		t.Errorf("logout: %+v, %v", r, d.kept())
	}
	if _, err := d.As(t, secret).Whoami(t.Context()); !errors.Is(err, api.CodeRevoked) && !errors.Is(err, api.CodeInvalidToken) {
		t.Errorf("the token still works: %v", err)
	}
	if r := d.runs("logout"); r.code != 2 || !strings.Contains(r.err, "nobody is signed in") {
		t.Errorf("a second logout: %+v", r)
	}
	if r := d.runs("whoami"); r.code != 2 || !strings.Contains(r.err, "run tokenry login") {
		t.Errorf("whoami after logout: %+v", r)
	}
}

func TestLoginSaysItAsJSON(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "")
	r := d.login(d.approves, "--json")
	if r.code != 0 || !strings.Contains(r.out, `"workspace": "acme"`) || !strings.Contains(r.out, `"locator"`) || anyToken.MatchString(r.out) {
		t.Errorf("%+v", r)
	}
}

// Who signs in again leaves no token behind that nobody knows of.
func TestTheSecondLoginReplacesTheFirst(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "")
	secret := func() string {
		t.Helper()
		if r := d.login(d.approves); r.code != 0 {
			t.Fatalf("%+v", r)
		}
		b, err := os.ReadFile(d.kept()[0])
		if err != nil {
			t.Fatal(err)
		}
		return string(anyToken.Find(b))
	}
	before := secret()
	after := secret()
	if _, err := d.As(t, before).Whoami(t.Context()); err == nil {
		t.Error("the first token still works")
	}
	if _, err := d.As(t, after).Whoami(t.Context()); err != nil || before == after {
		t.Errorf("the second does not: %v", err)
	}
}

func TestLoginThatIsNotApproved(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		does func(d *desk, code string)
		says string
	}{
		"denied":  {func(d *desk, code string) { d.post("/device/answer", "code", code, "answer", "deny") }, "denied in the browser"},
		"expired": {func(d *desk, _ string) { d.Advance(11 * time.Minute) }, "begin again"},
		"refused by the policy": {func(d *desk, code string) {
			d.approves(code)
			d.policy(api.PersonalNobody)
		}, "the sign-in was denied: "},
		"away": {func(d *desk, code string) {
			d.approves(code)
			if _, err := d.Client.DeactivateMember(d.Context(), "acme", "grace@example.com"); err != nil {
				d.Error(err)
			}
		}, "the sign-in was denied: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, "")
			r := d.login(func(code string) { c.does(d, code) })
			if r.code != 1 || !strings.Contains(r.err, c.says) || len(d.kept()) != 0 {
				t.Errorf("%+v, %v", r, d.kept())
			}
		})
	}
}

func (d *desk) policy(who string) {
	d.Helper()
	if _, err := d.Client.EditPolicy(d.Context(), "acme", api.PatchPolicy{PersonalTokens: api.Some(who)}); err != nil {
		d.Error(err)
	}
}

// What the policy refuses anyway is refused where the person is.
func TestApprovingWhatThePolicyRefuses(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "")
	d.policy(api.PersonalNobody)
	page := ""
	d.login(func(code string) {
		page = d.post("/device/answer", "code", code, "workspace", "acme", "answer", "approve")
		d.post("/device/answer", "code", code, "answer", "deny")
	})
	if !strings.Contains(page, "Let this terminal act for you?") || !strings.Contains(page, "policy") {
		t.Errorf("she is told %s", page)
	}
}

// Two servers stand side by side, and what one gave goes to no other.
func TestTwoServersSideBySide(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	one, other := newDesk(t, home), newDesk(t, home)
	for _, d := range []*desk{one, other} {
		if r := d.login(d.approves); r.code != 0 {
			t.Fatalf("%+v", r)
		}
	}
	if len(one.kept()) != 2 {
		t.Fatalf("it keeps %v", one.kept())
	}
	if r := one.runs("logout"); r.code != 0 {
		t.Errorf("%+v", r)
	}
	if r := other.runs("whoami"); r.code != 0 {
		t.Errorf("the other is signed out too: %+v", r)
	}
	if err := os.Rename(other.kept()[0], filepath.Join(home, "x")); err != nil {
		t.Fatal(err)
	}
	name := strings.NewReplacer(":", "_", "/", "_").Replace(one.URL) + ".json"
	if err := os.Rename(filepath.Join(home, "x"), filepath.Join(home, ".config/tokenry/logins", name)); err != nil {
		t.Fatal(err)
	}
	if r := one.runs("whoami"); r.code != 2 || !strings.Contains(r.err, "there is no token") {
		t.Errorf("another server's token is sent: %+v", r)
	}
}

func TestAFileThatOthersReadIsNotUsed(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "")
	if r := d.login(d.approves); r.code != 0 {
		t.Fatalf("%+v", r)
	}
	file := d.kept()[0]
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"whoami", "logout"} {
		if r := d.runs(command); r.code != 1 || !strings.Contains(r.err, "can be read by others") || !strings.Contains(r.err, "chmod 600") || anyToken.MatchString(r.err) {
			t.Errorf("%s: %+v", command, r)
		}
	}
	if err := os.WriteFile(file, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(file, 0o600); err != nil {
		t.Fatal(err)
	}
	if r := d.runs("whoami"); r.code != 1 || !strings.Contains(r.err, "sign in again") {
		t.Errorf("garbage: %+v", r)
	}
}

// TestALoginIsShortAndMayBeNarrow: it lasts eight hours where nothing is said; scopes, a
// lifetime and a workspace go to the page that approves, and what was given is told.
func TestALoginIsShortAndMayBeNarrow(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "")
	r := d.login(d.approves)
	if r.code != 0 || !strings.Contains(r.err, "(in 8h)") {
		t.Fatalf("%+v", r)
	}
	page := ""
	r = d.login(func(code string) {
		page = d.post("/device", "code", code)
		d.post("/device/answer", "code", code, "workspace", "acme", "answer", "approve")
	}, "--scope", "tokens:read", "--expires-in", "30m", "-w", "acme", "--no-browser", "--json")
	for _, want := range []string{"<code>tokens:read</code>", "30 minutes"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s: %s", want, page)
		}
	}
	var said struct {
		Workspace, Scope string
		ExpiresAt        *time.Time `json:"expires_at"`
	}
	if err := json.Unmarshal([]byte(r.out), &said); err != nil || said.Scope != "tokens:read" || said.Workspace != "acme" || said.ExpiresAt == nil || time.Until(*said.ExpiresAt) > 31*time.Minute {
		t.Errorf("%+v, %v", r, err)
	}
	if r := d.runs("whoami"); r.code != 0 || !strings.Contains(r.out, "tokens:read on everything") || strings.Contains(r.out, "tokens:create") {
		t.Errorf("%+v", r)
	}
	for args, code := range map[string]int{"--scope Tickets": 1, "--expires-in soon": 2, "--expires-in 1s": 1, "-w ext:7": 2, "-w UPPER": 1} {
		if r := d.login(nil, strings.Fields(args)...); r.code != code || strings.Contains(r.err, "type this code") {
			t.Errorf("%s: %+v", args, r)
		}
	}
}
