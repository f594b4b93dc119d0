#!/bin/sh
# Prints a Tokenry token that lives for a while, for the ID token of this CI job: nothing is
# stored in the CI system. The ID token is taken from TOKENRY_ID_TOKEN (GitLab, CircleCI,
# Terraform, Kubernetes), else asked of GitHub Actions.
#
#   TOKENRY_URL       address of the server
#   TOKENRY_ACCOUNT   service account, like deploy@acme.service
#   TOKENRY_AUDIENCE  audience of the rule; TOKENRY_URL when left out
#   TOKENRY_RETRY     name of this job, for systems that give one ID token a job
set -eu
: "${TOKENRY_URL:?}" "${TOKENRY_ACCOUNT:?}"
audience=${TOKENRY_AUDIENCE:-$TOKENRY_URL}

# A secret goes through standard input: arguments are seen by every process.
id_token() {
	if [ -n "${TOKENRY_ID_TOKEN:-}" ]; then
		printf %s "$TOKENRY_ID_TOKEN"
		return
	fi
	printf 'header = "Authorization: Bearer %s"\n' "${ACTIONS_ID_TOKEN_REQUEST_TOKEN:?the job needs permissions: id-token: write}" |
		curl -fsS --config - --get --data-urlencode "audience=$audience" "$ACTIONS_ID_TOKEN_REQUEST_URL" |
		sed -n 's/.*"value" *: *"\([^"]*\)".*/\1/p' | tr -d '\n'
}

answer=$(id_token | curl -sS "$TOKENRY_URL/oauth2/token" ${TOKENRY_RETRY:+-H "Idempotency-Key: $TOKENRY_RETRY"} \
	-d grant_type=urn:ietf:params:oauth:grant-type:token-exchange \
	-d subject_token_type=urn:ietf:params:oauth:token-type:id_token \
	--data-urlencode "client_id=$TOKENRY_ACCOUNT" --data-urlencode subject_token@-)
token=$(printf %s "$answer" | sed -n 's/.*"access_token" *: *"\([^"]*\)".*/\1/p')
if [ -z "$token" ]; then
	printf 'tokenry: %s\n' "$answer" >&2
	exit 1
fi
printf '%s\n' "$token"
