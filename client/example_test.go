package client_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

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

	for t, err := range c.Tokens(ctx, "", api.TokenFilter{Kind: api.Some("workspace"), ExpiringWithin: api.Some(100 * api.Day)}) {
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

func ExampleNew() {
	c, err := client.New("https://tokens.example.com", "tkyp_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefgh4C6Pp7",
		client.WithUserAgent("ledger/1.4"), client.WithTimeout(5*time.Second))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(c) // the token is not printed

	_, err = client.New("https://tokens.example.com", "tkyp_with a blank")
	fmt.Println(err != nil)
	// Output:
	// tokenry client of https://tokens.example.com with tkyp_01234…
	// true
}

func ExampleFromContext() {
	ctx := context.Background()
	c, end := office()
	defer end()

	hello := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, ok := client.FromContext(r.Context())
		if !ok { // the handler stands behind no Require
			http.Error(w, "not guarded", http.StatusInternalServerError)
			return
		}
		fmt.Fprintf(w, "%s with the token %q on %v", who.Principal.Address, who.Token.Label, who.Resources)
	})
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil)
	r.Header.Set("Authorization", "Bearer "+ticketToken(ctx, c).Secret)
	w := httptest.NewRecorder()
	c.Require(client.Scope("tickets:read"), client.AnyResource())(hello).ServeHTTP(w, r)
	fmt.Println(w.Body)
	// Output: acme@workspace with the token "Status page" on [payments]
}

func ExampleClient_RotateToken() {
	ctx := context.Background()
	c, end := office()
	defer end()
	issued := ticketToken(ctx, c)

	// With a key the call may be sent again when its answer is lost.
	rotated, err := c.RotateToken(ctx, "", issued.Token.ID, api.RotateToken{Overlap: api.Some(api.Duration(time.Hour))}, client.IdempotencyKey("deploy-1742"))
	if err != nil {
		log.Fatal(err)
	}
	for _, secret := range []string{issued.Secret, rotated.Secret} {
		r, err := c.Verify(ctx, secret)
		fmt.Println(r.Code, err)
	}
	fmt.Println("the same token:", rotated.Token.ID == issued.Token.ID)
	// Output:
	// ok <nil>
	// ok <nil>
	// the same token: true
}
