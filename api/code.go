package api

import (
	"net/http"
	"slices"
)

// Code is what a program branches on: spelled once, never renamed. A Code is
// an error, so that errors.Is(err, api.CodeNotFound) asks for it.
type Code string

// Error makes a Code usable with errors.Is; it returns the code's spelling.
func (c Code) Error() string { return string(c) }

// Verification codes, in the order in which they are decided (the first that
// applies is the answer).
const (
	CodeMalformed          Code = "malformed"
	CodeUnknown            Code = "unknown"
	CodeRetired            Code = "retired"
	CodeRevoked            Code = "revoked"
	CodeWorkspaceSuspended Code = "workspace_suspended"
	CodeDisabled           Code = "disabled"
	CodeApprovalPending    Code = "approval_pending"
	CodeNotYetValid        Code = "not_yet_valid"
	CodeExpired            Code = "expired"
	CodeOwnerInactive      Code = "owner_inactive"
	CodeIPDenied           Code = "ip_denied"
	CodeInsufficientScope  Code = "insufficient_scope"
	CodeResourceDenied     Code = "resource_denied"
	CodeCostExceedsLimit   Code = "cost_exceeds_limit"
	CodeRateLimited        Code = "rate_limited"
	CodeOK                 Code = "ok"
)

// Codes of the API.
const (
	CodeInvalidRequest       Code = "invalid_request"
	CodeInvalidJSON          Code = "invalid_json"
	CodeInvalidField         Code = "invalid_field"
	CodeUnknownField         Code = "unknown_field"
	CodeInvalidCursor        Code = "invalid_cursor"
	CodeInvalidParameter     Code = "invalid_parameter"
	CodeOutsidePolicy        Code = "outside_policy"
	CodeApprovalRequired     Code = "approval_required"
	CodeMissingToken         Code = "missing_token"
	CodeInvalidToken         Code = "invalid_token"
	CodeForbidden            Code = "forbidden"
	CodeGrantExceedsOwn      Code = "grant_exceeds_own"
	CodeWorkspaceRequired    Code = "workspace_required"
	CodeNoRule               Code = "no_rule"
	CodeOnboardingRestricted Code = "onboarding_restricted"
	CodeNotFound             Code = "not_found"
	CodeMethodNotAllowed     Code = "method_not_allowed"
	CodeAlreadyExists        Code = "already_exists"
	CodeTokenRevoked         Code = "token_revoked"
	CodeTokenExpired         Code = "token_expired"
	CodeOwnerGone            Code = "owner_gone"
	CodeInactive             Code = "inactive"
	CodeStillActive          Code = "still_active"
	CodeErased               Code = "erased"
	CodeNotRecoverable       Code = "not_recoverable"
	CodeLastOwner            Code = "last_owner"
	CodeLastInstanceAdmin    Code = "last_instance_admin"
	CodeRoleInUse            Code = "role_in_use"
	CodeBeingDeleted         Code = "being_deleted"
	CodeBuiltIn              Code = "built_in"
	CodeLocked               Code = "locked"
	CodeTokenLimitReached    Code = "token_limit_reached"
	CodeChangedMeanwhile     Code = "changed_meanwhile"
	CodeRotationConflict     Code = "rotation_conflict"
	CodeIdempotencyKeyReused Code = "idempotency_key_reused"
	CodeIdempotencyKeyUsed   Code = "idempotency_key_used"
	CodeAlreadyDone          Code = "already_done"
	CodeUnknownReplica       Code = "unknown_replica"
	CodeTooManyReplicas      Code = "too_many_replicas"
	CodeDatabaseInUse        Code = "database_in_use"
	CodeBodyTooLarge         Code = "body_too_large"
	CodeHeadersTooLarge      Code = "headers_too_large"
	CodeUnsupportedMediaType Code = "unsupported_media_type"
	CodeTimeout              Code = "timeout"
	CodeUnavailable          Code = "unavailable"
	CodeBusy                 Code = "busy"
	CodeOutcomeUnknown       Code = "outcome_unknown"
	CodeClockUnsettled       Code = "clock_unsettled"
	CodeInternal             Code = "internal"
)

// Codes of signing a program in, spelled as RFC 6749, section 5.2, and RFC 8628,
// section 3.5, spell them.
const (
	CodeAuthorizationPending Code = "authorization_pending"
	CodeSlowDown             Code = "slow_down"
	CodeAccessDenied         Code = "access_denied"
	CodeExpiredToken         Code = "expired_token"
	CodeInvalidClient        Code = "invalid_client"
	CodeUnsupportedGrantType Code = "unsupported_grant_type"
	CodeInvalidScope         Code = "invalid_scope"
)

// Codes of exchanging an ID token.
const (
	CodeIDTokenRefused Code = "id_token_refused"
	CodeIDTokenUsed    Code = "id_token_used"
	CodeInvalidTarget  Code = "invalid_target"
)

// CodeInfo is what is written down about a code: its status over HTTP, a title
// that never changes, and what to do.
type CodeInfo struct {
	Code   Code   `json:"code"`
	Status int    `json:"status"`
	Title  string `json:"title"`
	Advice string `json:"advice"`
}

// Info returns what is written down about c; an unknown code reads as internal.
func (c Code) Info() CodeInfo {
	for _, i := range Codes() {
		if i.Code == c {
			return i
		}
	}
	return CodeInternal.Info()
}

// Codes lists every code with its status, title and advice: the one table from
// which the server answers, the client reads and the error pages are made.
func Codes() []CodeInfo {
	return slices.Concat(verifyCodes(), requestCodes(), deviceCodes())
}

func verifyCodes() []CodeInfo {
	return []CodeInfo{
		{CodeMalformed, http.StatusUnauthorized, "Not a token", "Send the whole token string, unchanged: no quotes, blanks or line ends around it."},
		{CodeUnknown, http.StatusUnauthorized, "Unknown token", "Check that the token belongs to this instance and workspace, and was not cut or mixed up."},
		{CodeRetired, http.StatusUnauthorized, "Secret was rotated", "The token was rotated and this secret's overlap is over. Use the new secret."},
		{CodeRevoked, http.StatusUnauthorized, "Token was revoked", "A revoked token never works again. Create a new one."},
		{CodeWorkspaceSuspended, http.StatusUnauthorized, "Workspace is suspended", "Ask the operator of this service; the token works again once the workspace is resumed."},
		{CodeDisabled, http.StatusUnauthorized, "Token is disabled", "Somebody disabled it for now. It works again once it is enabled."},
		{CodeApprovalPending, http.StatusUnauthorized, "Token waits for approval", "The policy lets such a token work once somebody else than its maker has approved it. Ask an administrator of the workspace."},
		{CodeNotYetValid, http.StatusUnauthorized, "Token is not valid yet", "Wait until its not_before, or edit that."},
		{CodeExpired, http.StatusUnauthorized, "Token has expired", "Rotate it with renew, or create a new one."},
		{CodeOwnerInactive, http.StatusUnauthorized, "Owner is inactive", "The token's owner is deactivated or disabled. The token works again once the owner is active."},
		{CodeIPDenied, http.StatusForbidden, "Address is not allowed", "The token has an allow-list of addresses and this request came from elsewhere, or its address is not known."},
		{CodeInsufficientScope, http.StatusForbidden, "Missing scope", "Ask for a token, or an owner, with the scopes named in missing."},
		{CodeResourceDenied, http.StatusForbidden, "Resource is not granted", "The token or its owner is restricted to other resources."},
		{CodeCostExceedsLimit, http.StatusForbidden, "Costs more than the limit", "The cost of the request is above the whole rate limit of the token or of its workspace, so it never passes: split the request, or have the limit raised. Do not try again."},
		{CodeRateLimited, http.StatusTooManyRequests, "Too many requests", "Wait as long as Retry-After says."},
		{CodeOK, http.StatusOK, "Allowed", "Nothing to do."},
	}
}

func requestCodes() []CodeInfo {
	return append(badRequestCodes(), stateCodes()...)
}

func badRequestCodes() []CodeInfo {
	return []CodeInfo{
		{CodeInvalidRequest, http.StatusBadRequest, "Request is not valid", "Read the detail; the documentation of the call shows a valid request."},
		{CodeInvalidJSON, http.StatusBadRequest, "Body is not valid JSON", "Send one JSON object in UTF-8, without duplicate names and without anything behind it."},
		{CodeInvalidField, http.StatusBadRequest, "A field is not valid", "Correct the field that is named."},
		{CodeUnknownField, http.StatusBadRequest, "Unknown field", "Remove the field, or look for its right name in the documentation of the call."},
		{CodeInvalidCursor, http.StatusBadRequest, "Cursor is not valid", "Start the listing again without a cursor; a cursor belongs to the listing that gave it."},
		{CodeInvalidParameter, http.StatusBadRequest, "A parameter is not valid", "Correct the parameter that is named; give each at most once."},
		{CodeOutsidePolicy, http.StatusBadRequest, "Outside the policy", "Stay within the workspace's policy, or ask an administrator to change it."},
		{CodeApprovalRequired, http.StatusBadRequest, "Needs a second person", "The policy require_approval lets such a token live only once somebody else has approved it. Create a new token, which waits for that, or stay outside the rules."},
		{CodeMissingToken, http.StatusUnauthorized, "No token", "Send the header Authorization: Bearer with a token."},
		{CodeInvalidToken, http.StatusUnauthorized, "Token is not accepted", "The token is not valid here. Whoever holds a token that once worked is told why."},
		{CodeForbidden, http.StatusForbidden, "Not allowed", "You may not make this call; the detail names what it needs."},
		{CodeGrantExceedsOwn, http.StatusForbidden, "More than your own rights", "Nobody can hand on more than they have. Ask somebody who holds these rights, or narrow them."},
		{CodeWorkspaceRequired, http.StatusForbidden, "Name the workspace", "This instance has several workspaces: add workspace=SLUG (or workspace=* to accept any) to the URL that the proxy calls."},
		{CodeNoRule, http.StatusForbidden, "No rule lets this pass", "The API is protected by a file of rules, and none of them is about this method and path. `tokenry rules test FILE METHOD PATH` says why."},
		{CodeOnboardingRestricted, http.StatusForbidden, "On-boarding needs the entire portfolio", "Ask an administrator to on-board the resource, to widen your grant to all resources, or to set the policy onboarding to any_member."},
		{CodeNotFound, http.StatusNotFound, "Not found", "It does not exist, or you may not see it."},
		{CodeMethodNotAllowed, http.StatusMethodNotAllowed, "Method is not allowed", "The header Allow lists the methods of this path."},
		{CodeTimeout, http.StatusRequestTimeout, "Request took too long to arrive", "Send the whole request at once."},
		{CodeBodyTooLarge, http.StatusRequestEntityTooLarge, "Body is too large", "Send less; the documentation of the call says how much it takes."},
		{CodeUnsupportedMediaType, http.StatusUnsupportedMediaType, "Wrong content type", "Send Content-Type: application/json."},
		{CodeHeadersTooLarge, http.StatusRequestHeaderFieldsTooLarge, "Headers are too large", "Send smaller headers; a token has at most 255 characters."},
	}
}

func deviceCodes() []CodeInfo {
	return []CodeInfo{
		{CodeAuthorizationPending, http.StatusBadRequest, "Not approved yet", "Ask again after the interval; the person has not answered in the browser."},
		{CodeSlowDown, http.StatusBadRequest, "Asked too soon", "Wait five seconds more between two polls from now on."},
		{CodeAccessDenied, http.StatusBadRequest, "Sign-in was denied", "The person denied it, or may not have such a token; the detail says which."},
		{CodeExpiredToken, http.StatusBadRequest, "Device code is not known", "It was used, or its ten minutes are over. Begin again."},
		{CodeInvalidClient, http.StatusUnauthorized, "Unknown client", "A program that signs in has the client_id tokenry-cli; an ID token is exchanged for the service account that client_id names, like deploy@acme.service."},
		{CodeUnsupportedGrantType, http.StatusBadRequest, "Grant type is not offered", "The discovery document lists the grant types that are offered."},
		{CodeInvalidScope, http.StatusBadRequest, "Scope cannot be chosen", "Leave scope out: this token may do what its person may. For less, create a token with scopes. An exchange may name scopes within those of its rule."},
		{CodeIDTokenRefused, http.StatusBadRequest, "ID token is not accepted", "No rule of trust of this service account takes it. Somebody who may read the rules is told why by `tokenry trust explain`, or by the page of the service account."},
		{CodeIDTokenUsed, http.StatusBadRequest, "ID token was used", "An ID token is exchanged once. Ask the system for a new one; where it gives one a job, keep the token, or send the same Idempotency-Key, which mints again as long as the secret was not used."},
		{CodeInvalidTarget, http.StatusBadRequest, "Unknown target", "Leave audience and resource out, or name the service account or this server as the audience."},
	}
}

func stateCodes() []CodeInfo {
	return []CodeInfo{
		{CodeAlreadyExists, http.StatusConflict, "Already exists", "Choose another name, or use the one that exists."},
		{CodeTokenRevoked, http.StatusConflict, "Token was revoked", "A revoked token cannot be changed. Create a new one."},
		{CodeTokenExpired, http.StatusConflict, "Token has expired", "Rotate it with renew."},
		{CodeOwnerGone, http.StatusConflict, "Owner was removed", "Transfer the token, or create a new one for another owner."},
		{CodeInactive, http.StatusConflict, "Inactive", "It is deactivated, disabled or suspended. Bring it back first."},
		{CodeStillActive, http.StatusConflict, "Still active", "Deactivate the user first, or remove them from every workspace."},
		{CodeErased, http.StatusConflict, "Was erased", "Take the person in again: they become another user."},
		{CodeNotRecoverable, http.StatusConflict, "Secret cannot be shown again", "It was shown once. Rotate the token to get a new secret."},
		{CodeLastOwner, http.StatusConflict, "Last active Owner", "Make somebody else an Owner first."},
		{CodeLastInstanceAdmin, http.StatusConflict, "Last instance administrator", "Make somebody else an instance administrator first."},
		{CodeBeingDeleted, http.StatusConflict, "Being deleted", "What had this name is deleted and gives nothing any more; what named it is being rewritten. Try again when that is done, or choose another name."},
		{CodeRoleInUse, http.StatusConflict, "Role is in use", "Name its replacement with ?replacement=ROLE."},
		{CodeBuiltIn, http.StatusConflict, "Built in", "This is part of the product and cannot be changed like that."},
		{CodeLocked, http.StatusConflict, "Locked by the instance", "The operator of this instance does not let workspaces change it."},
		{CodeTokenLimitReached, http.StatusConflict, "Too many tokens", "Revoke tokens that are no longer used, or ask for a higher max_tokens."},
		{CodeChangedMeanwhile, http.StatusPreconditionFailed, "Changed meanwhile", "Read it again, look at what others changed, and send your change with the new ETag."},
		{CodeRotationConflict, http.StatusConflict, "Rotated by somebody else", "Another rotation won. Read the token again before you rotate it once more."},
		{CodeIdempotencyKeyReused, http.StatusUnprocessableEntity, "Idempotency-Key of another request", "Use a new key for a request that differs."},
		{CodeIdempotencyKeyUsed, http.StatusConflict, "Secret is in use already", "The secret that this key gave was used, so it was not lost. Use a new key to rotate again."},
		{CodeAlreadyDone, http.StatusConflict, "Done already", "Nothing was changed."},
		{CodeUnknownReplica, http.StatusConflict, "Replica of another node", "This node knows no such replica of your token: another one may, so call again, or attach anew. The SDK does both."},
		{CodeTooManyReplicas, http.StatusTooManyRequests, "Too many replicas", "16 of one token and 64 of one workspace may attach to a node. Share one in each process, and verify with calls where there is none."},
		{CodeDatabaseInUse, http.StatusConflict, "A server holds the database", "The command line answers this, and no server. Stop the server that is named, and run the command again."},
		{CodeClockUnsettled, http.StatusServiceUnavailable, "Clock is not settled", "The clock of the machine was set far off. Revoking, disabling, resetting and signing out work; what gives power waits until an operator has set the clock, or run tokenry clock settle."},
		{CodeUnavailable, http.StatusServiceUnavailable, "Cannot answer now", "Try again shortly. Nothing was changed."},
		{CodeBusy, http.StatusServiceUnavailable, "Too busy now", "Nothing was changed. Try again as Retry-After says, and send fewer changes at once."},
		{CodeOutcomeUnknown, http.StatusServiceUnavailable, "Not known whether it was done", "The database did not confirm the change. Look whether it was made before you send it again; with the same Idempotency-Key it is safe to send again."},
		{CodeInternal, http.StatusInternalServerError, "Internal error", "Report the request id to the operator; the log tells the rest."},
	}
}
