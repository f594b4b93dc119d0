// Command mcp-go is an MCP server whose callers show tokens of Tokenry, with the official
// Go SDK (docs/mcp.md). TOKENRY_SERVER and TOKENRY_TOKEN say whom it asks about them;
// that token needs tokens:verify.
package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/modelcontextprotocol/go-sdk/auth"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/tokenry/tokenry/client"
)

func main() {
	c, err := client.New(os.Getenv("TOKENRY_SERVER"), os.Getenv("TOKENRY_TOKEN"))
	if err != nil {
		log.Fatal(err)
	}
	server := &http.Server{Addr: os.Getenv("LISTEN"), Handler: handler(c), ReadHeaderTimeout: 5 * time.Second}
	log.Fatal(server.ListenAndServe())
}

// handler asks Tokenry about every request and answers 401, 403, 429 and 503 itself: the
// SDK's middleware cannot say the last two. That one gets the decision that was made.
func handler(c *client.Client) http.Handler {
	d := &desk{client: c}
	server := mcp.NewServer(&mcp.Implementation{Name: "tickets", Version: "1"}, nil)
	mcp.AddTool(server, &mcp.Tool{Name: "list_tickets", Description: "List all tickets"}, d.list)
	mcp.AddTool(server, &mcp.Tool{Name: "open_ticket", Description: "Open a ticket"}, d.open)
	// A session that nobody uses ends; one that is used goes on, and is asked about at each request.
	sessions := &mcp.StreamableHTTPOptions{SessionTimeout: time.Hour}
	streamable := mcp.NewStreamableHTTPHandler(func(*http.Request) *mcp.Server { return server }, sessions)
	bearer := auth.RequireBearerToken(decided, &auth.RequireBearerTokenOptions{AllowMissingExpiration: true})
	mux := http.NewServeMux()
	mux.Handle("/mcp", c.Require(client.Scope("tickets:read"))(bearer(streamable)))
	return mux
}

// decided hands the decision of [client.Client.Require] to the SDK. Its sessions are then
// the token's that began them, also after a rotation: others that know the id are refused.
func decided(ctx context.Context, tok string, _ *http.Request) (*auth.TokenInfo, error) {
	r, ok := client.FromContext(ctx)
	if !ok || r.Token == nil {
		return nil, auth.ErrInvalidToken
	}
	info := &auth.TokenInfo{UserID: r.Token.ID, Scopes: r.Scopes, Extra: map[string]any{"token": tok}}
	if r.ExpiresAt != nil {
		info.Expiration = *r.ExpiresAt
	}
	return info, nil
}

// desk holds the tickets.
type desk struct {
	client  *client.Client
	mu      sync.Mutex // guards tickets
	tickets []string
}

type none struct{}

type list struct {
	Tickets []string `json:"tickets"`
}

type ticket struct {
	Title string `json:"title" jsonschema:"what is wrong"`
}

// list needs tickets:read, which every request was asked for.
func (d *desk) list(context.Context, *mcp.CallToolRequest, none) (*mcp.CallToolResult, list, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return nil, list{append([]string{}, d.tickets...)}, nil
}

// open needs tickets:write besides.
func (d *desk) open(ctx context.Context, req *mcp.CallToolRequest, in ticket) (*mcp.CallToolResult, list, error) {
	if err := d.may(ctx, req, "tickets:write"); err != nil {
		return nil, list{}, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tickets = append(d.tickets, in.Title)
	return nil, list{append([]string{}, d.tickets...)}, nil
}

// may asks whether the token of this call has a scope. Tokenry is asked, and no list looked
// through: tickets:* holds it too. What it answers becomes the tool's error, which the model
// reads; it costs the token's rate limit nothing.
func (d *desk) may(ctx context.Context, req *mcp.CallToolRequest, scope string) error {
	if req.Extra == nil || req.Extra.TokenInfo == nil {
		return auth.ErrInvalidToken
	}
	tok, _ := req.Extra.TokenInfo.Extra["token"].(string)
	r, err := d.client.Verify(ctx, tok, client.Scope(scope), client.Cost(0))
	if err != nil {
		return fmt.Errorf("the token cannot be verified now: %w", err)
	}
	return r.Err()
}
