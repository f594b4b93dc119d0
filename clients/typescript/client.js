// A client of Tokenry without dependencies, for Node 18 or newer and whatever else has fetch.
// Its laws: the token goes to the one address it was made for, in one header; what has no
// decision lets nothing pass; a call is sent again only when that does no harm.

/** What the server refused (RFC 9457). Branch on code, show the message. */
export class TokenryError extends Error {
  constructor(problem, status, cause) {
    super(problem.detail || problem.title || `the server answered ${status}`, cause ? { cause } : undefined)
    this.name = 'TokenryError'
    this.status = status
    this.code = problem.code ?? 'internal'
    this.field = problem.field
    this.missing = problem.missing ?? []
    this.requestId = problem.request_id
    /** Seconds until another attempt makes sense; 0 when the server did not say. */
    this.retryAfter = problem.retry_after ?? 0
  }
}

const unavailable = (message, cause) => new TokenryError({ code: 'unavailable', detail: message }, 503, cause)

export class Client {
  #base
  #token
  #options

  constructor(url, token, options = {}) {
    const at = new URL(url)
    if (!/^https?:$/.test(at.protocol) || at.username || at.password || at.search || at.hash) {
      throw new TypeError('the address must begin with http:// or https:// and have no user, query or fragment')
    }
    if (typeof token !== 'string' || !/^[A-Za-z0-9_]{1,255}$/.test(token)) {
      throw new TypeError('this is not a token: those are of letters, digits and _; is there a blank or line end around it?')
    }
    this.#base = at.href.replace(/\/+$/, '')
    this.#token = token
    this.#options = { timeout: 60_000, attempts: 3, patience: 30_000, fetch: globalThis.fetch, sleep, ...options }
  }

  /** The address of the server, without a slash at the end. */
  get url() {
    return this.#base
  }

  // What is printed of a client holds no token.
  toJSON() {
    return { url: this.#base }
  }
  [Symbol.for('nodejs.util.inspect.custom')]() {
    return `Client { ${this.#base} }`
  }

  /** Makes the call of that name, like "POST /v1/workspaces/{ws}/tokens". */
  async call(name, args = {}) {
    const o = this.#options
    const again = /^GET /.test(name) || harmless.has(name) || args.idempotencyKey !== undefined
    const until = args.within === undefined ? Infinity : Date.now() + args.within
    for (let n = 1; ; n++) {
      const left = until - Date.now()
      try {
        return await this.#once(name, args, Math.min(args.timeout ?? o.timeout, Math.max(left, 1)))
      } catch (e) {
        const wait = pause(n, e)
        if (n >= o.attempts || !worthIt(e, again, args.idempotencyKey) || wait > o.patience || Date.now() + wait >= until || args.signal?.aborted) throw e
        await o.sleep(wait, args.signal)
      }
    }
  }

  async #once(name, args, timeout) {
    const [method, template] = name.split(' ')
    const target = new URL(this.#base + template.replace(/\{(\w+)\}/g, (_, p) => segment(p, args.path?.[p])))
    for (const [k, v] of Object.entries(args.query ?? {})) for (const one of [v].flat()) if (one !== undefined) target.searchParams.append(k, String(one))
    const headers = { Authorization: `Bearer ${this.#token}`, Accept: 'application/json', 'User-Agent': this.#options.userAgent ?? 'tokenry-js/0.1' }
    let body
    if (args.body !== undefined) {
      headers['Content-Type'] = 'application/json'
      body = JSON.stringify(args.body)
    }
    if (args.idempotencyKey !== undefined) headers['Idempotency-Key'] = args.idempotencyKey
    if (args.ifMatch !== undefined) headers['If-Match'] = `"${args.ifMatch}"`
    if (args.actAs !== undefined) headers['Tokenry-Act-As'] = args.actAs
    const late = AbortSignal.timeout(timeout)
    const signal = args.signal ? either(args.signal, late) : late
    let r, text
    try {
      r = await this.#options.fetch(target.href, { method, headers, body, signal, redirect: 'manual' })
      text = await r.text()
    } catch (e) {
      if (args.signal?.aborted) throw args.signal.reason
      throw unavailable(late.aborted ? 'the server did not answer in time' : 'the server cannot be reached', e)
    }
    if (r.status === 0 || (r.status >= 300 && r.status < 400)) throw unavailable('the server answered with a redirect, which is not followed')
    const media = r.headers.get('Content-Type') ?? ''
    if (!r.ok) throw problem(r, media, text)
    if (!/^application\/(.+\+)?json/.test(media)) return text
    try {
      return JSON.parse(text)
    } catch (e) {
      throw unavailable('the answer is not JSON: is there something else at this address?', e)
    }
  }

  /** Every item of a list, page by page. */
  async *list(name, args = {}) {
    for (let cursor = args.query?.cursor; ; ) {
      const page = await this.call(name, { ...args, query: { ...args.query, cursor } })
      yield* page.items
      if (!page.next_cursor) return
      cursor = page.next_cursor
    }
  }

  /** Asks whether a token may do something now. A refusal is an answer, no error. */
  async verify(token, need = {}, options = {}) {
    const r = await this.call('POST /v1/verify', { ...options, body: { ...need, token } })
    if (typeof r?.allowed !== 'boolean' || typeof r?.code !== 'string') throw unavailable('the answer is no decision')
    return r
  }

  /** Ends a token at once. When it has returned, no verification that starts succeeds. */
  revoke(ws, id, body = {}) {
    return this.call('POST /v1/workspaces/{ws}/tokens/{id}/revoke', { path: { ws, id }, body })
  }
}

// What changes nothing, or the same a second time, though it is a POST.
const harmless = new Set(['POST /v1/verify', 'POST /v1/verify/batch', 'POST /v1/workspaces/{ws}/explain', 'POST /v1/workspaces/{ws}/tokens/lookup'])

function segment(name, value) {
  if (value === undefined || value === '' || value === '.' || value === '..') throw new TypeError(`path.${name} is missing`)
  return encodeURIComponent(String(value))
}

function problem(r, media, text) {
  const seconds = Number(r.headers.get('Retry-After'))
  const found = { code: { 401: 'invalid_token', 404: 'not_found', 429: 'rate_limited', 502: 'unavailable', 503: 'unavailable', 504: 'unavailable' }[r.status] ?? 'internal' }
  if (/^application\/problem\+json/.test(media)) {
    try {
      Object.assign(found, JSON.parse(text))
    } catch {
      // what is no JSON says no more than its status
    }
  }
  if (!found.retry_after && seconds > 0) found.retry_after = seconds
  return new TokenryError(found, r.status)
}

function worthIt(e, again, key) {
  if (!(e instanceof TokenryError)) return false
  if (e.code === 'busy') return true // nothing was changed
  if (e.code === 'outcome_unknown') return key !== undefined
  return again && (e.code === 'unavailable' || e.code === 'rate_limited')
}

const pause = (n, e) => (e.retryAfter > 0 ? e.retryAfter * 1000 : 50 * 2 ** Math.min(n, 6) * (1 + Math.random()))

function sleep(ms, signal) {
  return new Promise((resolve, reject) => {
    const t = setTimeout(resolve, ms)
    signal?.addEventListener('abort', () => (clearTimeout(t), reject(signal.reason)), { once: true })
  })
}

// AbortSignal.any is newer than Node 18.
function either(a, b) {
  const c = new AbortController()
  for (const s of [a, b]) {
    if (s.aborted) c.abort(s.reason)
    else s.addEventListener('abort', () => c.abort(s.reason), { once: true })
  }
  return c.signal
}

// The middleware answers within 3 s, whatever the server does: a service that stands in
// front of its users says sooner that it cannot tell than a program that has time.
const within = 3000

/**
 * Decides about a request by its headers: { result } to let it pass, or { refused } with the
 * status, headers and body to answer (RFC 6750, with problem+json).
 */
export async function decide(client, authorization, need = {}, from = {}, options = {}) {
  const realm = quotable(options.realm ?? 'tokenry')
  if (Array.isArray(authorization) && authorization.length > 1) return refuse(client, realm, need, 400, { code: 'invalid_request', detail: 'there is more than one Authorization header' }, true)
  const line = Array.isArray(authorization) ? authorization[0] : authorization
  const [, scheme, token] = /^(\S+) +(\S*)$/.exec(line ?? '') ?? []
  if (scheme?.toLowerCase() !== 'bearer') return refuse(client, realm, need, 401, { code: 'missing_token', detail: 'send the header Authorization: Bearer with a token' }, false)
  const unaccepted = { code: 'invalid_token', detail: 'Token is not accepted' }
  if (!/^[A-Za-z0-9_]{1,255}$/.test(token)) return refuse(client, realm, need, 401, unaccepted, true)
  if (need.resource !== undefined && !/^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/.test(need.resource)) return refuse(client, realm, need, 403, { code: 'resource_denied', detail: 'Resource is not granted' }, true)
  let r
  try {
    r = await race(client.verify(token, { client: from, ...need }, { within: options.within ?? within }), options.within ?? within)
  } catch (e) {
    options.onFailure?.(e)
    return refuse(client, realm, need, 503, { code: 'unavailable', detail: 'the token cannot be verified now', retry_after: Math.max(1, Math.ceil(e.retryAfter ?? 0)), request_id: e.requestId }, false)
  }
  const rate = r.rate_limit ? { RateLimit: `"token";r=${r.rate_limit.remaining}` } : {}
  if (r.allowed) return { result: r, headers: rate }
  const told = r.token ? { code: r.code, detail: r.detail, missing: r.missing, retry_after: r.retry_after, request_id: r.request_id } : { ...unaccepted, request_id: r.request_id }
  return refuse(client, realm, need, statusOf(told.code), told, true, rate)
}

// statusOf is the status of a refusal: a token that is not good 401, one that may not 403.
function statusOf(code) {
  if (code === 'rate_limited') return 429
  return ['insufficient_scope', 'resource_denied', 'ip_denied', 'cost_exceeds_limit'].includes(code) ? 403 : 401
}

function refuse(client, realm, need, status, p, presented, more = {}) {
  const headers = { 'Content-Type': 'application/problem+json', 'Cache-Control': 'no-store', ...more }
  if (p.retry_after > 0) headers['Retry-After'] = String(p.retry_after)
  if ((status === 400 || status === 401 || status === 403) && p.code !== 'cost_exceeds_limit') {
    let c = `Bearer realm="${realm}"`
    if (presented) {
      c += `, error="${{ 400: 'invalid_request', 401: 'invalid_token', 403: 'insufficient_scope' }[status]}"`
      if (p.detail) c += `, error_description="${quotable(p.detail)}"`
      if (p.code === 'insufficient_scope' && need.scopes?.length) c += `, scope="${quotable(need.scopes.join(' '))}"`
    }
    headers['WWW-Authenticate'] = c
  }
  return { refused: { status, headers, body: JSON.stringify({ type: `${client.url}/errors/${p.code}`, status, ...p }) } }
}

const quotable = (s) => s.replace(/[^ !#-[\]-~]/g, '?')

function race(promise, ms) {
  let t
  const late = new Promise((_, reject) => (t = setTimeout(() => reject(unavailable('the server did not answer in time')), ms)))
  return Promise.race([promise, late]).finally(() => clearTimeout(t))
}

/** Middleware for Express and node:http: the decision is in req.tokenry. */
export function express(client, need = {}, options = {}) {
  return async (req, res, next) => {
    const lines = []
    for (let i = 0; i < req.rawHeaders.length; i += 2) if (req.rawHeaders[i].toLowerCase() === 'authorization') lines.push(req.rawHeaders[i + 1])
    const from = { ip: req.ip ?? req.socket.remoteAddress, method: req.method, path: (req.originalUrl ?? req.url).split('?')[0], user_agent: req.headers['user-agent'] }
    const d = await decide(client, lines, typeof need === 'function' ? need(req) : need, clean(from), options)
    for (const [k, v] of Object.entries(d.headers ?? d.refused.headers)) res.setHeader(k, v)
    if (d.refused) {
      res.statusCode = d.refused.status
      res.end(d.refused.body)
      return
    }
    req.tokenry = d.result
    next()
  }
}

/** A handler of fetch's Requests that is reached with a good token alone: handler(request, result). */
export function guard(client, need, handler, options = {}) {
  return async (request, ...rest) => {
    const from = { ip: options.clientIP?.(request), method: request.method, path: new URL(request.url).pathname, user_agent: request.headers.get('User-Agent') ?? undefined }
    const d = await decide(client, request.headers.get('Authorization') ?? undefined, typeof need === 'function' ? need(request) : need, clean(from), options)
    if (d.refused) return new Response(d.refused.body, { status: d.refused.status, headers: d.refused.headers })
    return handler(request, d.result, ...rest)
  }
}

const clean = (o) => Object.fromEntries(Object.entries(o).filter(([, v]) => v !== undefined))
