package e2e_test

import (
	"encoding/json"
	"net/http"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
)

// ended stops the program with a signal and waits until it is gone.
func (p *process) ended(t *testing.T, sig os.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
	if _, err := p.cmd.Process.Wait(); err != nil {
		t.Fatal(err)
	}
}

// read answers what a GET of the workspace acme shows.
func read[T any](t *testing.T, root, path string) (v T) {
	t.Helper()
	res, out := call(t, "GET", server+"/v1/workspaces/acme"+path, root, nil)
	if err := json.Unmarshal(out, &v); err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s: %s", path, res.Status, out)
	}
	return v
}

// counted waits until so many allowed uses of a token are shown.
func counted(t *testing.T, root string, i api.Issued, want int64) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	var got int64
	for deadline := time.After(time.Minute); got != want; {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%d uses are shown, want %d", got, want)
		}
		got = read[api.UsageSeries](t, root, "/tokens/"+i.Token.ID+"/usage").Allowed
	}
}

// use presents a token a hundred times for each batch, from eight sides.
func use(t *testing.T, root string, i api.Issued, batches int) {
	t.Helper()
	one := map[string]any{"token": i.Secret, "client": map[string]any{"ip": "192.0.2.7", "method": "GET", "path": "/tickets"}}
	requests := make([]any, 100)
	for n := range requests {
		requests[n] = one
	}
	todo := make(chan struct{}, batches)
	for range batches {
		todo <- struct{}{}
	}
	close(todo)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range todo {
				if res, out := call(t, "POST", server+"/v1/verify/batch", root, map[string]any{"requests": requests}); res.StatusCode != http.StatusOK {
					t.Errorf("%s: %s", res.Status, out)
				}
			}
		})
	}
	wg.Wait()
}

// TestUsageIsWrittenBehind proves what writing behind costs and risks: ten
// thousand uses touch no token and take no revision; stopping the server loses
// none of them, killing it loses at most those of the last seconds, and never a
// token.
func TestUsageIsWrittenBehind(t *testing.T) {
	data := t.TempDir() + "/data"
	root := bootstrap(t, data).Secret
	running := serve(t, data)
	i := create(t, root, map[string]any{"scopes": []string{"tickets:read"}})
	before := verified(t, root, i.Secret)
	use(t, root, i, 100)
	counted(t, root, i, 10_001)
	after := read[api.Token](t, root, "/tokens/"+i.Token.ID)
	if after.Revision != i.Token.Revision || after.LastUsedAt == nil || *after.LastUsedIP != "192.0.2.7" {
		t.Errorf("after its use: revision %d, was %d; last used %v", after.Revision, i.Token.Revision, after.LastUsedAt)
	}
	if now := verified(t, root, i.Secret); now.Revision != before.Revision {
		t.Errorf("use took revisions: %d, was %d", now.Revision, before.Revision)
	}
	use(t, root, i, 1)
	running.ended(t, syscall.SIGTERM)

	running = serve(t, data)
	counted(t, root, i, 10_102) // nothing was lost, though nobody waited
	use(t, root, i, 1)
	running.ended(t, syscall.SIGKILL)

	serve(t, data)
	kept := read[api.UsageSeries](t, root, "/tokens/"+i.Token.ID+"/usage").Allowed
	if kept < 10_102 || kept > 10_202 {
		t.Errorf("%d uses are shown after the crash, want those that were written and no more than there were", kept)
	}
	if v := verified(t, root, i.Secret); !v.Allowed {
		t.Errorf("after the crash: %s", v.Code)
	}
	if got := read[api.Token](t, root, "/tokens/"+i.Token.ID); got.LastUsedAt == nil || got.LastUsedAt.Before(*after.LastUsedAt) {
		t.Errorf("last used %v after the crash, was %v", got.LastUsedAt, after.LastUsedAt)
	}
}

// TestALongLimitOutlivesTheServer: stopping the server gives nothing back of what a
// limit of a year has used, and killing it at most what was not written yet.
func TestALongLimitOutlivesTheServer(t *testing.T) {
	data := t.TempDir() + "/data"
	root := bootstrap(t, data).Secret
	running := serve(t, data)
	limited := func() api.Issued {
		t.Helper()
		return create(t, root, map[string]any{"scopes": []string{"tickets:read"}, "rate_limit": map[string]any{"requests": 2, "window": "365d"}})
	}
	spend := func(i api.Issued) (last api.VerifyResult) {
		t.Helper()
		for _, code := range []api.Code{api.CodeOK, api.CodeOK, api.CodeRateLimited} {
			if last = verified(t, root, i.Secret); last.Code != code {
				t.Fatalf("%s, want %s", last.Code, code)
			}
		}
		return last
	}
	used := func(i api.Issued, was api.VerifyResult, since time.Time) {
		t.Helper()
		is := verified(t, root, i.Secret)
		passed := int(time.Since(since).Seconds()) + 1
		if is.Code != api.CodeRateLimited || is.RateLimit.Reset > was.RateLimit.Reset || is.RateLimit.Reset < was.RateLimit.Reset-passed {
			t.Errorf("%s, reset in %d s, was %d s", is.Code, is.RateLimit.Reset, was.RateLimit.Reset)
		}
	}
	start := time.Now()
	stopped := limited()
	ofStopped := spend(stopped)
	running.ended(t, syscall.SIGTERM)

	running = serve(t, data)
	used(stopped, ofStopped, start)
	killed := limited()
	ofKilled := spend(killed)
	counted(t, root, killed, 2) // what limits used is written before what is counted
	unwritten := limited()
	spend(unwritten)
	running.ended(t, syscall.SIGKILL)

	serve(t, data)
	used(stopped, ofStopped, start)
	used(killed, ofKilled, start)
	spent := 0
	for verified(t, root, unwritten.Secret).Allowed {
		spent++
	}
	if spent > 2 {
		t.Errorf("%d were given back of 2", spent)
	}
}
