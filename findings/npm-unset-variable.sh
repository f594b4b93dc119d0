#!/bin/sh
# npm sends the text ${NAME} itself as the token when .npmrc names a variable that is not set.
set -eu
tmp=$(mktemp -d)
. "$(dirname "$0")/shared"
say "with npm 10.9.4"
(cd "$tmp" && npm install --silent --no-fund --no-audit --prefix "$tmp/npm" npm@10.9.4 >"$tmp/build" 2>&1) || { cat "$tmp/build"; exit 1; }
listen
printf 'registry=%s/\n//%s/:_authToken=${CI_TOKEN_OF_NOBODY}\n' "$url" "${url#http://}" >"$tmp/npmrc"
printf '{"name":"left","dist-tags":{"latest":"1.0.0"},"versions":{"1.0.0":{"name":"left","version":"1.0.0"}}}' >"$tmp/answer"
HOME=$tmp "$tmp/npm/node_modules/.bin/npm" view left version --userconfig "$tmp/npmrc" >"$tmp/out" 2>"$tmp/err" || true
expect "the registry is sent" "$(grep /left "$tmp/seen" | head -n 1)" 'GET /left Bearer ${CI_TOKEN_OF_NOBODY}'
expect "npm answers" "$(head -n 1 "$tmp/out")" "1.0.0"
expect "it warns of it" "$(grep -c CI_TOKEN_OF_NOBODY "$tmp/err" || true)" "0"
