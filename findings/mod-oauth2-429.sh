#!/bin/sh
# Apache's mod_oauth2 makes 401 of an introspection that was answered 429 or 503, as for a token
# that is over: a client throws a good token away because the office was busy.
set -eu
tmp=$(mktemp -d)
. "$(dirname "$0")/shared"
debian apache2-bin 2.4.67-1~deb12u2 libapache2-mod-oauth2 3.3.1-1 liboauth2-0 1.4.5.4-1 liboauth2-apache0 1.4.5.4-1 \
	libapr1 1.7.2-3+deb12u1 libaprutil1 1.6.3-1 libcjose0 0.6.2.1-1+deb12u1 libmemcached11 1.1.4-1 libhashkit2 1.1.4-1 libhiredis0.14 0.14.1-3
printf '{"active":true,"scope":"tickets:read","client_id":"x"}' >"$tmp/answer"
listen
m=$tmp/root/usr/lib/apache2/modules
mkdir "$tmp/site" && echo hello >"$tmp/site/index.html" && chmod -R a+rX "$tmp"
port=18$(( $$ % 900 + 100 ))
cat >"$tmp/a.conf" <<CONF
LoadModule mpm_event_module $m/mod_mpm_event.so
LoadModule authn_core_module $m/mod_authn_core.so
LoadModule authz_core_module $m/mod_authz_core.so
LoadModule authz_user_module $m/mod_authz_user.so
LoadModule dir_module $m/mod_dir.so
LoadModule oauth2_module $m/mod_oauth2.so
Listen 127.0.0.1:$port
ServerName 127.0.0.1
User nobody
Group nogroup
DefaultRuntimeDir $tmp
PidFile $tmp/pid
ErrorLog $tmp/log
DocumentRoot $tmp/site
<Location "/">
    AuthType oauth2
    OAuth2TokenVerify introspect $url/introspect introspect.auth=none&expiry=1
    OAuth2TargetPass remote_user_claim=client_id
    Require valid-user
</Location>
CONF
LD_LIBRARY_PATH=$(find "$tmp/root/usr/lib" -maxdepth 1 -type d -name '*-linux-gnu*') "$tmp/root/usr/sbin/apache2" -DFOREGROUND -d "$tmp" -f "$tmp/a.conf" >"$tmp/out" 2>&1 &
pids="$pids $!"
ask() { curl -s -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $1" "http://127.0.0.1:$port/"; }
until curl -s -o /dev/null "http://127.0.0.1:$port/"; do kill -0 $! 2>/dev/null || { cat "$tmp/out" "$tmp/log"; exit 1; }; done
expect "the token is active" "$(ask a)" "200"
for status in 429 503; do
	echo $status >"$tmp/status"
	printf '{"error":"temporarily_unavailable"}' >"$tmp/answer"
	expect "the introspection answers $status" "$(ask "b$status")" "401"
done
