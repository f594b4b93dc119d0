// Code generated from api/openapi.json by go test ./clients -update; DO NOT EDIT.

/** Activity is what was done with a token on one day in the same way. */
export interface Activity {
  count: number
  /** Day is its beginning, in UTC. */
  day: string
  first_at: string
  ip: string | null
  last_at: string
  method: string
  /** Outcome is ok, or why it was refused. */
  outcome: string
  path: string
  /** Rest stands for all of this day and outcome that is not listed singly. */
  rest: boolean
  user_agent: string
}

/** AddAdmin makes a user an instance administrator. */
export interface AddAdmin {
  /** User is an e-mail or a user id. */
  user: string
}

/** Advice is one thing that could be better about a token, and the change that makes it so. */
export interface Advice {
  /** Addresses is from how many addresses the token was used; with shared. */
  addresses?: number
  change: AdviceChange
  code: string
  /** Days is the time that was looked at; 0 where time does not matter. */
  days: number
  explanation: string
  label: string
  /** Token is the token's ID. */
  token: string
  /** Unused names scopes that were never exercised; with unused_scopes. */
  unused?: string[]
}

/** AdviceChange is the body of the call that follows an advice: exactly one is set. */
export interface AdviceChange {
  /** Edit is for PATCH …/tokens/{id}. */
  edit?: EditToken
  /** Revoke is for POST …/tokens/{id}/revoke. */
  revoke?: RevokeToken
  /** Rotate is for POST …/tokens/{id}/rotate; its secret has to be brought to whoever uses the token, so no program should apply it by itself. */
  rotate?: RotateToken
}

/** Affected answers a removal or suspension, done or only asked for with dry_run: the tokens that stop. */
export interface Affected {
  dry_run: boolean
  /** More says that the list was cut: a workspace may have very many tokens. */
  more?: boolean
  tokens: Token[]
}

/** AnswerStrangeUse says who it was. */
export interface AnswerStrangeUse {
  /** Answer is me or not_me. */
  answer: string
  comment?: string | null
  /** Seen is the last_at that was shown: what came later is refused with changed_meanwhile instead of being answered unseen. */
  seen?: string | null
}

/** Approval is what became of a token that needs a second person. */
export interface Approval {
  asked_at: string
  by: string | null
  comment: string
  /** DecidedAt and By are when, and the address of who; By is null where the time ran out. */
  decided_at: string | null
  /** State is pending, approved, refused or ended. */
  state: "pending" | "approved" | "refused" | "ended"
  /** Until is when a pending request is refused by itself; null once it is decided. */
  until: string | null
}

/** ApprovalRule says which tokens need a second person: those of which all holds that it names. A rule names at least one thing, and an empty list is refused. */
export interface ApprovalRule {
  /** Kinds are personal, service, workspace and ephemeral. */
  kinds?: string[] | null
  /** LongerThan holds for a token that lives longer, or without an end. */
  longer_than?: string | null
  /** Resources are names or beginnings with a *: the token reaches one that fits. "*" is of tokens on the entire portfolio. */
  resources?: string[] | null
  /** Scopes are scopes or patterns, as in a grant: the token may use one that fits. A token that inherits its owner's rights counts as one that may use every scope. */
  scopes?: string[] | null
}

/** AuditEvent is one row of the audit. */
export interface AuditEvent {
  action: string
  /** Actor is the address of who did it; ActorToken the locator of the token used. */
  actor: string
  actor_token: string | null
  after: unknown
  at: string
  /** Before and After are what it was about, as its own call shows it, without the members that are null. */
  before: unknown
  /** Erased says that what the event told was erased, because it was about a person who asked for it; what is left of it stands here. */
  erased?: boolean
  /** Hash is the chain's hash at this row, in hex. */
  hash: string
  ip: string | null
  /** OnBehalf is the address of the member whose rights decided. */
  on_behalf: string | null
  request_id: string
  revision: number
  sequence: number
  target: string
  token: string | null
  user_agent: string | null
  workspace: string
}

/** AuthorizationServer tells clients where to ask about tokens and how (RFC 8414). */
export interface AuthorizationServer {
  /** DeviceAuthorizationEndpoint is left out where nobody can sign in (RFC 8628, section 4). */
  device_authorization_endpoint?: string
  grant_types_supported?: string[]
  introspection_endpoint: string
  introspection_endpoint_auth_methods_supported?: string[]
  issuer: string
  /** ResponseTypesSupported is required. It is none: no token is issued by a redirection. */
  response_types_supported: string[]
  revocation_endpoint: string
  revocation_endpoint_auth_methods_supported?: string[]
  scopes_supported?: string[]
  service_documentation?: string
  token_endpoint?: string
  token_endpoint_auth_methods_supported?: string[]
  /** TokenEndpointAuthSigningAlgValuesSupported are how an ID token may be signed. */
  token_endpoint_auth_signing_alg_values_supported?: string[]
}

/** BulkResult is what became of one token. A rotation, and every call that accepts application/x-ndjson, answers these one a line, as soon as each is known. */
export interface BulkResult {
  /** Code is ok, or why this token was left as it was. */
  code: string
  detail?: string
  id: string
  /** Secret is the new one; with rotate only. */
  secret?: string
}

/** BulkResults answers every action but rotate, unless a line for each was asked for. */
export interface BulkResults {
  action: string
  dry_run: boolean
  matched: number
  results: BulkResult[]
  /** Unfinished says that there was no time, or no room in one answer, for all: what results tell was done, and the call may be sent again for the rest. One that accepts application/x-ndjson is answered for any number. */
  unfinished: boolean
}

/** BulkTokens does one thing to many tokens: those named by IDs, or those that a filter with at least one condition finds. The caller's own token is left out. */
export interface BulkTokens {
  /** Action is revoke, disable, rotate or edit. */
  action: "revoke" | "disable" | "rotate" | "edit"
  comment?: string | null
  descendants?: boolean
  /** DryRun only answers which tokens would be touched. */
  dry_run?: boolean | null
  /** Edit goes with edit. */
  edit?: EditToken | null
  filter?: TokenFilter | null
  ids?: string[] | null
  /** Reason, Comment and Descendants go with revoke. */
  reason?: "unused" | "superseded" | "leaked" | "owner_left" | "other" | ""
  /** Rotate goes with rotate. */
  rotate?: RotateToken | null
}

/** Check is one of the questions that a verification asks, in their order. */
export interface Check {
  /** Check is the code that is answered when it fails. */
  check: string
  detail?: string
  /** Remedy says what would make a failed check pass. */
  remedy?: string
  result: string
}

/** ConfirmUnused says yes to disabling the tokens that wait, as they were shown. */
export interface ConfirmUnused {
  /** Count and UpTo are those of what waits: if it is something else by now, nothing is confirmed, and the answer is changed_meanwhile. */
  count: number
  up_to: string
}

/** CreateMember asks for a person in a workspace. Email may be left out where an external id names the person. */
export interface CreateMember {
  email?: string | null
  external_id?: string | null
  grants?: Statement[] | null
  name?: string | null
  /** Password is for instance:admin alone, and only when it creates the user. */
  password?: string | null
  resources?: string[] | null
  role?: string | null
  scopes?: string[] | null
}

/** CreateResource puts an entity of the product on board. */
export interface CreateResource {
  description?: string | null
  name: string
}

/** CreateServiceAccount asks for a non-human principal. */
export interface CreateServiceAccount {
  contacts?: string[] | null
  description?: string | null
  grants?: Statement[] | null
  /** Name is [a-z0-9][a-z0-9._-]{0,62}; it never changes. */
  name: string
  resources?: string[] | null
  role?: string | null
  scopes?: string[] | null
}

/** CreateToken asks for a new token. */
export interface CreateToken {
  allowed_ips?: string[] | null
  description?: string | null
  expires_at?: string | null
  /** At most one of ExpiresIn, ExpiresAt and Never; none means the policy's default_lifetime. */
  expires_in?: string | null
  grants?: Statement[] | null
  /** Kind is "personal", "service" or "workspace"; left out it follows from Owner. */
  kind?: "personal" | "service" | "workspace" | ""
  /** Label is the token's name: 1 to 100 characters, none of them a control character. */
  label: string
  metadata?: Record<string, unknown> | null
  never?: boolean | null
  not_before?: string | null
  /** Owner is a member's e-mail or id, or a service account's name. Left out, a personal token belongs to the caller's own user. */
  owner?: string | null
  rate_limit?: RateLimit | null
  recoverable?: boolean | null
  resources?: string[] | null
  role?: string | null
  scopes?: string[] | null
}

/** CreateTrustRule asks for a new rule. */
export interface CreateTrustRule {
  allowed_ips?: string[] | null
  audience: string
  claims: Record<string, string[] | null>
  /** ExpiresIn is how long a token lives: 1m to 1h; 15m when left out. */
  expires_in?: string | null
  grants?: Statement[] | null
  issuer: string
  /** Keys are the issuer's public keys, for one that does not tell them to strangers; null asks the issuer. */
  keys?: KeySet | null
  /** Label is the rule's name: 1 to 100 characters, none of them a control character. */
  label: string
  resources?: string[] | null
  role?: string | null
  scopes?: string[] | null
  /** ServiceAccount is the name of the account whose tokens it gives. */
  service_account: string
  /** System, left out, is the one whose issuer it is, else oidc. */
  system?: string | null
}

/** CreateWebhook asks for an endpoint that is told what happens. */
export interface CreateWebhook {
  description?: string | null
  /** Enabled is true when it is left out. */
  enabled?: boolean | null
  /** Events are types like token.revoked, or patterns like token.* and *; left out, all. */
  events?: string[] | null
  /** URL is where events are posted: https, to a public address. */
  url: string
}

/** CreateWorkspace asks for a new tenant. */
export interface CreateWorkspace {
  external_id?: string | null
  metadata?: Record<string, unknown> | null
  name?: string
  /** Slug is its name in every path: [a-z0-9][a-z0-9-]{0,62}; never changes, never used again. */
  slug: string
}

/** DecideToken approves or refuses a token that waits. */
export interface DecideToken {
  /** Comment is told to whoever asked, and kept. */
  comment?: string | null
}

/** Denial is one request that was refused. */
export interface Denial {
  at: string
  code: string
  ip: string | null
  method: string
  path: string
  request_id: string
  resource: string
  scopes: string[]
  /** Token is the locator that was presented; null for what was no token. */
  token: string | null
  user_agent: string
}

/** Descendants are the tokens that were made with a token, and with what was made with it, in its workspace. */
export interface Descendants {
  active: number
  /** Items are the first 200, active ones first. */
  items: Token[]
  /** Partial says that there are more than the 10,000 that were counted. */
  partial: boolean
  /** Total counts all of them, Active those that are active now. */
  total: number
}

/** DeviceAuthorization begins a sign-in of a command line (RFC 8628, section 3.2): the person opens VerificationURI and types UserCode there. */
export interface DeviceAuthorization {
  /** DeviceCode is for polling, and a secret. */
  device_code: string
  /** ExpiresIn and Interval, the least time between two polls, are in seconds. */
  expires_in: number
  interval: number
  user_code: string
  verification_uri: string
}

/** DeviceAuthorizationRequest asks for a sign-in of a program (RFC 8628, section 3.1). It is sent as a form. */
export interface DeviceAuthorizationRequest {
  /** ClientID is [DeviceClientID]. */
  client_id: string
  /** DeviceName is what the person is shown: what the machine is called. */
  device_name?: string
  /** ExpiresIn is how long the token lives at the most; the workspace's policy may let it live shorter. Left out, as long as that says. */
  expires_in?: string
  /** Scope are scopes or patterns, apart by blanks, to which the token is limited; left out, it may do what its person may. */
  scope?: string
  /** Workspace is the slug of the one that it is to be for; left out, the person chooses. */
  workspace?: string
}

/** DisableToken suspends a token until it is enabled. */
export interface DisableToken {
  /** RevokeAfter, when set, revokes the token once it was disabled for so long. */
  revoke_after?: string | null
}

/** EditMember is a merge patch of a membership. */
export interface EditMember {
  external_id?: string | null
  grants?: Statement[] | null
  name?: string | null
  resources?: string[] | null
  role?: string | null
  scopes?: string[] | null
}

/** EditServiceAccount is a merge patch of a service account. */
export interface EditServiceAccount {
  contacts?: string[] | null
  description?: string | null
  grants?: Statement[] | null
  resources?: string[] | null
  role?: string | null
  scopes?: string[] | null
}

/** EditToken is a merge patch of a token. */
export interface EditToken {
  allowed_ips?: string[] | null
  description?: string | null
  expires_at?: string | null
  /** At most one of ExpiresIn, ExpiresAt and Never; none means the policy's default_lifetime. */
  expires_in?: string | null
  grants?: Statement[] | null
  /** Label is the token's name: 1 to 100 characters, none of them a control character. */
  label?: string
  metadata?: Record<string, unknown> | null
  never?: boolean | null
  not_before?: string | null
  rate_limit?: RateLimit | null
  recoverable?: boolean | null
  resources?: string[] | null
  role?: string | null
  scopes?: string[] | null
}

/** EditTrustRule is a merge patch of a rule. Whatever but the label is changed, tokens that were given before end. */
export interface EditTrustRule {
  allowed_ips?: string[] | null
  audience?: string
  claims?: Record<string, string[] | null>
  /** ExpiresIn is how long a token lives: 1m to 1h; 15m when left out. */
  expires_in?: string | null
  grants?: Statement[] | null
  issuer?: string
  /** Keys are the issuer's public keys, for one that does not tell them to strangers; null asks the issuer. */
  keys?: KeySet | null
  /** Label is the rule's name: 1 to 100 characters, none of them a control character. */
  label?: string
  resources?: string[] | null
  role?: string | null
  scopes?: string[] | null
  /** System, left out, is the one whose issuer it is, else oidc. */
  system?: string | null
}

/** EditWebhook is a merge patch of an endpoint. Enabling one that was disabled starts its count of failures again. */
export interface EditWebhook {
  description?: string | null
  enabled?: boolean | null
  events?: string[] | null
  url?: string | null
}

/** EditWorkspace is a merge patch of a workspace. */
export interface EditWorkspace {
  external_id?: string | null
  metadata?: Record<string, unknown> | null
  name?: string
}

/** EraseUser says how to erase a user. The same may be said in the query. */
export interface EraseUser {
  /** DryRun only answers how much would be erased. */
  dry_run?: boolean | null
}

/** Erasure answers the erasure of a user, done or only asked for with dry_run: what is left of the user, and how much was, or would be, erased. */
export interface Erasure {
  /** AuditEvents are those by and about the person, of all workspaces. */
  audit_events: number
  deliveries: number
  dry_run: boolean
  factors: number
  identities: number
  /** Mails and Deliveries are those that were kept, sent or not. */
  mails: number
  memberships: number
  /** Mentions are other objects that named the person: who created them, whom to tell about them. */
  mentions: number
  sessions: number
  /** Tokens are the person's own: they are revoked, and what was done with them is forgotten. */
  tokens: number
  user: User
}

/** ExplainRequest asks why a token is refused, or would be. It consumes nothing. Exactly one of Token and RequestID is given. */
export interface ExplainRequest {
  client?: PresentedBy | null
  /** RequestID names one of the last 10,000 decisions; what it needed stands for what is left out below. */
  request_id?: string | null
  resource?: string | null
  /** Scopes, Resource and Client are those of a [VerifyRequest]. */
  scopes?: string[] | null
  /** Token is a token string, a token ID or a locator. */
  token?: string | null
}

/** ExplainTrust asks which rules an ID token fits, and why not the others. Nothing is exchanged, and the token is not used up. */
export interface ExplainTrust {
  claims?: Record<string, unknown> | null
  /** ServiceAccount keeps the rules of one account. */
  service_account?: string | null
  /** Token is an ID token; Claims describe one, of which no signature is asked. Give one. */
  token?: string | null
}

/** ExplainedDecision is a decision that was made. */
export interface ExplainedDecision {
  at: string
  code: string
  ip: string | null
  request_id: string
  resource: string
  /** Route is verify, forward-auth, introspect or api; empty of a refusal by another node, or from before a restart. */
  route: string
  scopes: string[]
}

/** Explanation says what a verification would answer now, and why. */
export interface Explanation {
  allowed: boolean
  checks: Check[]
  /** Code is that of the first check that fails, or ok. */
  code: string
  /** Decision is what was answered then; with a request id. */
  decision: ExplainedDecision | null
  /** Masked is the public beginning of what was given, where it is a token's. */
  masked?: string
  /** Token is the token, once it is known to be the one that was meant. */
  token: Token | null
}

/** FoundToken is one token string that a text held. */
export interface FoundToken {
  /** Derived says that it was derived from that secret: it may less, and ends with it. */
  derived?: boolean
  masked: string
  /** Secret says which of the token's secrets it was: current, overlap, retired, or unknown (also of a token that the caller may not see). */
  secret: string
  /** Token is null unless the string was right and the caller may see it. */
  token: Token | null
}

/** FoundTokens answers a look-up, each string once, in the order of the text. */
export interface FoundTokens {
  items: FoundToken[]
}

/** GitHubFeedback tells GitHub what a find was. */
export interface GitHubFeedback {
  /** Label is true_positive for a secret of a token of this instance, whatever became of it, and else false_positive. */
  label: string
  /** TokenHash is the SHA-256 of the secret, in hexadecimal. */
  token_hash: string
  token_type: string
}

/** GitHubFind is one secret in a report of GitHub's secret scanning partner programme. */
export interface GitHubFind {
  source?: string | null
  token?: string | null
  /** Type is what the expression is called that found it. */
  type?: string | null
  /** URL is the place, which may be empty; Source is what kind of place it is. */
  url?: string | null
}

/** GitLabFind is one secret in a report of GitLab's token revocation. */
export interface GitLabFind {
  /** Location is the place. */
  location?: string | null
  token?: string | null
  /** Type is one of GitLabTypes. */
  type?: string | null
}

/** GitLabTypes are the types of secrets that may be reported. */
export interface GitLabTypes {
  types: string[]
}

/** GrantedToken is a token as the token endpoint answers it (RFC 6749, section 5.1). */
export interface GrantedToken {
  access_token: string
  /** ExpiresIn is in seconds; left out for a token without end. */
  expires_in?: number
  /** IssuedTokenType is [TypeAccessToken] after an exchange. */
  issued_token_type?: string
  locator: string
  /** Scope is what the token may do, with blanks between: what its owner may in the workspace at this moment, and it was given. Patterns may be among them. */
  scope: string
  token_type: string
  /** Workspace is the slug of the one it is for, Locator its public part. */
  workspace: string
}

/**  */
export interface Health {
  audit_stream?: string
  clock?: string
  limits?: string
  rules?: string
  status: string
}

/** Held is what an administrator stopped or narrowed of a token. Bringing it back needs the right that taking it needs: tokens:disable for disabled_at, tokens:delete for revoke_at, tokens:edit for the rest. */
export interface Held {
  /** By is the address of who did so last; null when nobody knows. */
  by: string | null
  /** Fields are those of the token: disabled_at, revoke_at, allowed_ips, rate_limit, not_before, expires_at, recoverable and grants. */
  fields: string[]
}

/** ImportFormat says how the token strings of another system look and what that system kept of them, so that they can be told from the hash it kept. A format belongs to the instance; its name stands for what it says for as long as it is there. */
export interface ImportFormat {
  /** Alphabet is what the characters behind the prefix are of: hex, base58, base62, base64url or printable. */
  alphabet: string
  /** Decode is what is done to that part before it is hashed: nothing, hex, or grafana-api-key (base64 of a JSON object, whose k is hashed with its n as salt). */
  decode_as?: string | null
  /** Hash is one of sha256, sha512, sha3-512, hmac-sha256, hmac-sha512, pbkdf2-sha256, bcrypt, argon2id and scrypt. */
  hash: string
  /** Hint is a part of the string that the other system kept in the clear, by which a hash with a salt of its own is found. It must be long enough to tell tokens apart. */
  hint?: Part | null
  /** Iterations and Length (bytes) are of pbkdf2-sha256. */
  iterations?: number | null
  /** Key is of an HMAC. It is kept sealed and never answered. */
  key?: string | null
  length?: number | null
  max_length: number
  /** MinLength and MaxLength bound the whole string, prefix included, in characters: 16 to 512. */
  min_length: number
  /** Name is [a-z0-9-], 1 to 40 characters. */
  name: string
  /** Part is what is hashed of the string; left out, all of it. */
  part?: Part | null
  /** Prefix is what every string begins with; it may be empty. */
  prefix: string
  /** Salt says where that of pbkdf2-sha256 comes from: item, a column beside each hash; token, the string itself (SaltPart). The hashes that hold theirs in their text, as bcrypt's, take none. */
  salt?: string | null
  salt_part?: Part | null
  /** Suffix is what the system appends to what it hashes, such as a secret of its own. It is kept sealed and never answered. */
  suffix?: string | null
}

/** ImportResult is what became of one token of an import, in the order of the request. */
export interface ImportResult {
  /** Code, Detail and Field say why it was refused. */
  code?: string
  detail?: string
  field?: string
  /** Status is imported, exists (that string is a token here already) or refused. */
  status: string
  /** TokenID is left out of what was refused. */
  token_id?: string
}

/** ImportResults answers an import. */
export interface ImportResults {
  dry_run: boolean
  format: string
  results: ImportResult[]
}

/** ImportToken is one token of another system: what that kept of its string, and the token it becomes. */
export interface ImportToken {
  allowed_ips?: string[] | null
  /** CreatedAt is when the other system made it; left out, now. */
  created_at?: string
  description?: string | null
  expires_at?: string | null
  /** At most one of ExpiresIn, ExpiresAt and Never; none means the policy's default_lifetime. */
  expires_in?: string | null
  grants?: Statement[] | null
  /** Hash is what the other system kept, in hex, base64 or base64url, or as the text that bcrypt, argon2id and scrypt write ($2b$…, $argon2id$…, $scrypt$…). */
  hash: string
  /** Hint is the part of the string that the format names, where it names one. */
  hint?: string | null
  /** Kind is "personal", "service" or "workspace"; left out it follows from Owner. */
  kind?: "personal" | "service" | "workspace" | ""
  /** Label is the token's name: 1 to 100 characters, none of them a control character. */
  label: string
  metadata?: Record<string, unknown> | null
  never?: boolean | null
  not_before?: string | null
  /** Owner is a member's e-mail or id, or a service account's name. Left out, a personal token belongs to the caller's own user. */
  owner?: string | null
  rate_limit?: RateLimit | null
  recoverable?: boolean | null
  resources?: string[] | null
  role?: string | null
  /** Salt is the one beside the hash, as text, where the format takes one there. */
  salt?: string | null
  scopes?: string[] | null
  /** Start is the beginning of the string, if it is known, for people to recognise it by: at most 16 characters. It is shown as far as enough of the shortest string stays hidden. */
  start?: string | null
}

/** ImportTokens makes tokens of strings that another system gave out, so that those strings go on working. It may be sent again: what is there already is left as it is. */
export interface ImportTokens {
  /** DryRun only answers what would become of each. */
  dry_run?: boolean | null
  format: ImportFormat
  tokens: ImportToken[]
}

/** Imported tells of a token that another system gave out, for as long as the string of that system is one of its secrets. */
export interface Imported {
  format: string
  /** Start is the beginning of its string, or empty. */
  start: string
}

/** ImportedFormat is a format that strings are recognised by. */
export interface ImportedFormat {
  /** Alphabet is what the characters behind the prefix are of: hex, base58, base62, base64url or printable. */
  alphabet: string
  created_at: string
  /** Decode is what is done to that part before it is hashed: nothing, hex, or grafana-api-key (base64 of a JSON object, whose k is hashed with its n as salt). */
  decode_as?: string
  /** Hash is one of sha256, sha512, sha3-512, hmac-sha256, hmac-sha512, pbkdf2-sha256, bcrypt, argon2id and scrypt. */
  hash: string
  /** Hint is a part of the string that the other system kept in the clear, by which a hash with a salt of its own is found. It must be long enough to tell tokens apart. */
  hint?: Part
  /** Iterations and Length (bytes) are of pbkdf2-sha256. */
  iterations?: number
  /** Key is of an HMAC. It is kept sealed and never answered. */
  key?: string
  length?: number
  max_length: number
  /** MinLength and MaxLength bound the whole string, prefix included, in characters: 16 to 512. */
  min_length: number
  /** Name is [a-z0-9-], 1 to 40 characters. */
  name: string
  /** Part is what is hashed of the string; left out, all of it. */
  part?: Part
  /** Prefix is what every string begins with; it may be empty. */
  prefix: string
  /** Salt says where that of pbkdf2-sha256 comes from: item, a column beside each hash; token, the string itself (SaltPart). The hashes that hold theirs in their text, as bcrypt's, take none. */
  salt?: string
  salt_part?: Part
  /** Slow says that its hash is slow on purpose, so that the first use of a string takes longer than those after it. */
  slow: boolean
  /** Suffix is what the system appends to what it hashes, such as a secret of its own. It is kept sealed and never answered. */
  suffix?: string
}

/** InstanceUsage is what was done with the tokens of all workspaces, and with strings that are no token of any. */
export interface InstanceUsage {
  allowed: number
  bucket: string
  buckets: UsageBucket[]
  denied: number
  from: string
  reasons: Record<string, number>
  to: string
  /** Workspaces are those in which anything was done, the busiest first. */
  workspaces: WorkspaceCount[]
}

/** IntrospectRequest asks about a token (RFC 7662). It is sent as a form; a parameter that is not known is ignored, one that is repeated is refused. */
export interface IntrospectRequest {
  /** ClientID and ClientSecret are the caller's own token, where it is not sent in the header Authorization: its id or locator, and the token. */
  client_id?: string
  /** ClientIP is the address that presented the token. Without it a token with an allow-list of addresses is inactive. */
  client_ip?: string
  client_secret?: string
  /** Resource is what the request touches; "any" leaves the filtering to the caller. Without it a token restricted to resources is inactive. */
  resource?: string
  /** Scope lists with blanks between what the request needs, and no patterns: a token that lacks one of them is inactive. Empty asks for none. */
  scope?: string
  token: string
  /** TokenTypeHint is ignored: there is one type of token. */
  token_type_hint?: string
  /** Workspace, if given, is the only one whose tokens are active. */
  workspace?: string
}

/** Introspection is the answer to an [IntrospectRequest]. Of a token that is not active it says nothing else. Times are whole seconds since 1970, rounded down. */
export interface Introspection {
  active: boolean
  /** Aud is the slug of the workspace whose resource servers the token is for. */
  aud?: string
  /** ClientID is the token's id. */
  client_id?: string
  /** Exp is until when the answer may be kept: the end of the token or of its secret, or what the policy introspection_max_cache allows, whichever is first. */
  exp?: number
  external_id?: string
  iat?: number
  iss?: string
  /** Jti is the token's locator. */
  jti?: string
  nbf?: number
  /** PrincipalType is user, service_account or workspace. */
  principal_type?: string
  /** Resources are those on which all of Scope is granted together. */
  resources?: string[]
  /** Scope lists with blanks between, as few patterns, what the token may do on the resource that was asked about: on all of them when none was, on some when it was "any". */
  scope?: string
  /** Sub is the owner's id, which never changes. */
  sub?: string
  /** TokenExp is the end of the token itself, whatever may be kept. */
  token_exp?: number
  token_type?: string
  /** Username is the address of the owner, for people. */
  username?: string
  workspace?: string
  /** WorkspaceExternalID and ExternalID are what the product calls the workspace and the owner. */
  workspace_external_id?: string
}

/** Invitation is how the invitation of a member went. */
export interface Invitation {
  /** CanSignIn says that the person can sign in as they are. Who cannot needs a link, mailed or handed over by an Owner or an administrator of the instance. */
  can_sign_in: boolean
  /** Sent says that a mail was handed to the mail server; false is a server without one. */
  sent: boolean
}

/** Issued is the one answer that holds a secret: of create, rotate, reset, transfer and reveal. */
export interface Issued {
  secret: string
  token: Token
  /** Warnings say where a token that was created is not what its maker may think it is; left out when there is nothing to say, and by every other verb. */
  warnings?: Warning[]
}

/** KeySet is a JSON Web Key Set (RFC 7517) of public keys. */
export interface KeySet {
  keys: (Record<string, unknown>)[]
}

/** LeakedToken is one token string and where it was found. */
export interface LeakedToken {
  /** Source is what kind of place it is, such as commit or gist_content, in [A-Za-z0-9_./-], at most 64 bytes; anything else is left out. */
  source?: string | null
  /** Token is the whole string. */
  token: string
  /** URL is the address of the place, or its name; it is kept without user and query, and cut at 500 bytes. */
  url?: string | null
}

/** LeaksReceived answers a report, whatever it held: it does not say which of the strings are tokens. */
export interface LeaksReceived {
  received: number
}

/** List is one page of a listing. NextCursor is null on the last page. */
export interface ListActivity {
  items: Activity[]
  next_cursor: string | null
}

/** List is one page of a listing. NextCursor is null on the last page. */
export interface ListAdvice {
  items: Advice[]
  next_cursor: string | null
}

/** List is one page of a listing. NextCursor is null on the last page. */
export interface ListAuditEvent {
  items: AuditEvent[]
  next_cursor: string | null
}

/** List is one page of a listing. NextCursor is null on the last page. */
export interface ListDenial {
  items: Denial[]
  next_cursor: string | null
}

/** List is one page of a listing. NextCursor is null on the last page. */
export interface ListImportedFormat {
  items: ImportedFormat[]
  next_cursor: string | null
}

/** List is one page of a listing. NextCursor is null on the last page. */
export interface ListMember {
  items: Member[]
  next_cursor: string | null
}

/** List is one page of a listing. NextCursor is null on the last page. */
export interface ListRemoval {
  items: Removal[]
  next_cursor: string | null
}

/** List is one page of a listing. NextCursor is null on the last page. */
export interface ListResource {
  items: Resource[]
  next_cursor: string | null
}

/** List is one page of a listing. NextCursor is null on the last page. */
export interface ListRole {
  items: Role[]
  next_cursor: string | null
}

/** List is one page of a listing. NextCursor is null on the last page. */
export interface ListScope {
  items: Scope[]
  next_cursor: string | null
}

/** List is one page of a listing. NextCursor is null on the last page. */
export interface ListServiceAccount {
  items: ServiceAccount[]
  next_cursor: string | null
}

/** List is one page of a listing. NextCursor is null on the last page. */
export interface ListToken {
  items: Token[]
  next_cursor: string | null
}

/** List is one page of a listing. NextCursor is null on the last page. */
export interface ListTrustRule {
  items: TrustRule[]
  next_cursor: string | null
}

/** List is one page of a listing. NextCursor is null on the last page. */
export interface ListUser {
  items: User[]
  next_cursor: string | null
}

/** List is one page of a listing. NextCursor is null on the last page. */
export interface ListWebhook {
  items: Webhook[]
  next_cursor: string | null
}

/** List is one page of a listing. NextCursor is null on the last page. */
export interface ListWebhookDelivery {
  items: WebhookDelivery[]
  next_cursor: string | null
}

/** List is one page of a listing. NextCursor is null on the last page. */
export interface ListWorkspace {
  items: Workspace[]
  next_cursor: string | null
}

/** LiveSecret answers that one of the strings that were asked about opens something now, or may again: it is disabled, say, or may only be used from elsewhere. */
export interface LiveSecret {
  live: boolean
}

/** LookupTokens asks whose the token strings in a text are. It counts as no use. */
export interface LookupTokens {
  /** Text is a token string, or a log, a file, a message that holds some: 1 MiB at most. */
  text: string
}

/** MaxTokens bounds how many live tokens there may be; 0 means no bound. */
export interface MaxTokens {
  per_owner: number
  total: number
}

/** Member is a person in one workspace. */
export interface Member {
  active: boolean
  address: string
  created_at: string
  deactivated_at: string | null
  /** DeactivatedBy is the address of who did so; null when nobody knows. */
  deactivated_by: string | null
  effective?: Statement[]
  email: string | null
  external_id: string | null
  grants: Statement[]
  /** HeldByInstance says that an administrator of the instance did, and nobody else brings it back. */
  held_by_instance: boolean
  id: string
  /** Invitation says whether the person can sign in yet; it is there in lists and where a member is shown, for members with an e-mail. */
  invitation?: MemberInvitation
  name: string
  resources: string[] | null
  revision: number
  role: string | null
  scopes: string[] | null
}

/** MemberInvitation is how far the invitation of a member is. */
export interface MemberInvitation {
  /** By is the address of who made it; null when nobody noted it. */
  by: string | null
  expires_at: string | null
  /** MadeAt and ExpiresAt are when the link was made and when it ends; null without one. */
  made_at: string | null
  state: "accepted" | "pending" | "expired" | "none"
}

/** OAuthError is how the OAuth calls answer an error (RFC 6749, section 5.2). */
export interface OAuthError {
  /** Code is the API's own word for it. */
  code: string
  /** Error is one of the words of the RFCs: invalid_request, invalid_client, invalid_token, insufficient_scope, temporarily_unavailable, server_error; and of a program that signs in authorization_pending, slow_down, access_denied, expired_token, unsupported_grant_type and invalid_scope. */
  error: string
  error_description?: string
  /** URI is the page about the code. */
  error_uri?: string
  request_id: string
}

/** Part is a part of a string: the Take characters behind the first Skip, or, with FromEnd, those before the last Skip. A Take of 0 is all of them. */
export interface Part {
  from_end?: boolean | null
  skip?: number | null
  take?: number | null
}

/** PatchPolicy is a merge patch of a policy; null returns a field to what is inherited. */
export interface PatchPolicy {
  allow_never?: boolean | null
  default_lifetime?: string | null
  disable_unused_after?: string | null
  introspection_max_cache?: string | null
  leak_action?: string | null
  leak_descendants?: boolean | null
  /** Locked, on the instance only, names the fields workspaces cannot override. */
  locked?: string[] | null
  max_lifetime?: string | null
  max_tokens?: MaxTokens | null
  notice_days?: number[] | null
  notice_strange_use?: boolean | null
  onboarding?: string | null
  overlap?: string | null
  personal_tokens?: string | null
  rate_limit?: RateLimit | null
  recoverable?: boolean | null
  require_approval?: ApprovalRule[] | null
  require_ip_allow_list?: boolean | null
  require_second_factor?: boolean | null
  retention?: string | null
  revoke_on_reuse?: boolean | null
  support_contact?: SupportContact | null
  verifiers_may_revoke?: boolean | null
  workspace_rate_limit?: RateLimit | null
}

/** Policy is what holds in a workspace now: its own values over the instance's over the defaults. */
export interface Policy {
  /** AllowNever allows tokens without expiry. */
  allow_never: boolean
  /** DefaultLifetime is a new token's when it names none. */
  default_lifetime: string
  /** DisableUnusedAfter disables a token that was not used for so long, 30 days at least; its owner is told 14 days before and on the day. 0 disables none. */
  disable_unused_after: string
  /** IntrospectionMaxCache is the longest that an introspection may be kept; 0 leaves it to the token's expiry. */
  introspection_max_cache: string
  leak_action: string
  /** LeakDescendants does to what was made with a leaked token what is done to it. */
  leak_descendants: boolean
  /** Locked names the fields that the instance does not let workspaces override. */
  locked: string[]
  /** MaxLifetime is the longest lifetime; 0 means no bound. */
  max_lifetime: string
  max_tokens: MaxTokens
  notice_days: number[]
  /** NoticeStrangeUse tells the owner of a token that it was used as it never was. */
  notice_strange_use: boolean
  onboarding: string
  /** Overlap is how long a rotated secret still works; 0 ends it at once. */
  overlap: string
  /** Overridden names the fields that are set here and not inherited. */
  overridden: string[]
  personal_tokens: string
  rate_limit: RateLimit | null
  recoverable: boolean
  /** RequireApproval says which tokens do not work until somebody else than their maker has approved them: those that a rule of it fits. What lives already is not touched. */
  require_approval: ApprovalRule[]
  require_ip_allow_list: boolean
  /** RequireSecondFactor keeps whoever signed in with a password alone out of the pages until they set up a second factor; tokens are not asked for any. */
  require_second_factor: boolean
  retention: string
  /** Revision is the last change of what is set here; what is inherited does not move it. */
  revision: number
  revoke_on_reuse: boolean
  support_contact: SupportContact | null
  /** VerifiersMayRevoke lets whoever may verify tokens end one whose secret was presented to it, through the revocation of OAuth. */
  verifiers_may_revoke: boolean
  workspace_rate_limit: RateLimit | null
}

/** PortalLink opens a member's own tokens in the console, once and until ExpiresAt. Whoever has it is that member there, so it is a secret. */
export interface PortalLink {
  expires_at: string
  url: string
}

/** Client is the request that is being authorised, as the resource server saw it. */
export interface PresentedBy {
  ip?: string | null
  method?: string | null
  path?: string | null
  user_agent?: string | null
}

/** Principal says who somebody is: the owner of a token, the caller of a verb. */
export interface Principal {
  /** Address is for reading: an e-mail, name@slug.service or slug@workspace. */
  address: string
  /** ExternalID is what the product calls it; null when it gave none. */
  external_id: string | null
  id: string
  name: string
  /** Type is "user", "service_account" or "workspace". */
  type: string
}

/** Problem is an Error on the wire (RFC 9457), media type application/problem+json. */
export interface Problem {
  code: string
  detail?: string
  /** Field names the field or parameter that is wrong. */
  field?: string
  /** Missing names the scopes that the caller lacks. */
  missing?: string[]
  /** Reasons name what a server lacks that is not ready. */
  reasons?: string[]
  request_id?: string
  /** RetryAfter is in whole seconds. */
  retry_after?: number
  status: number
  title: string
  /** Type is the address of a page about the code. */
  type: string
}

/** ProtectedResource says of this API which tokens it takes and how (RFC 9728). */
export interface ProtectedResource {
  authorization_servers?: string[]
  bearer_methods_supported?: string[]
  resource: string
  resource_documentation?: string
  resource_name?: string
  scopes_supported?: string[]
}

/** PutRole creates or replaces a role. */
export interface PutRole {
  description?: string | null
  /** DisplayName renames a built-in role where people read it. */
  display_name?: string | null
  locked?: boolean | null
  rate_limit?: RateLimit | null
  scopes?: string[] | null
}

/** PutScope creates or replaces a product scope of the catalogue. */
export interface PutScope {
  description?: string | null
  /** Implies names product scopes that come with this one. */
  implies?: string[] | null
  /** Locked, on the instance only: workspaces cannot override it. */
  locked?: boolean | null
  /** Roles get this scope besides what their own patterns give. */
  roles?: string[] | null
}

/** PutWorkspace creates or replaces a workspace. */
export interface PutWorkspace {
  external_id?: string | null
  metadata?: Record<string, unknown> | null
  name?: string
  slug?: string | null
}

/** RateLimit allows so many requests in a window of time. */
export interface RateLimit {
  requests: number
  window: string
}

/** RateState is what is left of a rate limit. */
export interface RateState {
  limit: number
  remaining: number
  /** Reset is in whole seconds from now. */
  reset: number
}

/** Removal is something that is gone, of which rows are left to be rewritten: the tokens of an owner who was removed, or what lists a scope, a resource or a role. It gives nothing any more; until it is done, the name of a scope, a resource or a role cannot be used again. */
export interface Removal {
  /** Done counts the rows that were rewritten, of Total; null where nobody knows how many there are. */
  done: number
  /** Kind is member, service_account, scope, resource, role, or sealed: the copies of secrets that a policy lets nobody see any more. */
  kind: string
  /** Name is the scope's, the resource's or the role's, the address of the owner, or recoverable, which is the field of the policy. */
  name: string
  removed_at: string
  removed_by: string
  total: number | null
}

/** ReplicaCall is how a program that verifies from its own memory renews its lease and says what it has applied. */
export interface ReplicaCall {
  /** Applied is the count up to which it has forgotten what it was told to. */
  applied?: number | null
  /** Leave says that it has ended its lease and does not come back. */
  leave?: boolean | null
  /** Replica is which it is; left out it is a new one. */
  replica?: string | null
}

/** ReplicaCounted says how many uses were counted. What nobody knows is left out. */
export interface ReplicaCounted {
  counted: number
}

/** ReplicaKeep is what a replica decides by, for a token string that it sent. */
export interface ReplicaKeep {
  /** Count is the node's from before it decided. What was told of a later one may not be in it. */
  count: number
  /** Grants are what the token may do now. */
  grants: Statement[]
  /** LastsMS is how long this may be decided by at the most, in milliseconds. */
  lasts_ms: number
  /** NamesAny says that a resource is called like the word any. */
  names_any: boolean
  owner: string
  /** Token, Owner and Workspace are the names under which it is told to forget this. */
  token: string
  /** Use names the secret when its uses are told. */
  use: string
  workspace: string
}

/** ReplicaResult is the decision. Keep is null when it is not to be kept. */
export interface ReplicaResult {
  keep: ReplicaKeep | null
  result: VerifyResult
}

/** ReplicaTold is what it has to forget before its lease counts. */
export interface ReplicaTold {
  /** All says that everything is to be forgotten. */
  all: boolean
  /** Count is that of the node: all up to it is told. */
  count: number
  /** Forget are names of tokens, owners and workspaces, as in what is kept. */
  forget: string[]
  /** LeaseMS is how long, from before the call, memory may be believed, in milliseconds; 0 gives no longer than before. */
  lease_ms: number
  replica: string
}

/** ReplicaUse is so many uses that are alike. */
export interface ReplicaUse {
  /** AgoMS is how long ago the last of them was, in milliseconds. */
  ago_ms?: number | null
  client?: PresentedBy | null
  count: number
  resource?: string | null
  scopes?: string[] | null
  /** Use is that of what was kept. */
  use: string
}

/** ReplicaUses tells what was allowed from memory. */
export interface ReplicaUses {
  uses: ReplicaUse[]
}

/** ReplicaVerify asks what POST /v1/verify does, for a replica that may keep the answer. */
export interface ReplicaVerify {
  replica: string
  request: VerifyRequest
}

/** ReportLeaks tells of token strings that were found where they do not belong. Whoever sends a secret has it: that is all the proof there is, and all that is needed. */
export interface ReportLeaks {
  /** Tokens are 1,000 at the most. What is no token string is passed over. */
  tokens: LeakedToken[]
}

/** Resource is an entity of the product that rights can be restricted to. */
export interface Resource {
  created_at: string
  created_by: string
  description: string
  name: string
  revision: number
}

/** ReviewedUser is a user in the words of Kubernetes. */
export interface ReviewedUser {
  /** Extra has tokenry.dev/token-id and tokenry.dev/workspace. */
  extra?: Record<string, string[] | null> | null
  /** Groups are tokenry:WORKSPACE, and tokenry:WORKSPACE:SCOPE of each scope of the address that the token has. */
  groups?: string[] | null
  /** UID is the owner's ID. */
  uid?: string | null
  /** Username is tokenry:WORKSPACE:NAME, of a member's mail address or a service account's name. */
  username?: string | null
}

/** RevokeRequest ends a token (RFC 7009). It is sent as a form. Whoever has the token needs nothing else; a caller that says who it is has to have the right. */
export interface RevokeRequest {
  /** ClientID and ClientSecret are the caller's own token, where it is not sent in the header Authorization: its id or locator, and the token. */
  client_id?: string
  client_secret?: string
  token: string
  /** TokenTypeHint is ignored: there is one type of token. */
  token_type_hint?: string
}

/** RevokeToken ends a token for good. */
export interface RevokeToken {
  comment?: string | null
  /** Descendants revokes what was made with the token too, and with what was made with that, in its workspace. Left out it is what the policy's leak_descendants says where the reason is leaked, and else false. */
  descendants?: boolean
  reason?: "unused" | "superseded" | "leaked" | "owner_left" | "other" | ""
}

/** Role is a named list of scopes. */
export interface Role {
  built_in: boolean
  description: string
  display_name: string
  inherited: boolean
  locked: boolean
  name: string
  rate_limit: RateLimit | null
  /** Revision is 0 of a built-in role that nobody changed. */
  revision: number
  scopes: string[]
}

/** RotateToken asks for a new secret of the same token. */
export interface RotateToken {
  /** ExpiresIn sets a new lifetime from now. */
  expires_in?: string | null
  /** Overlap is how long the old secret still works; left out, the policy's. */
  overlap?: string | null
  /** Renew starts the original lifetime again, as far as the policy allows; also for an expired token. A token that is outside the policy needs it, or ExpiresIn. */
  renew?: boolean | null
  /** RetireOnFirstUse ends the old secret when the new one is first used. */
  retire_on_first_use?: boolean | null
}

/** Scope is an entry of the scope catalogue. */
export interface Scope {
  /** BuiltIn scopes are fixed. */
  built_in: boolean
  description: string
  implies: string[]
  /** Inherited comes from the instance. */
  inherited: boolean
  locked: boolean
  name: string
  revision: number
  roles: string[]
}

/** ScopeUse says that requests that needed a scope were let through. */
export interface ScopeUse {
  count: number
  first_used_at: string
  last_used_at: string
  scope: string
}

/** SecretReuse counts the uses of a retired secret within one hour. */
export interface SecretReuse {
  count: number
  first_used_at: string
  last_used_at: string
  /** LastUsedIP is shown to callers with usage:read, and for one's own tokens. */
  last_used_ip: string | null
  /** Secret is the secret's number, counted from 1. */
  secret: number
}

/** ServiceAccount is a non-human principal of a workspace. */
export interface ServiceAccount {
  active: boolean
  address: string
  contacts: string[]
  created_at: string
  description: string
  disabled_at: string | null
  /** DisabledBy is the address of who disabled it; null when nobody knows. */
  disabled_by: string | null
  effective?: Statement[]
  grants: Statement[]
  /** HeldByInstance says that an administrator of the instance did, and nobody else brings it back. */
  held_by_instance: boolean
  id: string
  name: string
  resources: string[] | null
  revision: number
  role: string | null
  scopes: string[] | null
}

/** Statement is one line of a grant: a role or a list of scopes, for a list of resources. Resources left out means none, ["*"] means the entire portfolio. */
export interface Statement {
  resources?: string[] | null
  role?: string | null
  scopes?: string[] | null
}

/** StrangeUse is what was strange about the use of a token and nobody has answered. */
export interface StrangeUse {
  /** Denied is how many requests were refused within an hour, when none was in a week. */
  denied: number
  /** DisownedAt is when somebody answered that it was not them. */
  disowned_at: string | null
  first_at: string | null
  last_at: string | null
  /** LastIP and LastUserAgent are of the last use that was strange. */
  last_ip: string | null
  last_user_agent: string
  /** ManyNetworks says that the token is used from so many networks that new ones are not told any more. */
  many_networks: boolean
  more_networks: number
  /** Networks are those that it was never used from before, the first 8 of them, each the /24 or /48 around an address; MoreNetworks counts the others. */
  networks: string[]
  /** Open says that there is something; else all that follows is empty. */
  open: boolean
  /** QuietSince is the day of its last use before a silence of 90 days and more. */
  quiet_since: string | null
}

/** SupportContact is whom a person with a refused token may ask. */
export interface SupportContact {
  email?: string | null
  phone?: string | null
  url?: string | null
}

/** Suspend says how to suspend. The same may be said in the query. */
export interface Suspend {
  /** DryRun only answers which tokens would stop. */
  dry_run?: boolean | null
}

/** Token is a token as it is shown: everything but its secret. */
export interface Token {
  allowed_ips: string[] | null
  /** Approval is how the token's making was judged by a second person; null where the policy asked for none. */
  approval: Approval | null
  /** BlockedBy is the code that a verification would answer now; null while usable. */
  blocked_by: string | null
  created_at: string
  /** CreatedBy is the address of who made it. */
  created_by: string
  /** CreatedWith is the locator of the API token that made it. */
  created_with: string | null
  description: string
  disabled_at: string | null
  /** DisabledBy is the address of who disabled it; null when nobody knows. */
  disabled_by: string | null
  /** Effective is what the token may do now: its own statements within its owner's. Lists tell it only when asked (include=effective). */
  effective?: Statement[]
  expires_at: string | null
  grants: Statement[] | null
  /** Held is what somebody else than the owner stopped or narrowed, which the owner alone does not undo; null when there is nothing. */
  held: Held | null
  /** ID is the owner's address, "_" and the locator; the address is for reading. */
  id: string
  /** Imported tells of a token whose string another system gave out, until a rotation has taken over; null of every other. */
  imported: Imported | null
  kind: string
  label: string
  last_used_at: string | null
  last_used_ip: string | null
  locator: string
  masked: string
  metadata: Record<string, unknown>
  not_before: string | null
  /** OutsidePolicy says that the policy of now would not allow the token as it is. */
  outside_policy: boolean
  overlap_ends_at: string | null
  owner: Principal
  rate_limit: RateLimit | null
  recoverable: boolean
  resources: string[] | null
  revision: number
  /** RevokeAt is the scheduled end, from which on the token counts as revoked. */
  revoke_at: string | null
  revoke_comment: string | null
  revoke_reason: string | null
  revoked_at: string | null
  /** Role, Scopes and Resources show a grant of one statement; Grants shows any. All four are null while the token inherits its owner's rights. */
  role: string | null
  rotated_at: string | null
  scopes: string[] | null
  secrets: TokenSecret[]
  /** Standing marks the one access token of a member that reset creates. */
  standing: boolean
  status: string
  /** Unused tells that the token is, or was, to be disabled because nobody uses it; null of every other. */
  unused: Unused | null
  usable: boolean
  workspace: string
}

/** Checksum says how the last characters follow from those before. */
export interface TokenChecksum {
  algorithm: string
  covers: string
  encoding: string
}

/** TokenFilter narrows a listing of tokens. What is left out does not filter; a condition that is there and empty is refused and never means all, so an unset variable in [Some] cannot widen what a call is about. */
export interface TokenFilter {
  /** Can keeps tokens that may use this scope, on Resource if given, now. */
  can?: string
  created_by?: string
  /** CreatedWith keeps tokens that were made with this one: a token ID or locator. */
  created_with?: string
  /** Deleted also lists deleted tokens. It is no condition. */
  deleted?: boolean | null
  /** ExpiringWithin keeps tokens whose expiry lies so near in the future. */
  expiring_within?: string
  kind?: string
  /** Metadata keeps tokens whose metadata has these values. */
  metadata?: Record<string, string>
  /** OutsidePolicy keeps tokens that the policy of now would not allow; false those that it would. */
  outside_policy?: boolean
  owner?: string
  q?: string
  resource?: string
  role?: string
  scope?: string
  status?: string
  /** UnusedFor keeps tokens that were not used for so long. */
  unused_for?: string
  /** UsedFrom keeps tokens that were presented from this address or network. */
  used_from?: string
}

/** Format describes the token string to machines: to secret scanners, and to whoever reads /.well-known/token-format. */
export interface TokenFormat {
  charset: string
  checksum: TokenChecksum
  /** letter → word */
  kinds: Record<string, string>
  lengths: TokenLengths
  max_length: number
  prefixes: string[]
  promise: string
  /** RegularExpression is in the syntax of RE2. It finds every token string with one of the prefixes, derived ones too; the checksum then removes the chance matches. */
  regular_expression: string
}

/** Lengths are numbers of characters. Shortest and Longest are those of whole token strings with the prefixes described; derived ones are longer, up to MaxLength. */
export interface TokenLengths {
  check: number
  locator: number
  longest: number
  secret: number
  shortest: number
}

/** TokenRequest asks for a token. It is sent as a form; what it needs follows from its grant. */
export interface TokenRequest {
  /** Audience, if given, is the service account's address or this server's. */
  audience?: string
  /** ClientAssertion is an ID token by which a service account says who it is (RFC 7523, section 2.2), and ClientAssertionType [AssertionType]. */
  client_assertion?: string
  client_assertion_type?: string
  /** ClientID is [DeviceClientID] of a program that signs in, else the address of the service account, like deploy@acme.service. */
  client_id?: string
  /** DeviceCode is of a program that signs in (RFC 8628, section 3.4). */
  device_code?: string
  /** GrantType is [DeviceGrantType], [ExchangeGrantType] or [CredentialsGrantType]. */
  grant_type: string
  /** RequestedTokenType, if given, is [TypeAccessToken]. */
  requested_token_type?: string
  /** Scope lists with blanks between what the token may do at most. */
  scope?: string
  /** SubjectToken is an ID token that is exchanged (RFC 8693, section 2.1), and SubjectTokenType [TypeIDToken] or [TypeJWT]. */
  subject_token?: string
  subject_token_type?: string
}

/** TokenReview is a question of a Kubernetes API server whose a token is, and its answer (authentication.k8s.io, v1 and v1beta1). */
export interface TokenReview {
  /** Version of the answer is that of the question. */
  apiVersion: string
  /** Kind is "TokenReview". */
  kind: string
  /** Spec is the question, and has to be there in one. */
  spec?: TokenReviewSpec
  /** Status is the answer. */
  status?: TokenReviewStatus | null
}

/** TokenReviewSpec is what is asked. */
export interface TokenReviewSpec {
  /** Audiences are not looked at: an answer is for the API server that asks. */
  audiences?: string[] | null
  /** Token is the string that was presented. */
  token?: string | null
}

/** TokenReviewStatus is what is said of a token. */
export interface TokenReviewStatus {
  authenticated?: boolean | null
  /** Error is there when it could not be decided now. */
  error?: string | null
  /** User is there when Authenticated is true. */
  user?: ReviewedUser | null
}

/** TokenSecret tells of one secret of a token without the secret. */
export interface TokenSecret {
  created_at: string
  last_used_at: string | null
  retires_at: string | null
}

/** TokenUsage is what was done with one token. */
export interface TokenUsage {
  allowed: number
  bucket: string
  buckets: UsageBucket[]
  denied: number
  from: string
  last_used_at: string | null
  last_used_ip: string | null
  reasons: Record<string, number>
  /** Reuses are uses of retired secrets in this time, the latest first. */
  reuses: SecretReuse[]
  /** Scopes are those that requests needed that were let through. */
  scopes: ScopeUse[]
  to: string
  /** Token is the token's ID. */
  token: string
}

/** TransferToken moves a token to another owner and rotates it. */
export interface TransferToken {
  /** Owner is a member's e-mail or id, a service account's name, or the workspace's slug@workspace. */
  owner: string
}

/** TrustExplanation is the answer to an [ExplainTrust]. */
export interface TrustExplanation {
  /** Accepted says that an exchange would give a token now; of described claims, that one with a good signature would. */
  accepted: boolean
  rules: TrustVerdict[]
  /** Times are what is wrong with the token's times, or that it was used. */
  times: TrustProblem[]
}

/** TrustProblem is why an ID token is not accepted. Claim is what it is about. */
export interface TrustProblem {
  claim: string
  detail: string
}

/** TrustRule says for which ID tokens of somebody else's system (a CI job, a cluster) a service account gives an ephemeral token, so that no secret has to be stored there. */
export interface TrustRule {
  allowed_ips: string[] | null
  audience: string
  /** BlockedBy says why it gives nothing now: owner_inactive, or creator_ended; null while it does. */
  blocked_by: string | null
  /** Claims have to hold, every one, each by one of its values. A star in a value stands for one or more characters that are neither / nor :. A name that begins with / is a JSON pointer. */
  claims: Record<string, string[] | null>
  created_at: string
  /** CreatedBy is the address of who made the rule or last changed what it gives. */
  created_by: string
  /** CreatedWith is the locator of the API token that did; the rule gives nothing any more when that ends. */
  created_with: string | null
  /** ExpiresIn is how long a token lives, at most an hour. */
  expires_in: string
  grants: Statement[] | null
  id: string
  /** Issuer and Audience are compared to the byte. */
  issuer: string
  /** Keys are the issuer's public keys, where they came with the rule; null when the issuer is asked. */
  keys: KeySet | null
  label: string
  resources: string[] | null
  revision: number
  /** Role, Scopes and Resources show a grant of one statement; Grants shows any. All four are null while the tokens inherit the account's rights. */
  role: string | null
  scopes: string[] | null
  /** ServiceAccount is the name of the account whose tokens it gives. */
  service_account: string
  /** System is whose ID tokens they are: github, gitlab, buildkite, circleci, terraform, kubernetes or oidc. */
  system: string
  warnings: TrustWarning[]
  workspace: string
}

/** TrustVerdict says of one rule whether an ID token fits it. */
export interface TrustVerdict {
  fits: boolean
  label: string
  /** Problems are why it does not fit. */
  problems: TrustProblem[]
  rule: string
  service_account: string
  /** Signature is good, bad, unknown when the issuer's keys could not be read, or not_checked. */
  signature: string
}

/** TrustWarning is what is allowed in a rule, and may be meant otherwise. */
export interface TrustWarning {
  /** Code is by_name, any_place, subject_changes, forks, shared_audience, asked_for or uploaded_keys. */
  code: string
  detail: string
}

/** Unused is what the policy disable_unused_after means for a token that nobody uses. */
export interface Unused {
  /** DisableAt is when it is disabled if nobody uses it; null once it was. */
  disable_at: string | null
  /** DisabledAt is when it was. */
  disabled_at: string | null
  /** Since is when counting began: with its last use, or when it was made, began to be valid, was approved or enabled again, or since when no usage is missing, whichever is latest. */
  since: string
  /** WarnedAt is when its owner was first told. */
  warned_at: string
}

/** UnusedConfirmed is a yes to disabling tokens that waited. */
export interface UnusedConfirmed {
  at: string
  /** By is the address of who said it; null when nobody knows any more. */
  by: string | null
  /** Left is how many of those that were shown are not disabled yet. */
  left: number
  /** Until is when it ends to count. */
  until: string
  up_to: string
}

/** UnusedPreview is what a policy would mean for a workspace's tokens now. */
export interface UnusedPreview {
  after: string
  /** More says that there are more tokens than the 20,000 that were looked at. */
  more: boolean
  unused: number
  /** Warned is how many would be warned now, and Unused how many of them were not used for so long already. None would be disabled before 14 days have passed. */
  warned: number
}

/** UnusedToken is a token that has a day. */
export interface UnusedToken {
  disable_at: string
  id: string
  label: string
  locator: string
  /** Owner is its address. */
  owner: string
  since: string
}

/** UnusedTokens is where the policy disable_unused_after stands in a workspace. */
export interface UnusedTokens {
  /** After is what the policy says; 0 disables none. */
  after: string
  /** Confirmed is the last yes to what waited, while it counts; null where there is none. */
  confirmed: UnusedConfirmed | null
  /** Next are the first 50 of them by that day, for whoever may read tokens; else empty. */
  next: UnusedToken[]
  /** Preview is what another policy would mean now, where that was asked for; else null. */
  preview: UnusedPreview | null
  /** RecordedSince is since when no usage is missing, before which nothing counts; null while nobody knows. */
  recorded_since: string | null
  /** Waiting is what has reached its day and is more than may be disabled in a day; null where nothing waits. */
  waiting: UnusedWaiting | null
  /** Warned is how many tokens have a day on which they are disabled if nobody uses them. */
  warned: number
}

/** UnusedWaiting are tokens that wait to be disabled: a tenth of a workspace's in each day is, and one at least, and more with a yes. */
export interface UnusedWaiting {
  count: number
  /** Since is when they began to wait. */
  since: string
  /** UpTo is the moment by which all of them had reached their day. It names them, with Count. */
  up_to: string
}

/** UsageBucket counts the decisions of one hour or day, in UTC. */
export interface UsageBucket {
  allowed: number
  denied: number
  /** Reasons counts the denied ones for each code. */
  reasons: Record<string, number>
  start: string
}

/** User is a person across all workspaces, as instance administrators see them. */
export interface User {
  active: boolean
  created_at: string
  deactivated_at: string | null
  /** DeactivatedBy is the address of who did so; null when nobody knows. */
  deactivated_by: string | null
  email: string | null
  /** ErasedAt is when everything about the person was erased. */
  erased_at: string | null
  id: string
  instance_admin: boolean
  name: string
  revision: number
  workspaces: string[]
}

/** VerifiedToken is the part of a token that a resource server is told. */
export interface VerifiedToken {
  /** Derived says that what was presented was derived from the token: scopes, resources and expires_at are what its terms leave. */
  derived?: boolean
  id: string
  kind: string
  label: string
  locator: string
  masked: string
  metadata: Record<string, unknown>
}

/** VerifyBatch asks up to 100 questions at once. */
export interface VerifyBatch {
  requests: VerifyRequest[]
}

/** VerifyBatchResult answers them in the same order. */
export interface VerifyBatchResult {
  results: VerifyResult[]
}

/** VerifyRequest asks whether a token may do something now. */
export interface VerifyRequest {
  client?: PresentedBy | null
  /** Cost is charged to the rate limit; left out it is 1, 0 peeks. */
  cost?: number | null
  /** Peek decides without being counted as a use. */
  peek?: boolean | null
  /** Resource is what the request touches; "any" leaves the filtering to the caller. */
  resource?: string | null
  /** Scopes is what the request at hand needs; no patterns. */
  scopes?: string[] | null
  token: string
  /** Workspace, if given, is the only one whose tokens are accepted. */
  workspace?: string | null
}

/** VerifyResult is the decision. Token, Principal and Workspace are there whenever the secret was right, also in a refusal; Scopes and Resources when the token itself is valid now. What is null does not exist: no external id, no expiry, no limit. */
export interface VerifyResult {
  allowed: boolean
  code: string
  /** Detail says why a token whose secret was right is refused, for its holder. */
  detail?: string
  expires_at: string | null
  /** Missing names the scopes that were not granted. */
  missing?: string[]
  principal?: Principal
  rate_limit: RateState | null
  request_id: string
  /** Resources are those on which all the scopes asked for are granted together; all of the token's when none was asked for. */
  resources?: string[]
  /** RetryAfter is in whole seconds; with rate_limited only: what costs more than its limit never passes. */
  retry_after?: number
  revision: number
  scopes?: string[]
  token?: VerifiedToken
  workspace?: string
  workspace_external_id: string | null
}

/** Warning is something about what was done that its caller should look at. Nothing was refused because of it. */
export interface Warning {
  /** Code is no_rights, no_resource or approval_pending; others may follow. */
  code: string
  /** Detail says it in a sentence, for people. */
  detail: string
}

/** Webhook is an endpoint as it is shown: everything but its secret. */
export interface Webhook {
  created_at: string
  description: string
  disabled_at: string | null
  /** DisabledBy is the address of who disabled it; null where it failed for too long. */
  disabled_by: string | null
  disabled_reason: string | null
  enabled: boolean
  events: string[]
  /** FailingSince is the first failure after the last success. */
  failing_since: string | null
  /** FormerSecretsUntil has an entry for each former secret that still signs besides the current one: when that ends, the earliest first. */
  former_secrets_until: string[]
  /** HeldByInstance says that an administrator of the instance did, and nobody else brings it back. */
  held_by_instance: boolean
  id: string
  revision: number
  /** SecretRotatedUntil is when the signatures with the last former secret end. */
  secret_rotated_until: string | null
  url: string
  /** Workspace is null for an endpoint of the instance, which is told what happens in every workspace. */
  workspace: string | null
}

/** WebhookAttempt is one try to deliver. */
export interface WebhookAttempt {
  at: string
  /** Error says why there was none. */
  error?: string
  /** Response is the beginning of what was answered, at most 200 bytes. */
  response?: string
  /** Status is the HTTP status; 0 when there was no answer. */
  status: number
  /** TookMS is how long it took, in milliseconds. */
  took_ms: number
}

/** WebhookDelivery is one event on its way to one endpoint. */
export interface WebhookDelivery {
  attempts: WebhookAttempt[]
  created_at: string
  delivered_at: string | null
  /** ID is the header webhook-id: the same at every attempt. */
  id: string
  next_attempt_at: string | null
  /** Payload is the body that is posted; left out in lists. */
  payload?: unknown
  state: string
  type: string
}

/** WebhookSecret answers the calls that make a signing secret: the endpoint, and the secret, which is shown this once. */
export interface WebhookSecret {
  created_at: string
  description: string
  disabled_at: string | null
  /** DisabledBy is the address of who disabled it; null where it failed for too long. */
  disabled_by: string | null
  disabled_reason: string | null
  enabled: boolean
  events: string[]
  /** FailingSince is the first failure after the last success. */
  failing_since: string | null
  /** FormerSecretsUntil has an entry for each former secret that still signs besides the current one: when that ends, the earliest first. */
  former_secrets_until: string[]
  /** HeldByInstance says that an administrator of the instance did, and nobody else brings it back. */
  held_by_instance: boolean
  id: string
  revision: number
  /** Secret is whsec_ and the base64 of the key that signatures are made with. */
  secret: string
  /** SecretRotatedUntil is when the signatures with the last former secret end. */
  secret_rotated_until: string | null
  url: string
  /** Workspace is null for an endpoint of the instance, which is told what happens in every workspace. */
  workspace: string | null
}

/** Whoami tells a caller who it is. */
export interface Whoami {
  /** Effective is left out of what is too large to be told: a grant from before there was a bound. */
  effective?: Statement[]
  /** InstanceAdmin says whether the caller holds the instance's own powers. */
  instance_admin: boolean
  principal: Principal
  resources: string[]
  scopes: string[]
  token: Token | null
  workspace: string
}

/** Workspace is a tenant. */
export interface Workspace {
  created_at: string
  external_id: string | null
  metadata: Record<string, unknown>
  name: string
  revision: number
  slug: string
  suspended_at: string | null
  /** SuspendedBy is the address of who did so; null when nobody knows. */
  suspended_by: string | null
}

/** WorkspaceCount is how much was done in one workspace. */
export interface WorkspaceCount {
  allowed: number
  denied: number
  reasons: Record<string, number>
  workspace: string
  workspace_external_id: string | null
}

/** WorkspaceUsage is what was done with all tokens of a workspace, and with strings that are none of them. */
export interface WorkspaceUsage {
  allowed: number
  bucket: string
  buckets: UsageBucket[]
  /** Denials are the last ones; the last 1,000 are listed by their own call. */
  denials: Denial[]
  denied: number
  from: string
  reasons: Record<string, number>
  to: string
  workspace: string
}

/** Every call by its name: what it takes, and what it answers. */
export interface Calls {
  /** Make an instance administrator a plain user */
  "DELETE /v1/instance/admins/{id}": {
    path: {
      /** An id. */
      id: string
    }
    ifMatch: number
    answer: User
  }
  /** End the look-up of a format's strings: they are no tokens from then on */
  "DELETE /v1/instance/import-formats/{name}": {
    path: {
      /** A name. */
      name: string
    }
    ifMatch: number
    answer: ImportedFormat
  }
  /** Remove a role */
  "DELETE /v1/instance/roles/{name}": {
    path: {
      /** A name. */
      name: string
    }
    query: {
      /** The role that its users get; needed while it has any. */
      replacement?: string
    }
    ifMatch: number
    answer: Role
  }
  /** Remove a scope from the catalogue, and its name from every list */
  "DELETE /v1/instance/scopes/{name}": {
    path: {
      /** A name. */
      name: string
    }
    ifMatch: number
    answer: Scope
  }
  /** Delete an endpoint */
  "DELETE /v1/instance/webhooks/{webhook}": {
    path: {
      /** A webhook. */
      webhook: string
    }
    ifMatch: number
    answer: Webhook
  }
  /** Delete a workspace for good */
  "DELETE /v1/workspaces/{ws}": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
    }
    ifMatch: number
    answer: Workspace
  }
  /** Remove a member and revoke their tokens */
  "DELETE /v1/workspaces/{ws}/members/{member}": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
      /** A member: an e-mail, an id, ext:ID or me. */
      member: string
    }
    query: {
      /** Change nothing; answer the tokens that would stop. */
      dry_run?: boolean
    }
    ifMatch: number
    answer: Member | Affected
  }
  /** Cancel the invitation of a member who did not accept it */
  "DELETE /v1/workspaces/{ws}/members/{member}/invite": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
      /** A member: an e-mail, an id, ext:ID or me. */
      member: string
    }
    query: {
      /** Change nothing; answer the tokens that would stop. */
      dry_run?: boolean
    }
    ifMatch: number
    answer: Member | Affected
  }
  /** Take a resource off board, and its name out of every grant */
  "DELETE /v1/workspaces/{ws}/resources/{name}": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
      /** A name. */
      name: string
    }
    ifMatch: number
    answer: Resource
  }
  /** Remove a role */
  "DELETE /v1/workspaces/{ws}/roles/{name}": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
      /** A name. */
      name: string
    }
    query: {
      /** The role that its users get; needed while it has any. */
      replacement?: string
    }
    ifMatch: number
    answer: Role
  }
  /** Remove a scope from the catalogue, and its name from every list */
  "DELETE /v1/workspaces/{ws}/scopes/{name}": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
      /** A name. */
      name: string
    }
    ifMatch: number
    answer: Scope
  }
  /** Remove a service account and revoke its tokens */
  "DELETE /v1/workspaces/{ws}/service-accounts/{name}": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
      /** A name. */
      name: string
    }
    query: {
      /** Change nothing; answer the tokens that would stop. */
      dry_run?: boolean
    }
    ifMatch: number
    answer: ServiceAccount | Affected
  }
  /** Revoke a token and hide it from lists */
  "DELETE /v1/workspaces/{ws}/tokens/{id}": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
      /** An id. */
      id: string
    }
    ifMatch: number
    answer: Token
  }
  /** Delete a rule of trust; tokens that it gave end */
  "DELETE /v1/workspaces/{ws}/trust-rules/{rule}": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
      /** A rule. */
      rule: string
    }
    ifMatch: number
    answer: TrustRule
  }
  /** Delete an endpoint */
  "DELETE /v1/workspaces/{ws}/webhooks/{webhook}": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
      /** A webhook. */
      webhook: string
    }
    ifMatch: number
    answer: Webhook
  }
  /** List the instance administrators */
  "GET /v1/instance/admins": {
    query: {
      /** How many items at the most, 1 to 200; 50 when left out. */
      limit?: number
      /** The next_cursor of the page before. */
      cursor?: string
    }
    answer: ListUser
  }
  /** List the instance's own events, newest first */
  "GET /v1/instance/audit": {
    query: {
      /** How many items at the most, 1 to 200; 50 when left out. */
      limit?: number
      /** The next_cursor of the page before. */
      cursor?: string
      /** The id or locator of a token that the event is about. Never the token itself. */
      token?: string
      /** The id or locator of the token that it was done with. */
      with?: string
      /** The address of who did it. */
      actor?: string
      /** What was done, like token.created, or token.* for all that begin so. */
      action?: string
      /** Not before this time. */
      from?: string
      /** Before this time. */
      to?: string
    }
    answer: ListAuditEvent
  }
  /** Export the instance's own events, newest first */
  "GET /v1/instance/audit/export": {
    query: {
      /** The id or locator of a token that the event is about. Never the token itself. */
      token?: string
      /** The id or locator of the token that it was done with. */
      with?: string
      /** The address of who did it. */
      actor?: string
      /** What was done, like token.created, or token.* for all that begin so. */
      action?: string
      /** Not before this time. */
      from?: string
      /** Before this time. */
      to?: string
      /** ndjson when left out. */
      format?: "ndjson" | "csv"
    }
    answer: string
  }
  /** List the formats of other systems whose strings are looked up */
  "GET /v1/instance/import-formats": {
    query: {
      /** How many items at the most, 1 to 200; 50 when left out. */
      limit?: number
      /** The next_cursor of the page before. */
      cursor?: string
    }
    answer: ListImportedFormat
  }
  /** Show the instance's defaults of policy */
  "GET /v1/instance/policy": {
    answer: Policy
  }
  /** List what was removed and is being rewritten yet */
  "GET /v1/instance/removals": {
    query: {
      /** How many items at the most, 1 to 200; 50 when left out. */
      limit?: number
      /** The next_cursor of the page before. */
      cursor?: string
    }
    answer: ListRemoval
  }
  /** List the roles: built-in ones, then the others by name */
  "GET /v1/instance/roles": {
    query: {
      /** How many items at the most, 1 to 200; 50 when left out. */
      limit?: number
      /** The next_cursor of the page before. */
      cursor?: string
    }
    answer: ListRole
  }
  /** Show a role */
  "GET /v1/instance/roles/{name}": {
    path: {
      /** A name. */
      name: string
    }
    answer: Role
  }
  /** List the scopes: built-in ones, then the product's catalogue */
  "GET /v1/instance/scopes": {
    query: {
      /** How many items at the most, 1 to 200; 50 when left out. */
      limit?: number
      /** The next_cursor of the page before. */
      cursor?: string
    }
    answer: ListScope
  }
  /** Show a scope */
  "GET /v1/instance/scopes/{name}": {
    path: {
      /** A name. */
      name: string
    }
    answer: Scope
  }
  /** Count what was done in all workspaces, together and in each */
  "GET /v1/instance/usage": {
    query: {
      /** Not before this time; a day ago when left out. */
      from?: string
      /** Before this time; now when left out. */
      to?: string
      /** hour when left out; hours are kept for 35 days. */
      bucket?: "hour" | "day"
    }
    answer: InstanceUsage
  }
  /** List endpoints that are told of events */
  "GET /v1/instance/webhooks": {
    query: {
      /** How many items at the most, 1 to 200; 50 when left out. */
      limit?: number
      /** The next_cursor of the page before. */
      cursor?: string
    }
    answer: ListWebhook
  }
  /** Show an endpoint */
  "GET /v1/instance/webhooks/{webhook}": {
    path: {
      /** A webhook. */
      webhook: string
    }
    answer: Webhook
  }
  /** List what was sent to an endpoint, newest first */
  "GET /v1/instance/webhooks/{webhook}/deliveries": {
    path: {
      /** A webhook. */
      webhook: string
    }
    query: {
      /** How many items at the most, 1 to 200; 50 when left out. */
      limit?: number
      /** The next_cursor of the page before. */
      cursor?: string
    }
    answer: ListWebhookDelivery
  }
  /** Show one delivery with its payload and attempts */
  "GET /v1/instance/webhooks/{webhook}/deliveries/{delivery}": {
    path: {
      /** A webhook. */
      webhook: string
      /** A delivery. */
      delivery: string
    }
    answer: WebhookDelivery
  }
  /** List the types of secrets that GitLab may report */
  "GET /v1/leaks/gitlab/types": {
    answer: GitLabTypes
  }
  /** List the users of all workspaces */
  "GET /v1/users": {
    query: {
      /** How many items at the most, 1 to 200; 50 when left out. */
      limit?: number
      /** The next_cursor of the page before. */
      cursor?: string
      /** Only what has each of these words in its e-mail or name, whatever the case of the letters A to Z. */
      q?: string
      /** one_factor: whose password stands alone, without an authenticator app or a passkey. */
      only?: "one_factor"
    }
    answer: ListUser
  }
  /** Show a user, by e-mail or id */
  "GET /v1/users/{id}": {
    path: {
      /** An id. */
      id: string
    }
    answer: User
  }
  /** Who the calling token is, and what it may do now */
  "GET /v1/whoami": {
    answer: Whoami
  }
  /** List the workspaces that the caller may enter */
  "GET /v1/workspaces": {
    query: {
      /** How many items at the most, 1 to 200; 50 when left out. */
      limit?: number
      /** The next_cursor of the page before. */
      cursor?: string
      /** Only what has each of these words in its slug, name or external id, whatever the case of the letters A to Z. */
      q?: string
    }
    answer: ListWorkspace
  }
  /** Show a workspace */
  "GET /v1/workspaces/{ws}": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
    }
    answer: Workspace
  }
  /** Say what to narrow or end about all tokens */
  "GET /v1/workspaces/{ws}/advice": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
    }
    query: {
      /** How many items at the most, 1 to 200; 50 when left out. */
      limit?: number
      /** The next_cursor of the page before. */
      cursor?: string
    }
    answer: ListAdvice
  }
  /** List a workspace's events, newest first */
  "GET /v1/workspaces/{ws}/audit": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
    }
    query: {
      /** How many items at the most, 1 to 200; 50 when left out. */
      limit?: number
      /** The next_cursor of the page before. */
      cursor?: string
      /** The id or locator of a token that the event is about. Never the token itself. */
      token?: string
      /** The id or locator of the token that it was done with. */
      with?: string
      /** The address of who did it. */
      actor?: string
      /** What was done, like token.created, or token.* for all that begin so. */
      action?: string
      /** Not before this time. */
      from?: string
      /** Before this time. */
      to?: string
    }
    answer: ListAuditEvent
  }
  /** Export a workspace's events, newest first */
  "GET /v1/workspaces/{ws}/audit/export": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
    }
    query: {
      /** The id or locator of a token that the event is about. Never the token itself. */
      token?: string
      /** The id or locator of the token that it was done with. */
      with?: string
      /** The address of who did it. */
      actor?: string
      /** What was done, like token.created, or token.* for all that begin so. */
      action?: string
      /** Not before this time. */
      from?: string
      /** Before this time. */
      to?: string
      /** ndjson when left out. */
      format?: "ndjson" | "csv"
    }
    answer: string
  }
  /** List the last refusals one by one */
  "GET /v1/workspaces/{ws}/denials": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
    }
    query: {
      /** How many items at the most, 1 to 200; 50 when left out. */
      limit?: number
      /** The next_cursor of the page before. */
      cursor?: string
    }
    answer: ListDenial
  }
  /** List a workspace's members */
  "GET /v1/workspaces/{ws}/members": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
    }
    query: {
      /** How many items at the most, 1 to 200; 50 when left out. */
      limit?: number
      /** The next_cursor of the page before. */
      cursor?: string
      /** Only what has each of these words in its e-mail, name or external id, whatever the case of the letters A to Z. */
      q?: string
      /** effective: also what each may do now, which is worked out for each. */
      include?: "effective"
      /** invited: who has an e-mail and no way to sign in yet. one_factor: whose password stands alone, without an authenticator app or a passkey. */
      only?: "invited" | "one_factor"
    }
    answer: ListMember
  }
  /** Show a member, by e-mail, id, ext:ID or me */
  "GET /v1/workspaces/{ws}/members/{member}": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
      /** A member: an e-mail, an id, ext:ID or me. */
      member: string
    }
    answer: Member
  }
  /** Show the policy that holds in a workspace */
  "GET /v1/workspaces/{ws}/policy": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
    }
    answer: Policy
  }
  /** List what was removed and is being rewritten yet */
  "GET /v1/workspaces/{ws}/removals": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
    }
    query: {
      /** How many items at the most, 1 to 200; 50 when left out. */
      limit?: number
      /** The next_cursor of the page before. */
      cursor?: string
    }
    answer: ListRemoval
  }
  /** List the resources that are on board */
  "GET /v1/workspaces/{ws}/resources": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
    }
    query: {
      /** How many items at the most, 1 to 200; 50 when left out. */
      limit?: number
      /** The next_cursor of the page before. */
      cursor?: string
      /** Only what has each of these words in its name or description, whatever the case of the letters A to Z. */
      q?: string
    }
    answer: ListResource
  }
  /** Show a resource */
  "GET /v1/workspaces/{ws}/resources/{name}": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
      /** A name. */
      name: string
    }
    answer: Resource
  }
  /** List the roles: built-in ones, then the others by name */
  "GET /v1/workspaces/{ws}/roles": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
    }
    query: {
      /** How many items at the most, 1 to 200; 50 when left out. */
      limit?: number
      /** The next_cursor of the page before. */
      cursor?: string
    }
    answer: ListRole
  }
  /** Show a role */
  "GET /v1/workspaces/{ws}/roles/{name}": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
      /** A name. */
      name: string
    }
    answer: Role
  }
  /** List the scopes: built-in ones, then the product's catalogue */
  "GET /v1/workspaces/{ws}/scopes": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
    }
    query: {
      /** How many items at the most, 1 to 200; 50 when left out. */
      limit?: number
      /** The next_cursor of the page before. */
      cursor?: string
    }
    answer: ListScope
  }
  /** Show a scope */
  "GET /v1/workspaces/{ws}/scopes/{name}": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
      /** A name. */
      name: string
    }
    answer: Scope
  }
  /** List a workspace's service accounts */
  "GET /v1/workspaces/{ws}/service-accounts": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
    }
    query: {
      /** How many items at the most, 1 to 200; 50 when left out. */
      limit?: number
      /** The next_cursor of the page before. */
      cursor?: string
      /** Only what has each of these words in its name or description, whatever the case of the letters A to Z. */
      q?: string
      /** effective: also what each may do now, which is worked out for each. */
      include?: "effective"
    }
    answer: ListServiceAccount
  }
  /** Show a service account, by name or id */
  "GET /v1/workspaces/{ws}/service-accounts/{name}": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
      /** A name. */
      name: string
    }
    answer: ServiceAccount
  }
  /** List a workspace's tokens, newest first */
  "GET /v1/workspaces/{ws}/tokens": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
    }
    query: {
      /** How many items at the most, 1 to 200; 50 when left out. */
      limit?: number
      /** The next_cursor of the page before. */
      cursor?: string
      /** A member's e-mail, id, ext:ID or me; a service account's name; slug@workspace. Otherwise a part of a name or address, of at most 20 members and service accounts. */
      owner?: string
      /** The kind of token. */
      kind?: "personal" | "service" | "workspace"
      /** The status of now. */
      status?: "active" | "pending" | "disabled" | "expired" | "revoked"
      /** Words, each of which must be in the label, the description, or a name, address or id of the owner, removed ones too, or begin the locator; a mask or a token ID is taken too. */
      q?: string
      /** A role that the token names. */
      role?: string
      /** A scope or pattern that the token names. */
      scope?: string
      /** A resource that the token names; with can, the resource that is meant. */
      resource?: string
      /** The address of who made it, or a part of the name or address of at most 20 members and service accounts. */
      created_by?: string
      /** The ID or locator of the token that made it. */
      created_with?: string
      /** The value of a key of its metadata, as metadata=KEY=VALUE or metadata.KEY=VALUE; for several keys at once. */
      metadata?: string[]
      /** Its expiry is so near in the future, like 30d. */
      expiring_within?: string
      /** It was not used, nor made, for so long. */
      unused_for?: string
      /** An address or network that it was used from. It needs usage:read, but for one's own tokens. */
      used_from?: string
      /** true: the policy of now would not allow it; false: it would. */
      outside_policy?: boolean
      /** A scope that it may use now, on resource if that is given. */
      can?: string
      /** true: deleted tokens too. */
      deleted?: boolean
      /** effective: also what each may do now, which is worked out for each. */
      include?: "effective"
      /** csv answers a table. */
      format?: "json" | "csv"
    }
    answer: ListToken
  }
  /** Show a token, by id, locator or self */
  "GET /v1/workspaces/{ws}/tokens/{id}": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
      /** An id. */
      id: string
    }
    answer: Token
  }
  /** Say from where and for what a token was used, by day */
  "GET /v1/workspaces/{ws}/tokens/{id}/activity": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
      /** An id. */
      id: string
    }
    query: {
      /** How many items at the most, 1 to 200; 50 when left out. */
      limit?: number
      /** The next_cursor of the page before. */
      cursor?: string
    }
    answer: ListActivity
  }
  /** Say what to narrow or end about a token, with the change to apply */
  "GET /v1/workspaces/{ws}/tokens/{id}/advice": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
      /** An id. */
      id: string
    }
    query: {
      /** How many items at the most, 1 to 200; 50 when left out. */
      limit?: number
      /** The next_cursor of the page before. */
      cursor?: string
    }
    answer: ListAdvice
  }
  /** List a token's last refusals one by one */
  "GET /v1/workspaces/{ws}/tokens/{id}/denials": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
      /** An id. */
      id: string
    }
    query: {
      /** How many items at the most, 1 to 200; 50 when left out. */
      limit?: number
      /** The next_cursor of the page before. */
      cursor?: string
    }
    answer: ListDenial
  }
  /** Count and list what was made with a token */
  "GET /v1/workspaces/{ws}/tokens/{id}/descendants": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
      /** An id. */
      id: string
    }
    answer: Descendants
  }
  /** Show what was strange about the use of a token and nobody has answered */
  "GET /v1/workspaces/{ws}/tokens/{id}/strange-use": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
      /** An id. */
      id: string
    }
    answer: StrangeUse
  }
  /** Count what was done with a token, by hour or day */
  "GET /v1/workspaces/{ws}/tokens/{id}/usage": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
      /** An id. */
      id: string
    }
    query: {
      /** Not before this time; a day ago when left out. */
      from?: string
      /** Before this time; now when left out. */
      to?: string
      /** hour when left out; hours are kept for 35 days. */
      bucket?: "hour" | "day"
    }
    answer: TokenUsage
  }
  /** List whose ID tokens the service accounts trust */
  "GET /v1/workspaces/{ws}/trust-rules": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
    }
    query: {
      /** How many items at the most, 1 to 200; 50 when left out. */
      limit?: number
      /** The next_cursor of the page before. */
      cursor?: string
      /** The rules of one service account, by name or id. */
      service_account?: string
    }
    answer: ListTrustRule
  }
  /** Show a rule of trust */
  "GET /v1/workspaces/{ws}/trust-rules/{rule}": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
      /** A rule. */
      rule: string
    }
    answer: TrustRule
  }
  /** Show how far the policy disable_unused_after has come, and what waits for a yes */
  "GET /v1/workspaces/{ws}/unused": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
    }
    query: {
      /** Also say what a policy of so long would mean now, like 90d; needs tokens:read. */
      after?: string
    }
    answer: UnusedTokens
  }
  /** Count what was done with all tokens, by hour or day */
  "GET /v1/workspaces/{ws}/usage": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
    }
    query: {
      /** Not before this time; a day ago when left out. */
      from?: string
      /** Before this time; now when left out. */
      to?: string
      /** hour when left out; hours are kept for 35 days. */
      bucket?: "hour" | "day"
    }
    answer: WorkspaceUsage
  }
  /** List endpoints that are told of events */
  "GET /v1/workspaces/{ws}/webhooks": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
    }
    query: {
      /** How many items at the most, 1 to 200; 50 when left out. */
      limit?: number
      /** The next_cursor of the page before. */
      cursor?: string
    }
    answer: ListWebhook
  }
  /** Show an endpoint */
  "GET /v1/workspaces/{ws}/webhooks/{webhook}": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
      /** A webhook. */
      webhook: string
    }
    answer: Webhook
  }
  /** List what was sent to an endpoint, newest first */
  "GET /v1/workspaces/{ws}/webhooks/{webhook}/deliveries": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
      /** A webhook. */
      webhook: string
    }
    query: {
      /** How many items at the most, 1 to 200; 50 when left out. */
      limit?: number
      /** The next_cursor of the page before. */
      cursor?: string
    }
    answer: ListWebhookDelivery
  }
  /** Show one delivery with its payload and attempts */
  "GET /v1/workspaces/{ws}/webhooks/{webhook}/deliveries/{delivery}": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
      /** A webhook. */
      webhook: string
      /** A delivery. */
      delivery: string
    }
    answer: WebhookDelivery
  }
  /** Edit the instance's defaults of policy, which every workspace inherits live */
  "PATCH /v1/instance/policy": {
    body: PatchPolicy
    ifMatch: number
    answer: Policy
  }
  /** Edit an endpoint, or enable it again */
  "PATCH /v1/instance/webhooks/{webhook}": {
    path: {
      /** A webhook. */
      webhook: string
    }
    body: EditWebhook
    ifMatch: number
    answer: Webhook
  }
  /** Edit a workspace */
  "PATCH /v1/workspaces/{ws}": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
    }
    body: EditWorkspace
    ifMatch: number
    answer: Workspace
  }
  /** Edit a member */
  "PATCH /v1/workspaces/{ws}/members/{member}": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
      /** A member: an e-mail, an id, ext:ID or me. */
      member: string
    }
    body: EditMember
    ifMatch: number
    answer: Member
  }
  /** Edit a workspace's policy; null returns a field to what is inherited */
  "PATCH /v1/workspaces/{ws}/policy": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
    }
    body: PatchPolicy
    ifMatch: number
    answer: Policy
  }
  /** Edit a service account */
  "PATCH /v1/workspaces/{ws}/service-accounts/{name}": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
      /** A name. */
      name: string
    }
    body: EditServiceAccount
    ifMatch: number
    answer: ServiceAccount
  }
  /** Edit a token; null inherits or removes */
  "PATCH /v1/workspaces/{ws}/tokens/{id}": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
      /** An id. */
      id: string
    }
    query: {
      /** Change nothing; answer what it would become, or why not. */
      dry_run?: boolean
    }
    body: EditToken
    ifMatch: number
    answer: Token
  }
  /** Edit a rule of trust; tokens that it gave end, unless only the label is changed */
  "PATCH /v1/workspaces/{ws}/trust-rules/{rule}": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
      /** A rule. */
      rule: string
    }
    body: EditTrustRule
    ifMatch: number
    answer: TrustRule
  }
  /** Edit an endpoint, or enable it again */
  "PATCH /v1/workspaces/{ws}/webhooks/{webhook}": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
      /** A webhook. */
      webhook: string
    }
    body: EditWebhook
    ifMatch: number
    answer: Webhook
  }
  /** Make a user an instance administrator */
  "POST /v1/instance/admins": {
    body: AddAdmin
    answer: User
  }
  /** Create an endpoint; its secret is in this answer alone */
  "POST /v1/instance/webhooks": {
    body: CreateWebhook
    idempotencyKey: string
    answer: WebhookSecret
  }
  /** Send a delivery again */
  "POST /v1/instance/webhooks/{webhook}/deliveries/{delivery}/resend": {
    path: {
      /** A webhook. */
      webhook: string
      /** A delivery. */
      delivery: string
    }
    answer: WebhookDelivery
  }
  /** Send an endpoint a ping */
  "POST /v1/instance/webhooks/{webhook}/ping": {
    path: {
      /** A webhook. */
      webhook: string
    }
    answer: WebhookDelivery
  }
  /** Give an endpoint a new secret; for 24 hours both sign */
  "POST /v1/instance/webhooks/{webhook}/rotate": {
    path: {
      /** A webhook. */
      webhook: string
    }
    ifMatch: number
    answer: WebhookSecret
  }
  /** Report token strings that were found where they do not belong */
  "POST /v1/leaks": {
    body: ReportLeaks
    answer: LeaksReceived
  }
  /** Take a report of GitHub's secret scanning */
  "POST /v1/leaks/github": {
    body: GitHubFind[] | null
    answer: GitHubFeedback[] | null
  }
  /** Take a report of GitLab's token revocation */
  "POST /v1/leaks/gitlab": {
    body: GitLabFind[] | null
    answer: string
  }
  /** Ask for TruffleHog whether a secret is live */
  "POST /v1/leaks/trufflehog": {
    body: Record<string, Record<string, string[] | null>>
    answer: LiveSecret
  }
  /** Answer the TokenReview webhook of a Kubernetes API server */
  "POST /v1/token-review/{scopes}": {
    path: {
      /** Scopes, with commas between. */
      scopes: string
    }
    body: TokenReview
    answer: TokenReview
  }
  /** Answer the TokenReview webhook of the API server of one cluster */
  "POST /v1/token-review/{scopes}/{resource}": {
    path: {
      /** Scopes, with commas between. */
      scopes: string
      /** A resource. */
      resource: string
    }
    body: TokenReview
    answer: TokenReview
  }
  /** Bring a deactivated user back */
  "POST /v1/users/{id}/activate": {
    path: {
      /** An id. */
      id: string
    }
    ifMatch: number
    answer: User
  }
  /** Deactivate a user: their tokens and sessions stop in every workspace */
  "POST /v1/users/{id}/deactivate": {
    path: {
      /** An id. */
      id: string
    }
    ifMatch: number
    answer: User
  }
  /** Erase everything about a user who is deactivated or a member nowhere */
  "POST /v1/users/{id}/erase": {
    path: {
      /** An id. */
      id: string
    }
    query: {
      /** Change nothing; answer how much would be erased. */
      dry_run?: boolean
    }
    body?: EraseUser
    answer: Erasure
  }
  /** Ask whether a token may do something now */
  "POST /v1/verify": {
    body: VerifyRequest
    answer: VerifyResult
  }
  /** Ask up to 100 such questions at once */
  "POST /v1/verify/batch": {
    body: VerifyBatch
    answer: VerifyBatchResult
  }
  /** Create a workspace */
  "POST /v1/workspaces": {
    body: CreateWorkspace
    idempotencyKey: string
    answer: Workspace
  }
  /** Say which check a token or request failed, and what would fix it */
  "POST /v1/workspaces/{ws}/explain": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
    }
    body: ExplainRequest
    answer: Explanation
  }
  /** Take a person into a workspace */
  "POST /v1/workspaces/{ws}/members": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
    }
    body: CreateMember
    idempotencyKey: string
    answer: Member
  }
  /** Create or reset the member's standing access token */
  "POST /v1/workspaces/{ws}/members/{member}/access-token/reset": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
      /** A member: an e-mail, an id, ext:ID or me. */
      member: string
    }
    idempotencyKey: string
    answer: Issued
  }
  /** Bring a deactivated member back */
  "POST /v1/workspaces/{ws}/members/{member}/activate": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
      /** A member: an e-mail, an id, ext:ID or me. */
      member: string
    }
    ifMatch: number
    answer: Member
  }
  /** Deactivate a member: their tokens and sessions stop */
  "POST /v1/workspaces/{ws}/members/{member}/deactivate": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
      /** A member: an e-mail, an id, ext:ID or me. */
      member: string
    }
    query: {
      /** Change nothing; answer the tokens that would stop. */
      dry_run?: boolean
    }
    body?: Suspend
    ifMatch: number
    answer: Member | Affected
  }
  /** Mail a member an invitation to sign in */
  "POST /v1/workspaces/{ws}/members/{member}/invite": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
      /** A member: an e-mail, an id, ext:ID or me. */
      member: string
    }
    answer: Invitation
  }
  /** Make a one-time link into a member's own tokens */
  "POST /v1/workspaces/{ws}/members/{member}/portal-link": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
      /** A member: an e-mail, an id, ext:ID or me. */
      member: string
    }
    answer: PortalLink
  }
  /** Put a resource on board */
  "POST /v1/workspaces/{ws}/resources": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
    }
    body: CreateResource
    idempotencyKey: string
    answer: Resource
  }
  /** Resume a suspended workspace */
  "POST /v1/workspaces/{ws}/resume": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
    }
    ifMatch: number
    answer: Workspace
  }
  /** Create a service account */
  "POST /v1/workspaces/{ws}/service-accounts": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
    }
    body: CreateServiceAccount
    idempotencyKey: string
    answer: ServiceAccount
  }
  /** Disable a service account: its tokens stop */
  "POST /v1/workspaces/{ws}/service-accounts/{name}/disable": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
      /** A name. */
      name: string
    }
    query: {
      /** Change nothing; answer the tokens that would stop. */
      dry_run?: boolean
    }
    body?: Suspend
    ifMatch: number
    answer: ServiceAccount | Affected
  }
  /** Bring a disabled service account back */
  "POST /v1/workspaces/{ws}/service-accounts/{name}/enable": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
      /** A name. */
      name: string
    }
    ifMatch: number
    answer: ServiceAccount
  }
  /** Suspend a workspace: all its tokens stop until it is resumed */
  "POST /v1/workspaces/{ws}/suspend": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
    }
    query: {
      /** Change nothing; answer the tokens that would stop. */
      dry_run?: boolean
    }
    body?: Suspend
    ifMatch: number
    answer: Workspace | Affected
  }
  /** Create a token; its secret is in this answer alone */
  "POST /v1/workspaces/{ws}/tokens": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
    }
    body: CreateToken
    idempotencyKey: string
    answer: Issued
  }
  /** Revoke, disable, rotate or edit many tokens */
  "POST /v1/workspaces/{ws}/tokens/bulk": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
    }
    body: BulkTokens
    idempotencyKey: string
    answer: BulkResults
  }
  /** Make tokens of strings that another system gave out, which go on working */
  "POST /v1/workspaces/{ws}/tokens/import": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
    }
    body: ImportTokens
    answer: ImportResults
  }
  /** Say whose the token strings in a text are, and in what state */
  "POST /v1/workspaces/{ws}/tokens/lookup": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
    }
    body: LookupTokens
    answer: FoundTokens
  }
  /** Approve a token that waits: it works from the answer on */
  "POST /v1/workspaces/{ws}/tokens/{id}/approve": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
      /** An id. */
      id: string
    }
    body?: DecideToken
    ifMatch: number
    answer: Token
  }
  /** Disable a token until it is enabled */
  "POST /v1/workspaces/{ws}/tokens/{id}/disable": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
      /** An id. */
      id: string
    }
    body?: DisableToken
    ifMatch: number
    answer: Token
  }
  /** Enable a disabled token */
  "POST /v1/workspaces/{ws}/tokens/{id}/enable": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
      /** An id. */
      id: string
    }
    ifMatch: number
    answer: Token
  }
  /** Refuse a token that waits: it is revoked */
  "POST /v1/workspaces/{ws}/tokens/{id}/refuse": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
      /** An id. */
      id: string
    }
    body?: DecideToken
    ifMatch: number
    answer: Token
  }
  /** Give a token a new secret; the old one is dead at once */
  "POST /v1/workspaces/{ws}/tokens/{id}/reset": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
      /** An id. */
      id: string
    }
    idempotencyKey: string
    ifMatch: number
    answer: Issued
  }
  /** End the overlap of a rotation now: the current secret alone works */
  "POST /v1/workspaces/{ws}/tokens/{id}/retire": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
      /** An id. */
      id: string
    }
    ifMatch: number
    answer: Token
  }
  /** Show the secret of an active token again, where the policy keeps it */
  "POST /v1/workspaces/{ws}/tokens/{id}/reveal": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
      /** An id. */
      id: string
    }
    ifMatch: number
    answer: Issued
  }
  /** Revoke a token for good */
  "POST /v1/workspaces/{ws}/tokens/{id}/revoke": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
      /** An id. */
      id: string
    }
    body?: RevokeToken
    ifMatch: number
    answer: Token
  }
  /** Give a token a new secret; the old one works until the overlap ends */
  "POST /v1/workspaces/{ws}/tokens/{id}/rotate": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
      /** An id. */
      id: string
    }
    body?: RotateToken
    idempotencyKey: string
    ifMatch: number
    answer: Issued
  }
  /** Answer who it was: me, or not me */
  "POST /v1/workspaces/{ws}/tokens/{id}/strange-use": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
      /** An id. */
      id: string
    }
    body: AnswerStrangeUse
    answer: StrangeUse
  }
  /** Move a token to another owner and rotate it */
  "POST /v1/workspaces/{ws}/tokens/{id}/transfer": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
      /** An id. */
      id: string
    }
    body: TransferToken
    ifMatch: number
    answer: Issued
  }
  /** Let a service account trust ID tokens */
  "POST /v1/workspaces/{ws}/trust-rules": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
    }
    body: CreateTrustRule
    idempotencyKey: string
    answer: TrustRule
  }
  /** Say which rules take an ID token, and why the others do not */
  "POST /v1/workspaces/{ws}/trust-rules/explain": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
    }
    body: ExplainTrust
    answer: TrustExplanation
  }
  /** Say yes to disabling the tokens that wait, as they were shown */
  "POST /v1/workspaces/{ws}/unused/confirm": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
    }
    body: ConfirmUnused
    answer: UnusedTokens
  }
  /** Create an endpoint; its secret is in this answer alone */
  "POST /v1/workspaces/{ws}/webhooks": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
    }
    body: CreateWebhook
    idempotencyKey: string
    answer: WebhookSecret
  }
  /** Send a delivery again */
  "POST /v1/workspaces/{ws}/webhooks/{webhook}/deliveries/{delivery}/resend": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
      /** A webhook. */
      webhook: string
      /** A delivery. */
      delivery: string
    }
    answer: WebhookDelivery
  }
  /** Send an endpoint a ping */
  "POST /v1/workspaces/{ws}/webhooks/{webhook}/ping": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
      /** A webhook. */
      webhook: string
    }
    answer: WebhookDelivery
  }
  /** Give an endpoint a new secret; for 24 hours both sign */
  "POST /v1/workspaces/{ws}/webhooks/{webhook}/rotate": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
      /** A webhook. */
      webhook: string
    }
    ifMatch: number
    answer: WebhookSecret
  }
  /** Create or replace a role, or extend a built-in one */
  "PUT /v1/instance/roles/{name}": {
    path: {
      /** A name. */
      name: string
    }
    body: PutRole
    ifMatch: number
    answer: Role
  }
  /** Create or replace a scope of the catalogue */
  "PUT /v1/instance/scopes/{name}": {
    path: {
      /** A name. */
      name: string
    }
    body: PutScope
    ifMatch: number
    answer: Scope
  }
  /** Create or replace a workspace, by its slug or ext:ID */
  "PUT /v1/workspaces/{ws}": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
    }
    body: PutWorkspace
    ifMatch: number
    answer: Workspace
  }
  /** Create or replace a member, by e-mail or ext:ID */
  "PUT /v1/workspaces/{ws}/members/{member}": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
      /** A member: an e-mail, an id, ext:ID or me. */
      member: string
    }
    body: CreateMember
    ifMatch: number
    answer: Member
  }
  /** Create or replace a role, or extend a built-in one */
  "PUT /v1/workspaces/{ws}/roles/{name}": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
      /** A name. */
      name: string
    }
    body: PutRole
    ifMatch: number
    answer: Role
  }
  /** Create or replace a scope of the catalogue */
  "PUT /v1/workspaces/{ws}/scopes/{name}": {
    path: {
      /** A workspace: its slug, or ext:ID. */
      ws: string
      /** A name. */
      name: string
    }
    body: PutScope
    ifMatch: number
    answer: Scope
  }
}
