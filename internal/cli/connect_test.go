package cli_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/api"
)

// presented is a server that notes the credentials that it is sent.
func presented(t *testing.T) (url string, sent func() string) {
	t.Helper()
	var got string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"principal":{"address":"ada@example.com"},"workspace":"acme"}`))
	}))
	t.Cleanup(s.Close)
	return s.URL, func() string { defer func() { got = "" }(); return got }
}

func writeFile(t *testing.T, name, text string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil { // whatever the umask is
		t.Fatal(err)
	}
	return path
}

// Where the token comes from: a flag before the variable, and never an argument.
// One line end behind it is not part of it; anything else is.
func TestWhereTheTokenComesFrom(t *testing.T) {
	t.Parallel()
	url, sent := presented(t)
	file := writeFile(t, "token", "tkyp_file\r\n", 0o600)
	for _, tt := range []struct {
		line, in string
		env      map[string]string
		want     string
	}{
		{"whoami", "", map[string]string{"TOKENRY_TOKEN": "tkyp_env"}, "tkyp_env"},
		{"whoami --token @" + file, "", map[string]string{"TOKENRY_TOKEN": "tkyp_env"}, "tkyp_file"},
		{"whoami --token-file " + file, "", nil, "tkyp_file"},
		{"whoami --token -", "tkyp_in\n", map[string]string{"TOKENRY_TOKEN": "tkyp_env"}, "tkyp_in"},
		{"whoami --token -", "tkyp_in", nil, "tkyp_in"},
		{"whoami --token -", "tkyp_in\nmore\n", nil, "tkyp_in"},
		{"whoami --token $MINE", "", map[string]string{"MINE": "tkyp_mine"}, "tkyp_mine"},
	} {
		env := map[string]string{"TOKENRY_SERVER": url}
		maps.Copy(env, tt.env)
		if r := run(t, env, tt.in, false, words(tt.line)...); r.code != 0 || sent() != tt.want {
			t.Errorf("%s: want %s sent: %+v", tt.line, tt.want, r)
		}
	}
}

// A token that cannot be had is misuse, and nothing is sent to anybody.
func TestATokenThatCannotBeHad(t *testing.T) {
	t.Parallel()
	url, sent := presented(t)
	file := writeFile(t, "token", "tkyp_file\n", 0o600)
	twoLines := writeFile(t, "two", "tkyp_one\ntkyp_two\n", 0o600)
	for line, said := range map[string]string{
		"whoami":                                        "there is no token: run tokenry login",
		"whoami --token tkyp_x":                         "--token takes no secret itself",
		"whoami --token $NOBODY":                        "the variable NOBODY is not set",
		"whoami --token @/nowhere/token":                "no such file",
		"whoami --token @" + filepath.Dir(file):         "is a directory",
		"whoami --token-file ''":                        "--token-file was given and is empty",
		"whoami --token - --token-file " + file:         "either --token or --token-file",
		"whoami --token -":                              "there is no token",
		"whoami --token @" + twoLines:                   "this is not a token",
		"whoami --server ftp://h --token @" + file:      "must begin with http://",
		"whoami --server http://u:p@h --token @" + file: "no user",
	} {
		r := run(t, map[string]string{"TOKENRY_SERVER": url}, "", false, words(line)...)
		if r.out != "" || r.code == 0 || sent() != "" || !strings.Contains(r.err, said) {
			t.Errorf("%s: want %q, got %+v", line, said, r)
		}
	}
}

// Standard input is one secret: the second one would be what is left of the first.
func TestStandardInputHoldsOneSecret(t *testing.T) {
	t.Parallel()
	url, sent := presented(t)
	r := run(t, map[string]string{"TOKENRY_SERVER": url}, "tkyp_x\n"+nobodys, false, "verify", "-", "--token", "-")
	if r.code != 2 || r.out != "" || sent() != "" || !strings.Contains(r.err, "standard input can hold one secret") {
		t.Errorf("%+v", r)
	}
}

// A file that others can read is used, and named so that it can be mended.
func TestAFileOfASecretThatOthersCanRead(t *testing.T) {
	t.Parallel()
	url, sent := presented(t)
	for mode, warned := range map[os.FileMode]bool{0o600: false, 0o400: false, 0o640: true, 0o604: true} {
		file := writeFile(t, "token", "tkyp_file\n", mode)
		r := run(t, map[string]string{"TOKENRY_SERVER": url}, "", false, "whoami", "--token", "@"+file)
		if r.code != 0 || sent() != "tkyp_file" || strings.Contains(r.err, "chmod 600 "+file) != warned {
			t.Errorf("%o: %+v", mode, r)
		}
	}
}

// Weakness: a token in an argument is seen by every user of the machine. It is not
// used, not repeated, and the person is told what to do, wherever it stands.
func TestATokenInAnArgumentIsNotUsed(t *testing.T) {
	t.Parallel()
	url, sent := presented(t)
	for _, line := range []string{
		"whoami --token " + nobodys, "verify " + nobodys, "token show " + nobodys, "token list --query " + nobodys, "whoami --server " + url + "/" + nobodys, nobodys,
		"scan " + nobodys, "token create --label x" + nobodys,
	} {
		r := run(t, map[string]string{"TOKENRY_SERVER": url, "TOKENRY_TOKEN": "tkyp_x"}, "", false, words(line)...)
		if r.code != 2 && r.code != 1 || r.out != "" || sent() != "" || strings.Contains(r.err, nobodys) || !strings.Contains(r.err, "an argument holds a token") {
			t.Errorf("%.20s: %+v", line, r)
		}
	}
}

// What is wrong is told in the server's words with its code and what to do, or as
// the problem itself. The exit code is that of a refusal.
func TestARefusalIsToldWithItsCodeAndAdvice(t *testing.T) {
	t.Parallel()
	s := answering(t, http.StatusForbidden, "application/problem+json",
		`{"status":403,"code":"insufficient_scope","detail":"this needs tokens:read","missing":["tokens:read"],"field":"f","request_id":"req_1"}`)
	env := map[string]string{"TOKENRY_SERVER": s.URL, "TOKENRY_TOKEN": "tkyp_x"}
	r := run(t, env, "", false, "token", "show", "x", "-w", "acme")
	want := "tokenry: this needs tokens:read\n         (code insufficient_scope, field f, missing tokens:read, request req_1)\n         " + api.CodeInsufficientScope.Info().Advice + "\n"
	if r.code != 1 || r.out != "" || r.err != want {
		t.Errorf("%+v\nwant %s", r, want)
	}
	r = run(t, env, "", false, "token", "show", "x", "-w", "acme", "--json")
	for _, part := range []string{`"code": "insufficient_scope"`, `"status": 403`, `"missing": [`, `"request_id": "req_1"`, `"type": "` + s.URL + `/errors/insufficient_scope"`} {
		if r.code != 1 || r.out != "" || !strings.Contains(r.err, part) {
			t.Errorf("as JSON, want %s: %+v", part, r)
		}
	}
}

// Weakness: who answers in place of the server writes to the person's terminal.
// What is proved: no byte that steers one comes through, in no form of the output.
func TestAHostileServerDoesNotSteerTheTerminal(t *testing.T) {
	t.Parallel()
	const evil = `\u001b]0;owned\u0007\u001b[2J\u202e\u009b31m`
	list := `{"items":[{"id":"` + evil + `","label":"` + evil + `","owner":{"address":"` + evil + `"},"kind":"` + evil + `","status":"` + evil + `","masked":"` + evil + `","grants":[{"role":"` + evil + `","resources":["` + evil + `"]}],"created_by":"` + evil + `","description":"` + evil + `","metadata":{"` + evil + `":"` + evil + `"}}]}`
	for _, tt := range []struct {
		status            int
		contentType, body string
		line              string
	}{
		{200, "application/json", list, "token list"},
		{200, "application/json", list, "token list --json"},
		{200, "application/json", strings.TrimSuffix(strings.TrimPrefix(list, `{"items":[`), `]}`), "token show x"},
		{200, "application/json", `{"principal":{"address":"` + evil + `","name":"` + evil + `"},"workspace":"` + evil + `"}`, "whoami"},
		{200, "application/json", `{"allowed":false,"code":"unknown","detail":"` + evil + `","workspace":"` + evil + `"}`, "verify"},
		{403, "application/problem+json", `{"status":403,"code":"forbidden","detail":"` + evil + `","request_id":"` + evil + `","field":"` + evil + `"}`, "token list"},
		{403, "application/problem+json", `{"status":403,"code":"` + evil + `","detail":"` + evil + `"}`, "token list --json"},
		{500, "text/html", "\x1b[2J<html>", "token list"},
	} {
		s := answering(t, tt.status, tt.contentType, tt.body)
		r := run(t, map[string]string{"TOKENRY_SERVER": s.URL, "TOKENRY_TOKEN": "tkyp_x", "TOKENRY_WORKSPACE": "acme"}, nobodys, true, words(tt.line)...)
		if strings.ContainsAny(r.out+r.err, "\x1b\x07\u202e\u009b") || r.out+r.err == "" {
			t.Errorf("%s of %d: %q", tt.line, tt.status, r.out+r.err)
		}
	}
}

// A server that is not one of ours is told from one that refuses.
func TestWhatIsNoServerOfOurs(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		status            int
		contentType, body string
		said              string
	}{
		{200, "text/html", "<html>", "is there a Tokenry server at this address?"},
		{200, "application/json", "[", "not what this version of the client reads"},
		{404, "text/html", "<html>", "answered 404"},
		{502, "text/html", "<html>", "answered 502"},
		{302, "text/html", "", "answered 302"},
	} {
		s := answering(t, tt.status, tt.contentType, tt.body)
		r := run(t, map[string]string{"TOKENRY_SERVER": s.URL, "TOKENRY_TOKEN": "tkyp_x"}, "", false, "user", "show", "x")
		if r.code != 1 || r.out != "" || !strings.Contains(r.err, tt.said) {
			t.Errorf("%d %s: want %q, got %+v", tt.status, tt.contentType, tt.said, r)
		}
	}
	r := run(t, map[string]string{"TOKENRY_SERVER": "http://127.0.0.1:1", "TOKENRY_TOKEN": "tkyp_x"}, "", false, "whoami")
	if r.code != 1 || !strings.Contains(r.err, "cannot be reached") || !strings.Contains(r.err, "code unavailable") {
		t.Errorf("nobody there: %+v", r)
	}
}

// The whole help of every command is there, and names no flag twice.
func TestEveryGroupListsItsCommands(t *testing.T) {
	t.Parallel()
	for name := range strings.FieldsSeq("token member service-account user admin role scope resource policy workspace webhook audit keys rules removal") {
		r := run(t, nil, "", false, name, "--help")
		if r.code != 0 || !strings.Contains(r.out, "Available Commands:") || strings.Contains(r.out, "%!") {
			t.Errorf("%s: %+v", name, r)
		}
		if r := run(t, nil, "", false, name, "fly"); r.code != 2 || !strings.Contains(r.err, fmt.Sprintf("there is no command %q; tokenry %s --help", "fly", name)) {
			t.Errorf("%s fly: %+v", name, r)
		}
	}
	for typed, meant := range map[string]string{"tokne": "token", "whoam": "whoami", "verfy": "verify"} {
		if r := run(t, nil, "", false, typed); r.code != 2 || !strings.Contains(r.err, "did you mean "+meant) {
			t.Errorf("%s: %+v", typed, r)
		}
	}
	if r := run(t, nil, "", false); r.code != 0 || !strings.Contains(r.out, "tokenry demo") {
		t.Errorf("without arguments: %+v", r)
	}
	if r := run(t, nil, "", false, "version", "--json"); r.code != 0 || !strings.Contains(r.out, `"go": "go1.`) {
		t.Errorf("version: %+v", r)
	}
}

// Programs read what went wrong with the command itself in the same form as what
// the server refused.
func TestMisuseAsJSONIsAProblem(t *testing.T) {
	t.Parallel()
	for line, code := range map[string]string{"--json whoami": "invalid_request", "--json token list --limit x": "invalid_request", "--json fly": "invalid_request"} {
		r := run(t, nil, "", false, words(line)...)
		if r.code != 2 || r.out != "" || !strings.Contains(r.err, `"code": "`+code+`"`) {
			t.Errorf("%s: %+v", line, r)
		}
	}
}
