package notify

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/outbox"
	"github.com/tokenry/tokenry/internal/verify"
)

const (
	// healthy and failing are how many endpoints are posted to at the same time: those
	// that took what they were sent before, and those that did not, whose time-outs
	// keep no other waiting.
	healthy, failing = 128, 64
	// claimAtOnce is how many endpoints of either kind one claim takes at the most,
	// which bounds what it does under the lock.
	claimAtOnce = 8
	// postBatch is how many deliveries of one endpoint one claim takes.
	postBatch = 5
	// letterBatch is how many mails one claim takes.
	letterBatch = 8
	// lease is longer than the slowest batch: postBatch answers of one endpoint at
	// their slowest, or one mail server that does not and then refuses the rest.
	lease = 5 * time.Minute
	// longestWait bounds how late something is noticed that nobody woke us for.
	longestWait = time.Minute
	// shortestWait keeps a database that fails from being asked without a pause.
	shortestWait = time.Second
	// looksApart is from one look to the next: a change is no reason to look that costs more
	// than the change, where there are a hundred a second.
	looksApart = 250 * time.Millisecond
	// forgetEvery is how often what was settled long ago is deleted.
	forgetEvery = 24 * time.Hour
)

// Authority is what notify needs of the rules.
type Authority interface {
	ClaimPosts(ctx context.Context, c ledger.PostClaim, lease time.Duration) ([]outbox.Post, error)
	StillDue(ctx context.Context, p outbox.Post) (bool, error)
	SettlePost(ctx context.Context, p outbox.Post, o outbox.Outcome) error
	ClaimLetters(ctx context.Context, c outbox.LetterClaim, lease time.Duration) ([]outbox.Letter, error)
	SettleLetter(ctx context.Context, l outbox.Letter, s outbox.Sent) error
	NoticeExpiring(ctx context.Context, now time.Time) (int, error)
	NextNotification(ctx context.Context) (time.Time, error)
	ForgetNotifications(ctx context.Context) error
}

var _ Authority = (*office.Office)(nil)

// Options are what a Service is made of. Authority, Now, Rand and BaseURL are
// required.
type Options struct {
	Authority Authority
	// Mailer hands mails on; nil sends none.
	Mailer Mailer
	// Egress says where webhooks may be posted.
	Egress Egress
	Now    func() time.Time
	// Rand is for the jitter of retries.
	Rand io.Reader
	// BaseURL begins the links in mails.
	BaseURL string
	// Product is the name in mails; empty is Tokenry. LogoURL is a picture above
	// it, http or https; empty shows none.
	Product, LogoURL string
	// Logger is told what failed; nil is silence.
	Logger *slog.Logger
	// Observe is told of every attempt: "webhook" or "mail", and how it ended
	// ("ok", "retry", "failed"); nil is nobody.
	Observe func(what, outcome string)
}

// Service sends what is due. It may be used by many goroutines.
type Service struct {
	o      Options
	client *http.Client
	// wakePosts and wakeLetters hold at most one call each.
	wakePosts, wakeLetters chan struct{}
	posts                  posts
	// posting counts the batches that Run has under way.
	posting sync.WaitGroup

	// run is held while notices are written: their mails are claimed when all are
	// there, so that one person's are one mail.
	run sync.RWMutex

	mu sync.Mutex // guards lettersAfter and forgottenAt
	// lettersAfter is when a mail server that could not be reached is tried again.
	lettersAfter time.Time
	forgottenAt  time.Time
}

// New makes a Service; it starts nothing.
func New(o Options) (*Service, error) {
	for _, address := range []string{o.BaseURL, o.LogoURL} {
		u, err := url.Parse(address)
		if address != "" && (err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http") {
			return nil, errors.New("notify: the base URL and the logo's begin with http:// or https:// and name a host")
		}
	}
	if o.BaseURL == "" {
		return nil, errors.New("notify: mails need the base URL for their links")
	}
	if o.Product == "" {
		o.Product = "Tokenry"
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Observe == nil {
		o.Observe = func(string, string) {}
	}
	return &Service{
		o: o, client: o.Egress.Client(postTimeout), posts: posts{healthy: healthy, failing: failing, flights: map[int64]*flight{}},
		wakePosts: make(chan struct{}, 1), wakeLetters: make(chan struct{}, 1),
	}, nil
}

// Wake says that there may be something to send. It never blocks.
func (s *Service) Wake() {
	for _, c := range []chan struct{}{s.wakePosts, s.wakeLetters} {
		select {
		case c <- struct{}{}:
		default: // somebody called already
		}
	}
}

// Apply is [authority.Observer]: a commit may have ended what is under way, which it
// waits for, or written something to send.
func (s *Service) Apply(c verify.Changes) {
	s.cutOff(c)
	s.Wake()
}

// Run sends what is due and notices what expires until ctx ends. Then it claims
// nothing more and returns when what is under way has ended, which the timeouts
// of webhooks and mails bound.
func (s *Service) Run(ctx context.Context) error {
	var loops sync.WaitGroup
	loops.Go(func() { s.loop(ctx, s.wakePosts, s.post) })
	loops.Go(func() { s.loop(ctx, s.wakeLetters, s.sendLetters) })
	loops.Go(func() { s.loop(ctx, nil, func(ctx context.Context) error { return s.Tick(ctx, s.o.Now()) }) })
	loops.Wait()
	s.posting.Wait()
	return nil
}

// loop does its work whenever it is woken or something is due: at once, and then not again
// before looksApart is over.
func (s *Service) loop(ctx context.Context, wake <-chan struct{}, work func(context.Context) error) {
	for ctx.Err() == nil {
		apart, over := context.WithTimeout(ctx, looksApart)
		if err := work(ctx); err != nil && ctx.Err() == nil {
			s.o.Logger.Error("notifications cannot be read or written", "error", err)
		}
		s.wait(ctx, wake)
		<-apart.Done()
		over()
	}
}

// wait returns when it is woken, when something is due, or when ctx ends.
func (s *Service) wait(ctx context.Context, wake <-chan struct{}) {
	d := longestWait
	if wake != nil {
		if at, err := s.o.Authority.NextNotification(ctx); err == nil && !at.IsZero() {
			d = min(max(at.Sub(s.o.Now()), shortestWait), longestWait)
		}
	}
	pause, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	select {
	case <-pause.Done():
	case <-wake:
	}
}

// Tick writes the notices of what expires, and now and then deletes what was
// settled long ago. It sends nothing itself.
func (s *Service) Tick(ctx context.Context, now time.Time) error {
	s.run.Lock()
	n, err := s.o.Authority.NoticeExpiring(ctx, now)
	s.run.Unlock()
	if n > 0 {
		s.Wake()
	}
	if err != nil {
		return err
	}
	s.mu.Lock()
	due := !now.Before(s.forgottenAt.Add(forgetEvery))
	if due {
		s.forgottenAt = now
	}
	s.mu.Unlock()
	if !due {
		return nil
	}
	return s.o.Authority.ForgetNotifications(ctx)
}

// Deliver sends what is due now, webhooks and mails, and returns when it is
// settled.
func (s *Service) Deliver(ctx context.Context) error {
	for {
		var posting sync.WaitGroup // of this call: others may deliver meanwhile
		claimed, err := s.claimPosts(ctx, &posting)
		posting.Wait()
		if err != nil || !claimed {
			return errors.Join(err, s.sendLetters(ctx))
		}
	}
}

func (s *Service) post(ctx context.Context) error {
	_, err := s.claimPosts(ctx, &s.posting)
	return err
}

// claimPosts claims what is due as long as there is something and room for it, and
// has it posted, each endpoint by a goroutine of its own, which workers counts. It
// answers whether there was.
func (s *Service) claimPosts(ctx context.Context, workers *sync.WaitGroup) (claimed bool, err error) {
	for ctx.Err() == nil {
		claim := s.posts.reserve(claimAtOnce)
		if claim.Healthy+claim.Failing == 0 {
			return claimed, nil // whoever ends wakes us
		}
		posts, err := s.o.Authority.ClaimPosts(ctx, claim, lease)
		for _, batch := range byEndpoint(posts) {
			if batch[0].Failing {
				claim.Failing--
			} else {
				claim.Healthy--
			}
			workers.Go(func() {
				// What was begun is ended, also when we are asked to stop.
				s.postAll(context.WithoutCancel(ctx), batch)
				s.posts.release(one(batch[0].Failing))
				s.Wake() // the endpoint is free for what is due of it
			})
		}
		s.posts.release(claim)
		if err != nil || len(posts) == 0 {
			return claimed, err
		}
		claimed = true
	}
	return claimed, nil
}
