package api

import "time"

// Client is the request that is being authorised, as the resource server saw it.
type Client struct {
	IP        string `json:"ip,omitempty"`
	Method    string `json:"method,omitempty"`
	Path      string `json:"path,omitempty"`
	UserAgent string `json:"user_agent,omitempty"`
}

// VerifyRequest asks whether a token may do something now.
type VerifyRequest struct {
	Token string `json:"token"`
	// Scopes is what the request at hand needs; no patterns.
	Scopes []string `json:"scopes,omitempty"`
	// Resource is what the request touches; "any" leaves the filtering to the caller.
	Resource string `json:"resource,omitempty"`
	// Workspace, if given, is the only one whose tokens are accepted.
	Workspace string `json:"workspace,omitempty" minLength:"1"`
	// Cost is charged to the rate limit; left out it is 1, 0 peeks.
	Cost *int `json:"cost,omitempty" minimum:"0"`
	// Peek decides without being counted as a use.
	Peek   bool    `json:"peek,omitempty"`
	Client *Client `json:"client,omitempty"`
}

// VerifyBatch asks up to 100 questions at once.
type VerifyBatch struct {
	Requests []VerifyRequest `json:"requests" maxItems:"100"`
}

// VerifyBatchResult answers them in the same order.
type VerifyBatchResult struct {
	Results []VerifyResult `json:"results"`
}

// VerifiedToken is the part of a token that a resource server is told.
type VerifiedToken struct {
	ID      string `json:"id"`
	Locator string `json:"locator"`
	Kind    string `json:"kind"`
	Label   string `json:"label"`
	Masked  string `json:"masked"`
	// Derived says that what was presented was derived from the token: scopes, resources
	// and expires_at are what its terms leave.
	Derived  bool     `json:"derived,omitempty"`
	Metadata Metadata `json:"metadata"`
}

// RateState is what is left of a rate limit.
type RateState struct {
	Limit     int `json:"limit"`
	Remaining int `json:"remaining"`
	// Reset is in whole seconds from now.
	Reset int `json:"reset"`
}

// VerifyResult is the decision. Token, Principal and Workspace are there
// whenever the secret was right, also in a refusal; Scopes and Resources when
// the token itself is valid now. What is null does not exist: no external id, no
// expiry, no limit.
type VerifyResult struct {
	Allowed bool `json:"allowed"`
	Code    Code `json:"code"`
	// Detail says why a token whose secret was right is refused, for its holder.
	Detail              string         `json:"detail,omitempty"`
	Token               *VerifiedToken `json:"token,omitempty"`
	Principal           *Principal     `json:"principal,omitempty"`
	Workspace           string         `json:"workspace,omitempty"`
	WorkspaceExternalID *string        `json:"workspace_external_id"`
	Scopes              []string       `json:"scopes,omitzero"`
	// Resources are those on which all the scopes asked for are granted
	// together; all of the token's when none was asked for.
	Resources []string   `json:"resources,omitzero"`
	ExpiresAt *time.Time `json:"expires_at"`
	RateLimit *RateState `json:"rate_limit"`
	// Missing names the scopes that were not granted.
	Missing []string `json:"missing,omitempty"`
	// RetryAfter is in whole seconds; with rate_limited only: what costs more than its limit never passes.
	RetryAfter int    `json:"retry_after,omitempty"`
	RequestID  string `json:"request_id"`
	Revision   int64  `json:"revision"`
}
