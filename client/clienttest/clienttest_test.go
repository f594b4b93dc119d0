package clienttest_test

import (
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/client"
	"github.com/tokenry/tokenry/client/clienttest"
)

func TestServer(t *testing.T) {
	t.Parallel()
	s := clienttest.New(t)
	tok := s.Issue(t, []string{"tickets:read"}, "payments")
	ask := func(need ...client.Need) api.Code {
		t.Helper()
		r, err := s.Client.Verify(t.Context(), tok, need...)
		if err != nil {
			t.Fatal(err)
		}
		return r.Code
	}
	read, write := client.Scope("tickets:read"), client.Scope("tickets:write")
	for _, tt := range []struct {
		need []client.Need
		want api.Code
	}{
		{[]client.Need{read, client.Resource("payments")}, api.CodeOK},
		{[]client.Need{read, client.AnyResource()}, api.CodeOK},
		{[]client.Need{read, client.Resource("ledger")}, api.CodeResourceDenied},
		{[]client.Need{read}, api.CodeResourceDenied},
		{[]client.Need{write, client.Resource("payments")}, api.CodeInsufficientScope},
	} {
		if got := ask(tt.need...); got != tt.want {
			t.Errorf("%s, want %s", got, tt.want)
		}
	}
}

func TestAdvance(t *testing.T) {
	t.Parallel()
	s := clienttest.New(t)
	var in api.CreateToken
	in.Label, in.ExpiresIn = api.Some("short"), api.Some(api.Day)
	issued, err := s.Client.CreateToken(t.Context(), "", in)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		later time.Duration
		want  api.Code
	}{{0, api.CodeOK}, {23 * time.Hour, api.CodeOK}, {time.Hour, api.CodeExpired}} {
		s.Advance(tt.later)
		if r, err := s.Client.Verify(t.Context(), issued.Secret); err != nil || r.Code != tt.want {
			t.Errorf("%v later: %v, %v, want %s", tt.later, r.Code, err, tt.want)
		}
	}
}

func TestServersAreAlone(t *testing.T) {
	t.Parallel()
	a, b := clienttest.New(t), clienttest.New(t)
	r, err := b.Client.Verify(t.Context(), a.Token)
	if err != nil || r.Code != api.CodeUnknown {
		t.Errorf("%v, %v", r.Code, err)
	}
	if who, err := b.As(t, b.Token).Whoami(t.Context()); err != nil || who.Principal.Address != b.Email {
		t.Errorf("%+v, %v", who, err)
	}
}
