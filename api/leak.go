package api

// MaxLeaks is how many tokens one report names at the most.
const MaxLeaks = 1000

// ReportLeaks tells of token strings that were found where they do not belong.
// Whoever sends a secret has it: that is all the proof there is, and all that is
// needed.
type ReportLeaks struct {
	// Tokens are 1,000 at the most. What is no token string is passed over.
	Tokens []LeakedToken `json:"tokens" maxItems:"1000"`
}

// LeakedToken is one token string and where it was found.
type LeakedToken struct {
	// Token is the whole string.
	Token string `json:"token"`
	// URL is the address of the place, or its name; it is kept without user and
	// query, and cut at 500 bytes.
	URL string `json:"url,omitempty"`
	// Source is what kind of place it is, such as commit or gist_content, in
	// [A-Za-z0-9_./-], at most 64 bytes; anything else is left out.
	Source string `json:"source,omitempty"`
}

// LeaksReceived answers a report, whatever it held: it does not say which of the
// strings are tokens.
type LeaksReceived struct {
	Received int `json:"received"`
}

// Values of Leak.Effect.
const (
	// LeakRevoked and LeakDisabled say what leak_action did, LeakTold that it
	// changes nothing.
	LeakRevoked  = "revoked"
	LeakDisabled = "disabled"
	LeakTold     = "told"
	// LeakDead says that the secret opened nothing any more: it was retired, or
	// its token revoked or expired.
	LeakDead = "dead"
)

// Leak is what is known of a leaked secret: never the secret.
type Leak struct {
	// Secret is current, overlap or retired; empty when a person said of the token
	// that it leaked.
	Secret string `json:"secret,omitempty"`
	// Effect is what was done to the token.
	Effect string `json:"effect"`
	// URL and Source are the place, as its reporter named it. Anybody can report:
	// do not follow the address without care.
	URL    string `json:"url,omitempty"`
	Source string `json:"source,omitempty"`
	// Descendants is how many usable tokens were made with this one, counted up to
	// 200; the filter created_with finds them.
	Descendants int `json:"descendants"`
}

// GitHubFind is one secret in a report of GitHub's secret scanning partner programme.
type GitHubFind struct {
	Token string `json:"token" required:"false"`
	// Type is what the expression is called that found it.
	Type string `json:"type,omitempty"`
	// URL is the place, which may be empty; Source is what kind of place it is.
	URL    string `json:"url,omitempty"`
	Source string `json:"source,omitempty"`
}

// Values of GitHubFeedback.Label.
const (
	GitHubTrue  = "true_positive"
	GitHubFalse = "false_positive"
)

// GitHubFeedback tells GitHub what a find was.
type GitHubFeedback struct {
	// TokenHash is the SHA-256 of the secret, in hexadecimal.
	TokenHash string `json:"token_hash"`
	TokenType string `json:"token_type"`
	// Label is true_positive for a secret of a token of this instance, whatever became of
	// it, and else false_positive.
	Label string `json:"label"`
}

// GitLabTypes are the types of secrets that may be reported.
type GitLabTypes struct {
	Types []string `json:"types"`
}

// GitLabFind is one secret in a report of GitLab's token revocation.
type GitLabFind struct {
	// Type is one of GitLabTypes.
	Type  string `json:"type" required:"false"`
	Token string `json:"token" required:"false"`
	// Location is the place.
	Location string `json:"location,omitempty"`
}

// LiveSecret answers that one of the strings that were asked about opens something now, or
// may again: it is disabled, say, or may only be used from elsewhere.
type LiveSecret struct {
	Live bool `json:"live"`
}
