package door_test

import (
	"crypto/tls"
	"net/http"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/internal/door"
)

func TestOnlyATrustedProxyMakesAConnectionSecure(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, peer string
		tls, https bool
		proto      []string
		want       bool
	}{
		{"TLS", "203.0.113.7:5", true, false, nil, true},
		{"TLS, whatever is said", "10.0.0.1:5", true, false, []string{"http"}, true},
		{"a proxy that ended TLS", "10.0.0.1:5", false, false, []string{"https"}, true},
		{"in capitals", "10.0.0.1:5", false, false, []string{"HTTPS"}, true},
		{"a proxy that was asked without", "10.0.0.1:5", false, true, []string{"http"}, false},
		{"a stranger who says https", "203.0.113.7:5", false, false, []string{"https"}, false},
		{"a stranger who says http", "203.0.113.7:5", false, true, []string{"http"}, true},
		{"said twice counts for nothing", "10.0.0.1:5", false, false, []string{"https", "https"}, false},
		{"a list is no scheme", "10.0.0.1:5", false, false, []string{"https, http"}, false},
		{"nobody says", "10.0.0.1:5", false, true, nil, true},
	} {
		r := &http.Request{RemoteAddr: c.peer, Header: http.Header{"X-Forwarded-Proto": c.proto}}
		if c.tls {
			r.TLS = &tls.ConnectionState{}
		}
		if got := proxies.Secure(r, c.https); got != c.want {
			t.Errorf("%s: secure is %v", c.name, got)
		}
	}
}

func TestACookieIsOfThisHostAndForNoScript(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		secure bool
		want   string
	}{
		{true, "__Host-tokenry=v; Path=/; Max-Age=60; HttpOnly; Secure; SameSite=Lax"},
		{false, "tokenry=v; Path=/; Max-Age=60; HttpOnly; SameSite=Lax"},
	} {
		if got := door.Cookie(door.CookieName(c.secure), "v", 60, c.secure).String(); got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
	if got := door.Cookie("tokenry", "", -1, true).String(); !strings.Contains(got, "Max-Age=0") {
		t.Errorf("a cookie is ended by %s", got)
	}
}

func TestLocalIsWhereNobodyListensInBetween(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]bool{
		"localhost": true, "localhost:8080": true, "a.localhost:8080": true, "127.0.0.1": true, "127.8.8.8:80": true, "[::1]:8080": true, "[::1]": true,
		"localhost.example.com": false, "notlocalhost": false, "192.168.0.1": false, "tokens.example.com": false, "": false, "0.0.0.0": false,
	} {
		if got := door.Local(&http.Request{Host: host}); got != want {
			t.Errorf("%q is local: %v", host, got)
		}
	}
}
