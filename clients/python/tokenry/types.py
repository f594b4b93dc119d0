# Code generated from api/openapi.json by go test ./clients -update; DO NOT EDIT.
"""The objects of the API, as dictionaries."""

from __future__ import annotations

from typing import Any, Literal, TypedDict, Union


class Activity(TypedDict):
    """Activity is what was done with a token on one day in the same way."""

    count: int
    # Day is its beginning, in UTC.
    day: str
    first_at: str
    ip: Union[str, None]
    last_at: str
    method: str
    # Outcome is ok, or why it was refused.
    outcome: str
    path: str
    # Rest stands for all of this day and outcome that is not listed singly.
    rest: bool
    user_agent: str


class AddAdmin(TypedDict):
    """AddAdmin makes a user an instance administrator."""

    # User is an e-mail or a user id.
    user: str


class _Advice(TypedDict):
    change: "AdviceChange"
    code: str
    # Days is the time that was looked at; 0 where time does not matter.
    days: int
    explanation: str
    label: str
    # Token is the token's ID.
    token: str


class Advice(_Advice, total=False):
    """Advice is one thing that could be better about a token, and the change that makes it so."""

    # Addresses is from how many addresses the token was used; with shared.
    addresses: int
    # Unused names scopes that were never exercised; with unused_scopes.
    unused: list[str]


class AdviceChange(TypedDict, total=False):
    """AdviceChange is the body of the call that follows an advice: exactly one is set."""

    # Edit is for PATCH …/tokens/{id}.
    edit: "EditToken"
    # Revoke is for POST …/tokens/{id}/revoke.
    revoke: "RevokeToken"
    # Rotate is for POST …/tokens/{id}/rotate; its secret has to be brought to whoever uses the token, so no program should apply it by itself.
    rotate: "RotateToken"


class _Affected(TypedDict):
    dry_run: bool
    tokens: list["Token"]


class Affected(_Affected, total=False):
    """Affected answers a removal or suspension, done or only asked for with dry_run: the tokens that stop."""

    # More says that the list was cut: a workspace may have very many tokens.
    more: bool


class _AnswerStrangeUse(TypedDict):
    # Answer is me or not_me.
    answer: str


class AnswerStrangeUse(_AnswerStrangeUse, total=False):
    """AnswerStrangeUse says who it was."""

    comment: Union[str, None]
    # Seen is the last_at that was shown: what came later is refused with changed_meanwhile instead of being answered unseen.
    seen: Union[str, None]


class Approval(TypedDict):
    """Approval is what became of a token that needs a second person."""

    asked_at: str
    by: Union[str, None]
    comment: str
    # DecidedAt and By are when, and the address of who; By is null where the time ran out.
    decided_at: Union[str, None]
    # State is pending, approved, refused or ended.
    state: Literal["pending"] | Literal["approved"] | Literal["refused"] | Literal["ended"]
    # Until is when a pending request is refused by itself; null once it is decided.
    until: Union[str, None]


class ApprovalRule(TypedDict, total=False):
    """ApprovalRule says which tokens need a second person: those of which all holds that it names. A rule names at least one thing, and an empty list is refused."""

    # Kinds are personal, service, workspace and ephemeral.
    kinds: Union[list[str], None]
    # LongerThan holds for a token that lives longer, or without an end.
    longer_than: Union[str, None]
    # Resources are names or beginnings with a *: the token reaches one that fits. "*" is of tokens on the entire portfolio.
    resources: Union[list[str], None]
    # Scopes are scopes or patterns, as in a grant: the token may use one that fits. A token that inherits its owner's rights counts as one that may use every scope.
    scopes: Union[list[str], None]


class _AuditEvent(TypedDict):
    action: str
    # Actor is the address of who did it; ActorToken the locator of the token used.
    actor: str
    actor_token: Union[str, None]
    after: Any
    at: str
    # Before and After are what it was about, as its own call shows it, without the members that are null.
    before: Any
    # Hash is the chain's hash at this row, in hex.
    hash: str
    ip: Union[str, None]
    # OnBehalf is the address of the member whose rights decided.
    on_behalf: Union[str, None]
    request_id: str
    revision: int
    sequence: int
    target: str
    token: Union[str, None]
    user_agent: Union[str, None]
    workspace: str


class AuditEvent(_AuditEvent, total=False):
    """AuditEvent is one row of the audit."""

    # Erased says that what the event told was erased, because it was about a person who asked for it; what is left of it stands here.
    erased: bool


class _AuthorizationServer(TypedDict):
    introspection_endpoint: str
    issuer: str
    # ResponseTypesSupported is required. It is none: no token is issued by a redirection.
    response_types_supported: list[str]
    revocation_endpoint: str


class AuthorizationServer(_AuthorizationServer, total=False):
    """AuthorizationServer tells clients where to ask about tokens and how (RFC 8414)."""

    # DeviceAuthorizationEndpoint is left out where nobody can sign in (RFC 8628, section 4).
    device_authorization_endpoint: str
    grant_types_supported: list[str]
    introspection_endpoint_auth_methods_supported: list[str]
    revocation_endpoint_auth_methods_supported: list[str]
    scopes_supported: list[str]
    service_documentation: str
    token_endpoint: str
    token_endpoint_auth_methods_supported: list[str]
    # TokenEndpointAuthSigningAlgValuesSupported are how an ID token may be signed.
    token_endpoint_auth_signing_alg_values_supported: list[str]


class _BulkResult(TypedDict):
    # Code is ok, or why this token was left as it was.
    code: str
    id: str


class BulkResult(_BulkResult, total=False):
    """BulkResult is what became of one token. A rotation, and every call that accepts application/x-ndjson, answers these one a line, as soon as each is known."""

    detail: str
    # Secret is the new one; with rotate only.
    secret: str


class BulkResults(TypedDict):
    """BulkResults answers every action but rotate, unless a line for each was asked for."""

    action: str
    dry_run: bool
    matched: int
    results: list["BulkResult"]
    # Unfinished says that there was no time, or no room in one answer, for all: what results tell was done, and the call may be sent again for the rest. One that accepts application/x-ndjson is answered for any number.
    unfinished: bool


class _BulkTokens(TypedDict):
    # Action is revoke, disable, rotate or edit.
    action: Literal["revoke"] | Literal["disable"] | Literal["rotate"] | Literal["edit"]


class BulkTokens(_BulkTokens, total=False):
    """BulkTokens does one thing to many tokens: those named by IDs, or those that a filter with at least one condition finds. The caller's own token is left out."""

    comment: Union[str, None]
    descendants: bool
    # DryRun only answers which tokens would be touched.
    dry_run: Union[bool, None]
    # Edit goes with edit.
    edit: Union["EditToken", None]
    filter: Union["TokenFilter", None]
    ids: Union[list[str], None]
    # Reason, Comment and Descendants go with revoke.
    reason: Literal["unused"] | Literal["superseded"] | Literal["leaked"] | Literal["owner_left"] | Literal["other"] | Literal[""]
    # Rotate goes with rotate.
    rotate: Union["RotateToken", None]


class _Check(TypedDict):
    # Check is the code that is answered when it fails.
    check: str
    result: str


class Check(_Check, total=False):
    """Check is one of the questions that a verification asks, in their order."""

    detail: str
    # Remedy says what would make a failed check pass.
    remedy: str


class ConfirmUnused(TypedDict):
    """ConfirmUnused says yes to disabling the tokens that wait, as they were shown."""

    # Count and UpTo are those of what waits: if it is something else by now, nothing is confirmed, and the answer is changed_meanwhile.
    count: int
    up_to: str


class CreateMember(TypedDict, total=False):
    """CreateMember asks for a person in a workspace. Email may be left out where an external id names the person."""

    email: Union[str, None]
    external_id: Union[str, None]
    grants: Union[list["Statement"], None]
    name: Union[str, None]
    # Password is for instance:admin alone, and only when it creates the user.
    password: Union[str, None]
    resources: Union[list[str], None]
    role: Union[str, None]
    scopes: Union[list[str], None]


class _CreateResource(TypedDict):
    name: str


class CreateResource(_CreateResource, total=False):
    """CreateResource puts an entity of the product on board."""

    description: Union[str, None]


class _CreateServiceAccount(TypedDict):
    # Name is [a-z0-9][a-z0-9._-]{0,62}; it never changes.
    name: str


class CreateServiceAccount(_CreateServiceAccount, total=False):
    """CreateServiceAccount asks for a non-human principal."""

    contacts: Union[list[str], None]
    description: Union[str, None]
    grants: Union[list["Statement"], None]
    resources: Union[list[str], None]
    role: Union[str, None]
    scopes: Union[list[str], None]


class _CreateToken(TypedDict):
    # Label is the token's name: 1 to 100 characters, none of them a control character.
    label: str


class CreateToken(_CreateToken, total=False):
    """CreateToken asks for a new token."""

    allowed_ips: Union[list[str], None]
    description: Union[str, None]
    expires_at: Union[str, None]
    # At most one of ExpiresIn, ExpiresAt and Never; none means the policy's default_lifetime.
    expires_in: Union[str, None]
    grants: Union[list["Statement"], None]
    # Kind is "personal", "service" or "workspace"; left out it follows from Owner.
    kind: Literal["personal"] | Literal["service"] | Literal["workspace"] | Literal[""]
    metadata: Union[dict[str, Any], None]
    never: Union[bool, None]
    not_before: Union[str, None]
    # Owner is a member's e-mail or id, or a service account's name. Left out, a personal token belongs to the caller's own user.
    owner: Union[str, None]
    rate_limit: Union["RateLimit", None]
    recoverable: Union[bool, None]
    resources: Union[list[str], None]
    role: Union[str, None]
    scopes: Union[list[str], None]


class _CreateTrustRule(TypedDict):
    audience: str
    claims: dict[str, Union[list[str], None]]
    issuer: str
    # Label is the rule's name: 1 to 100 characters, none of them a control character.
    label: str
    # ServiceAccount is the name of the account whose tokens it gives.
    service_account: str


class CreateTrustRule(_CreateTrustRule, total=False):
    """CreateTrustRule asks for a new rule."""

    allowed_ips: Union[list[str], None]
    # ExpiresIn is how long a token lives: 1m to 1h; 15m when left out.
    expires_in: Union[str, None]
    grants: Union[list["Statement"], None]
    # Keys are the issuer's public keys, for one that does not tell them to strangers; null asks the issuer.
    keys: Union["KeySet", None]
    resources: Union[list[str], None]
    role: Union[str, None]
    scopes: Union[list[str], None]
    # System, left out, is the one whose issuer it is, else oidc.
    system: Union[str, None]


class _CreateWebhook(TypedDict):
    # URL is where events are posted: https, to a public address.
    url: str


class CreateWebhook(_CreateWebhook, total=False):
    """CreateWebhook asks for an endpoint that is told what happens."""

    description: Union[str, None]
    # Enabled is true when it is left out.
    enabled: Union[bool, None]
    # Events are types like token.revoked, or patterns like token.* and *; left out, all.
    events: Union[list[str], None]


class _CreateWorkspace(TypedDict):
    # Slug is its name in every path: [a-z0-9][a-z0-9-]{0,62}; never changes, never used again.
    slug: str


class CreateWorkspace(_CreateWorkspace, total=False):
    """CreateWorkspace asks for a new tenant."""

    external_id: Union[str, None]
    metadata: Union[dict[str, Any], None]
    name: str


class DecideToken(TypedDict, total=False):
    """DecideToken approves or refuses a token that waits."""

    # Comment is told to whoever asked, and kept.
    comment: Union[str, None]


class Denial(TypedDict):
    """Denial is one request that was refused."""

    at: str
    code: str
    ip: Union[str, None]
    method: str
    path: str
    request_id: str
    resource: str
    scopes: list[str]
    # Token is the locator that was presented; null for what was no token.
    token: Union[str, None]
    user_agent: str


class Descendants(TypedDict):
    """Descendants are the tokens that were made with a token, and with what was made with it, in its workspace."""

    active: int
    # Items are the first 200, active ones first.
    items: list["Token"]
    # Partial says that there are more than the 10,000 that were counted.
    partial: bool
    # Total counts all of them, Active those that are active now.
    total: int


class DeviceAuthorization(TypedDict):
    """DeviceAuthorization begins a sign-in of a command line (RFC 8628, section 3.2): the person opens VerificationURI and types UserCode there."""

    # DeviceCode is for polling, and a secret.
    device_code: str
    # ExpiresIn and Interval, the least time between two polls, are in seconds.
    expires_in: int
    interval: int
    user_code: str
    verification_uri: str


class _DeviceAuthorizationRequest(TypedDict):
    # ClientID is [DeviceClientID].
    client_id: str


class DeviceAuthorizationRequest(_DeviceAuthorizationRequest, total=False):
    """DeviceAuthorizationRequest asks for a sign-in of a program (RFC 8628, section 3.1). It is sent as a form."""

    # DeviceName is what the person is shown: what the machine is called.
    device_name: str
    # ExpiresIn is how long the token lives at the most; the workspace's policy may let it live shorter. Left out, as long as that says.
    expires_in: str
    # Scope are scopes or patterns, apart by blanks, to which the token is limited; left out, it may do what its person may.
    scope: str
    # Workspace is the slug of the one that it is to be for; left out, the person chooses.
    workspace: str


class DisableToken(TypedDict, total=False):
    """DisableToken suspends a token until it is enabled."""

    # RevokeAfter, when set, revokes the token once it was disabled for so long.
    revoke_after: Union[str, None]


class EditMember(TypedDict, total=False):
    """EditMember is a merge patch of a membership."""

    external_id: Union[str, None]
    grants: Union[list["Statement"], None]
    name: Union[str, None]
    resources: Union[list[str], None]
    role: Union[str, None]
    scopes: Union[list[str], None]


class EditServiceAccount(TypedDict, total=False):
    """EditServiceAccount is a merge patch of a service account."""

    contacts: Union[list[str], None]
    description: Union[str, None]
    grants: Union[list["Statement"], None]
    resources: Union[list[str], None]
    role: Union[str, None]
    scopes: Union[list[str], None]


class EditToken(TypedDict, total=False):
    """EditToken is a merge patch of a token."""

    allowed_ips: Union[list[str], None]
    description: Union[str, None]
    expires_at: Union[str, None]
    # At most one of ExpiresIn, ExpiresAt and Never; none means the policy's default_lifetime.
    expires_in: Union[str, None]
    grants: Union[list["Statement"], None]
    # Label is the token's name: 1 to 100 characters, none of them a control character.
    label: str
    metadata: Union[dict[str, Any], None]
    never: Union[bool, None]
    not_before: Union[str, None]
    rate_limit: Union["RateLimit", None]
    recoverable: Union[bool, None]
    resources: Union[list[str], None]
    role: Union[str, None]
    scopes: Union[list[str], None]


class EditTrustRule(TypedDict, total=False):
    """EditTrustRule is a merge patch of a rule. Whatever but the label is changed, tokens that were given before end."""

    allowed_ips: Union[list[str], None]
    audience: str
    claims: dict[str, Union[list[str], None]]
    # ExpiresIn is how long a token lives: 1m to 1h; 15m when left out.
    expires_in: Union[str, None]
    grants: Union[list["Statement"], None]
    issuer: str
    # Keys are the issuer's public keys, for one that does not tell them to strangers; null asks the issuer.
    keys: Union["KeySet", None]
    # Label is the rule's name: 1 to 100 characters, none of them a control character.
    label: str
    resources: Union[list[str], None]
    role: Union[str, None]
    scopes: Union[list[str], None]
    # System, left out, is the one whose issuer it is, else oidc.
    system: Union[str, None]


class EditWebhook(TypedDict, total=False):
    """EditWebhook is a merge patch of an endpoint. Enabling one that was disabled starts its count of failures again."""

    description: Union[str, None]
    enabled: Union[bool, None]
    events: Union[list[str], None]
    url: Union[str, None]


class EditWorkspace(TypedDict, total=False):
    """EditWorkspace is a merge patch of a workspace."""

    external_id: Union[str, None]
    metadata: Union[dict[str, Any], None]
    name: str


class EraseUser(TypedDict, total=False):
    """EraseUser says how to erase a user. The same may be said in the query."""

    # DryRun only answers how much would be erased.
    dry_run: Union[bool, None]


class Erasure(TypedDict):
    """Erasure answers the erasure of a user, done or only asked for with dry_run: what is left of the user, and how much was, or would be, erased."""

    # AuditEvents are those by and about the person, of all workspaces.
    audit_events: int
    deliveries: int
    dry_run: bool
    factors: int
    identities: int
    # Mails and Deliveries are those that were kept, sent or not.
    mails: int
    memberships: int
    # Mentions are other objects that named the person: who created them, whom to tell about them.
    mentions: int
    sessions: int
    # Tokens are the person's own: they are revoked, and what was done with them is forgotten.
    tokens: int
    user: "User"


class ExplainRequest(TypedDict, total=False):
    """ExplainRequest asks why a token is refused, or would be. It consumes nothing. Exactly one of Token and RequestID is given."""

    client: Union["PresentedBy", None]
    # RequestID names one of the last 10,000 decisions; what it needed stands for what is left out below.
    request_id: Union[str, None]
    resource: Union[str, None]
    # Scopes, Resource and Client are those of a [VerifyRequest].
    scopes: Union[list[str], None]
    # Token is a token string, a token ID or a locator.
    token: Union[str, None]


class ExplainTrust(TypedDict, total=False):
    """ExplainTrust asks which rules an ID token fits, and why not the others. Nothing is exchanged, and the token is not used up."""

    claims: Union[dict[str, Any], None]
    # ServiceAccount keeps the rules of one account.
    service_account: Union[str, None]
    # Token is an ID token; Claims describe one, of which no signature is asked. Give one.
    token: Union[str, None]


class ExplainedDecision(TypedDict):
    """ExplainedDecision is a decision that was made."""

    at: str
    code: str
    ip: Union[str, None]
    request_id: str
    resource: str
    # Route is verify, forward-auth, introspect or api; empty of a refusal by another node, or from before a restart.
    route: str
    scopes: list[str]


class _Explanation(TypedDict):
    allowed: bool
    checks: list["Check"]
    # Code is that of the first check that fails, or ok.
    code: str
    # Decision is what was answered then; with a request id.
    decision: Union["ExplainedDecision", None]
    # Token is the token, once it is known to be the one that was meant.
    token: Union["Token", None]


class Explanation(_Explanation, total=False):
    """Explanation says what a verification would answer now, and why."""

    # Masked is the public beginning of what was given, where it is a token's.
    masked: str


class _FoundToken(TypedDict):
    masked: str
    # Secret says which of the token's secrets it was: current, overlap, retired, or unknown (also of a token that the caller may not see).
    secret: str
    # Token is null unless the string was right and the caller may see it.
    token: Union["Token", None]


class FoundToken(_FoundToken, total=False):
    """FoundToken is one token string that a text held."""

    # Derived says that it was derived from that secret: it may less, and ends with it.
    derived: bool


class FoundTokens(TypedDict):
    """FoundTokens answers a look-up, each string once, in the order of the text."""

    items: list["FoundToken"]


class GitHubFeedback(TypedDict):
    """GitHubFeedback tells GitHub what a find was."""

    # Label is true_positive for a secret of a token of this instance, whatever became of it, and else false_positive.
    label: str
    # TokenHash is the SHA-256 of the secret, in hexadecimal.
    token_hash: str
    token_type: str


class GitHubFind(TypedDict, total=False):
    """GitHubFind is one secret in a report of GitHub's secret scanning partner programme."""

    source: Union[str, None]
    token: Union[str, None]
    # Type is what the expression is called that found it.
    type: Union[str, None]
    # URL is the place, which may be empty; Source is what kind of place it is.
    url: Union[str, None]


class GitLabFind(TypedDict, total=False):
    """GitLabFind is one secret in a report of GitLab's token revocation."""

    # Location is the place.
    location: Union[str, None]
    token: Union[str, None]
    # Type is one of GitLabTypes.
    type: Union[str, None]


class GitLabTypes(TypedDict):
    """GitLabTypes are the types of secrets that may be reported."""

    types: list[str]


class _GrantedToken(TypedDict):
    access_token: str
    locator: str
    # Scope is what the token may do, with blanks between: what its owner may in the workspace at this moment, and it was given. Patterns may be among them.
    scope: str
    token_type: str
    # Workspace is the slug of the one it is for, Locator its public part.
    workspace: str


class GrantedToken(_GrantedToken, total=False):
    """GrantedToken is a token as the token endpoint answers it (RFC 6749, section 5.1)."""

    # ExpiresIn is in seconds; left out for a token without end.
    expires_in: int
    # IssuedTokenType is [TypeAccessToken] after an exchange.
    issued_token_type: str


class _Health(TypedDict):
    status: str


class Health(_Health, total=False):
    """"""

    audit_stream: str
    clock: str
    limits: str
    rules: str


class Held(TypedDict):
    """Held is what an administrator stopped or narrowed of a token. Bringing it back needs the right that taking it needs: tokens:disable for disabled_at, tokens:delete for revoke_at, tokens:edit for the rest."""

    # By is the address of who did so last; null when nobody knows.
    by: Union[str, None]
    # Fields are those of the token: disabled_at, revoke_at, allowed_ips, rate_limit, not_before, expires_at, recoverable and grants.
    fields: list[str]


class _ImportFormat(TypedDict):
    # Alphabet is what the characters behind the prefix are of: hex, base58, base62, base64url or printable.
    alphabet: str
    # Hash is one of sha256, sha512, sha3-512, hmac-sha256, hmac-sha512, pbkdf2-sha256, bcrypt, argon2id and scrypt.
    hash: str
    max_length: int
    # MinLength and MaxLength bound the whole string, prefix included, in characters: 16 to 512.
    min_length: int
    # Name is [a-z0-9-], 1 to 40 characters.
    name: str
    # Prefix is what every string begins with; it may be empty.
    prefix: str


class ImportFormat(_ImportFormat, total=False):
    """ImportFormat says how the token strings of another system look and what that system kept of them, so that they can be told from the hash it kept. A format belongs to the instance; its name stands for what it says for as long as it is there."""

    # Decode is what is done to that part before it is hashed: nothing, hex, or grafana-api-key (base64 of a JSON object, whose k is hashed with its n as salt).
    decode_as: Union[str, None]
    # Hint is a part of the string that the other system kept in the clear, by which a hash with a salt of its own is found. It must be long enough to tell tokens apart.
    hint: Union["Part", None]
    # Iterations and Length (bytes) are of pbkdf2-sha256.
    iterations: Union[int, None]
    # Key is of an HMAC. It is kept sealed and never answered.
    key: Union[str, None]
    length: Union[int, None]
    # Part is what is hashed of the string; left out, all of it.
    part: Union["Part", None]
    # Salt says where that of pbkdf2-sha256 comes from: item, a column beside each hash; token, the string itself (SaltPart). The hashes that hold theirs in their text, as bcrypt's, take none.
    salt: Union[str, None]
    salt_part: Union["Part", None]
    # Suffix is what the system appends to what it hashes, such as a secret of its own. It is kept sealed and never answered.
    suffix: Union[str, None]


class _ImportResult(TypedDict):
    # Status is imported, exists (that string is a token here already) or refused.
    status: str


class ImportResult(_ImportResult, total=False):
    """ImportResult is what became of one token of an import, in the order of the request."""

    # Code, Detail and Field say why it was refused.
    code: str
    detail: str
    field: str
    # TokenID is left out of what was refused.
    token_id: str


class ImportResults(TypedDict):
    """ImportResults answers an import."""

    dry_run: bool
    format: str
    results: list["ImportResult"]


class _ImportToken(TypedDict):
    # Hash is what the other system kept, in hex, base64 or base64url, or as the text that bcrypt, argon2id and scrypt write ($2b$…, $argon2id$…, $scrypt$…).
    hash: str
    # Label is the token's name: 1 to 100 characters, none of them a control character.
    label: str


class ImportToken(_ImportToken, total=False):
    """ImportToken is one token of another system: what that kept of its string, and the token it becomes."""

    allowed_ips: Union[list[str], None]
    # CreatedAt is when the other system made it; left out, now.
    created_at: str
    description: Union[str, None]
    expires_at: Union[str, None]
    # At most one of ExpiresIn, ExpiresAt and Never; none means the policy's default_lifetime.
    expires_in: Union[str, None]
    grants: Union[list["Statement"], None]
    # Hint is the part of the string that the format names, where it names one.
    hint: Union[str, None]
    # Kind is "personal", "service" or "workspace"; left out it follows from Owner.
    kind: Literal["personal"] | Literal["service"] | Literal["workspace"] | Literal[""]
    metadata: Union[dict[str, Any], None]
    never: Union[bool, None]
    not_before: Union[str, None]
    # Owner is a member's e-mail or id, or a service account's name. Left out, a personal token belongs to the caller's own user.
    owner: Union[str, None]
    rate_limit: Union["RateLimit", None]
    recoverable: Union[bool, None]
    resources: Union[list[str], None]
    role: Union[str, None]
    # Salt is the one beside the hash, as text, where the format takes one there.
    salt: Union[str, None]
    scopes: Union[list[str], None]
    # Start is the beginning of the string, if it is known, for people to recognise it by: at most 16 characters. It is shown as far as enough of the shortest string stays hidden.
    start: Union[str, None]


class _ImportTokens(TypedDict):
    format: "ImportFormat"
    tokens: list["ImportToken"]


class ImportTokens(_ImportTokens, total=False):
    """ImportTokens makes tokens of strings that another system gave out, so that those strings go on working. It may be sent again: what is there already is left as it is."""

    # DryRun only answers what would become of each.
    dry_run: Union[bool, None]


class Imported(TypedDict):
    """Imported tells of a token that another system gave out, for as long as the string of that system is one of its secrets."""

    format: str
    # Start is the beginning of its string, or empty.
    start: str


class _ImportedFormat(TypedDict):
    # Alphabet is what the characters behind the prefix are of: hex, base58, base62, base64url or printable.
    alphabet: str
    created_at: str
    # Hash is one of sha256, sha512, sha3-512, hmac-sha256, hmac-sha512, pbkdf2-sha256, bcrypt, argon2id and scrypt.
    hash: str
    max_length: int
    # MinLength and MaxLength bound the whole string, prefix included, in characters: 16 to 512.
    min_length: int
    # Name is [a-z0-9-], 1 to 40 characters.
    name: str
    # Prefix is what every string begins with; it may be empty.
    prefix: str
    # Slow says that its hash is slow on purpose, so that the first use of a string takes longer than those after it.
    slow: bool


class ImportedFormat(_ImportedFormat, total=False):
    """ImportedFormat is a format that strings are recognised by."""

    # Decode is what is done to that part before it is hashed: nothing, hex, or grafana-api-key (base64 of a JSON object, whose k is hashed with its n as salt).
    decode_as: str
    # Hint is a part of the string that the other system kept in the clear, by which a hash with a salt of its own is found. It must be long enough to tell tokens apart.
    hint: "Part"
    # Iterations and Length (bytes) are of pbkdf2-sha256.
    iterations: int
    # Key is of an HMAC. It is kept sealed and never answered.
    key: str
    length: int
    # Part is what is hashed of the string; left out, all of it.
    part: "Part"
    # Salt says where that of pbkdf2-sha256 comes from: item, a column beside each hash; token, the string itself (SaltPart). The hashes that hold theirs in their text, as bcrypt's, take none.
    salt: str
    salt_part: "Part"
    # Suffix is what the system appends to what it hashes, such as a secret of its own. It is kept sealed and never answered.
    suffix: str


class InstanceUsage(TypedDict):
    """InstanceUsage is what was done with the tokens of all workspaces, and with strings that are no token of any."""

    allowed: int
    bucket: str
    buckets: list["UsageBucket"]
    denied: int
    # from is a member too, whose name Python does not take here
    reasons: dict[str, int]
    to: str
    # Workspaces are those in which anything was done, the busiest first.
    workspaces: list["WorkspaceCount"]


class _IntrospectRequest(TypedDict):
    token: str


class IntrospectRequest(_IntrospectRequest, total=False):
    """IntrospectRequest asks about a token (RFC 7662). It is sent as a form; a parameter that is not known is ignored, one that is repeated is refused."""

    # ClientID and ClientSecret are the caller's own token, where it is not sent in the header Authorization: its id or locator, and the token.
    client_id: str
    # ClientIP is the address that presented the token. Without it a token with an allow-list of addresses is inactive.
    client_ip: str
    client_secret: str
    # Resource is what the request touches; "any" leaves the filtering to the caller. Without it a token restricted to resources is inactive.
    resource: str
    # Scope lists with blanks between what the request needs, and no patterns: a token that lacks one of them is inactive. Empty asks for none.
    scope: str
    # TokenTypeHint is ignored: there is one type of token.
    token_type_hint: str
    # Workspace, if given, is the only one whose tokens are active.
    workspace: str


class _Introspection(TypedDict):
    active: bool


class Introspection(_Introspection, total=False):
    """Introspection is the answer to an [IntrospectRequest]. Of a token that is not active it says nothing else. Times are whole seconds since 1970, rounded down."""

    # Aud is the slug of the workspace whose resource servers the token is for.
    aud: str
    # ClientID is the token's id.
    client_id: str
    # Exp is until when the answer may be kept: the end of the token or of its secret, or what the policy introspection_max_cache allows, whichever is first.
    exp: int
    external_id: str
    iat: int
    iss: str
    # Jti is the token's locator.
    jti: str
    nbf: int
    # PrincipalType is user, service_account or workspace.
    principal_type: str
    # Resources are those on which all of Scope is granted together.
    resources: list[str]
    # Scope lists with blanks between, as few patterns, what the token may do on the resource that was asked about: on all of them when none was, on some when it was "any".
    scope: str
    # Sub is the owner's id, which never changes.
    sub: str
    # TokenExp is the end of the token itself, whatever may be kept.
    token_exp: int
    token_type: str
    # Username is the address of the owner, for people.
    username: str
    workspace: str
    # WorkspaceExternalID and ExternalID are what the product calls the workspace and the owner.
    workspace_external_id: str


class Invitation(TypedDict):
    """Invitation is how the invitation of a member went."""

    # CanSignIn says that the person can sign in as they are. Who cannot needs a link, mailed or handed over by an Owner or an administrator of the instance.
    can_sign_in: bool
    # Sent says that a mail was handed to the mail server; false is a server without one.
    sent: bool


class _Issued(TypedDict):
    secret: str
    token: "Token"


class Issued(_Issued, total=False):
    """Issued is the one answer that holds a secret: of create, rotate, reset, transfer and reveal."""

    # Warnings say where a token that was created is not what its maker may think it is; left out when there is nothing to say, and by every other verb.
    warnings: list["Warning"]


class KeySet(TypedDict):
    """KeySet is a JSON Web Key Set (RFC 7517) of public keys."""

    keys: list[dict[str, Any]]


class _LeakedToken(TypedDict):
    # Token is the whole string.
    token: str


class LeakedToken(_LeakedToken, total=False):
    """LeakedToken is one token string and where it was found."""

    # Source is what kind of place it is, such as commit or gist_content, in [A-Za-z0-9_./-], at most 64 bytes; anything else is left out.
    source: Union[str, None]
    # URL is the address of the place, or its name; it is kept without user and query, and cut at 500 bytes.
    url: Union[str, None]


class LeaksReceived(TypedDict):
    """LeaksReceived answers a report, whatever it held: it does not say which of the strings are tokens."""

    received: int


class ListActivity(TypedDict):
    """List is one page of a listing. NextCursor is null on the last page."""

    items: list["Activity"]
    next_cursor: Union[str, None]


class ListAdvice(TypedDict):
    """List is one page of a listing. NextCursor is null on the last page."""

    items: list["Advice"]
    next_cursor: Union[str, None]


class ListAuditEvent(TypedDict):
    """List is one page of a listing. NextCursor is null on the last page."""

    items: list["AuditEvent"]
    next_cursor: Union[str, None]


class ListDenial(TypedDict):
    """List is one page of a listing. NextCursor is null on the last page."""

    items: list["Denial"]
    next_cursor: Union[str, None]


class ListImportedFormat(TypedDict):
    """List is one page of a listing. NextCursor is null on the last page."""

    items: list["ImportedFormat"]
    next_cursor: Union[str, None]


class ListMember(TypedDict):
    """List is one page of a listing. NextCursor is null on the last page."""

    items: list["Member"]
    next_cursor: Union[str, None]


class ListRemoval(TypedDict):
    """List is one page of a listing. NextCursor is null on the last page."""

    items: list["Removal"]
    next_cursor: Union[str, None]


class ListResource(TypedDict):
    """List is one page of a listing. NextCursor is null on the last page."""

    items: list["Resource"]
    next_cursor: Union[str, None]


class ListRole(TypedDict):
    """List is one page of a listing. NextCursor is null on the last page."""

    items: list["Role"]
    next_cursor: Union[str, None]


class ListScope(TypedDict):
    """List is one page of a listing. NextCursor is null on the last page."""

    items: list["Scope"]
    next_cursor: Union[str, None]


class ListServiceAccount(TypedDict):
    """List is one page of a listing. NextCursor is null on the last page."""

    items: list["ServiceAccount"]
    next_cursor: Union[str, None]


class ListToken(TypedDict):
    """List is one page of a listing. NextCursor is null on the last page."""

    items: list["Token"]
    next_cursor: Union[str, None]


class ListTrustRule(TypedDict):
    """List is one page of a listing. NextCursor is null on the last page."""

    items: list["TrustRule"]
    next_cursor: Union[str, None]


class ListUser(TypedDict):
    """List is one page of a listing. NextCursor is null on the last page."""

    items: list["User"]
    next_cursor: Union[str, None]


class ListWebhook(TypedDict):
    """List is one page of a listing. NextCursor is null on the last page."""

    items: list["Webhook"]
    next_cursor: Union[str, None]


class ListWebhookDelivery(TypedDict):
    """List is one page of a listing. NextCursor is null on the last page."""

    items: list["WebhookDelivery"]
    next_cursor: Union[str, None]


class ListWorkspace(TypedDict):
    """List is one page of a listing. NextCursor is null on the last page."""

    items: list["Workspace"]
    next_cursor: Union[str, None]


class LiveSecret(TypedDict):
    """LiveSecret answers that one of the strings that were asked about opens something now, or may again: it is disabled, say, or may only be used from elsewhere."""

    live: bool


class LookupTokens(TypedDict):
    """LookupTokens asks whose the token strings in a text are. It counts as no use."""

    # Text is a token string, or a log, a file, a message that holds some: 1 MiB at most.
    text: str


class MaxTokens(TypedDict):
    """MaxTokens bounds how many live tokens there may be; 0 means no bound."""

    per_owner: int
    total: int


class _Member(TypedDict):
    active: bool
    address: str
    created_at: str
    deactivated_at: Union[str, None]
    # DeactivatedBy is the address of who did so; null when nobody knows.
    deactivated_by: Union[str, None]
    email: Union[str, None]
    external_id: Union[str, None]
    grants: list["Statement"]
    # HeldByInstance says that an administrator of the instance did, and nobody else brings it back.
    held_by_instance: bool
    id: str
    name: str
    resources: Union[list[str], None]
    revision: int
    role: Union[str, None]
    scopes: Union[list[str], None]


class Member(_Member, total=False):
    """Member is a person in one workspace."""

    effective: list["Statement"]
    # Invitation says whether the person can sign in yet; it is there in lists and where a member is shown, for members with an e-mail.
    invitation: "MemberInvitation"


class MemberInvitation(TypedDict):
    """MemberInvitation is how far the invitation of a member is."""

    # By is the address of who made it; null when nobody noted it.
    by: Union[str, None]
    expires_at: Union[str, None]
    # MadeAt and ExpiresAt are when the link was made and when it ends; null without one.
    made_at: Union[str, None]
    state: Literal["accepted"] | Literal["pending"] | Literal["expired"] | Literal["none"]


class _OAuthError(TypedDict):
    # Code is the API's own word for it.
    code: str
    # Error is one of the words of the RFCs: invalid_request, invalid_client, invalid_token, insufficient_scope, temporarily_unavailable, server_error; and of a program that signs in authorization_pending, slow_down, access_denied, expired_token, unsupported_grant_type and invalid_scope.
    error: str
    request_id: str


class OAuthError(_OAuthError, total=False):
    """OAuthError is how the OAuth calls answer an error (RFC 6749, section 5.2)."""

    error_description: str
    # URI is the page about the code.
    error_uri: str


class Part(TypedDict, total=False):
    """Part is a part of a string: the Take characters behind the first Skip, or, with FromEnd, those before the last Skip. A Take of 0 is all of them."""

    from_end: Union[bool, None]
    skip: Union[int, None]
    take: Union[int, None]


class PatchPolicy(TypedDict, total=False):
    """PatchPolicy is a merge patch of a policy; null returns a field to what is inherited."""

    allow_never: Union[bool, None]
    default_lifetime: Union[str, None]
    disable_unused_after: Union[str, None]
    introspection_max_cache: Union[str, None]
    leak_action: Union[str, None]
    leak_descendants: Union[bool, None]
    # Locked, on the instance only, names the fields workspaces cannot override.
    locked: Union[list[str], None]
    max_lifetime: Union[str, None]
    max_tokens: Union["MaxTokens", None]
    notice_days: Union[list[int], None]
    notice_strange_use: Union[bool, None]
    onboarding: Union[str, None]
    overlap: Union[str, None]
    personal_tokens: Union[str, None]
    rate_limit: Union["RateLimit", None]
    recoverable: Union[bool, None]
    require_approval: Union[list["ApprovalRule"], None]
    require_ip_allow_list: Union[bool, None]
    require_second_factor: Union[bool, None]
    retention: Union[str, None]
    revoke_on_reuse: Union[bool, None]
    support_contact: Union["SupportContact", None]
    verifiers_may_revoke: Union[bool, None]
    workspace_rate_limit: Union["RateLimit", None]


class Policy(TypedDict):
    """Policy is what holds in a workspace now: its own values over the instance's over the defaults."""

    # AllowNever allows tokens without expiry.
    allow_never: bool
    # DefaultLifetime is a new token's when it names none.
    default_lifetime: str
    # DisableUnusedAfter disables a token that was not used for so long, 30 days at least; its owner is told 14 days before and on the day. 0 disables none.
    disable_unused_after: str
    # IntrospectionMaxCache is the longest that an introspection may be kept; 0 leaves it to the token's expiry.
    introspection_max_cache: str
    leak_action: str
    # LeakDescendants does to what was made with a leaked token what is done to it.
    leak_descendants: bool
    # Locked names the fields that the instance does not let workspaces override.
    locked: list[str]
    # MaxLifetime is the longest lifetime; 0 means no bound.
    max_lifetime: str
    max_tokens: "MaxTokens"
    notice_days: list[int]
    # NoticeStrangeUse tells the owner of a token that it was used as it never was.
    notice_strange_use: bool
    onboarding: str
    # Overlap is how long a rotated secret still works; 0 ends it at once.
    overlap: str
    # Overridden names the fields that are set here and not inherited.
    overridden: list[str]
    personal_tokens: str
    rate_limit: Union["RateLimit", None]
    recoverable: bool
    # RequireApproval says which tokens do not work until somebody else than their maker has approved them: those that a rule of it fits. What lives already is not touched.
    require_approval: list["ApprovalRule"]
    require_ip_allow_list: bool
    # RequireSecondFactor keeps whoever signed in with a password alone out of the pages until they set up a second factor; tokens are not asked for any.
    require_second_factor: bool
    retention: str
    # Revision is the last change of what is set here; what is inherited does not move it.
    revision: int
    revoke_on_reuse: bool
    support_contact: Union["SupportContact", None]
    # VerifiersMayRevoke lets whoever may verify tokens end one whose secret was presented to it, through the revocation of OAuth.
    verifiers_may_revoke: bool
    workspace_rate_limit: Union["RateLimit", None]


class PortalLink(TypedDict):
    """PortalLink opens a member's own tokens in the console, once and until ExpiresAt. Whoever has it is that member there, so it is a secret."""

    expires_at: str
    url: str


class PresentedBy(TypedDict, total=False):
    """Client is the request that is being authorised, as the resource server saw it."""

    ip: Union[str, None]
    method: Union[str, None]
    path: Union[str, None]
    user_agent: Union[str, None]


class Principal(TypedDict):
    """Principal says who somebody is: the owner of a token, the caller of a verb."""

    # Address is for reading: an e-mail, name@slug.service or slug@workspace.
    address: str
    # ExternalID is what the product calls it; null when it gave none.
    external_id: Union[str, None]
    id: str
    name: str
    # Type is "user", "service_account" or "workspace".
    type: str


class _Problem(TypedDict):
    code: str
    status: int
    title: str
    # Type is the address of a page about the code.
    type: str


class Problem(_Problem, total=False):
    """Problem is an Error on the wire (RFC 9457), media type application/problem+json."""

    detail: str
    # Field names the field or parameter that is wrong.
    field: str
    # Missing names the scopes that the caller lacks.
    missing: list[str]
    # Reasons name what a server lacks that is not ready.
    reasons: list[str]
    request_id: str
    # RetryAfter is in whole seconds.
    retry_after: int


class _ProtectedResource(TypedDict):
    resource: str


class ProtectedResource(_ProtectedResource, total=False):
    """ProtectedResource says of this API which tokens it takes and how (RFC 9728)."""

    authorization_servers: list[str]
    bearer_methods_supported: list[str]
    resource_documentation: str
    resource_name: str
    scopes_supported: list[str]


class PutRole(TypedDict, total=False):
    """PutRole creates or replaces a role."""

    description: Union[str, None]
    # DisplayName renames a built-in role where people read it.
    display_name: Union[str, None]
    locked: Union[bool, None]
    rate_limit: Union["RateLimit", None]
    scopes: Union[list[str], None]


class PutScope(TypedDict, total=False):
    """PutScope creates or replaces a product scope of the catalogue."""

    description: Union[str, None]
    # Implies names product scopes that come with this one.
    implies: Union[list[str], None]
    # Locked, on the instance only: workspaces cannot override it.
    locked: Union[bool, None]
    # Roles get this scope besides what their own patterns give.
    roles: Union[list[str], None]


class PutWorkspace(TypedDict, total=False):
    """PutWorkspace creates or replaces a workspace."""

    external_id: Union[str, None]
    metadata: Union[dict[str, Any], None]
    name: str
    slug: Union[str, None]


class RateLimit(TypedDict):
    """RateLimit allows so many requests in a window of time."""

    requests: int
    window: str


class RateState(TypedDict):
    """RateState is what is left of a rate limit."""

    limit: int
    remaining: int
    # Reset is in whole seconds from now.
    reset: int


class Removal(TypedDict):
    """Removal is something that is gone, of which rows are left to be rewritten: the tokens of an owner who was removed, or what lists a scope, a resource or a role. It gives nothing any more; until it is done, the name of a scope, a resource or a role cannot be used again."""

    # Done counts the rows that were rewritten, of Total; null where nobody knows how many there are.
    done: int
    # Kind is member, service_account, scope, resource, role, or sealed: the copies of secrets that a policy lets nobody see any more.
    kind: str
    # Name is the scope's, the resource's or the role's, the address of the owner, or recoverable, which is the field of the policy.
    name: str
    removed_at: str
    removed_by: str
    total: Union[int, None]


class ReplicaCall(TypedDict, total=False):
    """ReplicaCall is how a program that verifies from its own memory renews its lease and says what it has applied."""

    # Applied is the count up to which it has forgotten what it was told to.
    applied: Union[int, None]
    # Leave says that it has ended its lease and does not come back.
    leave: Union[bool, None]
    # Replica is which it is; left out it is a new one.
    replica: Union[str, None]


class ReplicaCounted(TypedDict):
    """ReplicaCounted says how many uses were counted. What nobody knows is left out."""

    counted: int


class ReplicaKeep(TypedDict):
    """ReplicaKeep is what a replica decides by, for a token string that it sent."""

    # Count is the node's from before it decided. What was told of a later one may not be in it.
    count: int
    # Grants are what the token may do now.
    grants: list["Statement"]
    # LastsMS is how long this may be decided by at the most, in milliseconds.
    lasts_ms: int
    # NamesAny says that a resource is called like the word any.
    names_any: bool
    owner: str
    # Token, Owner and Workspace are the names under which it is told to forget this.
    token: str
    # Use names the secret when its uses are told.
    use: str
    workspace: str


class ReplicaResult(TypedDict):
    """ReplicaResult is the decision. Keep is null when it is not to be kept."""

    keep: Union["ReplicaKeep", None]
    result: "VerifyResult"


class ReplicaTold(TypedDict):
    """ReplicaTold is what it has to forget before its lease counts."""

    # All says that everything is to be forgotten.
    all: bool
    # Count is that of the node: all up to it is told.
    count: int
    # Forget are names of tokens, owners and workspaces, as in what is kept.
    forget: list[str]
    # LeaseMS is how long, from before the call, memory may be believed, in milliseconds; 0 gives no longer than before.
    lease_ms: int
    replica: str


class _ReplicaUse(TypedDict):
    count: int
    # Use is that of what was kept.
    use: str


class ReplicaUse(_ReplicaUse, total=False):
    """ReplicaUse is so many uses that are alike."""

    # AgoMS is how long ago the last of them was, in milliseconds.
    ago_ms: Union[int, None]
    client: Union["PresentedBy", None]
    resource: Union[str, None]
    scopes: Union[list[str], None]


class ReplicaUses(TypedDict):
    """ReplicaUses tells what was allowed from memory."""

    uses: list["ReplicaUse"]


class ReplicaVerify(TypedDict):
    """ReplicaVerify asks what POST /v1/verify does, for a replica that may keep the answer."""

    replica: str
    request: "VerifyRequest"


class ReportLeaks(TypedDict):
    """ReportLeaks tells of token strings that were found where they do not belong. Whoever sends a secret has it: that is all the proof there is, and all that is needed."""

    # Tokens are 1,000 at the most. What is no token string is passed over.
    tokens: list["LeakedToken"]


class Resource(TypedDict):
    """Resource is an entity of the product that rights can be restricted to."""

    created_at: str
    created_by: str
    description: str
    name: str
    revision: int


class ReviewedUser(TypedDict, total=False):
    """ReviewedUser is a user in the words of Kubernetes."""

    # Extra has tokenry.dev/token-id and tokenry.dev/workspace.
    extra: Union[dict[str, Union[list[str], None]], None]
    # Groups are tokenry:WORKSPACE, and tokenry:WORKSPACE:SCOPE of each scope of the address that the token has.
    groups: Union[list[str], None]
    # UID is the owner's ID.
    uid: Union[str, None]
    # Username is tokenry:WORKSPACE:NAME, of a member's mail address or a service account's name.
    username: Union[str, None]


class _RevokeRequest(TypedDict):
    token: str


class RevokeRequest(_RevokeRequest, total=False):
    """RevokeRequest ends a token (RFC 7009). It is sent as a form. Whoever has the token needs nothing else; a caller that says who it is has to have the right."""

    # ClientID and ClientSecret are the caller's own token, where it is not sent in the header Authorization: its id or locator, and the token.
    client_id: str
    client_secret: str
    # TokenTypeHint is ignored: there is one type of token.
    token_type_hint: str


class RevokeToken(TypedDict, total=False):
    """RevokeToken ends a token for good."""

    comment: Union[str, None]
    # Descendants revokes what was made with the token too, and with what was made with that, in its workspace. Left out it is what the policy's leak_descendants says where the reason is leaked, and else false.
    descendants: bool
    reason: Literal["unused"] | Literal["superseded"] | Literal["leaked"] | Literal["owner_left"] | Literal["other"] | Literal[""]


class Role(TypedDict):
    """Role is a named list of scopes."""

    built_in: bool
    description: str
    display_name: str
    inherited: bool
    locked: bool
    name: str
    rate_limit: Union["RateLimit", None]
    # Revision is 0 of a built-in role that nobody changed.
    revision: int
    scopes: list[str]


class RotateToken(TypedDict, total=False):
    """RotateToken asks for a new secret of the same token."""

    # ExpiresIn sets a new lifetime from now.
    expires_in: Union[str, None]
    # Overlap is how long the old secret still works; left out, the policy's.
    overlap: Union[str, None]
    # Renew starts the original lifetime again, as far as the policy allows; also for an expired token. A token that is outside the policy needs it, or ExpiresIn.
    renew: Union[bool, None]
    # RetireOnFirstUse ends the old secret when the new one is first used.
    retire_on_first_use: Union[bool, None]


class Scope(TypedDict):
    """Scope is an entry of the scope catalogue."""

    # BuiltIn scopes are fixed.
    built_in: bool
    description: str
    implies: list[str]
    # Inherited comes from the instance.
    inherited: bool
    locked: bool
    name: str
    revision: int
    roles: list[str]


class ScopeUse(TypedDict):
    """ScopeUse says that requests that needed a scope were let through."""

    count: int
    first_used_at: str
    last_used_at: str
    scope: str


class SecretReuse(TypedDict):
    """SecretReuse counts the uses of a retired secret within one hour."""

    count: int
    first_used_at: str
    last_used_at: str
    # LastUsedIP is shown to callers with usage:read, and for one's own tokens.
    last_used_ip: Union[str, None]
    # Secret is the secret's number, counted from 1.
    secret: int


class _ServiceAccount(TypedDict):
    active: bool
    address: str
    contacts: list[str]
    created_at: str
    description: str
    disabled_at: Union[str, None]
    # DisabledBy is the address of who disabled it; null when nobody knows.
    disabled_by: Union[str, None]
    grants: list["Statement"]
    # HeldByInstance says that an administrator of the instance did, and nobody else brings it back.
    held_by_instance: bool
    id: str
    name: str
    resources: Union[list[str], None]
    revision: int
    role: Union[str, None]
    scopes: Union[list[str], None]


class ServiceAccount(_ServiceAccount, total=False):
    """ServiceAccount is a non-human principal of a workspace."""

    effective: list["Statement"]


class Statement(TypedDict, total=False):
    """Statement is one line of a grant: a role or a list of scopes, for a list of resources. Resources left out means none, ["*"] means the entire portfolio."""

    resources: Union[list[str], None]
    role: Union[str, None]
    scopes: Union[list[str], None]


class StrangeUse(TypedDict):
    """StrangeUse is what was strange about the use of a token and nobody has answered."""

    # Denied is how many requests were refused within an hour, when none was in a week.
    denied: int
    # DisownedAt is when somebody answered that it was not them.
    disowned_at: Union[str, None]
    first_at: Union[str, None]
    last_at: Union[str, None]
    # LastIP and LastUserAgent are of the last use that was strange.
    last_ip: Union[str, None]
    last_user_agent: str
    # ManyNetworks says that the token is used from so many networks that new ones are not told any more.
    many_networks: bool
    more_networks: int
    # Networks are those that it was never used from before, the first 8 of them, each the /24 or /48 around an address; MoreNetworks counts the others.
    networks: list[str]
    # Open says that there is something; else all that follows is empty.
    open: bool
    # QuietSince is the day of its last use before a silence of 90 days and more.
    quiet_since: Union[str, None]


class SupportContact(TypedDict, total=False):
    """SupportContact is whom a person with a refused token may ask."""

    email: Union[str, None]
    phone: Union[str, None]
    url: Union[str, None]


class Suspend(TypedDict, total=False):
    """Suspend says how to suspend. The same may be said in the query."""

    # DryRun only answers which tokens would stop.
    dry_run: Union[bool, None]


class _Token(TypedDict):
    allowed_ips: Union[list[str], None]
    # Approval is how the token's making was judged by a second person; null where the policy asked for none.
    approval: Union["Approval", None]
    # BlockedBy is the code that a verification would answer now; null while usable.
    blocked_by: Union[str, None]
    created_at: str
    # CreatedBy is the address of who made it.
    created_by: str
    # CreatedWith is the locator of the API token that made it.
    created_with: Union[str, None]
    description: str
    disabled_at: Union[str, None]
    # DisabledBy is the address of who disabled it; null when nobody knows.
    disabled_by: Union[str, None]
    expires_at: Union[str, None]
    grants: Union[list["Statement"], None]
    # Held is what somebody else than the owner stopped or narrowed, which the owner alone does not undo; null when there is nothing.
    held: Union["Held", None]
    # ID is the owner's address, "_" and the locator; the address is for reading.
    id: str
    # Imported tells of a token whose string another system gave out, until a rotation has taken over; null of every other.
    imported: Union["Imported", None]
    kind: str
    label: str
    last_used_at: Union[str, None]
    last_used_ip: Union[str, None]
    locator: str
    masked: str
    metadata: dict[str, Any]
    not_before: Union[str, None]
    # OutsidePolicy says that the policy of now would not allow the token as it is.
    outside_policy: bool
    overlap_ends_at: Union[str, None]
    owner: "Principal"
    rate_limit: Union["RateLimit", None]
    recoverable: bool
    resources: Union[list[str], None]
    revision: int
    # RevokeAt is the scheduled end, from which on the token counts as revoked.
    revoke_at: Union[str, None]
    revoke_comment: Union[str, None]
    revoke_reason: Union[str, None]
    revoked_at: Union[str, None]
    # Role, Scopes and Resources show a grant of one statement; Grants shows any. All four are null while the token inherits its owner's rights.
    role: Union[str, None]
    rotated_at: Union[str, None]
    scopes: Union[list[str], None]
    secrets: list["TokenSecret"]
    # Standing marks the one access token of a member that reset creates.
    standing: bool
    status: str
    # Unused tells that the token is, or was, to be disabled because nobody uses it; null of every other.
    unused: Union["Unused", None]
    usable: bool
    workspace: str


class Token(_Token, total=False):
    """Token is a token as it is shown: everything but its secret."""

    # Effective is what the token may do now: its own statements within its owner's. Lists tell it only when asked (include=effective).
    effective: list["Statement"]


class TokenChecksum(TypedDict):
    """Checksum says how the last characters follow from those before."""

    algorithm: str
    covers: str
    encoding: str


class TokenFilter(TypedDict, total=False):
    """TokenFilter narrows a listing of tokens. What is left out does not filter; a condition that is there and empty is refused and never means all, so an unset variable in [Some] cannot widen what a call is about."""

    # Can keeps tokens that may use this scope, on Resource if given, now.
    can: str
    created_by: str
    # CreatedWith keeps tokens that were made with this one: a token ID or locator.
    created_with: str
    # Deleted also lists deleted tokens. It is no condition.
    deleted: Union[bool, None]
    # ExpiringWithin keeps tokens whose expiry lies so near in the future.
    expiring_within: str
    kind: str
    # Metadata keeps tokens whose metadata has these values.
    metadata: dict[str, str]
    # OutsidePolicy keeps tokens that the policy of now would not allow; false those that it would.
    outside_policy: bool
    owner: str
    q: str
    resource: str
    role: str
    scope: str
    status: str
    # UnusedFor keeps tokens that were not used for so long.
    unused_for: str
    # UsedFrom keeps tokens that were presented from this address or network.
    used_from: str


class TokenFormat(TypedDict):
    """Format describes the token string to machines: to secret scanners, and to whoever reads /.well-known/token-format."""

    charset: str
    checksum: "TokenChecksum"
    # letter → word
    kinds: dict[str, str]
    lengths: "TokenLengths"
    max_length: int
    prefixes: list[str]
    promise: str
    # RegularExpression is in the syntax of RE2. It finds every token string with one of the prefixes, derived ones too; the checksum then removes the chance matches.
    regular_expression: str


class TokenLengths(TypedDict):
    """Lengths are numbers of characters. Shortest and Longest are those of whole token strings with the prefixes described; derived ones are longer, up to MaxLength."""

    check: int
    locator: int
    longest: int
    secret: int
    shortest: int


class _TokenRequest(TypedDict):
    # GrantType is [DeviceGrantType], [ExchangeGrantType] or [CredentialsGrantType].
    grant_type: str


class TokenRequest(_TokenRequest, total=False):
    """TokenRequest asks for a token. It is sent as a form; what it needs follows from its grant."""

    # Audience, if given, is the service account's address or this server's.
    audience: str
    # ClientAssertion is an ID token by which a service account says who it is (RFC 7523, section 2.2), and ClientAssertionType [AssertionType].
    client_assertion: str
    client_assertion_type: str
    # ClientID is [DeviceClientID] of a program that signs in, else the address of the service account, like deploy@acme.service.
    client_id: str
    # DeviceCode is of a program that signs in (RFC 8628, section 3.4).
    device_code: str
    # RequestedTokenType, if given, is [TypeAccessToken].
    requested_token_type: str
    # Scope lists with blanks between what the token may do at most.
    scope: str
    # SubjectToken is an ID token that is exchanged (RFC 8693, section 2.1), and SubjectTokenType [TypeIDToken] or [TypeJWT].
    subject_token: str
    subject_token_type: str


class _TokenReview(TypedDict):
    # Version of the answer is that of the question.
    apiVersion: str
    # Kind is "TokenReview".
    kind: str


class TokenReview(_TokenReview, total=False):
    """TokenReview is a question of a Kubernetes API server whose a token is, and its answer (authentication.k8s.io, v1 and v1beta1)."""

    # Spec is the question, and has to be there in one.
    spec: "TokenReviewSpec"
    # Status is the answer.
    status: Union["TokenReviewStatus", None]


class TokenReviewSpec(TypedDict, total=False):
    """TokenReviewSpec is what is asked."""

    # Audiences are not looked at: an answer is for the API server that asks.
    audiences: Union[list[str], None]
    # Token is the string that was presented.
    token: Union[str, None]


class TokenReviewStatus(TypedDict, total=False):
    """TokenReviewStatus is what is said of a token."""

    authenticated: Union[bool, None]
    # Error is there when it could not be decided now.
    error: Union[str, None]
    # User is there when Authenticated is true.
    user: Union["ReviewedUser", None]


class TokenSecret(TypedDict):
    """TokenSecret tells of one secret of a token without the secret."""

    created_at: str
    last_used_at: Union[str, None]
    retires_at: Union[str, None]


class TokenUsage(TypedDict):
    """TokenUsage is what was done with one token."""

    allowed: int
    bucket: str
    buckets: list["UsageBucket"]
    denied: int
    # from is a member too, whose name Python does not take here
    last_used_at: Union[str, None]
    last_used_ip: Union[str, None]
    reasons: dict[str, int]
    # Reuses are uses of retired secrets in this time, the latest first.
    reuses: list["SecretReuse"]
    # Scopes are those that requests needed that were let through.
    scopes: list["ScopeUse"]
    to: str
    # Token is the token's ID.
    token: str


class TransferToken(TypedDict):
    """TransferToken moves a token to another owner and rotates it."""

    # Owner is a member's e-mail or id, a service account's name, or the workspace's slug@workspace.
    owner: str


class TrustExplanation(TypedDict):
    """TrustExplanation is the answer to an [ExplainTrust]."""

    # Accepted says that an exchange would give a token now; of described claims, that one with a good signature would.
    accepted: bool
    rules: list["TrustVerdict"]
    # Times are what is wrong with the token's times, or that it was used.
    times: list["TrustProblem"]


class TrustProblem(TypedDict):
    """TrustProblem is why an ID token is not accepted. Claim is what it is about."""

    claim: str
    detail: str


class TrustRule(TypedDict):
    """TrustRule says for which ID tokens of somebody else's system (a CI job, a cluster) a service account gives an ephemeral token, so that no secret has to be stored there."""

    allowed_ips: Union[list[str], None]
    audience: str
    # BlockedBy says why it gives nothing now: owner_inactive, or creator_ended; null while it does.
    blocked_by: Union[str, None]
    # Claims have to hold, every one, each by one of its values. A star in a value stands for one or more characters that are neither / nor :. A name that begins with / is a JSON pointer.
    claims: dict[str, Union[list[str], None]]
    created_at: str
    # CreatedBy is the address of who made the rule or last changed what it gives.
    created_by: str
    # CreatedWith is the locator of the API token that did; the rule gives nothing any more when that ends.
    created_with: Union[str, None]
    # ExpiresIn is how long a token lives, at most an hour.
    expires_in: str
    grants: Union[list["Statement"], None]
    id: str
    # Issuer and Audience are compared to the byte.
    issuer: str
    # Keys are the issuer's public keys, where they came with the rule; null when the issuer is asked.
    keys: Union["KeySet", None]
    label: str
    resources: Union[list[str], None]
    revision: int
    # Role, Scopes and Resources show a grant of one statement; Grants shows any. All four are null while the tokens inherit the account's rights.
    role: Union[str, None]
    scopes: Union[list[str], None]
    # ServiceAccount is the name of the account whose tokens it gives.
    service_account: str
    # System is whose ID tokens they are: github, gitlab, buildkite, circleci, terraform, kubernetes or oidc.
    system: str
    warnings: list["TrustWarning"]
    workspace: str


class TrustVerdict(TypedDict):
    """TrustVerdict says of one rule whether an ID token fits it."""

    fits: bool
    label: str
    # Problems are why it does not fit.
    problems: list["TrustProblem"]
    rule: str
    service_account: str
    # Signature is good, bad, unknown when the issuer's keys could not be read, or not_checked.
    signature: str


class TrustWarning(TypedDict):
    """TrustWarning is what is allowed in a rule, and may be meant otherwise."""

    # Code is by_name, any_place, subject_changes, forks, shared_audience, asked_for or uploaded_keys.
    code: str
    detail: str


class Unused(TypedDict):
    """Unused is what the policy disable_unused_after means for a token that nobody uses."""

    # DisableAt is when it is disabled if nobody uses it; null once it was.
    disable_at: Union[str, None]
    # DisabledAt is when it was.
    disabled_at: Union[str, None]
    # Since is when counting began: with its last use, or when it was made, began to be valid, was approved or enabled again, or since when no usage is missing, whichever is latest.
    since: str
    # WarnedAt is when its owner was first told.
    warned_at: str


class UnusedConfirmed(TypedDict):
    """UnusedConfirmed is a yes to disabling tokens that waited."""

    at: str
    # By is the address of who said it; null when nobody knows any more.
    by: Union[str, None]
    # Left is how many of those that were shown are not disabled yet.
    left: int
    # Until is when it ends to count.
    until: str
    up_to: str


class UnusedPreview(TypedDict):
    """UnusedPreview is what a policy would mean for a workspace's tokens now."""

    after: str
    # More says that there are more tokens than the 20,000 that were looked at.
    more: bool
    unused: int
    # Warned is how many would be warned now, and Unused how many of them were not used for so long already. None would be disabled before 14 days have passed.
    warned: int


class UnusedToken(TypedDict):
    """UnusedToken is a token that has a day."""

    disable_at: str
    id: str
    label: str
    locator: str
    # Owner is its address.
    owner: str
    since: str


class UnusedTokens(TypedDict):
    """UnusedTokens is where the policy disable_unused_after stands in a workspace."""

    # After is what the policy says; 0 disables none.
    after: str
    # Confirmed is the last yes to what waited, while it counts; null where there is none.
    confirmed: Union["UnusedConfirmed", None]
    # Next are the first 50 of them by that day, for whoever may read tokens; else empty.
    next: list["UnusedToken"]
    # Preview is what another policy would mean now, where that was asked for; else null.
    preview: Union["UnusedPreview", None]
    # RecordedSince is since when no usage is missing, before which nothing counts; null while nobody knows.
    recorded_since: Union[str, None]
    # Waiting is what has reached its day and is more than may be disabled in a day; null where nothing waits.
    waiting: Union["UnusedWaiting", None]
    # Warned is how many tokens have a day on which they are disabled if nobody uses them.
    warned: int


class UnusedWaiting(TypedDict):
    """UnusedWaiting are tokens that wait to be disabled: a tenth of a workspace's in each day is, and one at least, and more with a yes."""

    count: int
    # Since is when they began to wait.
    since: str
    # UpTo is the moment by which all of them had reached their day. It names them, with Count.
    up_to: str


class UsageBucket(TypedDict):
    """UsageBucket counts the decisions of one hour or day, in UTC."""

    allowed: int
    denied: int
    # Reasons counts the denied ones for each code.
    reasons: dict[str, int]
    start: str


class User(TypedDict):
    """User is a person across all workspaces, as instance administrators see them."""

    active: bool
    created_at: str
    deactivated_at: Union[str, None]
    # DeactivatedBy is the address of who did so; null when nobody knows.
    deactivated_by: Union[str, None]
    email: Union[str, None]
    # ErasedAt is when everything about the person was erased.
    erased_at: Union[str, None]
    id: str
    instance_admin: bool
    name: str
    revision: int
    workspaces: list[str]


class _VerifiedToken(TypedDict):
    id: str
    kind: str
    label: str
    locator: str
    masked: str
    metadata: dict[str, Any]


class VerifiedToken(_VerifiedToken, total=False):
    """VerifiedToken is the part of a token that a resource server is told."""

    # Derived says that what was presented was derived from the token: scopes, resources and expires_at are what its terms leave.
    derived: bool


class VerifyBatch(TypedDict):
    """VerifyBatch asks up to 100 questions at once."""

    requests: list["VerifyRequest"]


class VerifyBatchResult(TypedDict):
    """VerifyBatchResult answers them in the same order."""

    results: list["VerifyResult"]


class _VerifyRequest(TypedDict):
    token: str


class VerifyRequest(_VerifyRequest, total=False):
    """VerifyRequest asks whether a token may do something now."""

    client: Union["PresentedBy", None]
    # Cost is charged to the rate limit; left out it is 1, 0 peeks.
    cost: Union[int, None]
    # Peek decides without being counted as a use.
    peek: Union[bool, None]
    # Resource is what the request touches; "any" leaves the filtering to the caller.
    resource: Union[str, None]
    # Scopes is what the request at hand needs; no patterns.
    scopes: Union[list[str], None]
    # Workspace, if given, is the only one whose tokens are accepted.
    workspace: Union[str, None]


class _VerifyResult(TypedDict):
    allowed: bool
    code: str
    expires_at: Union[str, None]
    rate_limit: Union["RateState", None]
    request_id: str
    revision: int
    workspace_external_id: Union[str, None]


class VerifyResult(_VerifyResult, total=False):
    """VerifyResult is the decision. Token, Principal and Workspace are there whenever the secret was right, also in a refusal; Scopes and Resources when the token itself is valid now. What is null does not exist: no external id, no expiry, no limit."""

    # Detail says why a token whose secret was right is refused, for its holder.
    detail: str
    # Missing names the scopes that were not granted.
    missing: list[str]
    principal: "Principal"
    # Resources are those on which all the scopes asked for are granted together; all of the token's when none was asked for.
    resources: list[str]
    # RetryAfter is in whole seconds; with rate_limited only: what costs more than its limit never passes.
    retry_after: int
    scopes: list[str]
    token: "VerifiedToken"
    workspace: str


class Warning(TypedDict):
    """Warning is something about what was done that its caller should look at. Nothing was refused because of it."""

    # Code is no_rights, no_resource or approval_pending; others may follow.
    code: str
    # Detail says it in a sentence, for people.
    detail: str


class Webhook(TypedDict):
    """Webhook is an endpoint as it is shown: everything but its secret."""

    created_at: str
    description: str
    disabled_at: Union[str, None]
    # DisabledBy is the address of who disabled it; null where it failed for too long.
    disabled_by: Union[str, None]
    disabled_reason: Union[str, None]
    enabled: bool
    events: list[str]
    # FailingSince is the first failure after the last success.
    failing_since: Union[str, None]
    # FormerSecretsUntil has an entry for each former secret that still signs besides the current one: when that ends, the earliest first.
    former_secrets_until: list[str]
    # HeldByInstance says that an administrator of the instance did, and nobody else brings it back.
    held_by_instance: bool
    id: str
    revision: int
    # SecretRotatedUntil is when the signatures with the last former secret end.
    secret_rotated_until: Union[str, None]
    url: str
    # Workspace is null for an endpoint of the instance, which is told what happens in every workspace.
    workspace: Union[str, None]


class _WebhookAttempt(TypedDict):
    at: str
    # Status is the HTTP status; 0 when there was no answer.
    status: int
    # TookMS is how long it took, in milliseconds.
    took_ms: int


class WebhookAttempt(_WebhookAttempt, total=False):
    """WebhookAttempt is one try to deliver."""

    # Error says why there was none.
    error: str
    # Response is the beginning of what was answered, at most 200 bytes.
    response: str


class _WebhookDelivery(TypedDict):
    attempts: list["WebhookAttempt"]
    created_at: str
    delivered_at: Union[str, None]
    # ID is the header webhook-id: the same at every attempt.
    id: str
    next_attempt_at: Union[str, None]
    state: str
    type: str


class WebhookDelivery(_WebhookDelivery, total=False):
    """WebhookDelivery is one event on its way to one endpoint."""

    # Payload is the body that is posted; left out in lists.
    payload: Any


class WebhookSecret(TypedDict):
    """WebhookSecret answers the calls that make a signing secret: the endpoint, and the secret, which is shown this once."""

    created_at: str
    description: str
    disabled_at: Union[str, None]
    # DisabledBy is the address of who disabled it; null where it failed for too long.
    disabled_by: Union[str, None]
    disabled_reason: Union[str, None]
    enabled: bool
    events: list[str]
    # FailingSince is the first failure after the last success.
    failing_since: Union[str, None]
    # FormerSecretsUntil has an entry for each former secret that still signs besides the current one: when that ends, the earliest first.
    former_secrets_until: list[str]
    # HeldByInstance says that an administrator of the instance did, and nobody else brings it back.
    held_by_instance: bool
    id: str
    revision: int
    # Secret is whsec_ and the base64 of the key that signatures are made with.
    secret: str
    # SecretRotatedUntil is when the signatures with the last former secret end.
    secret_rotated_until: Union[str, None]
    url: str
    # Workspace is null for an endpoint of the instance, which is told what happens in every workspace.
    workspace: Union[str, None]


class _Whoami(TypedDict):
    # InstanceAdmin says whether the caller holds the instance's own powers.
    instance_admin: bool
    principal: "Principal"
    resources: list[str]
    scopes: list[str]
    token: Union["Token", None]
    workspace: str


class Whoami(_Whoami, total=False):
    """Whoami tells a caller who it is."""

    # Effective is left out of what is too large to be told: a grant from before there was a bound.
    effective: list["Statement"]


class Workspace(TypedDict):
    """Workspace is a tenant."""

    created_at: str
    external_id: Union[str, None]
    metadata: dict[str, Any]
    name: str
    revision: int
    slug: str
    suspended_at: Union[str, None]
    # SuspendedBy is the address of who did so; null when nobody knows.
    suspended_by: Union[str, None]


class WorkspaceCount(TypedDict):
    """WorkspaceCount is how much was done in one workspace."""

    allowed: int
    denied: int
    reasons: dict[str, int]
    workspace: str
    workspace_external_id: Union[str, None]


class WorkspaceUsage(TypedDict):
    """WorkspaceUsage is what was done with all tokens of a workspace, and with strings that are none of them."""

    allowed: int
    bucket: str
    buckets: list["UsageBucket"]
    # Denials are the last ones; the last 1,000 are listed by their own call.
    denials: list["Denial"]
    denied: int
    # from is a member too, whose name Python does not take here
    reasons: dict[str, int]
    to: str
    workspace: str
