// Not run: what a checker of types has to accept, and to refuse.
import { Client, guard, type Issued, type Token } from '../client.js'

const c = new Client('https://tokens.example.com', 'x')
export async function accepted(): Promise<void> {
  const made: Issued = await c.call('POST /v1/workspaces/{ws}/tokens', { path: { ws: 'acme' }, body: { label: 'ci' }, idempotencyKey: 'k' })
  const secret: string = made.secret
  for await (const t of c.list('GET /v1/workspaces/{ws}/tokens', { path: { ws: 'acme' }, query: { status: 'active', metadata: ['team=x'] } })) {
    const one: Token = t
    void one.label
  }
  await c.call('GET /v1/whoami')
  await c.call('POST /v1/workspaces/{ws}/tokens/{id}/rotate', { path: { ws: 'acme', id: made.token.id }, ifMatch: 3 })
  await c.verify(secret, { scopes: ['tickets:read'], resource: 'payments' })
  guard(c, { scopes: ['tickets:read'] }, (_request, result) => new Response(result.code))
  // @ts-expect-error there is no such call
  await c.call('GET /v1/nothing')
  // @ts-expect-error the path is missing
  await c.call('POST /v1/workspaces/{ws}/tokens', { body: { label: 'ci' } })
  // @ts-expect-error the body has no such member
  await c.call('POST /v1/workspaces/{ws}/tokens', { path: { ws: 'acme' }, body: { labell: 'ci' } })
  // @ts-expect-error no status is called so
  await c.call('GET /v1/workspaces/{ws}/tokens', { path: { ws: 'acme' }, query: { status: 'gone' } })
}
