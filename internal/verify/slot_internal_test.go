package verify

import (
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/token"
)

// This test is inside the package because it aims at one slot and at the numbers
// in it: the engine would take hours to meet the races that are forced here.

// Writers put two tokens into the same slot in turn, with the same numbers for
// different shared records. A reader finds a token whole or not at all.
func TestASlotIsReadWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	const rounds = 20_000
	m := newMemory(1, 1<<20)
	var rows [2]Token
	for i := range rows {
		rows[i] = row(i)
	}
	var readers sync.WaitGroup
	var done atomic.Bool
	var found atomic.Int64
	for r := range 2 {
		readers.Go(func() {
			for !done.Load() {
				var k known
				if m.find(rows[r].Locator, &k) {
					found.Add(1)
					checkWhole(t, &rows[r], &k)
				}
			}
		})
	}
	var mu sync.Mutex // the engine's
	for i := 0; i < rounds || found.Load() == 0; i++ {
		if i >= rounds {
			runtime.Gosched() // no reader has had a turn yet
		}
		mu.Lock()
		m.drop(rows[i%2].Locator)
		m.put(&rows[1-i%2])
		mu.Unlock()
	}
	done.Store(true)
	readers.Wait()
	if m.live() != 1 {
		t.Errorf("%d tokens live", m.live())
	}
}

// row differs from other rows in every word of its slot.
func row(i int) Token {
	var digest token.Digest
	for j := range digest {
		digest[j] = byte(i)
	}
	text := strconv.Itoa(i)
	return Token{
		Locator: token.Locator([]byte(text + text + text + text + "00000000")), Workspace: int64(i),
		Owner: OwnerKey{OwnerMember, int64(i)}, Label: "label of thirty-two bytes, exact" + text,
		Secrets:    []Secret{{Digest: digest, Key: token.KeyID(i), Number: i}},
		Statements: []grant.Statement{{Role: text}}, Metadata: []byte(text),
	}
}

func checkWhole(t *testing.T, row *Token, k *known) {
	t.Helper()
	if k.locator != row.Locator || k.digest != row.Secrets[0].Digest || int(k.number) != row.Secrets[0].Number {
		t.Errorf("the slot of %s is torn: %+v", row.Locator, k.record)
	}
	if k.shared == nil || k.shared.key.space.id != row.Workspace || k.shared.key.terms.list[0].Role != row.Statements[0].Role {
		t.Errorf("token %s was led to another cell", row.Locator)
	}
	if k.more == nil || string(k.more.metadata) != string(row.Metadata) || k.more.label != row.Label {
		t.Errorf("token %s was led to the extra record of another", row.Locator)
	}
}

// A table that is written while it is read loses nobody who stays.
func TestTheIndexKeepsWhoStays(t *testing.T) {
	t.Parallel()
	var ix index
	hash := func(i uint32) uint64 { return uint64(i%7)<<20 | uint64(i)<<40 } // one part, long chains
	const stay, come = 64, 64
	for i := range uint32(stay) {
		ix.insert(hash(i), i)
	}
	var readers sync.WaitGroup
	var done atomic.Bool
	for range 2 {
		readers.Go(func() {
			for i := uint32(0); !done.Load(); i = (i + 1) % stay {
				if !has(&ix, hash(i), i) {
					t.Errorf("entry %d is lost", i)
				}
			}
		})
	}
	for round := range 300 {
		for i := range uint32(come) {
			ix.insert(hash(stay+i), stay+i)
		}
		for i := range uint32(come) {
			n := stay + (i*37+uint32(round))%come
			ix.remove(hash(n), n)
		}
	}
	done.Store(true)
	readers.Wait()
	p := ix.part(hash(0))
	if p.live != stay || p.live+p.dead > len(p.table.Load().entries) || ix.bytes > 8*512 {
		t.Errorf("%d live, %d dead in %d bytes", p.live, p.dead, ix.bytes)
	}
}

func has(ix *index, hash uint64, slot uint32) bool {
	c := ix.find(hash)
	for n, ok := c.next(); ok; n, ok = c.next() {
		if n == slot {
			return true
		}
	}
	return false
}
