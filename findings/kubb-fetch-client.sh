#!/bin/sh
# What kubb generates with its client for fetch: a body as JSON is sent as text/plain, a list in a
# query as one text with commas, and a refusal comes back as if it were the answer.
set -eu
tmp=$(mktemp -d)
. "$(dirname "$0")/shared"
say "with @kubb/plugin-client 4.39.3"
(mkdir "$tmp/k" && cd "$tmp/k" && echo '{"private": true, "type": "module"}' >package.json && npm install --silent --no-fund --no-audit @kubb/plugin-client@4.39.3 >"$tmp/build" 2>&1) || { cat "$tmp/build"; exit 1; }
cat >"$tmp/k/call.mjs" <<'JS'
import http from "node:http";
import client from "@kubb/plugin-client/clients/fetch";
let sent;
const s = http.createServer((req, res) => {
  sent = `${req.headers["content-type"]} ${decodeURIComponent(req.url)}`;
  res.writeHead(401, { "content-type": "application/problem+json" }).end('{"code":"revoked"}');
}).listen(0, "127.0.0.1", async () => {
  const call = (data) => client({ baseURL: `http://127.0.0.1:${s.address().port}`, url: "/verify", method: "POST", data, params: { scope: ["a", "b"] } });
  const seen = await call({ token: "x" }).then((r) => `answered ${r.data.code}`, () => "threw");
  console.log(`${sent}\n${seen}`);
  s.close();
});
JS
(cd "$tmp/k" && node call.mjs) >"$tmp/out"
expect "a body and a list of two" "$(sed -n 1p "$tmp/out")" 'text/plain;charset=UTF-8 /verify?scope=a,b'
expect "a call that is refused with 401" "$(sed -n 2p "$tmp/out")" 'answered revoked'
