#!/bin/sh
# RFC 6749, section 2.3.1, has client id and secret form-encoded before they become HTTP Basic.
# Half of the libraries do not: a client id with + or % is another one for a server that decodes.
set -eu
tmp=$(mktemp -d)
. "$(dirname "$0")/shared"
debian python3-authlib 1.2.0-1+deb12u1 python3-requests-oauthlib 1.3.0+ds-1 python3-oauthlib 3.2.2-1
printf '{"active":true,"access_token":"a","token_type":"bearer","expires_in":3600}' >"$tmp/answer"
listen
mkdir "$tmp/js"
(cd "$tmp/js" && npm init -y && npm install --no-fund --no-audit oauth4webapi@3.8.8) >"$tmp/build" 2>&1 || { cat "$tmp/build"; exit 1; }
say "with oauth4webapi 3.8.8, $(curl --version | head -n 1 | cut -d' ' -f1-2)"
cat >"$tmp/js/x.mjs" <<'JS'
import * as o from 'oauth4webapi'
const at = process.argv[2]
await o.introspectionRequest({ issuer: at, introspection_endpoint: at + '/oauth4webapi' }, { client_id: 'ada+ci@example.com' }, o.ClientSecretBasic('s'), 't', { [o.allowInsecureRequests]: true })
JS
node "$tmp/js/x.mjs" "$url"
PYTHONPATH=$tmp/root/usr/lib/python3/dist-packages OAUTHLIB_INSECURE_TRANSPORT=1 /usr/bin/python3 - "$url" <<'PY'
import sys
from authlib.integrations.requests_client import OAuth2Session as A
A('ada+ci@example.com', 's', token_endpoint_auth_method='client_secret_basic').introspect_token(sys.argv[1] + '/authlib', token='t')
from oauthlib.oauth2 import BackendApplicationClient
from requests_oauthlib import OAuth2Session
OAuth2Session(client=BackendApplicationClient('ada+ci@example.com')).fetch_token(sys.argv[1] + '/requests-oauthlib', client_id='ada+ci@example.com', client_secret='s')
PY
curl -s -u 'ada+ci@example.com:s' -d token=t "$url/curl" >/dev/null
golang golang.org/x/oauth2@v0.36.0 <<'GO'
package main

import (
	"context"
	"os"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

func main() {
	c := clientcredentials.Config{ClientID: "ada+ci@example.com", ClientSecret: "s", TokenURL: os.Args[1], AuthStyle: oauth2.AuthStyleInHeader}
	if _, err := c.Token(context.Background()); err != nil {
		panic(err)
	}
}
GO
"$tmp/go/finding" "$url/x-oauth2"
sent() { grep " /$1 " "$tmp/seen" | head -n 1 | sed 's/.* Basic //' | base64 -d; }
expect "oauth4webapi" "$(sent oauth4webapi)" "ada%2Bci%40example%2Ecom:s"
expect "golang.org/x/oauth2" "$(sent x-oauth2)" "ada%2Bci%40example.com:s"
expect "Authlib" "$(sent authlib)" "ada+ci@example.com:s"
expect "requests-oauthlib" "$(sent requests-oauthlib)" "ada+ci@example.com:s"
expect "curl -u" "$(sent curl)" "ada+ci@example.com:s"
