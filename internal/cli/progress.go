package cli

import (
	"bytes"
	"fmt"
	"sync"

	"github.com/schollz/progressbar/v3"

	"github.com/tokenry/tokenry/internal/journal"
	"github.com/tokenry/tokenry/internal/terminal"
	"github.com/tokenry/tokenry/token"
)

// progress tells how far a rotation is: a bar where a person sits, else a line
// for each token. What went wrong is told in both.
type progress struct {
	a   *app
	bar *progressbar.ProgressBar // nil off a terminal

	mu     sync.Mutex // guards what follows and both streams
	failed map[string]string
}

func newProgress(a *app, tokens int) *progress {
	p := &progress{a: a, failed: map[string]string{}}
	if a.Terminal(a.Err) && tokens > 0 {
		p.bar = progressbar.NewOptions(tokens, progressbar.OptionSetWriter(a.Err), progressbar.OptionSetDescription("rotating"),
			progressbar.OptionShowCount(), progressbar.OptionClearOnFinish())
	}
	return p
}

// already counts a token that an earlier run finished.
func (p *progress) already() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.step()
}

func (p *progress) step() {
	if p.bar != nil {
		_ = p.bar.Add(1) // a terminal that is gone is told nothing
	}
}

// told tells the outcome of one token.
func (p *progress) told(f *fleet, r *journal.Record, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	text := r.State
	if r.Note != "" {
		text += ": " + r.Note
	}
	if err != nil {
		p.failed[r.Locator] = err.Error()
		text = "failed: " + err.Error()
	}
	if p.bar == nil || err != nil || r.Note != "" {
		p.clear()
		fmt.Fprintf(f.Err, "%s (%s): %s\n", terminal.Clean(r.ID), terminal.Clean(r.Label), terminal.Clean(text))
	}
	p.step()
}

// said passes on what a delivery printed: its standard output to ours, unless
// that is JSON, and the rest to standard error without any token in it.
func (p *progress) said(out, errs *bytes.Buffer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if out.Len()+errs.Len() == 0 {
		return
	}
	p.clear()
	to := p.a.Out
	if p.a.JSON {
		to = p.a.Err
		out = bytes.NewBuffer(token.Redact(out.Bytes()))
	}
	_, _ = to.Write(out.Bytes()) // a stream that is closed cannot be told so
	_, _ = p.a.Err.Write(token.Redact(errs.Bytes()))
}

func (p *progress) clear() {
	if p.bar != nil {
		_ = p.bar.Clear() // a terminal that is gone is told nothing
	}
}

func (p *progress) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
}
