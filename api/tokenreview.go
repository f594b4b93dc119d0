package api

// TokenReview is a question of a Kubernetes API server whose a token is, and its answer
// (authentication.k8s.io, v1 and v1beta1).
type TokenReview struct {
	// Version of the answer is that of the question.
	Version string `json:"apiVersion"`
	// Kind is "TokenReview".
	Kind string `json:"kind"`
	// Spec is the question, and has to be there in one.
	Spec *TokenReviewSpec `json:"spec,omitempty" nullable:"false"`
	// Status is the answer.
	Status *TokenReviewStatus `json:"status,omitempty"`
}

// TokenReviewSpec is what is asked.
type TokenReviewSpec struct {
	// Token is the string that was presented.
	Token string `json:"token" required:"false"`
	// Audiences are not looked at: an answer is for the API server that asks.
	Audiences []string `json:"audiences,omitempty"`
}

// TokenReviewStatus is what is said of a token.
type TokenReviewStatus struct {
	Authenticated bool `json:"authenticated" required:"false"`
	// User is there when Authenticated is true.
	User *ReviewedUser `json:"user,omitempty"`
	// Error is there when it could not be decided now.
	Error string `json:"error,omitempty"`
}

// ReviewedUser is a user in the words of Kubernetes.
type ReviewedUser struct {
	// Username is tokenry:WORKSPACE:NAME, of a member's mail address or a service account's name.
	Username string `json:"username" required:"false"`
	// UID is the owner's ID.
	UID string `json:"uid" required:"false"`
	// Groups are tokenry:WORKSPACE, and tokenry:WORKSPACE:SCOPE of each scope of the address that the token has.
	Groups []string `json:"groups" required:"false"`
	// Extra has tokenry.dev/token-id and tokenry.dev/workspace.
	Extra map[string][]string `json:"extra,omitempty"`
}
