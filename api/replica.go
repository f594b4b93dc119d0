package api

// ReplicaCall is how a program that verifies from its own memory renews its lease and says
// what it has applied.
type ReplicaCall struct {
	// Replica is which it is; left out it is a new one.
	Replica string `json:"replica,omitempty"`
	// Applied is the count up to which it has forgotten what it was told to.
	Applied int64 `json:"applied,omitempty"`
	// Leave says that it has ended its lease and does not come back.
	Leave bool `json:"leave,omitempty"`
}

// ReplicaTold is what it has to forget before its lease counts.
type ReplicaTold struct {
	Replica string `json:"replica"`
	// Count is that of the node: all up to it is told.
	Count int64 `json:"count"`
	// All says that everything is to be forgotten.
	All bool `json:"all"`
	// Forget are names of tokens, owners and workspaces, as in what is kept.
	Forget []string `json:"forget"`
	// LeaseMS is how long, from before the call, memory may be believed, in milliseconds;
	// 0 gives no longer than before.
	LeaseMS int64 `json:"lease_ms"`
}

// ReplicaVerify asks what POST /v1/verify does, for a replica that may keep the answer.
type ReplicaVerify struct {
	Replica string        `json:"replica"`
	Request VerifyRequest `json:"request"`
}

// ReplicaResult is the decision. Keep is null when it is not to be kept.
type ReplicaResult struct {
	Result VerifyResult `json:"result"`
	Keep   *ReplicaKeep `json:"keep"`
}

// ReplicaKeep is what a replica decides by, for a token string that it sent.
type ReplicaKeep struct {
	// Count is the node's from before it decided. What was told of a later one may
	// not be in it.
	Count int64 `json:"count"`
	// Token, Owner and Workspace are the names under which it is told to forget this.
	Token     string `json:"token"`
	Owner     string `json:"owner"`
	Workspace string `json:"workspace"`
	// Grants are what the token may do now.
	Grants []Statement `json:"grants"`
	// NamesAny says that a resource is called like the word any.
	NamesAny bool `json:"names_any"`
	// LastsMS is how long this may be decided by at the most, in milliseconds.
	LastsMS int64 `json:"lasts_ms"`
	// Use names the secret when its uses are told.
	Use string `json:"use"`
}

// ReplicaUses tells what was allowed from memory.
type ReplicaUses struct {
	Uses []ReplicaUse `json:"uses"`
}

// ReplicaUse is so many uses that are alike.
type ReplicaUse struct {
	// Use is that of what was kept.
	Use   string `json:"use"`
	Count int64  `json:"count"`
	// AgoMS is how long ago the last of them was, in milliseconds.
	AgoMS    int64    `json:"ago_ms,omitempty"`
	Scopes   []string `json:"scopes,omitempty"`
	Resource string   `json:"resource,omitempty"`
	Client   *Client  `json:"client,omitempty"`
}

// ReplicaCounted says how many uses were counted. What nobody knows is left out.
type ReplicaCounted struct {
	Counted int64 `json:"counted"`
}
