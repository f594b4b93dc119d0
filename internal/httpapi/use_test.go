package httpapi_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/httpapi"
)

// use is what a test keeps of one that was told.
type use struct {
	door, code, method, path, agent, addr string
	peek                                  bool
}

type diary struct {
	mu   sync.Mutex
	uses []use
}

func (d *diary) option(o *httpapi.Options) {
	o.Used = func(u *httpapi.Use) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.uses = append(d.uses, use{u.Door, string(u.Decision.Code), u.Method, u.Path, u.Agent, u.Request.Addr.String(), u.Request.Peek})
	}
}

// read returns what was told since the last time.
func (d *diary) read() []use {
	d.mu.Lock()
	defer d.mu.Unlock()
	uses := d.uses
	d.uses = nil
	return uses
}

func TestEveryUseOfATokenIsTold(t *testing.T) {
	t.Parallel()
	var d diary
	w := newWorld(t, d.option)
	caller := use{httpapi.DoorAPI, "ok", "POST", "/v1/verify", "sdk", "127.0.0.1", false}
	for _, c := range []struct {
		name string
		call func()
		want []use
	}{
		{"a call", func() { w.as(w.root, "GET", ws, nil, "User-Agent", "sdk").is(200) },
			[]use{{httpapi.DoorAPI, "ok", "GET", "/v1/workspaces/acme", "sdk", "127.0.0.1", false}}},
		{"a refused call", func() { w.as("x", "GET", ws, nil, "User-Agent", "sdk").is(401) },
			[]use{{httpapi.DoorAPI, "malformed", "GET", "/v1/workspaces/acme", "sdk", "127.0.0.1", false}}},
		{"a verification", func() {
			w.as(w.root, "POST", "/v1/verify", api.VerifyRequest{Token: w.root, Peek: true,
				Client: &api.Client{IP: "203.0.113.1", Method: "PUT", Path: "/tickets", UserAgent: "app"}}, "User-Agent", "sdk").is(200)
		}, []use{caller, {httpapi.DoorVerify, "ok", "PUT", "/tickets", "app", "203.0.113.1", true}}},
		{"forward-auth", func() {
			w.as(w.root, "GET", fa+"?scope=a:b", nil, "X-Forwarded-Method", "PUT", "X-Forwarded-Uri", "/tickets", "X-Forwarded-For", "203.0.113.1", "User-Agent", "app").is(200)
		}, []use{{httpapi.DoorForwardAuth, "ok", "", "", "app", "127.0.0.1", false}}},
		{"nothing", func() { w.send("GET", ws, "").is(401) }, nil},
	} {
		c.call()
		if diff := cmp.Diff(c.want, d.read(), cmp.AllowUnexported(use{})); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

func TestAProxysWordCountsOnlyWhenItIsTrusted(t *testing.T) {
	t.Parallel()
	var d diary
	w := newWorld(t, d.option, behind("127.0.0.0/8"))
	w.as(w.root, "GET", fa, nil, "X-Forwarded-Method", "PUT", "X-Forwarded-Uri", "/tickets?x=1", "X-Forwarded-For", "203.0.113.1", "User-Agent", "app").is(200)
	want := []use{{httpapi.DoorForwardAuth, "ok", "PUT", "/tickets?x=1", "app", "203.0.113.1", false}}
	if diff := cmp.Diff(want, d.read(), cmp.AllowUnexported(use{})); diff != "" {
		t.Error(diff)
	}
	w.as(w.root, "GET", fa, nil, "X-Forwarded-Uri", "/a", "X-Forwarded-Uri", "/b").is(200)
	if uses := d.read(); len(uses) != 1 || uses[0].path != "" {
		t.Errorf("of two paths one was taken: %+v", uses)
	}
}

func TestUsesNameTheirRequest(t *testing.T) {
	t.Parallel()
	var ids []string
	w := newWorld(t, func(o *httpapi.Options) {
		o.Used = func(u *httpapi.Use) { ids = append(ids, strings.Clone(u.RequestID)) }
	})
	v := w.verify(w.root, api.VerifyRequest{Token: w.root})
	if len(ids) != 2 || ids[0] != ids[1] || ids[1] != v.RequestID {
		t.Errorf("%v, answered %s", ids, v.RequestID)
	}
}

// TestWhatIsNoTokenCountsForNoWorkspace, whether or not the workspace that was asked about
// is known by its name already.
func TestWhatIsNoTokenCountsForNoWorkspace(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var told []string
	w := newWorld(t, func(o *httpapi.Options) {
		o.Used = func(u *httpapi.Use) {
			mu.Lock()
			defer mu.Unlock()
			told = append(told, fmt.Sprint(u.Decision.Code, " ", u.Request.Workspace > 0))
		}
	})
	good := w.account("ci", "tickets:read")
	told = nil
	other := good[:len(good)-3] + "..." // it has the beginning of one
	for _, secret := range []string{"x", other, good, "x", other} {
		w.as(secret, "GET", fa+"?workspace=acme", nil)
	}
	if diff := cmp.Diff([]string{"malformed false", "malformed false", "ok true", "malformed false", "malformed false"}, told); diff != "" {
		t.Error(diff)
	}
}
