package api

import (
	"encoding/json"
	"time"
)

// CreateWebhook asks for an endpoint that is told what happens.
type CreateWebhook struct {
	// URL is where events are posted: https, to a public address.
	URL         string      `json:"url"`
	Description Opt[string] `json:"description,omitzero" maxLength:"1000"`
	// Events are types like token.revoked, or patterns like token.* and *; left
	// out, all.
	Events []string `json:"events,omitzero"`
	// Enabled is true when it is left out.
	Enabled Opt[bool] `json:"enabled,omitzero"`
}

// EditWebhook is a merge patch of an endpoint. Enabling one that was disabled
// starts its count of failures again.
type EditWebhook struct {
	URL         Opt[string]   `json:"url,omitzero"`
	Description Opt[string]   `json:"description,omitzero" maxLength:"1000"`
	Events      Opt[[]string] `json:"events,omitzero"`
	Enabled     Opt[bool]     `json:"enabled,omitzero"`
}

// Webhook is an endpoint as it is shown: everything but its secret.
type Webhook struct {
	ID string `json:"id"`
	// Workspace is null for an endpoint of the instance, which is told what
	// happens in every workspace.
	Workspace   *string  `json:"workspace"`
	URL         string   `json:"url"`
	Description string   `json:"description"`
	Events      []string `json:"events"`
	Enabled     bool     `json:"enabled"`
	// SecretRotatedUntil is when the signatures with the last former secret end.
	SecretRotatedUntil *time.Time `json:"secret_rotated_until"`
	// FormerSecretsUntil has an entry for each former secret that still signs
	// besides the current one: when that ends, the earliest first.
	FormerSecretsUntil []time.Time `json:"former_secrets_until"`
	// FailingSince is the first failure after the last success.
	FailingSince   *time.Time `json:"failing_since"`
	DisabledAt     *time.Time `json:"disabled_at"`
	DisabledReason *string    `json:"disabled_reason"`
	// DisabledBy is the address of who disabled it; null where it failed for too long.
	DisabledBy *string `json:"disabled_by"`
	// HeldByInstance says that an administrator of the instance did, and nobody else brings it back.
	HeldByInstance bool      `json:"held_by_instance"`
	CreatedAt      time.Time `json:"created_at"`
	Revision       int64     `json:"revision"`
}

// WebhookSecret answers the calls that make a signing secret: the endpoint, and
// the secret, which is shown this once.
type WebhookSecret struct {
	Webhook
	// Secret is whsec_ and the base64 of the key that signatures are made with.
	Secret string `json:"secret"`
}

// States of a delivery.
const (
	DeliveryPending   = "pending"
	DeliveryDelivered = "delivered"
	DeliveryFailed    = "failed"
	// DeliveryDropped was not sent any more: its endpoint was disabled, or its
	// workspace suspended.
	DeliveryDropped = "dropped"
)

// WebhookDelivery is one event on its way to one endpoint.
type WebhookDelivery struct {
	// ID is the header webhook-id: the same at every attempt.
	ID            string           `json:"id"`
	Type          string           `json:"type"`
	State         string           `json:"state"`
	CreatedAt     time.Time        `json:"created_at"`
	NextAttemptAt *time.Time       `json:"next_attempt_at"`
	DeliveredAt   *time.Time       `json:"delivered_at"`
	Attempts      []WebhookAttempt `json:"attempts"`
	// Payload is the body that is posted; left out in lists.
	Payload json.RawMessage `json:"payload,omitempty"`
}

// WebhookAttempt is one try to deliver.
type WebhookAttempt struct {
	At time.Time `json:"at"`
	// Status is the HTTP status; 0 when there was no answer.
	Status int `json:"status"`
	// Error says why there was none.
	Error string `json:"error,omitempty"`
	// Response is the beginning of what was answered, at most 200 bytes.
	Response string `json:"response,omitempty"`
	// TookMS is how long it took, in milliseconds.
	TookMS int64 `json:"took_ms"`
}

// WebhookEvent is the body of a webhook (Standard Webhooks).
type WebhookEvent struct {
	Type      string      `json:"type"`
	Timestamp time.Time   `json:"timestamp"`
	Data      WebhookData `json:"data"`
}

// WebhookData says what happened, thinly: whoever wants more reads the object.
// It never holds a secret or a digest. Labels and names are data that somebody
// chose; escape them where they are shown.
type WebhookData struct {
	// Workspace is empty for an event of the instance.
	Workspace           string `json:"workspace"`
	WorkspaceExternalID string `json:"workspace_external_id,omitempty"`
	// Revision is the change's; compare it to put events in order.
	Revision int64 `json:"revision"`
	// Actor is the address of who did it, OnBehalf of the member whose rights decided.
	Actor     string `json:"actor"`
	OnBehalf  string `json:"on_behalf,omitempty"`
	RequestID string `json:"request_id,omitempty"`
	// Target names what was changed, as in the audit.
	Target string            `json:"target"`
	Token  *WebhookToken     `json:"token,omitempty"`
	Who    *WebhookPrincipal `json:"principal,omitempty"`
	// Count is how often, in an event that is told once for many times.
	Count int64 `json:"count,omitempty"`
	// DaysLeft is of token.expiring: whole days until the expiry, rounded up.
	DaysLeft int `json:"days_left,omitempty"`
	// Leak is of token.leaked: where, and what was done.
	Leak *Leak `json:"leak,omitempty"`
	// StrangeUse is of token.strange_use: what is open about the token.
	StrangeUse *StrangeUse `json:"strange_use,omitempty"`
	// Unused is of token.unused: since when, and when it is disabled.
	Unused *Unused `json:"unused,omitempty"`
}

// WebhookToken is the token that an event is about.
type WebhookToken struct {
	ID           string     `json:"id"`
	Locator      string     `json:"locator"`
	Kind         string     `json:"kind"`
	Label        string     `json:"label"`
	Masked       string     `json:"masked"`
	Owner        string     `json:"owner"`
	Status       string     `json:"status"`
	ExpiresAt    *time.Time `json:"expires_at"`
	RevokeReason *string    `json:"revoke_reason,omitempty"`
}

// WebhookPrincipal is the member or service account that an event is about.
type WebhookPrincipal struct {
	Type       string  `json:"type"`
	ID         string  `json:"id"`
	Address    string  `json:"address"`
	ExternalID *string `json:"external_id,omitempty"`
	Active     bool    `json:"active"`
}

// WebhookType describes one type of event.
type WebhookType struct {
	Type, Description string
	// Actions are the audit's actions that it follows from, besides the one of
	// its own name.
	Actions []string
}

// WebhookPing is the type of a test event, which is sent whatever the patterns.
const WebhookPing = "ping"

// WebhookTypes lists every type of event: the one table from which actions of
// the audit become events, patterns are checked, and the page about them is made.
func WebhookTypes() []WebhookType {
	return append(tokenEvents(), otherEvents()...)
}

func tokenEvents() []WebhookType {
	return []WebhookType{
		{"token.created", "A token was issued, or made of a string that another system gave out.", []string{"token.imported"}},
		{"token.rotated", "A token got a new secret, by rotation, reset, or a retry whose first answer was lost.", []string{"token.reset", "token.secret_reissued"}},
		{"token.edited", "Label, rights, expiry or limits of a token changed.", nil},
		{"token.disabled", "A token was suspended.", nil},
		{"token.enabled", "A suspended token works again.", nil},
		{"token.revoked", "A token was ended for good; revoke_reason says why.", nil},
		{"token.deleted", "A token was revoked and hidden from lists.", nil},
		{"token.secret_retired", "The old secret of a token was ended before its overlap was over.", nil},
		{"token.transferred", "A token got another owner, and a new secret.", nil},
		{"token.approval_requested", "A token was made that does not work until somebody else has approved it.", nil},
		{"token.approved", "A token that waited for approval works now.", nil},
		{"token.refused", "A token that waited for approval was refused, or nobody approved it in time; it is revoked.", nil},
		{"token.revealed", "A recoverable secret was shown again.", nil},
		{"token.expiring", "A token reached a step of the policy's notice_days; days_left says which.", nil},
		{"token.expired", "A token's expiry has passed.", nil},
		{"token.reused", "A retired secret was presented; told once an hour and secret, count says how often.", nil},
		{"token.leaked", "A secret of a token was reported as leaked, or the token revoked because of that; leak says where and what was done.", nil},
		{"token.unused", "A token is disabled in 14 days or more if nobody uses it; unused says since when it was not, and on which day.", nil},
		{"token.strange_use", "A token was used as it never was; told once a day and token, strange_use says what is open about it.", nil},
	}
}

func otherEvents() []WebhookType {
	return []WebhookType{
		{"member.created", "A person became a member.", nil},
		{"member.edited", "Name, external id or rights of a member changed.", nil},
		{"member.deactivated", "A member was suspended: tokens and sessions stopped.", nil},
		{"member.activated", "A suspended member is active again.", nil},
		{"member.removed", "A membership ended for good; its tokens are revoked.", nil},
		{"service_account.created", "A service account was made.", nil},
		{"service_account.edited", "Description, contacts or rights of a service account changed.", nil},
		{"service_account.disabled", "A service account was suspended.", nil},
		{"service_account.enabled", "A suspended service account is active again.", nil},
		{"service_account.removed", "A service account ended for good; its tokens are revoked.", nil},
		{"trust_rule.created", "A service account trusts ID tokens of somebody else's system.", nil},
		{"trust_rule.edited", "A rule of trust changed.", nil},
		{"trust_rule.deleted", "A rule of trust is gone; the tokens that it gave are revoked.", nil},
		{"workspace.created", "A workspace was made.", nil},
		{"workspace.edited", "Name, external id or metadata of a workspace changed.", nil},
		{"workspace.suspended", "A workspace was suspended: all its tokens stopped.", nil},
		{"workspace.resumed", "A suspended workspace is back.", nil},
		{"workspace.deleted", "A workspace was deleted.", nil},
		{"policy.edited", "The policy of a workspace or of the instance changed.", nil},
		{"role.written", "A role was created or replaced.", nil},
		{"role.deleted", "A role was deleted.", nil},
		{"scope.written", "A scope of the catalogue was created or replaced.", nil},
		{"scope.deleted", "A scope was taken out of the catalogue.", nil},
		{"resource.created", "A resource was put on board.", nil},
		{"resource.deleted", "A resource was deleted.", nil},
		{"user.deactivated", "A person was suspended in every workspace (instance endpoints only).", nil},
		{"user.activated", "A suspended person is active again (instance endpoints only).", nil},
		{"admin.added", "A person became instance administrator (instance endpoints only).", nil},
		{"admin.removed", "A person is instance administrator no more (instance endpoints only).", nil},
		{"webhook.disabled", "An endpoint was disabled after a week of failures, or because it answered 410.", nil},
	}
}
