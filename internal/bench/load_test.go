package bench_test

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"time"
)

// target is a handler and the requests that it is asked.
type target struct {
	name    string
	handler http.Handler
	// request appends one request to b.
	request func(b []byte, n int) []byte
}

// figures are what a round gave.
type figures struct {
	perSecond float64
	p50, p99  time.Duration
}

// measure asks a target over loopback, with keep-alive connections that each
// wait for their answer, and answers what came out.
func measure(t target, p plan) (figures, error) {
	s := httptest.NewServer(t.handler)
	defer s.Close()
	results := make([][]time.Duration, p.clients)
	errs := make([]error, p.clients)
	begin := time.Now()
	var wg sync.WaitGroup
	for i := range p.clients {
		wg.Go(func() { results[i], errs[i] = ask(s.Listener.Addr().String(), t, begin.Add(p.round), p.tokens) })
	}
	wg.Wait()
	took := time.Since(begin)
	for _, err := range errs {
		if err != nil {
			return figures{}, fmt.Errorf("%s: %w", t.name, err)
		}
	}
	all := slices.Concat(results...)
	slices.Sort(all)
	return figures{float64(len(all)) / took.Seconds(), all[len(all)/2], all[len(all)*99/100]}, nil
}

// ask sends requests over one connection until a moment.
func ask(address string, t target, until time.Time, tokens int) ([]time.Duration, error) {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	r := bufio.NewReader(c)
	var out []byte
	var took []time.Duration
	for {
		start := time.Now()
		if start.After(until) {
			return took, nil
		}
		out = t.request(out[:0], rand.IntN(tokens))
		if _, err := c.Write(out); err != nil {
			return nil, err
		}
		if err := answer(r); err != nil {
			return nil, err
		}
		took = append(took, time.Since(start))
	}
}

// answer reads one response and refuses any but 200.
func answer(r *bufio.Reader) error {
	res, err := http.ReadResponse(r, nil)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("status %s: %.200s", res.Status, body)
	}
	_ = res.Body.Close()
	return err
}

func median[T int | float64 | time.Duration](vs []T) T {
	vs = slices.Clone(vs)
	slices.Sort(vs)
	return vs[len(vs)/2]
}
