package api

// MaxTokens bounds how many live tokens there may be; 0 means no bound.
type MaxTokens struct {
	PerOwner int `json:"per_owner"`
	Total    int `json:"total"`
}

// SupportContact is whom a person with a refused token may ask.
type SupportContact struct {
	Email string `json:"email,omitempty"`
	Phone string `json:"phone,omitempty"`
	URL   string `json:"url,omitempty"`
}

// Values of personal_tokens: who may hold personal tokens of their own.
const (
	PersonalMembers  = "members"
	PersonalManagers = "managers"
	PersonalNobody   = "nobody"
)

// Values of onboarding: who may put a resource on board.
const (
	OnboardPortfolio = "portfolio"
	OnboardAnyMember = "any_member"
)

// Values of leak_action: what happens to a token that was reported as leaked.
const (
	LeakRevoke  = "revoke"
	LeakDisable = "disable"
	LeakNotify  = "notify"
)

// PatchPolicy is a merge patch of a policy; null returns a field to what is
// inherited.
type PatchPolicy struct {
	DefaultLifetime       Opt[Duration]       `json:"default_lifetime,omitzero"`
	MaxLifetime           Opt[Duration]       `json:"max_lifetime,omitzero"`
	AllowNever            Opt[bool]           `json:"allow_never,omitzero"`
	Overlap               Opt[Duration]       `json:"overlap,omitzero"`
	RequireIPAllowList    Opt[bool]           `json:"require_ip_allow_list,omitzero"`
	PersonalTokens        Opt[string]         `json:"personal_tokens,omitzero"`
	MaxTokens             Opt[MaxTokens]      `json:"max_tokens,omitzero"`
	NoticeDays            Opt[[]int]          `json:"notice_days,omitzero"`
	Onboarding            Opt[string]         `json:"onboarding,omitzero"`
	Recoverable           Opt[bool]           `json:"recoverable,omitzero"`
	RevokeOnReuse         Opt[bool]           `json:"revoke_on_reuse,omitzero"`
	NoticeStrangeUse      Opt[bool]           `json:"notice_strange_use,omitzero"`
	DisableUnusedAfter    Opt[Duration]       `json:"disable_unused_after,omitzero"`
	VerifiersMayRevoke    Opt[bool]           `json:"verifiers_may_revoke,omitzero"`
	RateLimit             Opt[RateLimit]      `json:"rate_limit,omitzero"`
	WorkspaceRateLimit    Opt[RateLimit]      `json:"workspace_rate_limit,omitzero"`
	Retention             Opt[Duration]       `json:"retention,omitzero"`
	IntrospectionMaxCache Opt[Duration]       `json:"introspection_max_cache,omitzero"`
	LeakAction            Opt[string]         `json:"leak_action,omitzero"`
	LeakDescendants       Opt[bool]           `json:"leak_descendants,omitzero"`
	RequireSecondFactor   Opt[bool]           `json:"require_second_factor,omitzero"`
	RequireApproval       Opt[[]ApprovalRule] `json:"require_approval,omitzero" maxItems:"20"`
	SupportContact        Opt[SupportContact] `json:"support_contact,omitzero"`
	// Locked, on the instance only, names the fields workspaces cannot override.
	Locked Opt[[]string] `json:"locked,omitzero"`
}

// Policy is what holds in a workspace now: its own values over the instance's
// over the defaults.
type Policy struct {
	// DefaultLifetime is a new token's when it names none.
	DefaultLifetime Duration `json:"default_lifetime"`
	// MaxLifetime is the longest lifetime; 0 means no bound.
	MaxLifetime Duration `json:"max_lifetime"`
	// AllowNever allows tokens without expiry.
	AllowNever bool `json:"allow_never"`
	// Overlap is how long a rotated secret still works; 0 ends it at once.
	Overlap            Duration  `json:"overlap"`
	RequireIPAllowList bool      `json:"require_ip_allow_list"`
	PersonalTokens     string    `json:"personal_tokens"`
	MaxTokens          MaxTokens `json:"max_tokens"`
	NoticeDays         []int     `json:"notice_days"`
	Onboarding         string    `json:"onboarding"`
	Recoverable        bool      `json:"recoverable"`
	RevokeOnReuse      bool      `json:"revoke_on_reuse"`
	// NoticeStrangeUse tells the owner of a token that it was used as it never was.
	NoticeStrangeUse bool `json:"notice_strange_use"`
	// DisableUnusedAfter disables a token that was not used for so long, 30 days at least; its
	// owner is told 14 days before and on the day. 0 disables none.
	DisableUnusedAfter Duration `json:"disable_unused_after"`
	// VerifiersMayRevoke lets whoever may verify tokens end one whose secret was
	// presented to it, through the revocation of OAuth.
	VerifiersMayRevoke bool       `json:"verifiers_may_revoke"`
	RateLimit          *RateLimit `json:"rate_limit"`
	WorkspaceRateLimit *RateLimit `json:"workspace_rate_limit"`
	Retention          Duration   `json:"retention"`
	// IntrospectionMaxCache is the longest that an introspection may be kept; 0
	// leaves it to the token's expiry.
	IntrospectionMaxCache Duration `json:"introspection_max_cache"`
	LeakAction            string   `json:"leak_action"`
	// LeakDescendants does to what was made with a leaked token what is done to it.
	LeakDescendants bool `json:"leak_descendants"`
	// RequireSecondFactor keeps whoever signed in with a password alone out of the pages
	// until they set up a second factor; tokens are not asked for any.
	RequireSecondFactor bool `json:"require_second_factor"`
	// RequireApproval says which tokens do not work until somebody else than their maker has
	// approved them: those that a rule of it fits. What lives already is not touched.
	RequireApproval []ApprovalRule  `json:"require_approval"`
	SupportContact  *SupportContact `json:"support_contact"`
	// Overridden names the fields that are set here and not inherited.
	Overridden []string `json:"overridden"`
	// Locked names the fields that the instance does not let workspaces override.
	Locked []string `json:"locked"`
	// Revision is the last change of what is set here; what is inherited does not move it.
	Revision int64 `json:"revision"`
}
