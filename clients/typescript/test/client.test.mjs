// Run against a server: TOKENRY_SERVER, TOKENRY_TOKEN (may do everything in acme).
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { Client, decide, express, guard, TokenryError } from '../client.js'

const { TOKENRY_SERVER: server, TOKENRY_TOKEN: ours } = process.env
const c = new Client(server, ours)
const ws = (await c.call('GET /v1/whoami')).workspace
const create = (body, idempotencyKey) => c.call('POST /v1/workspaces/{ws}/tokens', { path: { ws }, body, idempotencyKey })
const can = { scopes: ['tickets:read'], resource: 'payments' }

async function listen(t, handler) {
  const s = createServer(handler)
  await new Promise((r) => s.listen(0, '127.0.0.1', r))
  t.after(() => (s.closeAllConnections(), s.close()))
  return `http://127.0.0.1:${s.address().port}`
}

test('a token is made, verified, listed and revoked', async () => {
  const made = await create({ label: 'ts ä', scopes: ['tickets:read'], resources: ['payments'] }, 'ts-1')
  assert.equal((await c.verify(made.secret, can)).code, 'ok')
  assert.deepEqual((await c.verify(made.secret, { ...can, scopes: ['tickets:write'] })).missing, ['tickets:write'])
  const labels = []
  for await (const one of c.list('GET /v1/workspaces/{ws}/tokens', { path: { ws }, query: { limit: 1 } })) labels.push(one.label)
  assert.ok(labels.length > 1 && labels.includes('ts ä'), labels.join())
  await create({ label: 'of two', metadata: { team: 'a=b', of: 'ts' } }, 'ts-of-two')
  for (const [metadata, n] of [[['team=a=b', 'of=ts'], 1], [['team=a=b', 'of=py'], 0]]) {
    assert.equal((await c.call('GET /v1/workspaces/{ws}/tokens', { path: { ws }, query: { metadata } })).items.length, n)
  }
  await c.revoke(ws, made.token.id, { reason: 'leaked' })
  assert.equal((await c.verify(made.secret, can)).code, 'revoked')
})

test('a creating call that is sent again makes nothing new', async () => {
  const [a, b] = [await create({ label: 'again' }, 'ts-2'), await create({ label: 'again' }, 'ts-2')]
  assert.equal(a.token.locator, b.token.locator)
})

test('a refusal is an error with its code', async () => {
  await assert.rejects(create({ label: 'x', scopes: ['Not a scope'] }), (e) => e instanceof TokenryError && e.status === 400 && e.code === 'invalid_field' && e.message.length > 0)
  await assert.rejects(c.call('GET /v1/workspaces/{ws}', { path: { ws: 'no/such?place' } }), { code: 'not_found' })
  await assert.rejects(c.call('GET /v1/workspaces/{ws}', { path: {} }), TypeError)
  for (const token of ['', 'a b', 'x\n']) assert.throws(() => new Client(server, token), TypeError)
  for (const url of ['ftp://x', 'https://u:p@x', 'https://x?y=1']) assert.throws(() => new Client(url, ours), TypeError)
})

test('nothing that is printed of a client holds the token', () => {
  for (const s of [inspect(c, { depth: 9, showHidden: true }), JSON.stringify(c), String(c)]) assert.ok(!s.includes(ours), s)
})

test('what may be repeated is, and waits as long as it is asked to', async (t) => {
  const seen = []
  const url = await listen(t, (req, res) => {
    seen.push(req.url)
    res.writeHead(503, { 'Retry-After': '7', 'Content-Type': 'application/problem+json' }).end('{"code":"unavailable","detail":"away"}')
  })
  const naps = []
  const patient = new Client(url, ours, { sleep: async (ms) => void naps.push(ms) })
  await assert.rejects(patient.verify('x'), { code: 'unavailable', retryAfter: 7 })
  assert.deepEqual(naps, [7000, 7000])
  await assert.rejects(patient.revoke('a', 'b'), { code: 'unavailable' })
  assert.equal(seen.length, 4)
  await assert.rejects(new Client(url, ours, { patience: 1000 }).verify('x'), { code: 'unavailable' })
  assert.equal(seen.length, 5)
})

test('a redirect is not followed, and garbage is no decision', async (t) => {
  const url = await listen(t, (req, res) => (req.url.startsWith('/a/') ? res.writeHead(307, { Location: server }).end() : res.writeHead(200, { 'Content-Type': 'application/json' }).end('{"allowed":"yes"}')))
  await assert.rejects(new Client(url + '/a', ours, { attempts: 1 }).verify('x'), { code: 'unavailable' })
  await assert.rejects(new Client(url, ours, { attempts: 1 }).verify('x'), { code: 'unavailable' })
})

test('express: a good token passes, everybody else is told why', async (t) => {
  const made = await create({ label: 'guarded', scopes: ['tickets:read'], resources: ['payments'] })
  const pass = express(c, (req) => ({ scopes: ['tickets:read'], resource: req.url.slice(1) }), { realm: 'api' })
  const url = await listen(t, (req, res) => pass(req, res, () => res.end(req.tokenry.principal.address)))
  const ask = async (path, auth) => fetch(url + path, { headers: auth === undefined ? {} : { Authorization: auth } })
  const ok = await ask('/payments', `bearer ${made.secret}`)
  assert.equal(ok.status, 200)
  assert.ok((await ok.text()).includes('@'))
  for (const [path, auth, status, code, challenge] of [
    ['/payments', undefined, 401, 'missing_token', 'Bearer realm="api"'],
    ['/payments', 'Basic dTpw', 401, 'missing_token', 'Bearer realm="api"'],
    ['/payments', 'Bearer a b', 401, 'missing_token', 'Bearer realm="api"'],
    ['/payments', 'Bearer tkyp_nonsense', 401, 'invalid_token', 'Bearer realm="api", error="invalid_token", error_description="Token is not accepted"'],
    ['/ledger', `Bearer ${made.secret}`, 403, 'resource_denied', 'Bearer realm="api", error="insufficient_scope", error_description="'],
    ['/any,any', `Bearer ${made.secret}`, 403, 'resource_denied', 'Bearer realm="api", error="insufficient_scope", error_description="Resource is not granted"'],
  ]) {
    const r = await ask(path, auth)
    const told = await r.json()
    assert.deepEqual([r.status, told.code], [status, code], `${path} ${auth?.slice(0, 9)}`)
    assert.ok(r.headers.get('WWW-Authenticate').startsWith(challenge), r.headers.get('WWW-Authenticate'))
  }
  await c.revoke(ws, made.token.id)
  assert.equal((await ask('/payments', `Bearer ${made.secret}`)).status, 401)
})

test('guard: the same for what speaks fetch', async () => {
  const made = await create({ label: 'fetched', scopes: ['tickets:read'], resources: ['*'] })
  const h = guard(c, { scopes: ['tickets:read'] }, async (request, result) => new Response(result.token.label))
  const ask = (auth) => h(new Request('https://api.example/x?secret=1', { headers: auth ? { Authorization: auth } : {} }))
  assert.equal(await (await ask(`Bearer ${made.secret}`)).text(), 'fetched')
  assert.equal((await ask('')).status, 401)
})

test('the middleware answers within its time, whatever the server does', async (t) => {
  const silent = new Client(await listen(t, () => {}), ours)
  const drip = new Client(await listen(t, (req, res) => res.writeHead(200, { 'Content-Type': 'application/json' }).write('{')), ours) // and no more
  const away = new Client('http://127.0.0.1:1', ours, { attempts: 1000 })
  for (const client of [silent, drip, away]) {
    let why
    const d = await decide(client, `Bearer ${ours}`, {}, {}, { within: 300, onFailure: (e) => (why = e) })
    assert.equal(d.refused.status, 503)
    assert.ok(d.refused.headers['Retry-After'] >= 1 && why instanceof TokenryError)
  }
})

test('two Authorization headers are one too many', async () => {
  assert.equal((await decide(c, [`Bearer ${ours}`, `Bearer ${ours}`])).refused.status, 400)
})
