package server

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/tokenry/tokenry/internal/ruleset"
)

// readRules reads the folder of rules anew. On an error the rules stay as they
// are.
func (s *Server) readRules(folder string) error {
	if folder == "" {
		return nil
	}
	sets, err := ruleset.ReadDir(os.DirFS(folder))
	if err != nil {
		return fmt.Errorf("cannot read the rules of %s (--rules): %w", folder, err)
	}
	s.rules.Store(&sets)
	return nil
}

// digestOfRules is the digest of the rules that hold now.
func (s *Server) digestOfRules() string {
	if sets := s.rules.Load(); sets != nil {
		return ruleset.Digest(*sets)
	}
	return ""
}

// ruleset returns the rules of this name, or nil.
func (s *Server) ruleset(name string) *ruleset.Set {
	if sets := s.rules.Load(); sets != nil {
		return (*sets)[name]
	}
	return nil
}

// reloadRules reads the rules again at each SIGHUP, until the function that it
// returns is called.
func (s *Server) reloadRules(ctx context.Context, folder string) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGHUP)
	var running sync.WaitGroup
	running.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-asked:
			}
			if err := s.readRules(folder); err != nil {
				s.Logger.Error("the rules stay as they were", "cause", err.Error())
				continue
			}
			s.Logger.Info("the rules were read again", "folder", folder, "sets", len(*s.rules.Load()))
		}
	})
	return func() {
		signal.Stop(asked)
		cancel()
		running.Wait()
	}
}
