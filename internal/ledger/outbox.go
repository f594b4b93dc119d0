package ledger

import (
	"encoding/json"
	"time"

	"github.com/tokenry/tokenry/internal/policy"
	"github.com/tokenry/tokenry/token"
)

// Webhook is an endpoint that is told what happens; workspace 0 is the
// instance's, which is told of every workspace.
type Webhook struct {
	ID          ID
	Workspace   ID
	PublicID    string
	URL         string
	Description string
	// Events are types or patterns like token.*.
	Events []string
	// Secret is the signing key, sealed. FormerSecrets are those that it replaced,
	// the oldest first; each signs besides it until its end.
	Secret        []byte
	FormerSecrets []FormerSecret
	Enabled       bool
	// FailingSince is the first failure after the last success.
	FailingSince   time.Time
	DisabledAt     time.Time
	DisabledReason string
	// DisabledBy is who did, as Token.DisabledBy; empty where it failed for too long.
	DisabledBy string
	// Held is as in Member.
	Held      bool
	CreatedAt time.Time
	Revision  int64
}

// FormerSecret is a signing key that was replaced, sealed.
type FormerSecret struct {
	Sealed []byte
	EndsAt time.Time
}

// Delivery is one event on its way to one endpoint.
type Delivery struct {
	ID       ID
	PublicID string
	Webhook  ID
	Type     string
	// Payload is the body, kept to the byte: signatures are over it.
	Payload json.RawMessage
	// State is one of api.Delivery….
	State string
	// Attempts counts those that were begun, Log tells of the last ones.
	Attempts int
	Log      []Attempt
	// NextAttemptAt is when it is due; zero once it is settled. While somebody is
	// at it, it is LeasedUntil, so that a sender that died is succeeded.
	NextAttemptAt time.Time
	LeasedUntil   time.Time
	CreatedAt     time.Time
	SettledAt     time.Time
}

// Kinds of mail.
const (
	MailExpiry          = "expiry"
	MailIssued          = "issued"
	MailReused          = "reused"
	MailLeaked          = "leaked"
	MailStrange         = "strange"
	MailUnused          = "unused"
	MailWebhookDisabled = "webhook_disabled"
	// MailAsked goes to who may approve a token, MailDecided to whoever asked for it.
	MailAsked   = "approval_asked"
	MailDecided = "approval_decided"
)

// States of a mail.
const (
	MailPending = "pending"
	MailSent    = "sent"
	MailFailed  = "failed"
	MailDropped = "dropped"
)

// Mail is one mail to one person.
type Mail struct {
	ID ID
	// PublicID is in its Message-ID, the same at every attempt.
	PublicID  string
	Workspace ID
	Kind      string
	Recipient string
	// Token, ExpiresAt and Step are of a notice about an expiry; Token also of
	// other mails about one.
	Token     token.Locator
	ExpiresAt time.Time
	Step      int
	Facts     MailFacts
	State     string
	Attempts  int
	// Error is what the last attempt met.
	Error         string
	NextAttemptAt time.Time
	LeasedUntil   time.Time
	CreatedAt     time.Time
	SettledAt     time.Time
}

// MailFacts is what a mail tells, as it was when it was written; never a secret.
// Texts are as people wrote them.
type MailFacts struct {
	Workspace     string `json:"workspace,omitempty"`
	WorkspaceName string `json:"workspace_name,omitempty"`
	TokenID       string `json:"token_id,omitempty"`
	Locator       string `json:"locator,omitempty"`
	Label         string `json:"label,omitempty"`
	Mask          string `json:"mask,omitempty"`
	Kind          string `json:"kind,omitempty"`
	Owner         string `json:"owner,omitempty"`
	// Action is the audit's, Actor who did it, At when.
	Action string    `json:"action,omitempty"`
	Actor  string    `json:"actor,omitempty"`
	At     time.Time `json:"at,omitzero"`
	// Count, Address and Agent are of a reuse.
	Count   int64  `json:"count,omitempty"`
	Address string `json:"address,omitempty"`
	Agent   string `json:"agent,omitempty"`
	Revoked bool   `json:"revoked,omitempty"`
	// Leak is of a leaked secret.
	Leak *Leak `json:"leak,omitempty"`
	// Strange is of strange use.
	Strange *StrangeSigns `json:"strange,omitempty"`
	// Unused are the tokens that nobody uses of which one mail tells, and MoreUnused counts the
	// others.
	Unused     []UnusedNote `json:"unused,omitempty"`
	MoreUnused int          `json:"more_unused,omitempty"`
	// WebhookURL is the host of an endpoint, WebhookID its id, Reason why it was
	// disabled.
	WebhookURL string              `json:"webhook_url,omitempty"`
	WebhookID  string              `json:"webhook_id,omitempty"`
	Reason     string              `json:"reason,omitempty"`
	Support    *policy.KeptContact `json:"support,omitempty"`
}

// Notice says that a step of one expiry of a token was noticed.
type Notice struct {
	Token     ID
	ExpiresAt time.Time
	Step      int
	NoticedAt time.Time
	// SentAt is when a mail server first accepted a mail about it; zero before.
	SentAt time.Time
}

// ReuseTold says when the use of a retired secret was last told.
type ReuseTold struct {
	Token  ID
	Secret int
	At     time.Time
	// Count is how often it was presented since, untold.
	Count int64
}

// ExpiryWindow asks for the tokens that expire in (After, Until], that live at least
// Life, and of whose step there is no notice from Told before the expiry or later.
type ExpiryWindow struct {
	After, Until time.Time
	Step         int
	Life, Told   time.Duration
	// From continues a list: only IDs greater than it.
	From  ID
	Limit int
}

// NotifyReader reads what is told to the outside.
type NotifyReader interface {
	// Webhook finds an endpoint of the workspace (0: the instance) by its public
	// id; WebhookByID any.
	Webhook(workspace ID, publicID string) (Webhook, error)
	WebhookByID(id ID) (Webhook, error)
	Webhooks(workspace, after ID, limit int) ([]Webhook, error)
	// Subscribed lists the enabled endpoints of a workspace and of the instance,
	// without their former secrets: what it answers is not written back.
	Subscribed(workspace ID) ([]Webhook, error)
	Delivery(webhook ID, publicID string) (Delivery, error)
	DeliveryByID(id ID) (Delivery, error)
	// Deliveries lists an endpoint's, newest first.
	Deliveries(webhook, before ID, limit int) ([]Delivery, error)
	// DueDeliveries lists what is due of endpoints at which nobody is, as much as the
	// claim takes: first of workspaces with the fewest leases, then the oldest. It
	// costs nothing that more waits for an endpoint.
	DueDeliveries(now time.Time, c PostClaim) ([]Delivery, error)
	Mail(id ID) (Mail, error)
	// DueMails lists what is due but for one kind; DueMailsTo what is due of a kind to
	// one person, in the order of their IDs.
	DueMails(now time.Time, except string, limit int) ([]Mail, error)
	DueMailsTo(recipient, kind string, now time.Time, limit int) ([]Mail, error)
	// NextDue is when the next delivery or mail is due; ErrNoRow when none is.
	NextDue() (time.Time, error)
	// Expiring lists tokens of all workspaces that are neither revoked, deleted
	// nor disabled; ephemeral ones are left out.
	Expiring(w ExpiryWindow) ([]Token, error)
	// Notice is the last notice of a step of a token's expiry.
	Notice(t ID, step int) (Notice, error)
	ReuseTold(t ID, secret int) (ReuseTold, error)
}

// NotifyWriter changes what is told to the outside.
type NotifyWriter interface {
	PutWebhook(Webhook) error
	// DeleteWebhook forgets an endpoint and its deliveries.
	DeleteWebhook(id ID) error
	PutDelivery(Delivery) error
	// DropDeliveries settles what is pending of an endpoint as dropped.
	DropDeliveries(webhook ID, at time.Time) error
	// DropPending settles as dropped what is on its way to anybody, but for mails
	// of the kind kept, and answers how many deliveries and mails it were.
	DropPending(kept string, at time.Time) (deliveries, mails int, err error)
	PutMail(Mail) error
	PutNotice(Notice) error
	DeleteNotice(Notice) error
	PutReuseTold(ReuseTold) error
	// ForgetSettled deletes deliveries and mails settled before t, and the
	// notices and reuses of before it.
	ForgetSettled(t time.Time) error
}

// PostClaim is how much a sender takes at once: up to Each deliveries of one endpoint,
// of up to Healthy endpoints that took what they were sent before, and of up to Failing
// that did not.
type PostClaim struct{ Each, Healthy, Failing int }
