package authority

import (
	"context"
	"errors"
	"io"
	"net/url"
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/clock"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

// Options are what an Authority is made of. Store, Keys, Rand, and one of Now and
// Clock are required.
type Options struct {
	Store ledger.Store
	Keys  *token.Keyring
	// Clock is the clock that everything is judged by; nil takes Now at its word.
	Clock *clock.Clock
	Now   func() time.Time
	// Rand is a cryptographic source of randomness.
	Rand io.Reader
	// Fence holds back the answer to what takes power away until every node knows;
	// nil is for a process that has the database alone.
	Fence Fence
	// Runs is the number under which this node does what one does for all, and 0 while
	// another does; nil is for a process that has the database alone.
	Runs func() int64
	// HashPassword turns a password into what is stored of it, or says why it is
	// not acceptable. Nil refuses every password.
	HashPassword func(password string) (string, error)
	// Observers are told of every commit, in order, before it is answered.
	Observers []Observer
	// Usage tells what was done with tokens; nil knows nothing.
	Usage ledger.UsageReader
	// Glance is how long the answer to a change of a token waits for when that was last
	// used, which it then leaves out; 0 is 100 ms.
	Glance time.Duration
	// Forget forgets usage of what is purged and erased; nil has none to forget.
	Forget UsageForgetter
	// Decisions remembers the last ones, for Explain; nil remembers none.
	Decisions ledger.DecisionLog
	// Waited is told how long each change waited for its turn, by its effect
	// ("gives", "takes" or "idle"); nil is nobody.
	Waited func(effect string, d time.Duration)
	// Reckoned is told of each dear grant that was compiled or compared, and whether
	// everybody waited for it; nil is nobody.
	Reckoned func(locked bool)
	// Lacks is told of each question that has no answer since the keyring lacks a key; nil
	// is nobody. It must not wait.
	Lacks func(token.KeyID)
	// Recorded says whether the database was ever used with a key; nil says no.
	Recorded func(context.Context, token.KeyID) (bool, error)
	// UsageSince is since when nothing of usage is missing, zero while nobody knows; nil is that.
	UsageSince func() time.Time
	// Mail says that there is a mail server, so that mails are written for it.
	Mail bool
	// Tell writes what is told to the outside of an event, in the transaction of the
	// event; nil tells nobody.
	Tell func(*Work, *Actor, ledger.Workspace, Event) error
	// CheckWebhookURL says what is wrong with the address of an endpoint besides
	// its form; nil takes every one. Where its name leads is judged at each connect.
	CheckWebhookURL func(*url.URL) error
	// Issuers know the keys of other systems; nil knows none, and trusts nobody.
	Issuers Issuers
}

// Observer learns what a committed batch touched, before the callers of that
// batch are answered. It must not fail and must not call the authority.
type Observer interface {
	Apply(verify.Changes)
}

// Fence knows what the nodes of the database know.
type Fence interface {
	// Await returns once no node decides by anything older than a revision that is
	// committed: it has applied it, or it may not decide at all. It takes a few
	// milliseconds, or at most what a lease is long and a little more. Programs that
	// verify by a node's word are waited for as far as the change concerns what they see.
	Await(revision int64, of ledger.Spaces)
	// Sure answers once what was read at a point is of the history that this node
	// follows, and the error that it is not, or that nobody knows.
	Sure(ctx context.Context, at ledger.Point) error
}

// alone is the fence of whoever has the database alone.
type alone struct{}

func (alone) Await(int64, ledger.Spaces) {}

func (alone) Sure(context.Context, ledger.Point) error { return nil }

// Authority answers the verbs. It is safe for use by many goroutines.
type Authority struct {
	store  ledger.Store
	keys   *token.Keyring
	clock  *clock.Clock
	now    func() time.Time
	rand   io.Reader
	commit *committer
	// given is what the rooms of verbs are lent.
	given    Given
	refusals *Refusals[refusal, refuser]
	// reckon works out what statements come to, for snapshots; preparing holds a place
	// for each mutation that does so before it gets in line again.
	reckon    *reckoner
	preparing chan struct{}
	// glancing holds a place for each look at last uses that runs; glancesFor is
	// Options.Glance.
	glancing   chan struct{}
	glancesFor time.Duration
	// tell is Options.Tell, or tells nobody.
	tell func(*Work, *Actor, ledger.Workspace, Event) error
	// runs is Options.Runs.
	runs func() int64
	// lacks and recorded are those of Options.
	lacks    func(token.KeyID)
	recorded func(context.Context, token.KeyID) (bool, error)
	// ungiven counts what was refused for an unsettled clock.
	ungiven atomic.Uint64
}

// New makes an Authority; it starts nothing.
func New(o Options) *Authority {
	if o.Clock == nil {
		o.Clock = clock.Trusted(o.Now)
	}
	if o.HashPassword == nil {
		o.HashPassword = noPasswords
	}
	if o.Fence == nil {
		o.Fence = alone{}
	}
	if o.Waited == nil {
		o.Waited = func(string, time.Duration) {}
	}
	if o.Reckoned == nil {
		o.Reckoned = func(bool) {}
	}
	if o.Usage == nil {
		o.Usage = nothingUsed{}
	}
	if o.UsageSince == nil {
		o.UsageSince = func() time.Time { return time.Time{} }
	}
	if o.Glance == 0 {
		o.Glance = glanceTime
	}
	if o.Forget == nil {
		o.Forget = nothingUsed{}
	}
	if o.CheckWebhookURL == nil {
		o.CheckWebhookURL = func(*url.URL) error { return nil }
	}
	if o.Issuers == nil {
		o.Issuers = noIssuers{}
	}
	if o.Tell == nil {
		o.Tell = func(*Work, *Actor, ledger.Workspace, Event) error { return nil }
	}
	if o.Lacks == nil {
		o.Lacks = func(token.KeyID) {}
	}
	if o.Recorded == nil {
		o.Recorded = func(context.Context, token.KeyID) (bool, error) { return false, nil }
	}
	if o.Decisions == nil {
		o.Decisions = nothingUsed{}
	}
	return &Authority{
		store: o.Store, keys: o.Keys, clock: o.Clock, now: o.Clock.Now, rand: o.Rand,
		commit: &committer{store: o.Store, now: o.Clock.Now, waited: o.Waited, observers: o.Observers, fence: o.Fence},
		given: Given{
			HashPassword: o.HashPassword, Usage: o.Usage, Decisions: o.Decisions, Forget: o.Forget, Mail: o.Mail, CheckWebhookURL: o.CheckWebhookURL,
			Issuers: o.Issuers, UsageSince: o.UsageSince,
		},
		refusals: refusalsOfCallers(), glancing: make(chan struct{}, glances), glancesFor: o.Glance,
		reckon: &reckoner{kept: &kept{}, told: o.Reckoned}, preparing: make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2)), tell: o.Tell, runs: o.Runs,
		lacks: o.Lacks, recorded: o.Recorded,
	}
}

func noPasswords(string) (string, error) {
	return "", api.FieldError("password", "this server does not take passwords")
}

// Observe adds an observer. It is for composition, before the first verb.
func (a *Authority) Observe(o Observer) { a.commit.observers = append(a.commit.observers, o) }

// Read runs f on a snapshot.
func (a *Authority) Read(ctx context.Context, f func(*Snapshot) error) error {
	return Public(a.store.Read(ctx, func(r ledger.Reader) error {
		rows, _ := asTheyWillBe(r)
		return f(&Snapshot{Reader: rows, Now: a.Judged(), reckon: a.reckon})
	}))
}

// Stored runs f on a snapshot whose rows are as they are stored.
func (a *Authority) Stored(ctx context.Context, f func(*Snapshot) error) error {
	return a.store.Read(ctx, func(r ledger.Reader) error {
		return f(&Snapshot{Reader: r, Now: a.Judged(), reckon: a.reckon})
	})
}

// Presented reads what there is of a token that is presented, as it is stored.
func Presented(ctx context.Context, a *Authority, l token.Locator) (ledger.Presented, error) {
	return a.store.Presented(ctx, l)
}

// Snapshot is what a verb reads: rows as they will be when what was removed is
// rewritten (see [pending]), the one moment at which they are judged, and what works
// out what is compiled and compared on it. It is a mutation's too, which reads what
// mutations before it in its batch changed.
type Snapshot struct {
	ledger.Reader
	Now time.Time
	// reckon is the instance's own, or that of a mutation.
	reckon *reckoner
	met    Met
}

// Met is what a caller asked for and was found, so that a refusal can name it.
type Met struct {
	// Workspace is the one that the caller meant; 0 for none.
	Workspace ledger.ID
	// Token is the one found last in it; the zero one for none.
	Token ledger.Token
}

// Work is one mutation while it is applied: the transaction under the head
// row's lock, the caller, the one moment at which it happens, and what it touched.
type Work struct {
	*Snapshot
	ledger.Writer
	// Rows are as they are stored (see [pending]).
	Rows      ledger.Reader
	Authority *Authority
	Caller    Caller
	touched   ledger.Touched
	// waits says that something that was there before changed, gives that nobody lost by it.
	waits, gives bool
	// made are the rows that began with this mutation.
	made []ledger.ID
	// expected says that what the caller expects was compared; stale is what was not so.
	expected bool
	stale    stale
	// Lacking is what the last brief view of the first token that was shown lacks;
	// nil when none was.
	Lacking *lacking
	// Replaces is the number of the secret that was current when a request to
	// replace it came in; 0 lets any be replaced.
	Replaces int
	// Doubt is why nothing may be given now; nil while the clock is settled.
	Doubt error
}

// Effect is what a mutation may do to somebody's power. What only takes power away
// (revoke, disable, reset, suspend, remove, sign out) goes before what may give it,
// and is never refused because of something that only giving has to wait for.
type Effect uint8

const (
	// Gives may give power, life, reach or speed, or destroys by age; what is not sure is this.
	Gives Effect = iota
	// Takes only ever takes power away.
	Takes
	// whenIdle takes power away too, in pieces of work that was answered already
	// or that nobody waits for: each goes when nothing else waits, and one a second
	// in any case.
	whenIdle
	// Neither gives nor takes: it keeps books, or asks [Work.Give] before it gives.
	// It stands in the line of gives.
	Neither
)

// effects is how many have a line.
const effects = int(whenIdle) + 1

func (e Effect) String() string { return [effects]string{"gives", "takes", "idle"}[e] }

// line is the effect in whose line a mutation waits.
func (e Effect) line() Effect {
	if e == Neither {
		return Gives
	}
	return e
}

// Mutate applies f as one mutation and answers the revision it took. A dry run
// ([ErrUnchanged]) changes nothing and takes none. What the gate refuses is audited.
func (a *Authority) Mutate(ctx context.Context, c Caller, f func(*Work) error) (int64, error) {
	return a.Apply(ctx, Gives, c, f)
}

// Withdraw is mutate for what only takes power away.
func (a *Authority) Withdraw(ctx context.Context, c Caller, f func(*Work) error) (int64, error) {
	return a.Apply(ctx, Takes, c, f)
}

// Piece is withdraw for one piece of long work, of 20 ms and less: what was
// refused from the first small change on is rewritten behind everybody else.
func (a *Authority) Piece(ctx context.Context, c Caller, f func(*Work) error) (int64, error) {
	c.Expected = Expected{} // it was compared by the first small change
	return a.Apply(ctx, whenIdle, c, f)
}

// Apply is Mutate for a change with another effect. It audits a refusal, and refuses
// what the caller expected to be otherwise; see [Caller.Expected].
func (a *Authority) Apply(ctx context.Context, e Effect, c Caller, f func(*Work) error) (int64, error) {
	var met Met
	var was stale
	revision, err := a.commitOne(ctx, e, c, func(w *Work) error {
		err := f(w)
		if err == nil {
			err = w.expectedAll()
		}
		met, was = w.met, w.stale
		return err
	})
	return revision, was.told(ctx, a, c, a.Refused(ctx, c, met, err))
}

// commitOne is apply without a word about refusals. What f finds missing is worked
// out before it gets its next turn (see [reckoner]), so f may run more than once.
func (a *Authority) commitOne(ctx context.Context, e Effect, c Caller, f func(*Work) error) (int64, error) {
	rk := &reckoner{kept: a.reckon.kept, told: a.reckon.told, own: map[Digest]any{}}
	for turns := 1; ; turns++ {
		rk.patient, rk.missing, rk.unread = turns == reckonings, nil, nil
		m := &mutation{ctx: ctx, effect: e.line(), turn: turnOf(c)}
		m.run = func(tx ledger.Tx) error { return a.run(m, rk, e, tx, c, f) }
		err := a.commit.do(m)
		rk.locked = false
		if len(rk.unread) > 0 {
			_ = a.Stored(ctx, func(r *Snapshot) error { return a.refresh(r, rk.unread) })
		}
		if !errors.Is(err, errMissing) {
			return m.revisionOr(err)
		}
		if err := a.prepare(ctx, rk); err != nil {
			return 0, err
		}
	}
}

// run is a mutation under the lock.
func (a *Authority) run(m *mutation, rk *reckoner, e Effect, tx ledger.Tx, c Caller, f func(*Work) error) error {
	rk.locked = true
	rows, p := asTheyWillBe(tx.Reader)
	w := &Work{Snapshot: &Snapshot{Reader: rows, reckon: rk}, Writer: changing(tx.Writer, p), Rows: tx.Reader, Authority: a, Caller: c}
	if err := w.fenced(); err != nil {
		return err
	}
	if err := w.begin(e); err != nil {
		return err
	}
	err := OrDryRun(f(w), c.Rehearse)
	if len(rk.missing) > 0 { // whatever it came to
		return errMissing
	}
	m.touched, m.revision, m.waits = w.touched, tx.Revision(), w.waits && !w.gives || e == Takes
	if err == nil {
		tx.Touch(w.touched)
	}
	return err
}

// NewID is that of a row that begins with this mutation.
func (w *Work) NewID() ledger.ID {
	id := w.Writer.NewID()
	w.made = append(w.made, id)
	return id
}

// known makes the answer wait until every node knows of a row, unless it began with this
// mutation: nobody can hold anything of it that is wrong.
func (w *Work) known(id ledger.ID) { w.waits = w.waits || !slices.Contains(w.made, id) }

// OnlyGives says that nobody loses anything by the mutation, so that its answer does not wait
// until every node knows: what a node remembers is too little for a moment.
func (w *Work) OnlyGives() { w.gives = true }

// TouchToken says that memory of a token is out of date once this is committed. Like
// every Touch but [Work.TouchUsed], it makes the answer wait until every node knows of
// what was there before, but for [Work.OnlyGives].
func (w *Work) TouchToken(t ledger.Token) {
	w.TouchUsed(t)
	w.known(t.ID)
}

// TouchUsed is TouchToken for a token of which nothing was taken, so that nobody has to
// wait until it is known.
func (w *Work) TouchUsed(t ledger.Token) { w.touched.AddToken(t.Workspace, t.Locator) }

// TouchWorkspace is TouchToken for a workspace, and what its names mean.
func (w *Work) TouchWorkspace(id ledger.ID) {
	w.touched.Workspaces = append(w.touched.Workspaces, id)
	w.known(id)
}

// TouchEndpoint is TouchToken for a webhook.
func (w *Work) TouchEndpoint(id ledger.ID) {
	w.touched.Endpoints = append(w.touched.Endpoints, id)
	w.known(id)
}

// TouchAllWorkspaces is TouchWorkspace for every one: the instance changed.
func (w *Work) TouchAllWorkspaces() { w.touched.AllWorkspaces, w.waits = true, true }

// TouchAll is TouchToken for everything.
func (w *Work) TouchAll() { w.touched.All, w.waits = true, true }

// TouchMember is TouchToken for a member of a workspace, and so for the tokens of it.
func (w *Work) TouchMember(m ledger.Member) {
	w.touched.Members, w.touched.Homes = append(w.touched.Members, m.ID), append(w.touched.Homes, m.Workspace)
	w.known(m.ID)
}

// TouchServiceAccount is TouchMember for a service account.
func (w *Work) TouchServiceAccount(s ledger.ServiceAccount) {
	w.touched.ServiceAccounts, w.touched.Homes = append(w.touched.ServiceAccounts, s.ID), append(w.touched.Homes, s.Workspace)
	w.known(s.ID)
}

// TouchPortal is TouchMember for a workspace as the owner of tokens.
func (w *Work) TouchPortal(id ledger.ID) {
	w.touched.Portals = append(w.touched.Portals, id)
	w.known(id)
}

// Sure is [Fence.Sure].
func (a *Authority) Sure(ctx context.Context, at ledger.Point) error {
	return a.commit.fence.Sure(ctx, at)
}

// Ping answers whether the database can be read.
func (a *Authority) Ping(ctx context.Context) error { return Public(a.store.Ping(ctx)) }

// Revision answers the revision of now.
func (a *Authority) Revision(ctx context.Context) (int64, error) {
	var n int64
	err := a.Read(ctx, func(r *Snapshot) error {
		n = r.Revision()
		return nil
	})
	return n, err
}

// Prefixes are the token prefixes of this instance, the current one first.
func (a *Authority) Prefixes(ctx context.Context) ([]token.Prefix, error) {
	var ps []token.Prefix
	err := a.Read(ctx, func(r *Snapshot) error {
		in, err := r.Instance()
		ps = in.Prefixes
		return err
	})
	return ps, err
}
