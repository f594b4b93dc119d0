package client

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/subtle"
	"encoding/binary"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/grant"
)

const (
	// Memory is a table of sets, of one size: 65,536 tokens. What is new takes the place of
	// another of its set.
	memorySets, memoryWays = 1 << 13, 8
)

// tokenKey is what a token string is remembered under: a code under the replica's own key. No
// other string has it, but for one chance in 2^128; and it is too short for the string to be
// read from it, also by somebody who reads the key in the same memory.
type tokenKey [aes.BlockSize]byte

// scratch is where one goroutine works out a key.
type scratch struct{ sum, block tokenKey }

// keyOf is the CBC-MAC of the string behind its length, which no other string begins with: a
// fifth of the time of a SHA-256. No string is longer than a token may be.
func (s *scratch) keyOf(c cipher.Block, tok string) *tokenKey {
	s.sum = tokenKey{}
	binary.LittleEndian.PutUint64(s.sum[:], uint64(len(tok)))
	c.Encrypt(s.sum[:], s.sum[:])
	for len(tok) > 0 {
		n := copy(s.block[:], tok)
		clear(s.block[n:])
		tok = tok[n:]
		subtle.XORBytes(s.sum[:], s.sum[:], s.block[:])
		c.Encrypt(s.sum[:], s.sum[:])
	}
	return &s.sum
}

// memory is what the server allowed. Reading takes no lock.
type memory struct {
	code cipher.Block
	sets [memorySets][memoryWays]atomic.Pointer[record]

	mu sync.Mutex // guards what follows, and writing to sets
	// applied is the count up to which everything was forgotten that had to be.
	applied int64
	// named are records by the names of their token, owner and workspace.
	named map[string]map[*record]struct{}
	live  int
	turn  int // whose place in a full set is taken next

	uses  sync.Mutex // guards what follows
	begun []*uses    // that were begun since uses were told last
}

func (m *memory) set(k *tokenKey) *[memoryWays]atomic.Pointer[record] {
	return &m.sets[binary.LittleEndian.Uint64(k[:])%memorySets]
}

func (m *memory) find(k *tokenKey) *record {
	set := m.set(k)
	for i := range set {
		if rec := set[i].Load(); rec != nil && rec.key == *k {
			return rec
		}
	}
	return nil
}

// put remembers what was decided at a count, unless something was forgotten since that may
// not be in it.
func (m *memory) put(rec *record, count int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if count < m.applied {
		return
	}
	if old := m.find(&rec.key); old != nil {
		m.drop(old)
	}
	set := m.set(&rec.key)
	at := 0
	for at < memoryWays && set[at].Load() != nil {
		at++
	}
	if at == memoryWays {
		m.turn = (m.turn + 1) % memoryWays
		at = m.turn
		m.drop(set[at].Load())
	}
	if m.named == nil {
		m.named = map[string]map[*record]struct{}{}
	}
	for _, name := range rec.names {
		if m.named[name] == nil {
			m.named[name] = map[*record]struct{}{}
		}
		m.named[name][rec] = struct{}{}
	}
	m.live++
	set[at].Store(rec)
}

// drop forgets a record that is remembered.
func (m *memory) drop(rec *record) {
	set := m.set(&rec.key)
	for i := range set {
		if set[i].Load() == rec {
			set[i].Store(nil)
		}
	}
	for _, name := range rec.names {
		delete(m.named[name], rec)
		if len(m.named[name]) == 0 {
			delete(m.named, name)
		}
	}
	m.live--
}

// forget forgets what has one of the names, and notes up to which count that is.
func (m *memory) forget(names []string, count int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.applied = count
	for _, name := range names {
		for rec := range m.named[name] {
			m.drop(rec)
		}
	}
}

func (m *memory) forgetAll() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range m.sets {
		for j := range m.sets[i] {
			m.sets[i][j].Store(nil)
		}
	}
	m.named, m.live = nil, 0
}

func (m *memory) kept() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.live
}

// record is what is known of one token string. Everything but its uses is only read.
type record struct {
	key    tokenKey
	names  []string
	result api.VerifyResult
	grant  grant.Grant
	// uniform says that every scope is held on all of the resources.
	uniform  bool
	namesAny bool
	// ends is when it has to be asked about again, as moment.ran.
	ends int64
	// use names the secret for the server; uses is what was done with it lately.
	use  string
	uses atomic.Pointer[uses]
}

// recordOf is nil for what names nothing.
func recordOf(key tokenKey, begun moment, out *api.ReplicaResult) *record {
	k := out.Keep
	names := []string{k.Token, k.Owner, k.Workspace}
	if slices.Contains(names, "") || k.LastsMS <= 0 {
		return nil
	}
	sts := make([]grant.Statement, len(k.Grants))
	for i, s := range k.Grants {
		sts[i] = grant.Statement{Scopes: s.Scopes, Resources: s.Resources}
	}
	rec := &record{
		key: key, names: names, result: out.Result, grant: (*grant.Book)(nil).Compile(sts), uniform: len(sts) <= 1,
		namesAny: k.NamesAny, ends: begun.ran + int64(time.Duration(k.LastsMS)*time.Millisecond), use: k.Use,
	}
	rec.result.RequestID = ""
	rec.result.Resources = rec.grant.Resources()
	return rec
}

// allows says that the server would allow this.
func (rec *record) allows(q *api.VerifyRequest) bool {
	if q.Workspace != "" && q.Workspace != rec.result.Workspace && !rec.external(q.Workspace) {
		return false
	}
	if q.Resource != "" && !grant.ValidResource(q.Resource) || len(q.Scopes) > 100 {
		return false // the server says what is wrong with it
	}
	return rec.grant.Judge(q.Scopes, q.Resource, rec.namesAny) == grant.Granted
}

func (rec *record) external(ref string) bool {
	id := rec.result.WorkspaceExternalID
	return id != nil && strings.HasPrefix(ref, "ext:") && ref[len("ext:"):] == *id
}

// answer is what the server would answer.
func (rec *record) answer(q *api.VerifyRequest) api.VerifyResult {
	v := rec.result
	if len(q.Scopes) > 0 && !rec.uniform {
		v.Resources = rec.grant.Resources(q.Scopes...)
	}
	return v
}
