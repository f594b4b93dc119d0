#!/bin/sh
# A path with a comma, like /review/tickets:read,tickets:write, before npm's prism as a validating
# proxy: where the document says that the part is a text, it is reported as none.
set -eu
tmp=$(mktemp -d)
. "$(dirname "$0")/shared"
listen
say "with @stoplight/prism-cli 5.16.0"
(mkdir "$tmp/p" && cd "$tmp/p" && echo '{"private": true}' >package.json && npm install --silent --no-fund --no-audit @stoplight/prism-cli@5.16.0 >"$tmp/build" 2>&1) || { cat "$tmp/build"; exit 1; }
port=18452
cat >"$tmp/openapi.json" <<-'EOF'
	{"openapi": "3.1.0", "info": {"title": "x", "version": "1"}, "paths": {"/review/{scopes}": {"get": {
	"parameters": [{"name": "scopes", "in": "path", "required": true, "schema": {"type": "string"}}], "responses": {"200": {"description": "OK"}}}}}}
EOF
"$tmp/p/node_modules/.bin/prism" proxy "$tmp/openapi.json" "$url" --port $port >"$tmp/log" 2>&1 & prism=$!
pids="$pids $prism"
until curl -s -o /dev/null "http://127.0.0.1:$port/nothing"; do kill -0 $prism || exit 1; done
for path in a a,b; do
	status=$(curl -s -m 10 -o /dev/null -D "$tmp/headers" -w '%{http_code}' "http://127.0.0.1:$port/review/$path")
	said=$(sed -n 's/^sl-violations:.*"message":"\([^"]*\)".*/, \1/ip' "$tmp/headers")
	case $path in
	a) want='200' ;;
	*) want='200, Request path parameter scopes must be string' ;;
	esac
	expect "a text, /review/$path" "$status$said" "$want"
done
