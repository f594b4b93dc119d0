package verify_test

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/tokenry/tokenry/internal/foreign"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

// crowd is a source of a million tokens, made when they are asked for: ten
// tokens an owner, a hundred owners a workspace.
type crowd struct {
	keys    *token.Keyring
	secrets []string
	book    grant.Book
}

// endless is deterministic randomness for secrets.
type endless struct{ *rand.ChaCha8 }

func newCrowd(b testing.TB, keys *token.Keyring, n int) *crowd {
	b.Helper()
	c := &crowd{keys: keys, secrets: make([]string, n), book: builtInBook()}
	random := endless{rand.NewChaCha8([32]byte{1})}
	for i := range c.secrets {
		s, err := token.Mint(random, token.DefaultPrefix, token.Personal, locatorOf(i))
		must(b, err)
		c.secrets[i] = s.Reveal()
	}
	return c
}

const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

func locatorOf(i int) token.Locator {
	l := token.Locator([]byte("000000000000"))
	for at := len(l) - 1; i > 0; at-- {
		l[at] = digits[i%len(digits)]
		i /= len(digits)
	}
	return l
}

func numberOf(l token.Locator) int {
	n := 0
	for _, c := range l {
		for d := range digits {
			if digits[d] == c {
				n = n*len(digits) + d
			}
		}
	}
	return n
}

func (c *crowd) VerifyToken(_ context.Context, l token.Locator) (verify.Token, int64, error) {
	i := numberOf(l)
	digest, key := c.keys.Digest(c.secrets[i])
	return verify.Token{
		Locator: l, Prefix: token.DefaultPrefix, Kind: token.Personal, Workspace: int64(1 + i/1000),
		Owner: verify.OwnerKey{Type: verify.OwnerMember, ID: int64(1 + i/10)}, Label: "deploy from the laptop",
		Secrets: []verify.Secret{{Digest: digest, Key: key, Number: 1}},
	}, 1, nil
}

func (c *crowd) VerifyOwner(_ context.Context, k verify.OwnerKey) (verify.Owner, int64, error) {
	return verify.Owner{
		Key: k, Workspace: 1 + (k.ID-1)/100, PublicID: "u_0123456789", Address: "somebody@example.com", Name: "Some Body",
		Active: true, Statements: []grant.Statement{{Role: "Team Member", Resources: []string{"*"}}},
	}, 1, nil
}

func (c *crowd) VerifyDerived(context.Context, token.Locator, string) (token.Digest, error) {
	return token.Digest{}, verify.ErrNotFound
}

func (c *crowd) VerifyFormats(context.Context) ([]*foreign.Format, int64, error) { return nil, 1, nil }

func (c *crowd) VerifyWorkspace(_ context.Context, id int64) (verify.Workspace, int64, error) {
	return verify.Workspace{ID: id, Slug: string(binary.AppendUvarint([]byte("ws"), uint64(id))), Book: c.book}, 1, nil
}

// BenchmarkVerifyMillion asks for random ones of a million tokens in memory.
func BenchmarkVerifyMillion(b *testing.B) {
	const n = 1_000_000
	o := open(b, verify.Config{})
	c := newCrowd(b, o.keys, n)
	before := heap()
	e := verify.New(c, o.keys, verify.Config{})
	var d verify.Decision
	for _, s := range c.secrets {
		must(b, e.Verify(context.Background(), &verify.Request{Token: s}, &d))
	}
	perToken, stats := float64(heap()-before)/n, e.Stats()
	b.Run("parallel", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			random := rand.New(rand.NewPCG(1, 2))
			req := verify.Request{Scopes: []string{"tickets:write"}, Resource: "payments", Cost: 1}
			var d verify.Decision
			for pb.Next() {
				req.Token = c.secrets[random.IntN(n)]
				if err := e.Verify(context.Background(), &req, &d); err != nil || !d.Allowed() {
					b.Error(err, d.Code)
				}
			}
		})
		b.ReportMetric(perToken, "heap-B/token")
		b.ReportMetric(float64(stats.Bytes)/n, "stats-B/token")
	})
	runtime.KeepAlive(e)
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkVerify is one token again and again: what the work costs when no
// memory has to be waited for.
func BenchmarkVerify(b *testing.B) {
	o := open(b, verify.Config{})
	_, secret := o.issue(nil)
	_, limited := o.issue(limit(1_000_000_000, 1))
	for _, bb := range []struct {
		what string
		req  verify.Request
	}{
		{"hit", scoped(secret, "payments", "tickets:write")},
		{"limited", bearer(limited)},
		{"wrong secret", bearer(corrupt(b, secret))},
		{"unknown", bearer(newCrowd(b, o.keys, 1).secrets[0])},
		{"malformed", bearer("nothing")},
		{"derived", scoped(o.derive(secret, token.Terms{Scopes: []string{"tickets:*"}}), "payments", "tickets:write")},
	} {
		b.Run(bb.what, func(b *testing.B) {
			b.ReportAllocs()
			var d verify.Decision
			for b.Loop() {
				must(b, o.Verify(context.Background(), &bb.req, &d))
			}
		})
	}
}
