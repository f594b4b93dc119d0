package usage

import (
	"net/netip"
	"strings"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// bounds are how many entries a table has of each kind.
type bounds struct {
	// last, hours and scopes bound tokens, outcomes and scopes of all tokens.
	last, hours, scopes, reuses int
	// activity bounds what is told apart, and rest as many again for days' rests.
	activity int
	// activityEach and scopesEach bound one token's.
	activityEach, scopesEach int
}

// times grows the bounds, for the table that others are merged into.
func (b bounds) times(n int) bounds {
	b.last, b.hours, b.scopes, b.reuses, b.activity = n*b.last, n*b.hours, n*b.scopes, n*b.reuses, n*b.activity
	return b
}

// table sums uses up. Its methods count what they could not keep apart, or not
// at all, in lost.
type table struct {
	bounds
	byLast     map[lastKey]*lastUse
	byHour     map[hourKey]*int64
	byScope    map[scopeKey]*span
	byActivity map[activityKey]*span
	byReuse    map[reuseKey]*reuse
	// rests counts the entries of byActivity that are days' rests.
	rests int
	quota map[token.Locator]quota
	lost  lost
	// memos are where the last use of each token was counted.
	memos map[token.Locator]*memo
}

// memo spares a use that is like the one before looking for its entries anew: nearly
// all are. Such uses are counted in it alone until they are settled, so that each touches
// little memory. It holds for as long as the table is not emptied.
type memo struct {
	workspace, hour int64
	addr            netip.Addr
	// text is agent, method, path and scope, one behind the other, and the lengths of the first three; no scope is none.
	text                 string
	agent, method, path  uint8
	secret               int
	first, latest, count int64 // in µs, of what is not settled
	hours                *int64
	activity, exercised  *span
	last                 *lastUse
}

// like says whether a use belongs where the one before was counted.
func (m *memo) like(u *Use, hour int64) bool {
	own := m.texts()
	return m.hour == hour && m.workspace == u.Workspace && u.Code == api.CodeOK && m.secret == u.Secret && m.addr == u.Addr &&
		own.agent == u.Agent && own.path == u.Path && own.method == u.Method &&
		(len(u.Scopes) == 0 && own.scope == "" || len(u.Scopes) == 1 && u.Scopes[0] == own.scope)
}

type texts struct{ agent, method, path, scope string }

func (m *memo) texts() texts {
	a, b, c := int(m.agent), int(m.agent)+int(m.method), int(m.agent)+int(m.method)+int(m.path)
	return texts{m.text[:a], m.text[a:b], m.text[b:c], m.text[c:]}
}

// add counts one more, or as many as came at once.
func (m *memo) add(at, count int64) {
	if m.count == 0 {
		m.first, m.latest = at, at
	}
	m.first, m.latest, m.count = min(m.first, at), max(m.latest, at), m.count+count
}

// settle counts where it belongs what was counted here.
func (m *memo) settle() {
	if m.count == 0 {
		return
	}
	s := span{first: m.first, last: m.latest, count: m.count}
	*m.hours += s.count
	m.activity.add(s)
	if m.exercised != nil {
		m.exercised.add(s)
	}
	m.last.use(m.workspace, s.last, m.addr, m.text[:m.agent])
	m.count = 0
}

// lost counts what was not kept as it was.
type lost struct{ coalesced, dropped uint64 }

// quota is how many entries one token has, so that a busy one does not take the room
// of all others.
type quota struct{ activity, scopes int32 }

// lastKey is one secret of a token, by its number: a rotation shows which one is
// still in use.
type lastKey struct {
	token  token.Locator
	secret int
}

// lastUse is the latest use by its own time, in whatever order uses arrive. at is in
// µs since 1970.
type lastUse struct {
	workspace int64
	at        int64
	addr      netip.Addr
	agent     text200
}

// hourKey is an hour by its beginning, in µs since 1970. Without a token it counts
// for the workspace alone.
type hourKey struct {
	workspace int64
	token     token.Locator
	hour      int64
	code      api.Code
}

// scopeKey is a scope that a token was used for.
type scopeKey struct {
	token token.Locator
	scope string
}

// activityKey is a day by its beginning, in µs since 1970, UTC, and how a token was
// used on it. The rest of a day has only token, day and code.
type activityKey struct {
	token               token.Locator
	day                 int64
	addr                netip.Addr
	agent, method, path string
	code                api.Code
	rest                bool
}

// reuseKey is an hour in which a retired secret was presented, by its beginning in µs.
type reuseKey struct {
	token  token.Locator
	secret int
	hour   int64
}

// span is when something was first and last done, and how often; in µs.
type span struct {
	workspace, first, last, count int64
}

func (s *span) add(o span) {
	s.first, s.last, s.count = min(s.first, o.first), max(s.last, o.last), s.count+o.count
}

// reuse has the address of the latest of its uses.
type reuse struct {
	span
	addr netip.Addr
}

// text200 is a text of its own of at most 200 bytes.
type text200 struct {
	n uint8
	b [maxAgent]byte
}

func (t *text200) set(s string) { t.n = uint8(copy(t.b[:], s)) }

func (t *text200) String() string { return string(t.b[:t.n]) }

func newTable(b bounds) *table {
	return &table{
		bounds: b, byLast: map[lastKey]*lastUse{}, byHour: map[hourKey]*int64{}, byScope: map[scopeKey]*span{},
		byActivity: map[activityKey]*span{}, byReuse: map[reuseKey]*reuse{}, quota: map[token.Locator]quota{},
		memos: map[token.Locator]*memo{},
	}
}

// empty says whether there is nothing to write.
func (t *table) empty() bool {
	return len(t.byHour)+len(t.byLast)+len(t.byScope)+len(t.byActivity)+len(t.byReuse) == 0
}

// crowded says whether it is time to write, before there is no room.
func (t *table) crowded() bool {
	return len(t.byHour) > t.hours/2 || len(t.byLast) > t.last/2 || len(t.byActivity) > t.activity/2 || len(t.byScope) > t.scopes/2
}

// record adds one use.
func (t *table) record(u *Use) {
	at := u.At.UnixMicro()
	hour := at - at%int64(time.Hour/time.Microsecond)
	day := at - at%int64(24*time.Hour/time.Microsecond)
	if !u.Matched {
		// Whoever does not know a secret must not make rows by its locator.
		t.addHour(hourKey{workspace: u.Workspace, hour: hour, code: u.Code}, 1+u.More)
		return
	}
	if m := t.memos[u.Token]; m != nil && m.like(u, hour) {
		m.add(at, 1+u.More)
		return
	}
	once := span{workspace: u.Workspace, first: at, last: at, count: 1 + u.More}
	t.addHour(hourKey{u.Workspace, u.Token, hour, u.Code}, 1+u.More)
	done := activityKey{token: u.Token, day: day, addr: u.Addr, agent: u.Agent, method: u.Method, path: u.Path, code: u.Code}
	t.addActivity(done, once)
	switch u.Code {
	case api.CodeRetired:
		t.addReuse(reuseKey{u.Token, u.Secret, hour}, reuse{once, u.Addr})
	case api.CodeOK:
		t.addLast(lastKey{u.Token, u.Secret}, u.Workspace, at, u.Addr, u.Agent)
		for _, s := range u.Scopes[:min(len(u.Scopes), maxScopes)] {
			if len(s) <= maxScope && plain(s) {
				t.addScope(scopeKey{u.Token, s}, once)
			}
		}
		t.remember(u, hour, done)
	default: // a refusal is no use
	}
}

// remember notes where a use was counted, if each of its facts has an entry of its own
// and a use like it is counted in no other place.
func (t *table) remember(u *Use, hour int64, done activityKey) {
	if len(u.Scopes) > 1 || len(u.Scopes) == 1 && (u.Scopes[0] == "" || len(u.Scopes[0]) > maxScope) {
		return
	}
	m := &memo{
		workspace: u.Workspace, hour: hour, addr: u.Addr, secret: u.Secret,
		agent: uint8(len(u.Agent)), method: uint8(len(u.Method)), path: uint8(len(u.Path)),
		hours: t.byHour[hourKey{u.Workspace, u.Token, hour, u.Code}], activity: t.byActivity[done], last: t.byLast[lastKey{u.Token, u.Secret}],
	}
	m.text = strings.Join(append([]string{u.Agent, u.Method, u.Path}, u.Scopes...), "")
	if len(u.Scopes) == 1 {
		if m.exercised = t.byScope[scopeKey{u.Token, u.Scopes[0]}]; m.exercised == nil {
			return
		}
	}
	if m.hours == nil || m.last == nil || m.activity == nil {
		return
	}
	if was := t.memos[u.Token]; was != nil {
		was.settle()
	}
	t.memos[u.Token] = m
}

// settle counts where it belongs what memos have counted.
func (t *table) settle() {
	for _, m := range t.memos {
		m.settle()
	}
}

// addLast keeps the latest use; of two in the same µs, one of them.
func (t *table) addLast(k lastKey, workspace, at int64, addr netip.Addr, agent string) {
	e, ok := t.byLast[k]
	if !ok {
		if len(t.byLast) >= t.last {
			t.lost.dropped++
			return
		}
		e = &lastUse{at: at - 1}
		t.byLast[k] = e
	}
	e.use(workspace, at, addr, agent)
}

func (e *lastUse) use(workspace, at int64, addr netip.Addr, agent string) {
	if at > e.at {
		e.workspace, e.at, e.addr = workspace, at, addr
		e.agent.set(agent)
	}
}

// addHour counts for the workspace alone where there is no room for the token.
func (t *table) addHour(k hourKey, n int64) {
	if t.countHour(k, n, t.hours) {
		return
	}
	k.token = token.Locator{}
	if t.countHour(k, n, 2*t.hours) {
		t.lost.coalesced += uint64(n)
		return
	}
	t.lost.dropped += uint64(n)
}

// countHour is false where there would be more hours than the bound.
func (t *table) countHour(k hourKey, n int64, bound int) bool {
	if have := t.byHour[k]; have != nil {
		*have += n
		return true
	}
	if len(t.byHour) >= bound {
		return false
	}
	t.byHour[k] = new(n)
	return true
}

// addScope copies the text, so that an entry does not hold on to the request that it
// came with.
func (t *table) addScope(k scopeKey, s span) {
	if e, ok := t.byScope[k]; ok {
		e.add(s)
		return
	}
	q := t.quota[k.token]
	if len(t.byScope) >= t.scopes || int(q.scopes) >= t.scopesEach {
		t.lost.dropped++
		return
	}
	q.scopes++
	t.quota[k.token] = q
	k.scope = strings.Clone(k.scope)
	t.byScope[k] = new(s)
}

// addActivity counts for the rest of the day where there is no room.
func (t *table) addActivity(k activityKey, s span) {
	if e, ok := t.byActivity[k]; ok {
		e.add(s)
		return
	}
	if !k.rest {
		q := t.quota[k.token]
		if len(t.byActivity)-t.rests < t.activity && int(q.activity) < t.activityEach {
			q.activity++
			t.quota[k.token] = q
			k.agent, k.method, k.path = strings.Clone(k.agent), strings.Clone(k.method), strings.Clone(k.path)
			t.byActivity[k] = new(s)
			return
		}
		t.lost.coalesced += uint64(s.count)
		t.addActivity(activityKey{token: k.token, day: k.day, code: k.code, rest: true}, s)
		return
	}
	if t.rests >= t.activity {
		t.lost.dropped += uint64(s.count)
		return
	}
	t.rests++
	t.byActivity[k] = new(s)
}

// addReuse drops what is of a new hour where there is no room, and counts what is of
// one that is there.
func (t *table) addReuse(k reuseKey, r reuse) {
	e, ok := t.byReuse[k]
	switch {
	case !ok && len(t.byReuse) >= t.reuses:
		t.lost.dropped += uint64(r.count)
	case !ok:
		t.byReuse[k] = new(r)
	default:
		if r.last >= e.last {
			e.addr = r.addr
		}
		e.add(r.span)
	}
}

// merge adds everything of another table.
func (t *table) merge(o *table) {
	o.settle()
	for k, e := range o.byLast {
		t.addLast(k, e.workspace, e.at, e.addr, e.agent.String())
	}
	for k, n := range o.byHour {
		t.addHour(k, *n)
	}
	for k, e := range o.byScope {
		t.addScope(k, *e)
	}
	for k, e := range o.byActivity {
		t.addActivity(k, *e)
	}
	for k, e := range o.byReuse {
		t.addReuse(k, *e)
	}
	t.lost.coalesced += o.lost.coalesced
	t.lost.dropped += o.lost.dropped
}

// reset empties the table and keeps its room.
func (t *table) reset() {
	clear(t.byLast)
	clear(t.byHour)
	clear(t.byScope)
	clear(t.byActivity)
	clear(t.byReuse)
	clear(t.quota)
	clear(t.memos)
	t.rests, t.lost = 0, lost{}
}

func micros(n int64) time.Time { return time.UnixMicro(n).UTC() }

// batch is a table that others were merged into, as the store takes it.
func (t *table) batch() ledger.UsageBatch {
	var b ledger.UsageBatch
	for k, e := range t.byLast {
		b.Last = append(b.Last, ledger.LastUse{
			Workspace: e.workspace, Token: k.token, Secret: k.secret, At: micros(e.at), Addr: e.addr, Agent: e.agent.String(),
		})
	}
	for k, n := range t.byHour {
		b.Hours = append(b.Hours, ledger.HourCount{Workspace: k.workspace, Token: k.token, Hour: micros(k.hour), Code: k.code, Count: *n})
	}
	for k, e := range t.byScope {
		b.Scopes = append(b.Scopes, ledger.ScopeUse{
			Workspace: e.workspace, Token: k.token, Scope: k.scope, First: micros(e.first), Last: micros(e.last), Count: e.count,
		})
	}
	for k, e := range t.byActivity {
		b.Activity = append(b.Activity, ledger.Activity{
			Workspace: e.workspace, Token: k.token, Day: micros(k.day), Addr: k.addr, Agent: k.agent, Method: k.method,
			Path: k.path, Outcome: k.code, Rest: k.rest, First: micros(e.first), Last: micros(e.last), Count: e.count,
		})
	}
	for k, e := range t.byReuse {
		b.Reuses = append(b.Reuses, ledger.Reuse{
			Workspace: e.workspace, Token: k.token, Secret: k.secret, Hour: micros(k.hour), First: micros(e.first),
			Last: micros(e.last), Addr: e.addr, Count: e.count,
		})
	}
	return b
}
