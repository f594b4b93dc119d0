package tally

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/tokenry/tokenry/internal/verify"
)

//go:embed take.lua
var source string

// Timeout bounds one exchange, and Lanes how many there are at once.
const (
	Timeout = 250 * time.Millisecond
	Lanes   = 4
)

// Tally is a [verify.Counter] in Redis.
type Tally struct {
	client redis.UniversalClient
	take   *redis.Script
}

// ErrAddress says what an address has to be; it does not show it.
var ErrAddress = errors.New("must be redis://USER:PASSWORD@HOST:6379/0, or rediss:// for TLS; further nodes of a cluster as ?addr=HOST:PORT")

// Open makes a tally of an address. It connects when it counts.
func Open(address string) (*Tally, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "redis" && u.Scheme != "rediss" || u.Host == "" {
		return nil, ErrAddress
	}
	redis.SetLogger(silence{}) // whoever counts is told
	t := &Tally{take: redis.NewScript(source)}
	quiet := &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	if u.Query().Has("addr") {
		o, err := redis.ParseClusterURL(address)
		if err != nil {
			return nil, ErrAddress
		}
		o.MaxRetries, o.PoolSize, o.ContextTimeoutEnabled, o.MaintNotificationsConfig = -1, Lanes, true, quiet
		o.DialTimeout, o.ReadTimeout, o.WriteTimeout = Timeout, Timeout, Timeout
		t.client = redis.NewClusterClient(o)
		return t, nil
	}
	o, err := redis.ParseURL(address)
	if err != nil {
		return nil, ErrAddress
	}
	o.MaxRetries, o.PoolSize, o.ContextTimeoutEnabled, o.MaintNotificationsConfig = -1, Lanes, true, quiet
	o.DialTimeout, o.ReadTimeout, o.WriteTimeout, o.DialerRetries = Timeout, Timeout, Timeout, 1
	t.client = redis.NewClient(o)
	return t, nil
}

// silence is the log of the library, which is one for the process.
type silence struct{}

// Printf is what it logs with.
func (silence) Printf(context.Context, string, ...any) {}

// Close gives the connections up; nil has none.
func (t *Tally) Close() error {
	if t == nil {
		return nil
	}
	return t.client.Close()
}

// Count is [verify.Counter]: one exchange, and a second one where the script is not known
// yet.
func (t *Tally) Count(ctx context.Context, batch []*verify.Charge) error {
	asked := make([]*redis.Cmd, len(batch))
	send := func(which func(i int) bool, do func(p redis.Pipeliner, keys []string, args []any) *redis.Cmd) {
		_, _ = t.client.Pipelined(ctx, func(p redis.Pipeliner) error { // each answers for itself
			for i, c := range batch {
				if which(i) {
					keys, args := question(c)
					asked[i] = do(p, keys, args)
				}
			}
			return nil
		})
	}
	send(func(int) bool { return true }, func(p redis.Pipeliner, keys []string, args []any) *redis.Cmd {
		return t.take.EvalSha(ctx, p, keys, args...)
	})
	unknown := func(i int) bool { return redis.HasErrorPrefix(asked[i].Err(), "NOSCRIPT") }
	for i := range batch {
		if unknown(i) {
			send(unknown, func(p redis.Pipeliner, keys []string, args []any) *redis.Cmd {
				return t.take.Eval(ctx, p, keys, args...)
			})
			break
		}
	}
	for i, c := range batch {
		answer, err := asked[i].Int64Slice()
		if err == nil {
			err = hear(c, answer)
		}
		if err != nil {
			c.Err = fmt.Errorf("tally: %w", err)
		}
	}
	return nil
}

// question is what the script is asked. All keys have the tag of their workspace.
func question(c *verify.Charge) (keys []string, args []any) {
	tag := "tokenry:{" + strconv.FormatInt(c.Workspace, 10) + "}"
	look := 0
	if c.Look {
		look = 1
	}
	args = append(args, c.Cost, look)
	if c.Own.On {
		keys, args = append(keys, tag+":"+c.Token.String()), append(args, c.Own.Requests, int64(c.Own.Step))
	}
	if c.Shared.On {
		keys, args = append(keys, tag), append(args, c.Shared.Requests, int64(c.Shared.Step))
	}
	return keys, args
}

var errAnswer = errors.New("the script answered something else")

func hear(c *verify.Charge, answer []int64) error {
	for _, l := range []*verify.Count{&c.Own, &c.Shared} {
		switch {
		case !l.On:
		case len(answer) < 2:
			return errAnswer
		default:
			l.Fits, l.Used = answer[0] == 1, time.Duration(answer[1])
			answer = answer[2:]
		}
	}
	return nil
}
