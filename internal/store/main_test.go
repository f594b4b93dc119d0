package store_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/store"
)

// A test that needs a process to kill runs this binary again with the job and
// the database in the environment.
const (
	jobVariable = "STORE_TEST_JOB"
	urlVariable = "STORE_TEST_URL"
)

func TestMain(m *testing.M) {
	switch os.Getenv(jobVariable) {
	case "hold":
		runJob(hold)
	case "create":
		runJob(createMany)
	default:
		goleak.VerifyTestMain(m)
	}
}

// again is a command that does a job on a database until it is killed.
func again(t *testing.T, job, url string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), jobVariable+"="+job, urlVariable+"="+url)
	cmd.Stderr = os.Stderr
	return cmd
}

func runJob(job func(ctx context.Context, s *store.Store)) {
	ctx := context.Background()
	s, err := store.Open(ctx, store.Options{URL: os.Getenv(urlVariable), Holder: "the child"})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	job(ctx, s)
}

// hold says that it has the lock and keeps it.
func hold(context.Context, *store.Store) {
	fmt.Println("held")
	select {}
}

// createMany creates tokens from many goroutines and prints each one that was
// acknowledged.
func createMany(ctx context.Context, s *store.Store) {
	if _, err := s.Batch(ctx, []func(ledger.Tx) error{func(tx ledger.Tx) error {
		return tx.PutWorkspace(workspace(tx.NewID()))
	}}); err != nil {
		fmt.Println(err)
		return
	}
	var wg sync.WaitGroup
	for i := range 1000 {
		wg.Go(func() {
			errs, err := s.Batch(ctx, []func(ledger.Tx) error{
				func(tx ledger.Tx) error { return createToken(tx, 1, 2*i+1) },
				func(tx ledger.Tx) error { return createToken(tx, 1, 2*i+2) },
			})
			if err != nil || errs[0] != nil || errs[1] != nil {
				fmt.Println(errs, err)
				return
			}
			fmt.Print(strings.Join([]string{locatorOf(2*i + 1).String(), locatorOf(2*i + 2).String(), ""}, "\n"))
		})
	}
	wg.Wait()
	select {} // the end is a kill
}
