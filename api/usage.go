package api

import "time"

// Buckets of a series.
const (
	BucketHour = "hour"
	BucketDay  = "day"
)

// UsageBucket counts the decisions of one hour or day, in UTC.
type UsageBucket struct {
	Start   time.Time `json:"start"`
	Allowed int64     `json:"allowed"`
	Denied  int64     `json:"denied"`
	// Reasons counts the denied ones for each code.
	Reasons map[Code]int64 `json:"reasons"`
}

// UsageSeries counts decisions of From ≤ time < To. Buckets in which nothing
// happened are left out.
type UsageSeries struct {
	From    time.Time      `json:"from"`
	To      time.Time      `json:"to"`
	Bucket  string         `json:"bucket"`
	Allowed int64          `json:"allowed"`
	Denied  int64          `json:"denied"`
	Reasons map[Code]int64 `json:"reasons"`
	Buckets []UsageBucket  `json:"buckets"`
}

// ScopeUse says that requests that needed a scope were let through.
type ScopeUse struct {
	Scope       string    `json:"scope"`
	FirstUsedAt time.Time `json:"first_used_at"`
	LastUsedAt  time.Time `json:"last_used_at"`
	Count       int64     `json:"count"`
}

// SecretReuse counts the uses of a retired secret within one hour.
type SecretReuse struct {
	// Secret is the secret's number, counted from 1.
	Secret      int       `json:"secret"`
	FirstUsedAt time.Time `json:"first_used_at"`
	LastUsedAt  time.Time `json:"last_used_at"`
	// LastUsedIP is shown to callers with usage:read, and for one's own tokens.
	LastUsedIP *string `json:"last_used_ip"`
	Count      int64   `json:"count"`
}

// TokenUsage is what was done with one token.
type TokenUsage struct {
	// Token is the token's ID.
	Token      string     `json:"token"`
	LastUsedAt *time.Time `json:"last_used_at"`
	LastUsedIP *string    `json:"last_used_ip"`
	UsageSeries
	// Scopes are those that requests needed that were let through.
	Scopes []ScopeUse `json:"scopes"`
	// Reuses are uses of retired secrets in this time, the latest first.
	Reuses []SecretReuse `json:"reuses"`
}

// WorkspaceUsage is what was done with all tokens of a workspace, and with
// strings that are none of them.
type WorkspaceUsage struct {
	Workspace string `json:"workspace"`
	UsageSeries
	// Denials are the last ones; the last 1,000 are listed by their own call.
	Denials []Denial `json:"denials"`
}

// WorkspaceCount is how much was done in one workspace.
type WorkspaceCount struct {
	Workspace           string         `json:"workspace"`
	WorkspaceExternalID *string        `json:"workspace_external_id"`
	Allowed             int64          `json:"allowed"`
	Denied              int64          `json:"denied"`
	Reasons             map[Code]int64 `json:"reasons"`
}

// InstanceUsage is what was done with the tokens of all workspaces, and with
// strings that are no token of any.
type InstanceUsage struct {
	UsageSeries
	// Workspaces are those in which anything was done, the busiest first.
	Workspaces []WorkspaceCount `json:"workspaces"`
}

// Denial is one request that was refused.
type Denial struct {
	At time.Time `json:"at"`
	// Token is the locator that was presented; null for what was no token.
	Token     *string  `json:"token"`
	Code      Code     `json:"code"`
	IP        *string  `json:"ip"`
	UserAgent string   `json:"user_agent"`
	Method    string   `json:"method"`
	Path      string   `json:"path"`
	Scopes    []string `json:"scopes"`
	Resource  string   `json:"resource"`
	RequestID string   `json:"request_id"`
}

// Activity is what was done with a token on one day in the same way.
type Activity struct {
	// Day is its beginning, in UTC.
	Day       time.Time `json:"day"`
	IP        *string   `json:"ip"`
	UserAgent string    `json:"user_agent"`
	Method    string    `json:"method"`
	Path      string    `json:"path"`
	// Outcome is ok, or why it was refused.
	Outcome Code      `json:"outcome"`
	FirstAt time.Time `json:"first_at"`
	LastAt  time.Time `json:"last_at"`
	Count   int64     `json:"count"`
	// Rest stands for all of this day and outcome that is not listed singly.
	Rest bool `json:"rest"`
}

// Codes of an [Advice].
const (
	AdviceUnusedScopes  = "unused_scopes"
	AdviceUnused        = "unused"
	AdviceNoExpiry      = "no_expiry"
	AdviceOwnerInactive = "owner_inactive"
	AdviceShared        = "shared"
)

// Advice is one thing that could be better about a token, and the change that
// makes it so.
type Advice struct {
	Code string `json:"code"`
	// Token is the token's ID.
	Token       string `json:"token"`
	Label       string `json:"label"`
	Explanation string `json:"explanation"`
	// Days is the time that was looked at; 0 where time does not matter.
	Days int `json:"days"`
	// Unused names scopes that were never exercised; with unused_scopes.
	Unused []string `json:"unused,omitempty"`
	// Addresses is from how many addresses the token was used; with shared.
	Addresses int          `json:"addresses,omitempty"`
	Change    AdviceChange `json:"change"`
}

// AdviceChange is the body of the call that follows an advice: exactly one is set.
type AdviceChange struct {
	// Edit is for PATCH …/tokens/{id}.
	Edit *EditToken `json:"edit,omitempty"`
	// Revoke is for POST …/tokens/{id}/revoke.
	Revoke *RevokeToken `json:"revoke,omitempty"`
	// Rotate is for POST …/tokens/{id}/rotate; its secret has to be brought to
	// whoever uses the token, so no program should apply it by itself.
	Rotate *RotateToken `json:"rotate,omitempty"`
}

// ExplainRequest asks why a token is refused, or would be. It consumes nothing.
// Exactly one of Token and RequestID is given.
type ExplainRequest struct {
	// Token is a token string, a token ID or a locator.
	Token string `json:"token,omitempty" minLength:"1"`
	// RequestID names one of the last 10,000 decisions; what it needed stands for
	// what is left out below.
	RequestID string `json:"request_id,omitempty" minLength:"1"`
	// Scopes, Resource and Client are those of a [VerifyRequest].
	Scopes   []string `json:"scopes,omitempty"`
	Resource string   `json:"resource,omitempty" minLength:"1"`
	Client   *Client  `json:"client,omitempty"`
}

// Results of a [Check].
const (
	CheckPassed     = "passed"
	CheckFailed     = "failed"
	CheckNotReached = "not_reached"
	// CheckSkipped is a check for which nothing was given, such as a secret.
	CheckSkipped = "skipped"
)

// Check is one of the questions that a verification asks, in their order.
type Check struct {
	// Check is the code that is answered when it fails.
	Check  Code   `json:"check"`
	Result string `json:"result"`
	Detail string `json:"detail,omitempty"`
	// Remedy says what would make a failed check pass.
	Remedy string `json:"remedy,omitempty"`
}

// ExplainedDecision is a decision that was made.
type ExplainedDecision struct {
	At        time.Time `json:"at"`
	RequestID string    `json:"request_id"`
	// Route is verify, forward-auth, introspect or api; empty of a refusal by another
	// node, or from before a restart.
	Route    string   `json:"route"`
	Code     Code     `json:"code"`
	IP       *string  `json:"ip"`
	Scopes   []string `json:"scopes"`
	Resource string   `json:"resource"`
}

// Explanation says what a verification would answer now, and why.
type Explanation struct {
	Allowed bool `json:"allowed"`
	// Code is that of the first check that fails, or ok.
	Code   Code    `json:"code"`
	Checks []Check `json:"checks"`
	// Masked is the public beginning of what was given, where it is a token's.
	Masked string `json:"masked,omitempty"`
	// Token is the token, once it is known to be the one that was meant.
	Token *Token `json:"token"`
	// Decision is what was answered then; with a request id.
	Decision *ExplainedDecision `json:"decision"`
}
