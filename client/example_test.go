package client_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/client"
	"github.com/tokenry/tokenry/client/clienttest"
)

// office is a server for the examples; a program has its address and token from
// its settings.
func office() (c *client.Client, end func()) {
	s, err := clienttest.Start()
	if err != nil {
		log.Fatal(err)
	}
	return s.Client, func() {
		if err := s.Close(); err != nil {
			log.Fatal(err)
		}
	}
}

// ticketToken makes a token that may read tickets of the payments system.
func ticketToken(ctx context.Context, c *client.Client) api.Issued {
	in := api.CreateToken{Kind: "workspace"}
	in.Label = api.Some("Status page")
	in.Scopes, in.Resources = api.Some([]string{"tickets:read"}), api.Some([]string{"payments"})
	in.ExpiresIn = api.Some(90 * api.Day)
	issued, err := c.CreateToken(ctx, "", in)
	if err != nil {
		log.Fatal(err)
	}
	return issued
}

func ExampleClient_CreateToken() {
	ctx := context.Background()
	c, end := office()
	defer end()

	in := api.CreateToken{Kind: "workspace"}
	in.Label = api.Some("Status page")
	in.Scopes, in.Resources = api.Some([]string{"tickets:read"}), api.Some([]string{"payments"})
	in.ExpiresIn = api.Some(90 * api.Day)
	issued, err := c.CreateToken(ctx, "", in)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(issued.Token.Label, "is", issued.Token.Status)
	fmt.Println("the secret is shown this once:", strings.HasPrefix(issued.Secret, "tkyw_"))
	// Output:
	// Status page is active
	// the secret is shown this once: true
}

func ExampleClient_Verify() {
	ctx := context.Background()
	c, end := office()
	defer end()
	presented := ticketToken(ctx, c).Secret

	for _, scope := range []string{"tickets:read", "tickets:write"} {
		r, err := c.Verify(ctx, presented, client.Scope(scope), client.Resource("payments"))
		if err != nil {
			log.Fatal(err) // there is no decision: the request must not pass
		}
		fmt.Println(scope, r.Allowed, r.Code, r.Missing)
	}
	// Output:
	// tickets:read true ok []
	// tickets:write false insufficient_scope [tickets:write]
}

func ExampleClient_Require() {
	ctx := context.Background()
	c, end := office()
	defer end()

	mux := http.NewServeMux()
	mux.Handle("GET /systems/{system}/tickets", c.Require(
		client.Scope("tickets:read"),
		client.ResourceFrom(func(r *http.Request) string { return r.PathValue("system") }),
	)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, _ := client.FromContext(r.Context())
		fmt.Fprintf(w, "hello %s", who.Principal.Address)
	})))

	for _, path := range []string{"/systems/payments/tickets", "/systems/ledger/tickets"} {
		r := httptest.NewRequestWithContext(ctx, http.MethodGet, path, nil)
		r.Header.Set("Authorization", "Bearer "+ticketToken(ctx, c).Secret)
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		fmt.Println(path, w.Code)
	}
	// Output:
	// /systems/payments/tickets 200
	// /systems/ledger/tickets 403
}

func ExampleClient_Tokens() {
	ctx := context.Background()
	c, end := office()
	defer end()
	ticketToken(ctx, c)

	for t, err := range c.Tokens(ctx, "", api.TokenFilter{Kind: "workspace", ExpiringWithin: 100 * api.Day}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(t.Label)
	}
	// Output: Status page
}

func ExampleClient_RevokeToken() {
	ctx := context.Background()
	c, end := office()
	defer end()
	issued := ticketToken(ctx, c)

	if _, err := c.RevokeToken(ctx, "", issued.Token.ID, api.RevokeToken{Reason: api.ReasonLeaked}); err != nil {
		log.Fatal(err)
	}
	r, err := c.Verify(ctx, issued.Secret)
	fmt.Println(r.Code, err)
	_, err = c.EnableToken(ctx, "", issued.Token.ID)
	fmt.Println(errors.Is(err, api.CodeTokenRevoked))
	// Output:
	// revoked <nil>
	// true
}
