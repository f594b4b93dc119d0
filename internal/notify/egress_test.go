package notify_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/internal/notify"
)

// TestAddressesAsWritten is the table of addresses that are refused before
// anything is looked up.
func TestAddressesAsWritten(t *testing.T) {
	t.Parallel()
	for address, ok := range map[string]bool{
		"https://example.com/hook": true, "https://example.com:8443/": true, "https://xn--bcher-kva.example/": true,
		"https://93.184.216.34/": true, "https://[2606:4700::1111]/": true, "https://1.example/": true,

		"http://example.com/": false, "file:///etc/passwd": false, "gopher://example.com/": false, "ftp://example.com/": false,
		"unix:///var/run/docker.sock": false, "//example.com/": false, "https://": false, "https:///x": false,
		"https://user:pass@example.com/": false, "https://user@example.com/": false,
		"https://example.com:22/": false, "https://example.com:25/": false, "https://example.com:0/": false, "https://example.com:99999/": false,
		"https://127.0.0.1/": false, "https://127.1.2.3/": false, "https://[::1]/": false, "https://[::]/": false, "https://0.0.0.0/": false,
		"https://169.254.169.254/latest/meta-data/": false, "https://[fd00:ec2::254]/": false, "https://100.100.100.200/": false,
		"https://10.0.0.1/": false, "https://172.16.0.1/": false, "https://172.31.255.255/": false, "https://192.168.1.1/": false,
		"https://100.64.0.1/": false, "https://192.0.0.192/": false, "https://198.18.0.1/": false, "https://224.0.0.1/": false,
		"https://255.255.255.255/": false, "https://240.0.0.1/": false,
		"https://[::ffff:127.0.0.1]/": false, "https://[::ffff:a9fe:a9fe]/": false, "https://[::127.0.0.1]/": false,
		"https://[64:ff9b::7f00:1]/": false, "https://[64:ff9b:1::1]/": false, "https://[2002:7f00:1::]/": false, "https://[2001::1]/": false,
		"https://[fe80::1]/": false, "https://[fe80::1%25eth0]/": false, "https://[fec0::1]/": false, "https://[fc00::1]/": false, "https://[ff02::1]/": false,
		"https://2130706433/": false, "https://0177.0.0.1/": false, "https://017700000001/": false, "https://0x7f000001/": false,
		"https://0x7f.1/": false, "https://127.1/": false, "https://127.0.0.1./": false, "https://1.2.3.04/": false,
	} {
		u, err := url.Parse(address)
		if err == nil {
			err = notify.Egress{}.Check(u)
		}
		if (err == nil) != ok {
			t.Errorf("%s: %v, want allowed %v", address, err, ok)
		}
	}
}

func TestConfigurationAllowsMore(t *testing.T) {
	t.Parallel()
	e := notify.Egress{Allow: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")}, AllowHTTP: true, Ports: []int{443, 25}}
	for address, ok := range map[string]bool{
		"https://10.1.2.3/": true, "https://[::ffff:10.1.2.3]/": true, "https://10.2.0.1/": false,
		"https://example.com:25/": true, "http://example.com:443/": true, "https://example.com:8443/": false,
	} {
		u, err := url.Parse(address)
		must(t, err)
		if err := e.Check(u); (err == nil) != ok {
			t.Errorf("%s: %v, want allowed %v", address, err, ok)
		}
	}
}

// names is a resolver with a list of answers for every name.
func names(answers ...string) func(context.Context, string) ([]netip.Addr, error) {
	next := 0
	return func(context.Context, string) ([]netip.Addr, error) {
		a := netip.MustParseAddr(answers[min(next, len(answers)-1)])
		next++
		return []netip.Addr{a}, nil
	}
}

func TestNamesThatLeadInside(t *testing.T) {
	t.Parallel()
	for _, inside := range []string{"127.0.0.1", "::1", "::ffff:127.0.0.1", "169.254.169.254", "10.0.0.1", "100.64.0.1", "0.0.0.0", "fe80::1", "fd00::1", "64:ff9b::a00:1"} {
		e := notify.Egress{Resolve: names(inside)}
		if conn, err := e.Dial(t.Context(), "inside.example:8080"); err == nil || !strings.Contains(err.Error(), "no public address") {
			t.Errorf("a name that leads to %s: %v, %v", inside, conn, err)
		}
	}
}

// TestRebinding: the name's first answer is allowed and its second leads
// inside. Every connect looks and is judged anew.
func TestRebinding(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	_, port, _ := strings.Cut(strings.TrimPrefix(server.URL, "http://"), ":")
	e := notify.Egress{
		Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}, AllowHTTP: true,
		Resolve: names("127.0.0.1", "127.0.0.2"),
	}
	client := e.Client(5 * time.Second)
	for i, ok := range []bool{true, false} {
		resp, err := client.Get("http://rebind.example:" + port + "/")
		if err == nil {
			resp.Body.Close()
		}
		if (err == nil) != ok {
			t.Errorf("request %d: %v", i+1, err)
		}
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite:"+t.TempDir()+"/t.db")
	followed := false
	inside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { followed = true }))
	defer inside.Close()
	hook, _ := w.listen("token.created")
	w.hook.reply(func(rw http.ResponseWriter) {
		rw.Header().Set("Location", inside.URL)
		rw.WriteHeader(http.StatusFound)
	})
	w.create("", "x", 90*day)
	w.deliver()
	list, _, err := w.ListDeliveries(w.ctx, w.root, here(), hook.ID, page())
	must(t, err)
	if followed || list[0].State != "pending" || list[0].Attempts[0].Status != http.StatusFound {
		t.Errorf("a redirect: followed %v, %+v", followed, list[0])
	}
}

// TestInsideIsRefusedAtDelivery: what was allowed when the endpoint was made is
// judged by the configuration of now, and the log does not tell the address.
func TestInsideIsRefusedAtDelivery(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite:"+t.TempDir()+"/t.db")
	hook, _ := w.listen("token.created")
	w.create("", "x", 90*day)
	w.restart(notify.Egress{AllowHTTP: true})
	w.deliver()
	list, _, err := w.ListDeliveries(w.ctx, w.root, here(), hook.ID, page())
	must(t, err)
	if got := w.hook.take(); len(got) != 0 || list[0].Attempts[0].Status != 0 {
		t.Errorf("an inside address was posted to: %+v", list[0])
	}
	contains(t, list[0].Attempts[0].Error, "no public address")
	lacks(t, list[0].Attempts[0].Error, "127.0.0.1")
}

func TestLargeAndSlowAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite:"+t.TempDir()+"/t.db")
	w.listen("token.created")
	written := make(chan int, 1)
	w.hook.reply(func(rw http.ResponseWriter) {
		n, chunk := 0, make([]byte, 1<<20)
		for range 10_000 { // 10 GB
			k, err := rw.Write(chunk)
			n += k
			if err != nil {
				break
			}
		}
		written <- n
	})
	w.create("", "x", 90*day)
	w.deliver()
	if n := <-written; n > 64<<20 {
		t.Errorf("%d bytes were taken", n)
	}
}
