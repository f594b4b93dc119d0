package api

import "time"

// TrustRule says for which ID tokens of somebody else's system (a CI job, a cluster) a
// service account gives an ephemeral token, so that no secret has to be stored there.
type TrustRule struct {
	ID        string `json:"id"`
	Workspace string `json:"workspace"`
	// ServiceAccount is the name of the account whose tokens it gives.
	ServiceAccount string `json:"service_account"`
	Label          string `json:"label"`
	// System is whose ID tokens they are: github, gitlab, buildkite, circleci, terraform,
	// kubernetes or oidc.
	System string `json:"system"`
	// Issuer and Audience are compared to the byte.
	Issuer   string `json:"issuer"`
	Audience string `json:"audience"`
	// Claims have to hold, every one, each by one of its values. A star in a value stands
	// for one or more characters that are neither / nor :. A name that begins with / is a
	// JSON pointer.
	Claims map[string][]string `json:"claims"`
	// Keys are the issuer's public keys, where they came with the rule; null when the
	// issuer is asked.
	Keys *KeySet `json:"keys"`
	// Role, Scopes and Resources show a grant of one statement; Grants shows any. All four
	// are null while the tokens inherit the account's rights.
	Role       *string     `json:"role"`
	Scopes     []string    `json:"scopes" nullable:"true"`
	Resources  []string    `json:"resources" nullable:"true"`
	Grants     []Statement `json:"grants" nullable:"true"`
	AllowedIPs []string    `json:"allowed_ips" nullable:"true"`
	// ExpiresIn is how long a token lives, at most an hour.
	ExpiresIn Duration `json:"expires_in"`
	// CreatedBy is the address of who made the rule or last changed what it gives.
	CreatedBy string `json:"created_by"`
	// CreatedWith is the locator of the API token that did; the rule gives nothing any more
	// when that ends.
	CreatedWith *string   `json:"created_with"`
	CreatedAt   time.Time `json:"created_at"`
	// BlockedBy says why it gives nothing now: owner_inactive, or creator_ended; null while
	// it does.
	BlockedBy *string        `json:"blocked_by"`
	Warnings  []TrustWarning `json:"warnings"`
	Revision  int64          `json:"revision"`
}

// TrustWarning is what is allowed in a rule, and may be meant otherwise.
type TrustWarning struct {
	// Code is by_name, any_place, subject_changes, forks, shared_audience, asked_for or
	// uploaded_keys.
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

// KeySet is a JSON Web Key Set (RFC 7517) of public keys.
type KeySet struct {
	Keys []map[string]any `json:"keys"`
}

// CreateTrustRule asks for a new rule.
type CreateTrustRule struct {
	// ServiceAccount is the name of the account whose tokens it gives.
	ServiceAccount  string `json:"service_account"`
	TrustRuleFields `requires:"label,issuer,audience,claims"`
}

// EditTrustRule is a merge patch of a rule. Whatever but the label is changed, tokens that
// were given before end.
type EditTrustRule struct{ TrustRuleFields }

// TrustRuleFields are what create and edit have in common.
type TrustRuleFields struct {
	// Label is the rule's name: 1 to 100 characters, none of them a control character.
	Label Opt[string] `json:"label,omitzero" nullable:"false" minLength:"1" maxLength:"100"`
	// System, left out, is the one whose issuer it is, else oidc.
	System   Opt[string]              `json:"system,omitzero"`
	Issuer   Opt[string]              `json:"issuer,omitzero" nullable:"false"`
	Audience Opt[string]              `json:"audience,omitzero" nullable:"false"`
	Claims   Opt[map[string][]string] `json:"claims,omitzero" nullable:"false"`
	// Keys are the issuer's public keys, for one that does not tell them to strangers; null
	// asks the issuer.
	Keys Opt[KeySet] `json:"keys,omitzero"`
	Rights
	AllowedIPs Opt[[]string] `json:"allowed_ips,omitzero"`
	// ExpiresIn is how long a token lives: 1m to 1h; 15m when left out.
	ExpiresIn Opt[Duration] `json:"expires_in,omitzero"`
}

// ExplainTrust asks which rules an ID token fits, and why not the others. Nothing is
// exchanged, and the token is not used up.
type ExplainTrust struct {
	// ServiceAccount keeps the rules of one account.
	ServiceAccount string `json:"service_account,omitempty"`
	// Token is an ID token; Claims describe one, of which no signature is asked. Give one.
	Token  string         `json:"token,omitempty"`
	Claims map[string]any `json:"claims,omitzero"`
}

// TrustExplanation is the answer to an [ExplainTrust].
type TrustExplanation struct {
	// Accepted says that an exchange would give a token now; of described claims, that one
	// with a good signature would.
	Accepted bool `json:"accepted"`
	// Times are what is wrong with the token's times, or that it was used.
	Times []TrustProblem `json:"times"`
	Rules []TrustVerdict `json:"rules"`
}

// TrustVerdict says of one rule whether an ID token fits it.
type TrustVerdict struct {
	Rule           string `json:"rule"`
	Label          string `json:"label"`
	ServiceAccount string `json:"service_account"`
	Fits           bool   `json:"fits"`
	// Signature is good, bad, unknown when the issuer's keys could not be read, or
	// not_checked.
	Signature string `json:"signature"`
	// Problems are why it does not fit.
	Problems []TrustProblem `json:"problems"`
}

// TrustProblem is why an ID token is not accepted. Claim is what it is about.
type TrustProblem struct {
	Claim  string `json:"claim"`
	Detail string `json:"detail"`
}

// The states of a signature in a [TrustVerdict].
const (
	SignatureGood       = "good"
	SignatureBad        = "bad"
	SignatureUnknown    = "unknown"
	SignatureNotChecked = "not_checked"
)
