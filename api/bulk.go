package api

// Actions of a bulk call.
const (
	BulkRevoke  = "revoke"
	BulkDisable = "disable"
	BulkRotate  = "rotate"
	BulkEdit    = "edit"
)

// BulkTokens does one thing to many tokens: those named by IDs, or those that a
// filter with at least one condition finds. The caller's own token is left out.
type BulkTokens struct {
	// Action is revoke, disable, rotate or edit.
	Action string       `json:"action" enum:"revoke,disable,rotate,edit"`
	IDs    []string     `json:"ids,omitempty" maxItems:"10000"`
	Filter *TokenFilter `json:"filter,omitempty"`
	// DryRun only answers which tokens would be touched.
	DryRun bool `json:"dry_run,omitempty"`
	// Reason, Comment and Descendants go with revoke.
	Reason      string    `json:"reason,omitempty" enum:"unused,superseded,leaked,owner_left,other"`
	Comment     string    `json:"comment,omitempty"`
	Descendants Opt[bool] `json:"descendants,omitzero" nullable:"false"`
	// Rotate goes with rotate.
	Rotate *RotateToken `json:"rotate,omitempty"`
	// Edit goes with edit.
	Edit *EditToken `json:"edit,omitempty"`
}

// BulkResult is what became of one token. A rotation, and every call that accepts
// application/x-ndjson, answers these one a line, as soon as each is known.
type BulkResult struct {
	ID string `json:"id"`
	// Code is ok, or why this token was left as it was.
	Code   Code   `json:"code"`
	Detail string `json:"detail,omitempty"`
	// Secret is the new one; with rotate only.
	Secret string `json:"secret,omitempty"`
}

// BulkResults answers every action but rotate, unless a line for each was asked for.
type BulkResults struct {
	Action  string       `json:"action"`
	DryRun  bool         `json:"dry_run"`
	Matched int          `json:"matched"`
	Results []BulkResult `json:"results"`
	// Unfinished says that there was no time, or no room in one answer, for all:
	// what results tell was done, and the call may be sent again for the rest. One
	// that accepts application/x-ndjson is answered for any number.
	Unfinished bool `json:"unfinished"`
}

// LookupTokens asks whose the token strings in a text are. It counts as no use.
type LookupTokens struct {
	// Text is a token string, or a log, a file, a message that holds some: 1 MiB
	// at most.
	Text string `json:"text"`
}

// Values of FoundToken.Secret.
const (
	SecretCurrent = "current"
	SecretOverlap = "overlap"
	SecretRetired = "retired"
	SecretUnknown = "unknown"
)

// FoundToken is one token string that a text held.
type FoundToken struct {
	Masked string `json:"masked"`
	// Secret says which of the token's secrets it was: current, overlap, retired,
	// or unknown (also of a token that the caller may not see).
	Secret string `json:"secret"`
	// Derived says that it was derived from that secret: it may less, and ends with it.
	Derived bool `json:"derived,omitempty"`
	// Token is null unless the string was right and the caller may see it.
	Token *Token `json:"token"`
}

// FoundTokens answers a look-up, each string once, in the order of the text.
type FoundTokens struct {
	Items []FoundToken `json:"items"`
}
