#!/bin/sh
# Python requests replaces a bearer token that the program set by what ~/.netrc has for the host.
set -eu
tmp=$(mktemp -d)
. "$(dirname "$0")/shared"
debian python3-requests 2.28.1+dfsg-1 python3-urllib3 1.26.12-1+deb12u3 python3-idna 3.3-1+deb12u1 python3-chardet 5.1.0+dfsg-2 python3-certifi 2022.9.24-1
listen
printf 'machine 127.0.0.1 login someone password else\n' >"$tmp/.netrc"
chmod 600 "$tmp/.netrc"
ask() { HOME=$tmp PYTHONPATH=$tmp/root/usr/lib/python3/dist-packages /usr/bin/python3 -c "$1" "$url"; }
ask 'import requests, sys; requests.get(sys.argv[1] + "/get", headers={"Authorization": "Bearer mine"})'
ask 'import requests, sys
s = requests.Session(); s.headers["Authorization"] = "Bearer mine"; s.get(sys.argv[1] + "/session")
s.trust_env = False; s.get(sys.argv[1] + "/untrusted")'
expect "a header of the call" "$(sed -n 1p "$tmp/seen")" "GET /get Basic c29tZW9uZTplbHNl"
expect "a header of the session" "$(sed -n 2p "$tmp/seen")" "GET /session Basic c29tZW9uZTplbHNl"
expect "with trust_env off" "$(sed -n 3p "$tmp/seen")" "GET /untrusted Bearer mine"
