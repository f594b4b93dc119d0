package server_test

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/server"
)

// asked writes requests by hand and answers what comes until the connection ends, without
// what differs from one answer to the next.
func asked(t *testing.T, network, address, requests string) []string {
	t.Helper()
	conn := rawAt(t, network, address)
	go func() { _, _ = io.WriteString(conn, requests) }() // cut off on the way
	var answers []string
	for r := bufio.NewReader(conn); ; {
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			return answers
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil || resp.Body.Close() != nil {
			t.Error(err)
		}
		id := resp.Header.Get("Tokenry-Request-Id")
		if len(id) != len("req_0123456789abcdef") || resp.StatusCode == http.StatusOK && resp.Header.Get("Date") == "" {
			t.Errorf("no name or no date: %v", resp.Header)
		}
		for _, name := range []string{"Date", "Tokenry-Request-Id"} {
			resp.Header.Del(name)
		}
		if resp.Close { // it may end with the connection
			resp.Header.Del("Content-Length")
			resp.ContentLength = 0
		}
		answers = append(answers, fmt.Sprintf("%s close=%v length=%d\n%v\n%s", resp.Status, resp.Close, resp.ContentLength, resp.Header,
			regexp.MustCompile(`req_[0-9a-v]{16}`).ReplaceAllString(string(body), "ID")))
		if resp.Close {
			return answers
		}
	}
}

const end = " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"

// TestTheHotListenerAnswersAsTheMainOne: every request of the table gets the same from
// both, byte for byte but for names and dates.
func TestTheHotListenerAnswersAsTheMainOne(t *testing.T) {
	t.Parallel()
	rules := t.TempDir()
	must(t, os.WriteFile(filepath.Join(rules, "shop.yaml"), []byte("workspace: acme\nrules:\n  - {match: GET /orders/**, scopes: [\"tickets:read\"]}\n  - {match: GET /health, public: true}\n"), 0o600))
	s := start(t, settings(t, "--data", t.TempDir(), "--hot-listen", "127.0.0.1:0", "--rules", rules, "--trusted-proxies", "127.0.0.1"))
	c, root := own(t, s)
	in := api.CreateToken{Kind: "workspace"}
	in.Label, in.Scopes, in.Resources = api.Some("x"), api.Some([]string{"tickets:read"}), api.Some([]string{"*"})
	in.AllowedIPs = api.Some([]string{"127.0.0.0/8", "203.0.113.0/24"})
	made, err := c.CreateToken(t.Context(), "", in)
	must(t, err)
	good, admin := "Authorization: Bearer "+made.Secret+"\r\n", "Authorization: Bearer "+root+"\r\n"
	post := func(path, media, auth, body string) string {
		return fmt.Sprintf("POST %s%s%sContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s", path, end, auth, media, len(body), body)
	}
	const form, object = "application/x-www-form-urlencoded", "application/json"
	forward := "GET /v1/forward-auth?workspace=acme&scope=tickets:read"
	question := `{"token":"` + made.Secret + `","scopes":["tickets:read"]}`
	for name, requests := range map[string]string{
		"let through":                  forward + end + good + "\r\n",
		"HTTP/1.0":                     forward + " HTTP/1.0\r\n" + good + "\r\n",
		"names in small letters":       forward + " HTTP/1.1\r\nhost: h\r\nconnection: close\r\nauthorization: bearer " + made.Secret + "\r\n\r\n",
		"one after the other":          strings.Repeat(forward+" HTTP/1.1\r\nHost: h\r\n"+good+"\r\n", 3) + forward + end + good + "\r\n",
		"no token":                     forward + end + "\r\n",
		"no token for nginx":           forward + "&deny=403" + end + "\r\n",
		"two tokens":                   forward + end + good + good + "\r\n",
		"two names of one header":      forward + end + good + "authorization: Bearer x\r\n\r\n",
		"an empty token":               forward + end + "Authorization: Bearer \r\n\r\n",
		"a scope that it lacks":        "GET /v1/forward-auth?workspace=acme&scope=tickets:write" + end + good + "\r\n",
		"a workspace that is none":     "GET /v1/forward-auth?workspace=nope" + end + good + "\r\n",
		"no such parameter":            "GET /v1/forward-auth?scop=x" + end + good + "\r\n",
		"a parameter twice":            "GET /v1/forward-auth?workspace=a&workspace=b" + end + good + "\r\n",
		"a token in the address":       "GET /v1/forward-auth?access_token=" + made.Secret + end + "\r\n",
		"a query that is encoded":      "GET /v1/forward-auth?workspace=%61cme&scope=tickets%3Aread" + end + good + "\r\n",
		"a query that is broken":       "GET /v1/forward-auth?workspace=%zz" + end + good + "\r\n",
		"a path that is encoded":       "GET /v1/%66orward-auth?workspace=acme" + end + good + "\r\n",
		"a path that is broken":        "GET /v1/forward-auth%zz" + end + good + "\r\n",
		"the address of a proxy":       "GET http://other/v1/forward-auth?workspace=acme" + end + good + "\r\n",
		"an empty query":               "GET /v1/forward-auth?" + end + good + "\r\n",
		"HEAD":                         "HEAD /v1/forward-auth?workspace=acme" + end + good + "\r\n",
		"a method of its own":          "PROPFIND /v1/forward-auth?workspace=acme" + end + good + "\r\n",
		"from elsewhere":               forward + end + good + "X-Forwarded-For: 203.0.113.9\r\n\r\n",
		"from where it may not":        forward + end + good + "X-Forwarded-For: 198.51.100.1\r\n\r\n",
		"a body that nobody reads":     "POST /v1/forward-auth?workspace=acme" + end + good + "Content-Length: 5\r\n\r\nhello",
		"a body that never comes":      "POST /v1/forward-auth?workspace=acme HTTP/1.1\r\nHost: h\r\n" + good + "Content-Length: 5\r\n\r\n",
		"rules":                        "GET /v1/ext-authz/shop/orders/7?x=%zz" + end + good + "\r\n",
		"rules, a public page":         "GET /v1/ext-authz/shop/health" + end + "\r\n",
		"rules, a path out of them":    "GET /v1/ext-authz/shop/orders/../admin" + end + good + "\r\n",
		"rules, what no rule matches":  "GET /v1/ext-authz/shop//admin" + end + good + "\r\n",
		"no rules":                     "GET /v1/ext-authz/none/x" + end + good + "\r\n",
		"verify":                       post("/v1/verify", object, admin, question),
		"verify, peeking":              post("/v1/verify", object, admin, `{"token":"`+made.Secret+`","peek":true,"client":{"ip":"203.0.113.1","user_agent":"x"}}`),
		"verify, unknown":              post("/v1/verify", object, admin, `{"token":"nonsense"}`),
		"verify, no JSON":              post("/v1/verify", object, admin, `{"token":`),
		"verify, a field twice":        post("/v1/verify", object, admin, `{"token":"a","token":"b"}`),
		"verify, a form":               post("/v1/verify", form, admin, question),
		"verify, nobody":               post("/v1/verify", object, "", question),
		"verify, may not ask":          post("/v1/verify", object, good, question),
		"verify, on behalf":            post("/v1/verify", object, admin+"Tokenry-Act-As: a@b.example\r\n", question),
		"verify, a large body":         post("/v1/verify", object, admin, `{"token":"`+strings.Repeat("a", 70_000)+`"}`),
		"verify, a large body, nobody": post("/v1/verify", object, "", strings.Repeat("a", 70_000)),
		"verify, in chunks":            "POST /v1/verify HTTP/1.1\r\nHost: h\r\n" + admin + "Content-Type: " + object + "\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{\"\r\n" + "1\r\nx\r\n0\r\n\r\n",
		"verify, GET":                  "GET /v1/verify" + end + admin + "\r\n",
		"verify, a query":              post("/v1/verify?x=1", object, admin, question),
		"verify, none at all":          post("/v1/verify", object, admin, ""),
		"verify, many":                 post("/v1/verify/batch", object, admin, `{"requests":[`+question+`,{"token":"x"}]}`),
		"introspect":                   post("/oauth2/introspect", form, admin, "token="+made.Secret),
		"introspect, with Basic":       post("/oauth2/introspect", form, "Authorization: Basic "+base64.StdEncoding.EncodeToString([]byte(made.Token.Locator+":"+root))+"\r\n", "token=x"),
		"introspect, unknown":          post("/oauth2/introspect", form, admin, "token=x"),
		"introspect, nobody":           post("/oauth2/introspect", form, "", "token=x"),
		"introspect, a field twice":    post("/oauth2/introspect", form, admin, "token=x&token=y"),
	} {
		main, hot := asked(t, "tcp", s.Addr(), requests), asked(t, "tcp", s.HotAddr(), requests)
		if diff := cmp.Diff(main, hot); diff != "" || len(main) == 0 {
			t.Errorf("%s: %d answers (-main +hot)\n%s", name, len(main), diff)
		}
	}
	if got := asked(t, "tcp", s.HotAddr(), "GET /v1/whoami"+end+admin+"\r\n"); len(got) != 1 || !strings.HasPrefix(got[0], "404") {
		t.Errorf("the hot listener answers to another door: %v", got)
	}
	_, err = c.RevokeToken(t.Context(), "", made.Token.ID, api.RevokeToken{})
	must(t, err)
	if got := asked(t, "tcp", s.HotAddr(), forward+end+good+"\r\n"); len(got) != 1 || !strings.HasPrefix(got[0], "401") {
		t.Errorf("a revoked token: %v", got)
	}
}

// TestTheHotListenerAtASocket: whoever is on this machine counts as 127.0.0.1, and no
// file is taken for a socket.
func TestTheHotListenerAtASocket(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "hot") //nolint:usetesting // the path of a test is too long for a socket
	must(t, err)
	t.Cleanup(func() { must(t, os.RemoveAll(dir)) })
	path := filepath.Join(dir, "s")
	flags := []string{"--data", t.TempDir(), "--hot-listen", "unix:" + path, "--trusted-proxies", "127.0.0.1"}
	s := start(t, settings(t, flags...))
	c, _ := own(t, s)
	in := api.CreateToken{Kind: "workspace"}
	in.Label, in.Scopes, in.AllowedIPs = api.Some("x"), api.Some([]string{"tickets:read"}), api.Some([]string{"203.0.113.9"})
	in.Resources = api.Some([]string{"*"})
	made, err := c.CreateToken(t.Context(), "", in)
	must(t, err)
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o660 {
		t.Errorf("%v, %v", info, err)
	}
	const forward = "GET /v1/forward-auth?workspace=acme" + end
	for from, want := range map[string]string{"203.0.113.9": "200", "203.0.113.8": "403"} {
		got := asked(t, "unix", path, forward+"Authorization: Bearer "+made.Secret+"\r\nX-Forwarded-For: "+from+"\r\n\r\n")
		if len(got) != 1 || !strings.HasPrefix(got[0], want) {
			t.Errorf("from %s: %v", from, got)
		}
	}
	if _, err := server.Listen(t.Context(), settings(t, "--data", t.TempDir(), "--hot-listen", "unix:"+path), server.Options{}); err == nil {
		t.Error("two servers listen at one socket")
	}
	must(t, s.stop())
	left, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"}) // as a server that was killed leaves it
	must(t, err)
	left.SetUnlinkOnClose(false)
	must(t, left.Close())
	start(t, settings(t, flags...))
	file := filepath.Join(dir, "file")
	must(t, os.WriteFile(file, nil, 0o600))
	if _, err := server.Listen(t.Context(), settings(t, "--data", t.TempDir(), "--hot-listen", "unix:"+file), server.Options{}); err == nil {
		t.Error("a file was taken for a socket")
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
