package server_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// through is a transport that a proxy stands in: it tells the client's address as
// some do, with the port.
type through struct{ client string }

func (p through) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("X-Forwarded-For", p.client)
	return http.DefaultTransport.RoundTrip(r)
}

// Weakness: the API reads ADDRESS:PORT in X-Forwarded-For and the console reads
// nothing, so everybody behind such a proxy is one place. Attack: guess until the
// place is shut. What is proved: another client's first try is not refused.
func TestClientsBehindAProxyThatTellsPortsHaveTriesOfTheirOwn(t *testing.T) {
	t.Parallel()
	d := newDoors(t, "--trusted-proxies", "127.0.0.1")
	from := func(client string, try int) page {
		b := d.browser()
		b.Transport = through{client}
		return b.do(http.MethodPost, "/signin", url.Values{"email": {fmt.Sprintf("nobody%d@example.com", try)}, "password": {"three wrong words in a row"}})
	}
	shut := func(p page) bool { return strings.Contains(strings.ToLower(p.body), "too many tries") }
	for try := 0; ; try++ {
		if try == 50 {
			t.Fatal("nothing ever shuts a place")
		}
		if shut(from(fmt.Sprintf("203.0.113.7:%d", 4000+try), try)) {
			break
		}
	}
	for _, other := range []string{"203.0.113.8:4711", "203.0.113.9", "[2001:db8::1]:4711"} {
		if p := from(other, 99); shut(p) {
			t.Errorf("the tries of another client shut out %s", other)
		}
	}
}
