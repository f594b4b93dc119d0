import type { Calls, RevokeToken, Token, VerifyRequest, VerifyResult } from './types.js'

export type * from './types.js'

export interface Options {
  /** One attempt, in ms; 60,000 unless it says otherwise. */
  timeout?: number
  /** How often a call is sent at the most; 3. One never repeats. */
  attempts?: number
  /** The longest Retry-After that is waited for, in ms; 30,000. */
  patience?: number
  userAgent?: string
  fetch?: typeof fetch
}

/** What the server refused (RFC 9457). Branch on code, show the message. */
export class TokenryError extends Error {
  status: number
  code: string
  field?: string
  missing: string[]
  requestId?: string
  /** Seconds until another attempt makes sense; 0 when the server did not say. */
  retryAfter: number
}

type In<C, K extends string> = K extends keyof C ? Pick<C, K> : unknown
type Query<C> = C extends { query: infer Q } ? { query?: Q } : unknown
type Names<C> = (C extends { idempotencyKey: string } ? { idempotencyKey?: string } : unknown) & (C extends { ifMatch: number } ? { ifMatch?: number } : unknown)
type Body<C> = C extends { body?: infer B } ? (C extends { body: B } ? { body: B } : { body?: B }) : unknown

/** What a call takes, beside what holds for all. */
export type Args<N extends keyof Calls> = In<Calls[N], 'path'> & Query<Calls[N]> & Body<Calls[N]> & Names<Calls[N]> & Always

export interface Always {
  signal?: AbortSignal
  /** One attempt, in ms. */
  timeout?: number
  /** All attempts together, in ms. */
  within?: number
  /** A member with whose rights the call is decided; the token needs instance:admin. */
  actAs?: string
}

type Lists = { [N in keyof Calls]: Calls[N]['answer'] extends { items: unknown[]; next_cursor?: unknown } ? N : never }[keyof Calls]
type Item<A> = A extends { items: (infer I)[] | null } ? I : never

export class Client {
  constructor(url: string, token: string, options?: Options)
  readonly url: string
  /** Makes the call of that name, like "POST /v1/workspaces/{ws}/tokens". */
  call<N extends keyof Calls>(name: N, ...args: {} extends Args<N> ? [Args<N>?] : [Args<N>]): Promise<Calls[N]['answer']>
  /** Every item of a list, page by page. */
  list<N extends Lists>(name: N, ...args: {} extends Args<N> ? [Args<N>?] : [Args<N>]): AsyncGenerator<Item<Calls[N]['answer']>>
  /** Asks whether a token may do something now. A refusal is an answer, no error. */
  verify(token: string, need?: Need, options?: Always): Promise<VerifyResult>
  /** Ends a token at once. When it has returned, no verification that starts succeeds. */
  revoke(ws: string, id: string, body?: RevokeToken): Promise<Token>
}

/** What a request needs of its token. */
export type Need = Omit<VerifyRequest, 'token'>

export interface GuardOptions {
  realm?: string
  /** How long a request waits for its decision, in ms; 3,000. Then it is answered 503. */
  within?: number
  /** Is told when there was no decision. */
  onFailure?: (error: unknown) => void
}

export interface Refused {
  status: number
  headers: Record<string, string>
  body: string
}

/** Decides about a request by its Authorization header: to pass, or what to answer. */
export function decide(
  client: Client, authorization: string | string[] | undefined, need?: Need, from?: VerifyRequest['client'], options?: GuardOptions,
): Promise<{ result: VerifyResult; headers: Record<string, string>; refused?: undefined } | { refused: Refused; result?: undefined }>

interface NodeRequest {
  rawHeaders: string[]
  headers: Record<string, string | string[] | undefined>
  method?: string
  url?: string
  tokenry?: VerifyResult
}

/** Middleware for Express and node:http: the decision is in req.tokenry. */
export function express<R extends NodeRequest>(client: Client, need?: Need | ((req: R) => Need), options?: GuardOptions): (req: R, res: any, next: (e?: unknown) => void) => Promise<void>

/** A handler of fetch's Requests that is reached with a good token alone. */
export function guard<Rest extends unknown[]>(
  client: Client, need: Need | ((request: Request) => Need), handler: (request: Request, result: VerifyResult, ...rest: Rest) => Response | Promise<Response>,
  options?: GuardOptions & { clientIP?: (request: Request) => string },
): (request: Request, ...rest: Rest) => Promise<Response>
